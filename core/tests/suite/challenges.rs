//! The holder of a contact number agrees before it is rung (P2).

use std::collections::BTreeMap;

use crate::common::{MERCHANT, PAGE, at, booking, drain, evening, line, number, user, world};
use ringfence::values::effect::{AuditRecord, Challenge, Content};
use ringfence::values::id::MediaId;
use ringfence::values::input::{Amend, BlockTarget, Book, BookingEvidence, Channel, PublishPage, RegisterMerchant};
use ringfence::values::media::{Attachment, MediaKind};
use ringfence::values::policy::ModeChooser;
use ringfence::values::refusal::{Allowed, Bound, Field};
use ringfence::values::reply::{Booked, Confirmed, Outcome, ReservationState, WrongCode};
use ringfence::{
    Action, Address, CallMode, ChallengeId, Code, DenyReason, KeyError, Keyring, OfferingId, Platform, Policy, Refusal, Reply,
    RequestCall, ReservationId, RestoreError, Verdict, Why, Window, Zone,
};

const KEY: &[u8] = b"a key that everybody may know";

fn keyring() -> Keyring {
    let mut keyring = Keyring::new();
    keyring.load("k1", KEY).unwrap();
    keyring.load("k2", b"another key that everybody may know").unwrap();
    keyring
}

fn asking(policy: Policy) -> Platform {
    let mut platform = world(policy, 2);
    platform.load_key("k1", KEY).unwrap();
    platform.load_key("k2", b"another key that everybody may know").unwrap();
    platform.rotate_key(at("09:00:00"), "k1").unwrap();
    drain(&mut platform);
    platform
}

/// User 1 books for the phone of user 9.
fn for_another() -> Book {
    Book { contact: Some(number("+8613800000009")), ..booking(1) }
}

fn holder() -> Address {
    Address::Sms(number("+8613800000009"))
}

fn books(platform: &mut Platform, time: &str, book: Book) -> ReservationId {
    match platform.book(at(time), book) {
        Ok(Reply::Booked(Booked { reservation, state: ReservationState::Unverified })) => reservation,
        other => panic!("{other:?}"),
    }
}

/// What was sent to the holder's number last.
fn challenge(platform: &mut Platform) -> Challenge {
    let sent = drain(platform).into_iter().filter_map(|action| {
        let Action::Send(send) = action else { return None };
        let Content::Challenge(challenge) = send.content else { return None };
        assert_eq!(send.to, holder());
        Some(challenge)
    });
    sent.last().expect("a challenge")
}

fn another(code: Code) -> Code {
    let digits = code.digits();
    let last = if digits.ends_with('0') { "1" } else { "0" };
    Code::parse(&format!("{}{last}", &digits[..digits.len() - 1])).unwrap()
}

fn closed(platform: &Platform, id: ReservationId) -> Option<Outcome> {
    platform.reservation(id).unwrap().closed.map(|closed| closed.outcome)
}

#[test]
fn a_right_code_accepts_the_booking_as_any_other() {
    let mut platform = asking(Policy::default());
    let id = books(&mut platform, "09:05:00", for_another());
    let asked = challenge(&mut platform);
    assert_eq!((asked.reservation, asked.window, asked.until), (id, evening(), at("09:15:00")));
    let code = platform.code(asked.challenge).unwrap();
    assert_eq!(code.digits().len(), 6);

    let reply = platform.confirm_contact(at("09:06:00"), holder(), id, code);
    assert_eq!(reply, Ok(Reply::Confirmed(Confirmed { reservation: id, state: ReservationState::AwaitingMode })));
    let mut contents = Vec::new();
    for action in drain(&mut platform) {
        if let Action::Audit(audit) = &action
            && let AuditRecord::CodeJudged(judged) = &audit.record
        {
            contents.push(format!("judged {}", judged.is_right));
        }
        if let Action::Send(send) = &action {
            let what = [
                ("result", matches!(send.content, Content::Result(_))),
                ("reservation", matches!(send.content, Content::Reservation(_))),
                ("mode options", matches!(send.content, Content::ModeOptions(_))),
            ];
            let what = what.iter().find(|(_, is_it)| *is_it).map_or("something else", |(what, _)| what);
            let merchant = if matches!(send.to, Address::Chatbot(_)) { "the merchant" } else { "nobody" };
            let to = [(user(1), "the sender"), (holder(), "the holder")];
            let to = to.iter().find(|(address, _)| *address == send.to).map_or(merchant, |(_, who)| who);
            contents.push(format!("{what} to {to}"));
        }
    }
    assert_eq!(
        contents,
        [
            "judged true",
            "result to the sender",
            "result to the holder",
            "reservation to the merchant",
            "mode options to the merchant"
        ]
    );
    assert_eq!(
        platform.code(asked.challenge),
        Err(Refusal::Gone { object: ringfence::values::refusal::Object::Challenge, id: 1 })
    );
    platform.choose_mode(at("09:07:00"), MERCHANT, id, CallMode::MerchantCalls).unwrap();
    assert_eq!(platform.gate(RequestCall::new(line(), id), at("18:00:00")), Verdict::Allow);
}

