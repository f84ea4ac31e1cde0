//! Where both halves meet: calls of two under a reservation whose user was not reached. Their merchants are offered the recorder exactly when the rules
//! say (P10), with a record that names the call (P17); whoever is not offered it is hung up in the same step (P9).

use std::collections::{BTreeSet, VecDeque};

use ringfence::decisions::diagnosis::diagnose;
use ringfence::values::account::AccountId;
use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{Action, AuditRecord, Effect, FailedCallRecord, NoOffer, NotOffered, Offered, Prompt, Ruling};
use ringfence::values::evidence::{Evidence, OwnTimer};
use ringfence::values::id::{BindingId, CallId, LegId, ReservationId};
use ringfence::values::input::{CallFailed, Input, LegEnded, Resync};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::reply::{OwnLeg, Reply};

use super::books::{Books, Call, LegState};
use super::voice_messages::{broken, ground, offered};
use super::{Judged, Notes, Promise};
use crate::trace::{Doing, Step};

/// What it notes about the step that it is in.
#[derive(Clone, Debug, Default)]
pub(super) struct Noted {
    /// The calls that are to be asked about, in the order in which their users' parts ended.
    unreached: VecDeque<Unreached>,
    asked: Vec<Asked>,
}

/// A call of two whose user this step finds unreachable.
#[derive(Clone, Debug)]
struct Unreached {
    call: CallId,
    reservation: ReservationId,
    merchant_leg: LegId,
    callee: PhoneNumber,
    evidence: Evidence,
    cause: ReleaseCause,
    /// Who has his number, before the step takes it from him.
    holder: Option<(BindingId, AccountId)>,
}

/// A merchant whose offer was judged, and what has to be done to him.
#[derive(Clone, Copy, Debug)]
struct Asked {
    leg: LegId,
    is_offered: bool,
    was_answered: bool,
    cause: ReleaseCause,
    callee: PhoneNumber,
    is_treated: bool,
}

/// What is done to a merchant's leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Answered,
    Recorded,
    Rejected(ReleaseCause),
    HungUp(ReleaseCause, Option<Prompt>),
}

fn stands(books: &Books, leg: LegId) -> bool {
    let state = books.legs.get(&leg).map(|leg| leg.state);
    matches!(state, Some(LegState::Ringing | LegState::Answered | LegState::Joined))
}

/// The evidence of an input that reports this user's leg gone; none if it does not.
fn reported(books: &Books, leg: LegId, step: &Step) -> Option<Evidence> {
    let Doing::Input(input) = &step.doing else { return None };
    match (input, step.reply.as_ref()?.as_ref().ok()?) {
        (Input::LegEnded(LegEnded { leg: ended, evidence }), _) if *ended == leg => Some(evidence.clone()),
        (Input::CallDiverted(input), Reply::OwnLeg(OwnLeg { own, .. })) if *own == leg => Some(input.evidence.clone()),
        // Of one that was not dialled nobody can say that he was not reached.
        (Input::Resync(Resync { legs }), _) if !legs.contains(&leg) && !books.waits_for_its_dial(leg) => {
            Some(Evidence::default())
        }
        _ => None,
    }
}

/// The calls that this step has to ask about, unless their merchants leave before. What hangs a user up for want of an answer says that his ring time
/// is over; it comes before what the step reports.
pub(super) fn unreached(books: &Books, step: &Step) -> Noted {
    let hung_up = |wanted: LegId| {
        let cause = |effect: &Effect| {
            if let Action::HangUp(up) = &effect.action { Some(up.cause).filter(|_| up.leg == wanted) } else { None }
        };
        step.effects.iter().enumerate().find_map(|(place, effect)| Some((place, cause(effect)?)))
    };
    let failed = |(id, call): (&CallId, &Call)| {
        let [part] = call.parts.as_slice() else { return None };
        let leg = part.leg.filter(|_| !part.over && !call.ended)?;
        let user = books.legs.get(&leg).filter(|leg| leg.state == LegState::Ringing)?;
        let (place, evidence) = match hung_up(leg) {
            Some((place, ReleaseCause::NoAnswer)) => (place, Evidence { timer: Some(OwnTimer::Ring), ..Evidence::default() }),
            Some(_) => return None,
            None => (step.effects.len(), reported(books, leg, step)?),
        };
        let diagnosis = diagnose(&evidence);
        let asks = diagnosis.candidates().is_within(books.policy.divert_on) && stands(books, call.merchant_leg);
        let cause = ReleaseCause::of_failed_leg(diagnosis.reason);
        let (reservation, merchant_leg, callee) = (part.reservation, call.merchant_leg, user.number);
        let holder = books.accounts.bound(callee);
        asks.then_some(((place, leg), Unreached { call: *id, reservation, merchant_leg, callee, evidence, cause, holder }))
    };
    let mut unreached: Vec<_> = books.calls.iter().filter_map(failed).collect();
    unreached.sort_by_key(|(place, _)| *place);
    Noted { unreached: unreached.into_iter().map(|(_, unreached)| unreached).collect(), asked: Vec::new() }
}

/// Whether a record of a failed call, or what is done to its merchant, follows from what settling ended.
pub(super) fn explains(effect: &Effect, notes: &Notes) -> bool {
    let asked = |leg: LegId| notes.meeting.asked.iter().any(|asked| asked.leg == leg && !asked.is_treated);
    if let Action::Audit(audit) = &effect.action {
        let call = if let AuditRecord::FailedCall(record) = &audit.record { record.call } else { None };
        return call.is_some_and(|call| notes.meeting.unreached.iter().any(|unreached| unreached.call == call));
    }
    let is_deed = matches!(effect.action, Action::Answer(_) | Action::Record(_) | Action::Reject(_) | Action::HangUp(_));
    effect.action.leg().is_some_and(|leg| is_deed && asked(leg))
}

