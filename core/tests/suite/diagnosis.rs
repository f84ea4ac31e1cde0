//! Diagnosis and diversion: what the evidence of each carrier and switch comes to, and when a caller is offered the recorder.

use proptest::prelude::*;
use ringfence::decisions::diagnosis::tables::Meaning;
use ringfence::decisions::diagnosis::{Basis, Confidence, Diagnosis, diagnose};
use ringfence::decisions::diversion::{Callee, NoOffer, SEED_REASONS, offer};
use ringfence::edges::interop::announcement::classify;
use ringfence::edges::interop::diversion::{diversion, history_info};
use ringfence::edges::interop::reason::parse;
use ringfence::values::cause::{FailureReason, FailureReasons, ReleaseCause};
use ringfence::values::evidence::{
    Announcement, AsteriskRelease, DiversionReason, Evidence, Location, OwnTimer, Redirecting, Redirection, Vendor, VendorCode,
};

use Confidence::{High, Low, Medium};
use FailureReason as R;

fn sip(status: u16) -> Evidence {
    Evidence { sip_status: Some(status), ..Evidence::default() }
}

fn q850(cause: u8) -> Evidence {
    Evidence { q850_cause: Some(cause), ..Evidence::default() }
}

fn headers(sip_status: u16, reasons: &str) -> Evidence {
    Evidence { sip_status: Some(sip_status), reasons: parse(reasons).unwrap(), ..Evidence::default() }
}

fn asterisk(cause: u8, tech_cause: Option<u16>) -> Evidence {
    Evidence { asterisk: Some(AsteriskRelease { cause, tech_cause }), ..Evidence::default() }
}

fn freeswitch(name: &str) -> Evidence {
    Evidence { freeswitch: Some(name.into()), ..Evidence::default() }
}

fn vendor(vendor: Vendor, code: u32) -> Evidence {
    Evidence { vendor: Some(VendorCode { vendor, code }), ..Evidence::default() }
}

fn redirected(reason: Redirecting) -> Evidence {
    Evidence { redirections: vec![Redirection::unnamed(reason)], ..Evidence::default() }
}

fn heard(transcript: &str) -> Evidence {
    Evidence { sip_status: Some(480), announcements: classify(transcript), ..Evidence::default() }
}

fn of(evidence: &Evidence) -> (FailureReason, Confidence) {
    let diagnosis = diagnose(evidence);
    (diagnosis.reason, diagnosis.confidence)
}

fn candidates(evidence: &Evidence) -> Vec<FailureReason> {
    diagnose(evidence).candidates().iter().collect()
}

fn is_offered(evidence: &Evidence) -> bool {
    offer(&diagnose(evidence), SEED_REASONS, Callee { is_bound: true, has_blocked: false, is_full: false }).is_ok()
}

