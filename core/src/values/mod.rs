//! Floor 1: values. Plain data with its own rules and no knowledge of any floor above.

pub mod account;
pub mod audit;
pub mod called_zone;
pub mod cause;
pub mod code;
pub mod content;
pub mod effect;
pub mod evidence;
pub mod export;
pub mod id;
pub mod input;
pub mod media;
pub mod number;
pub mod person;
pub mod policy;
pub mod refusal;
pub mod reply;
pub mod status;
pub mod text;
pub mod time;
pub mod voice;
pub(crate) mod wire;
