//! Results, and the page to manage a reservation: they go to whom they are meant for (P7).

use ringfence::values::effect::{Content, Send};
use ringfence::values::id::ReservationId;
use ringfence::values::input::{Book, Input, PageOf, ResultBy};
use ringfence::values::number::Address;

use super::books::{Books, Reservation};
use super::{Judged, Promise};
use crate::trace::{Doing, Step};

/// Where a booking says that its results go.
pub(super) fn way_of(input: &Book) -> Address {
    let number = input.user.number();
    let asked = match input.result_by {
        Some(ResultBy::Page) => number.map(Address::Rcs),
        Some(ResultBy::Sms) => number.map(Address::Sms),
        Some(ResultBy::Email) => input.email.clone(),
        None => None,
    };
    asked.unwrap_or_else(|| input.user.clone())
}

/// A result goes where its sender asked for it, or by short message to the other phone's holder; a manage page goes there after it, or to the one
/// of the two who asks for it.
pub(super) fn send(books: &Books, send: &Send, step: &Step) -> Judged {
    let id = match &send.content {
        Content::Result(result) | Content::Reminder(result) => result.reservation,
        Content::ManagePage(page) if asks(step, page.reservation, &send.to) => {
            let speaks = |known: &Reservation| {
                known.sender.is_same_holder(&send.to) || numbers(known).any(|number| send.to.number() == Some(number))
            };
            return judged(books, page.reservation, speaks, "a manage page is sent to a stranger who asks for it");
        }
        Content::ManagePage(page) => page.reservation,
        Content::BookingPage(_)
        | Content::ContactUnconfirmed(_)
        | Content::Reservation(_)
        | Content::ModeOptions(_)
        | Content::Cancelled(_)
        | Content::Missed(_)
        | Content::CancelledForMerchant(_)
        | Content::MissedForMerchant(_)
        | Content::Challenge(_)
        | Content::BindingChallenge(_)
        | Content::BindingChanged(_)
        | Content::VoiceMessage(_)
        | Content::VoiceMessageUndelivered(_)
        | Content::CallBackRequested(_)
        | Content::VoiceMessageUndeliveredForMerchant(_)
        | Content::CallBackRequestedForMerchant(_)
        | Content::ContactNotConfirmed(_)
        | Content::SearchEntry(_)
        | Content::SearchResults(_)
        | Content::Amended(_)
        | Content::OnHold(_)
        | Content::SlotOver(_)
        | Content::Declined(_) => return Ok(()),
    };
    let is_meant = |known: &Reservation| {
        let others = numbers(known).filter(|number| known.sender.number() != Some(*number));
        // One whose holder has not agreed is judged by what rings.
        !known.verified || known.way == send.to || others.map(Address::Sms).any(|to| to == send.to)
    };
    judged(books, id, is_meant, "a result goes to an address that nobody asked for")
}

/// The phones that ring for it, now and by terms that wait.
fn numbers(known: &Reservation) -> impl Iterator<Item = ringfence::PhoneNumber> + use<> {
    [Some(known.number), known.waiting.as_ref().map(|terms| terms.number)].into_iter().flatten()
}

fn asks(step: &Step, id: ReservationId, to: &Address) -> bool {
    match &step.doing {
        Doing::Input(Input::RequestPage(input)) => input.of == PageOf::Reservation(id) && input.user == *to,
        Doing::Input(_) | Doing::Once { .. } | Doing::Advance { .. } | Doing::Confirm { .. } | Doing::Restart => false,
    }
}

fn judged(books: &Books, id: ReservationId, fits: impl Fn(&Reservation) -> bool, wrong: &str) -> Judged {
    if books.reservations.get(&id).is_none_or(fits) {
        return Ok(());
    }
    Err((Promise::P7, format!("reservation {id}: {wrong}")))
}
