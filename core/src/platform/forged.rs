//! Snapshots with a good checksum and a state that no log leads to: each is refused with what is wrong with it.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use super::{Body, Keyring, Platform, Waiting, check, seal, sealed};
use crate::books::chain::Chain;
use crate::books::messages::Again;
use crate::books::profiles::Profile;
use crate::halves::appointments::records::Origin;
use crate::machines::binding::BindingState;
use crate::machines::leg::LegState;
use crate::machines::voice_message::VoiceMessageState;
use crate::values::account::AccountId;
use crate::values::cause::FailureReason;
use crate::values::effect::{Action, BookingPage, Dial, Effect};
use crate::values::evidence::Evidence;
use crate::values::id::{BindingId, ChallengeId, Counter, GroupId, LegId, MediaId, MessageId};
use crate::values::input::{
    Amend, Book, CallFailed, ConfirmClock, Dedup, Input, Line, PlayFinished, PublishPage, Recorded, RegisterMerchant,
};
use crate::values::media::{Attachment, MediaKind};
use crate::values::number::{Address, PhoneNumber};
use crate::values::person::Person;
use crate::values::policy::{CallMode, ModeChooser, Policy};
use crate::values::reply::{Allow, Reply};
use crate::values::time::{Timestamp, Window, Zone};

pub(super) const KEY: &[u8] = b"a key that everybody may know";

pub(super) fn at(time: &str) -> Timestamp {
    Timestamp::parse(&format!("2026-11-21T{time}+08:00")).unwrap()
}

pub(super) fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).unwrap()
}

/// A merchant with two channels, and two users who have booked from 18:00 to 20:00.
pub(super) fn world() -> Platform {
    let policy = Policy { mode_chosen_by: ModeChooser::Platform(CallMode::MerchantCalls), ..Policy::default() };
    let mut platform = Platform::with_shard(policy, Keyring::new(), 7, 3).unwrap();
    let merchant = RegisterMerchant {
        chatbot: Some(Address::parse("sip:1065@bot.example").unwrap()),
        ..RegisterMerchant::new(1.into(), "商户1", vec![Line { number: number("95511"), channels: 2 }], Zone::UTC)
    };
    platform.register_merchant(at("09:00:00"), merchant).unwrap();
    let window = Window::new(at("18:00:00"), at("20:00:00")).unwrap();
    let page = PublishPage {
        windows: vec![window],
        ..PublishPage::new(10.into(), 1.into(), BTreeMap::from([(1.into(), "车险".into())]))
    };
    platform.publish_page(at("09:00:00"), page).unwrap();
    for last in 1..=2 {
        let user = Address::parse(&format!("rcs:+861380000000{last}")).unwrap();
        let book = Book::new(user, 10.into(), 1.into(), window);
        platform.book(at("09:05:00"), book).unwrap();
    }
    platform
}

/// The first user's phone rings at 18:00; what the merchant and he do next is up to the test.
fn ringing() -> (Platform, LegId, LegId) {
    let mut platform = world();
    let reservation = platform.reservations()[0];
    let Ok(Reply::Allow(Allow { leg, .. })) = platform.request_call(at("18:00:00"), number("95511"), reservation) else {
        panic!("the gate allows it")
    };
    let dialled = platform.legs()[1];
    (platform, leg, dialled)
}

/// The platform rings the merchant for a third user.
fn ringing_a_merchant() -> Platform {
    let policy = Policy { mode_chosen_by: ModeChooser::Platform(CallMode::PlatformCalls), ..Policy::default() };
    let mut platform = world();
    platform.set_policy(at("09:00:00"), policy).unwrap();
    let window = Window::new(at("18:00:00"), at("20:00:00")).unwrap();
    let user = Address::parse("rcs:+8613800000003").unwrap();
    let book = Book::new(user, 10.into(), 1.into(), window);
    platform.book(at("09:05:00"), book).unwrap();
    platform.advance(at("18:00:00"), 100);
    platform
}

/// The first user's phone rings, and he and the merchant talk.
fn talking() -> Platform {
    let (mut platform, merchant, user) = ringing();
    platform.leg_answered(at("18:00:05"), user).unwrap();
    platform.leg_answered(at("18:00:06"), merchant).unwrap();
    platform
}

