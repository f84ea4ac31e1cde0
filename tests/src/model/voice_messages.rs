//! Calls that reached nobody, the recorder, and what becomes of the messages, written from [the rules](ringfence::manual::missed_calls).

use std::collections::{BTreeMap, BTreeSet};

use unicode_segmentation::UnicodeSegmentation as _;

use ringfence::decisions::delivery::{Next, after_code};
use ringfence::decisions::diagnosis::diagnose;
use ringfence::values::account::AccountId;
use ringfence::values::cause::{FailureReason, ReleaseCause};
use ringfence::values::effect::{
    Abandoned, Action, Answer, AuditRecord, Erase, FailedCallRecord, HangUp, MerchantContent, NoOffer, NotOffered, Offered,
    Prompt, PushMisconfigured, Record, Reject, Ruling, Send, SenderTold, Transcribe, Undeliverable, UserContent,
    VoiceMessageArchive, VoiceMessageDelivered, VoiceMessageEnded, VoiceMessageNote, VoiceMessageNotice, VoiceMessageOutcome,
};
use ringfence::values::id::{BindingId, CallId, LegId, MediaId, MessageId, ReservationId, VoiceMessageId};
use ringfence::values::input::{
    BlockTarget, CallDiverted, CallFailed, MessageReported, MessageStatus, OpenMessage, Recorded, RequestCallBack, Transcribed,
};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::Transcription;
use ringfence::values::refusal::{Allowed, Bound, Field, Object, Refusal};
use ringfence::values::reply::{CallJudged, MessageOpened, OwnLeg, Reply};
use ringfence::values::text::{MaskedText, Text};
use ringfence::values::time::Timestamp;

use super::reservations::Who;
use super::time::{Deadline, Touched};
use super::{Leg, LegState, Model, Party, limit, unknown};

/// A push is put off for an hour at most.
const BACKOFF_MAX_S: u64 = 3_600;
const DAY_MICROS: i64 = 86_400_000_000;
/// Five past midnight at UTC+8, after midnight at UTC.
const QUOTA_IS_NEW_MICROS: i64 = (16 * 3_600 + 5 * 60) * 1_000_000;

/// Every message that is kept.
#[derive(Clone, Debug, Default)]
pub(super) struct VoiceMessages {
    kept: BTreeMap<VoiceMessageId, VoiceMessage>,
    given: u64,
}

/// How its sender can be told something.
#[derive(Clone, Debug)]
enum SenderWay {
    Chatbot(Address),
    Sms(PhoneNumber),
    None,
}

/// A message that is kept, from its offer on.
#[derive(Clone, Debug)]
struct VoiceMessage {
    binding: BindingId,
    account: AccountId,
    callee: PhoneNumber,
    caller: Option<PhoneNumber>,
    /// The number that called, also when it is shown to nobody any more.
    merchant_name: Option<Text>,
    sender: SenderWay,
    reason: FailureReason,
    at: Timestamp,
    /// The call and the reservation that it was left under.
    under: Option<(CallId, ReservationId)>,
    leg: LegId,
    leg_is_gone: bool,
    answer: Option<u64>,
    record: Option<u64>,
    state: State,
    media: Option<MediaId>,
    media_is_erased: bool,
    seconds: u32,
    stored_at: Option<Timestamp>,
    expires: Option<Timestamp>,
    by_sms: bool,
    /// By the road that it is on.
    attempts: u32,
    pushes: u32,
    was_transcribed: bool,
    transcribe: Option<u64>,
    text: Option<Text>,
    is_cut: bool,
    message: Option<MessageId>,
    sends: Vec<u64>,
    is_call_back_asked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Offered {
        until: Timestamp,
    },
    Recording {
        until: Timestamp,
    },
    Stored,
    Transcribing {
        until: Timestamp,
    },
    /// Without an instant: until its expiry.
    Pushing {
        until: Option<Timestamp>,
    },
    /// Until an instant, or for `follow`.
    Waiting {
        until: Option<Timestamp>,
    },
    Over {
        outcome: VoiceMessageOutcome,
        told: SenderTold,
        at: Timestamp,
        leaves: Timestamp,
    },
}

/// The state of a voice message, as it can be seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VoiceState {
    /// The caller's leg is being answered.
    Offered,
    /// He speaks, or his recording is awaited.
    Recording,
    /// It was recorded.
    Stored,
    /// Its text is awaited.
    Transcribing,
    /// A report on it is awaited.
    Pushing,
    /// It waits until an instant, or for the account to follow.
    Waiting,
    /// The account has it.
    Delivered,
    /// Its holder opened it.
    Heard,
    /// There is none.
    Abandoned,
    /// Its time was over.
    Expired,
    /// It cannot be delivered.
    Undeliverable,
}

/// A voice message as it can be seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoiceMessageView {
    /// Its id.
    pub voice_message: VoiceMessageId,
    /// Whose it is.
    pub binding: BindingId,
    /// Its account.
    pub account: AccountId,
    /// Who was called.
    pub callee: PhoneNumber,
    /// Who called, if that may be shown.
    pub caller: Option<PhoneNumber>,
    /// Its state.
    pub state: VoiceState,
    /// How it ended, if it did.
    pub outcome: Option<VoiceMessageOutcome>,
    /// The caller's leg, while it is alive.
    pub leg: Option<LegId>,
    /// The recording.
    pub media: Option<MediaId>,
    /// How often it was pushed.
    pub pushes: u32,
    /// Whether it goes by SMS.
    pub by_sms: bool,
    /// Whether it waits for the account to follow.
    pub waits_for_follow: bool,
    /// Its `send`s, by the sequence numbers of their effects.
    pub sends: Vec<u64>,
    /// Whether its sender can be told anything.
    pub is_tellable: bool,
    /// The call and the reservation that it was left under.
    pub under: Option<(CallId, ReservationId)>,
}

impl VoiceMessage {
    const fn is_over(&self) -> bool {
        matches!(self.state, State::Over { .. })
    }

    /// Whether the caller's leg is alive.
    const fn has_leg(&self) -> bool {
        !self.leg_is_gone && matches!(self.state, State::Offered { .. } | State::Recording { .. })
    }

