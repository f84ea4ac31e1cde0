//! The chain of audit records (P17): one for each platform.
//!
//! Every record carries its number and a digest over the one before, so a record that was removed, changed or put in shows. The digest is
//! SHA-256 (FIPS 180-4) over the digest before it (32 zero bytes before the first), the shard (u16 LE), the number (u64 LE), the instant
//! (i64 LE, microseconds) and the record in [postcard](https://postcard.jamesmunns.com/wire-format)'s wire format.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::values::effect::{Audit, AuditRecord, Digest};
use crate::values::time::Timestamp;
use crate::values::wire;

/// The end of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    shard: u16,
    last: u64,
    head: Digest,
}

/// Why records are no chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ChainError {
    /// The next record has another number.
    #[error("record {expected} is missing: record {found} follows")]
    Missing {
        /// The number that should come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// The digest does not fit: this record was changed, or one before it.
    #[error("record {number} does not fit the chain: it was changed, or comes from another chain")]
    Broken {
        /// Its number.
        number: u64,
    },
}

impl Chain {
    /// The beginning of the chain of a shard.
    #[must_use]
    pub const fn new(shard: u16) -> Self {
        Self { shard, last: 0, head: Digest::ZERO }
    }

    /// The shard that it belongs to.
    #[must_use]
    pub const fn shard(&self) -> u16 {
        self.shard
    }

    /// The number of the last record, 0 before the first.
    #[must_use]
    pub const fn last(&self) -> u64 {
        self.last
    }

    /// Adds a record.
    pub fn add(&mut self, at: Timestamp, record: AuditRecord) -> Audit {
        self.last = self.last.saturating_add(1);
        self.head = self.digest(self.last, at, &record);
        Audit { number: self.last, at, record, digest: self.head }
    }

    /// Checks that a record is the next of the chain, and goes on to it.
    ///
    /// # Errors
    /// [`ChainError`] says whether one is missing or this one does not fit.
    pub fn verify(&mut self, audit: &Audit) -> Result<(), ChainError> {
        let expected = self.last.saturating_add(1);
        if audit.number != expected {
            return Err(ChainError::Missing { expected, found: audit.number });
        }
        let digest = self.digest(audit.number, audit.at, &audit.record);
        if digest != audit.digest {
            return Err(ChainError::Broken { number: audit.number });
        }
        (self.last, self.head) = (expected, digest);
        Ok(())
    }

    fn digest(&self, number: u64, at: Timestamp, record: &AuditRecord) -> Digest {
        let mut hasher = Sha256::new();
        hasher.update(self.head.as_bytes());
        hasher.update(self.shard.to_le_bytes());
        hasher.update(number.to_le_bytes());
        hasher.update(at.as_micros().to_le_bytes());
        let mut buffer = [0_u8; 256];
        match postcard::to_slice(record, &mut buffer) {
            Ok(bytes) => hasher.update(bytes),
            // A record that does not fit is long, not wrong.
            Err(_) => hasher.update(wire::bytes(record).unwrap_or_default()),
        }
        Digest::new(hasher.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::effect::LegLost;
    use crate::values::id::{CallId, LegId};
    use alloc::vec::Vec;

    fn record(leg: u64) -> AuditRecord {
        AuditRecord::LegLost(LegLost { leg: LegId::new(leg), call: CallId::new(1) })
    }

    fn chain_of(length: u64) -> Vec<Audit> {
        let mut chain = Chain::new(3);
        (0..length).map(|leg| chain.add(Timestamp::MIN, record(leg))).collect()
    }

    fn verify(audits: &[Audit]) -> Result<(), ChainError> {
        let mut chain = Chain::new(3);
        audits.iter().try_for_each(|audit| chain.verify(audit))
    }

    #[test]
    fn a_whole_chain_is_good() {
        assert_eq!(verify(&chain_of(20)), Ok(()));
    }

    #[test]
    fn a_removed_record_shows_wherever_it_stood() {
        for index in 0..19 {
            let mut audits = chain_of(20);
            audits.remove(index);
            let expected = u64::try_from(index).unwrap() + 1;
            assert_eq!(verify(&audits), Err(ChainError::Missing { expected, found: expected + 1 }));
        }
    }

    #[test]
    fn a_changed_record_shows_even_when_it_is_renumbered() {
        for index in 0..20 {
            let mut audits = chain_of(20);
            audits[index].record = record(99);
            assert_eq!(verify(&audits), Err(ChainError::Broken { number: u64::try_from(index).unwrap() + 1 }));
        }
        let mut audits = chain_of(20);
        audits.remove(5);
        for (number, audit) in (1..).zip(&mut audits) {
            audit.number = number;
        }
        assert_eq!(verify(&audits), Err(ChainError::Broken { number: 6 }));
    }

    #[test]
    fn another_shard_is_another_chain() {
        let mut other = Chain::new(4);
        assert_eq!(other.verify(&chain_of(1)[0]), Err(ChainError::Broken { number: 1 }));
    }
}
