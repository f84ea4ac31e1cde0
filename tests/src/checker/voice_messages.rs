//! P10, and what P7, P9, P11 and P17 say of voice messages: the recorder is offered exactly when the rules say, and what was left reaches the account of
//! its offer and nobody else, or ends with its sender told, or with nobody to tell.

use std::collections::{BTreeMap, BTreeSet};

use ringfence::decisions::delivery::{Next, after_code};
use ringfence::decisions::diagnosis::diagnose;
use ringfence::values::account::AccountId;
use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{
    Abandoned, Action, Answer, AuditRecord, BindingEnd, Content, Effect, Erase, FailedCallRecord, NoOffer, NotOffered, Offered,
    PushMisconfigured, Record, Ruling, Send, SenderTold, Transcribe, Undeliverable, VoiceMessageArchive, VoiceMessageDelivered,
    VoiceMessageEnded, VoiceMessageNote, VoiceMessageNotice, VoiceMessageOutcome,
};
use ringfence::values::id::{BindingId, CallId, LegId, MediaId, MessageId, ReservationId, VoiceMessageId};
use ringfence::values::input::{
    BlockTarget, CallDiverted, CallFailed, EffectFailed, ForgetMe, Input, LegAnswered, LegEnded, MessageReported, MessageStatus,
    OpenMessage, RecordFailed, Recorded, RequestCallBack, Resync, Transcribed,
};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::person::Person;
use ringfence::values::policy::{Policy, Transcription};
use ringfence::values::refusal::{Object, Refusal};
use ringfence::values::reply::{CallJudged, MessageOpened, OwnLeg, Reply};
use ringfence::values::text::{MaskedText, Text};
use ringfence::values::time::Timestamp;

use super::books::{Books, LegState};
use super::{Broken, Judged, Notes, Promise, doubt};
use crate::trace::{Doing, Step};

/// What a trace tells of voice messages.
#[derive(Clone, Debug, Default)]
pub(super) struct VoiceMessages {
    kept: BTreeMap<VoiceMessageId, Message>,
    last: u64,
    /// Callers' legs that are gone.
    gone: BTreeSet<LegId>,
    /// Whoever called or was called. For privacy: never forgotten.
    pub(super) numbers: BTreeSet<PhoneNumber>,
    sends: BTreeMap<u64, VoiceMessageId>,
    messages: BTreeMap<MessageId, VoiceMessageId>,
    /// Whether some rules so far let messages go by SMS, and the shortest time that any let pass between two pushes.
    may_go_by_sms: bool,
    least_backoff_s: Option<u32>,
}

#[derive(Clone, Debug)]
struct Message {
    binding: BindingId,
    account: AccountId,
    callee: PhoneNumber,
    caller: Option<PhoneNumber>,
    merchant_name: Option<Text>,
    /// The call and the reservation that it was left under.
    under: Option<(CallId, ReservationId)>,
    /// Where its sender is told.
    sender: Option<Address>,
    at: Timestamp,
    /// The caller's leg, while it is alive.
    leg: Option<LegId>,
    state: State,
    media: Option<MediaId>,
    seconds: u32,
    stored: Option<(Timestamp, Timestamp)>,
    /// What was said of it in words, and whether that is waited for.
    words: Option<Text>,
    transcribe: Option<(u64, bool)>,
    message: Option<MessageId>,
    pushes: u32,
    /// It ended in an `advance`: one more push may have been taken up in it and taken back, before anybody was handed it.
    may_have_pushed: bool,
    by_sms: bool,
    /// The last push, until when a report on it is waited for, and whether one came.
    last: Option<(u64, Timestamp, bool)>,
    not_before: Option<Timestamp>,
    is_called_back: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Offered { until: Timestamp },
    Recording { until: Timestamp },
    UnderWay,
    Over { outcome: VoiceMessageOutcome, told: SenderTold, at: Timestamp, leaves: Timestamp },
}

impl Message {
    fn due(&self) -> Option<Timestamp> {
        match self.state {
            State::Offered { until } | State::Recording { until } => Some(until),
            State::UnderWay => self.stored.map(|(_, expires)| expires),
            State::Over { leaves, .. } => Some(leaves),
        }
    }

    const fn is_over(&self) -> bool {
        matches!(self.state, State::Over { .. })
    }

    const fn has_no_end_yet(&self) -> bool {
        matches!(self.state, State::Offered { .. } | State::Recording { .. })
    }
}

/// What it notes about the step that it is in.
#[derive(Clone, Debug, Default)]
pub(super) struct Noted {
    /// The leg of the call that was judged, and whether something was done to it.
    judged: Option<(LegId, bool)>,
    /// Whose sender must be told next.
    owed: Option<VoiceMessageId>,
    /// What must be erased next.
    leaving: Option<(VoiceMessageId, Option<MediaId>)>,
    /// The bindings that ended.
    bindings: Vec<(BindingId, BindingEnd)>,
    /// The callers' legs that were hung up or rejected.
    released: BTreeSet<LegId>,
    rejected: BTreeSet<LegId>,
    erased: BTreeSet<MediaId>,
    /// What left before its time, since its callee is forgotten.
    forgotten: u32,
    /// The call of ours that came back is answered already.
    own_is_answered: bool,
    reports_unfollow: Option<AccountId>,
}

impl Noted {
    pub(super) const fn note_own(&mut self, diverted: &CallDiverted) {
        self.own_is_answered = diverted.is_answered;
    }
}

impl VoiceMessages {
    pub(super) fn of(policy: &Policy) -> Self {
        let mut all = Self::default();
        all.note_rules(policy);
        all
    }

    /// What rules let so far.
    pub(super) fn note_rules(&mut self, policy: &Policy) {
        self.may_go_by_sms |= policy.voice_by_sms;
        let least = self.least_backoff_s.unwrap_or(u32::MAX);
        self.least_backoff_s = Some(least.min(policy.push_backoff_s));
    }

    /// Whether this effect pushed a voice message.
    pub(super) fn is_push(&self, sequence: u64) -> bool {
        self.sends.contains_key(&sequence)
    }

    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether this is the leg of a caller who is offered the recorder, or leaves a message.
    pub(super) fn has_leg(&self, leg: LegId) -> bool {
        self.of_leg(leg).is_some()
    }

    /// How many of them there are.
    pub(super) fn callers(&self) -> usize {
        self.kept.values().filter(|kept| kept.leg.is_some()).count()
    }

    fn of_leg(&self, leg: LegId) -> Option<VoiceMessageId> {
        self.kept.iter().find(|(_, kept)| kept.leg == Some(leg)).map(|(id, _)| *id)
    }

    fn leg_is_gone(&mut self, leg: LegId) -> Option<VoiceMessageId> {
        let id = self.of_leg(leg)?;
        if let Some(kept) = self.kept.get_mut(&id) {
            kept.leg = None;
            // One under a reservation is a leg of its call, and releasing by now.
            if kept.under.is_none() {
                self.gone.insert(leg);
            }
        }
        Some(id)
    }