/// Why the snapshot is refused after this change; an empty text if it is not.
fn refused(platform: &Platform, forge: impl FnOnce(&mut Body)) -> String {
    let mut body: Body = postcard::from_bytes(check(&platform.snapshot()).unwrap()).unwrap();
    forge(&mut body);
    let mut keyring = Keyring::new();
    keyring.load("k1", KEY).unwrap();
    Platform::restore(&seal(&body), keyring, 1).err().map_or_else(String::new, |error| error.to_string())
}

#[track_caller]
pub(super) fn is_refused(platform: &Platform, why: &str, forge: impl FnOnce(&mut Body)) {
    assert_eq!(refused(platform, |_| {}), "", "unchanged it is good");
    let refusal = refused(platform, forge);
    assert!(refusal.contains(why), "expected {why:?}, got {refusal:?}");
}

fn far() -> Timestamp {
    Timestamp::parse("9000-01-01T00:00:00Z").unwrap()
}

#[test]
fn counters_of_ids_are_of_one_shard_and_far_from_its_end() {
    let near_the_end = |shard: u64| {
        let next = (shard << 48) | ((1 << 48) - 3);
        postcard::from_bytes::<Counter>(&postcard::to_allocvec(&next).unwrap()).unwrap()
    };
    let why = "a counter of ids is beyond its shard";
    is_refused(&world(), why, |body| body.commons.ids.leg = near_the_end(3));
    is_refused(&world(), why, |body| body.commons.ids.message = near_the_end(3));
    is_refused(&world(), why, |body| body.appointments.counters.call = Counter::new(4));
    is_refused(&world(), why, |body| body.chain = Chain::new(4));
}

#[test]
fn a_conversation_has_an_end() {
    is_refused(&talking(), "may talk for ever", |body| body.appointments.calls[0].talk_until = None);
    is_refused(&talking(), "ends later than any policy", |body| body.appointments.calls[0].talk_until = Some(far()));
}

#[test]
fn a_call_that_gathers_waits_for_somebody() {
    let (mut platform, merchant, user) = ringing();
    platform.leg_answered(at("18:00:05"), user).unwrap();
    is_refused(&platform, "waits for nobody", |body| body.appointments.calls[0].answer_by = None);
    is_refused(&platform, "ends later than any policy", |body| body.appointments.calls[0].answer_by = Some(far()));
    let (platform, ..) = ringing();
    is_refused(&platform, "waits for nobody", |body| {
        for leg in body.appointments.legs.iter_mut().filter(|leg| leg.id == user) {
            leg.state = LegState::Answered;
        }
    });
    is_refused(&platform, "did not come from where its mode says", |body| {
        for leg in body.appointments.legs.iter_mut().filter(|leg| leg.id == user) {
            leg.origin = Origin::Inbound;
        }
    });
    is_refused(&platform, "did not come from where its mode says", |body| {
        for leg in body.appointments.legs.iter_mut().filter(|leg| leg.id == merchant) {
            leg.origin = Origin::Dialled;
        }
    });
}

#[test]
fn a_leg_ends_within_what_a_policy_may_set() {
    let (platform, _, user) = ringing();
    is_refused(&platform, "ends later than any policy", |body| {
        for leg in body.appointments.legs.iter_mut().filter(|leg| leg.id == user) {
            leg.until = far();
        }
    });
    let mut platform = talking();
    platform.leg_ended(at("18:09:00"), user, Evidence::default()).unwrap();
    is_refused(&platform, "ends later than any policy", |body| body.appointments.legs[0].until = far());
}

#[test]
fn a_reservation_ends_and_leaves_within_what_a_policy_may_set() {
    is_refused(&world(), "ends later than any policy", |body| {
        body.appointments.reservations[0].window = Window::new(at("18:00:00"), far()).unwrap();
    });
    let mut platform = world();
    platform.advance(at("21:00:00"), 100);
    is_refused(&platform, "stays longer than any policy", |body| {
        body.appointments.reservations[0].closed.as_mut().unwrap().archive_at = far();
    });
    is_refused(&platform, "closed in the future", |body| {
        body.appointments.reservations[0].closed.as_mut().unwrap().at = at("21:00:01");
    });
}

