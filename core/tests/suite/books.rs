//! The books by themselves: what each keeps, when it lets go, and that it notices when its parts do not agree.

use std::collections::BTreeMap;
use std::sync::Arc;

use ringfence::books::agenda::{Agenda, Due, May, Side};
use ringfence::books::bindings::{Binding, BindingCode, Bindings};
use ringfence::books::commons::Commons;
use ringfence::books::contacts::Contacts;
use ringfence::books::directory::{Blocks, ForOthers};
use ringfence::books::groups::Groups;
use ringfence::books::law::Law;
use ringfence::books::lines::{LineBook, Lines};
use ringfence::books::media::Media;
use ringfence::books::messages::{Again, Messages, Sent, Words};
use ringfence::books::numbers::Numbers;
use ringfence::books::outbox::Outbox;
use ringfence::books::profiles::{Profile, Profiles};
use ringfence::books::recent::{Entry, Recent};
use ringfence::books::repeats::{Repeats, Taken};
use ringfence::books::senders::Senders;
use ringfence::books::shelf::Shelf;
use ringfence::books::store::Store;
use ringfence::books::voice_messages::{Caller, Road, VoiceMessage, VoiceMessages};
use ringfence::machines::binding::BindingState;
use ringfence::machines::voice_message::VoiceMessageState;
use ringfence::values::account::AccountId;
use ringfence::values::cause::FailureReason;
use ringfence::values::content::{BookingPage, PageAction, SearchEntry, UserContent};
use ringfence::values::effect::{AuditRecord, LegLost};
use ringfence::values::id::{
    BindingId, CallId, ChallengeId, GroupId, LegId, MediaId, MerchantId, MessageId, OfferingId, PageId, ReservationId,
    VoiceMessageId,
};
use ringfence::values::input::{BlockTarget, Dedup, Scope};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::person::Person;
use ringfence::values::reply::Reply;
use ringfence::values::time::{Timestamp, Zone};
use ringfence::values::voice::{SenderTold, VoiceMessageOutcome};
use ringfence::{Chain, KeyError, Keyring};

use crate::common::number;

const ONE: MerchantId = MerchantId::new(1);
const OTHER: MerchantId = MerchantId::new(2);

fn t(seconds: u64) -> Timestamp {
    Timestamp::from_micros(0).unwrap().saturating_add_s(seconds)
}

fn phone(last: u32) -> PhoneNumber {
    number(&format!("+861380000{last:04}"))
}

fn holder(last: u32) -> Person {
    Person::Number(phone(last))
}

fn known(codes: &Recent<ChallengeId>) -> Vec<u64> {
    codes.in_order().map(|code| code.mark.get()).collect()
}

fn ids(ids: &[u64]) -> Vec<ReservationId> {
    ids.iter().copied().map(ReservationId::new).collect()
}

// ---- the operator's ----

#[test]
fn each_scope_is_frozen_by_itself_and_a_listed_number_is_barred() {
    let (one, other) = (phone(1), phone(2));
    let mut law = Law::default();
    let scopes = [Scope::Platform, Scope::Merchant(ONE), Scope::Number(one)];
    assert!(scopes.iter().all(|scope| !law.has(*scope)) && law.freezes() == 0 && law.frozen().next().is_none());

    law.set(Scope::Merchant(ONE), true);
    assert!(law.is_merchant_frozen(ONE) && !law.is_merchant_frozen(OTHER) && !law.is_platform_frozen());
    assert!(law.is_frozen(ONE, other) && !law.is_frozen(OTHER, one) && !law.is_barred(one), "his calls, not theirs");
    law.set(Scope::Number(one), true);
    assert!(law.is_frozen(OTHER, one) && !law.is_frozen(OTHER, other), "whoever calls it");
    assert!(law.is_barred(one) && !law.is_listed(one) && !law.is_barred(other));
    assert_eq!(law.freezes(), 2, "a merchant and a number");
    law.set(Scope::Platform, true);
    assert!(law.is_platform_frozen() && law.is_frozen(OTHER, other) && law.freezes() == 2, "the platform is not counted");
    assert_eq!(law.frozen().collect::<Vec<_>>(), scopes);
    assert_eq!(law.frozen_merchants().collect::<Vec<_>>(), [ONE]);
    assert!(scopes.iter().all(|scope| law.has(*scope)));
    assert!(!law.has(Scope::Merchant(OTHER)) && !law.has(Scope::Number(other)));

    for scope in scopes {
        law.set(scope, false);
        assert!(!law.has(scope));
    }
    assert_eq!(law, Law::default(), "thawed: nothing is left");

    assert!(law.list(one, true) && !law.list(one, true), "on the list once");
    assert!(law.is_listed(one) && law.is_barred(one) && !law.is_listed(other) && !law.is_frozen(ONE, one));
    assert_eq!(law.listed(), 1);
    assert!(law.list(one, false) && !law.list(one, false), "and off it once");
    assert_eq!(law.listed(), 0);
}

