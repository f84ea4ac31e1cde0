//! The scopes: which worlds are explored, how many states they have, and what they cannot show.

use ringfence::values::policy::{CallMode, ModeChooser, Policy};
use ringfence::values::time::{TimeOfDay, Weekdays, WeeklyRule};

use crate::acts::Release;
use crate::moments::Moment;
use crate::world::{Budget, Sides};
use ringfence::values::cause::FailureReason;

/// How long what has a time of its own takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Everything takes twenty seconds, so that instants fall together and there are fewer states.
    Even,
    /// Each thing takes its own time, so that no two instants fall together but by what happened.
    Uneven,
}

/// A world to explore, and what is known of it.
#[derive(Clone, Copy)]
pub(crate) struct Scope {
    pub(crate) name: &'static str,
    /// Which parts of the list on top it belongs to.
    pub(crate) letters: &'static str,
    pub(crate) budget: Budget,
    pub(crate) window_s: u32,
    /// How long everything takes.
    pub(crate) pace: Pace,
    pub(crate) attempts_max: u32,
    pub(crate) merchant_attempts_max: u32,
    /// Who stands on which side.
    pub(crate) sides: Sides,
    /// The modes that silence means, each with a world of its own.
    pub(crate) modes: &'static [CallMode],
    /// What may be said of a leg that nobody answered.
    pub(crate) releases: &'static [Release],
    /// The moments that it has what it takes for, and cannot show all the same.
    pub(crate) lacks: &'static [Moment],
    /// How many states it has, and how many of them are different to the platform alone.
    pub(crate) states: usize,
    pub(crate) views: usize,
}

impl Scope {
    pub(crate) fn policy(&self, mode_on_silence: CallMode) -> Policy {
        let is_caller = self.sides == Sides::Caller;
        let is_chosen = self.budget.slots > 0 || self.sides == Sides::TwoChannels;
        let [ring_timeout_s, answer_timeout_s, conversation_max_s, release_grace_s, retry_spacing_s] = match self.pace {
            Pace::Even => [20; 5],
            Pace::Uneven => [20, 8, 31, 5, 12],
        };
        Policy {
            ring_timeout_s,
            answer_timeout_s,
            conversation_max_s,
            release_grace_s,
            retry_spacing_s,
            attempts_max: self.attempts_max,
            merchant_attempts_max: self.merchant_attempts_max,
            retention_s: 20,
            dedup_retention_s: 20,
            // No gateway reports on messages in these worlds.
            messages_max: 0,
            mode_on_silence,
            // Slots are chosen, and many are called, where nobody has to choose the mode.
            mode_chosen_by: if is_chosen { ModeChooser::Platform(mode_on_silence) } else { ModeChooser::Merchant },
            conversations_max: if self.budget.amends > 0 { 2 } else { 1 },
            code_life_s: if is_caller { 120 } else { 20 },
            code_tries_max: 2,
            number_rest_s: 20,
            numbers_low: 0,
            callable_hours: if self.sides == Sides::Gap {
                vec![hours("17:00", "18:00"), hours("18:01", "19:00")]
            } else {
                Vec::new()
            },
            record_max_s: 20,
            record_grace_s: 20,
            push_timeout_s: 20,
            push_backoff_s: 20,
            push_attempts_max: if is_caller { 2 } else { 1 },
            voice_by_sms: is_caller,
            voice_message_life_s: if is_caller { 60 } else { 40 },
            voice_messages_max: if is_caller && self.budget.requests > 1 { 1 } else { Policy::default().voice_messages_max },
            unfollowed_max_s: 40,
            ..Policy::default()
        }
    }
}

/// Hours of every day.
fn hours(from: &str, to: &str) -> WeeklyRule {
    let time = |text: &str| TimeOfDay::parse(text).expect("a time of the day");
    WeeklyRule::new(Weekdays::ALL, time(from), time(to)).expect("hours")
}

const TROUBLE_FREE: Budget = Budget {
    requests: 1,
    cancels: 0,
    modes: 0,
    odd: 0,
    faults: 0,
    late: 0,
    amends: 0,
    declines: 0,
    blocks: 0,
    slots: 0,
    right: 0,
    wrong: 0,
    asks: 0,
    bookings: 0,
    forgets: 0,
    bars: 0,
    takeovers: 0,
    follows: 0,
    unbinds: 0,
    again: 0,
    withdrawals: u8::MAX,
};

/// A phone that is busy, and one that rings and is not answered.
const TWO_RELEASES: &[Release] = &[Release::Failed(FailureReason::Busy), Release::Failed(FailureReason::NoAnswer)];

/// Every class of what a network says.
pub(crate) const EVERY_RELEASE: &[Release] = &[
    Release::Nothing,
    Release::Normal,
    Release::Failed(FailureReason::Busy),
    Release::Failed(FailureReason::PoweredOff),
    Release::Failed(FailureReason::OutOfServiceArea),
    Release::Failed(FailureReason::Suspended),
    Release::Failed(FailureReason::NoAnswer),
    Release::Failed(FailureReason::Rejected),
    Release::Failed(FailureReason::InvalidNumber),
    Release::Failed(FailureReason::CallerGaveUp),
    Release::Failed(FailureReason::NetworkFault),
    Release::Failed(FailureReason::Blocked),
    Release::Failed(FailureReason::Unknown),
];

