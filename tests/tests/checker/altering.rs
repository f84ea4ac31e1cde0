//! Finding and altering what stands in a trace.

use std::collections::BTreeMap;

use ringfence::Chain;
use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{
    Action, Audit, AuditRecord, BindingEnd, BookedRecord, Content, Dial, Effect, FailedCallRecord, HangUp, Judged, Party, Reject,
    Rule, Send, UserDialled, VoiceMessageNotice, VoiceMessageOutcome,
};
use ringfence::values::id::{CallId, LegId, ReservationId};
use ringfence::values::input::{Cancel, Input, Slot};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::refusal::Refusal;
use ringfence::values::reply::{Allow, Deny, DenyReason, Reply};
use ringfence::values::time::{Timestamp, Window};
use ringfence_testing::trace::{Doing, Step, Trace};

use crate::stories::ZHANG;

pub(crate) fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).expect("a number")
}

pub(crate) fn has(step: &Step, is: fn(&Action) -> bool) -> bool {
    step.effects.iter().any(|effect| is(&effect.action))
}

pub(crate) fn is_user_dial(action: &Action) -> bool {
    matches!(action, Action::Dial(dial) if dial.party == Party::User)
}

pub(crate) fn is_merchant_dial(action: &Action) -> bool {
    matches!(action, Action::Dial(dial) if dial.party == Party::Merchant)
}

pub(crate) fn is_hang_up(action: &Action) -> bool {
    matches!(action, Action::HangUp(HangUp { .. }))
}

pub(crate) fn is_join(action: &Action) -> bool {
    matches!(action, Action::Join(_))
}

pub(crate) fn is_archive(action: &Action) -> bool {
    matches!(action, Action::Archive(_))
}

pub(crate) fn is_missed(action: &Action) -> bool {
    matches!(action, Action::Send(send) if matches!(send.content, Content::Missed(_)))
}

pub(crate) fn is_cancelled(action: &Action) -> bool {
    matches!(action, Action::Send(send) if matches!(send.content, Content::Cancelled(_)))
}

pub(crate) fn is_undelivered(action: &Action) -> bool {
    matches!(action, Action::Audit(audit) if matches!(audit.record, AuditRecord::Undelivered(_)))
}

pub(crate) fn is_erased(action: &Action) -> bool {
    matches!(action, Action::Audit(audit) if matches!(audit.record, AuditRecord::Erased(_)))
}

pub(crate) fn is_erase(action: &Action) -> bool {
    matches!(action, Action::Erase(_))
}

pub(crate) fn is_judged(action: &Action) -> bool {
    matches!(action, Action::Audit(audit) if matches!(audit.record, AuditRecord::Judged(_)))
}

pub(crate) fn is_user_dialled(action: &Action) -> bool {
    matches!(action, Action::Audit(audit) if matches!(audit.record, AuditRecord::UserDialled(_)))
}

pub(crate) fn is_withdrawn(action: &Action) -> bool {
    matches!(action, Action::Audit(audit) if matches!(audit.record, AuditRecord::DialWithdrawn(_)))
}

pub(crate) fn is_lost(action: &Action) -> bool {
    matches!(action, Action::Audit(audit) if matches!(audit.record, AuditRecord::LegLost(_)))
}

pub(crate) fn is_frozen(action: &Action) -> bool {
    matches!(action, Action::Audit(audit) if matches!(audit.record, AuditRecord::Frozen(_)))
}

pub(crate) fn is_allow(step: &Step) -> bool {
    matches!(step.reply, Some(Ok(Reply::Allow(_))))
}

pub(crate) fn is_cancel(step: &Step) -> bool {
    matches!(step.doing, Doing::Input(Input::Cancel(_)))
}

pub(crate) fn is_block(step: &Step) -> bool {
    matches!(step.doing, Doing::Input(Input::Block(_)))
}

pub(crate) fn is_answered(step: &Step) -> bool {
    matches!(step.doing, Doing::Input(Input::LegAnswered(_)))
}

pub(crate) fn is_ended(step: &Step) -> bool {
    matches!(step.doing, Doing::Input(Input::LegEnded(_)))
}

pub(crate) fn reject(leg: u64) -> Action {
    Action::Reject(Reject { leg: LegId::new(leg), cause: ReleaseCause::Normal, sip_status: 480, q850_cause: 16 })
}

