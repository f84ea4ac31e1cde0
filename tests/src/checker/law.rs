//! What the operator keeps from ringing: P14, read from his own inputs; P17, that each leaves its record.

use std::collections::BTreeSet;

use ringfence::values::effect::{Action, AuditRecord, Dial, DoNotCallChanged, FreezeRecord, MissedNotice, RecordedScope};
use ringfence::values::id::MerchantId;
use ringfence::values::input::{ImportDoNotCall, Input, Scope};
use ringfence::values::number::PhoneNumber;
use ringfence::values::reply::{DoNotCallSet, Missed, Reply};
use ringfence::values::text::MaskedText;

use super::books::{Books, Reservation};
use super::{Judged, Promise};
use crate::trace::{Doing, Step};

/// What is frozen and listed, as the inputs that were taken say.
#[derive(Clone, Debug, Default)]
pub(super) struct Law {
    frozen: BTreeSet<Scope>,
    listed: BTreeSet<PhoneNumber>,
}

impl Law {
    pub(super) fn freeze(&mut self, scope: Scope) {
        self.frozen.insert(scope);
    }

    pub(super) fn thaw(&mut self, scope: Scope) {
        self.frozen.remove(&scope);
    }

    pub(super) fn list(&mut self, input: &ImportDoNotCall, reply: &DoNotCallSet) -> Judged {
        let before = self.listed.clone();
        self.listed.retain(|number| !input.remove.contains(number));
        self.listed.extend(&input.add);
        let changed = (self.listed.difference(&before).count(), before.difference(&self.listed).count());
        if changed == (reply.added as usize, reply.removed as usize) {
            return Ok(());
        }
        Err((
            Promise::P14,
            format!("{} numbers came on the do-not-call list and {} left it, and the reply differs", changed.0, changed.1),
        ))
    }

    pub(super) fn is_listed(&self, number: PhoneNumber) -> bool {
        self.listed.contains(&number)
    }

    pub(super) fn is_frozen(&self, merchant: MerchantId, number: PhoneNumber) -> bool {
        [Scope::Platform, Scope::Merchant(merchant), Scope::Number(number)].iter().any(|scope| self.frozen.contains(scope))
    }

    pub(super) fn is_kept_from_ringing(&self, merchant: MerchantId, number: PhoneNumber) -> bool {
        self.is_listed(number) || self.is_frozen(merchant, number)
    }

    /// For [`Books::view`]: what is kept from ringing, by places and not by numbers.
    pub(super) fn view(&self) -> impl Iterator<Item = u64> {
        let scope = |scope: &Scope| match scope {
            Scope::Platform => 1,
            Scope::Merchant(merchant) => 2 + merchant.get(),
            Scope::Number(number) => number.dialable().bytes().fold(3, |sum, digit| sum * 31 + u64::from(digit)),
        };
        self.frozen.iter().map(scope).chain(self.listed.iter().map(move |number| scope(&Scope::Number(*number)) << 1))
    }
}

/// P14: nothing begins to ring that the operator keeps from ringing, neither a user's phone nor a merchant's for his sake.
pub(super) fn permits(books: &Books, dial: &Dial, reservation: &Reservation) -> Judged {
    let broken = |what: &str| Err((Promise::P14, format!("leg {} is dialled at {}: {what}", dial.leg, books.now)));
    if books.law.is_listed(reservation.number) {
        return broken("the user's number is on the do-not-call list");
    }
    if books.law.is_frozen(reservation.merchant, reservation.number) {
        return broken("the operator froze it, and it was not thawed");
    }
    Ok(())
}

/// P14: who was kept from ringing at the end of his window is told so, unless he was tried before; and nobody else is.
pub(super) fn missed(books: &Books, notice: &MissedNotice) -> Judged {
    let Some(reservation) = books.reservations.get(&notice.reservation) else { return Ok(()) };
    let listed = books.law.is_listed(reservation.number);
    let frozen = books.law.is_frozen(reservation.merchant, reservation.number);
    let right = match notice.why {
        Missed::DoNotCall => listed,
        Missed::Frozen => frozen && !listed,
        Missed::NotReached | Missed::MerchantNotReached | Missed::NotCarriedOut => true,
        Missed::NotCalled
        | Missed::NumberBusy
        | Missed::NoChannel
        | Missed::HostLate
        | Missed::WindowTooShort
        | Missed::NotReachedInTime => !listed && !frozen,
    };
    if right {
        return Ok(());
    }
    Err((Promise::P14, format!("the user of reservation {} is told {:?}, and that is not why", notice.reservation, notice.why)))
}

