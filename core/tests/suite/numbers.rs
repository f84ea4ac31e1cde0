//! Virtual numbers: whose they are, for how long, and what may never be one.

use crate::common::{PAGE, at, booked, booking, drain, number, user, world};
use ringfence::values::refusal::{Allowed, Field, Refusal};
use ringfence::values::reply::Imported;
use ringfence::{Action, Address, CallMode, Keyring, PhoneNumber, Platform, Policy, Reply, ReservationId, Window};

fn with_pool(policy: Policy, numbers: &[&str]) -> Platform {
    let mut platform = world(policy, 2);
    platform.import_numbers(at("09:01:00"), numbers.iter().map(|text| number(text)).collect()).unwrap();
    platform
}

fn books(platform: &mut Platform, time: &str, from: Address, hours: (&str, &str)) -> ReservationId {
    let window = Window::new(at(hours.0), at(hours.1)).unwrap();
    let book = ringfence::values::input::Book { user: from, window, ..booking(1) };
    let Ok(Reply::Booked(booked)) = platform.book(at(time), book) else { panic!("the booking was refused") };
    drain(platform);
    booked.reservation
}

fn held(platform: &Platform, id: ReservationId) -> Option<PhoneNumber> {
    platform.reservation(id).unwrap().virtual_number.map(|number| number.number())
}

#[test]
fn a_number_that_could_be_a_users_own_in_another_writing_is_no_number_of_the_pool() {
    let mut platform = world(Policy::default(), 1);
    let refused = Refusal::Invalid { field: Field::Numbers, allowed: Allowed::SubscriberNumber };
    for wrong in ["13800000001", "8613800000001", "110", "+86110", "95509"] {
        let both = vec![number("+8617000000001"), number(wrong)];
        assert_eq!(platform.import_numbers(at("09:01:00"), both), Err(refused.clone()), "{wrong}");
    }
    assert_eq!(
        platform.import_numbers(at("09:01:00"), vec![number("+8617000000001")]),
        Ok(Reply::Imported(Imported { added: 1 }))
    );
}

#[test]
fn whether_a_number_is_in_use_does_not_depend_on_when_the_host_advanced() {
    let run = |advances: bool| {
        let mut platform = world(Policy { retention_s: 60, ..Policy::default() }, 1);
        let reservation = booked(&mut platform, 1, CallMode::MerchantCalls);
        platform.cancel(at("10:00:00"), user(1), reservation).unwrap();
        if advances {
            platform.advance(at("12:00:00"), 100);
        }
        drain(&mut platform);
        let reply = platform.import_numbers(at("12:00:00"), vec![number("+8613800000001")]);
        (reply, drain(&mut platform).len() + usize::from(advances))
    };
    assert_eq!(run(true).0, Ok(Reply::Imported(Imported { added: 1 })));
    assert_eq!(run(false), run(true), "late, the archive comes with the import");
}

#[test]
fn a_person_has_one_number_with_a_merchant_whatever_he_writes_by() {
    let mut platform = with_pool(Policy::default(), &["+8617000000001", "+8617000000002"]);
    let phone = number("+8613800000001");
    let first = books(&mut platform, "09:05:00", Address::Rcs(phone), ("18:00:00", "19:00:00"));
    let second = books(&mut platform, "09:06:00", Address::Sms(phone), ("19:00:00", "20:00:00"));
    assert_eq!(held(&platform, first), Some(number("+8617000000001")));
    assert_eq!(held(&platform, second), held(&platform, first));
    platform.cancel(at("09:07:00"), Address::Mms(phone), first).unwrap();
    let third = books(&mut platform, "09:08:00", user(2), ("18:00:00", "19:00:00"));
    assert_eq!(held(&platform, third), Some(number("+8617000000002")), "the other one is held still");
    platform.check_invariants().unwrap();
}

#[test]
fn a_page_goes_to_no_number_of_the_pool() {
    let mut platform = with_pool(Policy::default(), &["+8617000000001"]);
    let refused = Refusal::Invalid { field: Field::To, allowed: Allowed::NotAVirtualNumber };
    let pool = number("+8617000000001");
    for to in [Address::Rcs(pool), Address::Sms(pool), Address::Mms(pool)] {
        assert_eq!(platform.push_page(at("09:02:00"), PAGE, vec![user(1), to]), Err(refused.clone()));
    }
    assert!(drain(&mut platform).is_empty(), "nobody gets it then");
    platform.push_page(at("09:02:00"), PAGE, vec![user(1)]).unwrap();
}

#[test]
fn once_a_number_has_rested_nothing_of_its_user_is_left() {
    // His messages may be reported on for a minute, and nothing is remembered for his next booking.
    let fallback_wait_s = 60;
    let policy = Policy { number_rest_s: 600, retention_s: 60, fallback_wait_s, profiles_remembered: false, ..Policy::default() };
    let mut platform = with_pool(policy, &["+8617000000001"]);
    let phone = number("+8613800000001");
    let first = books(&mut platform, "09:05:00", user(1), ("18:00:00", "19:00:00"));
    platform.cancel(at("10:00:00"), user(1), first).unwrap();
    let is_known = |platform: &Platform| {
        let bytes = platform.snapshot();
        let text = postcard_of(phone);
        bytes.windows(text.len()).any(|window| window == text)
    };
    platform.advance(at("10:09:59"), 100);
    drain(&mut platform);
    assert!(platform.reservations().is_empty() && is_known(&platform), "while it rests it is kept for him");
    platform.advance(at("10:10:00"), 100);
    assert!(!is_known(&platform));
    let restored = Platform::restore(&platform.snapshot(), Keyring::new(), 1).unwrap();
    assert_eq!(restored.state_hash(), platform.state_hash());
    let other = books(&mut platform, "10:11:00", user(2), ("18:00:00", "19:00:00"));
    assert_eq!(held(&platform, other), Some(number("+8617000000001")));
}

/// A phone number as it stands in a snapshot.
fn postcard_of(phone: PhoneNumber) -> Vec<u8> {
    postcard::to_allocvec(&phone).unwrap()
}

#[test]
fn whose_a_number_is_does_not_depend_on_when_the_host_advanced() {
    let run = |advances: bool| {
        let policy = Policy { number_rest_s: 600, numbers_low: 1, ..Policy::default() };
        let mut platform = with_pool(policy, &["+8617000000001", "+8617000000002"]);
        let first = books(&mut platform, "09:05:00", user(1), ("18:00:00", "19:00:00"));
        platform.cancel(at("10:00:00"), user(1), first).unwrap();
        if advances {
            platform.advance(at("10:10:00"), 100);
        }
        drain(&mut platform);
        let mut seen = Vec::new();
        for last in [1, 2, 3] {
            platform.book(at("10:10:00"), booking(last)).unwrap();
            seen.extend(drain(&mut platform).into_iter().filter(|action| matches!(action, Action::Send(_) | Action::Audit(_))));
        }
        let numbers: Vec<_> = platform.reservations().into_iter().map(|id| held(&platform, id)).collect();
        (numbers, seen.len())
    };
    let (one, other) = (number("+8617000000001"), number("+8617000000002"));
    assert_eq!(run(true).0, [Some(one), Some(other), Some(one), None], "who comes back late is a new user");
    assert_eq!(run(false), run(true));
}
