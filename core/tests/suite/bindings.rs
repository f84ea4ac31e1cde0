//! Accounts that follow, and the numbers that are bound to them (seed 003, step 101).

use crate::common::{self, MERCHANT, at, drain, line, number, world};
use ringfence::values::effect::{AuditRecord, BindingChallenge, BindingChange, BindingChanged, BindingEnd, Content};
use ringfence::values::input::{Line, RegisterMerchant};
use ringfence::values::refusal::{Allowed, Bound, Field, Object};
use ringfence::values::reply::{BindingRequested, Forgotten, NumberBound, WrongCode};
use ringfence::{
    AccountId, Action, Address, BindingId, BindingState, Code, KeyError, Keyring, PhoneNumber, Platform, Policy, Refusal, Reply,
    RestoreError, Timestamp, Why, Zone,
};

const KEY: &[u8] = b"a key that everybody may know";

fn account(name: &str) -> AccountId {
    AccountId::parse(name).unwrap()
}

fn phone() -> PhoneNumber {
    number("+8613800000009")
}

fn keyring() -> Keyring {
    let mut keyring = Keyring::new();
    keyring.load("k1", KEY).unwrap();
    keyring
}

/// Two accounts follow, and codes can be made.
fn followed(policy: Policy) -> Platform {
    let mut platform = world(policy, 2);
    platform.load_key("k1", KEY).unwrap();
    platform.rotate_key(at("09:00:00"), "k1").unwrap();
    assert_eq!(platform.follow(at("09:00:00"), account("zhang")), Ok(Reply::Done));
    assert_eq!(platform.follow(at("09:00:00"), account("li")), Ok(Reply::Done));
    drain(&mut platform);
    platform
}

/// Asks, and returns what the number was sent and the code.
fn asks(platform: &mut Platform, now: Timestamp, who: &str) -> (BindingId, BindingChallenge, Code) {
    drain(platform);
    let Ok(Reply::BindingRequested(BindingRequested { binding, until })) = platform.request_binding(now, account(who), phone())
    else {
        panic!("refused")
    };
    let sent: Vec<_> = drain(platform).into_iter().filter_map(sent).collect();
    let [(Address::Sms(to), Content::BindingChallenge(challenge))] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!((*to, challenge.until), (phone(), until), "the code goes to the number itself");
    (binding, *challenge, platform.code(challenge.challenge).unwrap())
}

/// Asks and confirms at the same instant.
fn binds(platform: &mut Platform, now: Timestamp, who: &str) -> BindingId {
    let (binding, _, code) = asks(platform, now, who);
    assert_eq!(platform.confirm_binding(now, account(who), phone(), code), Ok(Reply::Bound(NumberBound { binding })));
    binding
}

fn another(code: Code) -> Code {
    let digits = code.digits();
    let last = if digits.ends_with('0') { "1" } else { "0" };
    Code::parse(&format!("{}{last}", &digits[..digits.len() - 1])).unwrap()
}

fn sent(action: Action) -> Option<(Address, Content)> {
    if let Action::Send(send) = action { Some((send.to, send.content)) } else { None }
}

/// What accounts were told.
type Told = Vec<(Address, BindingChanged)>;
/// Which bindings ended, and why.
type Ended = Vec<(BindingId, BindingEnd)>;

/// Nothing but this was emitted, and audits.
fn told(platform: &mut Platform) -> (Told, Ended) {
    let (mut told, mut ended) = (Vec::new(), Vec::new());
    for action in drain(platform) {
        if let Action::Audit(audit) = &action {
            if let AuditRecord::BindingEnded(record) = &audit.record {
                ended.push((record.binding, record.why));
            }
        } else if let Some((to, Content::BindingChanged(changed))) = sent(action.clone()) {
            told.push((to, changed));
        } else {
            panic!("{action:?}");
        }
    }
    (told, ended)
}

fn changed(who: &str, change: BindingChange) -> (Address, BindingChanged) {
    (Address::WeChat(account(who)), BindingChanged { number: phone(), change })
}

