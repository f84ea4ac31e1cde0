//! Snapshots: any bytes, and the bytes of a real one that were altered under a good checksum.

use ringfence::values::evidence::Evidence;
use ringfence::values::id::LegId;
use ringfence::values::input::{Input, LegAnswered, LegEnded, RequestCall, Resync};
use ringfence::{Platform, ReservationId};
use xxhash_rust::xxh3::xxh3_128;

use super::bytes::Bytes;
use super::handle::platform;
use crate::codes::test_keyring;

/// What stands before the body of a snapshot: a mark, the format, the length.
const HEAD: usize = 14;
/// The checksum behind it.
const SUM: usize = 16;

/// The first byte says what the others are: a whole snapshot, or the body of one, which gets the head and the checksum that it needs. What is restored must be
/// sound, and be of use.
///
/// # Panics
/// When anything of that does not hold.
pub fn snapshot(bytes: &[u8]) {
    let Some((mode, rest)) = bytes.split_first() else { return };
    if mode & 1 == 0 {
        restored(rest);
    } else {
        restored(&sealed(rest));
    }
}

/// The bytes are a platform's life, as [`handle`](super::handle) reads one, and what is then done to the bytes of its snapshot, under a good
/// checksum. What is restored must be sound, and be of use.
///
/// # Panics
/// When anything of that does not hold.
pub fn forged(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let changes = usize::from(bytes.byte() & 15) + 1;
    let changes = bytes.take(changes * CHANGE);
    let snapshot = platform(bytes.rest()).snapshot();
    let mut body = snapshot[HEAD..snapshot.len() - SUM].to_vec();
    for change in changes.chunks(CHANGE) {
        alter(&mut body, &mut Bytes::new(change));
    }
    restored(&sealed(&body));
}

/// How many bytes say one change.
const CHANGE: usize = 4;

/// One change: where, of which kind, and a value.
fn alter(body: &mut Vec<u8>, change: &mut Bytes<'_>) {
    let place = usize::from(change.byte()) << 8 | usize::from(change.byte());
    let (kind, value) = (change.byte(), change.byte());
    let Some(place) = place.checked_rem(body.len()) else { return };
    match kind % 8 {
        0 => body[place] = value,
        1 => body[place] ^= 1 << (value & 7),
        2 => body[place] = body[place].wrapping_add(1),
        3 => body[place] = body[place].wrapping_sub(1),
        4 => body.insert(place, value),
        5 => {
            body.remove(place);
        }
        6 => {
            // Two places change their contents.
            let other = (place + usize::from(value) + 1) % body.len();
            body.swap(place, other);
        }
        _ => {
            // A number of many bytes.
            let end = (place + 1 + usize::from(value % 10)).min(body.len());
            body.splice(place..end, [0xff; 9].into_iter().chain([1]));
        }
    }
}

/// A body with the head and the checksum that it needs.
fn sealed(body: &[u8]) -> Vec<u8> {
    let of_nothing = Platform::new(ringfence::Policy::default(), test_keyring(), 0).map(|platform| platform.snapshot());
    let mut out = of_nothing.expect("a platform can be made")[..HEAD - 8].to_vec();
    out.extend((body.len() as u64).to_le_bytes());
    out.extend(body);
    let sum = xxh3_128(&out);
    out.extend(sum.to_le_bytes());
    out
}

/// What can be restored is sound and of use: it is written as it was, deadlines fire, inputs are taken, all of it ends.
fn restored(bytes: &[u8]) {
    let Ok(mut platform) = Platform::restore(bytes, test_keyring(), 1) else { return };
    assert_eq!(platform.snapshot(), bytes, "what is restored is written as it was");
    sound(&platform);
    let latest = platform.latest();
    while platform.poll_effect().is_some() {}
    for leg in platform.legs() {
        let _ = platform.handle(latest, Input::LegAnswered(LegAnswered { leg }));
        sound(&platform);
    }
    for id in platform.reservations() {
        if let Some(line) = platform.reservation(id).map(|kept| kept.line) {
            let request = RequestCall::new(line, id);
            let _ = platform.gate(request, latest);
            let _ = platform.handle(latest, Input::RequestCall(request));
            sound(&platform);
        }
    }
    let _ = platform.handle(latest, Input::Resync(Resync { legs: vec![LegId::new(1)] }));
    sound(&platform);
    for leg in platform.legs().into_iter().take(2) {
        let _ = platform.handle(latest, Input::LegEnded(LegEnded { leg, evidence: Evidence::default() }));
    }
    ends(platform);
}

/// Its deadlines fire until none is left. What was altered may lie in any year, and end there; it may not go on for ever.
fn ends(mut platform: Platform) {
    let mut left = 20_000;
    loop {
        while platform.poll_effect().is_some() {}
        confirm(&mut platform);
        let Some((due, _)) = platform.poll_deadline() else { break };
        left -= 1;
        assert!(left > 0, "it goes on and on, now at {due}");
        let now = due.max(platform.latest());
        if platform.advance(now, 100).is_clock_refused {
            platform.confirm_clock(now).expect("the clock is right");
        }
    }
    sound(&platform);
    assert!(platform.legs().is_empty() && platform.calls().is_empty(), "everything has ended");
    let open = |id: &ReservationId| platform.reservation(*id).is_some_and(|kept| kept.closed.is_none());
    assert!(!platform.reservations().iter().any(open), "everything has ended");
    let again = Platform::restore(&platform.snapshot(), test_keyring(), 2).map(|again| again.state_hash());
    assert_eq!(again, Ok(platform.state_hash()), "what went on from it can be restored as well");
}

/// Everything that was handed out is confirmed. The number of the last one is told by the refusal of a larger one.
fn confirm(platform: &mut Platform) {
    if let Err(ringfence::Refusal::NotEmitted { last, .. }) = platform.confirm(u64::MAX) {
        platform.confirm(last).expect("the last one that there is");
    }
}

fn sound(platform: &Platform) {
    platform.check_invariants().unwrap_or_else(|what| panic!("{what}"));
}
