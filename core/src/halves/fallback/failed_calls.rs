//! Calls that reached nobody (seed 003, step 102): is their caller offered the recorder?

use super::Fallback;
use crate::books::voice_messages::{Caller, Road, Under, VoiceMessage};
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

/// Whose message it is: the binding, and its account.
pub(super) type Holder = (BindingId, AccountId);

/// A caller who is offered the recorder.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) leg: LegId,
    pub(super) callee: PhoneNumber,
    pub(super) caller: Caller,
    pub(super) reason: FailureReason,
    pub(super) under: Option<Under>,
}

/// Whether a bound of the policy is reached.
fn reaches(count: usize, most: u32) -> bool {
    count >= usize::try_from(most).unwrap_or(usize::MAX)
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

/// Ends a caller's leg that is not offered the recorder. He hears why nobody was reached.
pub(crate) fn turn_away(cx: &mut Context<'_>, leg: LegId, reason: FailureReason, is_answered: bool) {
    if is_answered {
        let (cause, prompt) = (ReleaseCause::of_failed_leg(reason), Some(prompt_of(reason)));
        cx.emit(Action::HangUp(HangUp { leg, cause, q850_cause: cause.q850(), prompt }));
    } else {
        reject(cx, leg, reason);
    }
}

impl Fallback {
    pub(super) fn failed_call(
        &mut self,
        cx: &mut Context<'_>,
        neighbour: &impl Neighbour,
        call: FailedCall<'_>,
    ) -> Result<Reply, Refusal> {
        check_evidence(call.evidence)?;
        self.settle_for_offer(cx, call.callee);
        limit(Bound::FailedCalls, self.messages.legs_len(), cx.policy.failed_calls_max)?;
        check_outbox(cx, FAILED_CALL_EFFECTS)?;
        let leg = LegId::new(cx.commons.ids.leg.take());
        let diagnosis = diagnose(call.evidence);
        let ruling = match self.judge(cx, neighbour, call.caller, call.callee, &diagnosis) {
            Ok(holder) => {
                let caller = call.caller.map_or_else(Caller::default, |number| neighbour.caller(number));
                let offer = Offer { leg, callee: call.callee, caller, reason: diagnosis.reason, under: None };
                let id = self.offered(cx, offer, holder);
                Ruling::Offered(Offered { voice_message: id })
            }
            Err(why) => Ruling::NotOffered(NotOffered { why }),
        };
        let Diagnosis { reason, confidence, .. } = diagnosis;
        cx.audit(AuditRecord::FailedCall(FailedCallRecord { leg, call: None, reason, confidence, ruling }));
        match ruling {
            Ruling::Offered(Offered { voice_message }) => self.begin(cx, voice_message, leg, call.is_answered),
            Ruling::NotOffered(_) => turn_away(cx, leg, reason, call.is_answered),
        }
        Ok(Reply::FailedCall(CallJudged { leg, ruling }))
    }

    /// Settles what stands in the way of an offer: the binding of the account that has this number and what was left for it, and everything if it is full.
    pub(super) fn settle_for_offer(&mut self, cx: &mut Context<'_>, callee: PhoneNumber) {
        self.settle_callee(cx, callee);
        if reaches(self.messages.legs_len(), cx.policy.failed_calls_max)
            || reaches(self.messages.len(), cx.policy.voice_messages_max)
        {
            self.settle_all(cx);
        }
    }

    /// Whose message it would be, or why there is none.
    pub(super) fn judge(
        &self,
        cx: &Context<'_>,
        neighbour: &impl Neighbour,
        caller: Option<PhoneNumber>,
        callee: PhoneNumber,
        diagnosis: &Diagnosis,
    ) -> Result<Holder, NoOffer> {
        let holder = self.bindings.holder(callee).filter(|binding| binding.state == BindingState::Bound);
        let own = self.messages.of_callee(callee).filter(|message| message.counts_for_callee(cx.now)).count();
        let judged = Callee {
            is_bound: holder.is_some(),
            has_blocked: caller.is_some_and(|caller| neighbour.keeps_away(callee, caller)),
            is_full: reaches(self.messages.len(), cx.policy.voice_messages_max)
                || reaches(own, cx.policy.voice_messages_per_callee_max)
                // Of a failed call this was checked before.
                || reaches(self.messages.legs_len(), cx.policy.failed_calls_max),
        };
        offer(diagnosis, cx.policy.divert_on, judged)?;
        holder.map(|binding| (binding.id, binding.account.clone())).ok_or(NoOffer::Unbound)
    }

    /// Asks the caller to speak, or answers his leg first.
    pub(super) fn begin(&mut self, cx: &mut Context<'_>, id: VoiceMessageId, leg: LegId, is_answered: bool) {
        if is_answered {
            self.begin_recording(cx, id);
            return;
        }
        let until = self.messages.get(id).and_then(|message| message.until);
        cx.emit(Action::Answer(Answer { leg, not_after: until.unwrap_or(cx.now) }));
    }

    pub(super) fn offered(&mut self, cx: &Context<'_>, offer: Offer, (binding, account): Holder) -> VoiceMessageId {
        let Offer { leg, callee, caller, reason, under } = offer;
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
            under,
        });
        id
    }
}
