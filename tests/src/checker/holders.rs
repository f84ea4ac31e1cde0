//! P2, as far as codes prove it: who was asked, with which code, how often, and whether the right one came back.
//!
//! Whether a code is right shows only to whoever has the key. A scenario that is a test carries its keys in its header; from any other trace, all but
//! that is judged.

use std::collections::BTreeMap;

use ringfence::values::effect::{Challenge, Challenged, CodeJudged};
use ringfence::values::id::{ChallengeId, ReservationId};
use ringfence::values::input::ConfirmContact;
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::ModeChooser;
use ringfence::values::reply::{Confirmed, Reply, WrongCode};
use ringfence::values::time::Timestamp;

use super::books::Books;
use super::{Judged, Notes, Promise, blocking};
use crate::codes;

const HOUR_S: u64 = 3_600;
const DAY_S: u64 = 86_400;

/// A code that went out.
#[derive(Clone, Debug)]
struct Asked {
    challenge: ChallengeId,
    revision: u32,
    key: String,
    digits: u32,
    until: Timestamp,
    wrong: u32,
}

/// What a trace tells of codes.
#[derive(Clone, Debug, Default)]
pub(super) struct Holders {
    keys: BTreeMap<String, Vec<u8>>,
    /// The last code for each reservation that waits for its contact's holder.
    asked: BTreeMap<ReservationId, Asked>,
    sent: Vec<(PhoneNumber, Timestamp)>,
    /// The numbers for which wrong codes were given, and when.
    wrong: Vec<(PhoneNumber, Timestamp)>,
}

impl Holders {
    /// The keys that the trace carries.
    pub(super) fn know_keys<'a>(&mut self, keys: impl IntoIterator<Item = (&'a String, &'a Vec<u8>)>) {
        self.keys.extend(keys.into_iter().map(|(id, key)| (id.clone(), key.clone())));
    }

    /// A key, if the trace carries it.
    pub(super) fn key(&self, id: &str) -> Option<&[u8]> {
        self.keys.get(id).map(Vec::as_slice)
    }

    /// A wrong code was given for a number.
    pub(super) fn wrong_for(&mut self, number: PhoneNumber, now: Timestamp) {
        self.wrong.push((number, now));
    }

    /// The code that is out for a reservation is of no use any more.
    pub(super) fn forget(&mut self, id: ReservationId) {
        self.asked.remove(&id);
    }

    /// The bounds of what is out, for a view: relative to the clock as [`Books::view`] writes it.
    pub(super) fn view(&self) -> impl Iterator<Item = (u64, u64, Timestamp)> {
        let asked = self.asked.iter().map(|(id, asked)| (id.get(), u64::from(asked.wrong), asked.until));
        let sent = self.sent.iter().map(|(_, at)| (u64::MAX, 0, at.saturating_add_s(HOUR_S)));
        asked.chain(sent).chain(self.wrong.iter().map(|(_, at)| (u64::MAX, 1, at.saturating_add_s(DAY_S))))
    }
}

fn broken(what: String) -> Judged {
    Err((Promise::P2, what))
}

/// A `challenge` goes out.
pub(super) fn asked(books: &mut Books, to: &Address, content: &Challenge, notes: &mut Notes) -> Judged {
    let (id, challenge) = (content.reservation, content.challenge);
    let Some(reservation) = books.reservations.get(&id) else {
        return broken(format!("challenge {challenge} is about reservation {id}, which never was"));
    };
    // Terms that waited for an overdue call are set before the input is read, and what it says comes after.
    let came_before = notes.overdue_reservations.contains(&id);
    let waits = !reservation.verified && !reservation.refused && !reservation.is_taken_back();
    if !waits && !came_before {
        return broken(format!("challenge {challenge} asks for an agreement that reservation {id} does not wait for"));
    }
    let is_its = |number: &PhoneNumber| *to == Address::Sms(*number) && (came_before || *number == reservation.number);
    let Some(number) = to.number().filter(is_its) else {
        return broken(format!("challenge {challenge} goes to another address than the contact number of reservation {id}"));
    };
    let longest = books.now.saturating_add_s(books.policy.code_life_s.into()).min(reservation.window.end());
    if !came_before && (content.until > longest || content.until <= books.now || content.window != reservation.window) {
        return broken(format!("the code of challenge {challenge} is good until {}; {longest} is the longest", content.until));
    }
    if !came_before && blocking::has_blocked(books, to, reservation.merchant) {
        return Err((Promise::P3, format!("challenge {challenge} goes to one who blocked the merchant")));
    }
    // Terms that are new are asked for as they are.
    if !came_before && notes.challenged.as_ref().is_some_and(|record| record.revision != reservation.revision) {
        return broken(format!("challenge {challenge} is for another revision than reservation {id} has"));
    }
    let Some(record) = notes.challenged.take().filter(|record| (record.challenge, record.reservation) == (challenge, id)) else {
        return Err((Promise::P17, format!("no audit record stands before challenge {challenge}")));
    };
    counted(books, &record, number, content.until)
}