#[test]
fn each_reason_is_known_by_its_signs() {
    use Redirecting::{Cdiv, Isup};
    use Vendor::{AliyunVms, HuaweiPrivate, HuaweiVoice, Yuntongxun};
    for (evidence, expected) in [
        // 遇忙占线
        (q850(17), (R::Busy, High)),
        (sip(486), (R::Busy, High)),
        (sip(600), (R::Busy, High)),
        (freeswitch("USER_BUSY"), (R::Busy, High)),
        (freeswitch("BUSY_EVERYWHERE"), (R::Busy, High)),
        (asterisk(17, Some(486)), (R::Busy, High)),
        (asterisk(17, None), (R::Busy, High)),
        (redirected(Cdiv(486)), (R::Busy, High)),
        (redirected(Isup(1)), (R::Busy, High)),
        (vendor(AliyunVms, 200_002), (R::Busy, High)),
        (vendor(AliyunVms, 200_112), (R::Busy, High)),
        (vendor(HuaweiPrivate, 8102), (R::Busy, High)),
        (vendor(Yuntongxun, 30), (R::Busy, High)),
        (heard("您拨打的电话正在通话中"), (R::Busy, High)),
        // 关机
        (q850(20), (R::PoweredOff, Medium)),
        (freeswitch("SUBSCRIBER_ABSENT"), (R::PoweredOff, Medium)),
        (freeswitch("USER_NOT_REGISTERED"), (R::PoweredOff, Medium)),
        (redirected(Cdiv(503)), (R::PoweredOff, Medium)),
        (redirected(Isup(6)), (R::PoweredOff, Medium)),
        (vendor(AliyunVms, 200_010), (R::PoweredOff, High)),
        (vendor(HuaweiPrivate, 8104), (R::PoweredOff, Medium)),
        (vendor(Yuntongxun, 1), (R::PoweredOff, High)),
        (heard("您拨打的电话已关机"), (R::PoweredOff, High)),
        // 不在服务区
        (vendor(AliyunVms, 200_007), (R::OutOfServiceArea, High)),
        (vendor(AliyunVms, 200_120), (R::OutOfServiceArea, High)),
        (vendor(HuaweiPrivate, 8103), (R::OutOfServiceArea, Medium)),
        (vendor(Yuntongxun, 24), (R::OutOfServiceArea, High)),
        (vendor(Yuntongxun, 3), (R::OutOfServiceArea, Medium)),
        (heard("您拨打的用户不在服务区"), (R::OutOfServiceArea, High)),
        (heard("您拨打的用户暂时无法接通"), (R::OutOfServiceArea, Medium)),
        // 欠费停机: no signal of its own.
        (vendor(AliyunVms, 200_011), (R::Suspended, High)),
        (vendor(HuaweiPrivate, 8105), (R::Suspended, High)),
        (vendor(HuaweiVoice, 8105), (R::Suspended, Medium)),
        (vendor(Yuntongxun, 2), (R::Suspended, High)),
        (heard("您拨打的用户已停机"), (R::Suspended, High)),
        // Their neighbours, which offer nothing.
        (q850(19), (R::NoAnswer, Medium)),
        (q850(18), (R::NoAnswer, Medium)),
        (sip(408), (R::NoAnswer, Medium)),
        (freeswitch("ALLOTTED_TIMEOUT"), (R::NoAnswer, Medium)),
        (freeswitch("NO_PICKUP"), (R::NoAnswer, Medium)),
        (redirected(Cdiv(408)), (R::NoAnswer, High)),
        (redirected(Isup(2)), (R::NoAnswer, High)),
        (vendor(HuaweiPrivate, 8035), (R::NoAnswer, High)),
        (sip(603), (R::Rejected, High)),
        (sip(607), (R::Rejected, High)),
        (q850(21), (R::Rejected, Medium)),
        (redirected(Cdiv(487)), (R::Rejected, High)),
        (redirected(Cdiv(480)), (R::Rejected, High)),
        (vendor(AliyunVms, 200_005), (R::Rejected, Medium)),
        (vendor(HuaweiPrivate, 7504), (R::Rejected, Medium)),
        (q850(28), (R::InvalidNumber, High)),
        (q850(1), (R::InvalidNumber, Medium)),
        (sip(404), (R::InvalidNumber, Medium)),
        (sip(604), (R::InvalidNumber, High)),
        (vendor(Yuntongxun, 18), (R::InvalidNumber, Medium)),
        (q850(16), (R::CallerGaveUp, High)),
        (sip(487), (R::CallerGaveUp, High)),
        (freeswitch("ORIGINATOR_CANCEL"), (R::CallerGaveUp, High)),
        (q850(34), (R::NetworkFault, High)),
        (sip(500), (R::NetworkFault, High)),
        (vendor(Yuntongxun, 7), (R::NetworkFault, High)),
        (q850(55), (R::Blocked, High)),
        (vendor(AliyunVms, 200_118), (R::Blocked, High)),
        (vendor(HuaweiPrivate, 8050), (R::Blocked, High)),
        (Evidence::default(), (R::Unknown, Low)),
    ] {
        assert_eq!(of(&evidence), expected, "{evidence:?}");
    }
}

