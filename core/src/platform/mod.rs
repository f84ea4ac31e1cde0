//! Floor 6: the platform composes the halves, and is what a host holds.

mod inputs;
pub mod keyring;
pub mod snapshot;

use alloc::string::String;
use alloc::vec::Vec;

use self::keyring::Keyring;
use crate::books::outbox::Outbox;
use crate::halves::Context;
use crate::halves::appointments::Appointments;
pub use crate::halves::appointments::Why;
use crate::halves::appointments::records::{Call, Leg, Reservation};
use crate::halves::fallback::Fallback;
use crate::values::effect::Effect;
use crate::values::id::{CallId, LegId, ReservationId};
use crate::values::input::Input;
use crate::values::number::PhoneNumber;
use crate::values::policy::{Policy, PolicyError};
use crate::values::refusal::Refusal;
use crate::values::reply::{Reply, Verdict};
use crate::values::time::Timestamp;

/// The service platform (服务平台): what a host holds.
///
/// It is a fold over its log: inputs, `advance` and `confirm` in, replies and numbered effects out. It reads no clock, opens nothing, draws
/// nothing. The methods, by kind:
///
/// - **inputs**: [`handle`](Self::handle), and one typed method for each input ([`book`](Self::book),
///   [`request_call`](Self::request_call), …). The instant comes first.
/// - **outputs**: [`poll_effect`](Self::poll_effect) until it is empty after every input and every `advance`; [`confirm`](Self::confirm) what
///   was carried out; [`poll_deadline`](Self::poll_deadline) for when to call [`advance`](Self::advance).
/// - **questions**, which change nothing: [`gate`](Self::gate), the getters, [`snapshot`](Self::snapshot), [`state_hash`](Self::state_hash).
///
/// # The order of things
/// 1. Write the input to the log. 2. `handle` it. 3. Poll every effect; carry it out; confirm it. 4. Sleep until `poll_deadline`, or the next
///    input; call `advance`.
///
/// An effect is kept, and is in every snapshot, until it is confirmed. `dial`, `answer` and `play` carry `not_after`: a host that has reached it, or does
/// not know whether it already did it, does not do it and reports [`effect_failed`](Self::effect_failed).
///
/// # Time
/// An instant earlier than the latest seen counts as the latest seen. Every input settles the due deadlines of what it touches before it is judged, so
/// nothing depends on `advance` having been called in time: lateness can lose a call, never ring one that was not permitted.
#[derive(Clone, Debug)]
pub struct Platform {
    latest: Timestamp,
    policy: Policy,
    keyring: Keyring,
    outbox: Outbox,
    appointments: Appointments,
    fallback: Fallback,
}

/// What [`Platform::advance`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many deadlines it fired.
    pub fired: u32,
    /// Whether more are due: the budget was used up. What is held back by a full outbox does not count.
    pub more: bool,
}

impl Platform {
    /// A platform without merchants.
    ///
    /// `hash_seed` spreads the hash tables; draw it at random. It reaches no output: two platforms with different seeds
    /// and the same log give the same bytes.
    ///
    /// # Errors
    /// [`PolicyError`] names the first field of the policy that is out of range.
    pub fn new(policy: Policy, keyring: Keyring, hash_seed: u64) -> Result<Self, PolicyError> {
        Self::with_shard(policy, keyring, hash_seed, 0)
    }

    /// A platform that is one shard of several: its ids carry `shard` in their high bits, so no two shards give the same.
    ///
    /// # Errors
    /// [`PolicyError`] names the first field of the policy that is out of range.
    pub fn with_shard(policy: Policy, keyring: Keyring, hash_seed: u64, shard: u16) -> Result<Self, PolicyError> {
        policy.check()?;
        Ok(Self {
            latest: Timestamp::MIN,
            policy,
            keyring,
            outbox: Outbox::default(),
            appointments: Appointments::new(shard, hash_seed),
            fallback: Fallback,
        })
    }

    // ---- inputs -------------------------------------------------------------------------------------------------