#[test]
fn before_that_nothing_is_callable_and_the_merchant_knows_nothing() {
    let mut platform = asking(Policy { mode_chosen_by: ModeChooser::Platform(CallMode::PlatformCalls), ..Policy::default() });
    let id = books(&mut platform, "09:05:00", for_another());
    let to_merchant = |action: &Action| matches!(action, Action::Send(send) if matches!(send.to, Address::Chatbot(_)));
    assert!(!drain(&mut platform).iter().any(to_merchant));
    platform.advance(at("18:30:00"), 100);
    assert!(drain(&mut platform).is_empty());
    let Verdict::Deny { reason, .. } = platform.gate(RequestCall::new(line(), id), at("18:30:00")) else { panic!("allowed") };
    assert_eq!(reason, DenyReason::Unverified);
}

#[test]
fn inside_the_window_a_right_code_opens_at_once_and_past_it_there_is_none() {
    let mut platform = asking(Policy::default());
    let id = books(&mut platform, "18:30:00", for_another());
    let code = challenge(&mut platform).challenge;
    let code = platform.code(code).unwrap();
    let reply = platform.confirm_contact(at("18:31:00"), holder(), id, code);
    assert_eq!(reply, Ok(Reply::Confirmed(Confirmed { reservation: id, state: ReservationState::Open })));
    assert_eq!(platform.reservation(id).unwrap().eligible_at, at("18:31:00"));

    let late = books(&mut platform, "19:55:00", for_another());
    let asked = challenge(&mut platform);
    assert_eq!(asked.until, at("20:00:00"), "a code is good for no longer than the window");
    let code = platform.code(asked.challenge).unwrap();
    let refused = platform.confirm_contact(at("20:00:00"), holder(), late, code);
    let legal = vec![ReservationState::Unverified];
    assert_eq!(refused, Err(Refusal::WrongState { reservation: late, state: ReservationState::Closed, legal }));
    assert_eq!(closed(&platform, late), Some(Outcome::Unverified));
}

#[test]
fn wrong_codes_are_counted_and_the_last_one_closes() {
    let mut platform = asking(Policy::default());
    let id = books(&mut platform, "09:05:00", for_another());
    let asked = challenge(&mut platform).challenge;
    let right = platform.code(asked).unwrap();
    let wrong = another(right);
    for left in [2, 1, 0] {
        let reply = platform.confirm_contact(at("09:06:00"), user(1), id, wrong);
        assert_eq!(reply, Ok(Reply::WrongCode(WrongCode { left })));
    }
    assert_eq!(closed(&platform, id), Some(Outcome::Unverified));
    let told = drain(&mut platform).into_iter().any(
        |action| matches!(action, Action::Send(send) if send.to == user(1) && matches!(send.content, Content::ContactNotConfirmed(_))),
    );
    assert!(told);
    assert!(matches!(platform.confirm_contact(at("09:06:00"), holder(), id, right), Err(Refusal::WrongState { .. })));
    platform.check_invariants().unwrap();
}

#[test]
fn only_the_sender_and_the_holder_may_give_a_code() {
    let mut platform = asking(Policy::default());
    let id = books(&mut platform, "09:05:00", for_another());
    let asked = challenge(&mut platform).challenge;
    let code = platform.code(asked).unwrap();
    assert!(matches!(platform.confirm_contact(at("09:06:00"), user(2), id, code), Err(Refusal::Unknown { .. })));
    assert!(matches!(platform.request_code(at("09:06:00"), user(2), id), Err(Refusal::Unknown { .. })));
    assert!(platform.confirm_contact(at("09:06:00"), user(1), id, code).is_ok());
}