    const fn view_state(&self) -> VoiceState {
        match self.state {
            State::Offered { .. } => VoiceState::Offered,
            State::Recording { .. } => VoiceState::Recording,
            State::Stored => VoiceState::Stored,
            State::Transcribing { .. } => VoiceState::Transcribing,
            State::Pushing { .. } => VoiceState::Pushing,
            State::Waiting { .. } => VoiceState::Waiting,
            State::Over { outcome, .. } => match outcome {
                VoiceMessageOutcome::Delivered => VoiceState::Delivered,
                VoiceMessageOutcome::Heard => VoiceState::Heard,
                VoiceMessageOutcome::Abandoned(_) => VoiceState::Abandoned,
                VoiceMessageOutcome::Expired => VoiceState::Expired,
                VoiceMessageOutcome::Undeliverable(_) => VoiceState::Undeliverable,
            },
        }
    }

    /// When it ends, goes on to wait, or leaves, without anybody's doing.
    fn due(&self) -> Option<Timestamp> {
        match self.state {
            State::Offered { until } | State::Recording { until } => Some(until),
            State::Stored | State::Waiting { .. } => self.expires,
            State::Transcribing { until } => Some(self.expires.map_or(until, |end| end.min(until))),
            State::Pushing { until } => until.into_iter().chain(self.expires).min(),
            State::Over { leaves, .. } => Some(leaves),
        }
    }

    const fn taken_up_at(&self) -> Option<Timestamp> {
        match self.state {
            State::Stored => self.stored_at,
            State::Waiting { until } => until,
            State::Offered { .. }
            | State::Recording { .. }
            | State::Transcribing { .. }
            | State::Pushing { .. }
            | State::Over { .. } => None,
        }
    }
}

/// What the SIP status of a cause is by RFC 3398.
fn sip_status_of(q850: u8) -> u16 {
    match q850 {
        1 => 404,
        17 => 486,
        21 => 403,
        41 => 503,
        19 | 20 | 31 => 480,
        other => unreachable!("no failed call is passed on with {other}"),
    }
}

const fn q850_of(reason: FailureReason) -> u8 {
    match reason {
        FailureReason::Busy => 17,
        FailureReason::PoweredOff | FailureReason::OutOfServiceArea => 20,
        FailureReason::NoAnswer => 19,
        FailureReason::Rejected | FailureReason::Blocked => 21,
        FailureReason::InvalidNumber => 1,
        FailureReason::NetworkFault => 41,
        FailureReason::Suspended | FailureReason::CallerGaveUp | FailureReason::Unknown => 31,
    }
}

const fn cause_of(reason: FailureReason) -> ReleaseCause {
    match reason {
        FailureReason::Busy => ReleaseCause::UserBusy,
        FailureReason::NoAnswer => ReleaseCause::NoAnswer,
        FailureReason::PoweredOff
        | FailureReason::OutOfServiceArea
        | FailureReason::Rejected
        | FailureReason::Blocked
        | FailureReason::InvalidNumber
        | FailureReason::NetworkFault
        | FailureReason::Suspended
        | FailureReason::CallerGaveUp
        | FailureReason::Unknown => ReleaseCause::UserUnreachable,
    }
}

const fn prompt_of(reason: FailureReason) -> Prompt {
    match reason {
        FailureReason::Busy => Prompt::UserBusy,
        FailureReason::PoweredOff => Prompt::UserPoweredOff,
        FailureReason::OutOfServiceArea => Prompt::UserOutOfArea,
        FailureReason::Suspended => Prompt::UserSuspended,
        FailureReason::NoAnswer
        | FailureReason::Rejected
        | FailureReason::Blocked
        | FailureReason::InvalidNumber
        | FailureReason::NetworkFault
        | FailureReason::CallerGaveUp
        | FailureReason::Unknown => Prompt::UserUnreachable,
    }
}

// What is seen from outside, and what is due.
impl Model {
    /// Every voice message that is kept, in the order of ids.
    #[must_use]
    pub fn voice_messages(&self) -> Vec<VoiceMessageView> {
        let view = |(id, kept): (&VoiceMessageId, &VoiceMessage)| VoiceMessageView {
            voice_message: *id,
            binding: kept.binding,
            account: kept.account.clone(),
            callee: kept.callee,
            caller: kept.caller,
            state: kept.view_state(),
            outcome: if let State::Over { outcome, .. } = kept.state { Some(outcome) } else { None },
            leg: kept.has_leg().then_some(kept.leg),
            media: kept.media.filter(|_| !kept.media_is_erased),
            pushes: kept.pushes,
            by_sms: kept.by_sms,
            waits_for_follow: kept.state == State::Waiting { until: None },
            sends: kept.sends.clone(),
            is_tellable: !matches!(kept.sender, SenderWay::None),
            under: kept.under,
        };
        self.voice_messages.kept.iter().map(view).collect()
    }

    /// The users' phones that ring, or are dialled, and the lines of their calls.
    #[must_use]
    pub fn ringing_users(&self) -> Vec<(PhoneNumber, PhoneNumber)> {
        let rings = |state| matches!(state, LegState::Dialled | LegState::Ringing);
        let users = self.legs.values().filter(|leg| leg.party == Party::User && rings(leg.state));
        users.map(|leg| (leg.number, self.call_of(leg.call).line)).collect()
    }

    /// How many voice messages were given an id, which is the number of the last one.
    #[must_use]
    pub const fn voice_messages_given(&self) -> u64 {
        self.voice_messages.given
    }

    pub(super) fn voice_deadlines(&self) -> Vec<(Timestamp, VoiceMessageId)> {
        self.voice_messages.kept.iter().filter_map(|(id, kept)| Some((kept.due()?, *id))).collect()
    }

    /// Those that are to be sent, as long as there is room.
    pub(super) fn pushes_due(&self) -> Vec<(Timestamp, Deadline)> {
        if self.check_outbox(1).is_err() {
            return Vec::new();
        }
        let due = |(id, kept): (&VoiceMessageId, &VoiceMessage)| Some((kept.taken_up_at()?, Deadline::Push(*id)));
        self.voice_messages.kept.iter().filter_map(due).collect()
    }

