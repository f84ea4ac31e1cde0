//! Floor 6: the platform composes the halves, and is what a host holds.

mod crossing;
mod inputs;
mod questions;
pub mod snapshot;

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::xxh3_128;

use self::crossing::{cross, fire_first, own_leg, report, shared_leg, tell_over};
use crate::books::bindings::Binding;
use crate::books::chain::Chain;
use crate::books::commons::Commons;
use crate::books::keyring::{KeyError, Keyring};
use crate::books::outbox::Outbox;
use crate::books::profiles::Profile;
use crate::books::repeats::{Repeats, Taken};
use crate::books::voice_messages::VoiceMessage;
use crate::halves::Context;
pub use crate::halves::Why;
use crate::halves::appointments::Appointments;
use crate::halves::appointments::records::{Call, Leg, LiveChallenge, Reservation};
use crate::halves::checks::{check_evidence, check_text, hang_up_stray, limit};
use crate::halves::fallback::Fallback;
use crate::values::account::AccountId;
use crate::values::code::Code;
use crate::values::effect::{AuditRecord, Digest, Effect, KeyRotated, PolicySet};
use crate::values::export::PersonExport;
use crate::values::id::{CallId, ChallengeId, LegId, ReservationId, VoiceMessageId};
use crate::values::input::{CallDiverted, Dedup, ForgetMe, Input, RequestCall};
use crate::values::number::Address;
use crate::values::number::PhoneNumber;
use crate::values::person::Person;
use crate::values::policy::{Policy, PolicyError};
use crate::values::refusal::{Allowed, Bound, Field, Refusal};
use crate::values::reply::{Forgotten, Reply, Verdict};
use crate::values::text::Text;
use crate::values::time::Timestamp;
use crate::values::wire;

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
/// An effect is kept, and is in every snapshot, until it is confirmed. `dial`, `answer`, `play` and `record` carry `not_after`: a host that has reached it, or does
/// not know whether it already did it, does not do it and reports [`effect_failed`](Self::effect_failed).
///
/// # Time
/// An instant earlier than the latest seen counts as the latest seen. Every input settles the due deadlines of what it touches before it is judged, so
/// no answer depends on `advance` having been called in time, but for what lateness itself costs: a deadline is judged at the instant at which it
/// fires. That can lose a call and keep a reservation longer; it never rings a phone that was not permitted to ring.
#[derive(Clone, Debug)]
pub struct Platform {
    latest: Timestamp,
    policy: Policy,
    keyring: Keyring,
    /// The id of the key under which new codes are made.
    key: Option<Text>,
    outbox: Outbox,
    chain: Chain,
    commons: Commons,
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
            key: None,
            outbox: Outbox::default(),
            chain: Chain::new(shard),
            commons: Commons::new(shard),
            repeats: Repeats::default(),
            appointments: Appointments::new(shard, hash_seed),
            fallback: Fallback::new(shard),
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
        // What confirms the clock is believed only if it is taken, so all that could refuse it, or know it already, comes first.
        let is_confirming = matches!(input, Input::ConfirmClock(_)) && self.leaps_to(now).is_some();
        if !is_confirming {
            self.see(now, false)?;
        }
        self.repeats.forget_old(self.latest);
        for text in [&key.source, &key.key] {
            if text.is_empty() {
                return Err(Refusal::EmptyKey);
            }
            check_text(text, &self.policy)?;
        }
        let body = xxh3_128(&wire::bytes(&input).unwrap_or_default());
        if let Some(taken) = self.repeats.get(&key, self.latest).copied() {
            self.see(now, false)?;
            return if taken.body == body { Ok(taken.reply) } else { Err(Refusal::RepeatDiffers) };
        }
        limit(Bound::Dedup, self.repeats.len(), self.policy.dedup_max)?;
        self.see(now, is_confirming)?;
        self.repeats.forget_old(self.latest);
        let reply = self.decide(input)?;
        let until = self.latest.saturating_add_s(u64::from(self.policy.dedup_retention_s));
        self.repeats.put(key, Taken { body, reply, until });
        Ok(reply)
    }

    /// Notes an instant, unless the clock leapt farther than the policy trusts.
    fn see(&mut self, now: Timestamp, is_confirmed: bool) -> Result<(), Refusal> {
        match self.leaps_to(now).filter(|_| !is_confirmed) {
            Some(leap) => Err(leap),
            None => {
                self.latest = self.latest.max(now);
                Ok(())
            }
        }
    }

    /// The refusal of an instant that is farther ahead than the policy trusts.
    fn leaps_to(&self, now: Timestamp) -> Option<Refusal> {
        let most_s = self.policy.clock_leap_max_s;
        let trusted = self.latest.saturating_add_s(u64::from(most_s));
        let is_leap = most_s > 0 && self.latest > Timestamp::MIN && now > trusted;
        is_leap.then_some(Refusal::ClockLeap { latest: self.latest, most_s })
    }

    /// Decides in the halves; then what one has for the other crosses, whether the input was refused or not.
    fn decide(&mut self, input: Input) -> Result<Reply, Refusal> {
        let reply = self.decide_in_halves(input);
        let (mut cx, appointments, fallback) = self.parts();
        cross(&mut cx, appointments, fallback);
        reply
    }

    fn decide_in_halves(&mut self, input: Input) -> Result<Reply, Refusal> {
        if let Input::SetPolicy(input) = input {
            return self.replace_policy(input.policy);
        }
        if let Input::RotateKey(input) = input {
            return self.replace_key(input.id);
        }
        if let Input::ForgetMe(input) = input {
            return self.forget(input);
        }
        if let Input::Resync(input) = input {
            return Ok(self.resynced(&input.legs));
        }
        self.check_unbound(&input)?;
        let (mut cx, appointments, fallback) = self.parts();
        if let Input::CallDiverted(CallDiverted { caller: Some(caller), callee, evidence, is_answered }) = &input {
            check_evidence(evidence)?;
            if let Some(own) = appointments.forwarded(&mut cx, *caller, *callee) {
                return own_leg(&mut cx, appointments, own, (evidence.clone(), *is_answered));
            }
        }
        if let Some(leg) = shared_leg(&cx, appointments, fallback, &input) {
            return report(&mut cx, appointments, fallback, leg, input);
        }
        match fallback.handle(&mut cx, appointments, &input) {
            Some(reply) => reply,
            None => appointments.handle(&mut cx, input),
        }
    }

    /// A number that an account has is somebody's phone: it becomes no line and no virtual number.
    fn check_unbound(&self, input: &Input) -> Result<(), Refusal> {
        let is_bound = |number: PhoneNumber| self.fallback.has_account(number, self.latest);
        let found = if let Input::RegisterMerchant(input) = input {
            let place = input.lines.iter().position(|line| is_bound(line.number));
            place.and_then(|place| u32::try_from(place).ok()).map(|index| Refusal::LineIsContact { index })
        } else if let Input::ImportNumbers(input) = input {
            let place = input.numbers.iter().position(|number| is_bound(*number));
            place.and_then(|place| u32::try_from(place).ok()).map(|index| Refusal::NumberInUse { index })
        } else {
            None
        };
        found.map_or(Ok(()), Err)
    }

    /// The switch came back with these legs.
    fn resynced(&mut self, named: &[LegId]) -> Reply {
        let (mut cx, appointments, fallback) = self.parts();
        appointments.settle_for_resync(&mut cx);
        fallback.settle_for_resync(&mut cx);
        tell_over(&cx, appointments, fallback);
        let voided = cx.outbox.void_at_most_once();
        // What lives at the switch and is another shard's is no business of ours.
        let named: BTreeSet<LegId> = named.iter().copied().filter(|id| cx.commons.ids.leg.is_of_shard(id.get())).collect();
        let is_stray = |id: &LegId| !appointments.has_live_leg(*id) && !fallback.has_leg(*id);
        let stray: Vec<LegId> = named.iter().copied().filter(is_stray).collect();
        appointments.resynced(&mut cx, &named, &voided);
        cross(&mut cx, appointments, fallback);
        fallback.resynced(&mut cx, &named, &voided);
        // As many as there is room for: nothing bounds how many legs are named that are not alive here.
        for id in stray {
            if hang_up_stray(&mut cx, id).is_err() {
                break;
            }
        }
        Reply::Done
    }

    /// Both halves forget a person: first his reservations, then who has his number.
    fn forget(&mut self, input: ForgetMe) -> Result<Reply, Refusal> {
        let person = Person::of(&input.user);
        let (mut cx, appointments, fallback) = self.parts();
        let reply = appointments.handle(&mut cx, Input::ForgetMe(input))?;
        cross(&mut cx, appointments, fallback);
        let (bindings, voice_messages) = match person {
            Some(Person::Number(number)) => fallback.forget(&mut cx, number),
            Some(Person::Mailbox(_)) | None => (0, 0),
        };
        let forgotten = if let Reply::Forgotten(forgotten) = reply { Some(forgotten) } else { None };
        Ok(match (forgotten, bindings, voice_messages) {
            (None, 0, 0) => reply,
            (forgotten, ..) => Reply::Forgotten(Forgotten { bindings, voice_messages, ..forgotten.unwrap_or_default() }),
        })
    }

    fn replace_policy(&mut self, policy: Policy) -> Result<Reply, Refusal> {
        if let Err(PolicyError { field, given, least, most }) = policy.check() {
            return Err(Refusal::InvalidPolicy { field: field.into(), given, least, most });
        }
        if policy == self.policy {
            return Ok(Reply::NoOp);
        }
        // Rules that give the outbox more room come through when it is full.
        let most = policy.outbox_max.max(self.policy.outbox_max);
        if !self.outbox.has_room_for(1, most) {
            return Err(Refusal::Limit { bound: Bound::Outbox, most: u64::from(most) });
        }
        let digest = Sha256::digest(wire::bytes(&policy).unwrap_or_default());
        let asks_for_less = policy.min_ring_s < self.policy.min_ring_s;
        let is_law_new = (&policy.callable_hours, &policy.called_zones, policy.rings_per_day_max, policy.min_ring_s)
            != (&self.policy.callable_hours, &self.policy.called_zones, self.policy.rings_per_day_max, self.policy.min_ring_s);
        // What is over by the old rules does not come back by new ones.
        self.appointments.forget_messages(self.latest, self.policy.fallback_wait_s);
        self.policy = policy;
        let (mut cx, appointments, _) = self.parts();
        cx.audit(AuditRecord::PolicySet(PolicySet { policy: Digest::new(digest.into()) }));
        if asks_for_less {
            appointments.take_up_again(&cx);
        }
        if is_law_new {
            appointments.take_up_put_off();
        }
        Ok(Reply::Done)
    }

    fn replace_key(&mut self, id: Text) -> Result<Reply, Refusal> {
        if id.is_empty() {
            return Err(Refusal::Invalid { field: Field::Id, allowed: Allowed::NotEmpty });
        }
        check_text(&id, &self.policy)?;
        if !self.keyring.has(&id) {
            return Err(Refusal::KeyNotLoaded { id });
        }
        if self.key.as_ref() == Some(&id) {
            return Ok(Reply::NoOp);
        }
        let most = self.policy.outbox_max;
        if !self.outbox.has_room_for(1, most) {
            return Err(Refusal::Limit { bound: Bound::Outbox, most: u64::from(most) });
        }
        self.key = Some(id.clone());
        let (mut cx, ..) = self.parts();
        cx.audit(AuditRecord::KeyRotated(KeyRotated { id }));
        Ok(Reply::Done)
    }

    /// What a half is handed, and the halves.
    fn parts(&mut self) -> (Context<'_>, &mut Appointments, &mut Fallback) {
        let cx = Context {
            now: self.latest,
            policy: &self.policy,
            keyring: &self.keyring,
            key: self.key.as_ref(),
            outbox: &mut self.outbox,
            chain: &mut self.chain,
            commons: &mut self.commons,
        };
        (cx, &mut self.appointments, &mut self.fallback)
    }

    /// Fires due deadlines in order, at most `budget` of them; 0 counts as 1, so that a loop on `more` ends. A batch equals its single steps.
    pub fn advance(&mut self, now: Timestamp, budget: u32) -> Progress {
        if self.see(now, false).is_err() {
            return Progress { fired: 0, more: false, is_clock_refused: true };
        }
        self.repeats.forget_old(self.latest);
        self.commons.forget_codes(self.latest);
        self.appointments.forget_rings(self.latest);
        self.appointments.forget_profiles(self.latest);
        self.appointments.forget_messages(self.latest, self.policy.fallback_wait_s);
        let (mut cx, appointments, fallback) = self.parts();
        let mut fired = 0_u32;
        while fired < budget.max(1) && fire_first(&mut cx, appointments, fallback) {
            fired = fired.saturating_add(1);
        }
        // Last, since what fired may have let go of a number that does not rest at all.
        appointments.forget_rested(cx.now);
        let next = first_deadline(appointments, fallback, |effects| cx.has_room_for(effects));
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
        first_deadline(&self.appointments, &self.fallback, |effects| self.outbox.has_room_for(effects, self.policy.outbox_max))
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

    /// The code of a challenge: what the host puts into the message when it sends it. It is in no effect, no log and no snapshot; it is made
    /// anew whenever it is asked for, also after a restart.
    ///
    /// # Errors
    /// `unknown` or `gone` challenge: it was answered or replaced, its time is over, or its reservation is closed or its binding over. Do not send the message
    /// then.
    pub fn code(&self, challenge: ChallengeId) -> Result<Code, Refusal> {
        let of_binding = self.fallback.code(&self.keyring, challenge, self.latest);
        of_binding.unwrap_or_else(|| self.appointments.code(&self.commons.ids, &self.keyring, challenge, self.latest))
    }

    /// What is remembered of a user for his next booking.
    #[must_use]
    pub fn profile(&self, user: &Address) -> Option<&Profile> {
        self.appointments.profile(user, self.latest)
    }

    /// Everything that is held of a person, by his number or his mailbox: what an operator hands to somebody who asks for it. A question: nothing changes, and
    /// no record is left. What is over stands in it until it is forgotten. `None` for a chatbot, who is nobody. It costs a walk over all that is kept.
    #[must_use]
    pub fn export_person(&self, user: &Address) -> Option<PersonExport> {
        let mut export = self.appointments.export_person(&self.commons, &self.outbox, user, self.latest)?;
        if let Some(Person::Number(number)) = Person::of(user) {
            export.bindings = self.fallback.export_bindings(number).collect();
            export.voice_messages = self.fallback.export_voice_messages(number).collect();
        }
        Some(export)
    }

    /// A code that is out for a reservation: what is known of it, which is not the code itself.
    #[must_use]
    pub fn challenge(&self, id: ChallengeId) -> Option<&LiveChallenge> {
        self.appointments.challenge_of(id)
    }

    // ---- keys: outside the log ----------------------------------------------------------------------------------

    /// Loads a key. It is used from `rotate_key` on. The same key again changes nothing.
    ///
    /// # Errors
    /// [`KeyError`] when it is too short, or another key has its id.
    pub fn load_key(&mut self, id: &str, key: &[u8]) -> Result<(), KeyError> {
        self.keyring.load(id, key)
    }

    /// Takes a key out that nothing needs any more. False when there is none under this id.
    ///
    /// # Errors
    /// [`KeyError::InUse`] while new codes are made under it, or a code that was is still out.
    pub fn unload_key(&mut self, id: &str) -> Result<bool, KeyError> {
        if self.keys_in_use().any(|used| **used == *id) {
            return Err(KeyError::InUse { id: id.into() });
        }
        Ok(self.keyring.unload(id))
    }

    /// The id of the key under which new codes are made, once one was set.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    fn keys_in_use(&self) -> impl Iterator<Item = &Text> {
        let of_bindings = self.fallback.keys_in_use(self.latest);
        self.key.iter().chain(self.appointments.keys_in_use(self.latest)).chain(of_bindings)
    }

    /// The keys of this platform.
    #[must_use]
    pub const fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Whether this account follows.
    #[must_use]
    pub fn follows(&self, account: &AccountId) -> bool {
        self.fallback.follows(account)
    }

    /// The binding of this account and this number, unless it is over.
    #[must_use]
    pub fn binding(&self, account: &AccountId, number: PhoneNumber) -> Option<&Binding> {
        self.fallback.binding(account, number)
    }

    /// The bindings of this account, by number.
    #[must_use]
    pub fn bindings(&self, account: &AccountId) -> Vec<&Binding> {
        self.fallback.bindings_of(account).collect()
    }

    /// A voice message that is kept: under way, or over and not gone yet.
    #[must_use]
    pub fn voice_message(&self, id: VoiceMessageId) -> Option<&VoiceMessage> {
        self.fallback.voice_message(id)
    }

    /// The ids of every voice message that is kept, in order.
    #[must_use]
    pub fn voice_messages(&self) -> Vec<VoiceMessageId> {
        self.fallback.voice_messages().map(|message| message.id).collect()
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
        self.appointments.check_invariants(&self.commons.ids)?;
        self.fallback.check_invariants(&self.commons.ids)?;
        self.check_bounds()
    }
}

/// The first deadline of both halves, and why.
fn first_deadline(
    appointments: &Appointments,
    fallback: &Fallback,
    has_room_for: impl Fn(usize) -> bool,
) -> Option<(Timestamp, Why)> {
    let of_appointments = appointments.poll_deadline(&has_room_for);
    let of_fallback = fallback.poll_deadline(&has_room_for);
    match (of_appointments, of_fallback) {
        (Some(one), Some(other)) => Some(if other.0 < one.0 { other } else { one }),
        (one, other) => one.or(other),
    }
}
