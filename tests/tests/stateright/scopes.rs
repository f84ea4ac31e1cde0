//! The scopes: which worlds are explored, how many states they have, and what they cannot show.

use std::collections::BTreeSet;

use ringfence::values::policy::{CallMode, ModeChooser, Policy};
use ringfence::values::time::{TimeOfDay, Weekdays, WeeklyRule};
use stateright::{Checker as _, Expectation, HasDiscoveries, Model, Property};

use crate::world::{Budget, Sides, World};

/// A world to explore, and what is known of it.
pub(crate) struct Scope {
    pub(crate) name: &'static str,
    pub(crate) budget: Budget,
    pub(crate) window_s: u32,
    pub(crate) merchant_attempts_max: u32,
    /// Both reservations are with one merchant, whose line has one channel, and of two users; or they are with two merchants, and of one user.
    pub(crate) sides: Sides,
    /// The `sometimes` that it cannot show.
    pub(crate) lacks: &'static [&'static str],
    /// How many states it has.
    pub(crate) states: usize,
}

impl Scope {
    /// Everything takes twenty seconds, so that instants fall together and there are fewer states.
    pub(crate) fn policy(&self, mode_on_silence: CallMode) -> Policy {
        Policy {
            ring_timeout_s: 20,
            answer_timeout_s: 20,
            conversation_max_s: 20,
            release_grace_s: 20,
            retry_spacing_s: 20,
            attempts_max: 2,
            merchant_attempts_max: self.merchant_attempts_max,
            retention_s: 20,
            // No gateway reports on messages in these worlds.
            messages_max: 0,
            mode_on_silence,
            // Slots are chosen where nobody has to choose the mode.
            mode_chosen_by: if self.budget.slots > 0 { ModeChooser::Platform(mode_on_silence) } else { ModeChooser::Merchant },
            conversations_max: if self.budget.amends > 0 { 2 } else { 1 },
            code_life_s: if self.sides == Sides::Caller { 120 } else { 20 },
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
            push_attempts_max: if self.sides == Sides::Caller { 2 } else { 1 },
            voice_by_sms: self.sides == Sides::Caller,
            voice_message_life_s: if self.sides == Sides::Caller { 60 } else { 40 },
            unfollowed_max_s: 40,
            ..Policy::default()
        }
    }

