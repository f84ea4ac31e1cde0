//! Calls outside any reservation that reached nobody (seed 003, step 102): is their caller offered the recorder?

use super::Fallback;
use crate::books::voice_messages::{Caller, Road, VoiceMessage};
use crate::decisions::diagnosis::{Diagnosis, diagnose};
use crate::decisions::diversion::{Callee, NoOffer, offer};
use crate::decisions::interworking::Table;
use crate::halves::checks::{check_evidence, check_outbox, limit};
use crate::halves::{Context, Neighbour};
use crate::machines::binding::BindingState;
use crate::machines::voice_message::VoiceMessageState;
use crate::values::account::AccountId;
use crate::values::cause::{FailureReason, ReleaseCause};
use crate::values::effect::{
    Action, Answer, AuditRecord, FailedCallRecord, HangUp, NotOffered, Offered, Prompt, Reject, Ruling, SenderTold,
};
use crate::values::evidence::Evidence;
use crate::values::id::{BindingId, LegId, VoiceMessageId};
use crate::values::number::PhoneNumber;
use crate::values::refusal::{Bound, Refusal};
use crate::values::reply::{CallJudged, Reply};

/// What a failed call emits: an audit, and what is done with the caller's leg.
const FAILED_CALL_EFFECTS: usize = 2;

/// A call that reached nobody.
#[derive(Clone, Copy, Debug)]
pub(super) struct FailedCall<'a> {
    pub(super) caller: Option<PhoneNumber>,
    pub(super) callee: PhoneNumber,
    pub(super) evidence: &'a Evidence,
    pub(super) is_answered: bool,
}

/// A caller who is not offered the recorder hears why nobody was reached.
const fn prompt_of(reason: FailureReason) -> Prompt {
    match reason {
        FailureReason::Busy => Prompt::UserBusy,
        FailureReason::PoweredOff => Prompt::UserPoweredOff,
        FailureReason::OutOfServiceArea => Prompt::UserOutOfArea,
        FailureReason::Suspended => Prompt::UserSuspended,
        FailureReason::NoAnswer
        | FailureReason::Rejected
        | FailureReason::InvalidNumber
        | FailureReason::CallerGaveUp
        | FailureReason::NetworkFault
        | FailureReason::Blocked
        | FailureReason::Unknown => Prompt::UserUnreachable,
    }
}

/// Refuses a leg that was not answered, in the words of the network.
pub(crate) fn reject(cx: &mut Context<'_>, leg: LegId, reason: FailureReason) {
    let (cause, q850_cause) = (ReleaseCause::of_failed_leg(reason), reason.q850());
    let sip_status = Table::Rfc3398.sip_of(u16::from(q850_cause), None).unwrap_or(cause.sip_status());
    cx.emit(Action::Reject(Reject { leg, cause, sip_status, q850_cause }));
}

impl Fallback {
    pub(super) fn failed_call(
        &mut self,
        cx: &mut Context<'_>,
        neighbour: &impl Neighbour,
        call: FailedCall<'_>,
    ) -> Result<Reply, Refusal> {
        check_evidence(call.evidence)?;
        self.settle_callee(cx, call.callee);
        let is_full = |half: &Self, most: u32| half.messages.len() >= usize::try_from(most).unwrap_or(usize::MAX);
        if limit(Bound::FailedCalls, self.messages.legs_len(), cx.policy.failed_calls_max).is_err()
            || is_full(self, cx.policy.voice_messages_max)
        {
            self.settle_all(cx);
        }
        limit(Bound::FailedCalls, self.messages.legs_len(), cx.policy.failed_calls_max)?;
        check_outbox(cx, FAILED_CALL_EFFECTS)?;
        let leg = LegId::new(cx.commons.ids.leg.take());
        let diagnosis = diagnose(call.evidence);
        let ruling = match self.judge(cx, neighbour, call, &diagnosis) {
            Ok((binding, account)) => {
                let caller = call.caller.map_or_else(Caller::default, |number| neighbour.caller(number));
                let id = self.offered(cx, leg, call.callee, caller, diagnosis.reason, (binding, account));
                Ruling::Offered(Offered { voice_message: id })
            }
            Err(why) => Ruling::NotOffered(NotOffered { why }),
        };
        let Diagnosis { reason, confidence, .. } = diagnosis;
        cx.audit(AuditRecord::FailedCall(FailedCallRecord { leg, call: None, reason, confidence, ruling }));
        match ruling {
            Ruling::Offered(Offered { voice_message }) if call.is_answered => self.begin_recording(cx, voice_message),
            Ruling::Offered(Offered { voice_message }) => {
                let until = self.messages.get(voice_message).and_then(|message| message.until);
                cx.emit(Action::Answer(Answer { leg, not_after: until.unwrap_or(cx.now) }));
            }
            Ruling::NotOffered(_) if call.is_answered => {
                let cause = ReleaseCause::of_failed_leg(reason);
                let prompt = Some(prompt_of(reason));
                cx.emit(Action::HangUp(HangUp { leg, cause, q850_cause: cause.q850(), prompt }));
            }
            Ruling::NotOffered(_) => reject(cx, leg, reason),
        }
        Ok(Reply::FailedCall(CallJudged { leg, ruling }))
    }

    /// Whose message it would be, or why there is none.
    fn judge(
        &self,
        cx: &Context<'_>,
        neighbour: &impl Neighbour,
        call: FailedCall<'_>,
        diagnosis: &Diagnosis,
    ) -> Result<(BindingId, AccountId), NoOffer> {
        let holder = self.bindings.holder(call.callee).filter(|binding| binding.state == BindingState::Bound);
        let reaches = |count: usize, most: u32| count >= usize::try_from(most).unwrap_or(usize::MAX);
        let own = self.messages.of_callee(call.callee).filter(|message| !message.state.is_over()).count();
        let callee = Callee {
            is_bound: holder.is_some(),
            has_blocked: call.caller.is_some_and(|caller| neighbour.keeps_away(call.callee, caller)),
            is_full: reaches(self.messages.len(), cx.policy.voice_messages_max)
                || reaches(own, cx.policy.voice_messages_per_callee_max),
        };
        offer(diagnosis, cx.policy.divert_on, callee)?;
        holder.map(|binding| (binding.id, binding.account.clone())).ok_or(NoOffer::Unbound)
    }

    fn offered(
        &mut self,
        cx: &Context<'_>,
        leg: LegId,
        callee: PhoneNumber,
        caller: Caller,
        reason: FailureReason,
        (binding, account): (BindingId, AccountId),
    ) -> VoiceMessageId {
        let id = VoiceMessageId::new(self.voice_message_ids.take());
        self.keep(VoiceMessage {
            id,
            state: VoiceMessageState::Offered,
            binding,
            account,
            callee,
            caller,
            reason,
            at: cx.now,
            leg: Some(leg),
            until: Some(cx.now.saturating_add_s(u64::from(cx.policy.answer_timeout_s))),
            next_at: None,
            media: None,
            seconds: 0,
            stored_at: None,
            expires_at: None,
            text: None,
            is_cut: false,
            is_transcribed: false,
            road: Road::WeChat,
            attempts: 0,
            message: None,
            pushed: alloc::vec::Vec::new(),
            ended_at: None,
            outcome: None,
            told: SenderTold::NotNeeded,
            is_call_back_requested: false,
            under: None,
        });
        id
    }
}
