//! Calls under a reservation that do not reach their user, and merchants who leave a message.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use ringfence::values::account::Unfollow;
use ringfence::values::cause::{FailureReason, FailureReasons, SEED_REASONS};
use ringfence::values::effect::{Action, Party};
use ringfence::values::evidence::{Announcement, Evidence};
use ringfence::values::input::{
    Block, BlockTarget, Book, CallDiverted, CallTarget, Cancel, Decline, EffectFailed, ForgetMe, Freeze, Input, LegAnswered,
    LegEnded, PlayFinished, RequestCall, Resync, Scope,
};
use ringfence::values::number::Address;
use ringfence::values::policy::{CallMode, Policy};
use ringfence::values::reply::ReservationState;
use ringfence::values::text::Text;
use ringfence::values::time::Timestamp;
use ringfence::{LegId, ReservationId};

use super::Script;
use super::moves::{Booking, Move, Pick, Wait, What, moves_of_calls, next_of_leg, next_of_reservation, report};
use super::voice_messages::{callee, evidence, next_of_message, taken_over, voice_moves, voice_worlds};
use super::worlds::World;
use crate::model::{Deadline, LegState, LegView, Model, ReservationSummary, VoiceMessageView, VoiceState};
use crate::trace::Doing;

/// Scripts in which merchants call those who cannot be reached, of at most this many moves and at least half as many: no callable hours, no limit of a day.
pub fn meeting_scripts(moves_max: usize) -> impl Strategy<Value = Script> {
    let and = |more: &[FailureReason]| SEED_REASONS.and(FailureReasons::of(more));
    let reasons = select(vec![
        SEED_REASONS,
        SEED_REASONS,
        and(&[FailureReason::NoAnswer]),
        and(&[FailureReason::NoAnswer, FailureReason::Unknown]),
        FailureReasons::of(&[FailureReason::Busy]),
    ]);
    let spacing = select(vec![0_u32, 0, 5, 30]);
    let worlds = (voice_worlds(), reasons, spacing).prop_map(|(world, divert_on, retry_spacing_s)| {
        let callable_hours = Vec::new();
        let outbox_max = world.policy.outbox_max.max(1_000);
        let policy = Policy {
            callable_hours,
            rings_per_day_max: 0,
            reservations_max: 100,
            outbox_max,
            divert_on,
            retry_spacing_s,
            ..world.policy
        };
        World { policy, ..world }
    });
    (worlds, vec(meeting_moves(), moves_max / 2..=moves_max)).prop_map(|(world, moves)| Script { world, moves })
}

fn meeting_moves() -> impl Strategy<Value = Move> {
    let waits = || {
        prop_oneof![
            60 => Just(Wait::Nothing),
            5 => (1..30_u32).prop_map(Wait::Seconds),
            10 => Just(Wait::UntilDeadline),
            3 => Just(Wait::BeforeDeadline),
            2 => (any::<Pick>(), select(vec![0_i64, -1, 1])).prop_map(|(pick, micros)| Wait::AroundEnd(pick, micros)),
            1 => (1..10_u32).prop_map(Wait::Minutes),
            1 => Just(Wait::Microsecond),
        ]
    };
    let own = (waits(), any::<u32>().prop_map(What::Meet)).prop_map(|(wait, what)| Move { wait, what, key: None });
    let step = (waits(), select(vec![1_000_u32, 1, 2]));
    let step = step.prop_map(|(wait, budget)| Move { wait, what: What::Advance(budget), key: None });
    let host = prop_oneof![3 => (0..=255_u16).prop_map(What::Confirm), 1 => Just(What::Restart)];
    let host = host.prop_map(|what| Move { wait: Wait::Nothing, what, key: None });
    prop_oneof![40 => own, 8 => step, 3 => host, 2 => moves_of_calls(), 2 => voice_moves()]
}

/// What the network says of a phone that cannot be reached: mostly a reason of the four.
fn failure(dice: u32) -> Evidence {
    let status = |sip_status| Evidence { sip_status: Some(sip_status), ..Evidence::default() };
    let said = |class| Evidence { announcements: vec![class], ..Evidence::default() };
    match dice % 8 {
        0..=2 => status(486),
        3 => said(Announcement::PoweredOff),
        4 => said(Announcement::Suspended),
        5 => said(Announcement::OutOfServiceArea),
        _ => evidence(dice / 8),
    }
}

