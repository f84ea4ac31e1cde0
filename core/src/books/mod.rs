//! Floor 4: books. Plain stores with their indexes. They decide nothing.

pub mod agenda;
pub mod catalog;
pub mod contacts;
pub mod lines;
pub mod outbox;
pub mod store;
