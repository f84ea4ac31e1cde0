//! Shared calls (P5): whoever is on one agreed to it, booked on the same terms, and is told nothing of the others.

use std::collections::BTreeSet;

use ringfence::values::effect::{Content, Dial, Grouped, Send};
use ringfence::values::id::{GroupId, ReservationId};
use ringfence::values::policy::CallMode;

use super::books::{Books, Reservation};
use super::{Judged, Notes, Promise, law, ringing};

/// Whether two users booked on the same terms.
fn alike(one: &Reservation, other: &Reservation) -> bool {
    on_the_terms(one, other) && (one.offering, one.window, one.group_size) == (other.offering, other.window, other.group_size)
}

/// Of what no change touches.
fn on_the_terms(one: &Reservation, other: &Reservation) -> bool {
    (one.merchant, one.page, one.line) == (other.merchant, other.page, other.line)
}

/// A record of several who share a call.
pub(super) fn recorded(books: &Books, record: &Grouped) -> Judged {
    let broken = |promise: Promise, what: String| Err((promise, format!("call {} is shared, and {what}", record.call)));
    let known: Vec<_> = record.reservations.iter().filter_map(|id| Some((*id, books.reservations.get(id)?))).collect();
    let Some((_, first)) = known.first().filter(|_| known.len() == record.reservations.len()) else {
        return broken(Promise::P5, "one of its reservations is not known".to_owned());
    };
    if let Some((id, _)) = known.iter().find(|(_, one)| one.group_size < 2) {
        return broken(Promise::P5, format!("the user of reservation {id} did not agree to that"));
    }
    if let Some((id, _)) = known.iter().find(|(_, one)| !alike(one, first)) {
        return broken(Promise::P5, format!("reservation {id} was booked on other terms"));
    }
    let different: BTreeSet<_> = record.reservations.iter().collect();
    let most = usize::try_from(first.group_size).unwrap_or(usize::MAX);
    if known.len() < 2 || different.len() < known.len() || known.len() > most {
        return broken(Promise::P5, format!("{} users are on it, {most} at most agreed to be", known.len()));
    }
    if let Some((id, _)) = known.iter().find(|(_, one)| one.group != Some(record.group)) {
        return broken(Promise::P17, format!("the merchant was told another group of reservation {id}"));
    }
    Ok(())
}

/// A merchant is rung for several: each of them may be called now.
pub(super) fn merchant_dial(books: &Books, dial: &Dial, notes: &Notes) -> Judged {
    let Some(record) = notes.grouped.as_ref() else { return Ok(()) };
    let broken =
        |promise: Promise, what: String| Err((promise, format!("leg {} rings a merchant for several: {what}", dial.leg)));
    if record.call != dial.call || record.reservations.first() != Some(&dial.reason.reservation) {
        return broken(Promise::P17, "the record names another call, or another first".to_owned());
    }
    let mut phones = BTreeSet::new();
    for id in &record.reservations {
        let Some(one) = books.reservations.get(id) else { continue };
        ringing::agreed_and_standing(books, dial, one)?;
        law::permits(books, dial, one)?;
        ringing::in_window(books, dial, one, Promise::P14)?;
        ringing::in_mode(books, dial, one, CallMode::PlatformCalls)?;
        ringing::within_bounds(books, dial, one)?;
        if books.live_call(*id, None).is_some() {
            return broken(Promise::P14, format!("a call of reservation {id} is alive"));
        }
        if books.is_number_busy(one.number, None) || !phones.insert(one.number) {
            return broken(Promise::P8, format!("the phone of reservation {id} is on another call"));
        }
        let place = |id: ReservationId, one: &Reservation| (one.eligible_at, id);
        // Whom the hours or the limit of a day put off has a later place than the trace shows, as in the queue itself.
        let first = books.reservations.get(&dial.reason.reservation).filter(|_| !books.law.has_put_off());
        if first.is_some_and(|first| place(*id, one) < place(dial.reason.reservation, first)) {
            return broken(Promise::P16, format!("reservation {id} has an earlier place than the first of them"));
        }
    }
    Ok(())
}

/// A record of a shared call is followed by the call.
pub(super) fn all_begun(notes: &Notes) -> Judged {
    match &notes.grouped {
        Some(record) => Err((Promise::P17, format!("a record says that call {} is shared, and it did not begin", record.call))),
        None => Ok(()),
    }
}

/// What a user and a merchant are told of it: that the call is shared, and by which name it is called; to nobody who did not agree.
pub(super) fn told(books: &Books, send: &Send) -> Judged {
    match &send.content {
        Content::Result(result) => match books.reservations.get(&result.reservation) {
            Some(known) if (known.terms().group_size > 1) != result.is_shared => {
                Err((Promise::P5, format!("the user of reservation {} is told otherwise than he agreed", result.reservation)))
            }
            Some(_) | None => Ok(()),
        },
        Content::Reservation(notice) | Content::Amended(notice) => {
            let id = notice.reservation;
            let Some(known) = books.reservations.get(&id) else { return Ok(()) };
            let terms = known.terms();
            // The group of terms that wait for the end of a call is found when they are set.
            let is_later = known.waiting.is_some() && notice.group.is_none();
            if (terms.group_size > 1) != notice.group.is_some() && !is_later {
                return Err((Promise::P5, format!("reservation {id} is in a group without agreement, or the other way round")));
            }
            let is_alike = |other: &Reservation| {
                let of_group = (other.offering, other.window, other.group_size);
                on_the_terms(other, known) && of_group == (notice.offering, notice.window, terms.group_size)
            };
            let is_stranger = |other: &Reservation| other.group == notice.group && !is_alike(other);
            let mut others = books.reservations.iter().filter(|(other, _)| **other != id);
            if notice.group.is_some() && others.any(|(_, other)| is_stranger(other)) {
                return Err((Promise::P5, format!("reservation {id} is in a group with others on other terms")));
            }
            Ok(())
        }
        Content::BindingChallenge(_)
        | Content::BindingChanged(_)
        | Content::VoiceMessage(_)
        | Content::VoiceMessageUndelivered(_)
        | Content::CallBackRequested(_)
        | Content::VoiceMessageUndeliveredForMerchant(_)
        | Content::CallBackRequestedForMerchant(_)
        | Content::BookingPage(_)
        | Content::ContactUnconfirmed(_)
        | Content::ModeOptions(_)
        | Content::Cancelled(_)
        | Content::Missed(_)
        | Content::CancelledForMerchant(_)
        | Content::MissedForMerchant(_)
        | Content::Challenge(_)
        | Content::ContactNotConfirmed(_)
        | Content::SearchEntry(_)
        | Content::SearchResults(_)
        | Content::OnHold(_)
        | Content::ManagePage(_)
        | Content::SlotOver(_)
        | Content::Reminder(_)
        | Content::Declined(_) => Ok(()),
    }
}

/// The reservations that a merchant was told to be in a group.
pub(super) fn members(books: &Books, group: GroupId) -> impl Iterator<Item = (ReservationId, &Reservation)> {
    books.reservations.iter().filter(move |(_, known)| known.group == Some(group)).map(|(id, known)| (*id, known))
}