#[test]
fn what_is_open_or_in_a_call_has_a_window_that_began() {
    let later = Window::new(at("19:00:00"), at("20:00:00")).unwrap();
    let mut platform = world();
    platform.advance(at("18:00:00"), 100);
    is_refused(&platform, "before its window begins", |body| body.appointments.reservations[0].window = later);
    let (platform, ..) = ringing();
    is_refused(&platform, "before its window begins", |body| body.appointments.reservations[0].window = later);
}

#[test]
fn a_call_rings_the_number_that_booked_from_the_line_that_may() {
    let (platform, _, user) = ringing();
    is_refused(&platform, "that its reservation does not permit", |body| {
        for leg in body.appointments.legs.iter_mut().filter(|leg| leg.id == user) {
            leg.number = number("+8613900000000");
        }
    });
    is_refused(&platform, "another merchant's line", |body| body.appointments.calls[0].line = number("95599"));
}

#[test]
fn an_effect_that_waits_is_for_a_leg_that_is_alive() {
    let (platform, ..) = ringing();
    let dial = |body: &mut Body, change: &dyn Fn(&mut Dial)| {
        for waiting in &mut body.outbox {
            if let Waiting::Effect(Effect { action: Action::Dial(dial), .. }) = waiting {
                change(dial);
            }
        }
    };
    is_refused(&platform, "a leg that is not alive", |body| dial(body, &|dial| dial.leg = LegId::new((3 << 48) | 99)));
    let why = "another thing than its leg and call do";
    let changes: [&dyn Fn(&mut Dial); 12] = [
        &|dial| dial.to = number("+8613900000000"),
        &|dial| dial.from = number("95599"),
        &|dial| dial.not_after = far(),
        &|dial| dial.not_after = at("20:00:00.000001"),
        &|dial| dial.not_after = at("17:50:44.999999"),
        &|dial| dial.ring_until = far(),
        &|dial| dial.ring_until = at("18:00:44"),
        &|dial| dial.ring_timeout_ms = 0,
        &|dial| dial.ring_timeout_ms = 600_001,
        &|dial| dial.reason.reservation = 1.into(),
        &|dial| dial.reason.offering_name = "寿险".into(),
        &|dial| dial.reason.window = Window::new(at("18:00:00"), at("21:00:00")).unwrap(),
    ];
    for change in changes {
        is_refused(&platform, why, |body| dial(body, change));
    }
}

#[test]
fn an_answer_and_a_prompt_that_wait_end_when_their_call_says() {
    let (mut platform, _, user) = ringing();
    platform.leg_answered(at("18:00:05"), user).unwrap();
    is_refused(&platform, "another thing than its leg and call do", |body| {
        for waiting in &mut body.outbox {
            if let Waiting::Effect(Effect { action: Action::Answer(answer), .. }) = waiting {
                answer.not_after = far();
            }
        }
    });
    let mut platform = ringing_a_merchant();
    let merchant = platform.legs()[0];
    platform.leg_answered(at("18:00:05"), merchant).unwrap();
    is_refused(&platform, "another thing than its leg and call do", |body| {
        for waiting in &mut body.outbox {
            if let Waiting::Effect(Effect { action: Action::Play(play), .. }) = waiting {
                play.not_after = far();
            }
        }
    });
}

#[test]
fn nobody_has_talked_in_a_call_that_does_not_talk() {
    is_refused(&ringing_a_merchant(), "talked in it before it talks", |body| {
        body.appointments.calls[0].members[0].is_talked = true;
    });
}