#[test]
fn a_suspended_number_is_never_sure_from_signalling_alone() {
    for evidence in (0..=127).map(q850).chain((100..=699).map(sip)) {
        let diagnosis = diagnose(&evidence);
        assert!(diagnosis.reason != R::Suspended || diagnosis.confidence == Low, "{evidence:?}");
    }
}

#[test]
fn off_and_out_of_the_area_are_not_told_apart_by_signalling_and_are_offered_alike() {
    for evidence in [q850(20), redirected(Redirecting::Cdiv(503)), redirected(Redirecting::Isup(6))] {
        assert_eq!(candidates(&evidence), [R::PoweredOff, R::OutOfServiceArea]);
        assert!(is_offered(&evidence), "both are in the seed");
    }
}

#[test]
fn what_could_be_a_refusal_is_not_diverted_on_a_guess() {
    // A bare 480 may be any of five; a 503 may be the network's own trouble.
    for evidence in
        [sip(480), sip(503), q850(18), q850(21), q850(27), vendor(Vendor::Yuntongxun, 8), vendor(Vendor::HuaweiVoice, 8105)]
    {
        assert!(!is_offered(&evidence), "{evidence:?}");
    }
    // The same 480 with the network's words behind it is diverted.
    assert!(is_offered(&heard("您拨打的用户已关机")));
}

#[test]
fn a_reason_is_read_wherever_its_cause_stands_in_the_header() {
    // Twenty bytes, as one switch reads them, hold no cause here.
    let header = r#"Q.850;text="User busy";cause=17"#;
    assert!(!header[..20].contains("cause="));
    assert_eq!(of(&headers(480, header)), (R::Busy, High));
}

#[test]
fn a_q850_reason_beats_a_sip_reason_and_the_users_own_beats_the_networks() {
    assert_eq!(of(&headers(480, "SIP;cause=486, Q.850;cause=20")), (R::PoweredOff, Medium));
    assert_eq!(diagnose(&headers(480, "SIP;cause=486, Q.850;cause=20")).basis, Basis::Q850);
    assert_eq!(of(&headers(480, "Q.850;cause=38;location=RLN, Q.850;cause=21;location=U")), (R::Rejected, High));
    // What says nothing is passed over.
    assert_eq!(of(&headers(486, "Q.850;cause=31")), (R::Busy, High));
    assert_eq!(of(&headers(486, "Q.850;cause=0, Q.850;cause=127")), (R::Busy, High));
}

#[test]
fn a_rejection_by_the_network_is_no_rejection_by_a_person() {
    assert_eq!(of(&headers(603, "Q.850;cause=21;location=U")), (R::Rejected, High));
    assert_eq!(of(&headers(403, "Q.850;cause=21;location=LN")), (R::Blocked, Medium));
    // 603+: ATIS-1000099.
    let plus = r#"Q.850;cause=21;text="v=analytics1;url=https://why.example";location=LN"#;
    assert_eq!(of(&headers(603, plus)), (R::Blocked, High));
    let only_sip = r#"SIP;cause=603;text="v=analytics1;url=https://why.example""#;
    assert_eq!(of(&headers(603, only_sip)), (R::Blocked, High));
}

#[test]
fn a_switchs_translation_is_judged_by_the_status_behind_it() {
    // Asterisk turns a bare 480 into 19, FreeSWITCH into 18. Neither is a phone that rang.
    let both = [asterisk(19, Some(480)), Evidence { sip_status: Some(480), ..freeswitch("NO_USER_RESPONSE") }, sip(480)];
    for evidence in &both {
        assert_eq!(diagnose(evidence).candidates(), diagnose(&both[2]).candidates(), "{evidence:?}");
        assert_eq!(diagnose(evidence).basis, Basis::Sip);
    }
    // With a Reason header of the network, Asterisk's cause is the network's.
    assert_eq!(of(&asterisk(20, Some(480))), (R::PoweredOff, Medium));
    assert_eq!(diagnose(&asterisk(20, Some(480))).basis, Basis::Q850);
    // Without the status, everything that it may stand for counts.
    let bare = candidates(&asterisk(19, None));
    assert!(
        [R::NoAnswer, R::OutOfServiceArea, R::PoweredOff, R::Suspended].iter().all(|reason| bare.contains(reason)),
        "{bare:?}"
    );
    // 0 is unknown, not success.
    assert_eq!(of(&asterisk(0, None)), (R::Unknown, Low));
}

