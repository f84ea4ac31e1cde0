//! Floor 6: the platform composes the halves, and is what a host holds.

mod inputs;
pub mod keyring;
pub mod snapshot;

use alloc::string::String;
use alloc::vec::Vec;

use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::xxh3_128;

use self::keyring::Keyring;
use crate::books::chain::Chain;
use crate::books::outbox::Outbox;
use crate::books::repeats::{Repeats, Taken};
use crate::halves::Context;
pub use crate::halves::appointments::Why;
use crate::halves::appointments::records::{Call, Leg, Reservation};
use crate::halves::appointments::{Appointments, check_text, limit};
use crate::halves::fallback::Fallback;
use crate::values::effect::{AuditRecord, Digest, Effect, PolicySet};
use crate::values::id::{CallId, LegId, ReservationId};
use crate::values::input::{Dedup, Input, RequestCall};
use crate::values::policy::{Policy, PolicyError};
use crate::values::refusal::{Bound, Refusal};
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
    chain: Chain,
    repeats: Repeats,
    appointments: Appointments,
    fallback: Fallback,
}

/// What [`Platform::advance`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many deadlines it fired.
    pub fired: u32,
    /// Whether more are due: the budget was used up. What is held back by a full outbox does not count. False when
    /// the clock was refused.
    pub more: bool,
    /// Whether the instant was refused, and nothing was done: the clock leapt farther than the policy trusts. Send `confirm_clock` if it is right.
    pub is_clock_refused: bool,
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
            chain: Chain::new(shard),
            repeats: Repeats::default(),
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
        self.see(now, matches!(input, Input::ConfirmClock(_)))?;
        self.decide(input)
    }

    /// [`handle`](Self::handle) for an input that may come again, as webhooks do. One that was accepted is remembered with its reply for
    /// `dedup_retention_s`. A repeat within that time is answered with the same reply; it changes nothing and emits nothing (P11). A refused
    /// input is not remembered.
    ///
    /// # Errors
    /// As `handle`, and before it: `empty_key`, `limit` (text), `repeat_differs` when the same key came with another content, `limit`
    /// (`dedup_max`).
    pub fn handle_once(&mut self, now: Timestamp, key: Dedup, input: Input) -> Result<Reply, Refusal> {
        self.see(now, matches!(input, Input::ConfirmClock(_)))?;
        self.repeats.forget_old(self.latest);
        for text in [&key.source, &key.key] {
            if text.is_empty() {
                return Err(Refusal::EmptyKey);
            }
            check_text(text, &self.policy)?;
        }
        let body = xxh3_128(&postcard::to_allocvec(&input).unwrap_or_default());
        if let Some(taken) = self.repeats.get(&key, self.latest) {
            return if taken.body == body { Ok(taken.reply) } else { Err(Refusal::RepeatDiffers) };
        }
        limit(Bound::Dedup, self.repeats.len(), self.policy.dedup_max)?;
        let reply = self.decide(input)?;
        let until = self.latest.saturating_add_s(u64::from(self.policy.dedup_retention_s));
        self.repeats.put(key, Taken { body, reply, until });
        Ok(reply)
    }

    /// Notes an instant, unless the clock leapt farther than the policy trusts.
    fn see(&mut self, now: Timestamp, is_confirmed: bool) -> Result<(), Refusal> {
        let most_s = self.policy.clock_leap_max_s;
        let trusted = self.latest.saturating_add_s(u64::from(most_s));
        if most_s > 0 && !is_confirmed && self.latest > Timestamp::MIN && now > trusted {
            return Err(Refusal::ClockLeap { latest: self.latest, most_s });
        }
        self.latest = self.latest.max(now);
        Ok(())
    }

    fn decide(&mut self, input: Input) -> Result<Reply, Refusal> {
        if let Input::SetPolicy(input) = input {
            return self.replace_policy(input.policy);
        }
        let (mut cx, appointments) = self.parts();
        appointments.handle(&mut cx, input)
    }

    fn replace_policy(&mut self, policy: Policy) -> Result<Reply, Refusal> {
        if let Err(PolicyError { field, given, least, most }) = policy.check() {
            return Err(Refusal::InvalidPolicy { field: field.into(), given, least, most });
        }
        if policy == self.policy {
            return Ok(Reply::NoOp);
        }
        let digest = Sha256::digest(postcard::to_allocvec(&policy).unwrap_or_default());
        self.policy = policy;
        let (mut cx, _) = self.parts();
        cx.audit(AuditRecord::PolicySet(PolicySet { policy: Digest::new(digest.into()) }));
        Ok(Reply::Done)
    }

    /// What a half is handed, and the half.
    fn parts(&mut self) -> (Context<'_>, &mut Appointments) {
        let cx = Context { now: self.latest, policy: &self.policy, outbox: &mut self.outbox, chain: &mut self.chain };
        (cx, &mut self.appointments)
    }

    /// Fires due deadlines in order, at most `budget` of them. A batch equals its single steps.
    pub fn advance(&mut self, now: Timestamp, budget: u32) -> Progress {
        if self.see(now, false).is_err() {
            return Progress { fired: 0, more: false, is_clock_refused: true };
        }
        self.repeats.forget_old(self.latest);
        let (mut cx, appointments) = self.parts();
        let mut fired = 0_u32;
        while fired < budget && appointments.fire_first(&mut cx) {
            fired = fired.saturating_add(1);
        }
        let next = appointments.poll_deadline(!cx.is_outbox_full());
        Progress { fired, more: next.is_some_and(|(due, _)| due <= cx.now), is_clock_refused: false }
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

    /// May this call of a merchant's line ring the user at `at`? Changes nothing and writes no audit.
    ///
    /// At the latest instant seen it is the verdict that `request_call` would give. An earlier `at` counts as the latest seen.
    #[must_use]
    pub fn gate(&self, request: RequestCall, at: Timestamp) -> Verdict {
        self.appointments.gate(&self.policy, request, at.max(self.latest))
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

    /// How many inputs are remembered by their keys.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.repeats.len()
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
        if !self.repeats.is_consistent() {
            return Err("the book of repeats does not agree with itself".into());
        }
        self.appointments.check_invariants()
    }
}
