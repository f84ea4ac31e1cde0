//! What seldom happens: checks that come last, full books, terms that wait. Each rule is the manual's.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::{MERCHANT, PAGE, at, booked, booking, drain, evening, line, number, user, world};
use ringfence::values::input::{
    Amend, Book, CallDiverted, CallFailed, Input, Line, MessageStatus, PageOf, ProfileField, PublishPage, RegisterMerchant,
    Scope, SetProfile, Slot,
};
use ringfence::values::policy::{Confirmation, ModeChooser};
use ringfence::values::refusal::{Allowed, Bound, Field, Object, Refusal};
use ringfence::values::reply::{Deny, DenyReason, ReservationState};
use ringfence::values::time::{DayRule, LocalDate, TimeOfDay, Weekdays, WeeklyRule};
use ringfence::{
    AccountId, Action, Address, CallMode, Effect, Evidence, Keyring, LegId, MerchantId, OfferingId, Platform, Policy, Reply,
    ReservationId, RestoreError, Timestamp, Verdict, Why, Window, Zone,
};

const KEY: &[u8] = b"a key that everybody may know";

fn polled(platform: &mut Platform) -> Vec<Effect> {
    std::iter::from_fn(|| platform.poll_effect()).collect()
}

fn span(start: &str, end: &str) -> Window {
    Window::new(at(start), at(end)).unwrap()
}

fn limit<T>(bound: Bound, most: u32) -> Result<T, Refusal> {
    Err(Refusal::Limit { bound, most: u64::from(most) })
}

fn invalid<T>(field: Field, allowed: Allowed) -> Result<T, Refusal> {
    Err(Refusal::Invalid { field, allowed })
}

/// Fills the outbox to its bound, so that nothing that creates has room.
fn filled(platform: &mut Platform) -> u32 {
    let most = u32::try_from(platform.unconfirmed()).unwrap().max(64);
    platform.set_policy(platform.latest(), Policy { outbox_max: most, ..platform.policy().clone() }).unwrap();
    let page = |platform: &mut Platform| platform.push_page(platform.latest(), PAGE, vec![user(99)]);
    while page(platform).is_ok() {}
    most
}

fn keyed(policy: Policy) -> Platform {
    let mut platform = world(policy, 2);
    platform.load_key("k1", KEY).unwrap();
    platform.rotate_key(at("09:00:00"), "k1").unwrap();
    platform
}

/// The code that was sent last.
fn last_code(platform: &mut Platform) -> ringfence::Code {
    let sent = polled(platform).into_iter().rev().find_map(|effect| {
        let Action::Send(send) = effect.action else { return None };
        if let ringfence::values::effect::Content::Challenge(challenge) = send.content {
            Some(challenge.challenge)
        } else if let ringfence::values::effect::Content::BindingChallenge(challenge) = send.content {
            Some(challenge.challenge)
        } else {
            None
        }
    });
    platform.code(sent.expect("a code was sent")).unwrap()
}

/// The checks of a change, where each alone stands in the way.
#[test]
fn a_change_is_checked_as_a_booking_is() {
    let mut platform = world(Policy::default(), 2);
    let first = booked(&mut platform, 1, CallMode::MerchantCalls);
    let change = || Amend::new(user(1), first);
    platform.import_numbers(at("09:10:00"), vec![number("+8617000000001")]).unwrap();
    platform.import_do_not_call(at("09:10:00"), vec![number("+8613800000008")], Vec::new()).unwrap();
    let to = |contact: &str| Amend { contact: Some(number(contact)), ..change() };
    assert_eq!(platform.amend(at("09:11:00"), to("+8617000000001")), invalid(Field::Contact, Allowed::NotAVirtualNumber));
    assert_eq!(platform.amend(at("09:11:00"), to("13800000007")), invalid(Field::Contact, Allowed::SubscriberNumber));
    assert_eq!(platform.amend(at("09:11:00"), to("95511")), invalid(Field::Contact, Allowed::NotALine));
    assert_eq!(platform.amend(at("09:11:00"), to("+8613800000008")), Err(Refusal::DoNotCall));
    let nameless = Amend { name: Some("　 ".into()), ..change() };
    assert_eq!(platform.amend(at("09:11:00"), nameless), invalid(Field::Name, Allowed::NotEmpty));
    let long =
        Amend { name: Some("名".repeat(usize::try_from(Policy::default().text_chars_max).unwrap() + 1).into()), ..change() };
    assert_eq!(platform.amend(at("09:11:00"), long), limit(Bound::TextChars, Policy::default().text_chars_max));
    let sharing = Amend { share: Some(true), ..change() };
    assert_eq!(platform.amend(at("09:11:00"), sharing), Err(Refusal::SharingNotOffered { page: PAGE }));
    let nothing = Amend { offering: Some(OfferingId::new(9)), ..change() };
    assert_eq!(platform.amend(at("09:11:00"), nothing), Err(Refusal::Unknown { object: Object::Offering, id: 9 }));

    // Two bookings of one phone with one merchant do not overlap, by a change neither.
    let early = Book { window: span("18:00:00", "18:30:00"), ..booking(2) };
    let late = Book { window: span("19:00:00", "19:30:00"), ..booking(2) };
    let Ok(Reply::Booked(early)) = platform.book(at("09:12:00"), early) else { panic!("it is free") };
    let Ok(Reply::Booked(late)) = platform.book(at("09:12:00"), late) else { panic!("it is free") };
    let both = Amend { window: Some(span("18:15:00", "19:15:00")), ..Amend::new(user(2), late.reservation) };
    assert_eq!(platform.amend(at("09:13:00"), both), Err(Refusal::Overlap { reservation: Some(early.reservation) }));

    // Whoever blocked the merchant since by another channel changes nothing of what others booked for his phone.
    let longer = Amend { window: Some(span("18:30:00", "19:00:00")), ..change() };
    assert!(platform.amend(at("09:14:00"), longer).is_ok());
    platform.withdraw_page(at("09:15:00"), MERCHANT, PAGE, None).unwrap();
    let again = Amend { window: Some(evening()), ..change() };
    assert_eq!(platform.amend(at("09:16:00"), again), Err(Refusal::PageWithdrawn { page: PAGE }));
}