    /// What it remembers, relative to the clock.
    pub(super) fn view(&self, now: Timestamp) -> String {
        let left = |at: Option<Timestamp>| at.map(|at| at.micros_since(now));
        let of = |(place, kept): (usize, &Message)| {
            let state = match kept.state {
                State::Offered { .. } => "offered".to_owned(),
                State::Recording { .. } => "recording".to_owned(),
                State::UnderWay => "under way".to_owned(),
                State::Over { outcome, told, .. } => format!("{outcome:?} {told:?}"),
            };
            let last = kept.last.map(|(_, until, reported)| (left(Some(until)), reported));
            let rest = (kept.leg.is_some(), kept.pushes, kept.by_sms, last, left(kept.not_before), kept.is_called_back);
            let words =
                (kept.words.is_some(), kept.transcribe.map(|(_, waits)| waits), kept.media.is_some(), kept.caller.is_some());
            let words = (words, kept.under.is_some());
            format!("{place}{}{state}{:?}{rest:?}{words:?}", kept.binding.get(), left(kept.due()))
        };
        self.kept.values().enumerate().map(of).collect()
    }
}

pub(super) fn broken<T>(promise: Promise, what: String) -> Result<T, Broken> {
    Err((promise, what))
}

/// The failed call that a step reports.
fn reported(step: &Step) -> Option<CallFailed> {
    match &step.doing {
        Doing::Input(Input::CallFailed(input)) => Some(input.clone()),
        Doing::Input(Input::CallDiverted(input)) => {
            let CallDiverted { caller, callee, evidence, is_answered } = input.clone();
            Some(CallFailed { caller, callee, evidence, is_answered })
        }
        Doing::Input(_) | Doing::Once { .. } | Doing::Advance { .. } | Doing::Confirm { .. } | Doing::Restart => None,
    }
}

/// The first ground against the recorder.
pub(super) fn ground(books: &Books, call: &CallFailed, is_bound: bool) -> Option<NoOffer> {
    let (policy, all) = (&books.policy, &books.voice_messages.kept);
    if !diagnose(&call.evidence).candidates().is_within(policy.divert_on) {
        return Some(NoOffer::Reason);
    }
    if !is_bound {
        return Some(NoOffer::Unbound);
    }
    let person = Person::of(&Address::Sms(call.callee));
    let merchant = call.caller.and_then(|caller| books.merchant_of_line(caller));
    let is_about_him = |what: BlockTarget| match what {
        BlockTarget::Merchant(blocked) => Some(blocked) == merchant,
        BlockTarget::Number(number) => {
            Some(number) == call.caller || merchant.is_some() && books.merchant_of_line(number) == merchant
        }
    };
    if books.blocks.iter().any(|(blocker, what)| Some(blocker) == person.as_ref() && is_about_him(*what)) {
        return Some(NoOffer::Blocked);
    }
    let counts = |kept: &Message| match kept.state {
        State::Over { outcome: VoiceMessageOutcome::Delivered | VoiceMessageOutcome::Heard, at, .. } => {
            books.now < at.saturating_add_s(86_400)
        }
        State::Over { .. } => false,
        State::Offered { .. } | State::Recording { .. } | State::UnderWay => true,
    };
    let own = all.values().filter(|kept| kept.callee == call.callee && counts(kept)).count();
    let is_full = |count: usize, most: u32| count >= usize::try_from(most).unwrap_or(usize::MAX);
    let full = is_full(all.len(), policy.voice_messages_max) || is_full(own, policy.voice_messages_per_callee_max);
    full.then_some(NoOffer::Full)
}

/// Where the sender of a message is told that it did not arrive.
fn sender(books: &Books, caller: Option<PhoneNumber>) -> (Option<Text>, Option<Address>) {
    let Some(caller) = caller else { return (None, None) };
    if let Some(merchant) = books.merchant_of_line(caller).and_then(|id| books.merchants.get(&id)) {
        return (Some(merchant.name.clone()), merchant.chatbot.clone());
    }
    let is_his = caller.is_subscriber() && !books.pool.contains(&caller);
    (None, is_his.then_some(Address::Sms(caller)))
}

/// A record of a failed call, beside the reply that it accounts for.
pub(super) fn judged(books: &mut Books, record: &FailedCallRecord, step: &Step, notes: &mut Notes) -> Judged {
    let FailedCallRecord { leg, reason, confidence, ruling, .. } = *record;
    let Some(call) = reported(step).filter(|_| notes.voice.judged.is_none()) else {
        return broken(Promise::P17, format!("an audit record says that the caller of leg {leg} was judged, and no call failed"));
    };
    if step.reply != Some(Ok(Reply::FailedCall(CallJudged { leg, ruling }))) {
        return broken(Promise::P17, format!("the audit record of leg {leg} says otherwise than the reply"));
    }
    let diagnosis = diagnose(&call.evidence);
    if (diagnosis.reason, diagnosis.confidence) != (reason, confidence) {
        return broken(Promise::P17, format!("the audit record of leg {leg} has another reason than the evidence"));
    }
    notes.voice.judged = Some((leg, false));
    let holder = books.accounts.bound(call.callee);
    let why = ground(books, &call, holder.is_some());
    match (ruling, why) {
        (Ruling::NotOffered(NotOffered { why: said }), Some(why)) if said == why => return Ok(()),
        (Ruling::NotOffered(NotOffered { why: said }), right) => {
            return broken(
                Promise::P10,
                format!("the caller of leg {leg} is not offered the recorder for {said:?}; right is {right:?}"),
            );
        }
        (Ruling::Offered(_), Some(why)) => {
            return broken(Promise::P10, format!("the caller of leg {leg} is offered the recorder, and {why:?} holds"));
        }
        (Ruling::Offered(_), None) => {}
    }
    let Ruling::Offered(Offered { voice_message: id }) = ruling else { return Ok(()) };
    let Some(holder) = holder else { return Ok(()) };
    offered(books, id, leg, &call, holder, None)
}

/// A caller is offered the recorder.
pub(super) fn offered(
    books: &mut Books,
    id: VoiceMessageId,
    leg: LegId,
    call: &CallFailed,
    (binding, account): (BindingId, AccountId),
    under: Option<(CallId, ReservationId)>,
) -> Judged {
    if id.get() <= books.voice_messages.last {
        return broken(Promise::P10, format!("voice message {id} is offered twice"));
    }
    let until = books.now.saturating_add_s(books.policy.answer_timeout_s.into());
    let (merchant_name, sender) = sender(books, call.caller);
    let message = Message {
        binding,
        account,
        callee: call.callee,
        caller: call.caller,
        merchant_name,
        under,
        sender,
        at: books.now,
        leg: Some(leg),
        state: State::Offered { until },
        media: None,
        seconds: 0,
        stored: None,
        words: None,
        transcribe: None,
        message: None,
        pushes: 0,
        may_have_pushed: false,
        by_sms: false,
        last: None,
        not_before: None,
        is_called_back: false,
    };
    books.voice_messages.last = id.get();
    books.voice_messages.numbers.extend(call.caller.into_iter().chain([call.callee]));
    books.voice_messages.kept.insert(id, message);
    Ok(())
}

