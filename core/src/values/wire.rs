//! The bytes of a value in postcard's wire format: what snapshots hold, and what hashes and digests are taken of.

use alloc::vec::Vec;

use serde::Serialize;

/// The bytes of a value. Writing plain data into memory does not fail; should a value ever be made that cannot be written, tests stop here, and
/// a caller without bytes must not go on as if there had been nothing to write.
pub(crate) fn bytes<T: Serialize + ?Sized>(value: &T) -> Option<Vec<u8>> {
    let bytes = postcard::to_allocvec(value);
    debug_assert!(bytes.is_ok(), "a value cannot be written: {bytes:?}");
    bytes.ok()
}