#[test]
fn a_change_of_the_hours_is_cut_to_the_law_and_a_phone_has_a_bound() {
    let days = Weekdays::ALL;
    let rule = |from, to| WeeklyRule::new(days, TimeOfDay::parse(from).unwrap(), TimeOfDay::parse(to).unwrap()).unwrap();
    let policy = Policy { callable_hours: vec![rule("08:00", "19:00")], reservations_per_number_max: 1, ..Policy::default() };
    let mut platform = world(policy, 2);
    let first = Book { window: span("18:00:00", "18:30:00"), ..booking(1) };
    let Ok(Reply::Booked(first)) = platform.book(at("09:05:00"), first) else { panic!("it is free") };
    let change = Amend::new(user(1), first.reservation);
    let night = Amend { window: Some(span("19:00:00", "20:00:00")), ..change.clone() };
    assert!(matches!(platform.amend(at("09:06:00"), night), Err(Refusal::OutsideHours { callable: Some(_) })));

    // User 2 has a reservation already; a change to his phone, by himself, is one too many of it.
    let second = Book { window: span("18:00:00", "18:30:00"), ..booking(2) };
    platform.book(at("09:07:00"), second).unwrap();
    let over = Amend { contact: Some(number("+8613800000002")), window: Some(span("18:40:00", "18:50:00")), ..change };
    assert!(platform.amend(at("09:08:00"), over).is_ok(), "unverified ones are counted apart");
    let third = Book { window: span("18:40:00", "18:50:00"), ..booking(2) };
    assert_eq!(platform.book(at("09:08:00"), third), limit(Bound::ReservationsPerNumber, 1));
}

#[test]
fn who_is_blocked_by_his_own_word_changes_nothing() {
    let mut platform = world(Policy::default(), 2);
    // A stranger booked for the phone of user 2, who blocks the merchant; his own word is that nothing more may come.
    let book = Book { contact: Some(number("+8613800000002")), ..booking(1) };
    let Ok(Reply::Booked(booked)) = platform.book(at("09:05:00"), book) else { panic!("it is free") };
    let merchant = ringfence::values::input::BlockTarget::Merchant(MERCHANT);
    platform.block(at("09:06:00"), user(2), merchant).unwrap();
    assert_eq!(platform.reservation(booked.reservation).map(|kept| kept.state), Some(ReservationState::Closed));
    let anew = Book { contact: Some(number("+8613800000002")), ..booking(1) };
    let Ok(Reply::Booked(anew)) = platform.book(at("09:07:00"), anew) else { panic!("a stranger learns nothing") };
    let change = Amend { window: Some(span("18:30:00", "19:00:00")), ..Amend::new(user(2), anew.reservation) };
    assert_eq!(platform.amend(at("09:08:00"), change), Err(Refusal::Blocked));
}

#[test]
fn a_full_outbox_refuses_what_creates() {
    let policy = Policy {
        confirmation: Confirmation::Acknowledgement,
        mode_chosen_by: ModeChooser::Platform(CallMode::PlatformCalls),
        ..Policy::default()
    };
    let mut platform = keyed(policy);
    let Ok(Reply::Booked(first)) = platform.book(at("09:05:00"), booking(1)) else { panic!("it is free") };
    let foreign = Book { contact: Some(number("+8613800000009")), ..booking(2) };
    let Ok(Reply::Booked(foreign)) = platform.book(at("09:05:00"), foreign) else { panic!("it is free") };
    let most = filled(&mut platform);
    let full = limit::<Reply>(Bound::Outbox, most);
    assert_eq!(platform.acknowledge(at("09:10:00"), user(1), first.reservation), full);
    assert_eq!(platform.request_code(at("09:10:00"), user(2), foreign.reservation), full);
    assert_eq!(platform.choose_slot(at("09:10:00"), MERCHANT, first.reservation, Slot::From(at("19:00:00"))), full);
    let unknown = CallDiverted {
        caller: Some(number("+8613800000077")),
        callee: number("+8613800000078"),
        evidence: Evidence::default(),
        is_answered: false,
    };
    assert_eq!(platform.call_diverted(at("09:10:00"), unknown), full);
    // What ends something comes through.
    assert_eq!(platform.cancel(at("09:10:01"), user(1), first.reservation), Ok(Reply::Done));
    drain(&mut platform);
    assert_eq!(platform.request_code(at("09:10:02"), user(2), foreign.reservation), Ok(Reply::Done));
}

/// A call of ours that the network forwards back to us while the outbox is full: the host reports it again.
#[test]
fn an_own_leg_that_comes_back_to_a_full_outbox_is_reported_again() {
    let mut platform = world(Policy::default(), 2);
    let first = booked(&mut platform, 1, CallMode::MerchantCalls);
    platform.request_call(at("18:00:00"), line(), first).unwrap();
    platform.leg_progress(at("18:00:01"), LegId::new(2)).unwrap();
    let diverted = CallDiverted {
        caller: Some(line()),
        callee: number("+8613800000001"),
        evidence: Evidence::default(),
        is_answered: false,
    };
    let most = filled(&mut platform);
    assert_eq!(platform.call_diverted(at("18:00:02"), diverted.clone()), limit(Bound::Outbox, most));
    assert!(platform.leg(LegId::new(2)).is_some());
    drain(&mut platform);
    assert!(matches!(platform.call_diverted(at("18:00:03"), diverted), Ok(Reply::OwnLeg(_))));
}

#[test]
fn a_right_code_for_a_phone_that_came_on_the_list_is_refused_and_stays_out() {
    let mut platform = keyed(Policy::default());
    let phone = number("+8613800000009");
    let book = Book { contact: Some(phone), ..booking(1) };
    let Ok(Reply::Booked(booked)) = platform.book(at("09:05:00"), book) else { panic!("it is free") };
    let code = last_code(&mut platform);
    platform.import_do_not_call(at("09:06:00"), vec![phone], Vec::new()).unwrap();
    assert_eq!(platform.confirm_contact(at("09:07:00"), user(1), booked.reservation, code), Err(Refusal::DoNotCall));
    platform.import_do_not_call(at("09:08:00"), Vec::new(), vec![phone]).unwrap();
    assert!(matches!(platform.confirm_contact(at("09:09:00"), user(1), booked.reservation, code), Ok(Reply::Confirmed(_))));
}

#[test]
fn a_number_that_became_a_line_before_its_code_came_is_bound_to_nobody() {
    let mut platform = keyed(Policy::default());
    let (account, phone) = (AccountId::parse("oIBUkuN1zZh").unwrap(), number("+8613800000009"));
    platform.follow(at("09:00:00"), account.clone()).unwrap();
    platform.request_binding(at("09:05:00"), account.clone(), phone).unwrap();
    let code = last_code(&mut platform);
    let second = RegisterMerchant::new(MerchantId::new(2), "商户2", vec![Line { number: phone, channels: 1 }], Zone::UTC);
    platform.register_merchant(at("09:06:00"), second).unwrap();
    let refused = invalid(Field::Number, Allowed::NotALine);
    assert_eq!(platform.confirm_binding(at("09:07:00"), account, phone, code), refused);
}