#[test]
fn a_code_has_its_time_and_a_new_one_ends_the_old() {
    let mut platform = asking(Policy::default());
    let id = books(&mut platform, "09:05:00", for_another());
    let first = challenge(&mut platform).challenge;
    let old = platform.code(first).unwrap();
    assert_eq!(platform.poll_deadline(), Some((at("09:15:00"), Why::CodeExpires(first))));
    platform.request_code(at("09:06:00"), user(1), id).unwrap();
    let second = challenge(&mut platform);
    assert_eq!(second.until, at("09:16:00"));
    assert!(platform.code(first).is_err());
    let new = platform.code(second.challenge).unwrap();
    assert_ne!(old, new);
    assert_eq!(platform.confirm_contact(at("09:07:00"), holder(), id, old), Ok(Reply::WrongCode(WrongCode { left: 2 })));

    // Its last microsecond, and its end.
    let mut copy = platform.clone();
    let end = at("09:16:00");
    assert!(copy.confirm_contact(end.saturating_add_micros(-1), holder(), id, new).is_ok());
    assert_eq!(platform.confirm_contact(end, holder(), id, new), Err(Refusal::NoCode { reservation: id }));
    assert!(platform.code(second.challenge).is_err());
    platform.request_code(end, holder(), id).unwrap();
    let third = challenge(&mut platform).challenge;
    let code = platform.code(third).unwrap();
    assert!(platform.confirm_contact(end, holder(), id, code).is_ok());
}

#[test]
fn booking_is_no_way_to_flood_a_phone() {
    let policy = Policy { codes_per_hour_max: 2, challenges_per_number_max: 9, ..Policy::default() };
    let mut platform = asking(policy);
    books(&mut platform, "09:00:00", for_another());
    books(&mut platform, "09:10:00", Book { user: user(2), ..for_another() });
    let retry_at = at("10:00:00");
    let refused = Err(Refusal::CodeLimit { most: 2, retry_at });
    let third = Book { user: user(3), ..for_another() };
    assert_eq!(platform.book(at("09:59:59.999999"), third.clone()), refused);
    assert_eq!(platform.clone().cancel(at("09:59:59"), user(1), ReservationId::new(1)), Ok(Reply::Done));
    assert!(platform.book(retry_at, third).is_ok());
    // A number of one's own needs no code, and is not limited.
    assert!(platform.book(retry_at, Book { user: holder(), contact: None, ..booking(9) }).is_ok());
}

#[test]
fn asking_again_is_no_way_to_guess() {
    let mut platform = asking(Policy { wrong_codes_per_day_max: 3, codes_per_hour_max: 100, ..Policy::default() });
    let id = books(&mut platform, "09:00:00", for_another());
    let asked = challenge(&mut platform).challenge;
    let wrong = another(platform.code(asked).unwrap());
    for (minute, left) in [("09:01:00", 2), ("09:01:00", 1)] {
        assert_eq!(platform.confirm_contact(at(minute), user(1), id, wrong), Ok(Reply::WrongCode(WrongCode { left })));
    }
    // A new code has new tries, and those of the old one count on for the number, whoever books for it.
    platform.request_code(at("09:02:00"), user(1), id).unwrap();
    let asked = challenge(&mut platform).challenge;
    let wrong = another(platform.code(asked).unwrap());
    assert_eq!(platform.confirm_contact(at("09:03:00"), user(1), id, wrong), Ok(Reply::WrongCode(WrongCode { left: 2 })));
    let retry_at = at("09:01:00").saturating_add_s(86_400);
    let refused = Err(Refusal::WrongCodeLimit { most: 3, retry_at });
    assert_eq!(platform.request_code(at("09:04:00"), user(1), id), refused);
    let other = Book { user: user(2), ..for_another() };
    assert_eq!(platform.book(at("09:04:00"), other.clone()), refused);
    let bytes = platform.snapshot();
    let mut platform = Platform::restore(&bytes, keyring(), 7).unwrap();
    // The code that is out is taken all the same, and the holder's own booking needs none.
    let right = platform.code(asked).unwrap();
    assert!(matches!(platform.clone().confirm_contact(at("09:05:00"), user(1), id, right), Ok(Reply::Confirmed(_))));
    assert!(platform.clone().book(at("09:05:00"), Book { user: holder(), contact: None, ..booking(9) }).is_ok());
    // A day after the first, to the microsecond.
    let tomorrow = Window::new(at("18:00:00").saturating_add_s(86_400), at("20:00:00").saturating_add_s(86_400)).unwrap();
    let offerings = BTreeMap::from([(OfferingId::new(1), "车险".into())]);
    let (hours, descriptions) = (vec![], BTreeMap::new());
    let page = PublishPage { windows: vec![tomorrow], hours, descriptions, ..PublishPage::new(PAGE, MERCHANT, offerings) };
    platform.publish_page(at("09:06:00"), page).unwrap();
    let other = Book { window: tomorrow, ..other };
    assert_eq!(platform.book(retry_at.saturating_add_micros(-1), other.clone()), refused);
    assert!(platform.book(retry_at, other).is_ok());
}

