//! Floor 5: the two halves. Each has its own state, inputs and deadlines; values cross between them, never references.

pub mod appointments;
pub(crate) mod checks;
pub mod crossing;
pub mod fallback;

use serde::{Deserialize, Serialize};

use crate::books::chain::Chain;
use crate::books::commons::Commons;
use crate::books::keyring::Keyring;
use crate::books::outbox::Outbox;
use crate::books::voice_messages::Caller;
use crate::values::effect::{Action, AuditRecord};
use crate::values::id::{BindingId, CallId, ChallengeId, LegId, MediaId, MerchantId, ReservationId, VoiceMessageId};
use crate::values::number::PhoneNumber;
use crate::values::policy::Policy;
use crate::values::text::Text;
use crate::values::time::Timestamp;

/// Why the host should call `advance`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Effects wait to be polled.
    EffectsWaiting,
    /// A leg has rung long enough.
    RingTimeout(LegId),
    /// A leg that was hung up has not been reported gone.
    ReleaseGrace(LegId),
    /// An inbound leg has not reported its answer.
    AnswerTimeout(CallId),
    /// A conversation reaches its longest.
    ConversationMax(CallId),
    /// A window, or the slot in it, begins.
    WindowOpens(ReservationId),
    /// A window, or the slot in it, ends.
    WindowEnds(ReservationId),
    /// A closed reservation leaves.
    Retention(ReservationId),
    /// A code that is out may not be used any more.
    CodeExpires(ChallengeId),
    /// A line of this merchant has a free channel and somebody waits for it.
    LineFree(MerchantId),
    /// A user is to be reminded of his window.
    Reminder(ReservationId),
    /// A number has been with an account that does not follow for as long as it may.
    BindingEnds(BindingId),
    /// The time of a voice message is over, or that of what it waits for.
    VoiceMessageEnds(VoiceMessageId),
    /// A voice message is to be sent.
    VoiceMessageDue(VoiceMessageId),
}

/// What the appointment half uses a number for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberUse {
    /// Nothing: it may be somebody's phone.
    None,
    /// It is a merchant's line.
    Line,
    /// It is in the pool of virtual numbers.
    Virtual,
}

/// What the missed-call half asks the appointment half: values cross, never references.
pub trait Neighbour {
    /// What a number is used for.
    fn use_of(&self, number: PhoneNumber) -> NumberUse;
    /// Who calls from this number.
    fn caller(&self, number: PhoneNumber) -> Caller;
    /// Whether the person with the number `callee` wants nothing of whoever calls from `caller`.
    fn keeps_away(&self, callee: PhoneNumber, caller: PhoneNumber) -> bool;
    /// Whether something is attached to a reservation.
    fn is_attached(&self, media: MediaId) -> bool;
}

/// What a half is handed with every input: the instant, the rules, and where its effects go.
#[derive(Debug)]
pub struct Context<'a> {
    /// The instant of the input, or the latest seen if that is later.
    pub now: Timestamp,
    /// The operator's rules.
    pub policy: &'a Policy,
    /// The keys, by id.
    pub keyring: &'a Keyring,
    /// The id of the key under which new codes are made, once the operator has set one. It is loaded.
    pub key: Option<&'a Text>,
    /// Where effects go.
    pub outbox: &'a mut Outbox,
    /// The chain of audit records.
    pub chain: &'a mut Chain,
    /// What both halves draw on.
    pub commons: &'a mut Commons,
}

impl Context<'_> {
    /// Emits one effect.
    pub fn emit(&mut self, action: Action) {
        self.outbox.push(action);
    }

    /// Writes an audit record at this instant.
    pub fn audit(&mut self, record: AuditRecord) {
        let audit = self.chain.add(self.now, record);
        self.outbox.push(Action::Audit(audit));
    }

    /// Whether so many effects more may wait to be confirmed. What creates or starts something asks for all that it emits at once; what closes
    /// something does not ask, since it is bounded by what there is to close.
    #[must_use]
    pub fn has_room_for(&self, effects: usize) -> bool {
        self.outbox.has_room_for(effects, self.policy.outbox_max)
    }
}
