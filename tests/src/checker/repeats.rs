//! P11 and the half of P13 that a trace shows: repeats and refusals emit nothing but what settling explains.

use ringfence::values::effect::{
    Action, AuditRecord, BindingEnd, BindingEnded, Content, Effect, MissedNotice, MissedNoticeForMerchant,
};
use ringfence::values::id::{LegId, ReservationId};
use ringfence::values::input::Input;
use ringfence::values::reply::Reply;

use super::books::{Books, LegState};
use super::{Judged, Notes, Promise, doubt, meeting, voice_messages};
use crate::trace::{Doing, Step};

/// Whether this step may emit only what settling explains, and why.
pub(super) fn only_settling(books: &Books, step: &Step) -> Option<(Promise, &'static str)> {
    let input = match &step.doing {
        Doing::Input(input) => input,
        Doing::Confirm { .. } => return Some((Promise::P11, "a confirm")),
        // One with a key is judged as the input that it is, or as a repeat before.
        Doing::Once { .. } | Doing::Advance { .. } | Doing::Restart => return None,
    };
    match &step.reply {
        Some(Err(_)) => return Some((Promise::P13, "a refused input")),
        Some(Ok(Reply::NoOp)) => return Some((Promise::P11, "an input that changes nothing")),
        Some(Ok(
            Reply::Done
            | Reply::Published(_)
            | Reply::Booked(_)
            | Reply::Imported(_)
            | Reply::Allow(_)
            | Reply::Deny(_)
            | Reply::Confirmed(_)
            | Reply::WrongCode(_)
            | Reply::Amended(_)
            | Reply::DoNotCallSet(_)
            | Reply::Forgotten(_)
            | Reply::SlotChosen(_)
            | Reply::BindingRequested(_)
            | Reply::FailedCall(_)
            | Reply::OwnLeg(_)
            | Reply::Opened(_)
            | Reply::Bound(_),
        ))
        | None => {}
    }
    let gone = |leg: LegId| books.was_leg(leg);
    let repeats = match input {
        // A block that is taken back brings nothing back.
        Input::LegProgress(_) | Input::PlayFinished(_) | Input::Unblock(_) => true,
        Input::LegAnswered(report) => gone(report.leg) || was_answered(books, report.leg),
        Input::LegEnded(report) => gone(report.leg),
        Input::Cancel(cancel) => books.reservations.get(&cancel.reservation).is_some_and(|known| known.cancelled_at.is_some()),
        Input::Decline(decline) => books.reservations.get(&decline.reservation).is_some_and(|known| known.declined_at.is_some()),
        Input::EffectFailed(failed) => books.handed_out(failed.sequence).is_none(),
        Input::MessageReported(report) => books.messages.was_reported(report.message),
        Input::RegisterMerchant(_)
        | Input::PublishPage(_)
        | Input::PushPage(_)
        | Input::PresetMode(_)
        | Input::ChooseMode(_)
        | Input::RequestCall(_)
        | Input::Book(_)
        | Input::Amend(_)
        | Input::Acknowledge(_)
        | Input::ChooseSlot(_)
        | Input::MerchantReady(_)
        | Input::Resync(_)
        | Input::SetPolicy(_)
        | Input::ConfirmContact(_)
        | Input::RequestCode(_)
        | Input::RotateKey(_)
        | Input::ConfirmClock(_)
        | Input::WithdrawPage(_)
        | Input::SetCalendar(_)
        | Input::Search(_)
        | Input::RequestPage(_)
        | Input::ImportNumbers(_)
        | Input::Freeze(_)
        | Input::Thaw(_)
        | Input::ImportDoNotCall(_)
        | Input::Follow(_)
        | Input::Unfollow(_)
        | Input::RequestBinding(_)
        | Input::ConfirmBinding(_)
        | Input::Unbind(_)
        | Input::CallFailed(_)
        | Input::CallDiverted(_)
        | Input::Recorded(_)
        | Input::RecordFailed(_)
        | Input::Transcribed(_)
        | Input::OpenMessage(_)
        | Input::RequestCallBack(_)
        | Input::SetProfile(_)
        | Input::ForgetMe(_)
        | Input::Block(_) => false,
    };
    repeats.then_some((Promise::P11, "a report that repeats another, or only tells of progress"))
}