    /// Explores it completely.
    pub(crate) fn explore(self) {
        let (name, lacks, states) = (self.name, self.lacks, self.states);
        let started = std::time::Instant::now();
        // Two threads come to the states by other ways in every run, and to the same number of them: see `alike`.
        let checker = self.checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_dfs().join();
        println!("{name}: {} states, {} steps, {:.1?}", checker.unique_state_count(), checker.state_count(), started.elapsed());
        let properties = checker.model().properties();
        for Property { name, expectation, .. } in &properties {
            if let (Expectation::Always, Some(path)) = (expectation, checker.discovery(name)) {
                let (first, acts) = (path.clone().into_states().remove(0), path.into_actions());
                let mut world = World::new(checker.model(), first.silence, true);
                acts.iter().for_each(|act| world.act(*act));
                let life = world.trace.map(|trace| trace.to_json_lines()).unwrap_or_default();
                panic!("{name}: {:?}\n{acts:?}\n{life}", world.fallen);
            }
        }
        let never = |property: &&Property<Self>| {
            matches!(property.expectation, Expectation::Sometimes) && checker.discovery(property.name).is_none()
        };
        let never: BTreeSet<&str> = properties.iter().filter(never).map(|property| property.name).collect();
        assert_eq!(never, lacks.iter().copied().collect(), "what this scope never shows");
        assert_eq!(checker.unique_state_count(), states, "the number of states; pin the new one if the change was meant");
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
};

pub(crate) const CALLS_AND_CANCELS: Scope = Scope {
    name: "calls and cancels",
    budget: Budget { requests: 2, cancels: 1, ..TROUBLE_FREE },
    window_s: 40,
    merchant_attempts_max: 1,
    sides: Sides::OneMerchantTwoUsers,
    lacks: &[
        "P5: two users on one bridge",
        "P5: one has left, and the other talks on",
        "P5: one failed, and the other talks on",
        "P5: a late answer is joined to the bridge that runs",
        "P3: one blocks in the talk, and the other talks on",
        "P14: a host is so late that a call is lost",
        "P8: a call is denied because the user is on another",
        "P5: an answer comes too late",
        "P12: a restart between the log and a dial",
        "P13: a choice is refused",
        "P14: a dial fails",
        "P9: the switch loses its legs",
    ],
    states: 161_610,
};

pub(crate) const CHOICES: Scope = Scope {
    name: "choices of the mode",
    budget: Budget { modes: 1, ..TROUBLE_FREE },
    window_s: 40,
    merchant_attempts_max: 1,
    sides: Sides::OneMerchantTwoUsers,
    lacks: &[
        "P5: two users on one bridge",
        "P5: one has left, and the other talks on",
        "P5: one failed, and the other talks on",
        "P5: a late answer is joined to the bridge that runs",
        "P3: one blocks in the talk, and the other talks on",
        "P14: a host is so late that a call is lost",
        "P8: a call is denied because the user is on another",
        "P3: a cancel ends ringing",
        "P3: a cancel crosses an answer",
        "P3: a cancel leaves a conversation alone",
        "P5: an answer comes too late",
        "P12: a restart between the log and a dial",
        "P14: a dial fails",
        "P9: the switch loses its legs",
    ],
    states: 78_022,
};

pub(crate) const ODD_REPORTS_AND_FAULTS: Scope = Scope {
    name: "odd reports and faults",
    budget: Budget { odd: 1, faults: 1, ..TROUBLE_FREE },
    window_s: 40,
    merchant_attempts_max: 1,
    sides: Sides::OneMerchantTwoUsers,
    lacks: &[
        "P5: two users on one bridge",
        "P5: one has left, and the other talks on",
        "P5: one failed, and the other talks on",
        "P5: a late answer is joined to the bridge that runs",
        "P3: one blocks in the talk, and the other talks on",
        "P14: a host is so late that a call is lost",
        "P8: a call is denied because the user is on another",
        "P3: a cancel ends ringing",
        "P3: a cancel crosses an answer",
        "P3: a cancel leaves a conversation alone",
        "P8: a call is denied for want of a channel",
        "P13: a choice is refused",
        "P14: a call is denied because it comes too soon",
    ],
    states: 351_862,
};

pub(crate) const FAULTS_AND_A_LATE_HOST: Scope = Scope {
    name: "faults and a late host",
    budget: Budget { faults: 1, late: 1, ..TROUBLE_FREE },
    window_s: 40,
    merchant_attempts_max: 1,
    sides: Sides::OneMerchantTwoUsers,
    lacks: &[
        "P5: two users on one bridge",
        "P5: one has left, and the other talks on",
        "P5: one failed, and the other talks on",
        "P5: a late answer is joined to the bridge that runs",
        "P3: one blocks in the talk, and the other talks on",
        "P8: a call is denied because the user is on another",
        "P3: a cancel ends ringing",
        "P3: a cancel crosses an answer",
        "P3: a cancel leaves a conversation alone",
        "P8: a call is denied for want of a channel",
        "P13: a choice is refused",
        "P14: a call is denied because it comes too soon",
    ],
    states: 348_690,
};

pub(crate) const TWO_MERCHANTS: Scope = Scope {
    name: "two merchants and one user",
    budget: Budget { requests: 2, ..TROUBLE_FREE },
    window_s: 40,
    merchant_attempts_max: 1,
    sides: Sides::TwoMerchantsOneUser,
    lacks: &[
        "P5: two users on one bridge",
        "P5: one has left, and the other talks on",
        "P5: one failed, and the other talks on",
        "P5: a late answer is joined to the bridge that runs",
        "P3: one blocks in the talk, and the other talks on",
        "P14: a host is so late that a call is lost",
        "P3: a cancel ends ringing",
        "P3: a cancel crosses an answer",
        "P3: a cancel leaves a conversation alone",
        "P5: an answer comes too late",
        "P8: a call is denied for want of a channel",
        "P12: a restart between the log and a dial",
        "P13: a choice is refused",
        "P14: a dial fails",
        "P9: the switch loses its legs",
    ],
    states: 68_988,
};

pub(crate) const CHANGES: Scope = Scope {
    name: "changes, declines and blocks",
    budget: Budget { amends: 1, declines: 1, blocks: 1, ..TROUBLE_FREE },
    window_s: 40,
    merchant_attempts_max: 1,
    sides: Sides::OneUser,
    lacks: &[
        "P12: a restart between the log and a dial",
        "P13: a choice is refused",
        "P14: a call is denied because it comes too soon",
        "P14: a dial fails",
        "P14: a host is so late that a call is lost",
        "P16: the second is served after the first",
        "P3: a cancel ends ringing",
        "P3: a cancel leaves a conversation alone",
        "P3: one blocks in the talk, and the other talks on",
        "P5: a late answer is joined to the bridge that runs",
        "P5: an answer comes too late",
        "P5: one failed, and the other talks on",
        "P5: one has left, and the other talks on",
        "P5: two users on one bridge",
        "P8: a call is denied because the user is on another",
        "P8: a call is denied for want of a channel",
        "P8: both users are served one after the other",
        "P9: the switch loses its legs",
    ],
    states: 181_163,
};

pub(crate) const SLOTS: Scope = Scope {
    name: "slots",
    budget: Budget { requests: 0, slots: 2, ..TROUBLE_FREE },
    window_s: 40,
    merchant_attempts_max: 1,
    sides: Sides::OneUser,
    lacks: &[
        "P12: a restart between the log and a dial",
        "P13: a choice is refused",
        "P14: a call is denied because it comes too soon",
        "P14: a dial fails",
        "P14: a host is so late that a call is lost",
        "P16: the second is served after the first",
        "P17: a verdict",
        "P1: a call after the window is denied",
        "P1: a call before the window is denied",
        "P1: a user is dialled in merchant mode",
        "P3: a call after the cancel is denied",
        "P3: a cancel crosses an answer",
        "P3: a cancel ends ringing",
        "P3: a cancel leaves a conversation alone",
        "P3: one blocks in the talk, and the other talks on",
        "P5: a conversation in merchant mode",
        "P5: a late answer is joined to the bridge that runs",
        "P5: an answer comes too late",
        "P5: one failed, and the other talks on",
        "P5: one has left, and the other talks on",
        "P5: two users on one bridge",
        "P6: a call is denied for the mode",
        "P6: glare, the platform is calling already",
        "P8: a call is denied because the user is on another",
        "P8: a call is denied for want of a channel",
        "P8: both users are served one after the other",
        "P9: the switch loses its legs",
    ],
    states: 3_271,
};

pub(crate) const CODES: Scope = Scope {
    name: "the holder's code",
    budget: Budget { right: 1, wrong: 3, asks: 1, ..TROUBLE_FREE },
    window_s: 40,
    merchant_attempts_max: 1,
    sides: Sides::Holder,
    lacks: &[
        "P12: a restart between the log and a dial",
        "P14: a call is denied because it comes too soon",
        "P14: a dial fails",
        "P14: a host is so late that a call is lost",
        "P16: the second is served after the first",
        "P3: a cancel crosses an answer",
        "P3: a cancel ends ringing",
        "P3: a cancel leaves a conversation alone",
        "P3: one blocks in the talk, and the other talks on",
        "P5: a late answer is joined to the bridge that runs",
        "P5: an answer comes too late",
        "P5: one failed, and the other talks on",
        "P5: one has left, and the other talks on",
        "P5: two users on one bridge",
        "P8: a call is denied because the user is on another",
        "P8: a call is denied for want of a channel",
        "P8: both users are served one after the other",
        "P9: the switch loses its legs",
    ],
    states: 76_501,
};

pub(crate) const NUMBERS: Scope = Scope {
    name: "one virtual number",
    budget: Budget { cancels: 1, bookings: 1, ..TROUBLE_FREE },
    window_s: 40,
    merchant_attempts_max: 1,
    sides: Sides::OneNumber,
    lacks: &[
        "P12: a restart between the log and a dial",
        "P14: a call is denied because it comes too soon",
        "P14: a dial fails",
        "P14: a host is so late that a call is lost",
        "P1: a call after the window is denied",
        "P3: a call after the cancel is denied",
        "P3: one blocks in the talk, and the other talks on",
        "P5: a late answer is joined to the bridge that runs",
        "P5: an answer comes too late",
        "P5: one failed, and the other talks on",
        "P5: one has left, and the other talks on",
        "P5: two users on one bridge",
        "P8: a call is denied because the user is on another",
        "P9: the switch loses its legs",
    ],
    states: 100_927,
};

pub(crate) const FORGETTING: Scope = Scope {
    name: "a user who wants to be forgotten",
    budget: Budget { forgets: 1, ..TROUBLE_FREE },
    window_s: 40,
    merchant_attempts_max: 1,
    sides: Sides::TwoMerchantsOneUser,
    lacks: &[
        "P12: a restart between the log and a dial",
        "P13: a choice is refused",
        "P14: a call is denied because it comes too soon",
        "P14: a dial fails",
        "P14: a host is so late that a call is lost",
        "P3: a cancel ends ringing",
        "P3: a cancel leaves a conversation alone",
        "P3: one blocks in the talk, and the other talks on",
        "P5: a late answer is joined to the bridge that runs",
        "P5: an answer comes too late",
        "P5: one failed, and the other talks on",
        "P5: one has left, and the other talks on",
        "P5: two users on one bridge",
        "P8: a call is denied because the user is on another",
        "P8: a call is denied for want of a channel",
        "P9: the switch loses its legs",
    ],
    states: 111_630,
};

pub(crate) const LAW: Scope = Scope {
    name: "freezes, the do-not-call list and callable hours",
    budget: Budget { requests: 2, bars: 2, ..TROUBLE_FREE },
    window_s: 100,
    merchant_attempts_max: 1,
    sides: Sides::Gap,
    lacks: &[
        "P12: a restart between the log and a dial",
        "P13: a choice is refused",
        "P14: a dial fails",
        "P14: a host is so late that a call is lost",
        "P16: the second is served after the first",
        "P3: a cancel ends ringing",
        "P3: a cancel leaves a conversation alone",
        "P3: one blocks in the talk, and the other talks on",
        "P5: a late answer is joined to the bridge that runs",
        "P5: an answer comes too late",
        "P5: one failed, and the other talks on",
        "P5: one has left, and the other talks on",
        "P5: two users on one bridge",
        "P8: a call is denied for want of a channel",
        "P8: both users are served one after the other",
        "P9: the switch loses its legs",
    ],
    states: 50_060,
};

pub(crate) const ONE_BRIDGE: Scope = Scope {
    name: "two users on one bridge",
    budget: Budget { requests: 1, cancels: 1, ..TROUBLE_FREE },
    window_s: 40,
    merchant_attempts_max: 1,
    sides: Sides::OneMerchantTwoSharing,
    lacks: &[
        "P14: a host is so late that a call is lost",
        "P8: a call is denied because the user is on another",
        "P5: an answer comes too late",
        "P8: a call is denied for want of a channel",
        "P14: a call is denied because it comes too soon",
        "P12: a restart between the log and a dial",
        "P13: a choice is refused",
        "P14: a dial fails",
        "P9: the switch loses its legs",
    ],
    states: 267_630,
};

pub(crate) const RECORDER: Scope = Scope {
    name: "the recorder of a reserved call",
    budget: Budget { requests: 2, cancels: 1, ..TROUBLE_FREE },
    window_s: 40,
    merchant_attempts_max: 1,
    sides: Sides::Recorder,
    lacks: &[
        "P12: a restart between the log and a dial",
        "P13: a choice is refused",
        "P14: a dial fails",
        "P14: a host is so late that a call is lost",
        "P16: the second is served after the first",
        "P3: one blocks in the talk, and the other talks on",
        "P5: a late answer is joined to the bridge that runs",
        "P5: an answer comes too late",
        "P5: one failed, and the other talks on",
        "P5: one has left, and the other talks on",
        "P5: two users on one bridge",
        "P8: a call is denied because the user is on another",
        "P8: both users are served one after the other",
        "P9: the switch loses its legs",
    ],
    states: 32_840,
};

pub(crate) const RECORDER_AND_FAULTS: Scope = Scope {
    name: "the recorder of a reserved call, and faults",
    budget: Budget { faults: 1, ..TROUBLE_FREE },
    window_s: 40,
    merchant_attempts_max: 1,
    sides: Sides::Recorder,
    lacks: &[
        "P13: a choice is refused",
        "P14: a call is denied because it comes too soon",
        "P14: a host is so late that a call is lost",
        "P16: the second is served after the first",
        "P3: a cancel crosses an answer",
        "P3: a cancel ends ringing",
        "P3: a cancel leaves a conversation alone",
        "P3: one blocks in the talk, and the other talks on",
        "P5: a late answer is joined to the bridge that runs",
        "P5: an answer comes too late",
        "P5: one failed, and the other talks on",
        "P5: one has left, and the other talks on",
        "P5: two users on one bridge",
        "P8: a call is denied because the user is on another",
        "P8: a call is denied for want of a channel",
        "P8: both users are served one after the other",
    ],
    states: 18_516,
};

pub(crate) const MESSAGES: Scope = Scope {
    name: "voice messages",
    budget: Budget { odd: 1, faults: 1, takeovers: 1, follows: 2, ..TROUBLE_FREE },
    window_s: 40,
    merchant_attempts_max: 1,
    sides: Sides::Caller,
    lacks: &[],
    states: 168_366,
};

/// The larger scopes, for `RINGFENCE_MODEL=full`.
pub(crate) const FULL: [Scope; 8] = [
    Scope {
        name: "full: the recorder of a reserved call, cancels, faults and a late host",
        budget: Budget { requests: 2, cancels: 1, faults: 1, late: 1, ..TROUBLE_FREE },
        window_s: 40,
        merchant_attempts_max: 1,
        sides: Sides::Recorder,
        lacks: &[
            "P13: a choice is refused",
            "P16: the second is served after the first",
            "P3: one blocks in the talk, and the other talks on",
            "P5: a late answer is joined to the bridge that runs",
            "P5: one failed, and the other talks on",
            "P5: one has left, and the other talks on",
            "P5: two users on one bridge",
            "P8: a call is denied because the user is on another",
            "P8: both users are served one after the other",
        ],
        states: 491_747,
    },
    Scope {
        name: "full: voice messages and more odd reports",
        budget: Budget { odd: 2, faults: 1, takeovers: 1, follows: 2, ..TROUBLE_FREE },
        window_s: 40,
        merchant_attempts_max: 1,
        sides: Sides::Caller,
        lacks: &[],
        states: 304_644,
    },
    Scope {
        name: "full: calls, cancels, choices and a late host",
        budget: Budget { requests: 2, cancels: 1, modes: 1, late: 1, ..TROUBLE_FREE },
        window_s: 40,
        merchant_attempts_max: 1,
        sides: Sides::OneMerchantTwoUsers,
        lacks: &[
            "P5: two users on one bridge",
            "P5: one has left, and the other talks on",
            "P5: one failed, and the other talks on",
            "P5: a late answer is joined to the bridge that runs",
            "P3: one blocks in the talk, and the other talks on",
            "P8: a call is denied because the user is on another",
            "P12: a restart between the log and a dial",
            "P14: a dial fails",
            "P9: the switch loses its legs",
        ],
        states: 5_421_725,
    },
    Scope {
        name: "full: cancels, faults and a late host",
        budget: Budget { cancels: 1, faults: 1, late: 1, ..TROUBLE_FREE },
        window_s: 40,
        merchant_attempts_max: 1,
        sides: Sides::OneMerchantTwoUsers,
        lacks: &[
            "P5: two users on one bridge",
            "P5: one has left, and the other talks on",
            "P5: one failed, and the other talks on",
            "P5: a late answer is joined to the bridge that runs",
            "P3: one blocks in the talk, and the other talks on",
            "P8: a call is denied because the user is on another",
            "P8: a call is denied for want of a channel",
            "P13: a choice is refused",
            "P14: a call is denied because it comes too soon",
        ],
        states: 812_944,
    },
    Scope {
        name: "full: two merchants and one user, and a late host",
        budget: Budget { requests: 2, late: 1, ..TROUBLE_FREE },
        window_s: 40,
        merchant_attempts_max: 1,
        sides: Sides::TwoMerchantsOneUser,
        lacks: &[
            "P5: two users on one bridge",
            "P5: one has left, and the other talks on",
            "P5: one failed, and the other talks on",
            "P5: a late answer is joined to the bridge that runs",
            "P3: one blocks in the talk, and the other talks on",
            "P3: a cancel ends ringing",
            "P3: a cancel crosses an answer",
            "P3: a cancel leaves a conversation alone",
            "P8: a call is denied for want of a channel",
            "P12: a restart between the log and a dial",
            "P13: a choice is refused",
            "P14: a dial fails",
            "P9: the switch loses its legs",
        ],
        states: 1_116_123,
    },
    Scope {
        name: "full: changes, declines, blocks and cancels",
        budget: Budget { cancels: 1, amends: 1, declines: 1, blocks: 1, ..TROUBLE_FREE },
        window_s: 40,
        merchant_attempts_max: 1,
        sides: Sides::OneUser,
        lacks: &[
            "P12: a restart between the log and a dial",
            "P13: a choice is refused",
            "P14: a call is denied because it comes too soon",
            "P14: a dial fails",
            "P14: a host is so late that a call is lost",
            "P16: the second is served after the first",
            "P3: one blocks in the talk, and the other talks on",
            "P5: a late answer is joined to the bridge that runs",
            "P5: an answer comes too late",
            "P5: one failed, and the other talks on",
            "P5: one has left, and the other talks on",
            "P5: two users on one bridge",
            "P8: a call is denied because the user is on another",
            "P8: a call is denied for want of a channel",
            "P8: both users are served one after the other",
            "P9: the switch loses its legs",
        ],
        states: 438_148,
    },
    Scope {
        name: "full: the holder's code and cancels",
        budget: Budget { cancels: 1, right: 1, wrong: 3, asks: 1, ..TROUBLE_FREE },
        window_s: 40,
        merchant_attempts_max: 1,
        sides: Sides::Holder,
        lacks: &[
            "P12: a restart between the log and a dial",
            "P14: a call is denied because it comes too soon",
            "P14: a dial fails",
            "P14: a host is so late that a call is lost",
            "P16: the second is served after the first",
            "P3: one blocks in the talk, and the other talks on",
            "P5: a late answer is joined to the bridge that runs",
            "P5: an answer comes too late",
            "P5: one failed, and the other talks on",
            "P5: one has left, and the other talks on",
            "P5: two users on one bridge",
            "P8: a call is denied because the user is on another",
            "P8: a call is denied for want of a channel",
            "P8: both users are served one after the other",
            "P9: the switch loses its legs",
        ],
        states: 233_776,
    },
    Scope {
        name: "full: one virtual number",
        budget: Budget { cancels: 1, bookings: 1, ..TROUBLE_FREE },
        window_s: 60,
        merchant_attempts_max: 1,
        sides: Sides::OneNumber,
        lacks: &[
            "P12: a restart between the log and a dial",
            "P14: a call is denied because it comes too soon",
            "P14: a dial fails",
            "P14: a host is so late that a call is lost",
            "P1: a call after the window is denied",
            "P3: a call after the cancel is denied",
            "P3: one blocks in the talk, and the other talks on",
            "P5: a late answer is joined to the bridge that runs",
            "P5: an answer comes too late",
            "P5: one failed, and the other talks on",
            "P5: one has left, and the other talks on",
            "P5: two users on one bridge",
            "P8: a call is denied because the user is on another",
            "P9: the switch loses its legs",
        ],
        states: 271_687,
    },
];