// ---- people ----

#[test]
fn blocks_are_counted_and_belong_to_who_made_them() {
    let (merchant, line) = (BlockTarget::Merchant(ONE), BlockTarget::Number(phone(9)));
    let mut blocks = Blocks::default();
    assert_eq!((blocks.count(), blocks.len_of(&holder(1))), (0, 0));
    assert!(blocks.add(holder(1), merchant) && !blocks.add(holder(1), merchant), "the same again is none");
    assert!(blocks.add(holder(1), line) && blocks.add(holder(2), merchant));
    assert_eq!((blocks.count(), blocks.len_of(&holder(1)), blocks.len_of(&holder(2))), (3, 2, 1));
    assert_eq!(blocks.of(&holder(1)).copied().collect::<Vec<_>>(), [merchant, line]);
    assert!(blocks.has(&holder(1), &line) && !blocks.has(&holder(2), &line) && !blocks.has(&holder(3), &line));
    assert!(blocks.is_consistent());
    assert!(!blocks.remove(&holder(2), &line) && !blocks.remove(&holder(3), &line), "not his");
    assert!(blocks.remove(&holder(2), &merchant) && !blocks.remove(&holder(2), &merchant));
    assert_eq!(blocks.count(), 2);
    assert!(blocks.is_consistent(), "who has none left is not kept");
    assert!(blocks.remove(&holder(1), &merchant) && blocks.remove(&holder(1), &line));
    assert_eq!(blocks, Blocks::default());
}

#[test]
fn what_a_sender_booked_for_others_is_noted_while_it_lives() {
    let mut noted = ForOthers::default();
    noted.set(holder(1), ReservationId::new(2), true);
    noted.set(holder(1), ReservationId::new(1), true);
    noted.set(holder(2), ReservationId::new(3), true);
    assert_eq!(noted.of(&holder(1)).collect::<Vec<_>>(), ids(&[1, 2]));
    assert_eq!(noted.count(), 3);
    assert!(noted.has(&holder(1), ReservationId::new(2)) && !noted.has(&holder(2), ReservationId::new(2)));
    for (last, reservation) in [(1, 2), (1, 1), (2, 3), (3, 9)] {
        noted.set(holder(last), ReservationId::new(reservation), false);
    }
    assert_eq!(noted, ForOthers::default(), "nobody is kept without one");
}

#[test]
fn a_profile_is_read_until_its_end_and_kept_in_bounds() {
    let named = |until| Profile { name: Some("张三".into()), ..Profile::empty(t(until)) };
    let mut book = Profiles::default();
    assert!(book.is_empty() && book.is_consistent() && book.ends_by(Timestamp::MIN));
    book.set(holder(1), named(10), 2);
    book.set(holder(2), Profile { contact: Some(phone(1)), ..Profile::empty(t(20)) }, 2);
    assert!(!book.is_empty() && book.is_consistent());
    assert!(book.of(&holder(1), t(9)).is_some() && book.of(&holder(1), t(10)).is_none(), "its end is not included");
    assert!(book.ends_by(t(20)) && !book.ends_by(t(19)));
    assert!(!book.forget_contact(phone(3)), "it is in nobody's");
    assert!(book.forget_contact(phone(1)) && !book.forget_contact(phone(1)));
    assert_eq!(book.len(), 1, "a profile with nothing in it is none");
    assert!(book.remove(&holder(1)) && !book.remove(&holder(1)));
    assert_eq!(book, Profiles::default());
    book.set(holder(1), named(10), 2);
    book.set(holder(1), Profile::empty(t(30)), 2);
    assert_eq!(book, Profiles::default(), "an empty one takes the place of what was");
    book.set(holder(1), named(10), 2);
    book.forget_old(t(9));
    assert_eq!(book.len(), 1);
    book.forget_old(t(10));
    assert_eq!(book, Profiles::default());
}

#[test]
fn a_profile_of_what_nobody_may_remember_is_noticed() {
    let with = |profile: Profile| {
        let mut book = Profiles::default();
        book.set(holder(1), profile, 9);
        book.is_consistent()
    };
    let none = Profile::empty(t(1));
    assert!(with(Profile { contact: Some(phone(2)), ..none.clone() }));
    assert!(!with(Profile { contact: Some(phone(1)), ..none.clone() }), "his own phone is no other's");
    assert!(!with(Profile { contact: Some(number("95511")), ..none.clone() }), "no subscriber");
    assert!(with(Profile { email: Some(Address::parse("mailto:a@b.example").unwrap()), ..none.clone() }));
    assert!(!with(Profile { email: Some(Address::parse("sms:+8613800000001").unwrap()), ..none }), "no mailbox");
}

