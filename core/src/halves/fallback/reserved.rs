//! Calls under a reservation whose user was not reached: is their merchant offered the recorder? And the end of what he leaves there.

use super::Fallback;
use super::failed_calls::Offer;
use crate::books::voice_messages::Under;
use crate::halves::crossing::{FailedLeg, RecordingOver};
use crate::halves::{Context, Neighbour};
use crate::values::cause::ReleaseCause;
use crate::values::effect::{AuditRecord, FailedCallRecord, NoOffer, NotOffered, Offered, Ruling};
use crate::values::id::{LegId, VoiceMessageId};

impl Fallback {
    /// Settles and judges as for a failed call, but for room and bounds: what ends a call waits for neither. If the merchant is offered the recorder his leg is a caller's
    /// from now on, and is answered, or is asked to speak.
    ///
    /// # Errors
    /// Why he is not. What becomes of his leg then is the other half's.
    pub(crate) fn ask_merchant(
        &mut self,
        cx: &mut Context<'_>,
        neighbour: &impl Neighbour,
        failed: &FailedLeg,
    ) -> Result<VoiceMessageId, NoOffer> {
        let FailedLeg { call, reservation, leg, is_answered, callee, caller, diagnosis } = *failed;
        self.settle_for_offer(cx, callee);
        let offer = self.judge(cx, neighbour, Some(caller), callee, &diagnosis).map(|holder| {
            let caller = neighbour.caller(caller);
            let under = Some(Under { call, reservation });
            self.offered(cx, Offer { leg, callee, caller, reason: diagnosis.reason, under }, holder)
        });
        let ruling = match offer {
            Ok(voice_message) => Ruling::Offered(Offered { voice_message }),
            Err(why) => Ruling::NotOffered(NotOffered { why }),
        };
        let (reason, confidence) = (diagnosis.reason, diagnosis.confidence);
        cx.audit(AuditRecord::FailedCall(FailedCallRecord { leg, call: Some(call), reason, confidence, ruling }));
        if let Ok(id) = offer {
            self.begin(cx, id, leg, is_answered);
        }
        offer
    }

    /// A leg was hung up. If the other half has it too, it is to know.
    pub(super) fn note_over(&mut self, id: VoiceMessageId, leg: LegId, cause: ReleaseCause) {
        if self.messages.get(id).is_some_and(|message| message.under.is_some()) {
            self.recordings_over.push_back(RecordingOver { leg, cause });
        }
    }

    /// The first recording that is over and that the other half does not know of.
    pub(crate) fn take_over(&mut self) -> Option<RecordingOver> {
        self.recordings_over.pop_front()
    }

    /// Whether the other half does not know of a recording that is over. Never between inputs.
    pub(crate) fn has_over(&self) -> bool {
        !self.recordings_over.is_empty()
    }

    /// Settles the message of a caller's leg, if it is one.
    pub(crate) fn settle_message_of(&mut self, cx: &mut Context<'_>, leg: LegId) {
        if let Some(id) = self.messages.of_leg(leg).map(|message| message.id) {
            self.settle_message(cx, id);
        }
    }
}