#[test]
fn the_order_of_precedence_holds() {
    let mut evidence = Evidence { timer: Some(OwnTimer::Ring), ..Evidence::default() };
    let mut bases = vec![diagnose(&evidence).basis];
    evidence.sip_status = Some(486);
    bases.push(diagnose(&evidence).basis);
    evidence.q850_cause = Some(20);
    bases.push(diagnose(&evidence).basis);
    evidence.redirections = vec![Redirection::unnamed(Redirecting::Isup(2))];
    bases.push(diagnose(&evidence).basis);
    evidence.announcements = vec![Announcement::Suspended];
    bases.push(diagnose(&evidence).basis);
    evidence.vendor = Some(VendorCode { vendor: Vendor::AliyunVms, code: 200_010 });
    bases.push(diagnose(&evidence).basis);
    assert_eq!(bases, [Basis::Timer, Basis::Sip, Basis::Q850, Basis::Redirection, Basis::Announcement, Basis::Vendor]);
    // A code that the list does not have decides nothing.
    evidence.vendor = Some(VendorCode { vendor: Vendor::AliyunVms, code: 1 });
    assert_eq!(diagnose(&evidence).basis, Basis::Announcement);
}

#[test]
fn our_own_cancel_is_no_answer_and_not_a_caller_who_gave_up() {
    let evidence = Evidence { timer: Some(OwnTimer::Ring), ..sip(487) };
    assert_eq!((of(&evidence), diagnose(&evidence).basis), ((R::NoAnswer, Medium), Basis::Timer));
}

#[test]
fn normal_clearing_beside_a_refusal_is_nobody_who_gave_up() {
    // Gateways write 16 into any response; the status tells.
    assert_eq!(of(&headers(486, "Q.850;cause=16;text=\"Normal call clearing\"")), (R::Busy, High));
    assert_eq!(of(&Evidence { q850_cause: Some(16), ..sip(404) }), (R::InvalidNumber, Medium));
    assert_eq!(of(&Evidence { sip_status: Some(486), ..freeswitch("NORMAL_CLEARING") }), (R::Busy, High));
    assert_eq!(of(&headers(487, "Q.850;cause=16")), (R::CallerGaveUp, High));
    assert_eq!(of(&q850(16)), (R::CallerGaveUp, High));
}

#[test]
fn the_last_redirection_brought_the_call_to_us() {
    let redirections = diversion("<tel:+8613800000002>;reason=user-busy, <tel:+8613800000001>;reason=no-answer").unwrap();
    let evidence = Evidence { redirections, ..Evidence::default() };
    assert_eq!(of(&evidence), (R::Busy, High));
    let redirections = history_info("<sip:+8613800000001@a.example>;index=1,<sip:b@c.example;cause=503>;index=1.1").unwrap();
    assert_eq!(of(&Evidence { redirections, ..Evidence::default() }), (R::PoweredOff, Medium));
    // Unconditional forwarding says nothing about the callee.
    assert_eq!(of(&redirected(Redirecting::Cdiv(302))), (R::Unknown, Low));
    assert_eq!(of(&redirected(Redirecting::Diversion(DiversionReason::Unconditional))), (R::Unknown, Low));
}