#[test]
fn a_number_is_bound_by_the_code_that_went_to_it() {
    let mut platform = followed(Policy::default());
    let (binding, challenge, code) = asks(&mut platform, at("09:05:00"), "zhang");
    assert_eq!((challenge.until, code.digits().len()), (at("09:15:00"), 6));
    assert_eq!(platform.binding(&account("zhang"), phone()).unwrap().state, BindingState::Requested);
    assert_eq!(platform.fallback().account_of(phone()), None, "nothing is bound before the code");
    assert_eq!(platform.poll_deadline(), Some((at("09:15:00"), Why::CodeExpires(challenge.challenge))));
    let reply = platform.confirm_binding(at("09:06:00"), account("zhang"), phone(), code);
    assert_eq!(reply, Ok(Reply::Bound(NumberBound { binding })));
    assert_eq!(told(&mut platform), (vec![changed("zhang", BindingChange::Bound)], vec![]));
    assert_eq!(platform.fallback().account_of(phone()), Some((binding, &account("zhang"))));
    assert_eq!(platform.poll_deadline(), None);
    let gone = Refusal::Gone { object: Object::Challenge, id: challenge.challenge.get() };
    assert_eq!(platform.code(challenge.challenge), Err(gone));
    let again = platform.confirm_binding(at("09:06:00"), account("zhang"), phone(), code);
    assert_eq!(again, Err(Refusal::NotRequested));
    assert_eq!(platform.request_binding(at("09:07:00"), account("zhang"), phone()), Ok(Reply::NoOp), "it is his already");
}

#[test]
fn one_account_has_many_numbers_and_each_its_own_code() {
    let mut platform = followed(Policy { bindings_per_account_max: 3, ..Policy::default() });
    for last in 1..=3 {
        let own = number(&format!("+861380000000{last}"));
        platform.request_binding(at("09:05:00"), account("zhang"), own).unwrap();
        let challenge = drain(&mut platform).into_iter().filter_map(sent).find_map(|(to, content)| {
            let Content::BindingChallenge(challenge) = content else { return None };
            (to == Address::Sms(own)).then_some(challenge)
        });
        let code = platform.code(challenge.unwrap().challenge).unwrap();
        let reply = platform.confirm_binding(at("09:05:00"), account("zhang"), own, code);
        assert!(matches!(reply, Ok(Reply::Bound(_))), "{reply:?}");
    }
    assert_eq!(platform.bindings(&account("zhang")).len(), 3);
    let refused = platform.request_binding(at("09:06:00"), account("zhang"), phone());
    assert_eq!(refused, Err(Refusal::Limit { bound: Bound::BindingsPerAccount, most: 3 }));
    assert!(platform.request_binding(at("09:06:00"), account("li"), phone()).is_ok());
}

#[test]
fn only_followers_bind_and_only_phones_are_bound() {
    let mut platform = followed(Policy::default());
    platform.import_numbers(at("09:00:00"), vec![number("+8617000000001")]).unwrap();
    let mut refused =
        |who: &str, number: PhoneNumber| platform.request_binding(at("09:05:00"), account(who), number).unwrap_err();
    assert_eq!(refused("stranger", phone()), Refusal::NotFollowing);
    let invalid = |allowed| Refusal::Invalid { field: Field::Number, allowed };
    assert_eq!(refused("zhang", number("13800000009")), invalid(Allowed::SubscriberNumber));
    assert_eq!(refused("zhang", line()), invalid(Allowed::SubscriberNumber));
    assert_eq!(refused("zhang", number("+8617000000001")), invalid(Allowed::NotAVirtualNumber));
    assert_eq!(
        platform.confirm_binding(at("09:05:00"), account("zhang"), phone(), Code::parse("123456").unwrap()),
        Err(Refusal::NotRequested)
    );
    let landline = number("+861012345678");
    let lines = vec![Line { number: line(), channels: 2 }, Line { number: landline, channels: 1 }];
    let update = RegisterMerchant {
        chatbot: Some(Address::parse("sip:1065000000@chatbot.example").unwrap()),
        ..RegisterMerchant::new(MERCHANT, "商户1", lines, Zone::parse("Asia/Shanghai").unwrap())
    };
    platform.register_merchant(at("09:06:00"), update).unwrap();
    assert_eq!(platform.request_binding(at("09:07:00"), account("zhang"), landline), Err(invalid(Allowed::NotALine)));
}

#[test]
fn without_a_key_nothing_is_bound() {
    let mut platform = world(Policy::default(), 2);
    platform.follow(at("09:00:00"), account("zhang")).unwrap();
    assert_eq!(platform.request_binding(at("09:05:00"), account("zhang"), phone()), Err(Refusal::NoKey));
}