    /// The message of a caller's leg that is alive.
    pub(super) fn voice_message_of_leg(&self, leg: LegId) -> Option<VoiceMessageId> {
        let is_it = |kept: &VoiceMessage| kept.leg == leg && kept.has_leg();
        self.voice_messages.kept.iter().find(|(_, kept)| is_it(kept)).map(|(id, _)| *id)
    }

    /// The message that an unconfirmed effect is of.
    pub(super) fn voice_message_of_effect(&self, sequence: u64) -> Option<VoiceMessageId> {
        self.kept.iter().find(|kept| kept.effect.sequence == sequence && !kept.voided)?;
        let is_of = |kept: &VoiceMessage| {
            [kept.answer, kept.record, kept.transcribe].contains(&Some(sequence)) || kept.sends.contains(&sequence)
        };
        self.voice_messages.kept.iter().find(|(_, kept)| is_of(kept)).map(|(id, _)| *id)
    }

    fn voice_message_of_send(&self, sequence: u64) -> Option<VoiceMessageId> {
        self.voice_messages.kept.iter().find(|(_, kept)| kept.sends.contains(&sequence)).map(|(id, _)| *id)
    }

    pub(super) fn touched_voice_message(&self, id: VoiceMessageId) -> Touched {
        let binding = self.voice_messages.kept.get(&id).map(|kept| kept.binding);
        Touched { voice_messages: BTreeSet::from([id]), bindings: binding.into_iter().collect(), ..Touched::default() }
    }

    pub(super) fn touched_by_message_report(&self, sequence: u64) -> Option<Touched> {
        self.voice_message_of_send(sequence).map(|id| self.touched_voice_message(id))
    }

    pub(super) fn touched_callers(&self) -> Touched {
        let voice_messages = self.voice_messages_with_legs();
        let bindings = voice_messages.iter().map(|id| self.voice_message(*id).binding).collect();
        Touched { voice_messages, bindings, ..Touched::default() }
    }

    pub(super) fn voice_messages_with_legs(&self) -> BTreeSet<VoiceMessageId> {
        self.voice_messages.kept.iter().filter(|(_, kept)| kept.has_leg()).map(|(id, _)| *id).collect()
    }

    /// What a failed call touches.
    pub(super) fn touched_by_failed_call(&self, callee: PhoneNumber) -> Touched {
        let for_it = self.voice_messages.kept.iter().filter(|(_, kept)| kept.callee == callee);
        let voice_messages = for_it.map(|(id, _)| *id).collect();
        let bindings = self.holder_of(callee).map(|(id, _)| id).into_iter().collect();
        Touched { voice_messages, bindings, ..Touched::default() }
    }

    /// The leg of ours that a diverted call may be.
    fn own_leg(&self, input: &CallDiverted) -> Option<LegId> {
        let rings = |leg: &Leg| {
            matches!(leg.state, LegState::Dialled | LegState::Ringing) || (leg.state == LegState::Releasing && !leg.was_answered)
        };
        let of_line = |leg: &Leg| Some(self.call_of(leg.call).line) == input.caller;
        self.leg_to(input.callee).filter(|id| rings(&self.legs[id]) && of_line(&self.legs[id]))
    }

    fn leg_to(&self, number: PhoneNumber) -> Option<LegId> {
        self.legs.iter().find(|(_, leg)| leg.party == Party::User && leg.number == number).map(|(id, _)| *id)
    }

    pub(super) fn touched_by_diverted_call(&self, input: &CallDiverted) -> Touched {
        let leg = self.leg_to(input.callee).filter(|_| input.caller.is_some() && input.evidence.is_in_range());
        leg.map_or_else(Touched::default, |leg| self.touched_by_report(leg))
    }

    pub(super) fn fire_voice_message(&mut self, id: VoiceMessageId) {
        let kept = self.voice_message(id).clone();
        if kept.expires.is_some_and(|expires| expires <= self.latest && !kept.is_over()) {
            self.end_voice_message(id, VoiceMessageOutcome::Expired);
            return;
        }
        match kept.state {
            State::Offered { .. } => self.abandon(id, Abandoned::NotAnswered, ReleaseCause::UserUnreachable, None),
            State::Recording { .. } => {
                self.abandon(id, Abandoned::NoReport, ReleaseCause::UserUnreachable, Some(Prompt::RecordFailed));
            }
            State::Transcribing { .. } => self.wait(id, Some(self.latest)),
            State::Pushing { .. } => self.try_again(id),
            State::Over { .. } => self.voice_message_leaves(id),
            State::Stored | State::Waiting { .. } => unreachable!("it ends by its expiry only"),
        }
    }

    fn voice_message(&self, id: VoiceMessageId) -> &VoiceMessage {
        &self.voice_messages.kept[&id]
    }

    fn voice_message_mut(&mut self, id: VoiceMessageId) -> &mut VoiceMessage {
        self.voice_messages.kept.get_mut(&id).expect("it was just seen")
    }

    fn is_kept_voice_message(&self, id: VoiceMessageId) -> Result<bool, Refusal> {
        if id.get() == 0 || id.get() > self.voice_messages.given {
            return Err(unknown(Object::VoiceMessage, id.get()));
        }
        Ok(self.voice_messages.kept.contains_key(&id))
    }
}

// Calls that failed.
impl Model {
    pub(super) fn call_diverted(&mut self, input: &CallDiverted) -> Result<Reply, Refusal> {
        if !input.evidence.is_in_range() {
            return Err(Refusal::Invalid { field: Field::Evidence, allowed: Allowed::KnownCauses });
        }
        if let Some(own) = self.own_leg(input) {
            self.check_outbox(1)?;
            self.legs_given += 1;
            let leg = LegId::new(self.legs_given);
            self.not_offered(leg, diagnose(&input.evidence).reason, input.is_answered);
            self.leg_is_gone(own, &input.evidence);
            return Ok(Reply::OwnLeg(OwnLeg { leg, own }));
        }
        let touched = self.touched_by_failed_call(input.callee);
        self.settle(&touched);
        let CallDiverted { caller, callee, evidence, is_answered } = input.clone();
        self.call_failed(&CallFailed { caller, callee, evidence, is_answered })
    }