/// The terms that wait for the end of a conversation: confirming them, and what the gate says of the instant at which they will hold.
#[test]
fn terms_that_wait_are_acknowledged_and_judged_by_the_gate_as_they_will_be() {
    let policy =
        Policy { confirmation: Confirmation::Acknowledgement, conversation_max_s: 600, retry_spacing_s: 0, ..Policy::default() };
    let mut platform = world(policy, 2);
    let Ok(Reply::Booked(booked)) = platform.book(at("09:05:00"), booking(1)) else { panic!("it is free") };
    let first = booked.reservation;
    platform.choose_mode(at("09:06:00"), MERCHANT, first, CallMode::MerchantCalls).unwrap();
    platform.acknowledge(at("09:07:00"), user(1), first).unwrap();
    platform.set_policy(at("09:08:00"), Policy { conversations_max: 3, ..platform.policy().clone() }).unwrap();
    let Ok(Reply::Allow(allow)) = platform.request_call(at("18:00:00"), line(), first) else { panic!("the gate allows it") };
    platform.leg_answered(at("18:00:05"), LegId::new(2)).unwrap();
    platform.leg_answered(at("18:00:06"), allow.leg).unwrap();
    let asked =
        |platform: &Platform, time: &str| platform.gate(ringfence::RequestCall { line: line(), target: first.into() }, at(time));
    assert!(matches!(asked(&platform, "18:00:07"), Verdict::Deny { reason: DenyReason::InCall, .. }));
    // The longest conversation ends by itself at 18:10:06; his leg is then being hung up, and he may be called again once it is gone.
    assert!(matches!(asked(&platform, "18:10:06"), Verdict::Deny { reason: DenyReason::NumberBusy, .. }));
    let shorter = Amend { window: Some(span("18:00:00", "19:00:00")), ..Amend::new(user(1), first) };
    platform.amend(at("18:01:00"), shorter).unwrap();
    assert!(matches!(asked(&platform, "18:10:06"), Verdict::Deny { reason: DenyReason::Unacknowledged, .. }));
    assert_eq!(platform.acknowledge(at("18:02:00"), user(1), first), Ok(Reply::Done));
    assert_eq!(platform.acknowledge(at("18:02:00"), user(1), first), Ok(Reply::NoOp));
    assert!(matches!(asked(&platform, "18:10:06"), Verdict::Deny { reason: DenyReason::NumberBusy, .. }));
    assert!(matches!(asked(&platform, "19:00:00"), Verdict::Deny { reason: DenyReason::WindowOver, .. }));
    // And so it is when the instant comes.
    let denied = platform.request_call(at("18:10:06"), line(), first);
    assert!(matches!(denied, Ok(Reply::Deny(Deny { reason: DenyReason::NumberBusy, .. }))), "{denied:?}");
    platform.leg_ended(at("18:10:07"), LegId::new(2), Evidence::default()).unwrap();
    platform.leg_ended(at("18:10:07"), allow.leg, Evidence::default()).unwrap();
    assert!(matches!(platform.request_call(at("18:10:08"), line(), first), Ok(Reply::Allow(_))));
}

/// Terms that bring another phone lease a number for it when they are set. While the pool has none for it, the platform will make the calls.
#[test]
fn the_gate_knows_that_the_pool_will_be_empty_when_the_terms_are_set() {
    let policy = Policy { conversation_max_s: 600, retry_spacing_s: 0, conversations_max: 3, ..Policy::default() };
    let mut platform = world(policy, 2);
    platform.import_numbers(at("09:00:00"), vec![number("+8617000000001")]).unwrap();
    let first = booked(&mut platform, 1, CallMode::MerchantCalls);
    let Ok(Reply::Allow(allow)) = platform.request_call(at("18:00:00"), line(), first) else { panic!("the gate allows it") };
    platform.leg_answered(at("18:00:05"), LegId::new(2)).unwrap();
    platform.leg_answered(at("18:00:06"), allow.leg).unwrap();
    // The holder of the new phone brings his own phone: he is asked for nothing, being the sender of the change.
    let elsewhere = Amend { contact: Some(number("+8613800000002")), ..Amend::new(user(1), first) };
    platform.amend(at("18:01:00"), elsewhere).unwrap();
    let request = ringfence::RequestCall { line: line(), target: first.into() };
    assert!(matches!(platform.gate(request, at("18:10:06")), Verdict::Deny { reason: DenyReason::Unverified, .. }));
    // The same verdict as `request_call`, when the instant comes.
    let Ok(Reply::Deny(Deny { reason, .. })) = platform.request_call(at("18:10:06"), line(), first) else {
        panic!("it is denied")
    };
    assert_eq!(reason, DenyReason::Unverified);
}

#[test]
fn new_rules_of_time_take_up_whom_the_old_ones_put_off() {
    let policy = Policy {
        rings_per_day_max: 1,
        retry_spacing_s: 0,
        mode_chosen_by: ModeChooser::Platform(CallMode::PlatformCalls),
        ..Policy::default()
    };
    let mut platform = world(policy, 1);
    platform.book(at("09:05:00"), booking(1)).unwrap();
    platform.advance(at("18:00:00"), 100);
    let merchant_rings = |platform: &mut Platform| drain(platform).iter().filter(|action| action.is_dial()).count();
    assert_eq!(merchant_rings(&mut platform), 1);
    platform.leg_answered(at("18:00:01"), LegId::new(1)).unwrap();
    drain(&mut platform);
    platform.leg_ended(at("18:00:20"), LegId::new(2), Evidence::default()).unwrap();
    platform.leg_ended(at("18:00:21"), LegId::new(1), Evidence::default()).unwrap();
    platform.advance(at("18:00:30"), 100);
    assert_eq!(merchant_rings(&mut platform), 0, "the phone was rung today as often as it may be");
    let more = Policy { rings_per_day_max: 2, ..platform.policy().clone() };
    platform.set_policy(at("18:01:00"), more).unwrap();
    platform.advance(at("18:01:00"), 100);
    assert_eq!(merchant_rings(&mut platform), 1, "and may be once more by the new rules");
}

