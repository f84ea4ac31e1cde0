//! What a host is in doubt about: a `dial` that it reports failed, and a leg that is gone here and lives at the switch. Either may ring, so either is hung
//! up in the same step (P3, P8, P9); and what was reported done is not handed out to be done again.

use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{Action, Effect};
use ringfence::values::id::LegId;
use ringfence::values::input::Input;
use ringfence::values::reply::Reply;

use super::books::{Books, LegState};
use super::{Judged, Notes, Promise, voice_messages};
use crate::trace::{Doing, Step};

/// The leg that a report says is alive.
pub(super) const fn said_to_live(step: &Step) -> Option<LegId> {
    match &step.doing {
        Doing::Input(Input::LegProgress(report)) => Some(report.leg),
        Doing::Input(Input::LegAnswered(report)) => Some(report.leg),
        Doing::Input(_) | Doing::Once { .. } | Doing::Advance { .. } | Doing::Confirm { .. } | Doing::Restart => None,
    }
}

/// Whether an effect hangs up a leg that is gone and that this step says is alive. Once is enough.
pub(super) fn hangs_up_gone(books: &Books, step: &Step, effect: &Effect) -> bool {
    let Action::HangUp(hang_up) = &effect.action else { return false };
    let of_it = |other: &&Effect| matches!(&other.action, Action::HangUp(other) if other.leg == hang_up.leg);
    said_to_live(step) == Some(hang_up.leg)
        && books.was_leg(hang_up.leg)
        && hang_up.cause == ReleaseCause::Unknown
        && step.effects.iter().filter(of_it).count() == 1
}

/// At the end of a step: what is in doubt was hung up.
pub(super) fn hung_up(books: &Books, step: &Step, notes: &Notes) -> Judged {
    if let Some(id) = notes.doubted
        && books.legs.get(&id).is_some_and(|leg| !matches!(leg.state, LegState::Releasing { .. }))
    {
        return Err((Promise::P8, format!("the dial of leg {id} may ring all the same, and the leg was not hung up")));
    }
    let Some(id) = said_to_live(step).filter(|id| books.was_leg(*id) && matches!(step.reply, Some(Ok(_)))) else { return Ok(()) };
    let is_done = step.reply == Some(Ok(Reply::Done)) && step.effects.iter().any(|effect| hangs_up_gone(books, step, effect));
    if is_done { Ok(()) } else { Err((Promise::P9, format!("leg {id} is gone, lives at the switch, and was not hung up"))) }
}

/// What is handed out again after a restart may be begun only then. So it must not be for a leg that was ended meanwhile (P3), nor for one of which a
/// report shows that it was begun (P8).
pub(super) fn handed_out_again(books: &Books, effect: &Effect) -> Judged {
    let broken = |promise, what: &str| Err((promise, format!("effect {} is handed out again after {what}", effect.sequence)));
    let Some(id) = effect.action.at_most_once_leg() else { return Ok(()) };
    if !books.legs.contains_key(&id) {
        voice_messages::handed_out_again(books, effect)?;
    }
    let leg = books.legs.get(&id);
    let is_ended = leg.is_none_or(|leg| matches!(leg.state, LegState::Releasing { .. } | LegState::Gone));
    match &effect.action {
        Action::Dial(_) if is_ended => broken(Promise::P3, "its leg was ended"),
        Action::Dial(_) if leg.is_some_and(|leg| leg.was_told()) => broken(Promise::P8, "its leg was reported"),
        Action::Answer(_) if leg.is_some_and(|leg| leg.answered) => broken(Promise::P8, "its leg was answered"),
        Action::Answer(_) | Action::Record(_) if leg.is_some() && is_ended => broken(Promise::P3, "its leg was ended"),
        Action::Dial(_)
        | Action::Answer(_)
        | Action::Play(_)
        | Action::Reject(_)
        | Action::Join(_)
        | Action::HangUp(_)
        | Action::Send(_)
        | Action::Audit(_)
        | Action::Archive(_)
        | Action::Erase(_)
        | Action::Record(_)
        | Action::Transcribe(_)
        | Action::ArchiveVoiceMessage(_) => Ok(()),
    }
}
