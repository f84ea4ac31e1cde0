//! Model checking: every interleaving of a small world over the real [`Platform`](ringfence::Platform), judged in every state by the checker.
//!
//! The world: merchants with a line, users with a reservation each in the same window, a simulated switch, and a host. Whatever the network may
//! report of a leg it may report at any time, twice, too late or never; users, merchants, accounts and operators may do at any time what their budget
//! lets them; the host may fire a deadline, be asked something at the instant of a deadline before it fires it, sleep until one microsecond before
//! the window's end or past it, stop between the log and an effect and come back at once or later, fail to do what it was told, and lose the switch.
//! Budgets keep it finite; it is explored completely, and the number of its states is pinned.
//!
//! # The scopes
//!
//! One scope with every kind of trouble at once would have too many states, so each has a few kinds. Those of `SMALL` are explored by `make test`,
//! those of `LARGE` by `make model` too, which tells of all what they came to. `UNPINNED` are larger yet: they are for a machine that has the time.
//!
//! | | what is in the world | small | large |
//! |---|---|---|---|
//! | a | one merchant, two users, both modes; every network event: each class of release, answer, progress, a prompt's end, reports that are doubled, crossed, stray or lost, a switch that restarts | *calls and cancels*, *choices of the mode*, *every release*, *odd reports and faults*; beside them *two merchants and one user*, *slots*, *the holder's code*, *freezes, the do-not-call list and callable hours*, *what comes again under its key* | *every release, odd reports and faults*, *two users, odd reports and faults*, *two users, each thing at its own pace*, *the holder's code and cancels* |
//! | b | two users on one bridge | *two users on one bridge* | *two users on one bridge, and faults* |
//! | c | change, cancel, decline, block and forget me against legs that ring and legs that talk | *what is taken back*, *two users on one bridge*, *a user of two merchants who wants to be forgotten* | *everything is taken back*, *what is taken back, faults and a late host* |
//! | d | a virtual number is leased, rests, and is leased anew | *one virtual number* | *one virtual number, longer, and faults* |
//! | e | voice messages and bindings, with reports that are lost and doubled | *voice messages*, *no room for a message*, *who has a number*, *the recorder of a reserved call*, the same *and faults* | *voice messages and more odd reports*, *the recorder of a reserved call, cancels, faults and a late host* |
//! | f | channels and a queue, with retries | *retries on one channel*, *three users and two channels*, *calls and cancels* | *three users, two channels and retries*, the same *each thing at its own pace*, *four users and two channels* and more |
//! | g | a late host, a crash between log and execution, `resync` | *faults and a late host*, *odd reports and faults*, *voice messages*, *the recorder of a reserved call, and faults* | every one *and faults* |
//!
//! A crash stands in two ways. In every state of a scope with faults the host might stop, before or after each effect that it was handed: it is
//! asked there what a platform from the snapshot hands out. And as a step the host does come back, at once, at the next deadline or after the window,
//! with what it was to do still undone, and does what it may do yet.
//!
//! # What is asked
//!
//! `always`: none of the promises falls in any state, by the checker, which knows nothing of the engine; the engine's own invariants hold; the gate answers what
//! `request_call` answers; a restored platform is the same; when nothing is due any more, everything has ended. `sometimes`: the moments in
//! `moments.rs`, each under the name of its promise. A scope that has what a moment takes must show it; every moment is shown by a small scope; and
//! so are, by name, the interleavings that the design asks for (`NAMED`).
//!
//! # What is one state
//!
//! [`Platform::model_view()`](ringfence::Platform::model_view), the checker's own view, and what the environment needs. Left out are:
//!
//! - the **policy**: it is the same in all states of a scope, and no input here changes it;
//! - **counters** (of ids, effects, audits, revisions of pages): no decision reads one; they only give the next number, which is higher than every one before it. The
//!   chain of audits is a digest of what happened, and is read by nobody;
//! - **ids and instants**: ids are given in order and compared in order, so an id says no more than its place among those that are kept; an instant says no more
//!   than its distance from the latest seen, since rules add seconds and compare. What is about the hour of a day keeps its instants (callable hours, rings of a day);
//! - **what a step showed**: the moments are noted as the step is taken.
//!
//! That this is enough is tested and not only argued: `RINGFENCE_MODEL=alike` walks every step from every world, also from one whose key is known, and
//! asks whether equal keys go on to equal keys.
//!
//! # How to run it
//!
//! `make model` explores everything and closes with a table. By hand, with a scope's name, or a part of names, to explore those only:
//!
//! ```text
//! RINGFENCE_MODEL=all RINGFENCE_SCOPE=bridge cargo test --profile model -p ringfence-testing --test stateright -- --nocapture asked_for
//! ```
//!
//! `RINGFENCE_MODEL` is `all`, `alike`, or `pins` (explores, and tells the counts to pin). A step takes some twenty to fifty microseconds, most of it the
//! copies of platform and checker that every state has to itself, and the two views. When a property falls, the whole life that led there is printed as the lines of a trace.

