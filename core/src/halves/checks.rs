//! What both halves check alike: bounds of the policy, the limits of codes, evidence, and what must hold between inputs.

use super::Context;
use crate::values::cause::ReleaseCause;
use crate::values::effect::{Action, HangUp};
use crate::values::evidence::Evidence;
use crate::values::id::LegId;
use crate::values::number::PhoneNumber;
use crate::values::policy::Policy;
use crate::values::refusal::{Allowed, Bound, Field, Refusal};
use crate::values::reply::Reply;

/// Says which invariant does not hold, and where.
macro_rules! hold {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err(alloc::format!($($text)+));
        }
    };
}
pub(crate) use hold;

/// A bound of the policy is reached when `count` is `most` already.
pub(crate) fn limit(bound: Bound, count: usize, most: u32) -> Result<(), Refusal> {
    if count < usize::try_from(most).unwrap_or(usize::MAX) {
        Ok(())
    } else {
        Err(Refusal::Limit { bound, most: u64::from(most) })
    }
}

/// The same for a count of everything.
pub(crate) const fn limit_u64(bound: Bound, count: u64, most: u32) -> Result<(), Refusal> {
    let most = most as u64;
    if count < most { Ok(()) } else { Err(Refusal::Limit { bound, most }) }
}

/// More than `most` entries are too many.
pub(crate) fn at_most(bound: Bound, count: usize, most: u32) -> Result<(), Refusal> {
    limit(bound, count.saturating_sub(1), most)
}

/// A text is within `text_chars_max`.
pub(crate) fn check_text(text: &str, policy: &Policy) -> Result<(), Refusal> {
    at_most(Bound::TextChars, text.chars().count(), policy.text_chars_max)
}

/// The outbox takes new work that emits so many effects at once.
pub(crate) fn check_outbox(cx: &Context<'_>, effects: usize) -> Result<(), Refusal> {
    let most = u64::from(cx.policy.outbox_max);
    if cx.has_room_for(effects) { Ok(()) } else { Err(Refusal::Limit { bound: Bound::Outbox, most }) }
}

/// Whether one more code may go to this number now, whatever for.
///
/// # Errors
/// `wrong_code_limit`, `code_limit`.
pub(crate) fn check_code_limits(cx: &Context<'_>, number: PhoneNumber) -> Result<(), Refusal> {
    let most = cx.policy.wrong_codes_per_day_max;
    let retry_at = cx.commons.wrong_codes.free_from(number, most, cx.now);
    if retry_at > cx.now {
        return Err(Refusal::WrongCodeLimit { most, retry_at });
    }
    let most = cx.policy.codes_per_hour_max;
    let retry_at = cx.commons.codes.free_from(number, most, cx.now);
    if retry_at > cx.now {
        return Err(Refusal::CodeLimit { most, retry_at });
    }
    Ok(())
}

/// A leg that is gone here rings, or was answered, at the switch: it must not stay in a call that nobody governs. Nothing bounds how often that is
/// reported, so it needs room.
pub(crate) fn hang_up_stray(cx: &mut Context<'_>, leg: LegId) -> Result<Reply, Refusal> {
    check_outbox(cx, 1)?;
    let cause = ReleaseCause::Unknown;
    cx.emit(Action::HangUp(HangUp { leg, cause, q850_cause: cause.q850(), prompt: None }));
    Ok(Reply::Done)
}

/// What the network said is within its ranges.
pub(crate) fn check_evidence(evidence: &Evidence) -> Result<(), Refusal> {
    let invalid = Refusal::Invalid { field: Field::Evidence, allowed: Allowed::KnownCauses };
    if evidence.is_in_range() { Ok(()) } else { Err(invalid) }
}