/// The index of the nth step, counted from 0, that fits.
pub(crate) fn nth_step(trace: &Trace, n: usize, fits: fn(&Step) -> bool) -> usize {
    let mut indices = (0..trace.steps.len()).filter(|index| fits(&trace.steps[*index]));
    indices.nth(n).expect("the story has such a step")
}

pub(crate) fn every_effect(trace: &Trace) -> Vec<(usize, usize)> {
    let of_step = |(index, step): (usize, &Step)| (0..step.effects.len()).map(move |effect| (index, effect));
    trace.steps.iter().enumerate().flat_map(of_step).collect()
}

/// Drops the nth effect that fits.
pub(crate) fn drop_effect(trace: &mut Trace, n: usize, fits: fn(&Action) -> bool) {
    let mut places = every_effect(trace).into_iter().filter(|(step, effect)| fits(&trace.steps[*step].effects[*effect].action));
    let (step, effect) = places.nth(n).expect("the story has such an effect");
    trace.steps[step].effects.remove(effect);
}

/// The nth dial.
pub(crate) fn dial(trace: &mut Trace, n: usize) -> &mut Dial {
    let dials = trace.steps.iter_mut().flat_map(|step| &mut step.effects).filter_map(|effect| match &mut effect.action {
        Action::Dial(dial) => Some(dial),
        Action::Answer(_)
        | Action::Reject(_)
        | Action::Play(_)
        | Action::Join(_)
        | Action::HangUp(_)
        | Action::Send(_)
        | Action::Audit(_)
        | Action::Archive(_)
        | Action::Erase(_)
        | Action::Record(_)
        | Action::Transcribe(_)
        | Action::ArchiveVoiceMessage(_) => None,
    });
    dials.into_iter().nth(n).expect("the story has such a dial")
}

pub(crate) fn merchant_dial_of(step: &mut Step) -> Option<&mut Dial> {
    step.effects.iter_mut().find_map(|effect| if let Action::Dial(dial) = &mut effect.action { Some(dial) } else { None })
}

pub(crate) fn user_leg(trace: &Trace) -> LegId {
    let mut trace = trace.clone();
    dial(&mut trace, 0).leg
}

/// Makes the audit records one chain again, as somebody would who covers his alteration up: the twins are to fall by what they say.
pub(crate) fn forge(trace: &mut Trace) {
    let mut chain = Chain::new(trace.header.shard);
    let mut forged: BTreeMap<u64, Audit> = BTreeMap::new();
    for effect in trace.steps.iter_mut().flat_map(|step| &mut step.effects) {
        if let Action::Audit(audit) = &mut effect.action {
            // What a restart hands out again is the same record.
            let again = forged.get(&effect.sequence).filter(|known| (known.at, &known.record) == (audit.at, &audit.record));
            let made = again.cloned().unwrap_or_else(|| chain.add(audit.at, audit.record.clone()));
            forged.insert(effect.sequence, made.clone());
            *audit = made;
        }
    }
}

pub(crate) fn is_booked(action: &Action) -> bool {
    matches!(action, Action::Audit(audit) if matches!(audit.record, AuditRecord::Booked(_)))
}

pub(crate) fn set_audit_at(effect: &mut Effect, at: Timestamp) {
    if let Action::Audit(audit) = &mut effect.action {
        audit.at = at;
    }
}

pub(crate) fn each_audit(trace: &mut Trace, change: fn(&mut AuditRecord)) {
    for effect in trace.steps.iter_mut().flat_map(|step| &mut step.effects) {
        if let Action::Audit(audit) = &mut effect.action {
            change(&mut audit.record);
        }
    }
}

pub(crate) fn each_effect(trace: &mut Trace, change: fn(&mut Action)) {
    for effect in trace.steps.iter_mut().flat_map(|step| &mut step.effects) {
        change(&mut effect.action);
    }
}

pub(crate) fn each_input(trace: &mut Trace, change: fn(&mut Input)) {
    for step in &mut trace.steps {
        if let Doing::Input(input) = &mut step.doing {
            change(input);
        }
    }
}

/// Replaces in the written trace, once, and reads it again.
pub(crate) fn in_text(trace: &mut Trace, from: &str, to: &str) {
    let text = trace.to_json_lines();
    assert!(text.contains(from), "the story contains {from}");
    *trace = Trace::from_json_lines(&text.replacen(from, to, 1)).expect("the altered trace can be read");
}