/// One merchant with one line of one channel, two users who both have booked a window of twice the ring time.
const PLAIN: Scope = Scope {
    name: "",
    letters: "",
    budget: TROUBLE_FREE,
    window_s: 40,
    pace: Pace::Even,
    attempts_max: 2,
    merchant_attempts_max: 1,
    sides: Sides::OneMerchantTwoUsers,
    modes: &CallMode::ALL,
    releases: TWO_RELEASES,
    lacks: &[],
    states: 0,
    views: 0,
};

/// The scopes that `make test` explores. Together they show every moment.
pub(crate) const SMALL: &[Scope] = &[
    Scope { name: "calls and cancels", letters: "a c f", budget: Budget { requests: 2, cancels: 1, ..TROUBLE_FREE }, ..PLAIN },
    Scope { name: "choices of the mode", letters: "a", budget: Budget { modes: 1, ..TROUBLE_FREE }, ..PLAIN },
    Scope { name: "every release", letters: "a", releases: EVERY_RELEASE, ..PLAIN },
    Scope {
        name: "odd reports and faults",
        letters: "a g",
        budget: Budget { odd: 1, faults: 1, ..TROUBLE_FREE },
        sides: Sides::OneUser,
        ..PLAIN
    },
    Scope {
        name: "faults and a late host",
        letters: "g",
        budget: Budget { faults: 1, late: 2, ..TROUBLE_FREE },
        sides: Sides::OneUser,
        ..PLAIN
    },
    Scope {
        name: "two merchants and one user",
        letters: "a",
        budget: Budget { requests: 2, ..TROUBLE_FREE },
        sides: Sides::TwoMerchantsOneUser,
        ..PLAIN
    },
    Scope {
        name: "two users on one bridge",
        letters: "b c",
        budget: Budget { cancels: 1, blocks: 1, withdrawals: 1, ..TROUBLE_FREE },
        sides: Sides::OneMerchantTwoSharing,
        ..PLAIN
    },
    Scope {
        name: "what is taken back",
        letters: "c",
        budget: Budget { cancels: 1, amends: 1, declines: 1, blocks: 1, forgets: 1, withdrawals: 1, ..TROUBLE_FREE },
        sides: Sides::OneUser,
        ..PLAIN
    },
    Scope {
        name: "slots",
        letters: "a",
        budget: Budget { requests: 0, slots: 2, ..TROUBLE_FREE },
        sides: Sides::OneUser,
        ..PLAIN
    },
    Scope {
        name: "the holder's code",
        letters: "a",
        budget: Budget { right: 1, wrong: 3, asks: 1, ..TROUBLE_FREE },
        sides: Sides::Holder,
        ..PLAIN
    },
    Scope {
        name: "one virtual number",
        letters: "d",
        budget: Budget { cancels: 1, bookings: 1, ..TROUBLE_FREE },
        sides: Sides::OneNumber,
        ..PLAIN
    },
    Scope {
        name: "a user of two merchants who wants to be forgotten",
        letters: "c",
        budget: Budget { forgets: 1, ..TROUBLE_FREE },
        sides: Sides::TwoMerchantsOneUser,
        ..PLAIN
    },
    Scope {
        name: "freezes, the do-not-call list and callable hours",
        letters: "a c",
        budget: Budget { requests: 2, bars: 2, ..TROUBLE_FREE },
        window_s: 100,
        sides: Sides::Gap,
        ..PLAIN
    },
    Scope {
        name: "the recorder of a reserved call",
        letters: "e",
        budget: Budget { requests: 2, cancels: 1, ..TROUBLE_FREE },
        sides: Sides::Recorder,
        ..PLAIN
    },
    Scope {
        name: "the recorder of a reserved call, and faults",
        letters: "e g",
        budget: Budget { faults: 1, ..TROUBLE_FREE },
        sides: Sides::Recorder,
        ..PLAIN
    },
    Scope {
        name: "voice messages",
        letters: "e g",
        budget: Budget { odd: 1, faults: 1, takeovers: 1, follows: 2, ..TROUBLE_FREE },
        sides: Sides::Caller,
        ..PLAIN
    },
    Scope {
        name: "no room for a message",
        letters: "e",
        budget: Budget { requests: 2, ..TROUBLE_FREE },
        sides: Sides::Caller,
        ..PLAIN
    },
    Scope {
        name: "who has a number",
        letters: "e",
        budget: Budget { requests: 0, asks: 3, right: 2, wrong: 2, follows: 2, unbinds: 1, forgets: 1, ..TROUBLE_FREE },
        sides: Sides::TwoAccounts,
        modes: &[CallMode::MerchantCalls],
        ..PLAIN
    },
    Scope {
        name: "retries on one channel",
        letters: "f",
        budget: Budget { requests: 0, ..TROUBLE_FREE },
        window_s: 80,
        modes: &[CallMode::PlatformCalls],
        ..PLAIN
    },
    Scope {
        name: "three users and two channels",
        letters: "f",
        budget: Budget { requests: 0, ..TROUBLE_FREE },
        attempts_max: 1,
        lacks: &[Moment::Retry, Moment::RetryGoesBehind],
        sides: Sides::TwoChannels,
        modes: &[CallMode::PlatformCalls],
        releases: &[Release::Failed(FailureReason::Busy)],
        ..PLAIN
    },
    Scope {
        name: "what comes again under its key",
        letters: "a",
        budget: Budget { cancels: 1, again: 2, ..TROUBLE_FREE },
        sides: Sides::OneUser,
        ..PLAIN
    },
];

