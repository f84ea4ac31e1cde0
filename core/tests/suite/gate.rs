//! The gate: every combination of facts, against its rules said once more and the other way round.

use ringfence::decisions::gate::{Facts, Standing, judge};
use ringfence::decisions::law::{Bars, Hours, Times};
use ringfence::{CallMode, DenyReason, Timestamp, Verdict, Window, Zone};

const START: i64 = 1_000_000_000;
const END: i64 = 1_100_000_000;

fn instant(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

/// Whether this reason holds, each by itself.
fn holds(reason: DenyReason, at: i64, starter: CallMode, min_ring_s: i64, facts: &Facts<'_>) -> bool {
    let mode = facts.mode.or((at >= START).then_some(facts.mode_on_silence));
    match reason {
        DenyReason::NotRecognized => false,
        DenyReason::WindowOver => at >= END,
        DenyReason::Closed => facts.standing == Standing::Closed,
        DenyReason::Unverified => facts.standing == Standing::Unverified,
        DenyReason::Unacknowledged => facts.standing == Standing::Unacknowledged,
        DenyReason::DoNotCall => facts.bars.is_listed,
        DenyReason::Frozen => facts.bars.is_frozen,
        DenyReason::BeforeWindow => at < START,
        DenyReason::PlatformIsCalling => starter == CallMode::MerchantCalls && facts.in_call == Some(CallMode::PlatformCalls),
        DenyReason::WrongMode => mode != Some(starter),
        DenyReason::InCall => facts.in_call.is_some(),
        // What of these three says no and when is tested beside them.
        DenyReason::OutsideHours | DenyReason::DailyLimit => false,
        DenyReason::TooSoon => at < facts.times.eligible_at.as_micros(),
        DenyReason::WindowClosing => at + min_ring_s * 1_000_000 >= END,
        DenyReason::NumberBusy => facts.is_number_busy,
        DenyReason::NoChannel => !facts.is_channel_free,
    }
}

const ORDER: [DenyReason; 15] = [
    DenyReason::NotRecognized,
    DenyReason::WindowOver,
    DenyReason::Closed,
    DenyReason::Unverified,
    DenyReason::Unacknowledged,
    DenyReason::DoNotCall,
    DenyReason::Frozen,
    DenyReason::BeforeWindow,
    DenyReason::PlatformIsCalling,
    DenyReason::WrongMode,
    DenyReason::InCall,
    DenyReason::TooSoon,
    DenyReason::WindowClosing,
    DenyReason::NumberBusy,
    DenyReason::NoChannel,
];

#[test]
fn the_first_reason_that_holds_is_the_answer() {
    let instants =
        [0, START - 1, START, START + 1, START + 40_000_000, END - 10_000_001, END - 10_000_000, END - 1, END, END + 1];
    let modes = [None, Some(CallMode::MerchantCalls), Some(CallMode::PlatformCalls)];
    let mut judged = 0_u32;
    let mut seen = std::collections::BTreeSet::new();
    for standing in [Standing::Closed, Standing::Unverified, Standing::Unacknowledged, Standing::Agreed] {
        for mode in modes {
            for mode_on_silence in CallMode::ALL {
                for in_call in modes {
                    for eligible in [START, START + 40_000_001, END] {
                        for bits in 0..16_u8 {
                            let window = Window::new(instant(START), instant(END)).unwrap();
                            let hours = Hours { rules: &[], zone: Zone::UTC, window, min_ring_s: 0 };
                            let facts = Facts {
                                window,
                                standing,
                                mode,
                                mode_on_silence,
                                in_call,
                                times: Times { hours, rings_free_at: Timestamp::MIN, eligible_at: instant(eligible) },
                                is_number_busy: bits & 1 != 0,
                                is_channel_free: bits & 2 != 0,
                                bars: Bars { is_listed: bits & 4 != 0, is_frozen: bits & 8 != 0 },
                            };
                            for at in instants {
                                for starter in CallMode::ALL {
                                    for min_ring_s in [0, 10] {
                                        let verdict = judge(instant(at), starter, min_ring_s, Some(&facts));
                                        let first = ORDER
                                            .into_iter()
                                            .find(|reason| holds(*reason, at, starter, i64::from(min_ring_s), &facts));
                                        let reason = match verdict {
                                            Verdict::Allow => None,
                                            Verdict::Deny { reason, .. } => Some(reason),
                                        };
                                        assert_eq!(reason, first, "{facts:?} at {at}");
                                        if let Verdict::Deny { retry_at, .. } = verdict {
                                            let expected = match reason {
                                                Some(DenyReason::BeforeWindow) => Some(START),
                                                Some(DenyReason::TooSoon) => Some(eligible).filter(|eligible| *eligible < END),
                                                _ => None,
                                            };
                                            assert_eq!(retry_at.map(Timestamp::as_micros), expected);
                                        }
                                        seen.insert(reason);
                                        judged += 1;
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    assert_eq!(judged, 4 * 3 * 2 * 3 * 3 * 16 * 10 * 2 * 2);
    // All but "not recognized", and the permission.
    assert_eq!(seen.len(), ORDER.len(), "every reason and the permission was seen");
}

#[test]
fn what_is_not_recognized_gets_one_constant_answer() {
    for at in [0, START, END] {
        for starter in CallMode::ALL {
            let expected = Verdict::Deny { reason: DenyReason::NotRecognized, retry_at: None };
            assert_eq!(judge(instant(at), starter, 0, None), expected);
        }
    }
}