/// Every window of the trace becomes this one.
pub(crate) fn set_window(trace: &mut Trace, window: Window) {
    for step in &mut trace.steps {
        if let Doing::Input(Input::Book(book)) = &mut step.doing {
            book.window = window;
        }
        for effect in &mut step.effects {
            match &mut effect.action {
                Action::Dial(dial) => dial.reason.window = window,
                Action::Audit(audit) => {
                    if let AuditRecord::Booked(BookedRecord { window: shown, .. })
                    | AuditRecord::Judged(Judged { rule: Rule::Permitted { window: shown, .. }, .. })
                    | AuditRecord::UserDialled(UserDialled { rule: Rule::Permitted { window: shown, .. }, .. }) =
                        &mut audit.record
                    {
                        *shown = window;
                    }
                }
                Action::Answer(_)
                | Action::Reject(_)
                | Action::Play(_)
                | Action::Join(_)
                | Action::HangUp(_)
                | Action::Send(_)
                | Action::Archive(_)
                | Action::Erase(_)
                | Action::Record(_)
                | Action::Transcribe(_)
                | Action::ArchiveVoiceMessage(_) => {}
            }
        }
    }
}

/// The window ends so many microseconds after the first user is dialled, and the trace with that dial.
pub(crate) fn set_end_to_first_user_dial(trace: &mut Trace, micros: i64) {
    let step = nth_step(trace, 0, |step| has(step, is_user_dial));
    let end = trace.steps[step].at.saturating_add_micros(micros);
    set_window(trace, Window::new(end.saturating_add_micros(-3_600_000_000), end).expect("a window"));
    for n in 0..2 {
        dial(trace, n).not_after = end;
        dial(trace, n).ring_until = end;
        dial(trace, n).ring_timeout_ms = 1;
    }
    let at = trace.steps[step].at;
    trace.steps.truncate(step + 1);
    // Before it, the merchant's phone rang a moment earlier, and for the rest of the window.
    dial(trace, 0).ring_timeout_ms = 1_000;
    for earlier in &mut trace.steps[..step] {
        earlier.at = earlier.at.min(at.saturating_add_micros(-1_000_000));
    }
    forge(trace);
}

pub(crate) fn set_retry_at(trace: &mut Trace, at: Timestamp) {
    let step = nth_step(trace, 0, |step| matches!(step.reply, Some(Ok(Reply::Deny(_)))));
    if let Some(Ok(Reply::Deny(deny))) = &mut trace.steps[step].reply {
        deny.retry_at = Some(at);
    }
}

/// The nth denied call is allowed instead.
pub(crate) fn allow_instead_of_deny(trace: &mut Trace, n: usize) {
    let step = nth_step(trace, n, |step| matches!(step.reply, Some(Ok(Reply::Deny(_)))));
    let Some(Ok(Reply::Deny(Deny { leg, .. }))) = trace.steps[step].reply else { panic!("it was denied") };
    trace.steps[step].reply = Some(Ok(Reply::Allow(Allow { leg, call: CallId::new(1) })));
    trace.steps[step].effects.retain(|effect| is_judged(&effect.action));
}

/// The first allowed call is denied instead.
pub(crate) fn deny_instead_of_allow(trace: &mut Trace, reason: DenyReason) {
    let step = nth_step(trace, 0, is_allow);
    let Some(Ok(Reply::Allow(Allow { leg, .. }))) = trace.steps[step].reply else { panic!("it was allowed") };
    trace.steps[step].reply = Some(Ok(Reply::Deny(Deny { leg, reason, retry_at: None })));
    trace.steps[step].effects.retain(|effect| is_judged(&effect.action));
    trace.steps[step].effects.push(Effect { sequence: 1_000_000, action: reject(leg.get()) });
    trace.steps.truncate(step + 1);
}

/// A step before the step with this index.
pub(crate) fn insert(trace: &mut Trace, index: usize, input: Input, reply: Result<Reply, Refusal>) {
    let at = trace.steps[index].at;
    trace.steps.insert(index, Step { line: None, at, doing: Doing::Input(input), reply: Some(reply), effects: Vec::new() });
}

/// The first user cancels before the nth step that fits.
pub(crate) fn insert_cancel(trace: &mut Trace, n: usize, fits: fn(&Step) -> bool) {
    let step = nth_step(trace, n, fits);
    let cancel = Cancel { user: Address::Rcs(number(ZHANG)), reservation: ReservationId::new(1) };
    insert(trace, step, Input::Cancel(cancel), Ok(Reply::Done));
}