#[test]
fn the_bounds_of_an_operators_and_a_merchants_words() {
    let policy = Policy { freezes_max: 1, text_chars_max: 20, page_entries_max: 2, ..Policy::default() };
    let mut platform = world(policy, 2);
    let long = "长".repeat(21);
    let phone = |last: u32| Scope::Number(number(&format!("+861380000{last:04}")));
    assert_eq!(platform.freeze(at("09:01:00"), phone(1), "值班", &long), limit(Bound::TextChars, 20));
    assert_eq!(platform.freeze(at("09:01:00"), phone(1), "值班", "投诉"), Ok(Reply::Done));
    assert_eq!(platform.freeze(at("09:01:00"), phone(2), "值班", "投诉"), limit(Bound::Freezes, 1));
    assert_eq!(platform.freeze(at("09:01:00"), Scope::Platform, "值班", "投诉"), Ok(Reply::Done), "it is not counted");

    let page = |names: &[(u64, &str)]| {
        let offerings: BTreeMap<OfferingId, _> = names.iter().map(|(id, name)| ((*id).into(), (*name).into())).collect();
        PublishPage { windows: vec![evening()], ..PublishPage::new(11.into(), MERCHANT, offerings) }
    };
    assert_eq!(platform.publish_page(at("09:02:00"), page(&[(1, &long)])), limit(Bound::TextChars, 20));
    let described = PublishPage { descriptions: BTreeMap::from([(1.into(), long.as_str().into())]), ..page(&[(1, "一")]) };
    assert_eq!(platform.publish_page(at("09:02:00"), described), limit(Bound::TextChars, 20));
    let many = page(&[(1, "一"), (2, "二"), (3, "三")]);
    assert_eq!(platform.publish_page(at("09:02:00"), many), limit(Bound::PageEntries, 2));

    platform.import_numbers(at("09:03:00"), vec![number("+8617000000001")]).unwrap();
    let of_the_pool = vec![Line { number: number("+8617000000001"), channels: 1 }];
    let second = RegisterMerchant::new(MerchantId::new(2), "商户2", of_the_pool, Zone::UTC);
    assert_eq!(platform.register_merchant(at("09:04:00"), second), invalid(Field::Lines, Allowed::NotAVirtualNumber));
    // Nobody has booked with a merchant whose pages are all withdrawn, so he may do without his chatbot.
    let bare = RegisterMerchant::new(MERCHANT, "商户1", vec![Line { number: line(), channels: 2 }], Zone::UTC);
    assert_eq!(platform.register_merchant(at("09:05:00"), bare.clone()), Err(Refusal::ChatbotInUse { pages: 1 }));
    platform.withdraw_page(at("09:06:00"), MERCHANT, PAGE, None).unwrap();
    assert_eq!(platform.register_merchant(at("09:07:00"), bare), Ok(Reply::Done));
}

#[test]
fn a_profile_takes_texts_within_their_bound_and_nothing_empty() {
    let mut platform = world(Policy { text_chars_max: 20, ..Policy::default() }, 1);
    let set = |name: Option<&str>, email: Option<&str>| SetProfile {
        user: user(1),
        name: name.map(Into::into),
        email: email.map(|text| Address::parse(text).unwrap()),
        erase: BTreeSet::new(),
    };
    let (long, far) = ("名".repeat(21), "mailto:someone@far.away.example.com");
    assert_eq!(platform.set_profile(at("09:01:00"), set(Some(&long), None)), limit(Bound::TextChars, 20));
    assert_eq!(platform.set_profile(at("09:01:00"), set(Some(" "), None)), invalid(Field::Name, Allowed::NotEmpty));
    assert_eq!(platform.set_profile(at("09:01:00"), set(None, Some(far))), limit(Bound::TextChars, 20));
    assert_eq!(
        platform.set_profile(at("09:01:00"), set(None, Some("rcs:+8613800000001"))),
        invalid(Field::Email, Allowed::Mailbox)
    );
    assert_eq!(platform.set_profile(at("09:01:00"), set(Some("张三"), Some("mailto:a@b.example"))), Ok(Reply::Done));
    let chatbot = Address::parse("sip:1065000000@chatbot.example").unwrap();
    assert!(platform.profile(&chatbot).is_none() && platform.export_person(&chatbot).is_none(), "a chatbot is nobody");
    let erase = SetProfile { erase: [ProfileField::Contact, ProfileField::Name].into(), ..set(None, None) };
    assert_eq!(platform.set_profile(at("09:02:00"), erase), Ok(Reply::Done));
    assert_eq!(platform.profile(&user(1)).and_then(|known| known.name.clone()), None);
}

/// A report of a message: its text has a bound, and what would go by another way needs room.
#[test]
fn a_report_of_a_message_is_taken_again_once_there_is_room() {
    let fallback = vec![ringfence::values::policy::FallbackChannel::Sms];
    let mut platform = world(Policy { text_chars_max: 20, fallback, ..Policy::default() }, 2);
    platform.push_page(at("09:01:00"), PAGE, vec![user(1)]).unwrap();
    let sent = polled(&mut platform).iter().rev().find(|effect| matches!(effect.action, Action::Send(_))).unwrap().sequence;
    platform.confirm(sent).unwrap();
    let failed = |code: &str| MessageStatus::Failed { code: code.into() };
    let long = "x".repeat(21);
    assert_eq!(platform.message_reported(at("09:02:00"), sent, failed(&long)), limit(Bound::TextChars, 20));
    // Another page waits to be sent, and by the rules no second one may.
    platform.push_page(at("09:03:00"), PAGE, vec![user(2)]).unwrap();
    let page = PublishPage {
        windows: vec![evening()],
        ..PublishPage::new(12.into(), MERCHANT, BTreeMap::from([(OfferingId::new(1), "寿险".into())]))
    };
    platform.publish_page(at("09:04:00"), page).unwrap();
    platform.push_page(at("09:05:00"), 12.into(), vec![user(3)]).unwrap();
    let last = polled(&mut platform).iter().map(|effect| effect.sequence).max().unwrap();
    let first_page = last - 1;
    platform.confirm(first_page).unwrap();
    platform.set_policy(at("09:06:00"), Policy { pushed_pages_max: 1, ..platform.policy().clone() }).unwrap();
    assert_eq!(platform.message_reported(at("09:07:00"), sent, failed("404")), limit(Bound::PushedPages, 1));
    drain(&mut platform);
    assert_eq!(platform.message_reported(at("09:08:00"), sent, failed("404")), Ok(Reply::Done));
    let again = drain(&mut platform);
    assert!(again.iter().any(|action| matches!(action, Action::Send(send) if send.to == Address::Sms(number("+8613800000001")))));
    assert_eq!(platform.message_reported(at("09:08:01"), sent, failed("404")), Ok(Reply::NoOp));

    // A page that was withdrawn is needed by nobody any more: a record, and no message.
    platform.push_page(at("09:09:00"), PAGE, vec![user(4)]).unwrap();
    let sent = polled(&mut platform).last().unwrap().sequence;
    platform.withdraw_page(at("09:10:00"), MERCHANT, PAGE, None).unwrap();
    assert_eq!(platform.message_reported(at("09:11:00"), sent, failed("404")), Ok(Reply::Done));
    assert!(
        !drain(&mut platform).iter().any(|action| matches!(action, Action::Send(send) if matches!(send.to, Address::Sms(_))))
    );
}