#[test]
fn the_recorder_is_offered_for_exactly_the_four_reasons_of_the_seed() {
    let callee = Callee { is_bound: true, has_blocked: false, is_full: false };
    let sure = |reason| Diagnosis { reason, confidence: High, could_be: FailureReasons::NONE, basis: Basis::Vendor };
    for reason in FailureReason::ALL {
        let expected = if reason.unreachable().is_some() { Ok(()) } else { Err(NoOffer::Reason) };
        assert_eq!(offer(&sure(reason), SEED_REASONS, callee), expected, "{reason:?}");
    }
    let more = SEED_REASONS.and(FailureReasons::of(&[R::NetworkFault, R::NoAnswer]));
    assert_eq!(offer(&sure(R::NetworkFault), more, callee), Ok(()));
    assert_eq!(offer(&sure(R::Busy), SEED_REASONS, Callee { is_bound: false, ..callee }), Err(NoOffer::Unbound));
    assert_eq!(offer(&sure(R::Busy), SEED_REASONS, Callee { has_blocked: true, ..callee }), Err(NoOffer::Blocked));
    assert_eq!(offer(&sure(R::Busy), SEED_REASONS, Callee { is_full: true, ..callee }), Err(NoOffer::Full));
    // Who is unbound learns nothing of a block.
    let nobody = Callee { is_bound: false, has_blocked: true, is_full: true };
    assert_eq!(offer(&sure(R::Busy), SEED_REASONS, nobody), Err(NoOffer::Unbound));
}

#[test]
fn what_the_merchant_is_told_follows_the_diagnosis() {
    assert_eq!(ReleaseCause::of_failed_leg(diagnose(&q850(17)).reason), ReleaseCause::UserBusy);
    assert_eq!(ReleaseCause::of_failed_leg(diagnose(&q850(19)).reason), ReleaseCause::NoAnswer);
    assert_eq!(ReleaseCause::of_failed_leg(diagnose(&q850(20)).reason), ReleaseCause::UserUnreachable);
}

fn any_evidence() -> impl Strategy<Value = Evidence> {
    let causes = (
        proptest::option::of(100_u16..700),
        proptest::option::of(0_u8..128),
        proptest::option::of(proptest::sample::select(Location::ALL.to_vec())),
        proptest::option::of((0_u8..128, proptest::option::of(100_u16..700))),
    );
    let words = (
        proptest::collection::vec((100_u16..228, any::<bool>()), 0..3),
        proptest::option::of(proptest::sample::select(vec!["USER_BUSY", "NO_ANSWER", "SUBSCRIBER_ABSENT", "DECLINE", "MADE_UP"])),
        proptest::option::of(prop_oneof![8100_u32..8110, 200_000_u32..200_130, 0_u32..40]),
        proptest::option::of(0_u8..8),
        proptest::option::of(proptest::sample::select(vec![OwnTimer::Ring, OwnTimer::Setup])),
    );
    (causes, words).prop_map(|((sip_status, q850_cause, q850_location, asterisk), (reasons, name, code, isup, timer))| {
        let header =
            |(cause, is_q850): &(u16, bool)| if *is_q850 { format!("Q.850;cause={cause}") } else { format!("SIP;cause={cause}") };
        let reasons: Vec<String> = reasons.iter().map(header).collect();
        Evidence {
            sip_status,
            q850_cause,
            q850_location,
            reasons: if reasons.is_empty() { Vec::new() } else { parse(&reasons.join(",")).unwrap() },
            asterisk: asterisk.map(|(cause, tech_cause)| AsteriskRelease { cause, tech_cause }),
            freeswitch: name.map(Into::into),
            vendor: code.map(|code| VendorCode { vendor: Vendor::Yuntongxun, code }),
            redirections: isup.map(|reason| Redirection::unnamed(Redirecting::Isup(reason))).into_iter().collect(),
            announcements: Vec::new(),
            timer,
        }
    })
}