/// What has to come next, and did not.
pub(super) fn before(effect: Option<&Effect>, notes: &Notes) -> Judged {
    if let Some(id) = notes.voice.owed {
        let is_it = |content: &Content| {
            matches!(content, Content::VoiceMessageUndelivered(note) | Content::VoiceMessageUndeliveredForMerchant(note)
                if note.voice_message == id)
        };
        if !matches!(effect.map(|effect| &effect.action), Some(Action::Send(send)) if is_it(&send.content)) {
            return broken(Promise::P10, format!("voice message {id} ended undelivered, and its sender is not told"));
        }
    }
    if let Some((id, _)) = notes.voice.leaving
        && !matches!(effect.map(|effect| &effect.action), Some(Action::Erase(_)))
    {
        return broken(Promise::P9, format!("voice message {id} left, and the host is not told to erase it"));
    }
    Ok(())
}

/// An answer: of a caller who is offered the recorder, once.
pub(super) fn answered(answer: &Answer, notes: &mut Notes) {
    treated(answer.leg, notes);
}

fn treated(leg: LegId, notes: &mut Notes) {
    if let Some((judged, is_treated)) = &mut notes.voice.judged
        && *judged == leg
    {
        *is_treated = true;
    }
}

/// The recorder begins.
pub(super) fn record(books: &mut Books, record: &Record, notes: &mut Notes) -> Judged {
    treated(record.leg, notes);
    let (now, policy) = (books.now, &books.policy);
    let id = record.voice_message;
    let not_after = now.saturating_add_s(policy.answer_timeout_s.into());
    let longest = not_after.saturating_add_s(u64::from(policy.record_max_s) + u64::from(policy.record_grace_s));
    let (most, silence) = (policy.record_max_s, policy.record_silence_s);
    let Some(kept) = books.voice_messages.kept.get_mut(&id).filter(|kept| kept.leg == Some(record.leg)) else {
        return broken(Promise::P10, format!("a caller is recorded for voice message {id}, and was not offered it"));
    };
    if !matches!(kept.state, State::Offered { until } if until > now || kept.at == now) {
        return broken(Promise::P11, format!("voice message {id} is recorded twice, or after its time"));
    }
    if record.seconds_max != most || record.silence_s != silence || record.not_after != not_after {
        return broken(Promise::P9, format!("voice message {id} is recorded beyond its bounds"));
    }
    kept.state = State::Recording { until: longest };
    Ok(())
}

/// A leg is hung up or rejected.
pub(super) fn released(books: &mut Books, leg: LegId, is_reject: bool, notes: &mut Notes) {
    treated(leg, notes);
    // One that is answered already is hung up.
    let is_answered_own = notes.voice.own_is_answered && !is_reject;
    if is_reject || is_answered_own {
        notes.voice.rejected.insert(leg);
    }
    if books.voice_messages.leg_is_gone(leg).is_some() {
        notes.voice.released.insert(leg);
    } else if notes.voice.judged.is_some_and(|(judged, _)| judged == leg) {
        books.voice_messages.gone.insert(leg);
    }
}

/// What was handed out again after a restart may be begun only then.
pub(super) fn handed_out_again(books: &Books, effect: &Effect) -> Judged {
    let is_answer = matches!(effect.action, Action::Answer(_));
    let is_record = matches!(effect.action, Action::Record(_));
    let Some(leg) = effect.action.leg().filter(|_| is_answer || is_record) else { return Ok(()) };
    let kept = books.voice_messages.of_leg(leg).and_then(|id| books.voice_messages.kept.get(&id));
    let is_ended = kept.is_none() && (!is_answer || books.voice_messages.gone.contains(&leg));
    let is_done = is_answer && kept.is_some_and(|kept| matches!(kept.state, State::Recording { .. }));
    if is_ended || is_done {
        return broken(
            Promise::P3,
            format!("effect {} is handed out again after its leg was ended or answered", effect.sequence),
        );
    }
    Ok(())
}

/// Whether the end of this binding in this step explains the end of a message.
fn by_binding(kept: &Message, step: &Step, notes: &Notes, why: BindingEnd) -> bool {
    let forgets = matches!(&step.doing, Doing::Input(Input::ForgetMe(ForgetMe { user })) if user.number() == Some(kept.callee));
    notes.voice.bindings.contains(&(kept.binding, why)) || why == BindingEnd::Forgotten && forgets
}

fn explains_nothing_left(books: &Books, id: VoiceMessageId, kept: &Message, why: Abandoned, step: &Step, notes: &Notes) -> bool {
    let now = books.now;
    let input = if let Doing::Input(input) = &step.doing { Some(input) } else { None };
    let is_offered = matches!(kept.state, State::Offered { .. });
    let is_recorded = |silent: bool| {
        let least = books.policy.record_min_s;
        matches!(input, Some(Input::Recorded(recorded)) if recorded.voice_message == id && recorded.is_silent == silent && (silent || recorded.seconds < least))
    };
    let reports_failure = match input {
        Some(Input::RecordFailed(RecordFailed { voice_message })) => *voice_message == id,
        Some(Input::EffectFailed(EffectFailed { sequence })) => match books.handed_out(*sequence).map(|effect| &effect.action) {
            Some(Action::Answer(answer)) => notes.voice.released.contains(&answer.leg),
            Some(Action::Record(record)) => record.voice_message == id,
            _ => false,
        },
        Some(Input::Resync(_)) => true,
        _ => false,
    };
    match why {
        Abandoned::CallerGone => {
            let ends = match input {
                Some(Input::LegEnded(LegEnded { leg, .. })) => kept.leg == Some(*leg),
                Some(Input::Resync(Resync { legs })) => kept.leg.is_some_and(|leg| !legs.contains(&leg)),
                _ => false,
            };
            is_offered && ends
        }
        Abandoned::TooShort => is_recorded(false),
        Abandoned::Silent => is_recorded(true),
        Abandoned::RecordFailed => reports_failure,
        Abandoned::NotAnswered => matches!(kept.state, State::Offered { until } if until <= now),
        Abandoned::NoReport => matches!(kept.state, State::Recording { until } if until <= now),
        Abandoned::HolderChanged => by_binding(kept, step, notes, BindingEnd::TakenOver),
        Abandoned::Unbound => by_binding(kept, step, notes, BindingEnd::Unbound),
        Abandoned::Unfollowed => by_binding(kept, step, notes, BindingEnd::Unfollowed),
        Abandoned::Forgotten => by_binding(kept, step, notes, BindingEnd::Forgotten),
    }
}

