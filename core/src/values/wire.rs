//! The bytes of a value in postcard's wire format: what snapshots hold, and what hashes and digests are taken of.

use alloc::vec::Vec;

use postcard::ser_flavors::Flavor;
use serde::Serialize;

/// The bytes of a value. Writing plain data into memory does not fail; should a value ever be made that cannot be written, tests stop here, and
/// a caller without bytes must not go on as if there had been nothing to write.
pub(crate) fn bytes<T: Serialize + ?Sized>(value: &T) -> Option<Vec<u8>> {
    let bytes = postcard::to_allocvec(value);
    debug_assert!(bytes.is_ok(), "a value cannot be written: {bytes:?}");
    bytes.ok()
}

/// Whether a value is written as these bytes and no others. Holds no second copy of them.
pub(crate) fn is_written_as<T: Serialize + ?Sized>(value: &T, bytes: &[u8]) -> bool {
    postcard::serialize_with_flavor::<T, Comparing<'_>, bool>(value, Comparing { left: bytes }).unwrap_or(false)
}

/// Compares what is written with bytes that are there.
struct Comparing<'a> {
    left: &'a [u8],
}

impl Flavor for Comparing<'_> {
    type Output = bool;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.left = self.left.strip_prefix(bytes).ok_or(postcard::Error::SerializeBufferFull)?;
        Ok(())
    }

    fn finalize(self) -> postcard::Result<bool> {
        Ok(self.left.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_written_as_its_own_bytes_and_as_no_others() {
        let value = (300_u32, "预约", [1_u8, 2]);
        let written = bytes(&value).unwrap();
        assert!(is_written_as(&value, &written));
        assert!(!is_written_as(&value, &written[..written.len() - 1]), "cut");
        assert!(!is_written_as(&value, &[written.as_slice(), &[0]].concat()), "more");
        for place in 0..written.len() {
            let mut other = written.clone();
            other[place] ^= 1;
            assert!(!is_written_as(&value, &other), "altered at {place}");
        }
    }
}