use std::sync::Arc;

use ringfence::VoiceMessageState;
use ringfence::decisions::diagnosis::diagnose;
use ringfence::values::cause::FailureReason;
use ringfence_testing::checker::Promise;
use stateright::{Expectation, Model, Property};

#[path = "stateright/acts.rs"]
mod acts;
#[path = "stateright/alike.rs"]
mod alike;
#[path = "stateright/explore.rs"]
mod explore;
#[path = "stateright/moments.rs"]
mod moments;
#[path = "stateright/scopes.rs"]
mod scopes;
#[path = "stateright/spin.rs"]
mod spin;
#[path = "stateright/world.rs"]
mod world;

use acts::{Act, Release};
use explore::Views;
use moments::{Moment, NAMED, Shown};
use ringfence::CallMode;
use scopes::{EVERY_RELEASE, LARGE, SMALL, Scope, UNPINNED};
use world::{ACCOUNTS, Bar, Budget, Fallen, Sides, World, account};

impl World {
    /// The acts of the scopes for single moments.
    fn single_moments(&self, acts: &mut Vec<Act>) {
        let Budget { amends, declines, blocks, slots, right, wrong, asks, bookings, forgets, bars, withdrawals, .. } =
            self.budget;
        if amends > 0 && withdrawals > 0 {
            acts.extend([true, false].map(|offering| Act::Amend { offering }));
        }
        acts.extend((declines > 0 && withdrawals > 0).then_some(Act::Decline));
        if blocks > 0 && withdrawals > 0 {
            let shares = self.sides == Sides::OneMerchantTwoSharing;
            acts.extend([1, 2].map(Act::Block).into_iter().take(if shares { 2 } else { 1 }));
        }
        if slots > 0 {
            acts.extend([true, false].map(|second| Act::Slot { second }));
            acts.push(Act::Ready);
        }
        acts.extend((bookings > 0).then_some(Act::Book));
        acts.extend((forgets > 0 && withdrawals > 0).then_some(Act::Forget));
        if bars > 0 && self.barred.is_none() {
            acts.extend([Bar::Merchant, Bar::Number, Bar::List].map(Act::Bar));
        }
        acts.extend(self.barred.filter(|_| bars > 0).map(|_| Act::Unbar));
        if self.sides == Sides::TwoAccounts {
            return self.accounts(acts);
        }
        acts.extend((right > 0).then_some(Act::Code { right: true }));
        acts.extend((wrong > 0).then_some(Act::Code { right: false }));
        acts.extend((asks > 0).then_some(Act::AskForCode));
    }

    /// What two accounts do who want one number.
    fn accounts(&self, acts: &mut Vec<Act>) {
        let Budget { right, wrong, asks, follows, unbinds, .. } = self.budget;
        for (one, name) in ACCOUNTS.iter().enumerate() {
            acts.extend((asks > 0).then_some(Act::AsksToBind(one)));
            acts.extend((right > 0).then_some(Act::Binds { account: one, right: true }));
            acts.extend((wrong > 0).then_some(Act::Binds { account: one, right: false }));
            acts.extend((unbinds > 0).then_some(Act::Unbinds(one)));
            if follows > 0 {
                acts.push(Act::FollowsOf { account: one, follows: !self.platform.follows(&account(name)) });
            }
        }
    }

