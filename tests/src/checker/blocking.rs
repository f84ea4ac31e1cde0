//! Blocks (P3): what they take back in the same step, and what never comes afterwards.

use ringfence::values::effect::{Action, BookingPage, Content, Send};
use ringfence::values::id::{MerchantId, ReservationId};
use ringfence::values::input::{Block, BlockTarget, Book, Input};
use ringfence::values::number::Address;
use ringfence::values::person::Person;
use ringfence::values::reply::Reply;

use super::books::{Books, Reservation};
use super::{Judged, Overdue, Promise};
use crate::trace::{Doing, Step};

fn merchant_of(books: &Books, what: BlockTarget) -> Option<MerchantId> {
    match what {
        BlockTarget::Merchant(merchant) => Some(merchant),
        BlockTarget::Number(number) => books.merchant_of_line(number),
    }
}

pub(super) fn has_blocked(books: &Books, user: &Address, merchant: MerchantId) -> bool {
    let person = Person::of(user);
    books.blocks.iter().any(|(blocker, what)| Some(blocker) == person.as_ref() && merchant_of(books, *what) == Some(merchant))
}

/// The reservations that this step takes back by a block: those of the user, or for his phone, that are live after what was due. Whether one
/// with an overdue call is, the notice says.
pub(super) fn withdrawn(books: &Books, step: &Step, overdue: &[Overdue]) -> Vec<ReservationId> {
    let (Doing::Input(Input::Block(Block { user, what })), Some(Ok(Reply::Done))) = (&step.doing, &step.reply) else {
        return Vec::new();
    };
    let (merchant, person) = (merchant_of(books, *what), Person::of(user));
    let concerns = |known: &Reservation| {
        let is_his = Person::of(&known.sender) == person || person == Some(Person::Number(known.number));
        is_his && Some(known.merchant) == merchant
    };
    let waits = |known: &Reservation| {
        let number = known.waiting.as_ref().map(|terms| terms.number);
        number.is_some_and(|number| person == Some(Person::Number(number))) && Some(known.merchant) == merchant
    };
    let is_told = |id: ReservationId| {
        step.effects.iter().any(|effect| {
            matches!(&effect.action, Action::Send(Send { content: Content::Cancelled(notice), .. }) if notice.reservation == id)
        })
    };
    let is_live = |(id, known): &(&ReservationId, &Reservation)| match live_call(books, **id) {
        Some(call) if overdue.iter().any(|overdue| overdue.call == call) => is_told(**id),
        Some(_) => true,
        None => !books.is_used_up(**id, known, None) && books.now < known.window.end(),
    };
    // Terms that wait hold from the end of an overdue call on: then the notice says it.
    let comes_to_hold = |id: ReservationId, known: &Reservation| {
        let is_overdue = live_call(books, id).is_some_and(|call| overdue.iter().any(|overdue| overdue.call == call));
        is_overdue && waits(known) && is_told(id)
    };
    let of_it = books.reservations.iter().filter(|(id, known)| concerns(known) || comes_to_hold(**id, known));
    of_it.filter(is_live).map(|(id, _)| *id).collect()
}

fn live_call(books: &Books, id: ReservationId) -> Option<ringfence::values::id::CallId> {
    books.calls.iter().find(|(_, call)| call.has(id)).map(|(id, _)| *id)
}

/// The calls that must end with these reservations, whoever talks.
pub(super) fn duties(books: &Books, withdrawn: &[ReservationId], overdue: &[Overdue]) -> Vec<Overdue> {
    let duty = |id: &ReservationId| {
        let call = live_call(books, *id)?;
        let is_his = |overdue: &&Overdue| overdue.call == call && overdue.part.is_none_or(|part| part == *id);
        let late = overdue.iter().find(is_his).copied();
        Some(late.unwrap_or(Overdue { call, part: Some(*id), promise: Promise::P3, why: "the user blocked the merchant" }))
    };
    withdrawn.iter().filter_map(duty).collect()
}

/// A page goes to nobody who blocked its merchant.
pub(super) fn page(books: &Books, to: &Address, page: &BookingPage) -> Judged {
    if has_blocked(books, to, page.merchant) {
        return Err((Promise::P3, format!("page {} goes to a user who blocked its merchant", page.page)));
    }
    Ok(())
}

/// Nobody gives new terms to a merchant whom he blocked.
pub(super) fn change(books: &Books, user: &Address, merchant: MerchantId) -> Judged {
    if has_blocked(books, user, merchant) {
        return Err((Promise::P3, "a change from somebody who blocked the merchant is taken".to_owned()));
    }
    Ok(())
}

/// Nobody books with a merchant whom he blocked.
pub(super) fn booking(books: &Books, input: &Book) -> Judged {
    let merchant = books.merchant_of_page(input.page);
    if merchant.is_some_and(|merchant| has_blocked(books, &input.user, merchant)) {
        return Err((Promise::P3, "a booking with a merchant whom its sender blocked is taken".to_owned()));
    }
    Ok(())
}