#[test]
fn a_profile_is_empty_when_nothing_is_in_it() {
    let none = Profile::empty(t(1));
    assert!(none.is_empty());
    for one in [
        Profile { name: Some("张三".into()), ..none.clone() },
        Profile { contact: Some(phone(1)), ..none.clone() },
        Profile { email: Some(Address::parse("mailto:a@b.example").unwrap()), ..none },
    ] {
        assert!(!one.is_empty());
    }
}

// ---- calls ----

#[test]
fn a_line_serves_its_queue_while_a_channel_is_free_and_nobody_froze_it() {
    let mut line = LineBook::new(ONE, 1);
    assert_eq!(line.deadline(), None, "nobody waits");
    line.queue.extend([(t(20), ReservationId::new(1)), (t(10), ReservationId::new(2))]);
    assert_eq!(line.deadline(), Some(t(10)), "the first in the queue");
    line.is_frozen = true;
    assert_eq!(line.deadline(), None);
    line.is_frozen = false;
    line.calls.insert(CallId::new(1));
    assert!(!line.has_free_channel() && line.live() == 1);
    assert_eq!(line.deadline(), None);
    line.channels = 2;
    assert!(line.has_free_channel());
    line.releasing.extend([(t(5), LegId::new(1)), (t(6), LegId::new(2)), (t(7), LegId::new(3))]);
    assert_eq!(line.released_by(t(6)).collect::<Vec<_>>(), [LegId::new(1), LegId::new(2)], "the end of a grace is its end");
    let mut lines = Lines::default();
    lines.insert(phone(1), line.clone());
    assert_eq!(lines.in_order().collect::<Vec<_>>(), [(&phone(1), &line)]);
    assert_eq!(lines.remove(phone(1)), Some(line));
    assert!(lines.get(phone(1)).is_none());
}

#[test]
fn a_number_is_free_when_no_leg_rings_it_and_no_merchant_is_rung_for_it() {
    let mut contacts = Contacts::new(1);
    assert!(contacts.is_empty() && contacts.is_free(phone(1)));
    contacts.update(phone(1), |contact| contact.leg = Some(LegId::new(1)));
    contacts.update(phone(2), |contact| contact.rung_for = Some(CallId::new(1)));
    contacts.update(phone(3), |contact| contact.live.extend([ReservationId::new(1)]));
    assert_eq!([1, 2, 3, 4].map(|last| contacts.is_free(phone(last))), [false, false, true, true]);
    assert_eq!([1, 2, 3, 4].map(|last| contacts.leg(phone(last))), [Some(LegId::new(1)), None, None, None]);
    assert!(!contacts.is_empty() && contacts.len() == 3);
    contacts.update(phone(1), |contact| contact.leg = None);
    contacts.update(phone(2), |contact| contact.rung_for = None);
    contacts.update(phone(3), |contact| contact.live.clear());
    assert!(contacts.is_empty(), "who is left with nothing is forgotten");
}