#[test]
fn what_the_network_says_of_a_callers_leg_is_within_its_ranges() {
    let mut platform = keyed(Policy::default());
    let (account, phone) = (AccountId::parse("oIBUkuN1zZh").unwrap(), number("+8613800000009"));
    platform.follow(at("09:00:00"), account.clone()).unwrap();
    platform.request_binding(at("09:05:00"), account.clone(), phone).unwrap();
    let code = last_code(&mut platform);
    platform.confirm_binding(at("09:06:00"), account, phone, code).unwrap();
    let off = Evidence { q850_cause: Some(20), sip_status: Some(480), ..Evidence::default() };
    let failed = CallFailed { caller: Some(number("+8613800000077")), callee: phone, evidence: off, is_answered: false };
    let reply = platform.call_failed(at("09:10:00"), failed);
    assert!(matches!(reply, Ok(Reply::FailedCall(_))), "{reply:?}");
    let leg = polled(&mut platform).iter().find_map(|effect| effect.action.leg()).expect("the caller's leg");
    let beyond = Evidence { sip_status: Some(99), ..Evidence::default() };
    assert_eq!(platform.leg_ended(at("09:10:05"), leg, beyond), invalid(Field::Evidence, Allowed::KnownCauses));
    // A protocol of which no range is known says what it likes.
    let other =
        ringfence::values::evidence::ReasonHeader { protocol: "X.25".into(), cause: Some(900), text: None, location: None };
    let other = Evidence { reasons: vec![other], ..Evidence::default() };
    assert_eq!(platform.leg_ended(at("09:10:06"), leg, other), Ok(Reply::Done));
}

/// An `answer` that failed when nobody waits for it any more: the user has gone meanwhile.
#[test]
fn an_answer_that_failed_when_nobody_waits_for_it_changes_nothing() {
    let mut platform = world(Policy::default(), 2);
    let first = booked(&mut platform, 1, CallMode::MerchantCalls);
    let Ok(Reply::Allow(allow)) = platform.request_call(at("18:00:00"), line(), first) else { panic!("the gate allows it") };
    platform.leg_answered(at("18:00:05"), LegId::new(2)).unwrap();
    let answer = polled(&mut platform).into_iter().find(|effect| effect.action.is_answer()).unwrap().sequence;
    assert_eq!(platform.effect_failed(at("18:00:06"), answer), Ok(Reply::Done));
    assert_eq!(platform.effect_failed(at("18:00:07"), answer), Ok(Reply::NoOp));
    assert!(platform.leg(allow.leg).is_none_or(|leg| leg.state.is_releasing()));
}

/// While effects wait to be polled, the host is to poll them first.
#[test]
fn effects_that_wait_come_before_every_deadline() {
    let mut platform = world(Policy::default(), 1);
    drain(&mut platform);
    let before = platform.poll_deadline();
    platform.book(at("09:05:00"), booking(1)).unwrap();
    assert_eq!(platform.poll_deadline(), Some((at("09:05:00"), Why::EffectsWaiting)));
    drain(&mut platform);
    assert!(platform.poll_deadline() != before && platform.poll_deadline().is_some_and(|(due, _)| due > at("09:05:00")));
}

/// A merchant who is rung, and a user who wants another time meanwhile: nobody failed.
#[test]
fn a_change_while_the_merchant_rings_counts_as_nothing() {
    let mut platform = world(Policy::default(), 1);
    let first = booked(&mut platform, 1, CallMode::PlatformCalls);
    platform.advance(at("18:00:00"), 100);
    assert_eq!(platform.legs().len(), 1, "the merchant rings");
    let later = Amend { window: Some(span("19:00:00", "20:00:00")), ..Amend::new(user(1), first) };
    assert!(matches!(platform.amend(at("18:00:05"), later), Ok(Reply::Amended(_))));
    let tally = platform.reservation(first).unwrap().tally();
    assert_eq!((tally.attempts, tally.merchant_failures, tally.platform_failures, tally.conversations), (0, 0, 0, 0));
    assert_eq!(platform.reservation(first).unwrap().state, ReservationState::Scheduled);
}

/// Each typed method is its input.
#[test]
fn a_typed_method_does_what_its_input_does() {
    let mut platform = world(Policy { confirmation: Confirmation::Acknowledgement, ..Policy::default() }, 1);
    let first = booked(&mut platform, 1, CallMode::PlatformCalls);
    platform.set_policy(at("09:07:00"), Policy::default()).unwrap();
    let days = BTreeMap::from([(LocalDate::parse("2026-10-01").unwrap(), DayRule::Closed)]);
    type Typed = Box<dyn Fn(&mut Platform, Timestamp) -> Result<Reply, Refusal>>;
    let slot = Slot::From(at("19:00:00"));
    let profile = SetProfile { user: user(1), name: Some("李四".into()), email: None, erase: BTreeSet::new() };
    let (for_method, for_profile) = (days.clone(), profile.clone());
    let pairs: Vec<(Typed, Input)> = vec![
        (
            Box::new(move |platform, now| platform.set_calendar(now, 3.into(), for_method.clone())),
            Input::SetCalendar(ringfence::values::input::SetCalendar { calendar: 3.into(), days }),
        ),
        (
            Box::new(|platform, now| platform.search(now, user(1), Some("车险".into()))),
            Input::Search(ringfence::values::input::Search { user: user(1), keyword: Some("车险".into()) }),
        ),
        (
            Box::new(|platform, now| platform.request_page(now, user(1), PageOf::Page(PAGE))),
            Input::RequestPage(ringfence::values::input::RequestPage { user: user(1), of: PageOf::Page(PAGE) }),
        ),
        (
            Box::new(|platform, now| platform.preset_mode(now, MERCHANT, Some(CallMode::PlatformCalls))),
            Input::PresetMode(ringfence::values::input::PresetMode { merchant: MERCHANT, mode: Some(CallMode::PlatformCalls) }),
        ),
        (
            Box::new(move |platform, now| platform.acknowledge(now, user(1), first)),
            Input::Acknowledge(ringfence::values::input::Acknowledge { user: user(1), reservation: first }),
        ),
        (
            Box::new(move |platform, now| platform.choose_slot(now, MERCHANT, first, slot)),
            Input::ChooseSlot(ringfence::values::input::ChooseSlot { merchant: MERCHANT, reservation: first, slot }),
        ),
        (Box::new(move |platform, now| platform.set_profile(now, for_profile.clone())), Input::SetProfile(profile)),
    ];
    for (typed, input) in pairs {
        let mut other = platform.clone();
        let what = format!("{input:?}");
        assert_eq!(typed(&mut platform, at("09:10:00")), other.handle(at("09:10:00"), input), "{what}");
        assert!(platform.snapshot() == other.snapshot(), "{what}");
    }
}