#[test]
fn so_many_codes_may_be_out_for_one_number() {
    let mut platform = asking(Policy { challenges_per_number_max: 1, codes_max: 3, ..Policy::default() });
    let first = books(&mut platform, "09:00:00", for_another());
    let second = Book { user: user(2), ..for_another() };
    let bound = |bound, most| Err(Refusal::Limit { bound, most });
    assert_eq!(platform.book(at("09:01:00"), second.clone()), bound(Bound::ChallengesPerNumber, 1));
    platform.request_code(at("09:02:00"), user(1), first).expect("it takes the place of the old one");
    assert!(platform.book(at("09:12:00"), second.clone()).is_ok(), "the other one's time is over");
    let other = Book { contact: Some(number("+8613800000008")), ..second };
    assert_eq!(platform.book(at("09:13:00"), other), bound(Bound::Codes, 3));
}

#[test]
fn without_a_key_nobody_is_asked_and_with_one_later_he_may_be() {
    let mut platform = world(Policy::default(), 1);
    let id = books(&mut platform, "09:05:00", for_another());
    assert!(!drain(&mut platform).iter().any(|action| matches!(action, Action::Send(send) if send.to == holder())));
    assert_eq!(platform.request_code(at("09:06:00"), user(1), id), Err(Refusal::NoKey));
    assert_eq!(
        platform.confirm_contact(at("09:06:00"), user(1), id, Code::parse("000000").unwrap()),
        Err(Refusal::NoCode { reservation: id })
    );
    assert_eq!(platform.rotate_key(at("09:06:00"), "k1"), Err(Refusal::KeyNotLoaded { id: "k1".into() }));
    assert_eq!(platform.rotate_key(at("09:06:00"), ""), Err(Refusal::Invalid { field: Field::Id, allowed: Allowed::NotEmpty }));
    platform.load_key("k1", KEY).unwrap();
    assert_eq!(platform.rotate_key(at("09:07:00"), "k1"), Ok(Reply::Done));
    assert_eq!(platform.rotate_key(at("09:07:00"), "k1"), Ok(Reply::NoOp));
    platform.request_code(at("09:08:00"), user(1), id).unwrap();
    let asked = challenge(&mut platform).challenge;
    let code = platform.code(asked).unwrap();
    assert!(platform.confirm_contact(at("09:09:00"), holder(), id, code).is_ok());
}

#[test]
fn a_withheld_number_on_the_hotline_is_asked_like_any_other() {
    let mut platform = asking(Policy::default());
    let evidence = BookingEvidence { channel: Channel::Hotline, message: None, body_hash: None, agent: Some("007".into()) };
    let book = Book { user: Address::parse("mailto:hotline@example.com").unwrap(), evidence: Some(evidence), ..for_another() };
    let id = books(&mut platform, "09:05:00", book);
    let asked = challenge(&mut platform).challenge;
    let code = platform.code(asked).unwrap();
    assert!(platform.confirm_contact(at("09:06:00"), holder(), id, code).is_ok());
}