    pub(super) fn call_failed(&mut self, input: &CallFailed) -> Result<Reply, Refusal> {
        if !input.evidence.is_in_range() {
            return Err(Refusal::Invalid { field: Field::Evidence, allowed: Allowed::KnownCauses });
        }
        self.make_room_for_callers();
        if self.has_all_callers() {
            return Err(limit(Bound::FailedCalls, self.policy.failed_calls_max));
        }
        self.check_outbox(2)?;
        self.legs_given += 1;
        let leg = LegId::new(self.legs_given);
        let ruling = self.rule(leg, input, None);
        let reason = diagnose(&input.evidence).reason;
        match ruling {
            Ruling::NotOffered(_) => self.not_offered(leg, reason, input.is_answered),
            Ruling::Offered(Offered { voice_message }) => self.offer(voice_message, leg, input, reason, None),
        }
        Ok(Reply::FailedCall(CallJudged { leg, ruling }))
    }

    /// What is over of others makes room only when that of the callee makes none.
    pub(super) fn make_room_for_callers(&mut self) {
        if self.has_all_callers() || self.voice_messages.kept.len() >= self.policy.voice_messages_max as usize {
            let all = self.voice_messages.kept.keys().copied().collect();
            self.settle(&Touched { voice_messages: all, bindings: self.all_bindings(), ..Touched::default() });
        }
    }

    /// Whether a caller is offered the recorder, with the record of it.
    pub(super) fn rule(&mut self, leg: LegId, input: &CallFailed, call: Option<CallId>) -> Ruling {
        let diagnosis = diagnose(&input.evidence);
        let (reason, confidence) = (diagnosis.reason, diagnosis.confidence);
        let against = self.ground(input, &diagnosis.candidates().iter().collect::<Vec<_>>());
        let ruling = if let Some(why) = against {
            Ruling::NotOffered(NotOffered { why })
        } else {
            self.voice_messages.given += 1;
            Ruling::Offered(Offered { voice_message: VoiceMessageId::new(self.voice_messages.given) })
        };
        self.audit(AuditRecord::FailedCall(FailedCallRecord { leg, call, reason, confidence, ruling }));
        ruling
    }

    /// Whether as many callers are connected as may be.
    fn has_all_callers(&self) -> bool {
        self.voice_messages_with_legs().len() >= self.policy.failed_calls_max as usize
    }

    /// The first ground against the recorder.
    fn ground(&self, input: &CallFailed, could_be: &[FailureReason]) -> Option<NoOffer> {
        if could_be.iter().any(|reason| !self.policy.divert_on.contains(*reason)) {
            return Some(NoOffer::Reason);
        }
        let holder = self.holder_of(input.callee).filter(|(_, account)| self.followers().contains(account));
        if holder.is_none() {
            return Some(NoOffer::Unbound);
        }
        let has_blocked = |caller| {
            let person = Who::Phone(input.callee);
            let merchant = self.merchant_of_line(caller);
            self.blocks.contains(&(person, BlockTarget::Number(caller)))
                || merchant.is_some_and(|merchant| self.has_blocked(&Address::Sms(input.callee), merchant))
        };
        if input.caller.is_some_and(has_blocked) {
            return Some(NoOffer::Blocked);
        }
        let all = &self.voice_messages.kept;
        let counts = |kept: &VoiceMessage| match kept.state {
            State::Over { outcome: VoiceMessageOutcome::Delivered | VoiceMessageOutcome::Heard, at, .. } => {
                self.latest < at.saturating_add_s(86_400)
            }
            State::Over { .. } => false,
            State::Offered { .. }
            | State::Recording { .. }
            | State::Stored
            | State::Transcribing { .. }
            | State::Pushing { .. }
            | State::Waiting { .. } => true,
        };
        let own = all.values().filter(|kept| kept.callee == input.callee && counts(kept)).count();
        // Outside a reservation that is refused before anything is judged.
        let is_full = self.has_all_callers()
            || all.len() >= self.policy.voice_messages_max as usize
            || own >= self.policy.voice_messages_per_callee_max as usize;
        is_full.then_some(NoOffer::Full)
    }

    fn not_offered(&mut self, leg: LegId, reason: FailureReason, is_answered: bool) {
        let cause = cause_of(reason);
        if is_answered {
            self.hang_up(leg, cause, Some(prompt_of(reason)));
        } else {
            let q850_cause = q850_of(reason);
            self.emit(Action::Reject(Reject { leg, cause, sip_status: sip_status_of(q850_cause), q850_cause }));
        }
    }

    pub(super) fn offer(
        &mut self,
        id: VoiceMessageId,
        leg: LegId,
        input: &CallFailed,
        reason: FailureReason,
        under: Option<(CallId, ReservationId)>,
    ) {
        let (binding, account) = self.holder_of(input.callee).expect("it is offered to a bound callee only");
        let merchant = input.caller.and_then(|caller| self.merchant_of_line(caller)).map(|id| self.merchant_of(id).clone());
        let sender = match (&merchant, input.caller) {
            (Some(merchant), _) => merchant.chatbot.clone().map_or(SenderWay::None, SenderWay::Chatbot),
            (None, Some(caller)) if caller.is_subscriber() && !self.pool.contains(&caller) => SenderWay::Sms(caller),
            (None, _) => SenderWay::None,
        };
        let until = self.latest.saturating_add_s(self.policy.answer_timeout_s.into());
        let kept = VoiceMessage {
            binding,
            account,
            callee: input.callee,
            caller: input.caller,
            merchant_name: merchant.map(|merchant| merchant.name),
            sender,
            reason,
            at: self.latest,
            under,
            leg,
            leg_is_gone: false,
            answer: None,
            record: None,
            state: State::Offered { until },
            media: None,
            media_is_erased: false,
            seconds: 0,
            stored_at: None,
            expires: None,
            by_sms: false,
            attempts: 0,
            pushes: 0,
            was_transcribed: false,
            transcribe: None,
            text: None,
            is_cut: false,
            message: None,
            sends: Vec::new(),
            is_call_back_asked: false,
        };
        self.voice_messages.kept.insert(id, kept);
        if input.is_answered {
            self.record(id);
        } else {
            let answer = self.emit(Action::Answer(Answer { leg, not_after: until }));
            self.voice_message_mut(id).answer = Some(answer);
            if under.is_some() {
                self.leg_mut(leg).answer = Some(answer);
            }
        }
    }
}

