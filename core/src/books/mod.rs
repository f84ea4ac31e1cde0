//! Floor 4: books. Plain stores with their indexes. They decide nothing.

pub mod agenda;
pub mod bindings;
pub mod catalog;
pub mod chain;
pub mod commons;
pub mod contacts;
pub mod directory;
pub mod groups;
pub mod keyring;
pub mod law;
pub mod lines;
pub mod media;
pub mod messages;
pub mod numbers;
pub mod outbox;
pub mod profiles;
pub mod recent;
pub mod repeats;
pub mod search;
pub mod senders;
pub mod shelf;
pub mod store;
pub mod voice_messages;