/// Of a snapshot that was cut, each length is told as what it is.
#[test]
fn a_snapshot_that_was_cut_anywhere_is_refused() {
    let mut platform = world(Policy::default(), 1);
    booked(&mut platform, 1, CallMode::MerchantCalls);
    let bytes = platform.snapshot();
    for cut in 0..bytes.len() {
        let error = Platform::restore(&bytes[..cut], Keyring::new(), 1).expect_err("it was cut");
        let is_short = matches!(error, RestoreError::NotASnapshot) == (cut < 14);
        assert!(is_short && matches!(error, RestoreError::NotASnapshot | RestoreError::Length { .. }), "{cut} bytes: {error}");
    }
}

/// Memory that many numbers needed is given back when they are gone, and those that stay are found as before.
#[test]
fn what_many_numbers_needed_is_given_back() {
    let policy = Policy { retention_s: 1, reservations_per_sender_max: 10_000, outbox_max: 1_000_000, ..Policy::default() };
    let mut platform = world(policy, 1);
    let ids: Vec<ReservationId> = (1..=3_000)
        .map(|last| {
            let Ok(Reply::Booked(booked)) = platform.book(at("09:05:00"), booking(last)) else { panic!("it is free") };
            drain(&mut platform);
            booked.reservation
        })
        .collect();
    for (last, id) in (1..).zip(&ids[..2_990]) {
        platform.cancel(at("09:06:00"), user(last), *id).unwrap();
        drain(&mut platform);
    }
    while platform.advance(at("09:10:00"), 1_000).more {
        drain(&mut platform);
    }
    drain(&mut platform);
    platform.check_invariants().unwrap();
    assert_eq!(platform.reservations(), ids[2_990..]);
    for last in 2_991..=3_000 {
        let overlap = platform.book(at("09:11:00"), booking(last));
        assert!(matches!(overlap, Err(Refusal::Overlap { .. })), "{overlap:?}");
    }
}

/// A booking for another's phone, confirmed by its holder, and both on the bridge with the merchant's line.
fn talking_to_another(policy: Policy, pool: &[&str]) -> (Platform, ReservationId) {
    let mut platform = keyed(policy);
    if !pool.is_empty() {
        platform.import_numbers(at("09:00:00"), pool.iter().map(|text| number(text)).collect()).unwrap();
    }
    let book = Book { contact: Some(number("+8613800000009")), ..booking(1) };
    let Ok(Reply::Booked(booked)) = platform.book(at("09:05:00"), book) else { panic!("it is free") };
    let code = last_code(&mut platform);
    platform.confirm_contact(at("09:06:00"), user(1), booked.reservation, code).unwrap();
    platform.choose_mode(at("09:07:00"), MERCHANT, booked.reservation, CallMode::MerchantCalls).unwrap();
    let Ok(Reply::Allow(allow)) = platform.request_call(at("18:00:00"), line(), booked.reservation) else {
        panic!("it is allowed")
    };
    platform.leg_answered(at("18:00:05"), LegId::new(2)).unwrap();
    platform.leg_answered(at("18:00:06"), allow.leg).unwrap();
    drain(&mut platform);
    (platform, booked.reservation)
}

/// Terms that bring the sender's own phone need no code. When they are set they take a number of the pool, and when there is none left, the platform will make
/// the calls: the gate says so of that instant, as `request_call` does when it comes.
#[test]
fn terms_with_another_phone_find_the_pool_as_it_will_be() {
    let policy = Policy { conversation_max_s: 600, retry_spacing_s: 0, conversations_max: 3, ..Policy::default() };
    for (pool, reason) in [
        (&["+8617000000001"][..], Some(DenyReason::WrongMode)),
        (&["+8617000000001", "+8617000000002"][..], None),
        (&[][..], None),
    ] {
        let (mut platform, id) = talking_to_another(policy.clone(), pool);
        let before = platform.reservation(id).unwrap().virtual_number;
        let own = Amend { contact: Some(number("+8613800000001")), ..Amend::new(user(1), id) };
        assert!(matches!(platform.amend(at("18:01:00"), own), Ok(Reply::Amended(_))));
        let request = ringfence::RequestCall { line: line(), target: id.into() };
        let asked = platform.gate(request, at("18:10:06"));
        let replied = platform.request_call(at("18:10:06"), line(), id);
        match reason {
            Some(reason) => {
                assert!(matches!(asked, Verdict::Deny { reason: said, .. } if said == reason), "{asked:?}");
                assert!(matches!(replied, Ok(Reply::Deny(Deny { reason: said, .. })) if said == reason), "{replied:?}");
                assert_eq!(platform.reservation(id).unwrap().virtual_number, None);
            }
            None => {
                assert_eq!(asked, Verdict::Allow);
                assert!(matches!(replied, Ok(Reply::Allow(_))), "{replied:?}");
                let now = platform.reservation(id).unwrap().virtual_number;
                assert_eq!(now.is_some(), !pool.is_empty());
                assert!(now.is_none() || now != before, "a number means one user to a merchant");
            }
        }
        platform.check_invariants().unwrap();
    }
}

#[test]
fn a_phone_that_a_change_brings_has_its_bound_too() {
    let (mut platform, id) =
        talking_to_another(Policy { reservations_per_number_max: 1, conversations_max: 2, ..Policy::default() }, &[]);
    let own = Book { window: span("19:00:00", "19:30:00"), contact: Some(number("+8613800000001")), ..booking(1) };
    platform.book(at("18:01:00"), own).unwrap();
    let change =
        Amend { contact: Some(number("+8613800000001")), window: Some(span("18:00:00", "18:30:00")), ..Amend::new(user(1), id) };
    assert_eq!(platform.amend(at("18:02:00"), change), limit(Bound::ReservationsPerNumber, 1));
}

/// Once a conversation is over for its user, the merchant cannot take the cancel for a decline of his own.
#[test]
fn a_cancel_that_waits_for_the_end_of_a_conversation_is_not_declined() {
    let (mut platform, id) = talking_to_another(Policy::default(), &[]);
    assert_eq!(platform.cancel(at("18:01:00"), user(1), id), Ok(Reply::Done));
    assert_eq!(platform.decline(at("18:02:00"), MERCHANT, id, None), Err(Refusal::Ending { reservation: id }));
    assert_eq!(platform.cancel(at("18:02:00"), user(1), id), Ok(Reply::NoOp));
}