impl World {
    /// What leads on from here: every sensible next thing with its weight, and the dice between them.
    pub(super) fn meeting(&self, dice: u32, at: Timestamp, model: &Model) -> Doing {
        let messages = model.voice_messages();
        let mut choices: Vec<(u32, Doing)> = Vec::new();
        for leg in model.legs() {
            let at_recorder = messages.iter().find(|kept| kept.leg == Some(leg.leg));
            match at_recorder {
                Some(kept) => choices.extend(self.at_the_recorder(kept, &leg, dice / 1_024, model)),
                None if leg.party == Party::User => choices.extend(of_user(&leg, dice / 1_024, at, model)),
                None => {
                    let next = next_of_leg(&leg).into_iter();
                    // An inbound leg waits: its merchant is answered for his user, or for the recorder.
                    let weight = |weight: u32| if leg.inbound && leg.state == LegState::Ringing { 1 } else { 2 * weight };
                    choices.extend(next.map(|(most, what)| (weight(most), Doing::Input(report(what, leg.leg)))));
                }
            }
        }
        let live: Vec<_> = model.reservations().into_iter().filter(|kept| kept.state != ReservationState::Closed).collect();
        for kept in &live {
            choices.extend(next_of_reservation(kept, model));
        }
        for kept in messages.iter().filter(|kept| kept.leg.is_none()) {
            choices.extend(next_of_message(kept, dice / 1_024, model));
            let is_on_its_way = matches!(kept.state, VoiceState::Stored | VoiceState::Pushing | VoiceState::Waiting);
            if is_on_its_way && kept.under.is_some() {
                choices.push((1, Doing::Input(Input::ForgetMe(ForgetMe { user: Address::Sms(kept.callee) }))));
            }
        }
        if live.len() < 4 {
            choices.push((10, Doing::Input(self.meets(dice / 64, at))));
        }
        choices.push((1, Doing::Input(resync(dice / 64, model))));
        let total: u32 = choices.iter().map(|(weight, _)| weight).sum();
        let mut left = dice % total.max(1);
        for (weight, doing) in choices {
            if left < weight {
                return doing;
            }
            left -= weight;
        }
        Doing::Advance { budget: 1_000 }
    }

    /// A booking for a phone that is somebody's by a binding, mostly, and that may ring soon.
    fn meets(&self, dice: u32, at: Timestamp) -> Input {
        let [user, page, window, _] = dice.to_le_bytes().map(u16::from);
        let window = match window % 4 {
            0 => Booking::Offered(window / 4),
            1 => Booking::Around { starts_in_s: 5, length_s: 60 },
            _ => Booking::Around { starts_in_s: 0, length_s: 200 },
        };
        // Neither an attachment nor a name that is refused, nor a phone of somebody else.
        let mut input = self.booking((1, page), window, None, at);
        if let Input::Book(book) = &mut input {
            let own = if user % 8 == 7 { self.users.first().cloned() } else { None };
            let who = own.unwrap_or_else(|| Address::Rcs(callee(user % 8 / 3)));
            let plain = Book { user: who, name: None, evidence: None, attachments: Vec::new(), ..book.clone() };
            *book = Book { share: user % 16 == 15 && book.share, result_by: None, email: None, remember: Some(false), ..plain };
        }
        input
    }