fn explains_undeliverable(books: &Books, kept: &Message, why: Undeliverable, step: &Step, notes: &Notes) -> bool {
    let reports_failure = |last: u64| match &step.doing {
        Doing::Input(Input::MessageReported(MessageReported { message, status: MessageStatus::Failed { .. } })) => {
            *message == last
        }
        Doing::Input(Input::EffectFailed(EffectFailed { sequence })) => *sequence == last,
        Doing::Input(_) | Doing::Once { .. } | Doing::Advance { .. } | Doing::Confirm { .. } | Doing::Restart => false,
    };
    match why {
        // Every road was tried: the last push failed, or nobody reported on it in time.
        Undeliverable::NoRoad => kept.last.is_some_and(|(last, until, _)| reports_failure(last) || until <= books.now),
        Undeliverable::HolderChanged => by_binding(kept, step, notes, BindingEnd::TakenOver),
        Undeliverable::Unbound => by_binding(kept, step, notes, BindingEnd::Unbound),
        Undeliverable::Unfollowed => by_binding(kept, step, notes, BindingEnd::Unfollowed),
        Undeliverable::Forgotten => by_binding(kept, step, notes, BindingEnd::Forgotten),
    }
}

/// A message ends without having reached its account.
pub(super) fn ended(books: &mut Books, record: &VoiceMessageEnded, step: &Step, notes: &mut Notes) -> Judged {
    let (id, outcome) = (record.voice_message, record.outcome);
    let Some(kept) = books.voice_messages.kept.get(&id).filter(|kept| !kept.is_over()).cloned() else {
        return broken(Promise::P10, format!("voice message {id} ends, and it is over or never was"));
    };
    let is_explained = match outcome {
        VoiceMessageOutcome::Abandoned(why) => kept.has_no_end_yet() && explains_nothing_left(books, id, &kept, why, step, notes),
        VoiceMessageOutcome::Expired => kept.stored.is_some_and(|(_, expires)| expires <= books.now),
        VoiceMessageOutcome::Undeliverable(why) => {
            kept.state == State::UnderWay && explains_undeliverable(books, &kept, why, step, notes)
        }
        VoiceMessageOutcome::Delivered | VoiceMessageOutcome::Heard => false,
    };
    if !is_explained {
        return broken(Promise::P10, format!("voice message {id} ends as {outcome:?}, which nothing explains"));
    }
    if kept.leg.is_some() && outcome != VoiceMessageOutcome::Abandoned(Abandoned::CallerGone) {
        return broken(Promise::P9, format!("voice message {id} ends, and its caller is not hung up"));
    }
    let told = match (outcome, &kept.sender) {
        (VoiceMessageOutcome::Abandoned(_), _) => SenderTold::NotNeeded,
        (_, Some(_)) => {
            notes.voice.owed = Some(id);
            SenderTold::Told
        }
        (_, None) => SenderTold::Untellable,
    };
    if let Some(leg) = kept.leg {
        books.voice_messages.leg_is_gone(leg);
    }
    let is_left = !matches!(outcome, VoiceMessageOutcome::Abandoned(_));
    let stays_s = if is_left { books.policy.retention_s } else { books.policy.record_grace_s };
    let (at, leaves) = (books.now, books.now.saturating_add_s(stays_s.into()));
    if let Some(kept) = books.voice_messages.kept.get_mut(&id) {
        kept.may_have_pushed = is_left && matches!(step.doing, Doing::Advance { .. });
        kept.state = State::Over { outcome, told, at, leaves };
    }
    Ok(())
}

/// A message reached its account.
pub(super) fn delivered(books: &mut Books, record: &VoiceMessageDelivered, step: &Step) -> Judged {
    let id = record.voice_message;
    let is_push = |sequence: u64| books.voice_messages.sends.get(&sequence) == Some(&id);
    let outcome = match &step.doing {
        Doing::Input(Input::MessageReported(MessageReported {
            message,
            status: MessageStatus::Delivered | MessageStatus::Read,
        })) => is_push(*message).then_some(VoiceMessageOutcome::Delivered),
        Doing::Input(Input::OpenMessage(OpenMessage { voice_message, .. })) if *voice_message == id => {
            Some(VoiceMessageOutcome::Heard)
        }
        Doing::Input(_) | Doing::Once { .. } | Doing::Advance { .. } | Doing::Confirm { .. } | Doing::Restart => None,
    };
    let (now, retention_s) = (books.now, books.policy.retention_s);
    let kept = books.voice_messages.kept.get_mut(&id).filter(|kept| kept.state == State::UnderWay && kept.pushes > 0);
    let (Some(outcome), Some(kept)) = (outcome, kept) else {
        return broken(Promise::P10, format!("a record says that voice message {id} was delivered, and nothing shows it"));
    };
    let retained = now.saturating_add_s(retention_s.into());
    let leaves = kept.stored.map_or(retained, |(_, expires)| expires.max(retained));
    kept.state = State::Over { outcome, told: SenderTold::NotNeeded, at: now, leaves };
    Ok(())
}

/// The operator has something to mend.
pub(super) fn misconfigured(books: &Books, record: &PushMisconfigured, step: &Step) -> Judged {
    let is_it = match &step.doing {
        Doing::Input(Input::MessageReported(MessageReported { message, status: MessageStatus::Failed { code } })) => {
            let of_it = books.voice_messages.sends.get(message) == Some(&record.voice_message);
            of_it && after(code) == Next::Misconfigured && record.code == MaskedText::new(code)
        }
        Doing::Input(_) | Doing::Once { .. } | Doing::Advance { .. } | Doing::Confirm { .. } | Doing::Restart => false,
    };
    if is_it {
        return Ok(());
    }
    broken(Promise::P17, format!("a record says that voice message {} showed what is misconfigured", record.voice_message))
}

fn after(code: &str) -> Next {
    match code.parse() {
        Ok(number) => after_code(number),
        Err(_) if code.contains("user block") => Next::OtherChannel,
        Err(_) => Next::Retry,
    }
}

/// A recording is to be made into text.
pub(super) fn transcribe(books: &mut Books, sequence: u64, transcribe: &Transcribe, step: &Step) -> Judged {
    let id = transcribe.voice_message;
    let is_wanted = books.policy.transcription == Transcription::Always && matches!(step.doing, Doing::Advance { .. });
    let kept = books.voice_messages.kept.get_mut(&id);
    let Some(kept) = kept.filter(|kept| kept.state == State::UnderWay && kept.transcribe.is_none() && is_wanted) else {
        return broken(Promise::P10, format!("voice message {id} is transcribed again, or it is not the time for that"));
    };
    if kept.media != Some(transcribe.media) {
        return broken(Promise::P7, format!("another recording than that of voice message {id} is transcribed"));
    }
    kept.transcribe = Some((sequence, true));
    Ok(())
}

