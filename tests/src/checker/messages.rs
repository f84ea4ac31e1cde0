//! Messages that failed are sent again by another way, each way once, or a record says that they were not (P11, P17); and nobody is reminded too late
//! or twice (P14, P11).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ringfence::values::effect::{BookingResult, Content, Send, Undelivered};
use ringfence::values::id::{MessageId, ReservationId};
use ringfence::values::input::{Input, MessageReported, MessageStatus};
use ringfence::values::number::Address;
use ringfence::values::person::Person;
use ringfence::values::reply::Reply;
use ringfence::values::time::{Timestamp, Window};

use super::books::Books;
use super::{Judged, Notes, Promise, blocking};
use crate::trace::{Doing, Step};

/// What went where.
#[derive(Clone, Debug, Default)]
pub(super) struct Sendings {
    /// By the sequence number of the effect.
    sent: BTreeMap<u64, MessageId>,
    /// By which ways, in order.
    ways: BTreeMap<MessageId, Vec<Address>>,
    /// Where else its receiver is reached, by what was known of him when it went out first: a reservation may be gone by the time it fails.
    his: BTreeMap<MessageId, BTreeSet<Address>>,
    /// Whose it is: its reservation's sender, where it goes to him or to where his results go, or else who has the address.
    whose: BTreeMap<MessageId, Person>,
    /// The messages of those who were forgotten: none of them goes out again.
    forgotten: BTreeSet<MessageId>,
    /// The effects on which a report was taken.
    reported: BTreeSet<u64>,
    /// Who was reminded of which window.
    reminded: BTreeSet<(ReservationId, Window, Address)>,
    /// What was sent, in its order, and when.
    order: VecDeque<(Timestamp, u64, MessageId)>,
    /// How long a message is waited for at most, by the rules so far.
    longest_wait_s: u64,
    /// The last message that was new. Messages are numbered in their order.
    last: Option<MessageId>,
}

impl Sendings {
    /// Whether a report on this effect was taken already.
    pub(super) fn was_reported(&self, sequence: u64) -> bool {
        self.reported.contains(&sequence)
    }

    /// What went out so long ago that no report on it is waited for is forgotten.
    fn forget_old(&mut self, now: Timestamp) {
        let wait_s = self.longest_wait_s.saturating_mul(2);
        while let Some((at, sequence, message)) = self.order.front().copied() {
            if at.saturating_add_s(wait_s) >= now {
                return;
            }
            self.order.pop_front();
            self.sent.remove(&sequence);
            self.reported.remove(&sequence);
            // It may have gone another way since.
            if !self.sent.values().any(|other| *other == message) {
                self.ways.remove(&message);
                self.his.remove(&message);
                self.whose.remove(&message);
                self.forgotten.remove(&message);
            }
        }
    }

    /// A reservation left.
    pub(super) fn leave(&mut self, reservation: ReservationId) {
        self.reminded.retain(|(id, ..)| *id != reservation);
    }

    /// Somebody was forgotten.
    pub(super) fn forget(&mut self, user: &Address) {
        let person = Person::of(user);
        let his = self.whose.iter().filter(|(_, whose)| Some(*whose) == person.as_ref());
        self.forgotten.extend(his.map(|(message, _)| *message));
    }
}

/// What a report that was taken says. One message is reported on once.
pub(super) fn taken(books: &mut Books, report: &MessageReported, reply: &Reply) -> Judged {
    if matches!(reply, Reply::Done) && !books.messages.reported.insert(report.message) {
        return Err((Promise::P11, format!("a second report on effect {} is taken", report.message)));
    }
    Ok(())
}

/// The effect whose failure this step reports, when the report was taken.
fn failed(step: &Step) -> Option<u64> {
    match (&step.doing, &step.reply) {
        (Doing::Input(Input::MessageReported(report)), Some(Ok(Reply::Done))) => match report.status {
            MessageStatus::Failed { .. } => Some(report.message),
            MessageStatus::Delivered | MessageStatus::Read => None,
        },
        (Doing::Input(_) | Doing::Once { .. } | Doing::Advance { .. } | Doing::Confirm { .. } | Doing::Restart, _) => None,
    }
}

/// A message. The answer is whether it went out before, by another way.
pub(super) fn sent(books: &mut Books, sequence: u64, send: &Send, step: &Step, notes: &mut Notes) -> Result<bool, super::Broken> {
    let (now, wait_s) = (books.now, u64::from(books.policy.fallback_wait_s));
    books.messages.longest_wait_s = books.messages.longest_wait_s.max(wait_s);
    books.messages.forget_old(now);
    let before = books.messages.ways.get(&send.message).cloned().unwrap_or_default();
    if before.is_empty() {
        if books.messages.last.is_some_and(|last| send.message <= last) {
            let what = format!("message {} goes out again, and nobody waits for a report on it any more", send.message);
            return Err((Promise::P11, what));
        }
        books.messages.last = Some(send.message);
    } else {
        again(books, &before, send, step)?;
        notes.followed_up += 1;
    }
    if books.policy.messages_max > 0 {
        if before.is_empty() {
            let his = reached(books, &send.to);
            books.messages.his.insert(send.message, his);
            let about = told_of(&send.content).and_then(|id| books.reservations.get(&id));
            let senders = about.filter(|known| known.sender.is_same_holder(&send.to) || known.way == send.to);
            if let Some(person) = Person::of(senders.map_or(&send.to, |known| &known.sender)) {
                books.messages.whose.insert(send.message, person);
            }
        }
        books.messages.sent.insert(sequence, send.message);
        books.messages.order.push_back((now, sequence, send.message));
        books.messages.ways.entry(send.message).or_default().push(send.to.clone());
    }
    Ok(!before.is_empty())
}

