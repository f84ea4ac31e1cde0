//! A call of two whose user was not reached may leave its merchant at the recorder: what the missed-call half is asked, and what comes of it.

use super::Appointments;
use super::records::{Call, Origin};
use crate::machines::leg::LegState;

impl Appointments {
    /// Whether a call that says that it records is one that may: of two, its user rung for nothing and out, and its merchant there or asked to be.
    pub(super) fn may_record(&self, call: &Call) -> bool {
        let [member] = call.members.as_slice() else { return false };
        let merchant = call.merchant_leg.and_then(|leg| self.legs.get(leg.get()));
        let is_there = merchant.is_some_and(|leg| {
            leg.state == LegState::Answered || (leg.state == LegState::Ringing && leg.origin == Origin::InboundAsked)
        });
        let is_waiting_for_nobody = call.answer_by.is_none() && call.talk_until.is_none();
        member.is_out && member.is_dialled && !member.is_talked && is_waiting_for_nobody && is_there
    }
}