#[test]
fn wrong_codes_count_and_the_last_one_ends_the_request() {
    let mut platform = followed(Policy { wrong_codes_per_day_max: 3, ..Policy::default() });
    let (_, challenge, code) = asks(&mut platform, at("09:05:00"), "zhang");
    for left in [2, 1, 0] {
        let reply = platform.confirm_binding(at("09:06:00"), account("zhang"), phone(), another(code));
        assert_eq!(reply, Ok(Reply::WrongCode(WrongCode { left })));
    }
    assert_eq!(told(&mut platform), (vec![changed("zhang", BindingChange::NotConfirmed)], vec![]));
    assert_eq!(platform.confirm_binding(at("09:06:00"), account("zhang"), phone(), code), Err(Refusal::NotRequested));
    assert!(platform.code(challenge.challenge).is_err());
    let refused = platform.request_binding(at("09:07:00"), account("li"), phone()).unwrap_err();
    let next_day = Timestamp::parse("2026-11-22T09:06:00+08:00").unwrap();
    assert_eq!(refused, Refusal::WrongCodeLimit { most: 3, retry_at: next_day }, "they count for the number, whoever asks");
}

#[test]
fn a_phone_is_not_flooded_with_codes() {
    let mut platform = followed(Policy { codes_per_hour_max: 2, ..Policy::default() });
    let (first, challenge, code) = asks(&mut platform, at("09:05:00"), "zhang");
    let (second, ..) = asks(&mut platform, at("09:05:30"), "zhang");
    assert_ne!(first, second);
    assert!(platform.code(challenge.challenge).is_err(), "asked again, the older code ends");
    let reply = platform.confirm_binding(at("09:06:00"), account("zhang"), phone(), code);
    assert_eq!(reply, Ok(Reply::WrongCode(WrongCode { left: 2 })));
    let refused = platform.request_binding(at("09:06:00"), account("li"), phone()).unwrap_err();
    assert_eq!(refused, Refusal::CodeLimit { most: 2, retry_at: at("10:05:00") });
    assert!(platform.request_binding(at("10:05:00"), account("li"), phone()).is_ok());
}

#[test]
fn a_code_that_is_over_binds_nothing() {
    let mut platform = followed(Policy::default());
    let (_, challenge, code) = asks(&mut platform, at("09:05:00"), "zhang");
    assert!(platform.code(challenge.challenge).is_ok());
    let late = platform.confirm_binding(at("09:15:00"), account("zhang"), phone(), code);
    assert_eq!(late, Err(Refusal::NotRequested));
    assert_eq!(told(&mut platform), (vec![], vec![]));
    assert!(platform.binding(&account("zhang"), phone()).is_none());
}

#[test]
fn who_proves_a_number_takes_it_over_and_the_other_is_told() {
    let mut platform = followed(Policy::default());
    let first = binds(&mut platform, at("09:05:00"), "zhang");
    let (second, _, code) = asks(&mut platform, at("09:10:00"), "li");
    told(&mut platform);
    assert_eq!(platform.fallback().account_of(phone()), Some((first, &account("zhang"))), "asking takes nothing");
    platform.confirm_binding(at("09:11:00"), account("li"), phone(), code).unwrap();
    let changes = vec![changed("zhang", BindingChange::TakenOver), changed("li", BindingChange::Bound)];
    assert_eq!(told(&mut platform), (changes, vec![(first, BindingEnd::TakenOver)]));
    assert_eq!(platform.fallback().account_of(phone()), Some((second, &account("li"))));
    assert!(platform.binding(&account("zhang"), phone()).is_none());
}

#[test]
fn who_does_not_follow_any_more_keeps_his_number_for_a_while() {
    let mut platform = followed(Policy { unfollowed_max_s: 600, ..Policy::default() });
    let binding = binds(&mut platform, at("09:05:00"), "zhang");
    told(&mut platform);
    let (.., code) = {
        let other = number("+8613800000008");
        platform.request_binding(at("09:06:00"), account("zhang"), other).unwrap();
        drain(&mut platform);
        (other, Code::parse("123456").unwrap())
    };
    assert_eq!(platform.unfollow(at("09:07:00"), account("zhang")), Ok(Reply::Done));
    assert_eq!(platform.unfollow(at("09:07:00"), account("zhang")), Ok(Reply::NoOp));
    let states: Vec<_> = platform.bindings(&account("zhang")).iter().map(|one| one.state).collect();
    assert_eq!(states, [BindingState::Suspended], "what he asked for ends with the following");
    assert_eq!(platform.fallback().account_of(phone()), None, "nothing can be sent there");
    let refused = platform.confirm_binding(at("09:08:00"), account("zhang"), number("+8613800000008"), code);
    assert_eq!(refused, Err(Refusal::NotRequested));
    assert_eq!(platform.poll_deadline(), Some((at("09:17:00"), Why::BindingEnds(binding))));
    assert_eq!(platform.follow(at("09:16:59"), account("zhang")), Ok(Reply::Done));
    assert_eq!(platform.fallback().account_of(phone()), Some((binding, &account("zhang"))), "it is the same binding");
    platform.unfollow(at("09:20:00"), account("zhang")).unwrap();
    platform.advance(at("09:29:59"), 100);
    assert_eq!(platform.bindings(&account("zhang")).len(), 1);
    assert_eq!(platform.follow(at("09:30:00"), account("zhang")), Ok(Reply::Done));
    assert_eq!(told(&mut platform), (vec![], vec![(binding, BindingEnd::Unfollowed)]), "also without advance");
    assert!(platform.bindings(&account("zhang")).is_empty());
}