/// A code is made, and counts from now on.
fn counted(books: &mut Books, record: &Challenged, number: PhoneNumber, until: Timestamp) -> Judged {
    let (id, challenge) = (record.reservation, record.challenge);
    sent_to(books, number, "challenge", challenge.get())?;
    let (revision, key, digits) = (record.revision, record.key.as_ref().to_owned(), books.policy.code_digits);
    books.holders.asked.insert(id, Asked { challenge, revision, key, digits, until, wrong: 0 });
    Ok(())
}

/// A code goes to a number, whatever for: within the limits of all that go there.
pub(super) fn sent_to(books: &mut Books, number: PhoneNumber, what: &str, id: u64) -> Judged {
    let now = books.now;
    books.holders.sent.retain(|(_, at)| now < at.saturating_add_s(HOUR_S));
    let within_the_hour = books.holders.sent.iter().filter(|(to, _)| *to == number).count();
    if within_the_hour >= books.policy.codes_per_hour_max as usize {
        return broken(format!("{what} {id} is code {} within an hour to one number", within_the_hour + 1));
    }
    books.holders.sent.push((number, now));
    books.holders.wrong.retain(|(_, at)| now < at.saturating_add_s(DAY_S));
    let wrong = books.holders.wrong.iter().filter(|(to, _)| *to == number).count();
    if wrong >= books.policy.wrong_codes_per_day_max as usize {
        return broken(format!("{what} {id} goes to a number for which {wrong} wrong codes were given within a day"));
    }
    Ok(())
}

/// Whether two addresses are of one number, or of one mailbox.
fn is_one_person(one: &Address, other: &Address) -> bool {
    match (one, other) {
        (Address::Email(one), Address::Email(other)) => {
            let parts = |mailbox: &str| mailbox.split_once('@').map(|(name, host)| (name.to_owned(), host.to_ascii_lowercase()));
            parts(one) == parts(other)
        }
        (Address::Chatbot(_), _) | (_, Address::Chatbot(_)) => one == other,
        (one, other) => one.number().is_some() && one.number() == other.number(),
    }
}

