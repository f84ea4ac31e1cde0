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
    /// How many users and channels there are at most.
    pub(crate) crowd: (usize, u32),
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
        let is_chosen = self.budget.slots > 0 || self.sides == Sides::Crowd;
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

pub(crate) const TROUBLE_FREE: Budget = Budget {
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
pub(crate) const PLAIN: Scope = Scope {
    name: "",
    letters: "",
    budget: TROUBLE_FREE,
    window_s: 40,
    pace: Pace::Even,
    attempts_max: 2,
    merchant_attempts_max: 1,
    sides: Sides::OneMerchantTwoUsers,
    crowd: (2, 1),
    modes: &CallMode::ALL,
    releases: TWO_RELEASES,
    lacks: &[],
    states: 0,
    views: 0,
};

/// So many users of one merchant, in platform mode, on so many channels. Each phone is tried once and is busy or answered: it is the queue that is looked at.
const fn crowd(users: usize, channels: u32) -> Scope {
    Scope {
        letters: "f",
        budget: Budget { requests: 0, ..TROUBLE_FREE },
        attempts_max: 1,
        sides: Sides::Crowd,
        crowd: (users, channels),
        modes: &[CallMode::PlatformCalls],
        releases: &[Release::Failed(FailureReason::Busy)],
        lacks: &[Moment::Retry, Moment::RetryGoesBehind],
        ..PLAIN
    }
}

/// The scopes that `make test` explores. Together they show every moment.
pub(crate) const SMALL: &[Scope] = &[
    Scope {
        name: "calls and cancels",
        letters: "a c f",
        budget: Budget { requests: 2, cancels: 1, ..TROUBLE_FREE },
        states: 66_966,
        views: 6_512,
        ..PLAIN
    },
    Scope {
        name: "choices of the mode",
        letters: "a",
        budget: Budget { modes: 1, ..TROUBLE_FREE },
        states: 36_840,
        views: 4_359,
        ..PLAIN
    },
    Scope { name: "every release", letters: "a", releases: EVERY_RELEASE, states: 7_490, views: 1_230, ..PLAIN },
    Scope {
        name: "odd reports and faults",
        letters: "a g",
        budget: Budget { odd: 1, faults: 1, ..TROUBLE_FREE },
        sides: Sides::OneUser,
        states: 10_537,
        views: 365,
        ..PLAIN
    },
    Scope {
        name: "faults and a late host",
        letters: "g",
        budget: Budget { faults: 1, late: 2, ..TROUBLE_FREE },
        sides: Sides::OneUser,
        states: 23_375,
        views: 788,
        ..PLAIN
    },
    Scope {
        name: "two merchants and one user",
        letters: "a",
        budget: Budget { requests: 2, ..TROUBLE_FREE },
        sides: Sides::TwoMerchantsOneUser,
        states: 26_222,
        views: 2_854,
        ..PLAIN
    },
    Scope {
        name: "two users on one bridge",
        letters: "b c",
        budget: Budget { cancels: 1, blocks: 1, withdrawals: 1, ..TROUBLE_FREE },
        sides: Sides::OneMerchantTwoSharing,
        states: 95_034,
        views: 12_792,
        ..PLAIN
    },
    Scope {
        name: "what is taken back",
        letters: "c",
        budget: Budget { cancels: 1, amends: 1, declines: 1, blocks: 1, forgets: 1, withdrawals: 1, ..TROUBLE_FREE },
        sides: Sides::OneUser,
        states: 25_004,
        views: 2_868,
        ..PLAIN
    },
    Scope {
        name: "slots",
        letters: "a",
        budget: Budget { requests: 0, slots: 2, ..TROUBLE_FREE },
        sides: Sides::OneUser,
        states: 2_239,
        views: 363,
        ..PLAIN
    },
    Scope {
        name: "the holder's code",
        letters: "a",
        budget: Budget { right: 1, wrong: 3, asks: 1, ..TROUBLE_FREE },
        sides: Sides::Holder,
        states: 32_611,
        views: 1_992,
        ..PLAIN
    },
    Scope {
        name: "one virtual number",
        letters: "d",
        budget: Budget { cancels: 1, bookings: 1, ..TROUBLE_FREE },
        sides: Sides::OneNumber,
        // What is over is not known to a number any more.
        lacks: &[Moment::DeniedAfterWindow, Moment::DeniedAfterCancel],
        states: 49_200,
        views: 5_231,
        ..PLAIN
    },
    Scope {
        name: "a user of two merchants who wants to be forgotten",
        letters: "c",
        budget: Budget { forgets: 1, ..TROUBLE_FREE },
        sides: Sides::TwoMerchantsOneUser,
        states: 36_986,
        views: 4_223,
        ..PLAIN
    },
    Scope {
        name: "freezes, the do-not-call list and callable hours",
        letters: "a c",
        budget: Budget { requests: 2, bars: 2, ..TROUBLE_FREE },
        window_s: 100,
        sides: Sides::Gap,
        states: 21_198,
        views: 1_003,
        ..PLAIN
    },
    Scope {
        name: "the recorder of a reserved call",
        letters: "e",
        budget: Budget { requests: 2, cancels: 1, ..TROUBLE_FREE },
        sides: Sides::Recorder,
        states: 17_057,
        views: 2_504,
        ..PLAIN
    },
    Scope {
        name: "the recorder of a reserved call, and faults",
        letters: "e g",
        budget: Budget { faults: 1, ..TROUBLE_FREE },
        sides: Sides::Recorder,
        states: 8_942,
        views: 1_159,
        ..PLAIN
    },
    Scope {
        name: "voice messages",
        letters: "e g",
        budget: Budget { odd: 1, faults: 1, takeovers: 1, follows: 2, ..TROUBLE_FREE },
        sides: Sides::Caller,
        states: 69_422,
        views: 1_175,
        ..PLAIN
    },
    Scope {
        name: "no room for a message",
        letters: "e",
        budget: Budget { requests: 2, ..TROUBLE_FREE },
        sides: Sides::Caller,
        states: 4_182,
        views: 575,
        ..PLAIN
    },
    Scope {
        name: "who has a number",
        letters: "e",
        budget: Budget { requests: 0, asks: 3, right: 2, wrong: 2, follows: 2, unbinds: 1, forgets: 1, ..TROUBLE_FREE },
        sides: Sides::TwoAccounts,
        modes: &[CallMode::MerchantCalls],
        states: 83_401,
        views: 1_947,
        ..PLAIN
    },
    Scope {
        name: "retries on one channel",
        letters: "f",
        budget: Budget { requests: 0, ..TROUBLE_FREE },
        window_s: 80,
        modes: &[CallMode::PlatformCalls],
        states: 12_222,
        views: 1_033,
        ..PLAIN
    },
    Scope { name: "three users and two channels", states: 3_592, views: 2_184, ..crowd(3, 2) },
    Scope {
        name: "what comes again under its key",
        letters: "a",
        budget: Budget { cancels: 1, again: 2, ..TROUBLE_FREE },
        sides: Sides::OneUser,
        states: 5_524,
        views: 511,
        ..PLAIN
    },
];

/// The larger ones, for `make model`: more kinds of trouble at once, and more users.
pub(crate) const LARGE: &[Scope] = &[
    Scope {
        name: "every release, odd reports and faults",
        letters: "a g",
        budget: Budget { odd: 2, faults: 1, ..TROUBLE_FREE },
        releases: EVERY_RELEASE,
        sides: Sides::OneUser,
        states: 25_168,
        views: 381,
        ..PLAIN
    },
    Scope {
        name: "two users, each thing at its own pace",
        letters: "a f",
        pace: Pace::Uneven,
        states: 75_999,
        views: 2_806,
        ..PLAIN
    },
    Scope {
        name: "three users, two channels and retries",
        letters: "f",
        budget: Budget { requests: 0, ..TROUBLE_FREE },
        sides: Sides::Crowd,
        crowd: (3, 2),
        modes: &[CallMode::PlatformCalls],
        releases: &[Release::Failed(FailureReason::Busy)],
        states: 58_433,
        views: 11_980,
        ..PLAIN
    },
    Scope {
        name: "three users, two channels, each thing at its own pace",
        pace: Pace::Uneven,
        states: 61_723,
        views: 6_753,
        ..crowd(3, 2)
    },
    Scope { name: "four users and two channels", states: 23_285, views: 11_728, ..crowd(4, 2) },
    Scope {
        name: "the holder's code and cancels",
        letters: "a c",
        budget: Budget { cancels: 1, right: 1, wrong: 3, asks: 1, ..TROUBLE_FREE },
        sides: Sides::Holder,
        states: 91_374,
        views: 3_866,
        ..PLAIN
    },
    Scope { name: "four users and three channels", states: 75_117, views: 44_609, ..crowd(4, 3) },
    Scope { name: "five users and three channels", states: 610_397, views: 306_342, ..crowd(5, 3) },
];

/// Larger ones yet, whose counts are not pinned: `RINGFENCE_MODEL=pins` explores them. One that is pinned moves up.
pub(crate) const UNPINNED: &[Scope] = &[
    Scope {
        name: "two users, odd reports and faults",
        letters: "a g",
        budget: Budget { odd: 1, faults: 1, ..TROUBLE_FREE },
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
        name: "one virtual number, longer, and faults",
        letters: "d g",
        budget: Budget { bookings: 1, faults: 1, ..TROUBLE_FREE },
        window_s: 60,
        sides: Sides::OneNumber,
        lacks: &[Moment::DeniedAfterWindow],
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
        name: "two users on one bridge, and faults",
        letters: "b g",
        budget: Budget { faults: 1, ..TROUBLE_FREE },
        sides: Sides::OneMerchantTwoSharing,
        ..PLAIN
    },
    Scope {
        name: "two users, faults and a late host",
        letters: "f g",
        budget: Budget { faults: 1, late: 2, ..TROUBLE_FREE },
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
        name: "the recorder of a reserved call, cancels, faults and a late host",
        letters: "e g",
        budget: Budget { requests: 2, cancels: 1, faults: 1, late: 1, ..TROUBLE_FREE },
        sides: Sides::Recorder,
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
        name: "calls, cancels, choices and a late host",
        letters: "a c f g",
        budget: Budget { requests: 2, cancels: 1, modes: 1, late: 1, ..TROUBLE_FREE },
        ..PLAIN
    },
    Scope { name: "six users and two channels", ..crowd(6, 2) },
    Scope { name: "six users and three channels", ..crowd(6, 3) },
];