#[test]
fn a_virtual_number_rests_no_longer_than_a_policy_may_set() {
    let mut platform = world();
    platform.import_numbers(at("09:06:00"), vec![number("+8617000000001")]).unwrap();
    let user = Address::parse("rcs:+8613800000003").unwrap();
    let window = Window::new(at("18:00:00"), at("20:00:00")).unwrap();
    let book = Book::new(user.clone(), 10.into(), 1.into(), window);
    let Ok(Reply::Booked(booked)) = platform.book(at("09:07:00"), book) else { panic!("the booking was refused") };
    platform.cancel(at("09:08:00"), user.clone(), booked.reservation).unwrap();
    is_refused(&platform, "rests longer than any policy", |body| {
        let numbers = &mut body.appointments.numbers;
        let contact = user.number().unwrap();
        numbers.forget_rested(far());
        numbers.lease(1.into(), contact, booked.reservation);
        numbers.release(1.into(), contact, booked.reservation, far());
    });
}

#[test]
fn bytes_that_say_the_same_in_another_way_are_no_snapshot() {
    let bytes = world().snapshot();
    let body = check(&bytes).unwrap();
    // The last number once more, as a longer writing of it that reads the same.
    let (last, rest) = body.split_last().unwrap();
    assert!(*last < 0x80, "a small number stands last");
    let longer = [rest, &[*last | 0x80, 0]].concat();
    let read: Body = postcard::from_bytes(&longer).unwrap();
    assert_eq!(postcard::to_allocvec(&read).unwrap(), body, "it reads the same");
    let error = Platform::restore(&sealed(&longer), Keyring::new(), 1).err().unwrap();
    assert!(error.to_string().contains("not written as this state is"), "{error}");
    assert!(Platform::restore(&sealed(body), Keyring::new(), 1).is_ok());
}

#[test]
fn messages_have_numbers_that_were_given_and_pages_stand_once() {
    let mut platform = world();
    let users = ["rcs:+8613800000001", "rcs:+8613800000002"].map(|user| Address::parse(user).unwrap()).to_vec();
    platform.push_page(at("09:06:00"), 10.into(), users).unwrap();
    is_refused(&platform, "a message that was not numbered", |body| {
        for waiting in &mut body.outbox {
            if let Waiting::Page { message, .. } = waiting {
                *message = MessageId::new((3 << 48) | 99);
            }
        }
    });
    is_refused(&platform, "has no page, or holds one", |body| body.pages.clear());
    is_refused(&platform, "stands in no effect, or twice", |body| {
        let copy = BookingPage::clone(&body.pages[0]);
        body.pages.push(Arc::new(copy));
    });
}

#[test]
fn inputs_are_not_remembered_for_ever() {
    let mut platform = world();
    let key = Dedup { source: "maap".into(), key: "1".into() };
    platform.handle_once(at("09:06:00"), key.clone(), Input::PlayFinished(PlayFinished { leg: LegId::new(1) })).unwrap_err();
    platform.handle_once(at("09:06:00"), key.clone(), Input::ConfirmClock(ConfirmClock {})).unwrap();
    is_refused(&platform, "remembered longer than any policy", |body| {
        let mut taken = *body.repeats.get(&key, at("09:06:00")).unwrap();
        taken.until = far();
        body.repeats.put(key.clone(), taken);
    });
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "a value cannot be written")]
fn what_cannot_be_written_is_loud_in_tests() {
    struct Unwritable;
    impl serde::Serialize for Unwritable {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("not plain data"))
        }
    }
    let _: Vec<u8> = seal(&Unwritable);
}

#[test]
fn a_body_of_nothing_is_no_state() {
    for bytes in [Vec::new(), seal(&())] {
        assert!(Platform::restore(&bytes, Keyring::new(), 0).is_err());
    }
}

/// Two users who agreed to share a call, and one who did not. The platform rings the merchant for the two.
fn sharing() -> Platform {
    let policy = Policy { mode_chosen_by: ModeChooser::Platform(CallMode::PlatformCalls), ..Policy::default() };
    let mut platform = world();
    platform.set_policy(at("09:10:00"), policy).unwrap();
    let window = Window::new(at("18:00:00"), at("20:00:00")).unwrap();
    let page = PublishPage {
        page: 11.into(),
        merchant: 1.into(),
        chatbot: None,
        offerings: BTreeMap::from([(1.into(), "车险".into())]),
        windows: vec![window],
        hours: vec![],
        line: None,
        descriptions: BTreeMap::new(),
        calendar: None,
        group_size_max: Some(3),
    };
    platform.publish_page(at("09:10:00"), page).unwrap();
    for last in 4..=6 {
        let user = Address::parse(&format!("rcs:+861380000000{last}")).unwrap();
        let book = Book { share: last < 6, ..Book::new(user, 11.into(), 1.into(), window) };
        platform.book(at("09:15:00"), book).unwrap();
    }
    platform
}