/// A booking for the phone of somebody in a conversation whose terms change: both phones, now and then, are looked at.
#[test]
fn terms_that_wait_claim_their_phone_and_window() {
    let (mut platform, id) = talking_to_another(Policy { conversations_max: 2, ..Policy::default() }, &[]);
    let own =
        Amend { contact: Some(number("+8613800000001")), window: Some(span("18:00:00", "19:00:00")), ..Amend::new(user(1), id) };
    assert!(matches!(platform.amend(at("18:01:00"), own), Ok(Reply::Amended(_))));
    let overlap = platform.book(
        at("18:02:00"),
        Book { window: span("18:30:00", "19:30:00"), contact: Some(number("+8613800000001")), ..booking(1) },
    );
    assert_eq!(overlap, Err(Refusal::Overlap { reservation: Some(id) }));
    let after = platform.book(
        at("18:02:00"),
        Book { window: span("19:00:00", "19:30:00"), contact: Some(number("+8613800000001")), ..booking(1) },
    );
    assert!(matches!(after, Ok(Reply::Booked(_))), "{after:?}");
}

/// A voice message that was pushed, and a gateway that says too much of why it did not arrive.
#[cfg(feature = "json")]
#[test]
fn a_report_of_a_voice_message_has_its_bound_and_may_come_again() {
    use ringfence::edges::replay::{Options, Output, Replayer};
    use ringfence::values::effect::Content;

    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/scenarios/missed_call_to_heard.jsonl");
    let text = std::fs::read_to_string(file).expect("the scenario");
    let mut replayer = Replayer::new(Options::default());
    let mut pushed = None;
    for (number, line) in (1..).zip(text.lines()) {
        for output in replayer.feed(number, line).expect("it passes") {
            let Output::Effects(effects) = output else { continue };
            let is_push = |effect: &&Effect| matches!(&effect.action, Action::Send(send) if matches!(send.content, Content::VoiceMessage(_)));
            pushed = effects.iter().find(is_push).map(|effect| effect.sequence).or(pushed);
        }
        if pushed.is_some() {
            break;
        }
    }
    let (push, mut platform) = (pushed.expect("it is pushed"), replayer.platform().expect("a platform").clone());
    let (now, most) = (platform.latest(), platform.policy().text_chars_max);
    let said = |chars: u32| MessageStatus::Failed { code: "x".repeat(usize::try_from(chars).unwrap()).into() };
    assert_eq!(platform.message_reported(now, push, said(most + 1)), limit(Bound::TextChars, most));
    assert_eq!(platform.message_reported(now, push, said(most)), Ok(Reply::Done));
}

/// A number that rests until then is free for the phone that waiting terms bring, and one that rests longer is not.
#[test]
fn terms_that_wait_may_have_a_number_that_has_rested_by_then() {
    for (number_rest_s, verdict) in [(600, None), (7_200, Some(DenyReason::WrongMode))] {
        let policy =
            Policy { number_rest_s, conversation_max_s: 600, retry_spacing_s: 0, conversations_max: 3, ..Policy::default() };
        let (mut platform, id) = talking_to_another(policy, &["+8617000000001", "+8617000000002"]);
        // Another user had the second number, until now.
        let Ok(Reply::Booked(other)) = platform.book(at("18:00:10"), booking(2)) else { panic!("it is free") };
        platform.cancel(at("18:00:10"), user(2), other.reservation).unwrap();
        let own = Amend { contact: Some(number("+8613800000001")), ..Amend::new(user(1), id) };
        assert!(matches!(platform.amend(at("18:01:00"), own), Ok(Reply::Amended(_))));
        let request = ringfence::RequestCall { line: line(), target: id.into() };
        let asked = platform.gate(request, at("18:10:10"));
        let replied = platform.request_call(at("18:10:10"), line(), id);
        match verdict {
            None => assert!(asked == Verdict::Allow && matches!(replied, Ok(Reply::Allow(_))), "{asked:?} {replied:?}"),
            Some(reason) => {
                assert!(matches!(asked, Verdict::Deny { reason: said, .. } if said == reason), "{asked:?}");
                assert!(matches!(replied, Ok(Reply::Deny(Deny { reason: said, .. })) if said == reason), "{replied:?}");
            }
        }
        platform.check_invariants().unwrap();
    }
}

/// Who cancelled during a conversation and then blocks the merchant is told once.
#[test]
fn a_block_after_a_cancel_ends_the_conversation_and_says_nothing_again() {
    let (mut platform, id) = talking_to_another(Policy::default(), &[]);
    assert_eq!(platform.cancel(at("18:01:00"), user(1), id), Ok(Reply::Done));
    drain(&mut platform);
    let merchant = ringfence::values::input::BlockTarget::Merchant(MERCHANT);
    assert_eq!(platform.block(at("18:02:00"), user(1), merchant), Ok(Reply::Done));
    let actions = drain(&mut platform);
    assert_eq!(actions.iter().filter(|action| matches!(action, Action::HangUp(_))).count(), 2);
    assert!(!actions.iter().any(|action| matches!(action, Action::Send(_))), "{actions:?}");
    assert_eq!(platform.reservation(id).unwrap().state, ReservationState::Closed);
}

/// A change ends what rings; if new rules let no more attempts be made, the end of that call closes the reservation, and nothing more is said of the change.
#[test]
fn a_change_whose_end_of_the_call_closes_the_reservation_is_told_as_that() {
    let mut platform = world(Policy { retry_spacing_s: 0, release_grace_s: 1, ..Policy::default() }, 2);
    let id = booked(&mut platform, 1, CallMode::MerchantCalls);
    platform.request_call(at("18:00:00"), line(), id).unwrap();
    platform.leg_ended(at("18:00:20"), LegId::new(2), Evidence::default()).unwrap();
    platform.advance(at("18:01:00"), 100);
    assert!(matches!(platform.request_call(at("18:01:00"), line(), id), Ok(Reply::Allow(_))));
    platform.set_policy(at("18:01:05"), Policy { attempts_max: 1, ..platform.policy().clone() }).unwrap();
    drain(&mut platform);
    let later = Amend { window: Some(span("19:00:00", "20:00:00")), ..Amend::new(user(1), id) };
    let Ok(Reply::Amended(amended)) = platform.amend(at("18:01:10"), later) else { panic!("it is a change") };
    assert_eq!((amended.revision, amended.state), (2, ReservationState::Closed));
    let sent = drain(&mut platform).into_iter().filter(|action| matches!(action, Action::Send(_))).count();
    assert_eq!(sent, 2, "`missed` to the user and to the merchant, and no result");
    platform.check_invariants().unwrap();
}

/// An unverified booking that its sender changes to his own phone waits for the merchant's choice, as any other.
#[test]
fn a_booking_that_is_verified_by_a_change_awaits_its_mode() {
    let mut platform = world(Policy::default(), 2);
    let book = Book { contact: Some(number("+8613800000009")), ..booking(1) };
    let Ok(Reply::Booked(booked)) = platform.book(at("09:05:00"), book) else { panic!("it is free") };
    assert_eq!(booked.state, ReservationState::Unverified);
    let own = Amend { contact: Some(number("+8613800000001")), ..Amend::new(user(1), booked.reservation) };
    let Ok(Reply::Amended(amended)) = platform.amend(at("09:06:00"), own) else { panic!("it is a change") };
    assert_eq!(amended.state, ReservationState::AwaitingMode);
}

