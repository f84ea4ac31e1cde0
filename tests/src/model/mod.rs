//! The reference model: a second platform, slow and obvious, written from [the rules](ringfence::manual::rules) and not from the engine.
//!
//! Ordered maps, full scans, no index, no agenda, no queue. What is due is found by looking at every object; who is served next is found by
//! looking at every reservation; the gate is asked by copying the whole model and letting the copy live until the instant in
//! question. It predicts every reply, refusal and effect exactly, in order, so that a comparison after every step finds any disagreement.
//!
//! It checks no promise: that is the work of [`crate::checker`]. It may panic when it contradicts itself, since a broken model must be loud.
//!
//! ```
//! use ringfence::values::policy::Policy;
//! use ringfence_testing::model::Model;
//!
//! let mut model = Model::new(Policy::default());
//! assert_eq!(model.next_deadline(), None);
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::Digest as _;

use ringfence::Chain;
use ringfence::values::effect::{Action, AuditRecord, Digest, Effect, Party, PolicySet};
use ringfence::values::id::{CalendarId, CallId, GroupId, LegId, MerchantId, OfferingId, PageId, ReservationId};
use ringfence::values::input::{BlockTarget, BookingEvidence, Dedup, Hours, Input, Line, RequestCall, ResultBy, Scope};
use ringfence::values::media::Attachment;
use ringfence::values::number::{Address, PhoneNumber, VirtualNumber};
use ringfence::values::policy::{CallMode, ModeChooser, Policy};
use ringfence::values::refusal::{Bound, Object, Refusal};
use ringfence::values::reply::{DenyReason, Outcome, Reply, ReservationState, Verdict};
use ringfence::values::text::Text;
use ringfence::values::time::{DayRule, LocalDate, Timestamp, Window, Zone};

mod accounts;
mod amending;
mod attachments;
mod blocking;
mod booking;
mod calls;
mod challenges;
mod gate;
mod groups;
mod law;
mod managing;
mod merchants;
mod messages;
mod numbers;
mod pages;
mod people;
mod recording;
mod reports;
mod reservations;
mod slots;
#[cfg(test)]
mod stories;
mod time;
mod voice_messages;

use self::people::Profile;
use self::reservations::Who;

pub use self::accounts::{BindingState, BindingView};
pub use self::challenges::ChallengeView;
pub use self::time::{Deadline, Progress};
pub use self::voice_messages::{VoiceMessageView, VoiceState};

/// What the merchants have told.
#[derive(Clone, Debug)]
struct Merchant {
    name: Text,
    lines: Vec<Line>,
    zone: Zone,
    chatbot: Option<Address>,
    contact: Option<Text>,
    address: Option<Text>,
    preset: Option<CallMode>,
    description: Option<Text>,
}

/// A published page.
#[derive(Clone, Debug)]
struct Page {
    merchant: MerchantId,
    version: u32,
    offerings: BTreeMap<OfferingId, Text>,
    windows: Vec<Window>,
    hours: Vec<Hours>,
    line: Option<PhoneNumber>,
    descriptions: BTreeMap<OfferingId, Text>,
    calendar: Option<CalendarId>,
    group_size: u32,
    withdrawn: bool,
}