/// The reservation of which a user is told.
const fn told_of(content: &Content) -> Option<ReservationId> {
    match content {
        Content::Result(content) | Content::Reminder(content) => Some(content.reservation),
        Content::ContactUnconfirmed(content) | Content::Cancelled(content) | Content::ContactNotConfirmed(content) => {
            Some(content.reservation)
        }
        Content::Missed(content) => Some(content.reservation),
        Content::Challenge(content) => Some(content.reservation),
        Content::Declined(content) => Some(content.reservation),
        Content::ManagePage(content) => Some(content.reservation),
        Content::BookingPage(_)
        | Content::BindingChallenge(_)
        | Content::BindingChanged(_)
        | Content::VoiceMessage(_)
        | Content::VoiceMessageUndelivered(_)
        | Content::CallBackRequested(_)
        | Content::VoiceMessageUndeliveredForMerchant(_)
        | Content::CallBackRequestedForMerchant(_)
        | Content::SearchEntry(_)
        | Content::SearchResults(_)
        | Content::Reservation(_)
        | Content::ModeOptions(_)
        | Content::Amended(_)
        | Content::OnHold(_)
        | Content::SlotOver(_)
        | Content::CancelledForMerchant(_)
        | Content::MissedForMerchant(_) => None,
    }
}

/// Where the person is reached who has this address: by short message, and at the mailboxes that he named or booked from.
fn reached(books: &Books, to: &Address) -> BTreeSet<Address> {
    let of_him = books
        .reservations
        .values()
        .filter(|known| known.sender.is_same_holder(to) || known.mailbox.as_ref() == Some(to) || known.way == *to);
    let own = of_him.flat_map(|known| {
        let mailbox = Some(known.sender.clone()).filter(|sender| sender.number().is_none());
        [known.mailbox.clone(), mailbox, known.sender.number().map(Address::Sms)]
    });
    own.chain([to.number().map(Address::Sms)]).flatten().collect()
}

fn again(books: &Books, before: &[Address], send: &Send, step: &Step) -> Judged {
    if let Content::BookingPage(page) = &send.content {
        blocking::page(books, &send.to, page)?;
    }
    let broken = |what: &str| Err((Promise::P11, format!("message {} goes out again {what}", send.message)));
    let of_it = failed(step).and_then(|sequence| books.messages.sent.get(&sequence));
    if of_it != Some(&send.message) {
        return broken("though nothing says that it failed");
    }
    let is_new = match &send.to {
        Address::Sms(_) => !before.iter().any(|way| matches!(way, Address::Sms(_))),
        Address::Email(_) => !before.iter().any(|way| matches!(way, Address::Email(_))),
        Address::Rcs(_) | Address::Mms(_) | Address::Chatbot(_) | Address::WeChat(_) => false,
    };
    if !is_new {
        return broken("by a way that was tried before");
    }
    if books.messages.forgotten.contains(&send.message) {
        return Err((Promise::P9, format!("message {} goes out again, and its receiver was forgotten", send.message)));
    }
    let is_his = books.messages.his.get(&send.message).is_some_and(|his| his.contains(&send.to));
    if !is_his {
        return Err((Promise::P7, format!("message {} goes out again to somebody else", send.message)));
    }
    Ok(())
}

/// A record of a message that was not sent again.
pub(super) fn undelivered(record: &Undelivered, step: &Step, notes: &mut Notes) -> Judged {
    notes.followed_up += 1;
    if failed(step) == Some(record.message) {
        return Ok(());
    }
    Err((Promise::P17, format!("a record says that effect {} was not delivered, and nobody reported it", record.message)))
}

/// A failure leads to one thing: the message goes another way, or a record says that it does not.
pub(super) fn followed_up(books: &Books, step: &Step, notes: &Notes) -> Judged {
    match failed(step).filter(|sequence| !books.voice_messages.is_push(*sequence)) {
        Some(sequence) if notes.followed_up != 1 => {
            Err((Promise::P17, format!("the failure of effect {sequence} is followed up {} times", notes.followed_up)))
        }
        Some(_) | None => Ok(()),
    }
}

/// A reminder comes before the window, once for each, and for nothing that was taken back.
pub(super) fn reminded(books: &mut Books, to: &Address, reminder: &BookingResult) -> Judged {
    let id = reminder.reservation;
    if books.now >= reminder.window.start() {
        return Err((Promise::P14, format!("the user of reservation {id} is reminded of a window that has begun")));
    }
    let known = books.reservations.get(&id);
    if known.is_some_and(|known| known.cancelled_at.is_some() || known.declined_at.is_some() || known.window != reminder.window) {
        return Err((Promise::P3, format!("the user of reservation {id} is reminded of what does not hold")));
    }
    if !books.messages.reminded.insert((id, reminder.window, to.clone())) {
        return Err((Promise::P11, format!("the user of reservation {id} is reminded twice of one window")));
    }
    Ok(())
}