#[test]
fn a_suspended_number_is_taken_over_without_a_word_to_who_left() {
    let mut platform = followed(Policy::default());
    let first = binds(&mut platform, at("09:05:00"), "zhang");
    platform.unfollow(at("09:06:00"), account("zhang")).unwrap();
    drain(&mut platform);
    let (_, _, code) = asks(&mut platform, at("09:07:00"), "li");
    platform.confirm_binding(at("09:08:00"), account("li"), phone(), code).unwrap();
    let ended = vec![(first, BindingEnd::TakenOver)];
    assert_eq!(told(&mut platform), (vec![changed("li", BindingChange::Bound)], ended));
    platform.follow(at("09:09:00"), account("zhang")).unwrap();
    assert!(platform.bindings(&account("zhang")).is_empty(), "it does not come back");
}

#[test]
fn what_is_given_back_is_free() {
    let mut platform = followed(Policy::default());
    let binding = binds(&mut platform, at("09:05:00"), "zhang");
    told(&mut platform);
    platform.unfollow(at("09:06:00"), account("zhang")).unwrap();
    assert_eq!(platform.unbind(at("09:07:00"), account("zhang"), phone()), Ok(Reply::Done), "he need not follow for that");
    assert_eq!(told(&mut platform), (vec![], vec![(binding, BindingEnd::Unbound)]));
    assert_eq!(platform.unbind(at("09:07:00"), account("zhang"), phone()), Ok(Reply::NoOp));
    let (_, challenge, _) = asks(&mut platform, at("09:08:00"), "li");
    assert_eq!(platform.unbind(at("09:09:00"), account("li"), phone()), Ok(Reply::Done));
    assert_eq!(told(&mut platform), (vec![], vec![]), "a request bound nothing");
    assert!(platform.code(challenge.challenge).is_err());
}

#[test]
fn a_forgotten_number_is_nobodys() {
    let mut platform = followed(Policy::default());
    let first = binds(&mut platform, at("09:05:00"), "zhang");
    let (_, challenge, code) = asks(&mut platform, at("09:10:00"), "li");
    told(&mut platform);
    let reply = platform.forget_me(at("09:11:00"), Address::Sms(phone()));
    assert_eq!(reply, Ok(Reply::Forgotten(Forgotten { bindings: 2, ..Forgotten::default() })));
    assert_eq!(told(&mut platform), (vec![changed("zhang", BindingChange::Forgotten)], vec![(first, BindingEnd::Forgotten)]));
    assert!(platform.code(challenge.challenge).is_err());
    assert_eq!(platform.confirm_binding(at("09:12:00"), account("li"), phone(), code), Err(Refusal::NotRequested));
    assert_eq!(platform.forget_me(at("09:12:00"), Address::Sms(phone())), Ok(Reply::NoOp));
    // A code that was over by its time, and an account that had left for too long, are not counted.
    let again = binds(&mut platform, at("09:20:00"), "zhang");
    platform.unfollow(at("09:21:00"), account("zhang")).unwrap();
    let late = at("09:21:00").saturating_add_s(u64::from(Policy::default().unfollowed_max_s));
    told(&mut platform);
    assert_eq!(platform.forget_me(late, Address::Sms(phone())), Ok(Reply::NoOp));
    assert_eq!(told(&mut platform), (vec![], vec![(again, BindingEnd::Unfollowed)]));
}