/// A reservation that is kept: live, or closed and not yet archived.
#[derive(Clone, Debug)]
struct Reservation {
    revision: u32,
    merchant: MerchantId,
    page: PageId,
    offering: OfferingId,
    offering_name: Text,
    user: Address,
    contact: PhoneNumber,
    name: Option<Text>,
    evidence: Option<BookingEvidence>,
    attachments: Vec<Attachment>,
    booked_at: Timestamp,
    remembered: bool,
    /// When its sender, or the holder of its phone, was forgotten.
    forgotten: Option<Timestamp>,
    window: Window,
    zone: Zone,
    line: PhoneNumber,
    /// When it was booked, or its contact's holder agreed.
    accepted_at: Timestamp,
    state: ReservationState,
    /// The mode that somebody chose.
    chosen: Option<CallMode>,
    /// From when it may be called, once it is open.
    eligible: Timestamp,
    /// Calls in which the user was dialled and that came to no conversation.
    attempts: u32,
    /// Calls in which the merchant's own leg failed and the user was not dialled.
    merchant_failures: u32,
    /// Calls with a `dial` that was not carried out.
    platform_failures: u32,
    conversations: u32,
    /// Its turn came, and the law put it off until then.
    held: Option<Timestamp>,
    /// Why the platform serves it no more.
    given_up: Option<DenyReason>,
    /// The user cancelled while a conversation runs.
    cancel_pending: bool,
    /// The deadline at the window's end has fired.
    end_fired: bool,
    closed: Option<(Outcome, Timestamp)>,
    /// Its virtual number.
    number: Option<VirtualNumber>,
    /// There was none left for it.
    platform_only: bool,
    /// The code that is out for it.
    challenge: Option<challenges::Challenge>,
    /// How many may be on a call with it, itself among them.
    group_size: u32,
    group: Option<GroupId>,
    /// The merchant declined while a conversation runs.
    decline_pending: bool,
    /// Its last result has to be confirmed, and was not.
    unacknowledged: bool,
    /// The merchant was told of it.
    announced: bool,
    /// The end of the spacing after its last call.
    rested: Option<Timestamp>,
    /// Terms that wait for the end of the conversation.
    waiting: Option<amending::Terms>,
    /// The part of its window that the merchant chose.
    slot: Option<Window>,
    /// What the last slot came to; the reservation waits for another.
    spent: Option<Outcome>,
    /// How its results come, if the sender said so.
    result_by: Option<ResultBy>,
    /// The sender's mailbox, if he named it.
    email: Option<Address>,
    /// When its user is to be reminded.
    remind_at: Option<Timestamp>,
    /// For this window he was.
    reminded: Option<Window>,
}

impl Reservation {
    /// Its place among those that wait on its line, by instant: it is not served before.
    fn place(&self) -> Timestamp {
        self.held.map_or(self.eligible, |held| held.max(self.eligible))
    }
}

/// A call, until its last leg is gone.
#[derive(Clone, Debug)]
struct Call {
    /// The users, in the order of their places.
    parts: Vec<Part>,
    /// Who started it.
    mode: CallMode,
    /// The line that it occupies.
    line: PhoneNumber,
    state: CallState,
    joined_at: Option<Timestamp>,
    /// Until when the inbound leg may report that it was answered.
    answer_due: Option<Timestamp>,
}

/// A user's part in a call.
#[derive(Clone, Copy, Debug)]
struct Part {
    reservation: ReservationId,
    dialled: bool,
    talked: bool,
    over: bool,
}

/// The states of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallState {
    /// Platform mode: the merchant's phone rings.
    RingingMerchant,
    /// The merchant is on the line, the user's phone rings, or is answered and not yet joined.
    Gathering,
    /// Both are joined.
    Talking,
    /// Its user was not reached, and its merchant is at the recorder.
    Recording,
    /// Over; some leg is not gone yet.
    Ended,
}

/// A leg, until it is gone.
#[derive(Clone, Debug)]
struct Leg {
    call: CallId,
    party: Party,
    /// Whose phone it is, of a user's.
    reservation: Option<ReservationId>,
    /// It came in, and was not dialled.
    inbound: bool,
    /// The phone at its end.
    number: PhoneNumber,
    state: LegState,
    dialled_at: Timestamp,
    /// The `dial` that made it, by sequence number.
    dial: Option<u64>,
    /// The `answer` that was emitted for it, by sequence number.
    answer: Option<u64>,
    /// Somebody reported that it was answered.
    was_answered: bool,
    /// When the hours end in which the phone may ring, if they do before the window.
    hours_end: Option<Timestamp>,
    /// Since when and why it was hung up.
    released: Option<(Timestamp, ringfence::values::cause::ReleaseCause)>,
}