#[test]
fn a_booking_that_overlaps_by_now_is_not_accepted_and_may_be_once_the_other_is_gone() {
    let mut platform = asking(Policy::default());
    let id = books(&mut platform, "09:05:00", for_another());
    let asked = challenge(&mut platform).challenge;
    let code = platform.code(asked).unwrap();
    let Ok(Reply::Booked(own)) = platform.book(at("09:06:00"), Book { user: holder(), contact: None, ..booking(9) }) else {
        panic!("an unverified booking blocks nobody")
    };
    let refused = |reservation| Err(Refusal::Overlap { reservation });
    assert_eq!(platform.confirm_contact(at("09:07:00"), user(1), id, code), refused(None));
    assert_eq!(platform.confirm_contact(at("09:07:00"), holder(), id, code), refused(Some(own.reservation)));
    platform.cancel(at("09:08:00"), holder(), own.reservation).unwrap();
    assert!(platform.confirm_contact(at("09:09:00"), holder(), id, code).is_ok());
}

#[test]
fn a_phone_whose_holder_is_asked_becomes_no_line() {
    let mut platform = asking(Policy::default());
    let id = books(&mut platform, "09:05:00", for_another());
    let asked = challenge(&mut platform).challenge;
    let code = platform.code(asked).unwrap();
    let merchant = RegisterMerchant::new(
        ringfence::MerchantId::new(2),
        "商户2",
        vec![ringfence::values::input::Line { number: number("+8613800000009"), channels: 1 }],
        Zone::UTC,
    );
    let refused = Err(Refusal::LineIsContact { index: 0 });
    assert_eq!(platform.register_merchant(at("09:06:00"), merchant.clone()), refused);
    assert!(platform.clone().confirm_contact(at("09:07:00"), holder(), id, code).is_ok());
    platform.cancel(at("09:07:00"), user(1), id).unwrap();
    assert!(platform.register_merchant(at("09:08:00"), merchant).is_ok(), "nobody is asked any more");
}

#[test]
fn a_key_lives_until_the_last_code_under_it_ends() {
    let mut platform = asking(Policy::default());
    let id = books(&mut platform, "09:05:00", for_another());
    let asked = challenge(&mut platform).challenge;
    let code = platform.code(asked).unwrap();
    platform.rotate_key(at("09:06:00"), "k2").unwrap();
    assert_eq!(platform.key(), Some("k2"));
    for id in ["k1", "k2"] {
        assert_eq!(platform.unload_key(id), Err(KeyError::InUse { id: id.into() }));
    }
    assert_eq!(platform.code(asked), Ok(code), "a code that is out keeps its key");
    assert!(platform.clone().confirm_contact(at("09:07:00"), holder(), id, code).is_ok());
    platform.advance(at("09:15:00"), 10);
    assert_eq!(platform.unload_key("k1"), Ok(true));
    assert_eq!(platform.unload_key("k1"), Ok(false));
    platform.request_code(at("09:15:00"), user(1), id).unwrap();
}

#[test]
fn a_snapshot_has_no_code_and_comes_back_only_with_the_keys_in_use() {
    let mut platform = asking(Policy::default());
    let id = books(&mut platform, "09:05:00", for_another());
    let asked = challenge(&mut platform).challenge;
    let code = platform.code(asked).unwrap();
    let bytes = platform.snapshot();
    assert!(!bytes.windows(6).any(|window| window == code.digits().as_bytes()));
    assert!(!bytes.windows(KEY.len()).any(|window| window == KEY));
    let missing = Err(RestoreError::KeyMissing { id: "k1".into() });
    assert_eq!(Platform::restore(&bytes, Keyring::new(), 3).map(|_| ()), missing);
    let mut restored = Platform::restore(&bytes, keyring(), 3).unwrap();
    assert_eq!(restored.state_hash(), platform.state_hash());
    assert_eq!(restored.code(asked), Ok(code));
    assert!(restored.confirm_contact(at("09:06:00"), holder(), id, code).is_ok());
}

#[test]
fn a_closed_booking_has_no_code() {
    for cancels in [user(1), holder()] {
        let mut platform = asking(Policy::default());
        let id = books(&mut platform, "09:05:00", for_another());
        let asked = challenge(&mut platform).challenge;
        platform.cancel(at("09:06:00"), cancels, id).unwrap();
        assert!(platform.code(asked).is_err());
        platform.check_invariants().unwrap();
    }
}

