//! Floor 4: books. Plain stores with their indexes. They decide nothing.

pub mod agenda;
pub mod catalog;
pub mod chain;
pub mod codes;
pub mod contacts;
pub mod directory;
pub mod keyring;
pub mod law;
pub mod lines;
pub mod media;
pub mod numbers;
pub mod outbox;
pub mod repeats;
pub mod rings;
pub mod search;
pub mod senders;
pub mod shelf;
pub mod store;
