//! Model checking: every interleaving of a small world over the real [`Platform`], judged in every state by the checker.
//!
//! The world: one merchant with one line of one channel and two users with a reservation each in the same window (in one scope, two
//! merchants who both want the same user; in another, both users share one call), a simulated switch, and a host. Whatever the network may report of a leg it may report at any time, twice, too late or never; users and merchant may cancel,
//! choose and call at any time; the host may fire a deadline, be asked something at the instant of a deadline before it fires it, sleep
//! until one microsecond before the window's end or past it, stop between the log and a dial, fail to dial, and lose the switch. Budgets
//! keep it finite; it is explored completely, and the number of its states is pinned.
//!
//! A state is `Platform::model_view()`, the checker's own view, and what the environment needs. Each `always` stands beside the
//! `sometimes` of its promise, which show that it is not vacuous. One scope with every kind of trouble at once would have too many states,
//! so each scope has two kinds; what a scope cannot show is listed with it, and some scope shows everything. `RINGFENCE_MODEL=full` explores
//! larger scopes, with more kinds at once:
//!
//! ```text
//! RINGFENCE_MODEL=full cargo test --release -p ringfence-testing --test stateright -- --nocapture
//! ```
//!
//! `RINGFENCE_MODEL=alike` asks whether a view says enough: whether what counts as one state goes on alike.
//!
//! When a property falls, the whole life that led there is printed as the lines of a trace.

use ringfence::values::policy::CallMode;
use ringfence::values::reply::DenyReason;
use ringfence_testing::checker::Promise;
use stateright::{Expectation, Model, Property};

#[path = "stateright/acts.rs"]
mod acts;
#[path = "stateright/alike.rs"]
mod alike;
#[path = "stateright/scopes.rs"]
mod scopes;
#[path = "stateright/world.rs"]
mod world;

use acts::Act;
use scopes::{
    CALLS_AND_CANCELS, CHOICES, FAULTS_AND_A_LATE_HOST, FULL, ODD_REPORTS_AND_FAULTS, ONE_BRIDGE, Scope, TWO_MERCHANTS,
};
use world::{Budget, Event, Fallen, Sides, World};

impl Model for Scope {
    type State = World;
    type Action = Act;

    fn init_states(&self) -> Vec<World> {
        CallMode::ALL.map(|silence| World::new(self, silence, false)).into()
    }

    fn actions(&self, world: &World, acts: &mut Vec<Act>) {
        if world.fallen.is_some() {
            return;
        }
        let Budget { requests, cancels, modes, odd, faults, late } = world.budget;
        for id in [1, 2] {
            if requests > 0 {
                acts.push(Act::Request(id));
            }
            if cancels > 0 {
                acts.push(Act::Cancel(id));
            }
            if modes > 0 {
                acts.extend(CallMode::ALL.map(|mode| Act::Choose(id, mode)));
            }
        }
        if world.sides == Sides::OneMerchantTwoSharing {
            acts.extend(Some(Act::RequestGroup).filter(|_| requests > 0));
            acts.extend([1, 2].map(Act::Block).into_iter().filter(|_| cancels > 0));
        }
        for (id, leg) in &world.switch {
            if leg.expects_answer() || odd > 0 {
                acts.push(Act::Answer(*id));
            }
            if odd > 0 && !leg.progressed && !leg.inbound && !leg.answered {
                acts.push(Act::Progress(*id));
            }
            if leg.inbound || leg.answered || leg.hung_up {
                acts.push(Act::End(*id, Some(16)));
            } else {
                acts.extend([17, 19].map(|cause| Act::End(*id, Some(cause))));
            }
        }
        if let Some(gone) = world.gone.filter(|_| odd > 0) {
            acts.push(Act::End(gone, None));
        }
        if faults > 0 {
            acts.extend(world.fresh.iter().map(|(sequence, _)| Act::Fail(*sequence)));
            if !world.fresh.is_empty() && !world.restarted {
                acts.push(Act::Restart);
            }
            if !world.switch.is_empty() {
                acts.extend([true, false].map(|legs_live| Act::Resync { legs_live }));
            }
        }
        let deadline = world.deadline();
        acts.extend(deadline.map(|_| Act::Advance));
        if late > 0 && deadline.is_some_and(|at| at > world.now) {
            acts.push(Act::Oversleep);
        }
        let passes = deadline.is_some_and(|at| at < world.last_microsecond());
        if world.now < world.last_microsecond() && (!passes || late > 0) {
            acts.push(Act::NearEnd);
        }
        if world.now < world.end && late > 0 {
            acts.push(Act::PastEnd);
        }
    }