/// The larger ones, for `make model`: more kinds of trouble at once.
pub(crate) const LARGE: &[Scope] = &[
    Scope {
        name: "two users, odd reports and faults",
        letters: "a g",
        budget: Budget { odd: 1, faults: 1, ..TROUBLE_FREE },
        ..PLAIN
    },
    Scope {
        name: "two users, faults and a late host",
        letters: "f g",
        budget: Budget { faults: 1, late: 2, ..TROUBLE_FREE },
        ..PLAIN
    },
    Scope {
        name: "every release, odd reports and faults",
        letters: "a g",
        budget: Budget { odd: 1, faults: 1, ..TROUBLE_FREE },
        releases: EVERY_RELEASE,
        sides: Sides::OneUser,
        ..PLAIN
    },
    Scope {
        name: "calls, cancels, choices and a late host",
        letters: "a c f g",
        budget: Budget { requests: 2, cancels: 1, modes: 1, late: 1, ..TROUBLE_FREE },
        ..PLAIN
    },
    Scope {
        name: "cancels, faults and a late host",
        letters: "a c g",
        budget: Budget { cancels: 1, faults: 1, late: 1, ..TROUBLE_FREE },
        ..PLAIN
    },
    Scope {
        name: "two merchants and one user, and a late host",
        letters: "a g",
        budget: Budget { requests: 2, late: 1, ..TROUBLE_FREE },
        sides: Sides::TwoMerchantsOneUser,
        ..PLAIN
    },
    Scope {
        name: "two users on one bridge, and faults",
        letters: "b g",
        budget: Budget { faults: 1, ..TROUBLE_FREE },
        sides: Sides::OneMerchantTwoSharing,
        ..PLAIN
    },
    Scope {
        name: "everything is taken back",
        letters: "c",
        budget: Budget { cancels: 1, amends: 1, declines: 1, blocks: 1, forgets: 1, ..TROUBLE_FREE },
        sides: Sides::OneUser,
        ..PLAIN
    },
    Scope {
        name: "what is taken back, faults and a late host",
        letters: "c g",
        budget: Budget {
            cancels: 1,
            amends: 1,
            declines: 1,
            blocks: 1,
            forgets: 1,
            withdrawals: 1,
            faults: 1,
            late: 1,
            ..TROUBLE_FREE
        },
        sides: Sides::OneUser,
        ..PLAIN
    },
    Scope {
        name: "the holder's code and cancels",
        letters: "a c",
        budget: Budget { cancels: 1, right: 1, wrong: 3, asks: 1, ..TROUBLE_FREE },
        sides: Sides::Holder,
        ..PLAIN
    },
    Scope {
        name: "one virtual number, longer, and faults",
        letters: "d g",
        budget: Budget { cancels: 1, bookings: 1, faults: 1, ..TROUBLE_FREE },
        window_s: 60,
        sides: Sides::OneNumber,
        ..PLAIN
    },
    Scope {
        name: "the recorder of a reserved call, cancels, faults and a late host",
        letters: "e g",
        budget: Budget { requests: 2, cancels: 1, faults: 1, late: 1, ..TROUBLE_FREE },
        sides: Sides::Recorder,
        ..PLAIN
    },
    Scope {
        name: "voice messages and more odd reports",
        letters: "e g",
        budget: Budget { odd: 2, faults: 1, takeovers: 1, follows: 2, ..TROUBLE_FREE },
        sides: Sides::Caller,
        ..PLAIN
    },
    Scope {
        name: "three users, two channels and retries",
        letters: "f",
        budget: Budget { requests: 0, ..TROUBLE_FREE },
        sides: Sides::TwoChannels,
        modes: &[CallMode::PlatformCalls],
        releases: &[Release::Failed(FailureReason::Busy)],
        ..PLAIN
    },
    Scope {
        name: "two users, each thing at its own pace",
        letters: "a f",
        budget: Budget { requests: 1, ..TROUBLE_FREE },
        pace: Pace::Uneven,
        ..PLAIN
    },
    Scope {
        name: "three users, two channels, each thing at its own pace",
        letters: "f",
        budget: Budget { requests: 0, ..TROUBLE_FREE },
        pace: Pace::Uneven,
        attempts_max: 1,
        sides: Sides::TwoChannels,
        modes: &[CallMode::PlatformCalls],
        releases: &[Release::Failed(FailureReason::Busy)],
        lacks: &[Moment::Retry, Moment::RetryGoesBehind],
        ..PLAIN
    },
];
