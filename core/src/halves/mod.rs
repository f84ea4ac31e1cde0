//! Floor 5: the two halves. Each has its own state, inputs and deadlines; values cross between them, never references.

pub mod appointments;
pub mod fallback;

use crate::books::chain::Chain;
use crate::books::commons::Commons;
use crate::books::keyring::Keyring;
use crate::books::outbox::Outbox;
use crate::values::effect::{Action, AuditRecord};
use crate::values::policy::Policy;
use crate::values::text::Text;
use crate::values::time::Timestamp;

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