// The recorder.
impl Model {
    fn record(&mut self, id: VoiceMessageId) {
        let not_after = self.latest.saturating_add_s(self.policy.answer_timeout_s.into());
        let (seconds_max, silence_s) = (self.policy.record_max_s, self.policy.record_silence_s);
        let until = not_after.saturating_add_s(u64::from(seconds_max) + u64::from(self.policy.record_grace_s));
        let VoiceMessage { leg, reason, .. } = *self.voice_message(id);
        let record = self.emit(Action::Record(Record { leg, voice_message: id, reason, seconds_max, silence_s, not_after }));
        let kept = self.voice_message_mut(id);
        (kept.record, kept.state) = (Some(record), State::Recording { until });
    }

    /// The caller's leg was reported answered. Whether this changes anything.
    pub(super) fn callers_leg_answered(&mut self, id: VoiceMessageId) -> bool {
        let VoiceMessage { leg, state, .. } = *self.voice_message(id);
        if !matches!(state, State::Offered { .. }) {
            return false;
        }
        self.void_effects_of(leg);
        self.record(id);
        true
    }

    /// The caller's leg is gone.
    pub(super) fn callers_leg_ended(&mut self, id: VoiceMessageId) {
        let VoiceMessage { leg, state, .. } = *self.voice_message(id);
        self.void_effects_of(leg);
        self.voice_message_mut(id).leg_is_gone = true;
        if let State::Recording { until } = state {
            let soon = self.latest.saturating_add_s(self.policy.record_grace_s.into());
            self.voice_message_mut(id).state = State::Recording { until: until.min(soon) };
        } else {
            self.end_voice_message(id, VoiceMessageOutcome::Abandoned(Abandoned::CallerGone));
        }
    }

    /// An effect of a message was not carried out.
    pub(super) fn voice_effect_failed(&mut self, id: VoiceMessageId, sequence: u64) -> Reply {
        let Some(kept) = self.voice_messages.kept.get(&id).cloned() else { return Reply::NoOp };
        // Settling may have taken it back.
        if self.voice_message_of_effect(sequence).is_none() {
            return Reply::NoOp;
        }
        match kept.state {
            State::Offered { .. } if kept.answer == Some(sequence) && kept.under.is_some() => {
                self.abandon(id, Abandoned::RecordFailed, ReleaseCause::UserUnreachable, None);
            }
            State::Offered { .. } if kept.answer == Some(sequence) => {
                self.void_effects_of(kept.leg);
                self.not_offered(kept.leg, kept.reason, false);
                self.end_voice_message(id, VoiceMessageOutcome::Abandoned(Abandoned::RecordFailed));
            }
            State::Recording { .. } if kept.record == Some(sequence) => self.no_recording(id),
            State::Transcribing { .. } if kept.transcribe == Some(sequence) => self.wait(id, Some(self.latest)),
            State::Pushing { .. } if kept.sends.last() == Some(&sequence) => self.try_again(id),
            State::Offered { .. }
            | State::Recording { .. }
            | State::Stored
            | State::Transcribing { .. }
            | State::Pushing { .. }
            | State::Waiting { .. }
            | State::Over { .. } => return Reply::NoOp,
        }
        Reply::Done
    }

    /// What a `resync` does to callers' legs; these of them were voided.
    pub(super) fn resync_callers(&mut self, named: &BTreeSet<LegId>, voided: &BTreeSet<u64>) {
        for id in self.voice_messages_with_legs() {
            if !named.contains(&self.voice_message(id).leg) {
                self.callers_leg_ended(id);
            }
        }
        let is_voided = |effect: Option<u64>| effect.is_some_and(|effect| voided.contains(&effect));
        for id in self.voice_messages_with_legs() {
            let VoiceMessage { answer, record, .. } = *self.voice_message(id);
            if is_voided(answer) || is_voided(record) {
                self.no_recording(id);
            }
        }
    }

    pub(super) fn recorded(&mut self, input: Recorded) -> Result<Reply, Refusal> {
        let Recorded { voice_message: id, media, seconds, is_silent } = input;
        if !self.is_kept_voice_message(id)? {
            return Ok(Reply::NoOp);
        }
        let kept = self.voice_message(id).clone();
        let is_awaited = matches!(kept.state, State::Offered { .. } | State::Recording { .. });
        if !is_awaited && (kept.media == Some(media) || self.is_being_erased(media)) {
            return Ok(Reply::NoOp);
        }
        let attached = self.reservations.keys().any(|id| self.media_of(*id).contains(&media));
        let others = self.voice_messages.kept.iter().filter(|(other, _)| **other != id);
        // Also what was too little, and erased, is another one's as long as that is kept.
        let is_others = others.into_iter().any(|(_, kept)| kept.media == Some(media));
        if attached || is_others || self.is_being_erased(media) {
            return Err(Refusal::MediaInUse { media });
        }
        if !is_awaited {
            self.check_outbox(1)?;
            self.emit(Action::Erase(Erase { reservations: Vec::new(), media: vec![media], voice_messages: Vec::new() }));
            return Ok(Reply::Done);
        }
        let least = self.policy.record_min_s;
        let (latest, expires) = (self.latest, self.latest.saturating_add_s(self.policy.voice_message_life_s.into()));
        let out = self.voice_message_mut(id);
        out.media = Some(media);
        if is_silent || seconds < least {
            let why = if is_silent { Abandoned::Silent } else { Abandoned::TooShort };
            self.abandon(id, why, ReleaseCause::Normal, Some(Prompt::NothingRecorded));
            self.voice_message_mut(id).media_is_erased = true;
            self.emit(Action::Erase(Erase { reservations: Vec::new(), media: vec![media], voice_messages: Vec::new() }));
            return Ok(Reply::Done);
        }
        self.hang_up_caller(id, ReleaseCause::Normal, Some(Prompt::MessageTaken));
        let out = self.voice_message_mut(id);
        (out.state, out.seconds, out.stored_at, out.expires) = (State::Stored, seconds, Some(latest), Some(expires));
        Ok(Reply::Done)
    }

