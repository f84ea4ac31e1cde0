//! Carrying values from one half to the other: who was not reached, which recordings are over, and which forwarded calls are our own.

use alloc::string::String;

use super::Platform;
use crate::decisions::diagnosis::diagnose;
use crate::halves::Context;
use crate::halves::appointments::Appointments;
use crate::halves::checks::{check_evidence, check_outbox, hold};
use crate::halves::fallback::Fallback;
use crate::halves::fallback::failed_calls::turn_away;
use crate::machines::voice_message::VoiceMessageState;
use crate::values::evidence::Evidence;
use crate::values::id::LegId;
use crate::values::input::{EffectFailed, Input, LegAnswered, LegEnded, LegProgress, PlayFinished};
use crate::values::refusal::Refusal;
use crate::values::reply::{OwnLeg, Reply};

/// The missed-call half hung up: the appointment half is told, after every call into the former.
pub(super) fn tell_over(cx: &Context<'_>, appointments: &mut Appointments, fallback: &mut Fallback) {
    while let Some(over) = fallback.take_over() {
        appointments.recording_over(cx, over);
    }
}

/// Everything that waits to cross does: at the end of every input and of every deadline that fired. The order is that in which it came up.
pub(super) fn cross(cx: &mut Context<'_>, appointments: &mut Appointments, fallback: &mut Fallback) {
    tell_over(cx, appointments, fallback);
    while let Some(failed) = appointments.take_failed_leg() {
        match fallback.ask_merchant(cx, appointments, &failed) {
            Ok(_) => appointments.offered(failed.call),
            Err(_) => appointments.not_offered(cx, &failed),
        }
        tell_over(cx, appointments, fallback);
    }
}

/// The leg that an input reports on, or whose effect it says was not carried out, when both halves have it: a merchant's who leaves a message.
pub(super) fn shared_leg(cx: &Context<'_>, appointments: &Appointments, fallback: &Fallback, input: &Input) -> Option<LegId> {
    let leg = if let Input::LegProgress(LegProgress { leg })
    | Input::LegAnswered(LegAnswered { leg })
    | Input::LegEnded(LegEnded { leg, .. })
    | Input::PlayFinished(PlayFinished { leg }) = input
    {
        Some(*leg)
    } else if let Input::EffectFailed(EffectFailed { sequence }) = input {
        cx.outbox.get(*sequence).and_then(|effect| effect.action.leg())
    } else {
        None
    };
    leg.filter(|leg| fallback.has_leg(*leg) && appointments.leg(*leg).is_some())
}

/// A report on a leg that both halves have: it is settled in both, and then reported to both.
pub(super) fn report(
    cx: &mut Context<'_>,
    appointments: &mut Appointments,
    fallback: &mut Fallback,
    leg: LegId,
    input: Input,
) -> Result<Reply, Refusal> {
    if let Input::LegEnded(input) = &input {
        check_evidence(&input.evidence)?;
    }
    appointments.settle_leg(cx, leg);
    fallback.settle_message_of(cx, leg);
    tell_over(cx, appointments, fallback);
    if matches!(input, Input::EffectFailed(_)) {
        // An effect is one half's.
        return match fallback.handle(cx, appointments, &input) {
            Some(reply) => reply,
            None => appointments.handle(cx, input),
        };
    }
    let reply = appointments.handle(cx, input.clone())?;
    let of_fallback = if fallback.has_leg(leg) { fallback.handle(cx, appointments, &input) } else { None };
    match (reply, of_fallback) {
        (Reply::NoOp, Some(other)) => other,
        (reply, _) => Ok(reply),
    }
}

/// A call that the network forwarded to us is one of our own: that leg is over, and the one that came is never joined.
pub(super) fn own_leg(
    cx: &mut Context<'_>,
    appointments: &mut Appointments,
    own: LegId,
    (evidence, is_answered): (Evidence, bool),
) -> Result<Reply, Refusal> {
    check_outbox(cx, 1)?;
    let leg = LegId::new(cx.commons.ids.leg.take());
    turn_away(cx, leg, diagnose(&evidence).reason, is_answered);
    appointments.handle(cx, Input::LegEnded(LegEnded { leg: own, evidence }))?;
    Ok(Reply::OwnLeg(OwnLeg { leg, own }))
}

/// Fires the first deadline that is due, of both halves; of two at the same instant that of the appointments. False when none is.
pub(super) fn fire_first(cx: &mut Context<'_>, appointments: &mut Appointments, fallback: &mut Fallback) -> bool {
    let of_appointments = appointments.first_due(|effects| cx.has_room_for(effects));
    let of_fallback = fallback.first_due(|effects| cx.has_room_for(effects));
    let is_fallbacks = of_fallback.is_some_and(|due| of_appointments.is_none_or(|other| due < other));
    let has_fired = if is_fallbacks { fallback.fire_first(cx) } else { appointments.fire_first(cx) };
    cross(cx, appointments, fallback);
    has_fired
}

impl Platform {
    /// A message whose caller's leg is a merchant's, and the call that records it, know of each other, and of nothing else.
    pub(super) fn check_crossing(&self) -> Result<(), String> {
        hold!(!self.appointments.has_errands(), "somebody was not reached, and nobody was asked");
        hold!(!self.fallback.has_over(), "a recording is over, and its call does not know");
        let mut shared = 0_usize;
        for message in self.fallback.voice_messages() {
            let id = message.id;
            let Some(under) = message.under else {
                let is_callers = message.leg.is_none_or(|leg| self.appointments.leg(leg).is_none());
                hold!(is_callers, "a leg of voice message {id} is in both halves");
                continue;
            };
            let is_given = self.appointments.has_given(under.call, under.reservation);
            hold!(is_given, "voice message {id} was left in a call that was not given");
            let Some(leg) = message.leg else { continue };
            let is_its = self.appointments.recording(under.call).is_some_and(|(reservation, merchant)| {
                let is_asked = merchant.state.is_unanswered() == (message.state == VoiceMessageState::Offered);
                let is_callers = message.caller.number.is_none_or(|number| number == merchant.number);
                (reservation, merchant.id) == (under.reservation, leg) && is_asked && is_callers
            });
            hold!(is_its, "voice message {id} is left in a call that does not record it");
            shared = shared.saturating_add(1);
        }
        hold!(shared == self.appointments.recordings(), "a call records a message that is not kept");
        Ok(())
    }
}
