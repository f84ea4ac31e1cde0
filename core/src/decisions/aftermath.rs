//! What the end of a call means for its reservation.

use crate::values::policy::Policy;
use crate::values::time::{Timestamp, Window};

/// What a reservation has behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often the user was dialled without a conversation.
    pub attempts: u32,
    /// How often the merchant's own leg failed before the user was dialled.
    pub merchant_failures: u32,
    /// How often the platform's own `dial` was not carried out.
    pub platform_failures: u32,
    /// How many conversations there were.
    pub conversations: u32,
}

/// What a call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// Both were on the bridge.
    Conversation,
    /// The user was dialled, but there was no conversation.
    Attempt,
    /// The merchant's own leg failed before the user was dialled.
    MerchantFailure,
    /// A `dial` was not carried out, so nobody was rung by it.
    PlatformFailure,
    /// None of these: the platform stopped it before the user was dialled.
    Nothing,
    /// The user changed the terms while a phone rang, and they did not carry the call. It counts as nothing, but he is not rung again at once.
    Amended,
}

impl Tally {
    /// The tally with one call more.
    #[must_use]
    pub const fn with(mut self, came: Came) -> Self {
        match came {
            Came::Conversation => self.conversations = self.conversations.saturating_add(1),
            Came::Attempt => self.attempts = self.attempts.saturating_add(1),
            Came::MerchantFailure => self.merchant_failures = self.merchant_failures.saturating_add(1),
            Came::PlatformFailure => self.platform_failures = self.platform_failures.saturating_add(1),
            Came::Nothing | Came::Amended => {}
        }
        self
    }
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aftermath {
    /// Another call may follow, from this instant on.
    Reopen {
        /// The instant.
        eligible_at: Timestamp,
    },
    /// There was a conversation, and that was it.
    Complete,
    /// There was none, and there will be none.
    Miss,
    /// The user took it back meanwhile.
    Cancel,
    /// The merchant declined meanwhile.
    Decline,
}

/// What was said of a reservation while its call lived, and closes it when the call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawal {
    /// The user took it back.
    Cancelled,
    /// The merchant will not call.
    Declined,
}

/// What follows a call that came to `came` and ends at `now`. `before` is the tally without it.
#[must_use]
pub fn aftermath(
    before: Tally,
    came: Came,
    withdrawal: Option<Withdrawal>,
    window: &Window,
    policy: &Policy,
    now: Timestamp,
) -> Aftermath {
    let tally = before.with(came);
    match withdrawal {
        Some(Withdrawal::Cancelled) => return Aftermath::Cancel,
        Some(Withdrawal::Declined) => return Aftermath::Decline,
        None => {}
    }
    if tally.conversations >= policy.conversations_max {
        return Aftermath::Complete;
    }
    if now >= window.end() {
        return if tally.conversations > 0 { Aftermath::Complete } else { Aftermath::Miss };
    }
    let is_used_up = tally.attempts >= policy.attempts_max
        || tally.merchant_failures >= policy.merchant_attempts_max
        || tally.platform_failures >= policy.platform_attempts_max;
    if is_used_up {
        return if tally.conversations > 0 { Aftermath::Complete } else { Aftermath::Miss };
    }
    let eligible_at = match came {
        Came::Conversation | Came::Nothing => now,
        Came::Attempt | Came::MerchantFailure | Came::PlatformFailure | Came::Amended => {
            now.saturating_add_s(u64::from(policy.retry_spacing_s))
        }
    };
    Aftermath::Reopen { eligible_at }
}