#[test]
fn codes_follow_the_rules_they_were_made_under() {
    let mut platform = asking(Policy::default());
    let id = books(&mut platform, "09:05:00", for_another());
    let asked = challenge(&mut platform).challenge;
    let code = platform.code(asked).unwrap();
    platform.set_policy(at("09:06:00"), Policy { code_digits: 8, ..Policy::default() }).unwrap();
    assert_eq!(platform.code(asked), Ok(code));
    platform.request_code(at("09:07:00"), user(1), id).unwrap();
    let asked = challenge(&mut platform).challenge;
    assert_eq!(platform.code(asked).unwrap().digits().len(), 8);
    assert_eq!(platform.code(ChallengeId::new(99)).map(|_| ()).unwrap_err().code(), 100);
}

#[test]
fn nobody_is_asked_for_the_mode_of_an_agreed_booking_when_the_platform_chooses_by_then() {
    let mut platform = asking(Policy::default());
    let id = books(&mut platform, "09:05:00", for_another());
    let asked = challenge(&mut platform).challenge;
    let code = platform.code(asked).unwrap();
    let chooser = ModeChooser::Platform(CallMode::PlatformCalls);
    platform.set_policy(at("09:06:00"), Policy { mode_chosen_by: chooser, ..Policy::default() }).unwrap();
    drain(&mut platform);
    let reply = platform.confirm_contact(at("09:07:00"), holder(), id, code);
    assert_eq!(reply, Ok(Reply::Confirmed(Confirmed { reservation: id, state: ReservationState::Scheduled })));
    let asks = |action: &Action| matches!(action, Action::Send(send) if matches!(send.content, Content::ModeOptions(_)));
    assert!(!drain(&mut platform).iter().any(asks));
    assert_eq!(platform.reservation(id).unwrap().mode, Some(CallMode::PlatformCalls));
}

#[test]
fn an_agreement_leases_a_number_once_and_needs_room_for_all_that_it_says() {
    let mut platform = asking(Policy { numbers_low: 1, outbox_max: 7, ..Policy::default() });
    platform.import_numbers(at("09:01:00"), vec![number("+8616500000001")]).unwrap();
    let id = books(&mut platform, "09:05:00", for_another());
    assert!(platform.reservation(id).unwrap().virtual_number.is_none(), "nothing is leased before the holder agrees");
    let asked = challenge(&mut platform);
    let code = platform.code(asked.challenge).unwrap();
    platform.confirm_contact(at("09:06:00"), holder(), id, code).unwrap();
    assert_eq!(platform.unconfirmed(), 7, "agreed, leased, low, two results, the reservation and the options");
    assert!(platform.reservation(id).unwrap().virtual_number.is_some());
    let leases = drain(&mut platform)
        .into_iter()
        .filter(|action| matches!(action, Action::Audit(audit) if matches!(audit.record, AuditRecord::NumberLeased(_))));
    assert_eq!(leases.count(), 1);
}

#[test]
fn one_who_blocked_the_merchant_is_sent_no_code_and_a_stranger_does_not_learn_of_it() {
    let wrong = |platform: &mut Platform, id, asked| {
        let code = platform.code(asked).unwrap();
        platform.confirm_contact(at("09:07:00"), user(1), id, another(code))
    };
    let mut free = asking(Policy::default());
    let mut blocked = free.clone();
    blocked.block(at("09:04:00"), holder(), BlockTarget::Merchant(MERCHANT)).unwrap();
    let id = books(&mut free, "09:05:00", for_another());
    assert_eq!(books(&mut blocked, "09:05:00", for_another()), id);
    let asked = challenge(&mut free).challenge;
    let sent = drain(&mut blocked);
    assert!(
        sent.iter().any(|action| matches!(action, Action::Audit(audit) if matches!(audit.record, AuditRecord::Challenged(_))))
    );
    let to_him = |action: &Action| matches!(action, Action::Send(send) if send.to == holder());
    assert!(!sent.iter().any(to_him), "he wants nothing of this merchant: {sent:?}");
    assert_eq!(wrong(&mut blocked, id, asked), wrong(&mut free, id, asked), "a stranger sees no difference");
    let code = blocked.code(asked).unwrap();
    assert_eq!(blocked.confirm_contact(at("09:08:00"), holder(), id, code), Err(Refusal::Blocked));
    blocked.unblock(at("09:08:30"), holder(), BlockTarget::Merchant(MERCHANT)).unwrap();
    assert!(matches!(blocked.confirm_contact(at("09:09:00"), holder(), id, code), Ok(Reply::Confirmed(_))));
}