    /// What may be reported of a message, and what its account does.
    fn messages(&self, acts: &mut Vec<Act>) {
        let Budget { requests, odd, follows, takeovers, .. } = self.budget;
        let is_caller = self.sides == Sides::Caller;
        acts.extend((is_caller && requests > 0).then_some(Act::FailedCall));
        if follows > 0 {
            acts.push(Act::Follows(!self.platform.follows(&account(ACCOUNTS[0]))));
        }
        acts.extend((takeovers > 0).then_some(Act::TakesOver));
        let Some(message) = self.message() else { return };
        let awaits = matches!(message.state, VoiceMessageState::Offered | VoiceMessageState::Recording);
        if message.state == VoiceMessageState::Recording || awaits && odd > 0 {
            acts.push(Act::Recorded);
        }
        let is_pushing = message.state == VoiceMessageState::Pushing;
        // Minus one is a busy network; 43004 says that the account does not follow.
        let codes = [None, Some("-1"), Some("43004")].into_iter().filter(|code| is_caller || code.is_none());
        for code in codes.filter(|_| !message.pushed.is_empty()) {
            acts.extend((is_pushing || odd > 0).then_some(Act::Reported { first: false, code }));
            acts.extend((message.pushed.len() > 1 && odd > 0).then_some(Act::Reported { first: true, code }));
        }
        let is_shown = is_pushing || matches!(message.state, VoiceMessageState::Waiting | VoiceMessageState::Delivered);
        if is_caller && is_shown && !message.pushed.is_empty() {
            acts.push(Act::Opens);
            acts.extend((message.account == account(ACCOUNTS[0])).then_some(Act::Peeks));
        }
    }

    /// What the network may report of the legs.
    fn reports(&self, scope: &Scope, acts: &mut Vec<Act>) {
        let odd = self.budget.odd > 0;
        for (id, leg) in &self.switch {
            if leg.expects_answer() || odd {
                acts.push(Act::Answer(*id));
            }
            if odd && !leg.progressed && !leg.inbound && !leg.answered {
                acts.push(Act::Progress(*id));
            }
            acts.extend((odd && leg.answered).then_some(Act::Played(*id)));
            if !leg.inbound && !leg.answered && !leg.hung_up || scope.releases.len() > 2 {
                acts.extend(scope.releases.iter().map(|release| Act::End(*id, *release)));
            } else {
                acts.push(Act::End(*id, Release::Normal));
            }
        }
        if let Some(leg) = self.gone.filter(|_| odd) {
            acts.extend([
                Act::End(leg, Release::Nothing),
                Act::Haunts { leg, answered: true },
                Act::Haunts { leg, answered: false },
            ]);
        }
    }

    /// What may go wrong with the host and its switch.
    fn faults(&self, acts: &mut Vec<Act>) {
        let is_unconfirmed = !self.fresh.is_empty() || self.pushed || self.sides == Sides::Caller;
        acts.extend(self.fresh.iter().map(|(sequence, _)| Act::Fail(*sequence)));
        acts.extend((is_unconfirmed && !self.restarted).then_some(Act::Restart));
        if !self.fresh.is_empty() && !self.restarted && self.budget.late > 0 {
            acts.extend([true, false].map(|past_end| Act::Down { past_end }));
        }
        if !self.switch.is_empty() {
            acts.extend([true, false].map(|legs_live| Act::Resync { legs_live }));
        }
    }
}

/// A scope while it is explored.
pub(crate) struct Explored {
    scope: Scope,
    /// What its steps have shown.
    shown: Arc<Shown>,
    /// The views of the platform that were seen.
    seen: Arc<Views>,
}

impl Model for Explored {
    type State = World;
    type Action = Act;

    fn init_states(&self) -> Vec<World> {
        let worlds: Vec<_> = self.scope.modes.iter().map(|silence| World::new(&self.scope, *silence, false)).collect();
        worlds.iter().for_each(|world| self.seen.note(world.view));
        worlds
    }