/// When waiting terms are set whose holder has to be asked, and as many codes went to him as may, nobody is asked; `request_code` may ask later.
#[test]
fn terms_that_waited_ask_nobody_beyond_the_limit_of_codes() {
    let (mut platform, id) = talking_to_another(Policy { codes_per_hour_max: 1, conversations_max: 2, ..Policy::default() }, &[]);
    let phone = number("+8613800000008");
    let elsewhere = Amend { contact: Some(phone), ..Amend::new(user(1), id) };
    assert!(matches!(platform.amend(at("18:01:00"), elsewhere), Ok(Reply::Amended(_))));
    platform.book(at("18:02:00"), Book { contact: Some(phone), ..booking(3) }).unwrap();
    drain(&mut platform);
    platform.leg_ended(at("18:05:00"), LegId::new(2), Evidence::default()).unwrap();
    let asked = |actions: &[Action]| {
        actions.iter().any(|action| matches!(action, Action::Audit(audit) if matches!(audit.record, ringfence::values::effect::AuditRecord::Challenged(_))))
    };
    assert!(!asked(&drain(&mut platform)));
    assert_eq!(platform.reservation(id).unwrap().state, ReservationState::Unverified);
    assert!(matches!(platform.request_code(at("18:06:00"), user(1), id), Err(Refusal::CodeLimit { .. })));
    assert_eq!(platform.request_code(at("19:02:00"), user(1), id), Ok(Reply::Done));
    assert!(asked(&drain(&mut platform)));
}

/// Who was put off by the hours and then came too late for his window is not taken up by rules that give him no more of it.
#[test]
fn new_rules_take_up_nobody_of_whose_window_too_little_is_left() {
    let chosen = ModeChooser::Platform(CallMode::PlatformCalls);
    let mut platform = world(Policy { mode_chosen_by: chosen, ..Policy::default() }, 1);
    platform.book(at("09:05:00"), booking(1)).unwrap();
    let late = WeeklyRule::new(Weekdays::ALL, TimeOfDay::parse("19:55").unwrap(), TimeOfDay::parse("23:00").unwrap()).unwrap();
    let late = Policy { callable_hours: vec![late], min_ring_s: 600, ..platform.policy().clone() };
    platform.set_policy(at("17:00:00"), late).unwrap();
    let dials = |platform: &mut Platform, time: &str| {
        platform.advance(at(time), 100);
        drain(platform).iter().filter(|action| action.is_dial()).count()
    };
    assert_eq!((dials(&mut platform, "18:00:00"), dials(&mut platform, "19:55:00")), (0, 0));
    platform.set_policy(at("19:56:00"), Policy { rings_per_day_max: 5, ..platform.policy().clone() }).unwrap();
    assert_eq!(dials(&mut platform, "19:56:00"), 0);
    platform.set_policy(at("19:57:00"), Policy { min_ring_s: 0, ..platform.policy().clone() }).unwrap();
    assert_eq!(dials(&mut platform, "19:57:00"), 1, "a lower `min_ring_s` brings him back");
}

/// A person of whom nothing is kept but his number in another's profile.
#[test]
fn a_number_that_stands_in_anothers_profile_only_is_forgotten_too() {
    let policy = Policy { retention_s: 1, fallback_wait_s: 1, ..Policy::default() };
    let (mut platform, id) = talking_to_another(policy, &[]);
    platform.resync(at("18:01:00"), Vec::new()).unwrap();
    if platform.reservation(id).is_some_and(|kept| kept.state != ReservationState::Closed) {
        platform.cancel(at("18:01:01"), user(1), id).unwrap();
    }
    drain(&mut platform);
    platform.advance(at("18:30:00"), 1_000);
    drain(&mut platform);
    assert!(platform.reservation(id).is_none());
    let phone = number("+8613800000009");
    assert_eq!(platform.profile(&user(1)).and_then(|known| known.contact), Some(phone));
    let forgotten = platform.forget_me(at("18:31:00"), Address::Sms(phone));
    assert!(matches!(forgotten, Ok(Reply::Forgotten(told)) if told.erased == 0 && !told.profile), "{forgotten:?}");
    assert_eq!(platform.profile(&user(1)).and_then(|known| known.contact), None);
    assert_eq!(platform.forget_me(at("18:32:00"), Address::Sms(phone)), Ok(Reply::NoOp));
}

/// In a shared call whose user changes his terms: whether he is of the group at the call's end is judged by the terms that will hold.
#[test]
fn the_gate_judges_a_group_by_the_terms_that_will_hold() {
    let policy = Policy { conversation_max_s: 600, retry_spacing_s: 0, conversations_max: 3, ..Policy::default() };
    let mut platform = world(policy, 2);
    let page = PublishPage {
        windows: vec![evening()],
        group_size_max: Some(2),
        ..PublishPage::new(PAGE, MERCHANT, BTreeMap::from([(OfferingId::new(1), "车险".into())]))
    };
    platform.publish_page(at("09:01:00"), page).unwrap();
    let share = |last| Book { share: true, ..booking(last) };
    let Ok(Reply::Booked(first)) = platform.book(at("09:05:00"), share(1)) else { panic!("it is free") };
    platform.choose_mode(at("09:06:00"), MERCHANT, first.reservation, CallMode::MerchantCalls).unwrap();
    let group = platform.reservation(first.reservation).unwrap().group.expect("he shares");
    let Ok(Reply::Allow(allow)) = platform.request_call(at("18:00:00"), line(), group) else { panic!("it is allowed") };
    platform.leg_answered(at("18:00:05"), LegId::new(2)).unwrap();
    platform.leg_answered(at("18:00:06"), allow.leg).unwrap();
    let shorter = Amend { window: Some(span("18:00:00", "19:00:00")), ..Amend::new(user(1), first.reservation) };
    assert!(matches!(platform.amend(at("18:01:00"), shorter), Ok(Reply::Amended(_))));
    let request = ringfence::RequestCall { line: line(), target: group.into() };
    let asked = platform.gate(request, at("18:10:06"));
    let Ok(Reply::Deny(Deny { reason, retry_at, .. })) = platform.request_call(at("18:10:06"), line(), group) else {
        panic!("his leg is being hung up")
    };
    assert_eq!(asked, Verdict::Deny { reason, retry_at });
    assert_eq!(reason, DenyReason::NotRecognized, "he has left it");
}