/// The places of the two and of the other among the reservations.
const SHARING: [usize; 2] = [2, 3];
const ALONE: usize = 4;

#[test]
fn a_group_is_of_those_who_agreed_to_the_same() {
    let platform = sharing();
    let [first, second] = SHARING;
    is_refused(&platform, "shares without agreement", |body| {
        body.appointments.reservations[ALONE].group = body.appointments.reservations[first].group;
    });
    is_refused(&platform, "shares without agreement", |body| body.appointments.reservations[first].group_size = 1);
    is_refused(&platform, "shares without agreement", |body| body.appointments.reservations[first].group = None);
    is_refused(&platform, "a group that was not given", |body| {
        body.appointments.reservations[first].group = Some(GroupId::new((3 << 48) | 9));
    });
    is_refused(&platform, "not in the group on its terms", |body| body.appointments.reservations[second].group_size = 2);
    for size in [0, 1, 5_000] {
        is_refused(&platform, "offers calls that nobody shares", |body| {
            body.appointments.catalog.pages.values_mut().last().unwrap().group_size_max = Some(size);
        });
    }
    let shorter = Window::new(at("18:00:00"), at("19:00:00")).unwrap();
    is_refused(&platform, "not in the group on its terms", |body| body.appointments.reservations[second].window = shorter);
    is_refused(&platform, "shares with more than any policy lets it", |body| {
        for place in SHARING {
            body.appointments.reservations[place].group_size = 5_000;
        }
    });
}

#[test]
fn a_call_is_shared_by_those_who_agreed_to_it() {
    let mut platform = sharing();
    platform.advance(at("18:00:00"), 100);
    let [first, second] = SHARING;
    is_refused(&platform, "is shared by who did not agree to it", |body| {
        body.appointments.reservations[second].group = None;
        body.appointments.reservations[second].group_size = 1;
    });
    // What the host was told of the first stands for the other when the first is out of it, whatever becomes of his terms.
    let user = Address::parse("rcs:+8613800000004").unwrap();
    let reservation = platform.reservations()[first];
    let window = Window::new(at("18:30:00"), at("19:00:00")).unwrap();
    let amend = Amend {
        user: user.clone(),
        reservation,
        window: Some(window),
        zone: None,
        contact: None,
        offering: None,
        name: None,
        share: None,
        attachments: None,
        evidence: None,
    };
    platform.amend(at("18:00:01"), amend).unwrap();
    assert_eq!(refused(&platform, |_| {}), "");
    platform.cancel(at("18:00:02"), user, reservation).unwrap();
    assert_eq!(refused(&platform, |_| {}), "");
}

#[test]
fn a_message_that_may_be_reported_on_was_sent_and_says_how_it_goes_on() {
    let never = "a message may be reported on that was never sent";
    is_refused(&world(), never, |body| {
        if let Some(sent) = body.appointments.messages.last_mut() {
            sent.sequence = body.next_sequence;
        }
    });
    is_refused(&world(), never, |body| body.appointments.messages[0].message = MessageId::new((3 << 48) | 99));
    is_refused(&world(), never, |body| {
        for sent in &mut body.appointments.messages {
            sent.at = far();
        }
    });
    let odd = "the book of messages does not agree with itself";
    is_refused(&world(), odd, |body| body.appointments.messages[0].at = far());
    let again = |body: &mut Body, forge: fn(&mut Again)| {
        let mut all = body.appointments.messages.iter_mut().filter_map(|sent| sent.again.as_deref_mut());
        forge(all.next().expect("a result to a user may go another way"));
    };
    is_refused(&world(), odd, |body| again(body, |again| again.phone = None));
    is_refused(&world(), odd, |body| {
        again(body, |again| again.mailbox = Some(Address::parse("sms:+8613800000009").unwrap()));
    });
}