/// A reservation of user 1 for the phone of user 9, who has agreed.
fn agreed(platform: &mut Platform, book: Book) -> ReservationId {
    let id = books(platform, "09:05:00", book);
    let asked = challenge(platform);
    let code = platform.code(asked.challenge).unwrap();
    platform.confirm_contact(at("09:06:00"), holder(), id, code).unwrap();
    drain(platform);
    id
}

#[test]
fn what_the_holder_changes_is_nobody_elses_to_see_or_to_remember() {
    let mut platform = asking(Policy::default());
    let id = agreed(&mut platform, for_another());
    let other = number("+8613800000007");
    let amend = Amend { contact: Some(other), name: Some("李四".into()), ..Amend::new(holder(), id) };
    platform.amend(at("09:07:00"), amend).unwrap();
    let challenge = platform.reservation(id).unwrap().challenge.unwrap();
    let code = platform.code(challenge).unwrap();
    platform.confirm_contact(at("09:08:00"), Address::Sms(other), id, code).unwrap();
    drain(&mut platform);
    let export = platform.export_person(&user(1)).unwrap();
    let one = &export.reservations[0];
    assert_eq!((one.is_sender, one.terms.contact, one.terms.name.clone()), (true, None, None));
    let profile = platform.profile(&user(1)).unwrap();
    assert_eq!((profile.contact, profile.name.as_deref()), (Some(number("+8613800000009")), Some("张三")));
}

#[test]
fn a_zone_that_moves_the_hours_in_which_a_phone_may_ring_asks_its_holder_anew() {
    let callable_hours = vec![serde_json::from_str(r#"{"days":["sat","sun"],"from":"09:00","to":"23:00"}"#).unwrap()];
    let mut platform = asking(Policy { callable_hours, ..Policy::default() });
    let id = agreed(&mut platform, for_another());
    let zone = Zone::parse("Asia/Tokyo").unwrap();
    let reply = platform.amend(at("09:07:00"), Amend { zone: Some(zone), ..Amend::new(user(1), id) });
    assert!(matches!(reply, Ok(Reply::Amended(amended)) if amended.state == ReservationState::Unverified), "{reply:?}");
    let mut platform = asking(Policy::default());
    let id = agreed(&mut platform, for_another());
    let reply = platform.amend(at("09:07:00"), Amend { zone: Some(zone), ..Amend::new(holder(), id) });
    assert!(matches!(reply, Ok(Reply::Amended(amended)) if amended.state == ReservationState::AwaitingMode), "{reply:?}");
}

#[test]
fn the_holder_of_the_phone_does_not_share_what_another_attached() {
    let mut platform = asking(Policy::default());
    let attached = |share| Attachment { media: MediaId::new(501), kind: MediaKind::Picture, share };
    let id = agreed(&mut platform, Book { attachments: vec![attached(false)], ..for_another() });
    let refused = Err(Refusal::Invalid { field: Field::Attachments, allowed: Allowed::OfTheSender });
    for attachments in [vec![attached(true)], vec![]] {
        let amend = Amend { attachments: Some(attachments), ..Amend::new(holder(), id) };
        assert_eq!(platform.amend(at("09:07:00"), amend), refused);
    }
    assert_eq!(drain(&mut platform), []);
    let amend = Amend { attachments: Some(vec![attached(true)]), ..Amend::new(user(1), id) };
    assert!(platform.amend(at("09:08:00"), amend).is_ok());
}

#[test]
fn a_code_is_made_from_the_key_and_the_ids_as_the_rules_say() {
    // HMAC-SHA-256 by another hand, over "ringfence/challenge/1", challenge 1, reservation 1, revision 1 and round 0.
    for (key, digits) in [("k1", "604669"), ("k2", "801320")] {
        let mut platform = asking(Policy::default());
        platform.rotate_key(at("09:00:00"), key).unwrap();
        assert_eq!(books(&mut platform, "09:05:00", for_another()), ReservationId::new(1));
        let asked = challenge(&mut platform);
        assert_eq!(asked.challenge.get(), 1);
        assert_eq!(platform.code(asked.challenge).unwrap().digits(), digits, "{key}");
    }
}