#[test]
fn accounts_are_bounded_and_a_full_outbox_asks_nobody() {
    let mut platform = followed(Policy { accounts_max: 2, bindings_max: 1, outbox_max: 7, ..Policy::default() });
    let refused = platform.follow(at("09:05:00"), account("wang"));
    assert_eq!(refused, Err(Refusal::Limit { bound: Bound::Accounts, most: 2 }));
    asks(&mut platform, at("09:05:00"), "zhang");
    let refused = platform.request_binding(at("09:05:00"), account("li"), phone());
    assert_eq!(refused, Err(Refusal::Limit { bound: Bound::Bindings, most: 1 }));
    for _ in 0..3 {
        platform.request_binding(at("09:06:00"), account("zhang"), phone()).unwrap();
    }
    let before = platform.snapshot();
    let refused = platform.request_binding(at("09:06:00"), account("zhang"), phone());
    assert_eq!(refused, Err(Refusal::Limit { bound: Bound::Outbox, most: 7 }));
    assert_eq!(platform.snapshot(), before, "the older code is still out");
}

#[test]
fn bindings_come_back_from_a_snapshot_and_their_keys_are_needed() {
    let mut platform = followed(Policy::default());
    let binding = binds(&mut platform, at("09:05:00"), "zhang");
    let (_, challenge, code) = asks(&mut platform, at("09:06:00"), "li");
    let bytes = platform.snapshot();
    assert!(matches!(Platform::restore(&bytes, Keyring::new(), 3), Err(RestoreError::KeyMissing { .. })));
    let mut restored = Platform::restore(&bytes, keyring(), 3).unwrap();
    assert_eq!(restored.snapshot(), bytes);
    assert_eq!(restored.code(challenge.challenge).unwrap(), code);
    assert_eq!(restored.fallback().account_of(phone()), Some((binding, &account("zhang"))));
    restored.load_key("k2", b"another key that everybody may know").unwrap();
    restored.rotate_key(at("09:07:00"), "k2").unwrap();
    assert_eq!(restored.unload_key("k1"), Err(KeyError::InUse { id: "k1".into() }), "a code of it is out");
    restored.confirm_binding(at("09:08:00"), account("li"), phone(), code).unwrap();
    assert_eq!(restored.unload_key("k1"), Ok(true));
    assert_eq!(restored.check_invariants(), Ok(()));
}

#[test]
fn the_two_halves_fire_in_the_order_of_time() {
    let mut platform = followed(Policy { code_life_s: 60, ..Policy::default() });
    let (_, challenge, _) = asks(&mut platform, at("17:59:30"), "zhang");
    platform.book(at("17:59:30"), common::booking(1)).unwrap();
    drain(&mut platform);
    let (due, why) = platform.poll_deadline().unwrap();
    assert_eq!(due, at("18:00:00"));
    assert!(matches!(why, Why::WindowOpens(_)), "{why:?}");
    assert_eq!(platform.advance(at("18:00:00"), 100).fired, 1);
    drain(&mut platform);
    assert_eq!(platform.poll_deadline(), Some((at("18:00:30"), Why::CodeExpires(challenge.challenge))));
    let progress = platform.advance(at("18:00:30"), 100);
    assert_eq!((progress.fired, progress.more), (1, false));
}

#[test]
fn a_number_that_an_account_has_becomes_no_line_and_no_virtual_number() {
    let mut platform = followed(Policy { unfollowed_max_s: 60, ..Policy::default() });
    binds(&mut platform, at("10:00:00"), "zhang");
    let registers = |platform: &mut Platform, now| {
        let lines = vec![Line { number: number("95599"), channels: 1 }, Line { number: phone(), channels: 1 }];
        platform.register_merchant(now, RegisterMerchant::new(9.into(), "Other", lines, Zone::parse("UTC").unwrap()))
    };
    let imports = |platform: &mut Platform, now| platform.import_numbers(now, vec![number("+8617000000077"), phone()]);
    assert_eq!(registers(&mut platform, at("10:00:01")), Err(Refusal::LineIsContact { index: 1 }));
    assert_eq!(imports(&mut platform, at("10:00:01")), Err(Refusal::NumberInUse { index: 1 }));
    // Suspended it is his still, until its time is over.
    platform.unfollow(at("10:00:02"), account("zhang")).unwrap();
    assert_eq!(registers(&mut platform, at("10:01:01")), Err(Refusal::LineIsContact { index: 1 }));
    drain(&mut platform);
    assert!(imports(&mut platform, at("10:01:02")).is_ok());
}