/// A record says that the merchant of a call was judged.
pub(super) fn judged(books: &mut Books, record: &FailedCallRecord, call: CallId, notes: &mut Notes) -> Judged {
    let FailedCallRecord { leg, reason, confidence, ruling, .. } = *record;
    if books.calls.get(&call).is_some_and(|call| call.parts.len() != 1) {
        return broken(Promise::P10, format!("call {call} is shared, and its merchant is asked for a message"));
    }
    let unreached = loop {
        let Some(next) = notes.meeting.unreached.pop_front() else {
            return broken(Promise::P10, format!("the merchant of call {call} is judged, and no user of his was unreachable"));
        };
        if next.call == call {
            break next;
        }
        if stands(books, next.merchant_leg) {
            return broken(Promise::P10, format!("the merchant of call {call} is judged before that of call {}", next.call));
        }
    };
    if leg != unreached.merchant_leg || !stands(books, leg) {
        return broken(Promise::P10, format!("leg {leg} is judged for call {call}, and is not its merchant's, or is gone"));
    }
    let known = books.calls.get(&call);
    if known.is_none_or(|known| !known.ended) {
        return broken(Promise::P10, format!("the merchant of call {call} is judged while its user has a part in it"));
    }
    let diagnosis = diagnose(&unreached.evidence);
    if (diagnosis.reason, diagnosis.confidence) != (reason, confidence) {
        return broken(Promise::P17, format!("the audit record of leg {leg} has another reason than the evidence"));
    }
    let Some(line) = known.map(|known| known.line) else { return Ok(()) };
    let was_answered = books.legs.get(&leg).is_some_and(|leg| leg.answered);
    let (callee, evidence) = (unreached.callee, unreached.evidence);
    let input = CallFailed { caller: Some(line), callee, evidence, is_answered: was_answered };
    let most = usize::try_from(books.policy.failed_calls_max).unwrap_or(usize::MAX);
    let why = ground(books, &input, unreached.holder.is_some())
        .or_else(|| (books.voice_messages.callers() >= most).then_some(NoOffer::Full));
    let is_right = match ruling {
        Ruling::NotOffered(NotOffered { why: said }) => Some(said) == why,
        Ruling::Offered(_) => why.is_none(),
    };
    if !is_right {
        return broken(Promise::P10, format!("of the merchant of leg {leg} it is said: {ruling:?}; what holds is {why:?}"));
    }
    let is_offered = matches!(ruling, Ruling::Offered(_));
    notes.meeting.asked.push(Asked { leg, is_offered, was_answered, cause: unreached.cause, callee, is_treated: false });
    match (ruling, unreached.holder) {
        (Ruling::Offered(Offered { voice_message }), Some(holder)) => {
            offered(books, voice_message, leg, &input, holder, Some((call, unreached.reservation)))
        }
        (Ruling::Offered(_) | Ruling::NotOffered(_), _) => Ok(()),
    }
}

/// What is done first to a merchant who was judged.
pub(super) fn done(leg: LegId, deed: Deed, notes: &mut Notes) -> Judged {
    let Some(asked) = notes.meeting.asked.iter_mut().find(|asked| asked.leg == leg && !asked.is_treated) else { return Ok(()) };
    asked.is_treated = true;
    // What was left for somebody who is forgotten is over before it began.
    let forgets = notes.forgets.as_ref().and_then(Address::number) == Some(asked.callee);
    if asked.is_offered && forgets && matches!(deed, Deed::HungUp(ReleaseCause::UserUnreachable, _)) {
        return Ok(());
    }
    let right = match (asked.is_offered, asked.was_answered) {
        (true, false) => Deed::Answered,
        (true, true) => Deed::Recorded,
        (false, true) => Deed::HungUp(asked.cause, Some(Prompt::UserUnreachable)),
        // One that was asked to be answered before is hung up.
        (false, false) if deed == Deed::HungUp(asked.cause, None) => deed,
        (false, false) => Deed::Rejected(asked.cause),
    };
    if deed == right {
        return Ok(());
    }
    broken(Promise::P10, format!("the merchant of leg {leg} was judged, and then {deed:?}; right is {right:?}"))
}

/// At the end of a step: everybody who had to be asked was, but for merchants who left before, and all of them know.
pub(super) fn performed(step: &Step, notes: &Notes) -> Judged {
    if let Some(asked) = notes.meeting.asked.iter().find(|asked| !asked.is_treated) {
        return broken(Promise::P9, format!("the merchant of leg {} was judged, and left waiting", asked.leg));
    }
    let left: BTreeSet<LegId> = match &step.doing {
        Doing::Input(Input::LegEnded(ended)) => BTreeSet::from([ended.leg]),
        Doing::Input(Input::Resync(_)) => notes.lost_by_input.clone(),
        Doing::Input(_) | Doing::Once { .. } | Doing::Advance { .. } | Doing::Confirm { .. } | Doing::Restart => BTreeSet::new(),
    };
    match notes.meeting.unreached.iter().find(|unreached| !left.contains(&unreached.merchant_leg)) {
        Some(unreached) => {
            let what =
                format!("the user of call {} was unreachable, and its merchant is not asked for a message", unreached.call);
            broken(Promise::P10, what)
        }
        None => Ok(()),
    }
}