    /// What happens while a merchant is offered the recorder, or leaves a message.
    fn at_the_recorder(&self, kept: &VoiceMessageView, leg: &LegView, dice: u32, model: &Model) -> Vec<(u32, Doing)> {
        let mut next: Vec<_> =
            next_of_message(kept, dice, model).into_iter().map(|(weight, doing)| (2 * weight, doing)).collect();
        let mut add = |weight: u32, input: Input| next.push((weight, Doing::Input(input)));
        let leg = leg.leg;
        add(1, Input::PlayFinished(PlayFinished { leg }));
        add(1, Input::LegAnswered(LegAnswered { leg }));
        let is_its = |action: &Action| action.at_most_once_leg() == Some(leg);
        for effect in model.unconfirmed().iter().filter(|effect| is_its(&effect.action)) {
            add(2, Input::EffectFailed(EffectFailed { sequence: effect.sequence }));
        }
        add(3, Input::Resync(Resync { legs: all_but(leg, model) }));
        add(2, Input::Resync(Resync { legs: model.legs().into_iter().map(|leg| leg.leg).collect() }));
        add(2, Input::ForgetMe(ForgetMe { user: Address::Sms(kept.callee) }));
        add(3, Input::Unfollow(Unfollow { account: kept.account.clone() }));
        next.extend(taken_over(kept, dice / 2, model).map(|input| (10, Doing::Input(input))));
        let mut add = |weight: u32, input: Input| next.push((weight, Doing::Input(input)));
        let Some((_, reservation)) = kept.under else { return next };
        let all = model.reservations();
        let Some(under) = all.iter().find(|known| known.reservation == reservation) else { return next };
        // Whatever becomes of the reservation cuts no recording.
        let (user, merchant) = (under.user.clone(), under.merchant);
        match dice % 8 {
            0 => add(3, Input::Cancel(Cancel { user, reservation })),
            1 => add(3, Input::Decline(Decline { merchant, reservation, reason: None })),
            2 => add(2, Input::Block(Block { user, what: BlockTarget::Merchant(merchant) })),
            3 => {
                let (scope, by, why) = (Scope::Merchant(merchant), Text::from("duty"), Text::from("complaints"));
                add(1, Input::Freeze(Freeze { scope, by, why }));
            }
            _ => {}
        }
        // He calls again while he records.
        if under.state == ReservationState::Open {
            match under.chosen {
                Some(CallMode::PlatformCalls) => next.push((10, Doing::Advance { budget: 1_000 })),
                _ => next.push((10, Doing::Input(self.calls_again(reservation, model)))),
            }
        }
        next
    }

    fn calls_again(&self, reservation: ReservationId, model: &Model) -> Input {
        let target = model.number_of(reservation).map_or(CallTarget::Reservation(reservation), CallTarget::Number);
        let line = model.reservations().into_iter().find(|kept| kept.reservation == reservation).map(|kept| kept.line);
        Input::RequestCall(RequestCall::new(line.unwrap_or_else(|| self.any_line(0)), target))
    }
}

/// Mostly a user cannot be reached.
fn of_user(leg: &LegView, dice: u32, at: Timestamp, model: &Model) -> Vec<(u32, Doing)> {
    let ended = |evidence| Doing::Input(Input::LegEnded(LegEnded { leg: leg.leg, evidence }));
    let others = next_of_leg(leg).into_iter().map(|(weight, what)| (weight, Doing::Input(report(what, leg.leg))));
    if !matches!(leg.state, LegState::Dialled | LegState::Ringing) {
        return others.collect();
    }
    let mut next: Vec<_> = others.map(|(weight, doing)| (weight.min(2), doing)).collect();
    next.push((14, ended(failure(dice))));
    let line = model.ringing_users().into_iter().find(|(number, _)| *number == leg.number).map(|(_, line)| line);
    let evidence = failure(dice / 2);
    let diverted = CallDiverted { caller: line, callee: leg.number, evidence, is_answered: false };
    next.push((3, Doing::Input(Input::CallDiverted(diverted))));
    next.push((2, Doing::Input(Input::Resync(Resync { legs: all_but(leg.leg, model) }))));
    // What comes when his ring time is over is decided before his merchant is asked.
    let user = Address::Sms(leg.number);
    let of_him = |kept: &ReservationSummary| kept.reservation == leg.reservation;
    if let Some(kept) = model.reservations().into_iter().find(of_him) {
        let (merchant, reservation) = (kept.merchant, kept.reservation);
        let input = match dice % 6 {
            0 | 1 => Input::Block(Block { user, what: BlockTarget::Merchant(merchant) }),
            2 => Input::ForgetMe(ForgetMe { user }),
            3 => Input::Cancel(Cancel { user, reservation }),
            _ => Input::RequestCall(RequestCall::new(kept.line, reservation)),
        };
        let is_over = |(due, what): (Timestamp, Deadline)| due <= at && what == Deadline::Leg(leg.leg);
        let weight = if model.deadlines().into_iter().any(is_over) { 24 } else { 3 };
        next.push((weight, Doing::Input(input)));
    }
    next
}

fn all_but(leg: LegId, model: &Model) -> Vec<LegId> {
    model.legs().into_iter().map(|other| other.leg).filter(|other| *other != leg).collect()
}

/// The switch comes back with most of what lives.
fn resync(dice: u32, model: &Model) -> Input {
    let legs = model.legs().into_iter().map(|leg| leg.leg).zip(0_u32..);
    Input::Resync(Resync { legs: legs.filter(|(_, index)| dice >> (index % 24) & 3 != 0).map(|(leg, _)| leg).collect() })
}