/// P17: a record of a freeze or a thaw says what the operator said, without a phone number.
pub(super) fn recorded(record: &FreezeRecord, freezes: bool, step: &Step) -> Judged {
    let said = match (&step.doing, freezes) {
        (Doing::Input(Input::Freeze(input)), true) => Some((input.scope, &input.by, &input.why)),
        (Doing::Input(Input::Thaw(input)), false) => Some((input.scope, &input.by, &input.why)),
        (Doing::Input(_) | Doing::Once { .. } | Doing::Advance { .. } | Doing::Confirm { .. } | Doing::Restart, _) => None,
    };
    let right = said.is_some_and(|(scope, by, why)| {
        let scope = match scope {
            Scope::Platform => RecordedScope::Platform,
            Scope::Merchant(merchant) => RecordedScope::Merchant(merchant),
            Scope::Number(number) => RecordedScope::Number(number.masked()),
        };
        (&record.scope, &record.by, &record.why) == (&scope, &MaskedText::new(by), &MaskedText::new(why))
    });
    if right { Ok(()) } else { Err((Promise::P17, "a record of a freeze or a thaw says what the operator did not".to_owned())) }
}

/// P17: a record of the do-not-call list says how it changed.
pub(super) fn list_recorded(record: &DoNotCallChanged, step: &Step) -> Judged {
    let right = match &step.reply {
        Some(Ok(Reply::DoNotCallSet(reply))) => (record.added, record.removed) == (reply.added, reply.removed),
        Some(_) | None => false,
    };
    if right { Ok(()) } else { Err((Promise::P17, "a record of the do-not-call list says another change".to_owned())) }
}

/// At the end of a step: what the operator did was recorded, and nobody booked for a number that is never rung.
pub(super) fn answered(books: &Books, step: &Step) -> Judged {
    let Doing::Input(input) = &step.doing else { return Ok(()) };
    let is_recorded = |wanted: fn(&AuditRecord) -> bool| {
        step.effects.iter().any(|effect| matches!(&effect.action, Action::Audit(audit) if wanted(&audit.record)))
    };
    let recorded = match (input, &step.reply) {
        (Input::Freeze(_), Some(Ok(Reply::Done))) => is_recorded(|record| matches!(record, AuditRecord::Frozen(_))),
        (Input::Thaw(_), Some(Ok(Reply::Done))) => is_recorded(|record| matches!(record, AuditRecord::Thawed(_))),
        (Input::ImportDoNotCall(_), Some(Ok(Reply::DoNotCallSet(reply)))) => {
            let changed = reply.added > 0 || reply.removed > 0;
            is_recorded(|record| matches!(record, AuditRecord::DoNotCallChanged(_))) == changed
        }
        (Input::Book(book), Some(Ok(Reply::Booked(booked)))) => {
            let number = book.contact.or_else(|| book.user.number());
            if number.is_some_and(|number| books.law.is_listed(number)) {
                let what = format!("reservation {} is taken for a number on the do-not-call list", booked.reservation);
                return Err((Promise::P14, what));
            }
            true
        }
        (Input::ConfirmContact(_), Some(Ok(Reply::Confirmed(confirmed)))) => {
            let listed = books.reservations.get(&confirmed.reservation).is_some_and(|known| books.law.is_listed(known.number));
            if listed {
                let what = format!("reservation {} is accepted for a number on the do-not-call list", confirmed.reservation);
                return Err((Promise::P14, what));
            }
            true
        }
        _ => true,
    };
    if recorded {
        Ok(())
    } else {
        Err((Promise::P17, "the operator changed what may ring, and no audit record says so".to_owned()))
    }
}