    fn next_state(&self, world: &World, act: Act) -> Option<World> {
        let mut next = world.clone();
        next.act(act);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        macro_rules! holds {
            ($promise:ident) => {
                |_, world: &World| !matches!(world.fallen, Some(Fallen::Promise(Promise::$promise, _)))
            };
        }
        macro_rules! event {
            ($event:pat) => {
                |_, world: &World| matches!(world.event, $event)
            };
        }
        use CallMode::{MerchantCalls, PlatformCalls};
        vec![
            Property::always("P1: a user's phone rings inside his window only", holds!(P1)),
            Property::sometimes("P1: a user is dialled in merchant mode", event!(Event::UserDialled(MerchantCalls))),
            Property::sometimes("P1: the window ends while a phone rings", event!(Event::WindowEndsWhileRinging)),
            Property::sometimes(
                "P1: an answer one microsecond before the end leads to a conversation",
                event!(Event::Joined { last_microsecond: true, .. }),
            ),
            Property::sometimes("P1: a call after the window is denied", event!(Event::Denied(DenyReason::WindowOver))),
            Property::sometimes("P1: a call before the window is denied", event!(Event::Denied(DenyReason::BeforeWindow))),
            Property::always("P3: a cancel ends ringing, and a late answer is not joined", holds!(P3)),
            Property::sometimes("P3: a cancel ends ringing", event!(Event::CancelEndsRinging)),
            Property::sometimes("P3: a cancel crosses an answer", event!(Event::CancelCrossesAnswer)),
            Property::sometimes("P3: a cancel leaves a conversation alone", event!(Event::CancelLeavesConversation)),
            Property::sometimes("P3: a call after the cancel is denied", event!(Event::Denied(DenyReason::Closed))),
            Property::always("P4: in platform mode the merchant answers first", holds!(P4)),
            Property::sometimes("P4: a user is dialled in platform mode", event!(Event::UserDialled(PlatformCalls))),
            Property::always("P5: only answered legs are joined, the merchant first", holds!(P5)),
            Property::sometimes("P5: a conversation in merchant mode", event!(Event::Joined { mode: MerchantCalls, .. })),
            Property::sometimes("P5: a conversation in platform mode", event!(Event::Joined { mode: PlatformCalls, .. })),
            Property::sometimes("P5: an answer comes too late", event!(Event::LateAnswer)),
            Property::sometimes("P5: two users on one bridge", |_, world: &World| world.shares(|talking, _, _| talking == 2)),
            Property::sometimes("P5: one has left, and the other talks on", |_, world: &World| {
                world.shares(|talking, left, _| talking == 1 && left == 1)
            }),
            Property::sometimes("P5: one failed, and the other talks on", |_, world: &World| {
                world.shares(|talking, _, failed| talking == 1 && failed == 1)
            }),
            Property::sometimes("P5: a late answer is joined to the bridge that runs", event!(Event::JoinsRunningBridge)),
            Property::sometimes("P3: one blocks in the talk, and the other talks on", event!(Event::BlockLeavesTheOther)),
            Property::always("P6: the mode in force decides who starts", holds!(P6)),
            Property::sometimes("P6: a call is denied for the mode", event!(Event::Denied(DenyReason::WrongMode))),
            Property::sometimes(
                "P6: glare, the platform is calling already",
                event!(Event::Denied(DenyReason::PlatformIsCalling)),
            ),
            Property::always("P8: one leg a user, one call a channel", holds!(P8)),
            Property::sometimes(
                "P8: a call is denied because the user is on another",
                event!(Event::Denied(DenyReason::NumberBusy)),
            ),
            Property::sometimes("P8: a call is denied for want of a channel", event!(Event::Denied(DenyReason::NoChannel))),
            Property::sometimes("P8: both users are served one after the other", event!(Event::Joined { both_served: true, .. })),
            Property::always("P9: everything ends within its bound", holds!(P9)),
            Property::always("P9: when nothing is due any more, everything has ended", |_, world: &World| {
                !matches!(world.fallen, Some(Fallen::Unfinished(_)))
            }),
            Property::sometimes("P9: the attempts are used up", event!(Event::NotReached)),
            Property::sometimes("P9: a reservation leaves", event!(Event::Archived)),
            Property::sometimes("P9: nothing is due any more", |_, world: &World| world.platform.poll_deadline().is_none()),
            Property::always("P11: a repeat emits nothing", holds!(P11)),
            Property::sometimes("P11: a report emits nothing", event!(Event::Repeat)),
            Property::always("P12: what is handed out again is the same", holds!(P12)),
            Property::always("P12: a restored platform is the same", |_, world: &World| world.fallen != Some(Fallen::Restore)),
            Property::sometimes("P12: a restart between the log and a dial", event!(Event::DialledAfterRestart)),
            Property::always("P13: a refusal emits nothing", holds!(P13)),
            Property::sometimes("P13: a choice is refused", event!(Event::Refused)),
            Property::always("P14: every verdict and dial is right at its own instant", holds!(P14)),
            Property::always("P14: the gate answers what request_call answers", |_, world: &World| {
                !matches!(world.fallen, Some(Fallen::Gate(_)))
            }),
            Property::sometimes("P14: a call is denied because it comes too soon", event!(Event::Denied(DenyReason::TooSoon))),
            Property::sometimes("P14: a host is so late that a call is lost", event!(Event::HostLate)),
            Property::sometimes("P14: a dial fails", event!(Event::DialFailed)),
            Property::sometimes("P9: the switch loses its legs", event!(Event::LegsLost)),
            Property::always("P16: the queue is served in order, and nobody starves", holds!(P16)),
            Property::sometimes(
                "P16: the second is served after the first",
                event!(Event::Joined { mode: PlatformCalls, both_served: true, .. }),
            ),
            Property::always("P17: verdicts and dials are on record", holds!(P17)),
            Property::sometimes("P17: a verdict", event!(Event::Denied(_))),
            Property::always("no other promise falls", |_, world: &World| world.fallen.is_none()),
            Property::always("the invariants of the engine hold", |_, world: &World| {
                !matches!(world.fallen, Some(Fallen::Invariant(_)))
            }),
        ]
    }
}