/// The step comes a second time, with all its effects under new numbers, and the trace ends there.
pub(crate) fn repeat(trace: &mut Trace, index: usize, reply: Reply) {
    let mut again = trace.steps[index].clone();
    again.reply = Some(Ok(reply));
    trace.steps.insert(index + 1, again);
    trace.steps.truncate(index + 2);
    renumber(trace, index + 1);
}

/// Gives the effects of a step new sequence numbers.
pub(crate) fn renumber(trace: &mut Trace, index: usize) {
    for (sequence, effect) in (1_000_000..).zip(&mut trace.steps[index].effects) {
        effect.sequence = sequence;
    }
}

/// The first dial that fits comes twice, with a new leg and perhaps a new call.
pub(crate) fn dial_again(trace: &mut Trace, fits: fn(&Action) -> bool, new_call: bool) {
    let (step, effect) = every_effect(trace)
        .into_iter()
        .find(|(step, effect)| fits(&trace.steps[*step].effects[*effect].action))
        .expect("the story has such a dial");
    let Effect { sequence, mut action } = trace.steps[step].effects[effect].clone();
    if let Action::Dial(dial) = &mut action {
        dial.leg = LegId::new(777);
        if new_call && dial.party == Party::Merchant {
            dial.call = CallId::new(777);
            dial.reason.reservation = ReservationId::new(2);
        }
    }
    trace.steps.truncate(step + 1);
    trace.steps[step].effects.push(Effect { sequence: sequence + 1, action });
}

/// A text in the first message to this user.
pub(crate) fn to_user(trace: &mut Trace, user: &str, text: &str) {
    let to = Address::Rcs(number(user));
    let sends = trace.steps.iter_mut().flat_map(|step| &mut step.effects);
    let result = sends.filter_map(|effect| if let Action::Send(send) = &mut effect.action { Some(send) } else { None });
    match result.filter(|send| send.to == to).map(|send| &mut send.content).next() {
        Some(Content::Result(result)) => result.address = Some(text.into()),
        other => panic!("the first message to a user is the result of his booking: {other:?}"),
    }
}

/// The nth dial of a user.
pub(crate) fn user_dial(trace: &mut Trace, n: usize) -> &mut Dial {
    let all = trace.steps.iter_mut().flat_map(|step| &mut step.effects);
    let mut dials = all
        .filter(|effect| is_user_dial(&effect.action))
        .filter_map(|effect| if let Action::Dial(dial) = &mut effect.action { Some(dial) } else { None });
    dials.nth(n).expect("the story has such a dial")
}

/// Every message of a reservation says that it shares the call, or that it does not.
pub(crate) fn each_notice(trace: &mut Trace, id: ReservationId, is_shared: bool) {
    for effect in trace.steps.iter_mut().flat_map(|step| &mut step.effects) {
        let Action::Send(send) = &mut effect.action else { continue };
        if let Content::Result(result) = &mut send.content
            && result.reservation == id
        {
            result.is_shared = is_shared;
        }
        if let Content::Reservation(notice) | Content::Amended(notice) = &mut send.content
            && notice.reservation == id
            && !is_shared
        {
            notice.group = None;
        }
    }
}

/// The slot that was chosen, and the reply, begin a microsecond later and end so much later.
pub(crate) fn set_slot(trace: &mut Trace, seconds: u64, micros: i64) {
    for step in &mut trace.steps {
        let Doing::Input(Input::ChooseSlot(input)) = &mut step.doing else { continue };
        let Some(Ok(Reply::SlotChosen(chosen))) = &mut step.reply else { panic!("the slot is taken") };
        let start = chosen.slot.start().saturating_add_micros(1);
        let end = chosen.slot.end().saturating_add_s(seconds).saturating_add_micros(micros);
        chosen.slot = Window::new(start, end).expect("a window");
        input.slot = Slot::Window(chosen.slot);
    }
}

/// The nth push of a voice message: to whom, and what is shown.
pub(crate) fn push(trace: &mut Trace, n: usize) -> (&mut Send, VoiceMessageNotice) {
    let effects = trace.steps.iter_mut().flat_map(|step| &mut step.effects);
    let sends = effects.filter_map(|effect| if let Action::Send(send) = &mut effect.action { Some(send) } else { None });
    let mut pushes = sends.filter_map(|send| {
        let shown = if let Content::VoiceMessage(shown) = &send.content { shown.clone() } else { return None };
        Some((send, shown))
    });
    pushes.nth(n).expect("the story has such a push")
}

