//! The keys of a platform. They are in no policy, log or snapshot.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use thiserror::Error;

use crate::values::text::Text;

/// The shortest key, in bytes (NIST SP 800-107 §5.3.4: as long as the strength it should give).
pub const KEY_BYTES_MIN: usize = 16;

/// Keys by id. `Debug` shows the ids only.
#[derive(Clone, Default)]
pub struct Keyring {
    keys: BTreeMap<Text, Vec<u8>>,
}

/// Why a key is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Too short.
    #[error("a key has {bytes} bytes; at least {KEY_BYTES_MIN} are needed")]
    TooShort {
        /// How many it had.
        bytes: usize,
    },
    /// Another key is loaded under this id.
    #[error("another key is loaded under the id {id}")]
    Taken {
        /// The id.
        id: Text,
    },
    /// It is in use: for new codes, or for one that is out.
    #[error("the key {id} is in use")]
    InUse {
        /// The id.
        id: Text,
    },
}

impl KeyError {
    /// The number of this error, in one numbering with the refusals; see [`Refusal::code`](crate::Refusal::code).
    #[must_use]
    pub const fn code(&self) -> u32 {
        match self {
            Self::TooShort { .. } => 118,
            Self::Taken { .. } => 119,
            Self::InUse { .. } => 117,
        }
    }
}

impl Keyring {
    /// An empty keyring.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key. The same key again changes nothing.
    ///
    /// # Errors
    /// [`KeyError`] when it is shorter than [`KEY_BYTES_MIN`], or another one has its id.
    pub fn load(&mut self, id: &str, key: &[u8]) -> Result<(), KeyError> {
        if key.len() < KEY_BYTES_MIN {
            return Err(KeyError::TooShort { bytes: key.len() });
        }
        match self.keys.get(id) {
            Some(known) if known.as_slice() != key => Err(KeyError::Taken { id: Text::from(id) }),
            Some(_) => Ok(()),
            None => {
                self.keys.insert(Text::from(id), key.to_vec());
                Ok(())
            }
        }
    }

    /// Takes a key out. False when there is none under this id.
    pub fn unload(&mut self, id: &str) -> bool {
        self.keys.remove(id).is_some()
    }

    /// The key with this id.
    #[must_use]
    pub(crate) fn get(&self, id: &str) -> Option<&[u8]> {
        self.keys.get(id).map(Vec::as_slice)
    }

    /// Whether a key is loaded under this id.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.keys.contains_key(id)
    }

    /// The ids of the keys, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(AsRef::as_ref)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.ids()).finish()
    }
}