#[test]
fn calls_and_cancels_keep_every_promise_in_every_order() {
    CALLS_AND_CANCELS.explore();
}

#[test]
fn choices_of_the_mode_keep_every_promise_in_every_order() {
    CHOICES.explore();
}

#[test]
fn odd_reports_and_faults_keep_every_promise_in_every_order() {
    ODD_REPORTS_AND_FAULTS.explore();
}

#[test]
fn faults_and_a_late_host_keep_every_promise_in_every_order() {
    FAULTS_AND_A_LATE_HOST.explore();
}

#[test]
fn two_merchants_who_want_one_user_keep_every_promise_in_every_order() {
    TWO_MERCHANTS.explore();
}

#[test]
fn two_users_on_one_bridge_keep_every_promise_in_every_order() {
    ONE_BRIDGE.explore();
}

#[test]
fn every_sometimes_is_shown_by_some_scope() {
    let scopes = [CALLS_AND_CANCELS, CHOICES, ODD_REPORTS_AND_FAULTS, FAULTS_AND_A_LATE_HOST, TWO_MERCHANTS, ONE_BRIDGE];
    for property in CHOICES.properties().iter().filter(|property| matches!(property.expectation, Expectation::Sometimes)) {
        assert!(scopes.iter().any(|scope| !scope.lacks.contains(&property.name)), "no scope shows: {}", property.name);
    }
}

#[test]
fn the_large_scopes_keep_every_promise_when_they_are_asked_for() {
    match std::env::var("RINGFENCE_MODEL").as_deref() {
        Ok("full") => FULL.into_iter().for_each(Scope::explore),
        Ok("alike") => {
            let scopes = [CALLS_AND_CANCELS, CHOICES, ODD_REPORTS_AND_FAULTS, FAULTS_AND_A_LATE_HOST, TWO_MERCHANTS, ONE_BRIDGE];
            scopes.iter().for_each(alike::equal_states_have_equal_successors);
        }
        Ok(other) => panic!("RINGFENCE_MODEL is {other:?}; known are \"full\" and \"alike\""),
        Err(_) => println!("not asked for: set RINGFENCE_MODEL=full"),
    }
}