#[test]
fn a_user_is_reminded_before_his_window_and_once() {
    let mut platform = world();
    let policy = Policy { reminder_before_s: 1_800, ..platform.policy().clone() };
    platform.set_policy(at("09:10:00"), policy).unwrap();
    let window = Window::new(at("18:00:00"), at("20:00:00")).unwrap();
    let user = Address::parse("rcs:+8613800000003").unwrap();
    let book = Book::new(user, 10.into(), 1.into(), window);
    platform.book(at("09:15:00"), book).unwrap();
    let why = "is reminded of a window that has begun, or twice";
    is_refused(&platform, why, |body| body.appointments.reservations[2].remind_at = Some(at("18:00:00")));
    is_refused(&platform, why, |body| body.appointments.reservations[2].is_reminded = true);
}

#[test]
fn what_is_attached_is_not_about_to_be_erased() {
    let mut platform = world();
    let user = Address::parse("rcs:+8613800000003").unwrap();
    let window = Window::new(at("18:00:00"), at("20:00:00")).unwrap();
    let attached = |media| vec![Attachment { media: MediaId::new(media), kind: MediaKind::Picture, share: true }];
    let book = Book { attachments: attached(21), ..Book::new(user.clone(), 10.into(), 1.into(), window) };
    let Ok(Reply::Booked(booked)) = platform.book(at("09:06:00"), book) else { panic!("the booking was refused") };
    let reservation = booked.reservation;
    let amend = Amend { attachments: Some(attached(22)), ..Amend::new(user, reservation) };
    platform.amend(at("09:07:00"), amend).unwrap();
    let why = "media that are attached, or erased already, are to be erased";
    is_refused(&platform, why, |body| body.appointments.reservations[2].attachments = attached(21));
    let erase = |body: &mut Body| {
        let mut effects = body.outbox.iter_mut().filter_map(|waiting| match waiting {
            Waiting::Effect(Effect { action: Action::Erase(erase), .. }) => Some(erase),
            Waiting::Effect(_) | Waiting::Page { .. } => None,
        });
        effects.next().expect("what was dropped is erased").media.push(MediaId::new(21));
    };
    is_refused(&platform, why, erase);
}

#[test]
fn nobody_is_remembered_for_ever_nor_as_somebody_elses_phone() {
    let person = || Person::Number(number("+8613800000001"));
    let set = |body: &mut Body, profile| body.appointments.profiles.set(person(), profile, 9);
    let why = "a profile is remembered longer than any policy lets it";
    is_refused(&world(), why, |body| set(body, Profile { name: Some("x".into()), ..Profile::empty(far()) }));
    let why = "the book of profiles does not agree with itself";
    let until = at("10:00:00");
    is_refused(&world(), why, |body| set(body, Profile { contact: Some(number("+8613800000001")), ..Profile::empty(until) }));
    is_refused(&world(), why, |body| set(body, Profile { contact: Some(number("95511")), ..Profile::empty(until) }));
    is_refused(&world(), why, |body| {
        set(body, Profile { email: Address::parse("sms:+8613800000001").ok(), ..Profile::empty(until) })
    });
}

#[test]
fn whoever_was_forgotten_is_not_there_any_more() {
    let mut platform = talking();
    platform.forget_me(at("18:01:00"), Address::parse("rcs:+8613800000001").unwrap()).unwrap();
    let why = "is forgotten and still says who booked";
    is_refused(&platform, why, |body| body.appointments.reservations[0].name = Some("x".into()));
    let attached = vec![Attachment { media: MediaId::new(21), kind: MediaKind::Picture, share: true }];
    is_refused(&platform, why, |body| body.appointments.reservations[0].attachments = attached);
    let why = "is forgotten and does not leave";
    is_refused(&platform, why, |body| body.appointments.reservations[0].is_cancelled = false);
    is_refused(&world(), why, |body| body.appointments.reservations[0].is_forgotten = true);
}