    pub(super) fn record_failed(&mut self, id: VoiceMessageId) -> Result<Reply, Refusal> {
        if !self.is_kept_voice_message(id)? {
            return Ok(Reply::NoOp);
        }
        if !matches!(self.voice_message(id).state, State::Offered { .. } | State::Recording { .. }) {
            return Ok(Reply::NoOp);
        }
        self.no_recording(id);
        Ok(Reply::Done)
    }

    /// The answer or the recorder was not begun.
    fn no_recording(&mut self, id: VoiceMessageId) {
        let begun = matches!(self.voice_message(id).state, State::Recording { .. });
        let prompt = begun.then_some(Prompt::RecordFailed);
        self.abandon(id, Abandoned::RecordFailed, ReleaseCause::UserUnreachable, prompt);
    }

    fn abandon(&mut self, id: VoiceMessageId, why: Abandoned, cause: ReleaseCause, prompt: Option<Prompt>) {
        self.hang_up_caller(id, cause, prompt);
        self.end_voice_message(id, VoiceMessageOutcome::Abandoned(why));
    }

    fn hang_up_caller(&mut self, id: VoiceMessageId, cause: ReleaseCause, prompt: Option<Prompt>) {
        let kept = self.voice_message(id).clone();
        if kept.has_leg() && kept.under.is_some() {
            self.end_recording_call(kept.leg, cause, prompt);
        } else if kept.has_leg() {
            self.void_effects_of(kept.leg);
            self.emit(Action::HangUp(HangUp { leg: kept.leg, cause, q850_cause: cause.q850(), prompt }));
        }
    }

    /// The recordings that are somebody's.
    pub(super) fn voice_media(&self) -> BTreeSet<MediaId> {
        let kept = self.voice_messages.kept.values().filter(|kept| !kept.media_is_erased);
        kept.filter_map(|kept| kept.media).collect()
    }

    fn is_being_erased(&self, media: MediaId) -> bool {
        let names = |action: &Action| matches!(action, Action::Erase(erase) if erase.media.contains(&media));
        self.kept.iter().any(|kept| names(&kept.effect.action))
    }
}

// Ends.
impl Model {
    /// It is over without having reached its account.
    fn end_voice_message(&mut self, id: VoiceMessageId, outcome: VoiceMessageOutcome) {
        self.audit(AuditRecord::VoiceMessageEnded(VoiceMessageEnded { voice_message: id, outcome }));
        let told = match outcome {
            VoiceMessageOutcome::Abandoned(_) => SenderTold::NotNeeded,
            VoiceMessageOutcome::Expired | VoiceMessageOutcome::Undeliverable(_) => self.tell_sender(id),
            VoiceMessageOutcome::Delivered | VoiceMessageOutcome::Heard => unreachable!("these are no such ends"),
        };
        // Where nothing was left there is nothing to be asked about later.
        let is_left = !matches!(outcome, VoiceMessageOutcome::Abandoned(_));
        let stays_s = if is_left { self.policy.retention_s } else { self.policy.record_grace_s };
        let (at, leaves) = (self.latest, self.latest.saturating_add_s(stays_s.into()));
        let sends = self.voice_message(id).sends.clone();
        for kept in self.kept.iter_mut().filter(|kept| sends.contains(&kept.effect.sequence)) {
            kept.voided = true;
        }
        self.voice_message_mut(id).state = State::Over { outcome, told, at, leaves };
    }

    fn tell_sender(&mut self, id: VoiceMessageId) -> SenderTold {
        let (sender, note) = self.to_sender(id);
        match sender {
            SenderWay::Chatbot(chatbot) => {
                self.note_to_chatbot(chatbot, MerchantContent::VoiceMessageUndelivered(note));
                SenderTold::Told
            }
            SenderWay::Sms(number) => {
                self.note_by_sms(number, UserContent::VoiceMessageUndelivered(note));
                SenderTold::Told
            }
            SenderWay::None => SenderTold::Untellable,
        }
    }

    fn to_sender(&self, id: VoiceMessageId) -> (SenderWay, VoiceMessageNote) {
        let kept = self.voice_message(id);
        let reservation = kept.under.map(|(_, reservation)| reservation);
        let note = VoiceMessageNote { voice_message: id, number: kept.callee.masked(), at: kept.at, reservation };
        (kept.sender.clone(), note)
    }

    fn note_to_chatbot(&mut self, chatbot: Address, content: MerchantContent) {
        let message = self.next_message();
        self.emit(Action::Send(Send::to_merchant(message, chatbot, content)));
    }

    fn note_by_sms(&mut self, number: PhoneNumber, content: UserContent) {
        let message = self.next_message();
        self.emit(Action::Send(Send::to_user(message, Address::Sms(number), content)));
    }

    /// The messages of a binding that is over.
    pub(super) fn end_voice_messages_of(&mut self, binding: BindingId, abandoned: Abandoned, undeliverable: Undeliverable) {
        let of_it = self.voice_messages.kept.iter().filter(|(_, kept)| kept.binding == binding && !kept.is_over());
        let of_it: Vec<_> = of_it.map(|(id, _)| *id).collect();
        for id in of_it {
            self.end_with_its_binding(id, abandoned, undeliverable);
        }
    }

    fn end_with_its_binding(&mut self, id: VoiceMessageId, abandoned: Abandoned, undeliverable: Undeliverable) {
        match self.voice_message(id).state {
            State::Offered { .. } => self.abandon(id, abandoned, ReleaseCause::UserUnreachable, None),
            State::Recording { .. } => {
                self.abandon(id, abandoned, ReleaseCause::UserUnreachable, Some(Prompt::RecordFailed));
            }
            State::Stored | State::Transcribing { .. } | State::Pushing { .. } | State::Waiting { .. } => {
                self.end_voice_message(id, VoiceMessageOutcome::Undeliverable(undeliverable));
            }
            State::Over { .. } => {}
        }
    }

