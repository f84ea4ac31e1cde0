//! What the missed-call half asks this one.

use alloc::collections::BTreeSet;

use super::Appointments;
use crate::books::voice_messages::Caller;
use crate::halves::{Context, Neighbour, NumberUse};
use crate::machines::leg::LegState;
use crate::values::effect::Party;
use crate::values::id::{LegId, MediaId};
use crate::values::input::BlockTarget;
use crate::values::number::{Address, PhoneNumber};
use crate::values::person::Person;

impl Neighbour for Appointments {
    fn use_of(&self, number: PhoneNumber) -> NumberUse {
        Self::use_of(self, number)
    }

    fn caller(&self, number: PhoneNumber) -> Caller {
        let merchant = self.lines.get(number).and_then(|line| self.catalog.merchants.get(&line.merchant));
        let is_phone = number.is_subscriber() && Self::use_of(self, number) == NumberUse::None;
        Caller {
            number: Some(number),
            merchant_name: merchant.map(|merchant| merchant.name.clone()),
            reply_to: match merchant {
                Some(merchant) => merchant.chatbot.clone(),
                None => is_phone.then_some(Address::Sms(number)),
            },
        }
    }

    fn keeps_away(&self, callee: PhoneNumber, caller: PhoneNumber) -> bool {
        let person = Person::Number(callee);
        let merchant = self.lines.get(caller).map(|line| line.merchant);
        self.blocks.has(&person, &BlockTarget::Number(caller))
            || merchant.is_some_and(|merchant| self.is_blocked(&person, merchant))
    }

    fn is_attached(&self, media: MediaId) -> bool {
        self.has_attached(&BTreeSet::from([media]))
    }
}

impl Appointments {
    /// The leg of ours that a call from `caller` to `callee` is, when that was forwarded back to us before anybody answered. Settles its call.
    pub(crate) fn forwarded(&mut self, cx: &mut Context<'_>, caller: PhoneNumber, callee: PhoneNumber) -> Option<LegId> {
        let call_of = |half: &Self| half.contacts.leg(callee).and_then(|leg| half.legs.get(leg.get())).map(|leg| leg.call);
        let call = call_of(self)?;
        self.settle_call(cx, call);
        let leg = self.contacts.leg(callee).and_then(|leg| self.legs.get(leg.get()))?;
        let is_of_line = self.calls.get(leg.call.get()).is_some_and(|call| call.line == caller);
        // One that we hung up before anybody answered may be forwarded all the same.
        let was_unanswered = leg.state.is_unanswered() || leg.state == LegState::Releasing;
        (is_of_line && leg.party == Party::User && was_unanswered).then_some(leg.id)
    }
}