#[test]
fn what_is_sent_again_goes_to_its_own_receiver() {
    is_refused(&world(), "the book of messages does not agree with itself", |body| {
        let again =
            body.appointments.messages.iter_mut().find_map(|sent| sent.again.as_mut()).expect("a result may be sent again");
        again.person = Some(Person::Number(number("+8613800000009")));
    });
}

/// Two accounts follow; one has a number, the other asks for it.
fn bound() -> Platform {
    let mut platform = Platform::with_shard(Policy::default(), Keyring::new(), 7, 3).unwrap();
    platform.load_key("k1", KEY).unwrap();
    platform.rotate_key(at("09:00:00"), "k1").unwrap();
    for name in ["zhang", "li"] {
        let account = AccountId::parse(name).unwrap();
        platform.follow(at("09:00:00"), account.clone()).unwrap();
        let Ok(Reply::BindingRequested(_)) = platform.request_binding(at("09:00:00"), account.clone(), number("+8613800000009"))
        else {
            panic!("refused")
        };
        if name == "zhang" {
            let code = platform.code(ChallengeId::new((3 << 48) | 1)).unwrap();
            platform.confirm_binding(at("09:00:00"), account, number("+8613800000009"), code).unwrap();
        }
    }
    platform
}

#[test]
fn a_number_is_one_accounts_and_what_waits_for_it_ends() {
    let platform = bound();
    let twice = "a number is bound twice, or the bindings do not agree with themselves";
    is_refused(&platform, twice, |body| {
        let other = &mut body.fallback.bindings[1];
        (other.state, other.code) = (BindingState::Bound, None);
    });
    let state = "is not in the state that it says";
    is_refused(&platform, state, |body| body.fallback.bindings[0].state = BindingState::Unbound);
    is_refused(&platform, state, |body| body.fallback.bindings[0].suspended_until = Some(far()));
    is_refused(&platform, state, |body| drop(body.fallback.followers.remove(0)));
    is_refused(&platform, "waits for a code that was never sent", |body| {
        body.fallback.bindings[1].code.as_mut().unwrap().challenge = ChallengeId::new((3 << 48) | 9);
    });
    is_refused(&platform, "waits for its code longer than any policy lets it", |body| {
        body.fallback.bindings[1].code.as_mut().unwrap().until = far();
    });
    is_refused(&platform, "is suspended longer than any policy lets it", |body| {
        body.fallback.followers.clear();
        body.fallback.bindings.truncate(1);
        let binding = &mut body.fallback.bindings[0];
        (binding.state, binding.suspended_until) = (BindingState::Suspended, Some(far()));
    });
    is_refused(&platform, "has an id that was not given", |body| body.fallback.binding_ids = Counter::new(3));
    is_refused(&platform, "a counter of ids is beyond its shard", |body| body.fallback.binding_ids = Counter::new(4));
    is_refused(&platform, "is of a number that is nobody's phone", |body| body.fallback.bindings[0].number = number("95511"));
    is_refused(&platform, "an account follows twice", |body| {
        let again = body.fallback.followers[0].clone();
        body.fallback.followers.push(again);
    });
    is_refused(&platform, "stands twice", |body| {
        let again = body.fallback.bindings[0].clone();
        body.fallback.bindings.push(again);
    });
}

/// Three callers of a number that is bound: the first is offered the recorder, the second speaks, the message of the third was pushed.
fn missed() -> Platform {
    let mut platform = world();
    platform.load_key("k1", KEY).unwrap();
    platform.rotate_key(at("09:00:00"), "k1").unwrap();
    let account = AccountId::parse("zhang").unwrap();
    let callee = number("+8613800000009");
    platform.follow(at("09:00:00"), account.clone()).unwrap();
    let Ok(Reply::BindingRequested(_)) = platform.request_binding(at("09:00:00"), account.clone(), callee) else {
        panic!("refused")
    };
    let code = platform.code(ChallengeId::new((3 << 48) | 1)).unwrap();
    platform.confirm_binding(at("09:00:00"), account, callee, code).unwrap();
    let evidence = Evidence { sip_status: Some(486), ..Evidence::default() };
    for (index, is_answered) in [false, true, true].into_iter().enumerate() {
        let caller = Some(number(&format!("+861390000000{index}")));
        let call = CallFailed { caller, callee, evidence: evidence.clone(), is_answered };
        assert!(matches!(platform.call_failed(at("10:00:00"), call), Ok(Reply::FailedCall(_))));
    }
    let third = platform.voice_messages()[2];
    let recorded = Recorded { voice_message: third, media: MediaId::new(70), seconds: 9, is_silent: false };
    platform.recorded(at("10:00:05"), recorded).unwrap();
    platform.advance(at("10:00:05"), 1);
    assert_eq!(platform.voice_message(third).unwrap().state, VoiceMessageState::Pushing);
    platform
}