#[test]
fn who_of_a_group_waits_comes_in_the_order_of_the_queue() {
    let mut groups = Groups::default();
    let (one, two) = (GroupId::new(1), GroupId::new(2));
    for (group, turn, reservation) in [(one, 20, 1), (one, 10, 2), (one, 30, 3), (two, 10, 4)] {
        groups.set_waiting(group, t(turn), ReservationId::new(reservation), true);
    }
    assert_eq!(groups.waiting(one, t(20)).collect::<Vec<_>>(), ids(&[2, 1]), "those whose turn has come");
    assert_eq!(groups.waiting(one, t(9)).collect::<Vec<_>>(), ids(&[]));
    assert_eq!(groups.waiting(two, t(99)).collect::<Vec<_>>(), ids(&[4]));
    groups.set_waiting(one, t(10), ReservationId::new(2), false);
    assert_eq!(groups.waiting(one, t(99)).collect::<Vec<_>>(), ids(&[1, 3]));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Target(u8);

impl Due for Target {
    fn side(&self) -> Side {
        match self.0 {
            0 => Side::Closing,
            1 => Side::Reminding,
            _ => Side::Starting,
        }
    }
}

#[test]
fn the_agenda_holds_back_what_may_not_be_fired() {
    let mut agenda = Agenda::default();
    let all = |remind, start| May { remind, start };
    assert_eq!(agenda.first(all(true, true)), None);
    for (target, due) in [(0, 30), (1, 20), (2, 10)] {
        agenda.move_to(Target(target), None, Some(t(due)));
    }
    assert_eq!(agenda.first(all(true, true)), Some((t(10), Target(2))));
    assert_eq!(agenda.first(all(true, false)), Some((t(20), Target(1))));
    assert_eq!(agenda.first(all(false, true)), Some((t(10), Target(2))));
    assert_eq!(agenda.first(all(false, false)), Some((t(30), Target(0))));
    assert_eq!(agenda.closing_by(t(29)).count(), 0);
    assert_eq!(agenda.closing_by(t(30)).collect::<Vec<_>>(), [Target(0)], "due at its instant");
    assert_eq!(agenda.due_by(t(30)).collect::<Vec<_>>(), [(t(30), Target(0))]);
    assert_eq!(agenda.due_by(t(29)).count(), 0);
    assert_eq!(agenda.all().count(), 3);
    agenda.move_to(Target(2), Some(t(10)), Some(t(40)));
    assert_eq!(agenda.first(all(true, true)), Some((t(20), Target(1))), "moved, not doubled");
    agenda.move_to(Target(2), Some(t(40)), Some(t(40)));
    agenda.move_to(Target(1), Some(t(20)), None);
    agenda.move_to(Target(0), Some(t(30)), None);
    assert_eq!(agenda.all().copied().collect::<Vec<_>>(), [(t(40), Target(2))]);
}

// ---- what is remembered for a time ----

#[test]
fn a_repeat_is_known_until_its_end_and_under_its_last_content() {
    let key = Dedup { source: "maap".into(), key: "1".into() };
    let taken = |body, until| Taken { body, reply: Reply::Done, until: t(until) };
    let mut book = Repeats::default();
    assert!(book.is_empty() && book.ends_by(Timestamp::MIN));
    book.put(key.clone(), taken(1, 10));
    assert!(!book.is_empty() && book.is_consistent());
    assert_eq!(book.get(&key, t(9)), Some(&taken(1, 10)));
    assert_eq!(book.get(&key, t(10)), None);
    book.put(key.clone(), taken(2, 20));
    assert!(book.is_consistent() && book.len() == 1, "its old end is forgotten");
    book.put(key.clone(), taken(3, 20));
    assert!(book.is_consistent(), "and the same end stays");
    assert_eq!(book.in_order().collect::<Vec<_>>(), [(&key, &taken(3, 20))]);
    assert!(book.ends_by(t(20)) && !book.ends_by(t(19)));
    book.forget_old(t(19));
    assert_eq!(book.len(), 1);
    book.forget_old(t(20));
    assert_eq!(book, Repeats::default());
}

fn sent(sequence: u64, at: u64, again: Option<Again>) -> Sent {
    Sent { sequence, at: t(at), message: MessageId::new(sequence), reservation: None, again: again.map(Box::new) }
}

fn again(phone: Option<PhoneNumber>, person: Option<Person>) -> Again {
    let words = Words::Content(UserContent::SearchEntry(SearchEntry {}));
    Again { person, phone, mailbox: Some(Address::parse("mailto:a@b.example").unwrap()), words }
}

#[test]
fn a_message_waits_for_its_report_until_its_time_and_the_oldest_gives_way() {
    let mut book = Messages::default();
    assert!(book.is_empty());
    for sequence in 1..=3 {
        book.put(sent(sequence, sequence, None), 2);
    }
    assert_eq!(book.in_order().map(|one| one.sequence).collect::<Vec<_>>(), [2, 3]);
    assert!(!book.is_empty() && book.len() == 2);
    assert!(book.get(2, t(11), 10).is_some() && book.get(2, t(12), 10).is_none(), "that instant not included");
    book.forget_old(t(11), 10);
    assert_eq!(book.len(), 2);
    book.forget_old(t(12), 10);
    assert_eq!(book.len(), 1);
    assert_eq!(book.remove(3).map(|one| one.sequence), Some(3));
    assert!(book.is_empty() && book.remove(3).is_none());
}

#[test]
fn what_is_said_again_is_one_persons_and_goes_when_he_is_forgotten() {
    let of_phone = again(Some(phone(1)), None);
    assert_eq!(of_phone.whose(), Some(holder(1)));
    assert!(of_phone.is_of(&holder(1)) && !of_phone.is_of(&holder(2)));
    let mut tried = of_phone.clone();
    tried.take_phone();
    assert_eq!((tried.phone, tried.whose()), (None, Some(holder(1))), "whose it is stays known");
    let mut book = Messages::default();
    book.put(sent(1, 1, Some(of_phone)), 9);
    book.put(sent(2, 1, Some(tried)), 9);
    book.put(sent(3, 2, Some(again(Some(phone(2)), None))), 9);
    book.put(sent(4, 2, None), 9);
    assert!(book.is_consistent());
    assert_eq!(book.forget_person(&holder(1)), 2);
    assert_eq!(book.forget_person(&holder(1)), 0);
    assert_eq!(book.in_order().filter(|one| one.again.is_some()).map(|one| one.sequence).collect::<Vec<_>>(), [3]);
    assert_eq!(book.len(), 4, "a report on it is still taken");
}

#[test]
fn messages_out_of_time_or_to_nobody_or_to_two_are_noticed() {
    let with = |all: Vec<Sent>| {
        let mut book = Messages::default();
        all.into_iter().for_each(|one| book.put(one, 9));
        book.is_consistent()
    };
    assert!(with(vec![sent(1, 5, None), sent(2, 5, None), sent(3, 6, None)]));
    assert!(!with(vec![sent(1, 5, None), sent(2, 4, None)]), "sent before the one before it");
    assert!(with(vec![sent(1, 1, Some(again(None, Some(holder(1)))))]));
    assert!(!with(vec![sent(1, 1, Some(again(None, None)))]), "nobody's");
    assert!(!with(vec![sent(1, 1, Some(again(Some(phone(1)), Some(holder(2)))))]), "two persons'");
    assert!(with(vec![sent(1, 1, Some(Again { mailbox: None, ..again(Some(phone(1)), None) }))]));
    assert!(!with(vec![sent(1, 1, Some(Again { mailbox: None, ..again(None, Some(holder(1))) }))]), "no way is left");
    let no_mailbox = Some(Address::parse("sms:+8613800000001").unwrap());
    assert!(!with(vec![sent(1, 1, Some(Again { mailbox: no_mailbox, ..again(Some(phone(1)), None) }))]));
    let page = Words::Content(UserContent::BookingPage(Arc::new(page(1, 1))));
    assert!(!with(vec![sent(1, 1, Some(Again { words: page, ..again(Some(phone(1)), None) }))]), "a page is kept by its version");
    let version = Words::Page { page: PageId::new(1), version: 1 };
    assert!(with(vec![sent(1, 1, Some(Again { words: version.clone(), ..again(Some(phone(1)), None) }))]));
    assert_eq!(Words::of(&UserContent::BookingPage(Arc::new(self::page(1, 1)))), version);
}

// ---- pages in messages ----

fn page(id: u64, version: u32) -> BookingPage {
    BookingPage {
        page: PageId::new(id),
        version,
        merchant: ONE,
        merchant_name: "商户1".into(),
        offerings: BTreeMap::from([(OfferingId::new(1), "车险".into())]),
        windows: Vec::new(),
        hours: Vec::new(),
        zone: Zone::UTC,
        description: None,
        descriptions: BTreeMap::new(),
        days: BTreeMap::new(),
        group_size_max: None,
        actions: [PageAction::Search],
    }
}

#[test]
fn a_content_stands_on_the_shelf_once_while_a_message_has_it() {
    let (one, other) = (Arc::new(page(1, 1)), Arc::new(page(1, 2)));
    let mut shelf = Shelf::default();
    assert!(shelf.is_empty() && shelf.is_sound());
    shelf.take(&one);
    shelf.take(&one);
    shelf.take(&other);
    assert!(!shelf.is_empty() && shelf.len() == 2 && shelf.is_sound());
    assert!(shelf.same(&page(1, 1)).is_some_and(|same| Arc::ptr_eq(same, &one)));
    assert_eq!(shelf.contents().map(|content| content.version).collect::<Vec<_>>(), [1, 2]);
    shelf.let_go(&one);
    assert_eq!(shelf.len(), 2, "another message has it");
    shelf.let_go(&one);
    shelf.let_go(&one);
    assert!(shelf.len() == 1 && shelf.same(&page(1, 1)).is_none());
    shelf.let_go(&other);
    assert!(shelf.is_empty() && shelf.contents().next().is_none());
}

#[test]
fn contents_in_no_message_or_twice_are_noticed() {
    let (one, again) = (Arc::new(page(1, 1)), Arc::new(page(1, 1)));
    let mut shelf = Shelf::from_contents(vec![one.clone()]);
    assert!(!shelf.is_sound(), "in no message");
    shelf.take(&one);
    assert!(shelf.is_sound());
    shelf.take(&again);
    assert!(!shelf.is_sound(), "the same content twice");
    let described = Arc::new(BookingPage { description: Some("养老".into()), ..page(1, 1) });
    shelf.let_go(&again);
    shelf.take(&described);
    assert!(shelf.is_sound(), "the merchant says another thing of himself");
}

// ---- codes ----

#[test]
fn codes_count_for_their_time_and_are_forgotten() {
    let mut commons = Commons::new(0);
    let (first, second) = (ChallengeId::new(commons.ids.challenge.take()), ChallengeId::new(commons.ids.challenge.take()));
    commons.codes.put(Entry { number: phone(1), until: t(10), mark: first });
    commons.codes.put(Entry { number: phone(2), until: t(20), mark: second });
    commons.wrong_codes.put(Entry { number: phone(1), until: t(10), mark: (first, 1) });
    assert_eq!(commons.view(t(9)), [vec![(phone(1), 1_000_000), (phone(2), 11_000_000)], vec![(phone(1), 1_000_000)]]);
    assert_eq!(commons.view(t(10)), [vec![(phone(2), 10_000_000)], vec![]], "at its end it counts no more");
    commons.forget_codes(t(9));
    assert_eq!((commons.codes.len(), commons.wrong_codes.len()), (2, 1));
    commons.forget_codes(t(10));
    assert_eq!((known(&commons.codes), commons.wrong_codes.len()), (vec![second.get()], 0));
    let again = Commons::from_state(commons.state());
    assert_eq!((again.ids, known(&again.codes)), (commons.ids, vec![second.get()]));
}

#[test]
fn codes_that_nobody_sent_or_that_count_too_long_are_noticed() {
    let with = |until, mark| {
        let mut commons = Commons::new(0);
        commons.ids.challenge.take();
        commons.codes.put(Entry { number: phone(1), until: t(until), mark: ChallengeId::new(mark) });
        commons.check(t(0), 0).is_ok()
    };
    assert!(with(3_600, 1) && !with(3_601, 1), "an hour");
    assert!(!with(3_600, 2), "never sent");
    let with_wrong = |until, mark, wrong| {
        let mut commons = Commons::new(0);
        commons.ids.challenge.take();
        commons.wrong_codes.put(Entry { number: phone(1), until: t(until), mark: (ChallengeId::new(mark), wrong) });
        commons.check(t(0), 0).is_ok()
    };
    assert!(with_wrong(86_400, 1, 1) && !with_wrong(86_401, 1, 1), "a day");
    assert!(!with_wrong(86_400, 2, 1), "never sent");
    assert!(!with_wrong(86_400, 1, 0), "not given");
    assert!(Commons::new(3).check(t(0), 3).is_ok() && Commons::new(3).check(t(0), 4).is_err(), "of this shard");
}

// ---- bindings and voice messages ----

fn account(name: &str) -> AccountId {
    AccountId::parse(name).unwrap()
}

fn binding(id: u64, of: &str, last: u32, state: BindingState) -> Binding {
    Binding { id: BindingId::new(id), account: account(of), number: phone(last), state, code: None, suspended_until: None }
}

fn code(challenge: u64) -> Option<BindingCode> {
    Some(BindingCode { challenge: ChallengeId::new(challenge), key: "k".into(), digits: 6, until: t(10), wrong: 0 })
}

#[test]
fn a_binding_is_found_by_all_that_it_is_found_by_and_leaves_nothing() {
    let mut book = Bindings::default();
    assert!(book.is_empty());
    book.add_follower(account("li"));
    assert!(book.follows(&account("li")) && !book.follows(&account("wang")) && book.followers_len() == 1);
    assert_eq!(book.followers().collect::<Vec<_>>(), [&account("li")]);
    let asked = Binding { code: code(7), ..binding(1, "li", 1, BindingState::Requested) };
    let bound = binding(2, "li", 2, BindingState::Bound);
    book.put(asked.clone());
    book.put(bound.clone());
    assert!(!book.is_empty() && book.len() == 2 && book.is_consistent());
    assert_eq!((book.holder(phone(1)), book.holder(phone(2))), (None, Some(&bound)), "who only asks has no number");
    assert_eq!(book.asked_by(ChallengeId::new(7)), Some(&asked));
    assert_eq!(book.of(&account("li")).collect::<Vec<_>>(), [&asked, &bound]);
    assert_eq!(book.of_pair(&account("li"), phone(2)), Some(&bound));
    assert_eq!(book.of_pair(&account("wang"), phone(2)), None);
    assert_eq!(book.of_number(phone(2)).collect::<Vec<_>>(), [&bound]);
    let proved = Binding { state: BindingState::Bound, code: None, ..asked };
    book.put(proved.clone());
    assert_eq!((book.holder(phone(1)), book.asked_by(ChallengeId::new(7))), (Some(&proved), None));
    assert!(book.is_consistent() && book.len() == 2);
    // Another account asks for a number that somebody has: whose it is does not change, also when the wish is over.
    book.put(Binding { code: code(8), ..binding(3, "wang", 2, BindingState::Requested) });
    assert!(book.is_consistent());
    book.remove(BindingId::new(3));
    assert_eq!(book.holder(phone(2)), Some(&bound));
    for id in [1, 2] {
        assert!(book.remove(BindingId::new(id)).is_some() && book.remove(BindingId::new(id)).is_none());
    }
    book.remove_follower(&account("li"));
    assert_eq!(book, Bindings::default());
}

#[test]
fn two_bindings_of_one_pair_one_number_or_one_code_are_noticed() {
    let with = |all: [Binding; 2]| {
        let mut book = Bindings::default();
        all.into_iter().for_each(|one| book.put(one));
        book.is_consistent()
    };
    let asks = BindingState::Requested;
    assert!(with([binding(1, "li", 1, asks), binding(2, "wang", 1, asks)]));
    assert!(!with([binding(1, "li", 1, asks), binding(2, "li", 1, asks)]), "one pair");
    assert!(!with([binding(1, "li", 1, BindingState::Bound), binding(2, "wang", 1, BindingState::Suspended)]), "one number");
    let asked = |id, of, challenge| Binding { code: code(challenge), ..binding(id, of, 1, asks) };
    assert!(with([asked(1, "li", 7), asked(2, "wang", 8)]));
    assert!(!with([asked(1, "li", 7), asked(2, "wang", 7)]), "one code");
}

#[test]
fn a_binding_ends_with_its_code_or_its_wait() {
    let with_both = |state| Binding { code: code(1), suspended_until: Some(t(20)), ..binding(1, "li", 1, state) };
    assert_eq!(with_both(BindingState::Requested).deadline(), Some(t(10)));
    assert_eq!(with_both(BindingState::Suspended).deadline(), Some(t(20)));
    assert_eq!(with_both(BindingState::Bound).deadline(), None);
    assert!(with_both(BindingState::Bound).holds_number() && with_both(BindingState::Suspended).holds_number());
    assert!(!with_both(BindingState::Requested).holds_number() && !with_both(BindingState::Unbound).holds_number());
}

fn message(id: u64, state: VoiceMessageState) -> VoiceMessage {
    VoiceMessage {
        id: VoiceMessageId::new(id),
        state,
        binding: BindingId::new(1),
        account: account("li"),
        callee: phone(1),
        caller: Caller { number: Some(phone(2)), ..Caller::default() },
        reason: FailureReason::PoweredOff,
        at: t(0),
        leg: None,
        until: None,
        next_at: None,
        media: None,
        seconds: 0,
        stored_at: None,
        expires_at: None,
        text: None,
        is_cut: false,
        is_transcribed: false,
        road: Road::WeChat,
        attempts: 0,
        message: None,
        pushed: Vec::new(),
        ended_at: None,
        outcome: None,
        told: SenderTold::NotNeeded,
        is_call_back_requested: false,
        under: None,
    }
}

const STATES: [VoiceMessageState; 11] = [
    VoiceMessageState::Offered,
    VoiceMessageState::Recording,
    VoiceMessageState::Stored,
    VoiceMessageState::Transcribing,
    VoiceMessageState::Pushing,
    VoiceMessageState::Waiting,
    VoiceMessageState::Delivered,
    VoiceMessageState::Heard,
    VoiceMessageState::Abandoned,
    VoiceMessageState::Expired,
    VoiceMessageState::Undeliverable,
];

#[test]
fn a_voice_message_ends_by_its_state_its_time_or_its_stay() {
    use VoiceMessageState as S;
    for state in STATES {
        let one = VoiceMessage { until: Some(t(10)), expires_at: Some(t(20)), next_at: Some(t(5)), ..message(1, state) };
        let rests = matches!(state, S::Stored | S::Waiting);
        assert_eq!(one.ends_at(), Some(if rests { t(20) } else { t(10) }), "{state:?}");
        assert_eq!(one.taken_up_at(), rests.then_some(t(5)), "{state:?}");
        assert_eq!(one.awaits_recording(), matches!(state, S::Offered | S::Recording), "{state:?}");
        let under_way = matches!(state, S::Transcribing | S::Pushing);
        let early = VoiceMessage { expires_at: Some(t(7)), ..one };
        assert_eq!(early.ends_at(), Some(if rests || under_way { t(7) } else { t(10) }), "whichever comes first: {state:?}");
    }
}

#[test]
fn what_reached_its_callee_counts_for_a_day() {
    use VoiceMessageState as S;
    for state in STATES {
        let one = VoiceMessage { ended_at: Some(t(100)), ..message(1, state) };
        let arrived = matches!(state, S::Delivered | S::Heard);
        let lost = matches!(state, S::Abandoned | S::Expired | S::Undeliverable);
        assert_eq!(one.counts_for_callee(t(100 + 86_399)), !lost, "{state:?}");
        assert_eq!(one.counts_for_callee(t(100 + 86_400)), !lost && !arrived, "that instant not included: {state:?}");
        let kept = VoiceMessage { media: Some(MediaId::new(1)), ..one }.held_media();
        assert_eq!(kept.is_some(), state != S::Abandoned, "{state:?}");
    }
}

#[test]
fn a_voice_message_is_found_by_all_that_it_is_found_by_and_leaves_nothing() {
    let mut book = VoiceMessages::default();
    assert!(book.is_empty() && book.is_consistent() && book.legs_len() == 0);
    let ringing = VoiceMessage { leg: Some(LegId::new(5)), ..message(1, VoiceMessageState::Offered) };
    let pushed = VoiceMessage {
        media: Some(MediaId::new(6)),
        pushed: vec![7, 8],
        callee: phone(3),
        binding: BindingId::new(2),
        caller: Caller::default(),
        outcome: Some(VoiceMessageOutcome::Delivered),
        ..message(2, VoiceMessageState::Delivered)
    };
    book.put(ringing.clone());
    book.put(pushed.clone());
    assert!(!book.is_empty() && book.len() == 2 && book.is_consistent());
    assert_eq!(book.of_callee(phone(3)).collect::<Vec<_>>(), [&pushed]);
    assert_eq!(book.of_binding(BindingId::new(1)).collect::<Vec<_>>(), [&ringing]);
    assert_eq!(book.of_caller(phone(2)).collect::<Vec<_>>(), [&ringing]);
    assert_eq!((book.of_leg(LegId::new(5)), book.of_leg(LegId::new(6))), (Some(&ringing), None));
    assert_eq!(book.legs().collect::<Vec<_>>(), [(LegId::new(5), ringing.id)]);
    assert_eq!(book.legs_len(), 1);
    assert_eq!((book.of_media(MediaId::new(6)), book.of_media(MediaId::new(7))), (Some(pushed.id), None));
    assert_eq!(book.media().collect::<Vec<_>>(), [MediaId::new(6)]);
    assert_eq!([7, 8, 9].map(|sequence| book.of_push(sequence)), [Some(pushed.id), Some(pushed.id), None]);
    assert_eq!(book.in_order().collect::<Vec<_>>(), [&ringing, &pushed]);
    book.put(VoiceMessage { leg: None, ..ringing });
    assert!(book.legs_len() == 0 && book.is_consistent(), "in place of the one with its id");
    for id in [1, 2] {
        assert!(book.remove(VoiceMessageId::new(id)).is_some());
    }
    assert_eq!(book, VoiceMessages::default());
}

#[test]
fn two_voice_messages_of_one_leg_one_recording_or_one_push_are_noticed() {
    let with = |change: fn(&mut VoiceMessage)| {
        let mut book = VoiceMessages::default();
        for id in [1, 2] {
            let mut one = message(id, VoiceMessageState::Stored);
            change(&mut one);
            book.put(one);
        }
        book.is_consistent()
    };
    assert!(with(|_| ()));
    assert!(!with(|one| one.leg = Some(LegId::new(1))));
    assert!(!with(|one| one.media = Some(MediaId::new(1))));
    assert!(!with(|one| one.pushed = vec![1]));
}

// ---- stores ----

#[test]
fn a_book_that_has_nothing_says_so() {
    let mut store = Store::new(1);
    assert!(store.is_empty());
    store.insert(1, "x");
    assert!(!store.is_empty() && store.len() == 1);
    assert_eq!(store.unordered().collect::<Vec<_>>(), [&"x"]);

    let mut senders = Senders::new(1);
    assert!(senders.is_empty());
    senders.add(&Address::parse("sms:+8613800000001").unwrap());
    assert!(!senders.is_empty() && senders.len() == 1);

    let mut recent = Recent::default();
    assert!(recent.is_empty());
    recent.put(Entry { number: phone(1), until: t(1), mark: 1 });
    assert!(!recent.is_empty() && recent.len() == 1);

    let mut media = Media::default();
    assert!(media.is_empty());
    media.attach(ReservationId::new(1), [MediaId::new(1), MediaId::new(2)]);
    assert!(!media.is_empty() && media.len() == 2);
    assert_eq!([1, 2, 3].map(|id| media.owner(MediaId::new(id)).is_some()), [true, true, false]);
    media.detach([MediaId::new(1)]);
    assert_eq!((media.len(), media.owner(MediaId::new(1))), (1, None));

    let mut numbers = Numbers::default();
    assert!(numbers.is_empty());
    numbers.import([phone(1)]);
    assert!(!numbers.is_empty() && numbers.len() == 1);

    assert!(Outbox::default().is_empty());
    let mut chain = Chain::new(5);
    assert_eq!((chain.shard(), chain.last()), (5, 0));
    for last in 1..=2 {
        chain.add(t(0), AuditRecord::LegLost(LegLost { leg: LegId::new(last), call: CallId::new(1) }));
        assert_eq!(chain.last(), last);
    }
}

#[test]
fn a_keyring_has_the_keys_that_were_loaded() {
    let mut keys = Keyring::new();
    assert!(!keys.has("a") && keys.ids().next().is_none());
    keys.load("b", &[1; 16]).unwrap();
    keys.load("a", &[2; 16]).unwrap();
    keys.load("a", &[2; 16]).unwrap();
    assert!(keys.load("a", &[3; 16]).is_err(), "another key under the same id");
    assert!(keys.load("c", &[1; 15]).is_err(), "too short");
    assert_eq!(keys.ids().collect::<Vec<_>>(), ["a", "b"]);
    assert!(keys.has("a") && !keys.has("c"));
    assert!(keys.unload("a") && !keys.unload("a") && !keys.has("a"));
    let codes = [
        KeyError::TooShort { bytes: 15 }.code(),
        KeyError::Taken { id: "a".into() }.code(),
        KeyError::InUse { id: "a".into() }.code(),
    ];
    assert_eq!(codes, [118, 119, 117], "numbers that others see stay");
    let shown = format!("{keys:?}");
    assert_eq!(shown, r#"{"b"}"#, "ids only");
}
