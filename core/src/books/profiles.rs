//! Profiles (本地存储的联系方式和姓名; seed 000): what is remembered of a user for his next booking.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::values::number::{Address, PhoneNumber};
use crate::values::person::Person;
use crate::values::text::Text;
use crate::values::time::Timestamp;

/// What is remembered of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// His name.
    pub name: Option<Text>,
    /// The phone that shall ring, when it is another than his own. Its holder agreed to a booking.
    pub contact: Option<PhoneNumber>,
    /// His mailbox.
    pub email: Option<Address>,
    /// From when on it is forgotten, unless it is used before.
    pub until: Timestamp,
}

impl Profile {
    /// A profile with nothing in it.
    #[must_use]
    pub const fn empty(until: Timestamp) -> Self {
        Self { name: None, contact: None, email: None, until }
    }

    /// Whether nothing is in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.name.is_none() && self.contact.is_none() && self.email.is_none()
    }
}

/// The profiles, by person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profiles {
    of: BTreeMap<Person, Profile>,
    by_end: BTreeSet<(Timestamp, Person)>,
}

impl Profiles {
    /// What is remembered of this person, unless its time is over.
    #[must_use]
    pub fn of(&self, person: &Person, now: Timestamp) -> Option<&Profile> {
        self.of.get(person).filter(|profile| profile.until > now)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.of.len()
    }

    /// Whether nothing is remembered of anybody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// Remembers this of a person, in place of what was; an empty one is none. When as many as `most` are kept without his, those that would be forgotten
    /// first leave: a full book keeps nobody from booking.
    pub fn set(&mut self, person: Person, profile: Profile, most: u32) {
        self.remove(&person);
        if profile.is_empty() {
            return;
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        while self.of.len() >= most {
            let Some((_, first)) = self.by_end.pop_first() else { break };
            self.of.remove(&first);
        }
        self.by_end.insert((profile.until, person.clone()));
        self.of.insert(person, profile);
    }

    /// Forgets a person. False when nothing was remembered.
    pub fn remove(&mut self, person: &Person) -> bool {
        match self.of.remove(person) {
            Some(profile) => self.by_end.remove(&(profile.until, person.clone())),
            None => false,
        }
    }

    /// Takes a number out of everybody's profile: its holder wants to be forgotten. A walk over all of them. False when it was in none.
    pub fn forget_contact(&mut self, number: PhoneNumber) -> bool {
        let mut is_any = false;
        let with_it = |(person, profile): (&Person, &mut Profile)| {
            if profile.contact != Some(number) {
                return None;
            }
            profile.contact = None;
            is_any = true;
            profile.is_empty().then(|| person.clone())
        };
        let emptied: Vec<Person> = self.of.iter_mut().filter_map(with_it).collect();
        for person in emptied {
            self.remove(&person);
        }
        is_any
    }

    /// Forgets those whose time is over.
    pub fn forget_old(&mut self, now: Timestamp) {
        while self.by_end.first().is_some_and(|(until, _)| *until <= now) {
            if let Some((_, person)) = self.by_end.pop_first() {
                self.of.remove(&person);
            }
        }
    }

    /// Every profile, in the order of persons.
    pub fn in_order(&self) -> impl Iterator<Item = (&Person, &Profile)> {
        self.of.iter()
    }

    /// Whether the two indexes agree, and every profile says something that may be remembered of its person.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let is_sound = |(person, profile): (&Person, &Profile)| {
            let is_own = |number: PhoneNumber| *person == Person::Number(number);
            let is_contact = profile.contact.is_none_or(|number| number.is_subscriber() && !is_own(number));
            let is_mailbox = profile.email.as_ref().is_none_or(|email| matches!(email, Address::Email(_)));
            !profile.is_empty() && is_contact && is_mailbox
        };
        let is_known = |(until, person): &(Timestamp, Person)| self.of.get(person).is_some_and(|kept| kept.until == *until);
        self.of.len() == self.by_end.len() && self.by_end.iter().all(is_known) && self.of.iter().all(is_sound)
    }

    /// Whether none is remembered beyond this instant.
    #[must_use]
    pub fn ends_by(&self, instant: Timestamp) -> bool {
        self.by_end.last().is_none_or(|(until, _)| *until <= instant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_book_lets_go_of_who_would_be_forgotten_first() {
        let person = |last: u8| Person::Number(PhoneNumber::parse(&alloc::format!("+861380000000{last}")).unwrap());
        let profile = |seconds| Profile { name: Some("x".into()), ..Profile::empty(Timestamp::MIN.saturating_add_s(seconds)) };
        let mut profiles = Profiles::default();
        for (last, until) in [(1, 10), (2, 30), (3, 20)] {
            profiles.set(person(last), profile(until), 2);
            assert!(profiles.is_consistent());
        }
        assert!(profiles.of(&person(1), Timestamp::MIN).is_none() && profiles.len() == 2);
        profiles.set(person(2), profile(5), 2);
        assert_eq!(profiles.len(), 2, "one's own place is no new one");
        profiles.forget_old(Timestamp::MIN.saturating_add_s(5));
        assert_eq!(profiles.in_order().map(|(kept, _)| kept.clone()).collect::<Vec<_>>(), [person(3)]);
        assert!(profiles.is_consistent());
    }
}
