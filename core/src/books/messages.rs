//! Messages that may still be reported on: what went where, and what is to be sent again by which way if it fails.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::values::effect::UserContent;
use crate::values::id::{MessageId, PageId, ReservationId};
use crate::values::number::{Address, PhoneNumber};
use crate::values::person::Person;
use crate::values::time::Timestamp;

/// A message that may still be reported on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The sequence number of its effect.
    pub sequence: u64,
    /// When it was sent.
    pub at: Timestamp,
    /// Its id: whoever gets it twice gets it under the same one.
    pub message: MessageId,
    /// What it is about.
    pub reservation: Option<ReservationId>,
    /// What there is to be sent again; nothing when no other way leads to its receiver.
    pub again: Option<Box<Again>>,
}

/// What is to be sent again if it fails, and where to: at least one way is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    /// Whose message it is, when that is not the holder of the phone below.
    pub person: Option<Person>,
    /// The receiver's phone, if no short message was tried yet.
    pub phone: Option<PhoneNumber>,
    /// His mailbox, if no e-mail was tried yet.
    pub mailbox: Option<Address>,
    /// What it says.
    pub words: Words,
}

impl Again {
    /// Whether it is this person's message: when he wants to be forgotten, it is not sent again.
    #[must_use]
    pub fn is_of(&self, person: &Person) -> bool {
        self.whose().as_ref() == Some(person)
    }

    /// Whose message it is.
    #[must_use]
    pub fn whose(&self) -> Option<Person> {
        self.phone.map(Person::Number).or_else(|| self.person.clone())
    }

    /// No short message is tried any more. Whose it is stays known.
    pub fn take_phone(&mut self) {
        if let Some(phone) = self.phone.take() {
            self.person = Some(Person::Number(phone));
        }
    }
}

/// What a message says, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Words {
    /// A version of a page. The page itself is in the catalogue, and is sent as it is then.
    Page {
        /// The page.
        page: PageId,
        /// Its version.
        version: u32,
    },
    /// Anything else.
    Content(UserContent),
}

impl Words {
    /// What is kept of a content.
    #[must_use]
    pub fn of(content: &UserContent) -> Self {
        match content {
            UserContent::BookingPage(page) => Self::Page { page: page.page, version: page.version },
            UserContent::Result(_)
            | UserContent::ContactUnconfirmed(_)
            | UserContent::Cancelled(_)
            | UserContent::Missed(_)
            | UserContent::Challenge(_)
            | UserContent::ContactNotConfirmed(_)
            | UserContent::SearchEntry(_)
            | UserContent::SearchResults(_)
            | UserContent::Declined(_)
            | UserContent::ManagePage(_)
            | UserContent::BindingChallenge(_)
            | UserContent::BindingChanged(_)
            | UserContent::VoiceMessage(_)
            | UserContent::VoiceMessageUndelivered(_)
            | UserContent::CallBackRequested(_)
            | UserContent::Reminder(_) => Self::Content(content.clone()),
        }
    }

    /// Whether a platform keeps it in this form.
    #[must_use]
    pub fn is_as_kept(&self) -> bool {
        match self {
            Self::Page { .. } => true,
            Self::Content(content) => Self::of(content) == *self,
        }
    }
}

/// The messages, in sequence. Since none is sent at an earlier instant than the one before it, they are over in sequence too.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    sent: BTreeMap<u64, Sent>,
}

impl Messages {
    /// How many are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sent.len()
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// Keeps one. When there are more than `most` then, the oldest give way.
    pub fn put(&mut self, sent: Sent, most: u32) {
        self.sent.insert(sent.sequence, sent);
        while self.sent.len() > usize::try_from(most).unwrap_or(usize::MAX) {
            self.sent.pop_first();
        }
    }

    /// The one with this sequence number, unless its time is over.
    #[must_use]
    pub fn get(&self, sequence: u64, now: Timestamp, wait_s: u32) -> Option<&Sent> {
        self.sent.get(&sequence).filter(|sent| !is_over(sent, now, wait_s))
    }

    /// Takes one out.
    pub fn remove(&mut self, sequence: u64) -> Option<Sent> {
        self.sent.remove(&sequence)
    }

    /// What is this person's is not sent again: where to, and what it says, is forgotten. A report on it is still taken. Says how many there were; a walk
    /// over all of them.
    pub fn forget_person(&mut self, person: &Person) -> u32 {
        let his = |sent: &&mut Sent| sent.again.as_deref().is_some_and(|again| again.is_of(person));
        let mut count = 0_u32;
        for sent in self.sent.values_mut().filter(his) {
            sent.again = None;
            count = count.saturating_add(1);
        }
        count
    }

    /// Forgets those whose time is over.
    pub fn forget_old(&mut self, now: Timestamp, wait_s: u32) {
        while self.sent.first_key_value().is_some_and(|(_, sent)| is_over(sent, now, wait_s)) {
            self.sent.pop_first();
        }
    }

    /// All that are kept, in sequence.
    pub fn in_order(&self) -> impl Iterator<Item = &Sent> {
        self.sent.values()
    }

    /// Whether every one stands under its number, was sent no earlier than the one before it, and has a way left to one person if it is to be sent again.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let in_time = self.in_order().zip(self.in_order().skip(1)).all(|(one, next)| one.at <= next.at);
        let has_a_way = |again: &Again| {
            let leads = again.phone.is_some() || again.mailbox.is_some();
            let is_somebodys = again.phone.is_some() != again.person.is_some();
            leads && is_somebodys && again.mailbox.as_ref().is_none_or(Address::is_mailbox) && again.words.is_as_kept()
        };
        in_time
            && self.sent.iter().all(|(sequence, sent)| *sequence == sent.sequence && sent.again.as_deref().is_none_or(has_a_way))
    }
}

fn is_over(sent: &Sent, now: Timestamp, wait_s: u32) -> bool {
    sent.at.saturating_add_s(u64::from(wait_s)) <= now
}