    /// Settles what is due for what the input touches, then decides. Effects wait to be polled afterwards, also those of the settling.
    ///
    /// # Errors
    /// A [`Refusal`]: misuse, a rule that says no, or a bound. Nothing but the settling has changed then. A call that the gate denies
    /// and a cancel that comes twice are no refusals but replies.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Result<Reply, Refusal> {
        self.latest = self.latest.max(now);
        let mut cx = Context { now: self.latest, policy: &self.policy, outbox: &mut self.outbox };
        self.appointments.handle(&mut cx, input)
    }

    /// Fires due deadlines in order, at most `budget` of them. A batch equals its single steps.
    pub fn advance(&mut self, now: Timestamp, budget: u32) -> Progress {
        self.latest = self.latest.max(now);
        let mut cx = Context { now: self.latest, policy: &self.policy, outbox: &mut self.outbox };
        let mut fired = 0_u32;
        while fired < budget && self.appointments.fire_first(&mut cx) {
            fired = fired.saturating_add(1);
        }
        let next = self.appointments.poll_deadline(!cx.is_outbox_full());
        Progress { fired, more: next.is_some_and(|(due, _)| due <= cx.now) }
    }

    // ---- outputs ------------------------------------------------------------------------------------------------

    /// The next effect that was not polled yet. `None` when there is none; then wait for the next input or deadline.
    ///
    /// After a restore it begins again at the first unconfirmed effect.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.outbox.poll()
    }

    /// Every effect up to this sequence number is carried out, or was reported by `effect_failed`: let go of it.
    ///
    /// # Errors
    /// [`Refusal::NotEmitted`] for a number beyond the last effect. A number that was confirmed before changes nothing.
    pub fn confirm(&mut self, up_to: u64) -> Result<(), Refusal> {
        let last = self.outbox.last_sequence();
        if up_to > last {
            return Err(Refusal::NotEmitted { sequence: up_to, last });
        }
        self.outbox.confirm(up_to);
        Ok(())
    }

    /// When to call [`advance`](Self::advance), and why: the latest instant seen while unpolled effects wait, otherwise the first deadline,
    /// which may be past. `None` when nothing will ever be due. Deadlines that would start something are left out
    /// while the outbox is full: confirm first.
    #[must_use]
    pub fn poll_deadline(&self) -> Option<(Timestamp, Why)> {
        if self.outbox.has_unpolled() {
            return Some((self.latest, Why::EffectsWaiting));
        }
        let is_full = self.outbox.len() >= usize::try_from(self.policy.outbox_max).unwrap_or(usize::MAX);
        self.appointments.poll_deadline(!is_full)
    }

    // ---- questions ----------------------------------------------------------------------------------------------

    /// May this line's call for this reservation ring the user at `at`? Changes nothing and writes no audit.
    ///
    /// At the latest instant seen it is the verdict that `request_call` would give. An earlier `at` counts as the latest seen.
    #[must_use]
    pub fn gate(&self, line: PhoneNumber, reservation: ReservationId, at: Timestamp) -> Verdict {
        self.appointments.gate(&self.policy, line, reservation, at.max(self.latest))
    }

    /// The rules in force.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The latest instant seen.
    #[must_use]
    pub const fn latest(&self) -> Timestamp {
        self.latest
    }

    /// A reservation that is kept: live, or closed and in retention.
    #[must_use]
    pub fn reservation(&self, id: ReservationId) -> Option<&Reservation> {
        self.appointments.reservation(id)
    }

    /// A call that is not gone.
    #[must_use]
    pub fn call(&self, id: CallId) -> Option<&Call> {
        self.appointments.call(id)
    }

    /// A leg that is not gone.
    #[must_use]
    pub fn leg(&self, id: LegId) -> Option<&Leg> {
        self.appointments.leg(id)
    }

    /// The ids of every reservation that is kept, in order.
    #[must_use]
    pub fn reservations(&self) -> Vec<ReservationId> {
        self.appointments.ids().0.into_iter().map(ReservationId::new).collect()
    }

    /// The ids of every call that is not gone, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<CallId> {
        self.appointments.ids().1.into_iter().map(CallId::new).collect()
    }

    /// The ids of every leg that is not gone, in order.
    #[must_use]
    pub fn legs(&self) -> Vec<LegId> {
        self.appointments.ids().2.into_iter().map(LegId::new).collect()
    }

    /// How many effects are not confirmed.
    #[must_use]
    pub fn unconfirmed(&self) -> usize {
        self.outbox.len()
    }

    /// The keys of this platform.
    #[must_use]
    pub const fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// The missed-call half.
    #[must_use]
    pub const fn fallback(&self) -> &Fallback {
        &self.fallback
    }

    /// Checks everything that must hold between inputs. For tests; costs a walk over everything.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub fn check_invariants(&self) -> Result<(), String> {
        self.appointments.check_invariants()
    }
}
