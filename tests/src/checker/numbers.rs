//! P7 of virtual numbers, read from the trace: whom a number means to a merchant, and that it never means two.

use std::collections::BTreeSet;

use ringfence::values::effect::{Asked, NumberLeased, ReservationForMerchant};
use ringfence::values::id::ReservationId;
use ringfence::values::input::{CallTarget, RequestCall};
use ringfence::values::number::{PhoneNumber, VirtualNumber};
use ringfence::values::policy::CallMode;
use ringfence::values::time::Timestamp;

use super::books::{Books, Reservation};
use super::{Judged, Promise};

/// What a number means to a merchant: one user, who is the phone that rings, by the reservations that he was told under it.
#[derive(Clone, Debug)]
pub(super) struct Meaning {
    contact: PhoneNumber,
    reservations: BTreeSet<ReservationId>,
    /// No reservation under it was seen to be over before this instant.
    over_at: Timestamp,
}

impl Meaning {
    /// A reservation under it left: it says nothing any more.
    pub(super) fn leave(&mut self, id: ReservationId) {
        self.reservations.remove(&id);
    }
}

impl Books {
    /// The reservation that a request is for: named; or, of those whose merchant was told the number, the one whose window covers now, else the
    /// next to begin. A reservation that is used up, and one whose window is over, is none of them.
    pub(super) fn asked_for(&self, request: RequestCall) -> Option<ReservationId> {
        let number = match request.target {
            CallTarget::Reservation(id) => return Some(id),
            CallTarget::Number(number) => number,
            // Of whom the answer is, its record says.
            CallTarget::Group(_) => return None,
        };
        let merchant = self.merchant_of_line(request.line)?;
        let meant = self
            .reservations
            .iter()
            .filter(|(id, kept)| kept.merchant == merchant && kept.virtual_number == Some(number) && !self.is_over(**id, kept));
        meant.map(|(id, kept)| (kept.window.start().max(self.now), *id)).min().map(|(_, id)| id)
    }

    fn is_over(&self, id: ReservationId, reservation: &Reservation) -> bool {
        self.now >= reservation.window.end() || self.is_used_up(id, reservation, None)
    }

    /// How a record must name what was asked for: a number that is no virtual one does not stand in it.
    pub(super) fn recorded(&self, target: CallTarget) -> Asked {
        match target {
            CallTarget::Reservation(id) => Asked::Reservation(id),
            CallTarget::Number(number) if self.pool.contains(&number) => Asked::Number(number),
            CallTarget::Number(_) => Asked::UnknownNumber,
            CallTarget::Group(id) => Asked::Group(id),
        }
    }

    /// Another phone is to ring for a reservation: what its number means is over for it.
    pub(super) fn leave_number(&mut self, id: ReservationId) {
        let Some(reservation) = self.reservations.get_mut(&id) else { return };
        let Some(number) = reservation.virtual_number.take() else { return };
        if let Some(meaning) = self.meanings.get_mut(&(reservation.merchant, number)) {
            meaning.reservations.remove(&id);
            meaning.over_at = meaning.over_at.max(self.now);
        }
    }

    /// A reservation is accepted, with a number or without.
    pub(super) fn take_lease(&mut self, leased: &NumberLeased) {
        let Some(reservation) = self.reservations.get_mut(&leased.reservation) else { return };
        let (merchant, contact) = (reservation.merchant, reservation.number);
        match leased.number.map(VirtualNumber::number) {
            Some(number) => {
                reservation.virtual_number = Some(number);
                let over_at = reservation.window.end().min(self.now);
                let fresh = || Meaning { contact, reservations: BTreeSet::new(), over_at };
                let meaning = self.meanings.entry((merchant, number)).or_insert_with(fresh);
                if meaning.contact != contact {
                    *meaning = fresh();
                }
                meaning.reservations.insert(leased.reservation);
                meaning.over_at = over_at;
            }
            // The pool was empty: the platform calls.
            None => reservation.chosen = Some(CallMode::PlatformCalls),
        }
    }
}

/// What a merchant is told: the number that was leased, and no other.
pub(super) fn told(books: &Books, notice: &ReservationForMerchant) -> Judged {
    let leased = books.reservations.get(&notice.reservation).and_then(|reservation| reservation.virtual_number);
    if notice.virtual_number.map(VirtualNumber::number) == leased {
        return Ok(());
    }
    Err((
        Promise::P7,
        format!("the merchant is told another virtual number of reservation {} than was leased", notice.reservation),
    ))
}

/// A lease, before it is taken.
pub(super) fn leased(books: &Books, lease: &NumberLeased) -> Judged {
    let id = lease.reservation;
    let broken = |what: &str| Err((Promise::P7, format!("the virtual number of reservation {id} {what}")));
    let Some(reservation) = books.reservations.get(&id) else { return Ok(()) };
    let merchant = reservation.merchant;
    // Once it has rested, a number is nobody's; before that it is surely this user's.
    let is_his = |meaning: &Meaning| meaning.contact == reservation.number && !may_have_rested(books, meaning);
    let own = books.meanings.iter().find(|((of, _), meaning)| *of == merchant && is_his(meaning));
    let Some(number) = lease.number.map(VirtualNumber::number) else {
        let told = books.meanings.keys().filter(|(of, _)| *of == merchant).count();
        return if told < books.pool.len() || own.is_some() { broken("is missing, and the pool is not empty") } else { Ok(()) };
    };
    if !books.pool.contains(&number) {
        return broken("is not in the pool");
    }
    if own.is_some_and(|((_, known), _)| *known != number) {
        return broken("is another one than this user has with this merchant");
    }
    let Some(before) = books.meanings.get(&(merchant, number)).filter(|before| before.contact != reservation.number) else {
        return Ok(());
    };
    if is_held(books, before) {
        return broken("means another user to this merchant");
    }
    if !may_have_rested(books, before) {
        return broken("has not rested since it meant another user");
    }
    Ok(())
}

/// Whether a reservation under this number is not over.
fn is_held(books: &Books, meaning: &Meaning) -> bool {
    meaning.reservations.iter().any(|id| books.reservations.get(id).is_some_and(|kept| !books.is_over(*id, kept)))
}

/// Whether the number may have rested: nobody holds it, and all have been over for as long as the rules have ever said at least.
fn may_have_rested(books: &Books, meaning: &Meaning) -> bool {
    // A reservation that is not used up was over with its window, and one that was taken back not before that.
    let over_at = |id: &ReservationId| {
        let kept = books.reservations.get(id)?;
        if books.is_used_up(*id, kept, None) { kept.cancelled_at } else { Some(kept.window.end()) }
    };
    let over_at = meaning.reservations.iter().filter_map(over_at).chain([meaning.over_at]).max().unwrap_or(meaning.over_at);
    !is_held(books, meaning) && books.now >= over_at.saturating_add_s(u64::from(books.least_rest_s))
}