/// A message. The answer is whether it is about voice messages, so that nothing else has to judge it.
pub(super) fn sent(books: &mut Books, sequence: u64, send: &Send, step: &Step, notes: &mut Notes) -> Result<bool, Broken> {
    if let Content::VoiceMessage(notice) = &send.content {
        pushed(books, sequence, send, notice, step)?;
        return Ok(true);
    }
    if let Content::VoiceMessageUndelivered(note) | Content::VoiceMessageUndeliveredForMerchant(note) = &send.content {
        if notes.voice.owed.take() != Some(note.voice_message) {
            let what = format!("the sender of voice message {} is told of an end that did not come", note.voice_message);
            return broken(Promise::P10, what);
        }
        told(books, send, note)?;
        return Ok(true);
    }
    if let Content::CallBackRequested(note) | Content::CallBackRequestedForMerchant(note) = &send.content {
        called_back(books, send, note, step)?;
        return Ok(true);
    }
    Ok(false)
}

fn pushed(books: &mut Books, sequence: u64, send: &Send, notice: &VoiceMessageNotice, step: &Step) -> Judged {
    let id = notice.voice_message;
    let wrong = |promise, what: &str| broken(promise, format!("voice message {id} {what}"));
    let (now, policy) = (books.now, books.policy.clone());
    let Some(kept) = books.voice_messages.kept.get(&id).cloned() else {
        return wrong(Promise::P10, "is pushed, and is not kept");
    };
    let Some((_, expires)) = kept.stored.filter(|_| kept.state == State::UnderWay) else {
        return wrong(Promise::P10, "is pushed, and is over or was never stored");
    };
    if !matches!(step.doing, Doing::Advance { .. }) {
        return wrong(Promise::P10, "is pushed by something else than an advance");
    }
    if expires <= now {
        return wrong(Promise::P9, "is pushed after its time");
    }
    let has_it = books.accounts.has(kept.binding, &kept.account, kept.callee);
    let is_rightful = match &send.to {
        Address::WeChat(account) => *account == kept.account && has_it == Some(true) && !kept.by_sms,
        Address::Sms(number) => {
            *number == kept.callee && has_it.is_some() && books.voice_messages.may_go_by_sms && kept.pushes > 0
        }
        Address::Rcs(_) | Address::Mms(_) | Address::Email(_) | Address::Chatbot(_) => false,
    };
    if !is_rightful {
        return wrong(Promise::P10, "goes to somebody else than the account of its offer, or by a road that is not its");
    }
    if notice.caller != kept.caller {
        return wrong(Promise::P7, "shows another number than its caller's, or that of one who was forgotten");
    }
    let shown = (notice.number, &notice.merchant_name, notice.at, notice.seconds);
    if shown != (kept.callee, &kept.merchant_name, kept.at, kept.seconds) {
        return wrong(Promise::P10, "is shown as another one");
    }
    if !is_said(notice, kept.words.as_deref()) || kept.transcribe.is_some_and(|(_, waits)| waits && kept.words.is_some()) {
        return wrong(Promise::P10, "is shown with other words than it says");
    }
    if kept.message.is_some_and(|message| message != send.message) {
        return wrong(Promise::P10, "goes out under two message ids");
    }
    if books.voice_messages.messages.insert(send.message, id).is_some_and(|other| other != id) {
        return wrong(Promise::P10, "goes out under another one's message id");
    }
    if kept.last.is_some_and(|(_, until, reported)| !reported && until > now) {
        return wrong(Promise::P11, "is pushed again while a report on it is waited for");
    }
    let by_sms = matches!(send.to, Address::Sms(_));
    if kept.not_before.is_some_and(|not_before| now < not_before) && by_sms == kept.by_sms {
        return wrong(Promise::P11, "is pushed again too soon");
    }
    books.voice_messages.sends.insert(sequence, id);
    // That nobody reports on a short message is no failure.
    let until = if by_sms { expires } else { now.saturating_add_s(policy.push_timeout_s.into()) };
    let soonest = books.voice_messages.least_backoff_s.unwrap_or(0);
    if let Some(kept) = books.voice_messages.kept.get_mut(&id) {
        kept.message = Some(send.message);
        (kept.pushes, kept.by_sms) = (kept.pushes + 1, by_sms);
        kept.last = Some((sequence, until, false));
        kept.not_before = Some(until.saturating_add_s(soonest.into()));
        // Whatever waits for words goes without them.
        kept.transcribe = kept.transcribe.map(|(sequence, _)| (sequence, false));
    }
    Ok(())
}

/// Whether it shows what was said, whole or cut.
fn is_said(notice: &VoiceMessageNotice, words: Option<&str>) -> bool {
    match (&notice.text, words) {
        (None, None) => !notice.is_cut,
        (None, Some(words)) => notice.is_cut || words.trim().is_empty(),
        (Some(_), None) => false,
        (Some(shown), Some(words)) => words.starts_with(&**shown) && notice.is_cut == (shown.len() < words.len()),
    }
}

/// What a sender is told: to his address, of the right message, and no more of the number than its head.
fn told(books: &Books, send: &Send, note: &VoiceMessageNote) -> Judged {
    let id = note.voice_message;
    let Some(kept) = books.voice_messages.kept.get(&id) else {
        return broken(Promise::P10, format!("a sender is told of voice message {id}, which is not kept"));
    };
    if kept.sender.as_ref() != Some(&send.to) {
        return broken(Promise::P10, format!("somebody else than the sender of voice message {id} is told of it"));
    }
    let for_merchant =
        matches!(send.content, Content::VoiceMessageUndeliveredForMerchant(_) | Content::CallBackRequestedForMerchant(_));
    if for_merchant != matches!(send.to, Address::Chatbot(_)) {
        return broken(Promise::P7, format!("the sender of voice message {id} is told what others get"));
    }
    if note.reservation != kept.under.map(|(_, reservation)| reservation) {
        return broken(Promise::P10, format!("the sender of voice message {id} is told of another reservation than its own"));
    }
    if note.number != kept.callee.masked() || note.at != kept.at {
        return broken(Promise::P7, format!("the sender of voice message {id} is told too much, or of another call"));
    }
    Ok(())
}