/// A code was given and called right or wrong.
pub(super) fn answered(books: &mut Books, input: &ConfirmContact, reply: &Reply, notes: &mut Notes) -> Judged {
    let id = input.reservation;
    let (now, most, awaits) = (books.now, books.policy.code_tries_max, books.results_await());
    let (silence, by_platform) = (books.mode_of_silence(), matches!(books.policy.mode_chosen_by, ModeChooser::Platform(_)));
    let wants_none = books
        .reservations
        .get(&id)
        .is_some_and(|reservation| blocking::has_blocked(books, &Address::Sms(reservation.number), reservation.merchant));
    let Some(reservation) = books.reservations.get_mut(&id) else {
        return broken(format!("a code is taken for reservation {id}, which never was, or left"));
    };
    let speaks_for_it = is_one_person(&input.user, &reservation.sender) || input.user.number() == Some(reservation.number);
    if !speaks_for_it || reservation.verified || reservation.refused || reservation.is_taken_back() {
        return broken(format!("a code is taken for reservation {id} from a stranger, or it does not wait for one"));
    }
    let Some(asked) = books.holders.asked.get_mut(&id).filter(|asked| now < asked.until) else {
        return broken(format!("a code is taken for reservation {id}, and none is out for it"));
    };
    let right = books.holders.keys.get(&asked.key).map(|key| {
        let right = codes::code(key, asked.challenge, id, asked.revision, asked.digits);
        right.digits() == input.code.digits()
    });
    let challenge = asked.challenge;
    let is_right = match reply {
        Reply::Confirmed(Confirmed { reservation, .. }) if right != Some(false) && *reservation == id => true,
        Reply::Confirmed(_) => return broken(format!("a wrong code is taken for a right one of challenge {challenge}")),
        Reply::WrongCode(_) if right == Some(true) => {
            return broken(format!("the right code of challenge {challenge} is taken for a wrong one"));
        }
        Reply::WrongCode(WrongCode { left }) => {
            asked.wrong += 1;
            let number = reservation.number;
            books.holders.wrong.push((number, now));
            if *left != most.saturating_sub(asked.wrong) {
                return broken(format!("{} wrong codes were given for challenge {challenge}, and {left} are left", asked.wrong));
            }
            false
        }
        Reply::Done
        | Reply::NoOp
        | Reply::Published(_)
        | Reply::Booked(_)
        | Reply::Imported(_)
        | Reply::Amended(_)
        | Reply::Allow(_)
        | Reply::Deny(_)
        | Reply::DoNotCallSet(_)
        | Reply::Forgotten(_)
        | Reply::SlotChosen(_)
        | Reply::FailedCall(_)
        | Reply::OwnLeg(_)
        | Reply::Opened(_)
        | Reply::BindingRequested(_)
        | Reply::Bound(_) => {
            return broken(format!("a code for reservation {id} is answered neither right nor wrong"));
        }
    };
    if is_right && wants_none {
        return Err((Promise::P3, format!("the holder of reservation {id} is taken to agree, and he blocked its merchant")));
    }
    if is_right {
        reservation.verified = true;
        reservation.unacknowledged = awaits;
        reservation.eligible_at = reservation.waits_from(now);
        if by_platform || now >= reservation.window.start() {
            reservation.chosen.get_or_insert(silence);
        }
        books.holders.asked.remove(&id);
    } else if asked.wrong >= most {
        reservation.refused = true;
        books.holders.asked.remove(&id);
    }
    notes.code = Some((challenge, id, is_right));
    // What was changed until then goes into no profile: others than its sender may have changed it.
    if let Some(known) = books.reservations.get(&id).filter(|known| is_right && known.last_revision == 1).cloned() {
        books.profiles.remember(&known, &books.policy, books.now);
    }
    Ok(())
}

/// The audit record of a code.
pub(super) fn judged(record: &CodeJudged, notes: &mut Notes) -> Judged {
    match notes.code.take() {
        Some(code) if code == (record.challenge, record.reservation, record.is_right) => Ok(()),
        Some(_) | None => {
            Err((Promise::P17, format!("an audit record says of challenge {} what was not answered", record.challenge)))
        }
    }
}

/// At the end of a step: what was answered was recorded, and what was recorded was sent, but to one who blocked the merchant.
pub(super) fn recorded(books: &mut Books, notes: &mut Notes) -> Judged {
    if let Some((challenge, ..)) = notes.code {
        return Err((Promise::P17, format!("a code of challenge {challenge} was judged and no audit record says so")));
    }
    let Some(record) = notes.challenged.take() else { return Ok(()) };
    let waits = books.reservations.get(&record.reservation).filter(|reservation| {
        let wants_none = blocking::has_blocked(books, &Address::Sms(reservation.number), reservation.merchant);
        let waits = !reservation.verified && !reservation.refused && !reservation.is_taken_back();
        wants_none && (waits || notes.overdue_reservations.contains(&record.reservation))
    });
    let Some(reservation) = waits else {
        return Err((Promise::P17, format!("challenge {} is recorded and was not sent", record.challenge)));
    };
    let until = books.now.saturating_add_s(books.policy.code_life_s.into()).min(reservation.window.end());
    let number = reservation.number;
    counted(books, &record, number, until)
}
