//! Snapshots: canonical, complete, and no bytes make them panic.

use crate::common::{self, at, booked, booking, drain, line, world};
use ringfence::{Action, CallMode, Evidence, Keyring, Platform, Policy, Reply, RestoreError};

/// A platform in the middle of things: one conversation, one ringing, one waiting, one closed, unconfirmed effects.
fn busy_platform() -> Platform {
    let mut platform = world(Policy::default(), 2);
    let talking = booked(&mut platform, 1, CallMode::MerchantCalls);
    booked(&mut platform, 2, CallMode::PlatformCalls);
    booked(&mut platform, 3, CallMode::PlatformCalls);
    let closed = booked(&mut platform, 4, CallMode::MerchantCalls);
    platform.cancel(at("10:00:00"), common::user(4), closed).unwrap();
    drain(&mut platform);
    let Ok(Reply::Allow(allow)) = platform.request_call(at("18:00:00"), line(), talking) else { panic!("denied") };
    let dialled =
        drain(&mut platform).into_iter().find_map(|action| if let Action::Dial(dial) = action { Some(dial.leg) } else { None });
    platform.leg_answered(at("18:00:05"), dialled.unwrap()).unwrap();
    platform.leg_answered(at("18:00:06"), allow.leg).unwrap();
    platform.advance(at("18:00:07"), 1_000);
    platform.check_invariants().unwrap();
    assert_eq!(platform.calls().len(), 2);
    assert!(platform.unconfirmed() > 0);
    platform
}

#[test]
fn a_restored_platform_is_the_same_and_goes_on_the_same() {
    let original = busy_platform();
    let bytes = original.snapshot();
    for seed in [0, 1, u64::MAX] {
        let mut restored = Platform::restore(&bytes, Keyring::new(), seed).unwrap();
        let mut original = original.clone();
        assert_eq!(restored.snapshot(), bytes, "canonical whatever the seed");
        assert_eq!(restored.state_hash(), original.state_hash());
        assert_eq!(restored.model_view(), original.model_view());
        for time in ["18:00:50", "18:30:00", "19:59:59", "20:00:00", "21:00:00"] {
            assert_eq!(restored.advance(at(time), 100), original.advance(at(time), 100));
            for leg in original.legs() {
                let ended = Evidence::default();
                assert_eq!(restored.leg_ended(at(time), leg, ended.clone()), original.leg_ended(at(time), leg, ended));
            }
            assert_eq!(restored.state_hash(), original.state_hash());
        }
    }
}

#[test]
fn polling_begins_again_at_the_first_unconfirmed_effect() {
    let mut original = busy_platform();
    let first = original.poll_effect().unwrap();
    let second = original.poll_effect().unwrap();
    original.confirm(first.sequence).unwrap();
    let mut restored = Platform::restore(&original.snapshot(), Keyring::new(), 0).unwrap();
    assert_eq!(restored.poll_effect(), Some(second));
}

#[test]
fn bytes_that_are_no_snapshot_are_refused_with_the_reason() {
    let bytes = busy_platform().snapshot();
    let restore = |bytes: &[u8]| Platform::restore(bytes, Keyring::new(), 0).err();
    assert_eq!(restore(b""), Some(RestoreError::NotASnapshot));
    assert_eq!(restore(b"RFNC"), Some(RestoreError::NotASnapshot));
    let mut newer = bytes.clone();
    newer[4] = 9;
    assert_eq!(restore(&newer), Some(RestoreError::Format { found: 9 }));
    for length in 14..bytes.len() {
        assert!(matches!(restore(&bytes[..length]), Some(RestoreError::Length { .. })), "cut at {length}");
    }
    for index in 14..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[index] ^= 1;
        assert_eq!(restore(&flipped), Some(RestoreError::Checksum), "flipped at {index}");
    }
}

#[test]
fn forged_content_under_a_good_checksum_is_refused_or_consistent() {
    let bytes = busy_platform().snapshot();
    let mut refused = 0;
    for index in 14..bytes.len() - 16 {
        for change in [1_u8, 0x40, 0xff] {
            let mut forged = bytes.clone();
            forged[index] ^= change;
            let body = forged.len() - 16;
            let sum = xxhash_rust::xxh3::xxh3_128(&forged[..body]);
            forged[body..].copy_from_slice(&sum.to_le_bytes());
            match Platform::restore(&forged, Keyring::new(), 0) {
                Err(_) => refused += 1,
                Ok(mut platform) => {
                    platform.check_invariants().unwrap();
                    platform.advance(at("23:00:00"), 1_000);
                    platform.check_invariants().unwrap();
                }
            }
        }
    }
    assert!(refused > bytes.len(), "most forgeries are seen: {refused}");
}

#[test]
fn refusals_leave_the_state_as_it_was() {
    let mut platform = busy_platform();
    let before = platform.state_hash();
    let mut stranger = booking(9);
    stranger.page = ringfence::PageId::new(99);
    assert!(platform.book(at("18:00:07"), stranger).is_err());
    let mut again = booking(2);
    again.window = common::evening();
    assert!(platform.book(at("18:00:07"), again).is_err(), "overlap");
    assert!(platform.confirm(10_000).is_err());
    assert_eq!(platform.state_hash(), before);
}