#[test]
fn a_voice_message_is_in_its_state_and_ends() {
    let platform = missed();
    let state = "is not in the state that it says";
    is_refused(&platform, state, |body| body.fallback.voice_messages[0].leg = None);
    is_refused(&platform, state, |body| body.fallback.voice_messages[0].media = Some(MediaId::new(71)));
    is_refused(&platform, state, |body| body.fallback.voice_messages[1].until = None);
    is_refused(&platform, state, |body| body.fallback.voice_messages[2].media = None);
    is_refused(&platform, state, |body| body.fallback.voice_messages[2].expires_at = None);
    is_refused(&platform, state, |body| body.fallback.voice_messages[2].state = VoiceMessageState::Delivered);
    is_refused(&platform, state, |body| body.fallback.voice_messages[2].pushed = vec![3, 2]);
    is_refused(&platform, state, |body| body.fallback.voice_messages[2].attempts = 2);
    let ends = "waits or stays longer than any policy lets it";
    is_refused(&platform, ends, |body| body.fallback.voice_messages[1].until = Some(far()));
    is_refused(&platform, ends, |body| body.fallback.voice_messages[2].expires_at = Some(far()));
    is_refused(&platform, "waits for an account that follows", |body| {
        let message = &mut body.fallback.voice_messages[2];
        (message.state, message.until) = (VoiceMessageState::Waiting, None);
    });
}

#[test]
fn a_voice_message_is_the_bindings_that_its_offer_found() {
    let platform = missed();
    let account = "is on its way to an account that does not have the number";
    is_refused(&platform, account, |body| body.fallback.voice_messages[2].account = AccountId::parse("li").unwrap());
    is_refused(&platform, account, |body| body.fallback.voice_messages[2].callee = number("+8613800000008"));
    is_refused(&platform, account, |body| body.fallback.voice_messages[2].binding = BindingId::new((3 << 48) | 2));
}

#[test]
fn legs_recordings_and_pushes_are_one_messages() {
    let platform = missed();
    let twice = "the voice messages do not agree with themselves";
    is_refused(&platform, twice, |body| body.fallback.voice_messages[1].leg = body.fallback.voice_messages[0].leg);
    is_refused(&platform, "stands twice", |body| {
        let again = body.fallback.voice_messages[0].clone();
        body.fallback.voice_messages.push(again);
    });
    let given = "has a leg or a message that was not numbered";
    is_refused(&platform, given, |body| body.fallback.voice_messages[0].leg = Some(LegId::new((3 << 48) | 99)));
    is_refused(&platform, "was pushed by an effect that was never emitted", |body| {
        body.fallback.voice_messages[2].pushed = vec![9_999];
    });
    is_refused(&platform, "has an id that was not given", |body| body.fallback.voice_message_ids = Counter::new(3));
    is_refused(&platform, "pushes a voice message as two", |body| {
        body.fallback.voice_messages[2].message = Some(MessageId::new((3 << 48) | 1));
    });
    is_refused(&platform, "answers a caller who is not offered the recorder", |body| {
        body.fallback.voice_messages[0].until = Some(at("10:00:09"));
    });
    is_refused(&platform, "records what no message is of", |body| {
        body.fallback.voice_messages[1].reason = FailureReason::PoweredOff;
    });
    is_refused(&platform, "the recording of a voice message is attached to a reservation", |body| {
        let attachment = Attachment { media: MediaId::new(70), kind: MediaKind::Voice, share: true };
        body.appointments.reservations[0].attachments.push(attachment);
    });
}
