//! Floor 3: decisions. Pure functions from facts to answers.

pub mod aftermath;
pub mod codes;
pub mod delivery;
pub mod diagnosis;
pub mod diversion;
pub mod gate;
pub mod grouping;
pub mod interworking;
pub mod law;