    fn voice_message_leaves(&mut self, id: VoiceMessageId) {
        let kept = self.voice_messages.kept.remove(&id).expect("it was just seen");
        let State::Over { outcome, told, at, .. } = kept.state else { unreachable!("what leaves is over") };
        self.emit(Action::ArchiveVoiceMessage(VoiceMessageArchive {
            voice_message: id,
            binding: kept.binding,
            outcome,
            told,
            at: kept.at,
            stored_at: kept.stored_at,
            ended_at: at,
            seconds: kept.seconds,
            attempts: kept.pushes,
            reservation: kept.under.map(|(_, reservation)| reservation),
        }));
        let media = kept.media.filter(|_| !kept.media_is_erased).into_iter().collect();
        self.emit(Action::Erase(Erase { reservations: Vec::new(), media, voice_messages: vec![id] }));
    }

    /// What was left for this number, or by it.
    pub(super) fn voice_messages_of(&self, number: PhoneNumber) -> BTreeSet<VoiceMessageId> {
        let of_it = self.voice_messages.kept.iter().filter(|(_, kept)| kept.callee == number || kept.caller == Some(number));
        of_it.map(|(id, _)| *id).collect()
    }

    /// What was left for this number leaves, and from what was left by it the number goes. Of how many.
    pub(super) fn forget_voice_messages(&mut self, user: &Address) -> u32 {
        let Some(number) = user.number() else { return 0 };
        let of = |model: &Self, is_of: &dyn Fn(&VoiceMessage) -> bool| -> Vec<VoiceMessageId> {
            model.voice_messages.kept.iter().filter(|(_, kept)| is_of(kept)).map(|(id, _)| *id).collect()
        };
        let left_for = of(self, &|kept| kept.callee == number);
        for id in &left_for {
            self.end_with_its_binding(*id, Abandoned::Forgotten, Undeliverable::Forgotten);
            self.voice_message_leaves(*id);
        }
        let left_by = of(self, &|kept| kept.caller == Some(number));
        for id in &left_by {
            let kept = self.voice_message_mut(*id);
            (kept.caller, kept.merchant_name, kept.sender) = (None, None, SenderWay::None);
        }
        u32::try_from(left_for.len() + left_by.len()).expect("few")
    }
}

// Delivery.
impl Model {
    fn wait(&mut self, id: VoiceMessageId, until: Option<Timestamp>) {
        self.voice_message_mut(id).state = State::Waiting { until };
    }

    pub(super) fn take_up(&mut self, id: VoiceMessageId) {
        let kept = self.voice_message(id).clone();
        if kept.expires.is_some_and(|expires| self.latest >= expires) {
            self.end_voice_message(id, VoiceMessageOutcome::Expired);
        } else if !kept.by_sms && self.is_suspended(kept.binding) {
            self.wait(id, None);
        } else if !kept.by_sms && self.policy.transcription == Transcription::Always && !kept.was_transcribed && kept.pushes == 0
        {
            let media = kept.media.expect("it is stored");
            let transcribe = self.emit(Action::Transcribe(Transcribe { voice_message: id, media }));
            let until = self.latest.saturating_add_s(self.policy.transcribe_timeout_s.into());
            let kept = self.voice_message_mut(id);
            (kept.was_transcribed, kept.transcribe) = (true, Some(transcribe));
            kept.state = State::Transcribing { until };
        } else {
            self.push(id);
        }
    }

    fn push(&mut self, id: VoiceMessageId) {
        let kept = self.voice_message(id).clone();
        let message = if let Some(message) = kept.message { message } else { self.next_message() };
        let to = if kept.by_sms { Address::Sms(kept.callee) } else { Address::WeChat(kept.account) };
        let notice = VoiceMessageNotice {
            voice_message: id,
            number: kept.callee,
            caller: kept.caller,
            merchant_name: kept.merchant_name,
            at: kept.at,
            seconds: kept.seconds,
            text: kept.text,
            is_cut: kept.is_cut,
        };
        let sequence = self.emit(Action::Send(Send::to_user(message, to, UserContent::VoiceMessage(notice))));
        let timeout = self.latest.saturating_add_s(self.policy.push_timeout_s.into());
        let kept = self.voice_message_mut(id);
        let until = Some(timeout).filter(|_| !kept.by_sms);
        kept.message = Some(message);
        kept.sends.push(sequence);
        kept.attempts += 1;
        kept.pushes += 1;
        kept.state = State::Pushing { until };
    }

    pub(super) fn transcribed(&mut self, input: &Transcribed) -> Result<Reply, Refusal> {
        let id = input.voice_message;
        if !self.is_kept_voice_message(id)? {
            return Ok(Reply::NoOp);
        }
        if !matches!(self.voice_message(id).state, State::Transcribing { .. }) {
            return Ok(Reply::NoOp);
        }
        if let Some(text) = input.text.as_ref().filter(|text| !text.trim().is_empty()) {
            let most = self.policy.transcript_chars_max as usize;
            let is_cut = text.chars().count() > most;
            let mut shown = String::new();
            for grapheme in text.graphemes(true) {
                if shown.chars().count() + grapheme.chars().count() > most {
                    break;
                }
                shown.push_str(grapheme);
            }
            let kept = self.voice_message_mut(id);
            (kept.text, kept.is_cut) = (Some(Text::from(shown)), is_cut);
        }
        self.wait(id, Some(self.latest));
        Ok(Reply::Done)
    }

    /// A report on a `send` of a voice message; none if it is on no such.
    pub(super) fn voice_message_reported(&mut self, input: &MessageReported) -> Option<Reply> {
        let id = self.voice_message_of_send(input.message)?;
        let kept = self.voice_message(id).clone();
        match &input.status {
            MessageStatus::Delivered | MessageStatus::Read => {
                if !matches!(kept.state, State::Pushing { .. } | State::Waiting { .. }) {
                    return Some(Reply::NoOp);
                }
                self.arrived(id, VoiceMessageOutcome::Delivered);
            }
            MessageStatus::Failed { code } => {
                let counts = matches!(kept.state, State::Pushing { .. }) && kept.sends.last() == Some(&input.message);
                let next = if kept.by_sms { Next::Retry } else { after_push_code(code) };
                let known = next == Next::Taken && kept.state == State::Pushing { until: None };
                if !counts || known {
                    return Some(Reply::NoOp);
                }
                self.push_failed(id, next, code);
            }
        }
        Some(Reply::Done)
    }