/// How many pushes there are.
pub(crate) fn every_push(trace: &Trace) -> usize {
    let effects = trace.steps.iter().flat_map(|step| &step.effects);
    let is_push =
        |effect: &&Effect| matches!(&effect.action, Action::Send(send) if matches!(send.content, Content::VoiceMessage(_)));
    effects.filter(is_push).count()
}

/// Whether an effect tells a sender that his message did not arrive.
pub(crate) fn is_told_undelivered(action: &Action) -> bool {
    matches!(action, Action::Send(send) if matches!(send.content,
        Content::VoiceMessageUndelivered(_) | Content::VoiceMessageUndeliveredForMerchant(_)))
}

/// Whether an effect is a record that a message ended so.
pub(crate) fn is_ended_as(action: &Action, wanted: VoiceMessageOutcome) -> bool {
    matches!(action, Action::Audit(audit) if matches!(&audit.record, AuditRecord::VoiceMessageEnded(ended) if ended.outcome == wanted))
}

/// Whether an effect is a record that a merchant under a reservation was judged.
pub(crate) fn is_merchant_judged(action: &Action) -> bool {
    matches!(action, Action::Audit(audit) if matches!(&audit.record, AuditRecord::FailedCall(record) if record.call.is_some()))
}

/// The records that merchants under reservations were judged, each altered.
pub(crate) fn each_merchant_judged(trace: &mut Trace, change: fn(&mut FailedCallRecord)) {
    for effect in trace.steps.iter_mut().flat_map(|step| &mut step.effects) {
        if let Action::Audit(audit) = &mut effect.action
            && let AuditRecord::FailedCall(record) = &mut audit.record
            && record.call.is_some()
        {
            change(record);
        }
    }
}

/// In the first step in which a merchant is judged, and offered the recorder or not, he is rejected without a word, and the trace ends there.
pub(crate) fn reject_instead_of_asking(trace: &mut Trace) {
    let step = nth_step(trace, 0, |step| has(step, is_merchant_judged));
    let answered = |effect: &Effect| if let Action::Answer(answer) = &effect.action { Some(answer.leg) } else { None };
    let asked = trace.steps[step].effects.iter().find_map(answered);
    let leg = asked.expect("he is answered");
    let effects = &mut trace.steps[step].effects;
    effects.retain(|effect| !is_merchant_judged(&effect.action) && !matches!(effect.action, Action::Answer(_)));
    let cause = ReleaseCause::UserBusy;
    let reject = Reject { leg, cause, sip_status: cause.sip_status(), q850_cause: cause.q850() };
    effects.push(Effect { sequence: 0, action: Action::Reject(reject) });
    trace.steps.truncate(step + 1);
    renumber(trace, step);
}

/// The first message that fits.
pub(crate) fn first_send(trace: &mut Trace, fits: fn(&Send) -> bool) -> &mut Send {
    let effects = trace.steps.iter_mut().flat_map(|step| &mut step.effects);
    let mut sends = effects.filter_map(|effect| if let Action::Send(send) = &mut effect.action { Some(send) } else { None });
    sends.find(|send| fits(send)).expect("the story has such a message")
}

pub(crate) fn is_asked_to_bind(step: &Step) -> bool {
    matches!(step.doing, Doing::Input(Input::RequestBinding(_)))
}

pub(crate) fn is_reported(step: &Step) -> bool {
    matches!(step.doing, Doing::Input(Input::MessageReported(_)))
}

pub(crate) fn is_reminder(action: &Action) -> bool {
    matches!(action, Action::Send(send) if matches!(send.content, Content::Reminder(_)))
}

/// The result as it goes out for the second time.
pub(crate) fn sent_again(trace: &mut Trace) -> &mut Send {
    let report = nth_step(trace, 0, is_reported);
    let effects = trace.steps[report].effects.iter_mut();
    let mut sends = effects.filter_map(|effect| if let Action::Send(send) = &mut effect.action { Some(send) } else { None });
    sends.next().expect("it goes out again")
}

fn is_ended_because(action: &Action, wanted: BindingEnd) -> bool {
    matches!(action, Action::Audit(audit) if matches!(&audit.record, AuditRecord::BindingEnded(ended) if ended.why == wanted))
}

pub(crate) fn is_taken_over(action: &Action) -> bool {
    is_ended_because(action, BindingEnd::TakenOver)
}

pub(crate) fn is_forgotten_binding(action: &Action) -> bool {
    is_ended_because(action, BindingEnd::Forgotten)
}

pub(crate) fn is_unfollowed(action: &Action) -> bool {
    is_ended_because(action, BindingEnd::Unfollowed)
}