/// The states of a leg that is not gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LegState {
    /// Outbound: its `dial` was emitted.
    Dialled,
    /// It rings (outbound), or waits for the platform (inbound).
    Ringing,
    /// Answered, not on the bridge.
    Answered,
    /// On the bridge.
    Joined,
    /// Hung up; its end was not reported yet.
    Releasing,
}

/// A leg as it can be seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegView {
    /// Its id.
    pub leg: LegId,
    /// Its call.
    pub call: CallId,
    /// The reservation of its user; of a merchant's leg, the first of its call.
    pub reservation: ReservationId,
    /// Whose it is.
    pub party: Party,
    /// Whether it came in.
    pub inbound: bool,
    /// Its state.
    pub state: LegState,
    /// Whether it was ever reported answered.
    pub was_answered: bool,
    /// The phone at its end.
    pub number: PhoneNumber,
}

/// A reservation as it can be seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservationSummary {
    /// Its id.
    pub reservation: ReservationId,
    /// Its merchant.
    pub merchant: MerchantId,
    /// Its sender.
    pub user: Address,
    /// The phone that rings.
    pub contact: PhoneNumber,
    /// The line that it names.
    pub line: PhoneNumber,
    /// Its window.
    pub window: Window,
    /// Its state.
    pub state: ReservationState,
    /// The mode that somebody chose.
    pub chosen: Option<CallMode>,
    /// How it ended, if it is closed.
    pub outcome: Option<Outcome>,
    /// From when it may be called, once it is open.
    pub eligible: Timestamp,
    /// Calls in which the user was dialled and that came to no conversation.
    pub attempts: u32,
    /// Calls that failed on the merchant's own leg.
    pub merchant_failures: u32,
    /// Calls with a `dial` that was not carried out.
    pub platform_failures: u32,
    /// Conversations.
    pub conversations: u32,
    /// The revision that holds.
    pub revision: u32,
    /// Whether its result has to be confirmed, and was not.
    pub unacknowledged: bool,
    /// The revision and the contact that wait for the end of a conversation.
    pub waiting: Option<(u32, PhoneNumber)>,
    /// It was cancelled or declined, and closes when its call ends.
    pub ending: bool,
    /// The slot.
    pub slot: Option<Window>,
    /// What the last slot came to, while another is waited for.
    pub spent: Option<Outcome>,
}

/// An effect that is not confirmed.
#[derive(Clone, Debug)]
struct Kept {
    /// Shared, since the gate copies the model for every question.
    effect: Arc<Effect>,
    voided: bool,
}

/// The second platform.
#[derive(Clone, Debug)]
pub struct Model {
    policy: Policy,
    latest: Timestamp,
    merchants: BTreeMap<MerchantId, Merchant>,
    pages: BTreeMap<PageId, Page>,
    calendars: BTreeMap<CalendarId, BTreeMap<LocalDate, DayRule>>,
    reservations: BTreeMap<ReservationId, Reservation>,
    calls: BTreeMap<CallId, Call>,
    legs: BTreeMap<LegId, Leg>,
    reservations_given: u64,
    calls_given: u64,
    legs_given: u64,
    messages_given: u64,
    challenges_given: u64,
    groups_given: u64,
    /// The key that new codes are made under.
    key: Option<Text>,
    /// Every code that went out: where to, and when.
    codes_sent: Vec<(PhoneNumber, Timestamp)>,
    /// The numbers for which a wrong code was given, and when.
    wrong_codes: Vec<(PhoneNumber, Timestamp)>,
    effects_given: u64,
    /// The library's own: that it is one chain is checked elsewhere.
    chain: Chain,
    taken: BTreeMap<Dedup, (Input, Reply, Timestamp)>,
    /// Who blocked whom.
    blocks: BTreeSet<(Who, BlockTarget)>,
    confirmed: u64,
    kept: Vec<Kept>,
    fresh: Vec<Effect>,
    /// The virtual numbers, in the order in which they came.
    pool: Vec<PhoneNumber>,
    /// Who has, or had last, which place of the pool with which merchant.
    leases: BTreeMap<(MerchantId, usize), numbers::Lease>,
    /// What nothing new rings in.
    frozen: BTreeSet<Scope>,
    /// The numbers that are never rung.
    listed: BTreeSet<PhoneNumber>,
    /// What is remembered of users.
    profiles: BTreeMap<Who, Profile>,
    /// Every user's phone that was dialled while that was counted: which, and when.
    rings: Vec<(PhoneNumber, Timestamp)>,
    /// Every message that may be reported on, and some that no longer may.
    sent: Vec<messages::Sent>,
    accounts: accounts::Accounts,
    voice_messages: voice_messages::VoiceMessages,
    /// The calls that are asked about when the step is done.
    unreached: Vec<recording::Unreached>,
}

