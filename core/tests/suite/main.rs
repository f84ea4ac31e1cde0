//! The public face of the core. One program for all files, since linking one each takes longer than running them all.
//!
//! A file is a module here, and a test is found by its path: `cargo test -p ringfence --test suite gate::`.

mod common;

mod answers;
mod attachments;
mod barred_dials;
mod bindings;
mod books;
mod bounds;
mod calendars;
mod challenges;
mod diagnosis;
mod doubt;
mod gate;
mod gate_in_time;
mod given_up;
mod journal;
mod late;
mod meet;
mod messages;
mod nearest;
mod numbers;
mod people;
mod privacy;
mod readers;
mod repeats;
mod seldom;
mod snapshot;
mod sweep;
mod tables;
mod texts;
mod time_rules;
mod views;
mod voice_messages;
mod withdrawal;
mod written;
