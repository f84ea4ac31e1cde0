//! Readers of what switches and gateways write. They turn texts into values, with an error that says what is wrong and where; they decide
//! nothing.

pub mod announcement;
pub mod diversion;
pub mod isup;
pub mod reason;
mod scan;
#[cfg(feature = "wechat")]
pub mod wechat;