impl Model {
    /// A platform that nothing happened to. The [test keys](crate::codes::TEST_KEYS) are loaded.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            latest: Timestamp::MIN,
            merchants: BTreeMap::new(),
            pages: BTreeMap::new(),
            calendars: BTreeMap::new(),
            reservations: BTreeMap::new(),
            calls: BTreeMap::new(),
            legs: BTreeMap::new(),
            reservations_given: 0,
            calls_given: 0,
            legs_given: 0,
            messages_given: 0,
            challenges_given: 0,
            groups_given: 0,
            key: None,
            codes_sent: Vec::new(),
            wrong_codes: Vec::new(),
            effects_given: 0,
            chain: Chain::new(0),
            taken: BTreeMap::new(),
            blocks: BTreeSet::new(),
            confirmed: 0,
            kept: Vec::new(),
            fresh: Vec::new(),
            pool: Vec::new(),
            leases: BTreeMap::new(),
            frozen: BTreeSet::new(),
            listed: BTreeSet::new(),
            rings: Vec::new(),
            profiles: BTreeMap::new(),
            sent: Vec::new(),
            accounts: accounts::Accounts::default(),
            voice_messages: voice_messages::VoiceMessages::default(),
            unreached: Vec::new(),
        }
    }

    /// Handles an input: settles what is due for what it touches, then decides.
    ///
    /// # Errors
    /// The refusal that the rules give.
    pub fn handle(&mut self, now: Timestamp, input: &Input) -> Result<Reply, Refusal> {
        self.see(now, matches!(input, Input::ConfirmClock(_)))?;
        self.check_unbound(input)?;
        let recalled;
        let input = if let Input::Book(book) = input {
            recalled = Input::Book(self.recalled(book));
            &recalled
        } else {
            input
        };
        let touched = self.touched_by(input);
        self.settle(&touched);
        let answer = self.decide(input);
        self.ask_for_the_recorder();
        answer
    }

    fn decide(&mut self, input: &Input) -> Result<Reply, Refusal> {
        match input {
            Input::RegisterMerchant(input) => self.register_merchant(input),
            Input::PublishPage(input) => self.publish_page(input),
            Input::PushPage(input) => self.push_page(input),
            Input::PresetMode(input) => self.preset_mode(input),
            Input::ChooseMode(input) => self.choose_mode(input),
            Input::RequestCall(input) => self.request_call(input),
            Input::Book(input) => self.book(input),
            Input::Cancel(input) => self.cancel(input),
            Input::LegProgress(input) => self.leg_progress(input.leg),
            Input::LegAnswered(input) => self.leg_answered(input.leg),
            Input::LegEnded(input) => self.leg_ended(input),
            Input::PlayFinished(input) => self.play_finished(input.leg),
            Input::EffectFailed(input) => self.effect_failed(input.sequence),
            Input::Resync(input) => Ok(self.resync(&input.legs)),
            Input::SetPolicy(input) => self.set_policy(&input.policy),
            Input::ConfirmClock(_) => Ok(Reply::Done),
            Input::ImportNumbers(input) => self.import_numbers(&input.numbers),
            Input::ConfirmContact(input) => self.confirm_contact(input),
            Input::RequestCode(input) => self.request_code(input),
            Input::RotateKey(input) => self.rotate_key(&input.id),
            Input::WithdrawPage(input) => self.withdraw_page(input),
            Input::SetCalendar(input) => self.set_calendar(input),
            Input::Search(input) => self.search(input),
            Input::RequestPage(input) => self.request_page(input),
            Input::Block(input) => self.block(input),
            Input::Unblock(input) => self.unblock(input),
            Input::Amend(input) => self.amend(input),
            Input::Decline(input) => self.decline(input),
            Input::Acknowledge(input) => self.acknowledge(input),
            Input::Freeze(input) => self.freeze(input),
            Input::Thaw(input) => self.thaw(input),
            Input::ImportDoNotCall(input) => self.import_do_not_call(input),
            Input::SetProfile(input) => self.set_profile(input),
            Input::ForgetMe(input) => self.forget_me(input),
            Input::ChooseSlot(input) => self.choose_slot(input),
            Input::MerchantReady(input) => self.merchant_ready(input),
            Input::MessageReported(input) => self.message_reported(input),
            Input::Follow(input) => self.follow(&input.account),
            Input::Unfollow(input) => Ok(self.unfollow(&input.account)),
            Input::RequestBinding(input) => self.request_binding(input),
            Input::ConfirmBinding(input) => self.confirm_binding(input),
            Input::Unbind(input) => Ok(self.unbind(&input.account, input.number)),
            Input::CallFailed(input) => self.call_failed(input),
            Input::CallDiverted(input) => self.call_diverted(input),
            Input::Recorded(input) => self.recorded(*input),
            Input::RecordFailed(input) => self.record_failed(input.voice_message),
            Input::Transcribed(input) => self.transcribed(input),
            Input::OpenMessage(input) => self.open_message(input),
            Input::RequestCallBack(input) => self.request_call_back(input),
        }
    }

    /// Handles an input that may come again.
    ///
    /// # Errors
    /// The refusal that the rules give.
    pub fn handle_once(&mut self, now: Timestamp, key: &Dedup, input: &Input) -> Result<Reply, Refusal> {
        // A clock that leapt is confirmed only by what is newly taken; until then it stands where it stood.
        let leap = self.leap_to(now);
        let may_confirm = leap.is_some() && matches!(input, Input::ConfirmClock(_));
        let (told, now) = (now, if may_confirm { self.latest } else { now });
        self.see(now, false)?;
        for text in [&key.source, &key.key] {
            if text.is_empty() {
                return Err(Refusal::EmptyKey);
            }
            self.check_text(text)?;
        }
        let latest = self.latest;
        self.taken.retain(|_, (_, _, until)| latest < *until);
        if may_confirm && self.taken.contains_key(key) {
            return Err(leap.expect("that is why it may confirm"));
        }
        if let Some((taken, reply, _)) = self.taken.get(key) {
            return if taken == input { Ok(*reply) } else { Err(Refusal::RepeatDiffers) };
        }
        if self.taken.len() >= self.policy.dedup_max as usize {
            return Err(limit(Bound::Dedup, self.policy.dedup_max));
        }
        let reply = self.handle(told, input)?;
        let until = self.latest.saturating_add_s(self.policy.dedup_retention_s.into());
        self.taken.insert(key.clone(), (input.clone(), reply, until));
        Ok(reply)
    }

    /// What was taken under this key and is remembered.
    #[must_use]
    pub fn taken(&self, key: &Dedup) -> Option<&Input> {
        self.taken.get(key).map(|(input, _, _)| input)
    }

    /// Fires what is due, at most `budget` of it.
    pub fn advance(&mut self, now: Timestamp, budget: u32) -> Progress {
        if self.see(now, false).is_err() {
            return Progress { fired: 0, more: false };
        }
        self.fire_due(budget)
    }

    /// Notes an instant, unless the clock leapt too far.
    fn see(&mut self, now: Timestamp, confirmed: bool) -> Result<(), Refusal> {
        if let Some(leap) = self.leap_to(now).filter(|_| !confirmed) {
            return Err(leap);
        }
        self.latest = self.latest.max(now);
        Ok(())
    }

    /// The refusal of an instant that is too far ahead.
    fn leap_to(&self, now: Timestamp) -> Option<Refusal> {
        let most_s = self.policy.clock_leap_max_s;
        let leapt = now > self.latest.saturating_add_s(most_s.into());
        let counts = most_s > 0 && self.latest != Timestamp::MIN;
        (counts && leapt).then_some(Refusal::ClockLeap { latest: self.latest, most_s })
    }

    /// The mode that the platform chooses, if that is its to do.
    const fn mode_by_platform(&self) -> Option<CallMode> {
        match self.policy.mode_chosen_by {
            ModeChooser::Platform(mode) => Some(mode),
            ModeChooser::Merchant => None,
        }
    }

    /// The mode from a window's start on if nobody has chosen.
    fn mode_of_silence(&self) -> CallMode {
        self.mode_by_platform().unwrap_or(self.policy.mode_on_silence)
    }

    fn set_policy(&mut self, policy: &Policy) -> Result<Reply, Refusal> {
        if let Err(error) = policy.check() {
            let (field, given) = (error.field.into(), error.given);
            return Err(Refusal::InvalidPolicy { field, given, least: error.least, most: error.most });
        }
        if *policy == self.policy {
            return Ok(Reply::NoOp);
        }
        let most = policy.outbox_max.max(self.policy.outbox_max);
        if self.waiting() >= most as usize {
            return Err(limit(Bound::Outbox, most));
        }
        let law = |policy: &Policy| {
            let hours = (policy.callable_hours.clone(), policy.called_zones.clone());
            (hours, policy.rings_per_day_max, policy.min_ring_s)
        };
        let is_law_new = law(policy) != law(&self.policy);
        self.forget_messages();
        self.policy = policy.clone();
        for kept in self.reservations.values_mut().filter(|kept| kept.state != ReservationState::Closed) {
            let last = kept.span().end().saturating_sub_s(policy.min_ring_s.into());
            let by_law = [DenyReason::OutsideHours, DenyReason::DailyLimit];
            kept.given_up.take_if(|reason| if by_law.contains(reason) { is_law_new } else { self.latest < last });
            kept.held.take_if(|_| is_law_new);
        }
        let digest = sha2::Sha256::digest(postcard::to_stdvec(policy).expect("a policy is plain data"));
        self.audit(AuditRecord::PolicySet(PolicySet { policy: Digest::new(digest.into()) }));
        Ok(Reply::Done)
    }

    /// Notes that the effects up to here are carried out.
    ///
    /// # Errors
    /// [`Refusal::NotEmitted`] for a number that was never given.
    pub fn confirm(&mut self, up_to: u64) -> Result<(), Refusal> {
        if up_to > self.effects_given {
            return Err(Refusal::NotEmitted { sequence: up_to, last: self.effects_given });
        }
        self.confirmed = self.confirmed.max(up_to);
        self.kept.retain(|kept| kept.effect.sequence > up_to);
        Ok(())
    }

    /// May this phone ring? Answered by a copy that lives until `at`.
    #[must_use]
    pub fn gate(&self, request: RequestCall, at: Timestamp) -> Verdict {
        let mut copy = self.clone();
        copy.latest = copy.latest.max(at);
        copy.judge_request_by_time(request)
    }

    /// The effects since this was last asked, in order, but for those that were voided since.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        let fresh = std::mem::take(&mut self.fresh);
        let is_voided = |effect: &Effect| self.kept.iter().any(|kept| kept.voided && kept.effect.sequence == effect.sequence);
        fresh.into_iter().filter(|effect| !is_voided(effect)).collect()
    }

    /// The effects that are not confirmed and not voided: what a host that came back is handed.
    #[must_use]
    pub fn unconfirmed(&self) -> Vec<Effect> {
        self.kept.iter().filter(|kept| !kept.voided).map(|kept| Effect::clone(&kept.effect)).collect()
    }

    /// How many effects were emitted so far, which is the number of the last one.
    #[must_use]
    pub const fn effects_given(&self) -> u64 {
        self.effects_given
    }

    /// The latest instant seen.
    #[must_use]
    pub const fn latest(&self) -> Timestamp {
        self.latest
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The state of a reservation; `None` when it was never given, or is gone.
    #[must_use]
    pub fn reservation_state(&self, reservation: ReservationId) -> Option<ReservationState> {
        self.reservations.get(&reservation).map(|reservation| reservation.state)
    }

    /// Every reservation that is kept, in the order of ids.
    #[must_use]
    pub fn reservations(&self) -> Vec<ReservationSummary> {
        let summary = |(id, kept): (&ReservationId, &Reservation)| ReservationSummary {
            reservation: *id,
            merchant: kept.merchant,
            user: kept.user.clone(),
            contact: kept.contact,
            line: kept.line,
            window: kept.window,
            state: kept.state,
            chosen: kept.chosen,
            outcome: kept.closed.map(|(outcome, _)| outcome),
            eligible: kept.eligible,
            attempts: kept.attempts,
            merchant_failures: kept.merchant_failures,
            platform_failures: kept.platform_failures,
            conversations: kept.conversations,
            revision: kept.revision,
            unacknowledged: kept.unacknowledged,
            waiting: kept.waiting.as_ref().map(|terms| (terms.revision, terms.contact)),
            ending: kept.cancel_pending || kept.decline_pending,
            slot: kept.slot,
            spent: kept.spent,
        };
        self.reservations.iter().map(summary).collect()
    }

    /// Every leg that is not gone, in the order of ids.
    #[must_use]
    pub fn legs(&self) -> Vec<LegView> {
        let view = |(id, leg): (&LegId, &Leg)| LegView {
            leg: *id,
            call: leg.call,
            reservation: leg.reservation.unwrap_or(self.call_of(leg.call).parts[0].reservation),
            party: leg.party,
            inbound: leg.inbound,
            state: leg.state,
            was_answered: leg.was_answered,
            number: leg.number,
        };
        self.legs.iter().map(view).collect()
    }

    /// Every call that has a leg which is not gone, with its state, in the order of ids.
    #[must_use]
    pub fn calls(&self) -> Vec<(CallId, CallState, CallMode)> {
        self.calls.iter().map(|(id, call)| (*id, call.state, call.mode)).collect()
    }

    /// The lines of every merchant, in the order of merchants and as they were registered.
    #[must_use]
    pub fn lines(&self) -> Vec<(MerchantId, PhoneNumber)> {
        self.merchants.iter().flat_map(|(id, merchant)| merchant.lines.iter().map(|line| (*id, line.number))).collect()
    }

    /// How many legs were given an id, which is the number of the last one.
    #[must_use]
    pub const fn legs_given(&self) -> u64 {
        self.legs_given
    }

    /// How many reservations were given an id, which is the number of the last one.
    #[must_use]
    pub const fn reservations_given(&self) -> u64 {
        self.reservations_given
    }

    fn emit(&mut self, action: Action) -> u64 {
        self.effects_given += 1;
        let effect = Effect { sequence: self.effects_given, action };
        self.kept.push(Kept { effect: Arc::new(effect.clone()), voided: false });
        self.fresh.push(effect);
        self.effects_given
    }

    fn audit(&mut self, record: AuditRecord) {
        let audit = self.chain.add(self.latest, record);
        self.emit(Action::Audit(audit));
    }

    /// Whether nothing is started.
    fn outbox_is_full(&self) -> bool {
        self.waiting() >= self.policy.outbox_max as usize
    }

    /// How many effects are not confirmed.
    fn waiting(&self) -> usize {
        self.kept.iter().filter(|kept| !kept.voided).count()
    }

    /// Whether what is created may emit so many effects.
    fn check_outbox(&self, effects: usize) -> Result<(), Refusal> {
        let most = self.policy.outbox_max;
        if self.waiting() + effects > most as usize { Err(limit(Bound::Outbox, most)) } else { Ok(()) }
    }

    fn check_text(&self, text: &str) -> Result<(), Refusal> {
        let most = self.policy.text_chars_max;
        if text.chars().count() > most as usize { Err(limit(Bound::TextChars, most)) } else { Ok(()) }
    }

    /// The merchant who has registered this line.
    fn merchant_of_line(&self, number: PhoneNumber) -> Option<MerchantId> {
        self.lines().into_iter().find(|(_, line)| *line == number).map(|(merchant, _)| merchant)
    }

    /// The calls of a reservation that have not ended.
    fn live_calls_of(&self, reservation: ReservationId) -> BTreeSet<CallId> {
        let part = |call: &Call| call.parts.iter().any(|part| part.reservation == reservation && !part.over);
        let lives = |call: &Call| part(call) && call.state != CallState::Ended;
        self.calls.iter().filter(|(_, call)| lives(call)).map(|(id, _)| *id).collect()
    }

    /// How many calls count on a line.
    fn calls_on(&self, line: PhoneNumber) -> usize {
        self.calls.values().filter(|call| call.line == line).count()
    }

    /// Whether a leg to this number counts as alive, or a merchant is being rung for it.
    fn is_busy(&self, number: PhoneNumber) -> bool {
        self.is_on_a_leg(number) || self.rung_for(number).is_some()
    }

    /// Whether a leg to this number counts as alive.
    fn is_on_a_leg(&self, number: PhoneNumber) -> bool {
        self.legs.values().any(|leg| leg.party == Party::User && leg.number == number)
    }

    /// The call in which the platform rings a merchant for this number.
    fn rung_for(&self, number: PhoneNumber) -> Option<CallId> {
        let of_number = |part: &Part| !part.over && self.reservation_of(part.reservation).contact == number;
        let rings = |call: &Call| call.state == CallState::RingingMerchant && call.parts.iter().any(of_number);
        self.calls.iter().find(|(_, call)| rings(call)).map(|(id, _)| *id)
    }

    // What these look up exists by construction: calls and legs are entered and removed together, and a merchant, once registered,
    // stays.

    fn merchant_of(&self, merchant: MerchantId) -> &Merchant {
        &self.merchants[&merchant]
    }

    fn reservation_of(&self, reservation: ReservationId) -> &Reservation {
        &self.reservations[&reservation]
    }

    fn reservation_mut(&mut self, reservation: ReservationId) -> &mut Reservation {
        self.reservations.get_mut(&reservation).expect("a reservation that a call or a deadline names is kept")
    }

    fn call_of(&self, call: CallId) -> &Call {
        &self.calls[&call]
    }

    fn call_mut(&mut self, call: CallId) -> &mut Call {
        self.calls.get_mut(&call).expect("a call is kept until its last leg is gone")
    }

    fn leg_mut(&mut self, leg: LegId) -> &mut Leg {
        self.legs.get_mut(&leg).expect("a leg that was just seen is kept")
    }

    /// The merchant's leg, unless it is gone.
    fn merchant_leg(&self, call: CallId) -> Option<LegId> {
        self.legs.iter().find(|(_, leg)| leg.call == call && leg.party == Party::Merchant).map(|(id, _)| *id)
    }

    /// The leg of this user in this call, unless it is gone.
    fn leg_of(&self, call: CallId, user: ReservationId) -> Option<LegId> {
        self.legs.iter().find(|(_, leg)| leg.call == call && leg.reservation == Some(user)).map(|(id, _)| *id)
    }
}

fn limit(bound: Bound, most: u32) -> Refusal {
    Refusal::Limit { bound, most: u64::from(most) }
}

const fn unknown(object: Object, id: u64) -> Refusal {
    Refusal::Unknown { object, id }
}