proptest! {
    #[test]
    fn more_evidence_of_lower_rank_never_makes_a_diagnosis_surer(evidence in any_evidence()) {
        let whole = diagnose(&evidence);
        let mut alone = evidence.clone();
        if whole.basis <= Basis::Vendor {
            alone = Evidence { vendor: evidence.vendor, ..Evidence::default() };
        } else if whole.basis <= Basis::Redirection {
            alone = Evidence { redirections: evidence.redirections, ..Evidence::default() };
        }
        prop_assert_eq!(diagnose(&alone), whole);
    }

    #[test]
    fn the_reason_is_no_alternative_to_itself_and_unknown_is_never_sure(evidence in any_evidence()) {
        let diagnosis = diagnose(&evidence);
        prop_assert!(!diagnosis.could_be.contains(diagnosis.reason));
        prop_assert!(diagnosis.reason != R::Unknown || diagnosis.basis == Basis::Nothing);
        prop_assert!((diagnosis.basis == Basis::Nothing) == (diagnosis.reason == R::Unknown));
        // Sure and shared do not go together, but for a rejection that some networks send for a suspended number, and the like.
        prop_assert!(diagnosis.confidence != High || diagnosis.could_be.iter().count() <= 1);
    }

    #[test]
    fn evidence_survives_being_written_and_read(evidence in any_evidence()) {
        let written = serde_json::to_string(&evidence).unwrap();
        prop_assert_eq!(serde_json::from_str::<Evidence>(&written).unwrap(), evidence);
    }
}

#[test]
fn signs_that_differ_are_a_guess_though_one_of_them_says_all_that_the_others_say() {
    let only = |reason| Meaning { reason, confidence: High, could_be: FailureReasons::NONE };
    let both = Meaning { reason: R::Busy, confidence: High, could_be: FailureReasons::of(&[R::PoweredOff]) };
    let signs = [only(R::Busy), only(R::PoweredOff), both];
    let merged = Meaning::merged(signs.into_iter()).unwrap();
    assert_eq!((merged.confidence, merged.could_be), (Medium, FailureReasons::of(&[R::PoweredOff])));
    let alike = Meaning::merged([both, both].into_iter()).unwrap();
    assert_eq!(alike.confidence, High, "they agree");
}

#[test]
fn the_switchs_own_cause_once_more_is_no_evidence_of_its_own() {
    // 486 came, Asterisk translated it to 17, and the same 17 stands in the trunk's place: the status is judged.
    let echo = Evidence { q850_cause: Some(17), ..asterisk(17, Some(486)) };
    assert_eq!(diagnose(&echo).basis, Basis::Sip);
    let other = Evidence { q850_cause: Some(27), ..asterisk(17, Some(486)) };
    assert_eq!(diagnose(&other).basis, Basis::Q850, "the trunk said something else");
    let located = Evidence { q850_location: Some(Location::User), ..echo };
    assert_eq!(diagnose(&located).basis, Basis::Q850, "the called phone said so");
}

#[test]
fn what_the_called_phone_said_itself_comes_before_a_header() {
    let evidence = Evidence { q850_cause: Some(21), q850_location: Some(Location::User), ..headers(480, "Q.850;cause=17") };
    assert_eq!(of(&evidence).0, of(&Evidence { q850_location: Some(Location::User), ..q850(21) }).0);
    let trunk = Evidence { q850_location: None, ..evidence };
    assert_eq!(of(&trunk).0, R::Busy, "the header comes before the trunk");
}

#[test]
fn every_reason_of_a_diversion_is_read() {
    for (word, reason) in [
        ("unknown", DiversionReason::Unknown),
        ("user-busy", DiversionReason::UserBusy),
        ("no-answer", DiversionReason::NoAnswer),
        ("unavailable", DiversionReason::Unavailable),
        ("unconditional", DiversionReason::Unconditional),
        ("time-of-day", DiversionReason::TimeOfDay),
        ("do-not-disturb", DiversionReason::DoNotDisturb),
        ("deflection", DiversionReason::Deflection),
        ("follow-me", DiversionReason::FollowMe),
        ("out-of-service", DiversionReason::OutOfService),
        ("away", DiversionReason::Away),
    ] {
        let read = diversion(&format!("<tel:+8613800000001>;reason={word}")).unwrap();
        assert_eq!(read[0].reason, Redirecting::Diversion(reason), "{word}");
    }
}