    fn actions(&self, world: &World, acts: &mut Vec<Act>) {
        if world.fallen.is_some() {
            return;
        }
        let Budget { requests, cancels, modes, faults, late, again, withdrawals, .. } = world.budget;
        world.single_moments(acts);
        if matches!(world.sides, Sides::Recorder | Sides::Caller) {
            world.messages(acts);
        }
        for id in world.sides.reservations().iter().take(self.scope.crowd.0).copied() {
            acts.extend((requests > 0).then_some(Act::Request(id)));
            acts.extend((cancels > 0 && withdrawals > 0).then_some(Act::Cancel(id)));
            if modes > 0 {
                acts.extend(CallMode::ALL.map(|mode| Act::Choose(id, mode)));
            }
        }
        if world.sides == Sides::OneMerchantTwoSharing {
            acts.extend((requests > 0).then_some(Act::RequestGroup));
        }
        // Only what is answered without ids comes under a key: the views of two lives would differ by them.
        if again > 0 && world.keyed[1] {
            acts.extend([true, false].map(|same| Act::Again { cancel: true, same }));
        }
        world.reports(&self.scope, acts);
        if faults > 0 {
            world.faults(acts);
        }
        let deadline = world.deadline();
        acts.extend(deadline.map(|_| Act::Advance));
        if late > 0 && deadline.is_some_and(|at| at > world.now) {
            acts.push(Act::Oversleep);
        }
        let passes = deadline.is_some_and(|at| at < world.last_microsecond());
        // Where many are called, instants are those of deadlines only: others show what comes just before the end.
        let is_many = world.sides == Sides::Crowd;
        if world.now < world.last_microsecond() && (!passes || late > 0) && !is_many {
            acts.push(Act::NearEnd);
        }
        if world.now < world.end && late > 0 {
            acts.push(Act::PastEnd);
        }
    }

    fn next_state(&self, world: &World, act: Act) -> Option<World> {
        let mut next = world.clone();
        next.act(act);
        self.shown.note(next.moments);
        self.seen.note(next.view);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        macro_rules! holds {
            ($($promise:ident: $text:literal,)*) => {
                vec![$(Property::always(concat!(stringify!($promise), ": ", $text), |_, world: &World| {
                    !matches!(world.fallen, Some(Fallen::Promise(Promise::$promise, _)))
                })),*]
            };
        }
        let mut properties = holds! {
            P1: "a user's phone rings inside his window only",
            P2: "nothing rings before the holder of the phone has agreed",
            P3: "what is taken back rings no more, and a late answer is not joined",
            P4: "in platform mode the merchant answers first",
            P5: "only answered legs are joined, the merchant first",
            P6: "the mode in force decides who starts",
            P7: "a number never means two users to one merchant, and a message is shown to nobody else",
            P8: "one leg a user, one call a channel",
            P9: "everything ends within its bound",
            P10: "the recorder is offered by the rules; a message reaches the account of its offer, or ends with its sender told",
            P11: "a repeat emits nothing",
            P12: "what is handed out again is the same",
            P13: "a refusal emits nothing",
            P14: "every verdict and dial is right at its own instant",
            P15: "there is no more than the rules let be",
            P16: "the queue is served in order, and nobody starves",
            P17: "verdicts, dials, failed calls and the ends of messages are on record",
        };
        properties.extend([
            Property::always("P7: no account is shown a message of another", |_, world: &World| {
                world.fallen != Some(Fallen::Shown)
            }),
            Property::always("P9: when nothing is due any more, everything has ended", |_, world: &World| {
                !matches!(world.fallen, Some(Fallen::Unfinished(_)))
            }),
            Property::always("P12: a restored platform is the same", |_, world: &World| world.fallen != Some(Fallen::Restore)),
            Property::always("P12: a host that stops here loses nothing and is handed nothing else", |_, world: &World| {
                !world.may_stop || world.fallen.is_some() || world.survives_a_crash()
            }),
            Property::always("P14: the gate answers what request_call answers", |_, world: &World| {
                !matches!(world.fallen, Some(Fallen::Gate(_)))
            }),
            Property::always("the invariants of the engine hold", |_, world: &World| {
                !matches!(world.fallen, Some(Fallen::Invariant(_)))
            }),
            Property::always("nothing else falls", |_, world: &World| world.fallen.is_none()),
        ]);
        properties
    }
}