/// One effect of such a step.
pub(super) fn judge(books: &Books, effect: &Effect, step: &Step, notes: &Notes) -> Judged {
    let Some((promise, what)) = notes.only_settling else { return Ok(()) };
    if voice_messages::explains(books, effect, step) || meeting::explains(effect, notes) {
        return Ok(());
    }
    let of_overdue = |leg: LegId| notes.overdue_legs.contains(&leg);
    let was_in_overdue = |id: ReservationId| notes.overdue_reservations.contains(&id);
    let explained = match &effect.action {
        Action::HangUp(hang_up) => {
            of_overdue(hang_up.leg)
                || crosses(books, step, hang_up.leg, notes)
                || doubt::hangs_up_gone(books, step, effect)
                    && notes.only_settling.is_some_and(|(broken, _)| broken == Promise::P11)
        }
        Action::Reject(reject) => of_overdue(reject.leg),
        Action::Audit(audit) => match &audit.record {
            AuditRecord::LegLost(lost) => notes.grace_over.contains(&lost.leg),
            AuditRecord::DialWithdrawn(withdrawn) => of_overdue(withdrawn.leg),
            // Terms that waited for an overdue call are set when it is settled.
            AuditRecord::NumberLeased(leased) => was_in_overdue(leased.reservation),
            AuditRecord::NumbersLow(_) => !notes.overdue_reservations.is_empty(),
            AuditRecord::Challenged(record) => was_in_overdue(record.reservation),
            // That its time was over is judged where bindings are.
            AuditRecord::BindingEnded(BindingEnded { why: BindingEnd::Unfollowed, .. }) => true,
            AuditRecord::BindingAsked(_)
            | AuditRecord::BindingJudged(_)
            | AuditRecord::BindingEnded(_)
            | AuditRecord::FailedCall(_)
            | AuditRecord::VoiceMessageDelivered(_)
            | AuditRecord::VoiceMessageEnded(_)
            | AuditRecord::PushMisconfigured(_)
            | AuditRecord::Judged(_)
            | AuditRecord::UserDialled(_)
            | AuditRecord::Booked(_)
            | AuditRecord::PolicySet(_)
            | AuditRecord::CodeJudged(_)
            | AuditRecord::KeyRotated(_)
            | AuditRecord::Amended(_)
            | AuditRecord::Rebased(_)
            | AuditRecord::Acknowledged(_)
            | AuditRecord::Declined(_)
            | AuditRecord::Frozen(_)
            | AuditRecord::Thawed(_)
            | AuditRecord::DoNotCallChanged(_)
            | AuditRecord::Erased(_)
            | AuditRecord::Grouped(_)
            | AuditRecord::Undelivered(_) => false,
        },
        Action::Send(send) => match &send.content {
            Content::Missed(MissedNotice { reservation, .. })
            | Content::MissedForMerchant(MissedNoticeForMerchant { reservation, .. }) => {
                let ended = books.reservations.get(reservation).is_some_and(|known| books.now >= known.window.end());
                ended || notes.overdue_reservations.contains(reservation)
            }
            // A slot that is over.
            Content::SlotOver(notice) => books.now >= notice.slot.end(),
            Content::BookingPage(_)
            | Content::Result(_)
            | Content::ContactUnconfirmed(_)
            | Content::Reservation(_)
            | Content::ModeOptions(_)
            | Content::Cancelled(_)
            | Content::CancelledForMerchant(_)
            | Content::SearchEntry(_)
            | Content::SearchResults(_)
            | Content::ContactNotConfirmed(_)
            | Content::OnHold(_)
            | Content::Declined(_)
            | Content::ManagePage(_)
            | Content::BindingChallenge(_)
            | Content::BindingChanged(_)
            | Content::VoiceMessage(_)
            | Content::VoiceMessageUndelivered(_)
            | Content::CallBackRequested(_)
            | Content::VoiceMessageUndeliveredForMerchant(_)
            | Content::CallBackRequestedForMerchant(_)
            | Content::Reminder(_) => false,
            Content::Challenge(challenge) => was_in_overdue(challenge.reservation),
            Content::Amended(content) => was_in_overdue(content.reservation),
        },
        Action::Archive(_) | Action::Erase(_) | Action::ArchiveVoiceMessage(_) => true,
        Action::Dial(_) | Action::Answer(_) | Action::Play(_) | Action::Join(_) | Action::Record(_) | Action::Transcribe(_) => {
            false
        }
    };
    if explained {
        Ok(())
    } else {
        Err((promise, format!("{what} emits effect {}, which no deadline explains", effect.sequence)))
    }
}

/// An answer that crosses a hang-up is hung up once more, when it is reported for the first time.
fn crosses(books: &Books, step: &Step, leg: LegId, notes: &Notes) -> bool {
    let answered = matches!(&step.doing, Doing::Input(Input::LegAnswered(report)) if report.leg == leg);
    let releasing = books.legs.get(&leg).is_some_and(|leg| matches!(leg.state, LegState::Releasing { .. }));
    answered && releasing && !notes.was_answered
}

/// Whether this leg was reported answered before.
pub(super) fn was_answered(books: &Books, leg: LegId) -> bool {
    books.legs.get(&leg).is_some_and(|leg| leg.answered)
}