    fn arrived(&mut self, id: VoiceMessageId, outcome: VoiceMessageOutcome) {
        self.audit(AuditRecord::VoiceMessageDelivered(VoiceMessageDelivered { voice_message: id }));
        let at = self.latest;
        let expires = self.voice_message(id).expires.expect("it is stored");
        let leaves = at.saturating_add_s(self.policy.retention_s.into()).max(expires);
        self.voice_message_mut(id).state = State::Over { outcome, told: SenderTold::NotNeeded, at, leaves };
    }

    fn push_failed(&mut self, id: VoiceMessageId, next: Next, code: &Text) {
        match next {
            Next::Taken => self.voice_message_mut(id).state = State::Pushing { until: None },
            Next::Retry | Next::RefreshToken => self.try_again(id),
            Next::RetryTomorrow => {
                let now = self.latest.as_micros();
                let tomorrow = (now - QUOTA_IS_NEW_MICROS).div_euclid(DAY_MICROS) + 1;
                self.voice_message_mut(id).attempts = 0;
                self.wait(id, Timestamp::from_micros(tomorrow * DAY_MICROS + QUOTA_IS_NEW_MICROS));
            }
            Next::AwaitFollow => {
                self.wait(id, None);
                let account = self.voice_message(id).account.clone();
                self.unfollow(&account);
            }
            Next::OtherChannel => self.other_road(id),
            Next::Misconfigured => {
                let record = PushMisconfigured { voice_message: id, code: MaskedText::new(code) };
                self.audit(AuditRecord::PushMisconfigured(record));
                self.other_road(id);
            }
        }
    }

    /// The push failed for now.
    fn try_again(&mut self, id: VoiceMessageId) {
        let attempts = self.voice_message(id).attempts;
        if attempts >= self.policy.push_attempts_max {
            self.other_road(id);
            return;
        }
        let backoff = (1..attempts).fold(u64::from(self.policy.push_backoff_s), |s, _| (s * 2).min(BACKOFF_MAX_S));
        self.wait(id, Some(self.latest.saturating_add_s(backoff.min(BACKOFF_MAX_S))));
    }

    fn other_road(&mut self, id: VoiceMessageId) {
        if self.voice_message(id).by_sms || !self.policy.voice_by_sms {
            self.end_voice_message(id, VoiceMessageOutcome::Undeliverable(Undeliverable::NoRoad));
            return;
        }
        let kept = self.voice_message_mut(id);
        (kept.by_sms, kept.attempts) = (true, 0);
        self.wait(id, Some(self.latest));
    }

    /// An account follows: what waits for that goes on.
    pub(super) fn voice_messages_go_on(&mut self, account: &AccountId) {
        let until = Some(self.latest);
        let waits = |kept: &&mut VoiceMessage| {
            let under_way = matches!(kept.state, State::Pushing { .. }) && !kept.by_sms;
            kept.account == *account && (kept.state == State::Waiting { until: None } || under_way)
        };
        for kept in self.voice_messages.kept.values_mut().filter(waits) {
            kept.state = State::Waiting { until };
        }
    }
}

/// What the account's network says.
fn after_push_code(code: &str) -> Next {
    match code.trim().parse::<i32>() {
        Ok(number) => after_code(number),
        Err(_) if code.contains("user block") => Next::OtherChannel,
        Err(_) => Next::Retry,
    }
}

// Listening.
impl Model {
    fn check_own(&self, account: &AccountId, id: VoiceMessageId) -> Result<(), Refusal> {
        let gone = Refusal::Gone { object: Object::VoiceMessage, id: id.get() };
        if !self.is_kept_voice_message(id)? {
            return Err(gone);
        }
        let kept = self.voice_message(id);
        let state = kept.view_state();
        if kept.account != *account || kept.pushes == 0 || matches!(state, VoiceState::Abandoned | VoiceState::Transcribing) {
            return Err(unknown(Object::VoiceMessage, id.get()));
        }
        if matches!(state, VoiceState::Expired | VoiceState::Undeliverable) { Err(gone) } else { Ok(()) }
    }

    pub(super) fn open_message(&mut self, input: &OpenMessage) -> Result<Reply, Refusal> {
        let id = input.voice_message;
        self.check_own(&input.account, id)?;
        let media = self.voice_message(id).media.expect("it was pushed");
        match self.voice_message(id).state {
            State::Pushing { .. } | State::Waiting { .. } => self.arrived(id, VoiceMessageOutcome::Heard),
            State::Over { outcome: VoiceMessageOutcome::Delivered, told, at, leaves } => {
                let outcome = VoiceMessageOutcome::Heard;
                self.voice_message_mut(id).state = State::Over { outcome, told, at, leaves };
            }
            State::Offered { .. } | State::Recording { .. } | State::Stored | State::Transcribing { .. } | State::Over { .. } => {
            }
        }
        Ok(Reply::Opened(MessageOpened { media }))
    }

    pub(super) fn request_call_back(&mut self, input: &RequestCallBack) -> Result<Reply, Refusal> {
        let id = input.voice_message;
        self.check_own(&input.account, id)?;
        if !matches!(self.voice_message(id).view_state(), VoiceState::Delivered | VoiceState::Heard) {
            return Err(Refusal::NotDelivered { voice_message: id });
        }
        let (sender, note) = self.to_sender(id);
        if matches!(sender, SenderWay::None) {
            return Err(Refusal::NoCaller { voice_message: id });
        }
        if self.voice_message(id).is_call_back_asked {
            return Ok(Reply::NoOp);
        }
        self.check_outbox(1)?;
        self.voice_message_mut(id).is_call_back_asked = true;
        match sender {
            SenderWay::Chatbot(chatbot) => self.note_to_chatbot(chatbot, MerchantContent::CallBackRequested(note)),
            SenderWay::Sms(number) => self.note_by_sms(number, UserContent::CallBackRequested(note)),
            SenderWay::None => {}
        }
        Ok(Reply::Done)
    }
}