/// The small scopes, a part of them for each test, so that two run side by side.
fn explore(is_odd: bool) {
    let part = SMALL.iter().enumerate().filter(|(place, _)| place % 2 == usize::from(is_odd));
    part.for_each(|(_, scope)| drop(scope.explore()));
}

#[test]
fn every_promise_is_kept_in_every_order_in_the_small_scopes() {
    explore(false);
}

#[test]
fn every_promise_is_kept_in_every_order_in_the_other_small_scopes() {
    explore(true);
}

/// The scopes of `make test` that show a moment.
fn that_show(moment: Moment) -> impl Iterator<Item = &'static Scope> {
    SMALL.iter().filter(move |scope| moment.is_in(scope) && !scope.lacks.contains(&moment))
}

#[test]
fn every_moment_is_shown_by_a_small_scope() {
    for moment in Moment::ALL {
        assert!(that_show(*moment).next().is_some(), "no scope shows: {}", moment.text());
    }
}

#[test]
fn the_named_interleavings_are_shown_by_small_scopes() {
    for (interleaving, moment) in NAMED {
        let shown: Vec<_> = that_show(moment).map(|scope| scope.name).collect();
        assert!(!shown.is_empty(), "no scope shows: {interleaving}");
        println!("{interleaving}: {} ({})", moment.text(), shown.join("; "));
    }
}

#[test]
fn every_always_has_its_sometimes_and_every_promise_its_always() {
    let explored = Explored { scope: SMALL[0], shown: Arc::default(), seen: Arc::default() };
    let properties = explored.properties();
    assert!(properties.iter().all(|property| matches!(property.expectation, Expectation::Always)));
    for number in 1..=17 {
        let promise = format!("P{number}: ");
        assert!(properties.iter().any(|property| property.name.starts_with(&promise)), "{promise}there is no always");
        assert!(Moment::ALL.iter().any(|moment| moment.text().starts_with(&promise)), "{promise}there is no sometimes");
    }
}

#[test]
fn the_releases_are_of_every_class() {
    for reason in FailureReason::ALL {
        assert_eq!(diagnose(&Release::Failed(reason).evidence()).reason, reason);
        assert!(EVERY_RELEASE.contains(&Release::Failed(reason)), "{reason:?} is never said");
    }
}

#[test]
fn no_two_scopes_have_one_name_and_every_part_of_the_list_has_its_scopes() {
    let all = || SMALL.iter().chain(LARGE).chain(UNPINNED);
    for scope in all() {
        assert_eq!(all().filter(|other| other.name == scope.name).count(), 1, "{}", scope.name);
    }
    for letter in ["a", "b", "c", "d", "e", "f", "g"] {
        let is_of = |scope: &Scope| scope.letters.split(' ').any(|one| one == letter);
        assert!(SMALL.iter().any(is_of), "({letter}) has no small scope");
        assert!(LARGE.iter().chain(UNPINNED).any(is_of), "({letter}) has no large scope");
    }
}

#[test]
fn the_large_scopes_keep_every_promise_when_they_are_asked_for() {
    let part = std::env::var("RINGFENCE_SCOPE").unwrap_or_default();
    let model = std::env::var("RINGFENCE_MODEL");
    let unpinned = UNPINNED.iter().filter(|_| model.as_deref() == Ok("pins"));
    let all: Vec<Scope> = SMALL.iter().chain(LARGE).chain(unpinned).copied().collect();
    // The whole of a name means that scope only, though it may be a part of another's.
    let is_whole = all.iter().any(|scope| scope.name == part);
    let is_meant = |scope: &Scope| if is_whole { scope.name == part } else { scope.name.contains(&part) };
    let scopes = all.into_iter().filter(is_meant);
    match model.as_deref() {
        Ok("all") => explore::tell(&scopes.map(Scope::explore).collect::<Vec<_>>()),
        Ok("pins") => explore::tell(&scopes.map(Scope::walk).collect::<Vec<_>>()),
        Ok("alike") => scopes.for_each(alike::equal_states_have_equal_successors),
        Ok(other) => panic!("RINGFENCE_MODEL is {other:?}; known are \"all\", \"alike\" and \"pins\""),
        Err(_) => println!("not asked for: set RINGFENCE_MODEL=all"),
    }
}