fn called_back(books: &mut Books, send: &Send, note: &VoiceMessageNote, step: &Step) -> Judged {
    let id = note.voice_message;
    told(books, send, note)?;
    let asks = match &step.doing {
        Doing::Input(Input::RequestCallBack(RequestCallBack { account, voice_message })) if *voice_message == id => Some(account),
        Doing::Input(_) | Doing::Once { .. } | Doing::Advance { .. } | Doing::Confirm { .. } | Doing::Restart => None,
    };
    let Some(kept) = books.voice_messages.kept.get_mut(&id) else { return Ok(()) };
    let arrived = matches!(kept.state, State::Over { outcome: VoiceMessageOutcome::Delivered | VoiceMessageOutcome::Heard, .. });
    if asks != Some(&kept.account) || !arrived {
        return broken(Promise::P10, format!("a call back is asked for by nobody who has voice message {id}"));
    }
    if kept.is_called_back {
        return broken(Promise::P11, format!("a call back for voice message {id} is asked for twice"));
    }
    kept.is_called_back = true;
    Ok(())
}

/// A message leaves.
pub(super) fn archived(books: &mut Books, archive: &VoiceMessageArchive, step: &Step, notes: &mut Notes) -> Judged {
    let id = archive.voice_message;
    let Some(kept) = books.voice_messages.kept.remove(&id) else {
        return broken(Promise::P10, format!("voice message {id} leaves, and is not kept"));
    };
    let State::Over { outcome, told, at, leaves } = kept.state else {
        return broken(Promise::P10, format!("voice message {id} is lost: it leaves before its end"));
    };
    let forgets = matches!(&step.doing, Doing::Input(Input::ForgetMe(ForgetMe { user })) if user.number() == Some(kept.callee));
    if leaves > books.now && !forgets {
        return broken(Promise::P9, format!("voice message {id} leaves before its time"));
    }
    notes.voice.forgotten += u32::from(leaves > books.now || at == books.now && forgets);
    let right = VoiceMessageArchive {
        voice_message: id,
        binding: kept.binding,
        outcome,
        told,
        at: kept.at,
        stored_at: kept.stored.map(|(at, _)| at),
        ended_at: at,
        seconds: kept.seconds,
        attempts: kept.pushes + u32::from(kept.may_have_pushed && archive.attempts > kept.pushes),
        reservation: kept.under.map(|(_, reservation)| reservation),
    };
    if right != *archive {
        return broken(Promise::P17, format!("what is kept of voice message {id} says otherwise than what became of it"));
    }
    notes.voice.leaving = Some((id, kept.media));
    Ok(())
}

/// The host is told to forget. The answer is what is left to be judged of it.
pub(super) fn erased(books: &mut Books, erase: &Erase, step: &Step, notes: &mut Notes) -> Result<Erase, Broken> {
    let mut rest = erase.clone();
    let leaving = notes.voice.leaving.take();
    if let Some((id, media)) = leaving {
        if erase.voice_messages != [id] || erase.media != media.into_iter().collect::<Vec<_>>() || !erase.reservations.is_empty()
        {
            return broken(Promise::P9, format!("of voice message {id}, which left, something else is erased"));
        }
        rest.media.clear();
        return Ok(rest);
    }
    if !erase.voice_messages.is_empty() {
        return broken(Promise::P9, "a voice message is erased that did not leave".to_owned());
    }
    if let Doing::Input(Input::Recorded(Recorded { voice_message, media, .. })) = &step.doing
        && erase.media == [*media]
    {
        let is_his = books.voice_messages.kept.iter().any(|(id, kept)| kept.media == Some(*media) && id != voice_message);
        let own = books.voice_messages.kept.get(voice_message);
        if is_his || own.is_some_and(|kept| !kept.is_over() && kept.state != State::UnderWay || kept.media == Some(*media)) {
            return broken(Promise::P10, format!("a recording of voice message {voice_message} is erased that is wanted"));
        }
        notes.voice.erased.insert(*media);
        rest.media.clear();
    }
    Ok(rest)
}

/// A binding is over.
pub(super) fn binding_ended(binding: BindingId, why: BindingEnd, notes: &mut Notes) {
    notes.voice.bindings.push((binding, why));
}

/// What an accepted or refused input says of messages, once everything that it emits was read.
pub(super) fn taken(books: &mut Books, step: &Step, notes: &mut Notes) -> Judged {
    let Doing::Input(input) = &step.doing else { return Ok(()) };
    let reply = match &step.reply {
        Some(Ok(reply)) => reply,
        Some(Err(Refusal::Unknown { object: Object::VoiceMessage, .. } | Refusal::Gone { object: Object::VoiceMessage, .. })) => {
            return refused(books, input);
        }
        Some(Err(_)) => return Ok(()),
        None => return Ok(()),
    };
    match (input, reply) {
        (Input::LegEnded(LegEnded { leg, .. }), Reply::Done) => caller_is_gone(books, *leg)?,
        (Input::Resync(Resync { legs }), _) => {
            let missing: Vec<LegId> =
                books.voice_messages.kept.values().filter_map(|kept| kept.leg).filter(|leg| !legs.contains(leg)).collect();
            for leg in missing {
                caller_is_gone(books, leg)?;
            }
        }
        (Input::LegAnswered(LegAnswered { leg }), Reply::Done) => {
            let id = books.voice_messages.of_leg(*leg);
            let waits = |id: &VoiceMessageId| matches!(books.voice_messages.kept[id].state, State::Offered { .. });
            if let Some(id) = id.filter(waits) {
                return broken(Promise::P10, format!("the caller of voice message {id} is there, and is not recorded"));
            }
        }
        (Input::Recorded(recorded), Reply::Done) => stored(books, *recorded, notes)?,
        (Input::Follow(follow), Reply::Done) => {
            // A push that was under way may have failed for want of it: it goes again.
            let all = books.voice_messages.kept.values_mut().filter(|kept| kept.account == follow.account && !kept.by_sms);
            for kept in all {
                kept.last = kept.last.map(|(sequence, until, _)| (sequence, until, true));
                kept.not_before = None;
            }
        }
        (Input::Transcribed(Transcribed { voice_message, text }), Reply::Done) => {
            let kept = books.voice_messages.kept.get_mut(voice_message);
            let Some(kept) = kept.filter(|kept| kept.transcribe.is_some_and(|(_, waits)| waits)) else {
                return broken(
                    Promise::P10,
                    format!("words of voice message {voice_message} are taken, and nobody asked for them"),
                );
            };
            kept.words = text.clone().filter(|text| !text.trim().is_empty());
            kept.transcribe = kept.transcribe.map(|(sequence, _)| (sequence, false));
        }
        (Input::MessageReported(report), Reply::Done) => push_reported(books, report, notes)?,
        (Input::EffectFailed(EffectFailed { sequence }), Reply::Done) => push_failed(books, *sequence),
        (Input::OpenMessage(open), Reply::Opened(opened)) => self::opened(books, open, *opened)?,
        (Input::RequestCallBack(RequestCallBack { account, voice_message }), Reply::Done | Reply::NoOp) => {
            let kept = books.voice_messages.kept.get(voice_message);
            if !kept.is_some_and(|kept| kept.account == *account && kept.is_called_back) {
                return broken(
                    Promise::P10,
                    format!("a call back for voice message {voice_message} is granted, and nobody is asked"),
                );
            }
        }
        (Input::ForgetMe(ForgetMe { user }), Reply::Forgotten(said)) => forgotten(books, user, said.voice_messages, notes)?,
        (Input::ForgetMe(ForgetMe { user }), Reply::NoOp) => forgotten(books, user, 0, notes)?,
        (Input::CallFailed(_) | Input::CallDiverted(_), Reply::FailedCall(CallJudged { leg, .. })) => match notes.voice.judged {
            None => return broken(Promise::P17, format!("the caller of leg {leg} was judged, and no audit record says so")),
            Some((_, false)) => return broken(Promise::P9, format!("the caller of leg {leg} was judged, and left waiting")),
            Some((_, true)) => {}
        },
        (Input::CallDiverted(_), Reply::OwnLeg(OwnLeg { leg, .. })) if !notes.voice.rejected.contains(leg) => {
            return broken(Promise::P9, format!("leg {leg} is our own call that came back, and is not rejected"));
        }
        _ => {}
    }
    is_settled(books, input)
}

/// What a message that an input names has waited for is judged first.
fn is_settled(books: &Books, input: &Input) -> Judged {
    let named = if let Input::Recorded(Recorded { voice_message, .. })
    | Input::RecordFailed(RecordFailed { voice_message })
    | Input::Transcribed(Transcribed { voice_message, .. })
    | Input::OpenMessage(OpenMessage { voice_message, .. })
    | Input::RequestCallBack(RequestCallBack { voice_message, .. }) = input
    {
        Some(*voice_message)
    } else if let Input::MessageReported(report) = input {
        books.voice_messages.sends.get(&report.message).copied()
    } else {
        None
    };
    let kept = named.and_then(|id| Some((id, books.voice_messages.kept.get(&id)?)));
    match kept.filter(|(_, kept)| kept.due().is_some_and(|due| due <= books.now && !(kept.is_over() && due == books.now))) {
        Some((id, _)) => broken(Promise::P9, format!("voice message {id} stands beyond its time")),
        None => Ok(()),
    }
}

fn refused(books: &Books, input: &Input) -> Judged {
    let Input::OpenMessage(OpenMessage { account, voice_message }) = input else { return Ok(()) };
    let arrived =
        |state| matches!(state, State::Over { outcome: VoiceMessageOutcome::Delivered | VoiceMessageOutcome::Heard, .. });
    match books.voice_messages.kept.get(voice_message) {
        Some(kept) if kept.account == *account && arrived(kept.state) => {
            broken(Promise::P10, format!("voice message {voice_message} is kept from its own account"))
        }
        Some(_) | None => Ok(()),
    }
}

fn caller_is_gone(books: &mut Books, leg: LegId) -> Judged {
    let soon = books.now.saturating_add_s(books.policy.record_grace_s.into());
    let Some(id) = books.voice_messages.leg_is_gone(leg) else { return Ok(()) };
    let Some(kept) = books.voice_messages.kept.get_mut(&id) else { return Ok(()) };
    match kept.state {
        State::Recording { until } => {
            kept.state = State::Recording { until: until.min(soon) };
            Ok(())
        }
        State::Offered { .. } => broken(Promise::P9, format!("the caller of voice message {id} is gone, and it is offered on")),
        State::UnderWay | State::Over { .. } => Ok(()),
    }
}

/// What was recorded is stored, or erased.
fn stored(books: &mut Books, input: Recorded, notes: &Notes) -> Judged {
    let Recorded { voice_message: id, media, seconds, is_silent } = input;
    let (now, policy) = (books.now, &books.policy);
    let expires = now.saturating_add_s(policy.voice_message_life_s.into());
    let is_too_little = is_silent || seconds < policy.record_min_s;
    let is_erased = notes.voice.erased.contains(&media);
    let is_others = books.voice_messages.kept.iter().any(|(other, kept)| *other != id && kept.media == Some(media));
    let kept = books.voice_messages.kept.get_mut(&id).filter(|kept| kept.has_no_end_yet());
    let Some(kept) = kept else {
        return if is_erased {
            Ok(())
        } else {
            broken(Promise::P9, format!("a recording of voice message {id} that nobody wants is kept"))
        };
    };
    if is_too_little || is_erased {
        return broken(Promise::P10, format!("nothing was left for voice message {id}, and it stands"));
    }
    if is_others {
        return broken(Promise::P7, format!("voice message {id} has the recording of another one"));
    }
    if kept.leg.is_some() {
        return broken(Promise::P9, format!("voice message {id} is stored, and its caller is not hung up"));
    }
    (kept.media, kept.seconds, kept.stored, kept.state) = (Some(media), seconds, Some((now, expires)), State::UnderWay);
    Ok(())
}

fn push_reported(books: &mut Books, report: &MessageReported, notes: &mut Notes) -> Judged {
    let Some(id) = books.voice_messages.sends.get(&report.message).copied() else { return Ok(()) };
    let Some(kept) = books.voice_messages.kept.get(&id) else { return Ok(()) };
    match &report.status {
        MessageStatus::Delivered | MessageStatus::Read if kept.is_over() => Ok(()),
        MessageStatus::Delivered | MessageStatus::Read => {
            broken(Promise::P10, format!("voice message {id} was reported delivered, and it is not"))
        }
        MessageStatus::Failed { code } => {
            if kept.last.is_none_or(|(last, _, reported)| last != report.message || reported) && !kept.is_over() {
                return broken(Promise::P11, format!("an old report on voice message {id} is taken"));
            }
            if !kept.by_sms && after(code) == Next::Taken {
                let (until, id) = (kept.stored.map_or(books.now, |(_, expires)| expires), id);
                if let Some(kept) = books.voice_messages.kept.get_mut(&id) {
                    kept.last = kept.last.map(|(sequence, _, reported)| (sequence, until, reported));
                }
                return Ok(());
            }
            let unfollows = (!kept.by_sms && after(code) == Next::AwaitFollow).then(|| kept.account.clone());
            push_failed(books, report.message);
            // Who follows again gets it at once.
            if let Some(kept) = books.voice_messages.kept.get_mut(&id).filter(|_| unfollows.is_some()) {
                kept.not_before = None;
            }
            notes.voice.reports_unfollow = unfollows;
            Ok(())
        }
    }
}

/// The last push of a message failed: another comes later, or by another road.
fn push_failed(books: &mut Books, sequence: u64) {
    let soonest = books.now.saturating_add_s(books.voice_messages.least_backoff_s.unwrap_or(0).into());
    for kept in books.voice_messages.kept.values_mut() {
        if kept.transcribe == Some((sequence, true)) {
            kept.transcribe = Some((sequence, false));
        }
        if let Some((last, until, reported)) = kept.last
            && last == sequence
            && !reported
        {
            kept.last = Some((last, until, true));
            kept.not_before = Some(soonest);
        }
    }
}

fn opened(books: &mut Books, input: &OpenMessage, reply: MessageOpened) -> Judged {
    let id = input.voice_message;
    let Some(kept) = books.voice_messages.kept.get_mut(&id) else {
        return broken(Promise::P10, format!("voice message {id} is opened, and is not kept"));
    };
    if kept.account != input.account || kept.pushes == 0 || kept.media != Some(reply.media) {
        return broken(Promise::P10, format!("voice message {id} is opened by another account, or is another recording"));
    }
    match &mut kept.state {
        State::Over { outcome: outcome @ (VoiceMessageOutcome::Delivered | VoiceMessageOutcome::Heard), .. } => {
            *outcome = VoiceMessageOutcome::Heard;
            Ok(())
        }
        // Its words are waited for, by rules that came after it was pushed.
        State::UnderWay if kept.transcribe.is_some_and(|(_, waits)| waits) => Ok(()),
        State::Offered { .. } | State::Recording { .. } | State::UnderWay | State::Over { .. } => {
            broken(Promise::P10, format!("voice message {id} is opened, and is none that may be"))
        }
    }
}

fn forgotten(books: &mut Books, user: &Address, said: u32, notes: &Notes) -> Judged {
    let Some(number) = user.number() else { return Ok(()) };
    if let Some((id, _)) = books.voice_messages.kept.iter().find(|(_, kept)| kept.callee == number) {
        return broken(Promise::P9, format!("the callee of voice message {id} is forgotten, and it is kept"));
    }
    let mut count = notes.voice.forgotten;
    for kept in books.voice_messages.kept.values_mut().filter(|kept| kept.caller == Some(number)) {
        (kept.caller, kept.merchant_name, kept.sender) = (None, None, None);
        count += 1;
    }
    if count == said {
        return Ok(());
    }
    broken(Promise::P9, format!("of {count} voice messages something is forgotten, and the reply says {said}"))
}

/// At the end of a step.
pub(super) fn performed(books: &mut Books, step: &Step, notes: &Notes) -> Judged {
    before(None, notes)?;
    if let Some(account) = &notes.voice.reports_unfollow {
        super::accounts::stops_following(books, account);
    }
    let all = &books.voice_messages.kept;
    let of_ended = |kept: &Message| notes.voice.bindings.iter().any(|(binding, _)| *binding == kept.binding);
    if let Some((id, _)) = all.iter().find(|(_, kept)| of_ended(kept) && !kept.is_over()) {
        return broken(Promise::P10, format!("the number of voice message {id} is its account's no more, and it stands"));
    }
    if let Some((id, _)) =
        all.iter().find(|(_, kept)| kept.has_no_end_yet() && kept.leg.is_none() && matches!(kept.state, State::Offered { .. }))
    {
        return broken(Promise::P9, format!("the caller of voice message {id} was hung up, and it is offered on"));
    }
    let due = |kept: &Message| kept.due().is_some_and(|due| due <= books.now);
    if let Some((id, _)) = all.iter().find(|(_, kept)| due(kept)).filter(|_| books.fires_everything(step)) {
        return broken(Promise::P9, format!("voice message {id} stands beyond its time"));
    }
    let hung_up = |wanted: LegId| {
        let is_it = |effect: &Effect| matches!(&effect.action, Action::HangUp(up) if up.leg == wanted && up.cause == ReleaseCause::Unknown);
        step.effects.iter().any(is_it)
    };
    match doubt::said_to_live(step).filter(|leg| books.voice_messages.gone.contains(leg) && step.reply == Some(Ok(Reply::Done))) {
        Some(leg) if !hung_up(leg) => broken(Promise::P9, format!("leg {leg} is gone, lives at the switch, and was not hung up")),
        Some(_) | None => Ok(()),
    }
}

/// Whether time, or a report of a leg that is gone, explains what a step emits that should emit nothing.
pub(super) fn explains(books: &Books, effect: &Effect, step: &Step) -> bool {
    if let Action::HangUp(hang_up) = &effect.action {
        let kept = books.voice_messages.of_leg(hang_up.leg).and_then(|id| books.voice_messages.kept.get(&id));
        let is_due = |kept: &Message| {
            kept.due().is_some_and(|due| due <= books.now)
                || books.accounts.has(kept.binding, &kept.account, kept.callee) != Some(true)
        };
        let is_told = doubt::said_to_live(step) == Some(hang_up.leg) && hang_up.cause == ReleaseCause::Unknown;
        return kept.is_some_and(is_due) || is_told && books.voice_messages.gone.contains(&hang_up.leg);
    }
    // That the time was over is judged with the end.
    let by_time = |outcome: VoiceMessageOutcome| {
        matches!(
            outcome,
            VoiceMessageOutcome::Expired
                | VoiceMessageOutcome::Undeliverable(Undeliverable::NoRoad | Undeliverable::Unfollowed)
                | VoiceMessageOutcome::Abandoned(Abandoned::NotAnswered | Abandoned::NoReport | Abandoned::Unfollowed)
        )
    };
    let is_end = matches!(&effect.action, Action::Audit(audit)
        if matches!(&audit.record, AuditRecord::VoiceMessageEnded(ended) if by_time(ended.outcome)));
    let is_word = matches!(&effect.action, Action::Send(send)
        if matches!(send.content, Content::VoiceMessageUndelivered(_) | Content::VoiceMessageUndeliveredForMerchant(_)));
    is_end || is_word
}

/// The leg of ours that a call is which came back. The new one ends at once.
pub(super) fn own_leg(books: &mut Books, input: &CallDiverted, own: &OwnLeg) -> Judged {
    let is_it = books.legs.get(&own.own).is_some_and(|leg| {
        let line = leg.call.and_then(|call| books.calls.get(&call)).map(|call| call.line);
        leg.party == ringfence::values::effect::Party::User
            && leg.number == input.callee
            && (leg.state == LegState::Ringing || matches!(leg.state, LegState::Releasing { .. }) && !leg.answered)
            && line.is_some()
            && line == input.caller
    });
    if is_it {
        books.voice_messages.gone.insert(own.leg);
        Ok(())
    } else {
        broken(Promise::P10, format!("leg {} is taken for a call of ours that came back, and is none", own.leg))
    }
}

/// At the end of a calm trace nothing is on its way.
pub(super) fn all_closed(books: &Books) -> Judged {
    match books.voice_messages.kept.iter().find(|(_, kept)| !kept.is_over() || kept.due().is_some_and(|due| due <= books.now)) {
        Some((id, _)) => broken(Promise::P9, format!("at the end, voice message {id} has not ended")),
        None => Ok(()),
    }
}
