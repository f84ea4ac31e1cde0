//! What the platform holds of one person: what an operator hands to somebody who asks for it.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::id::{BindingId, CallId, LegId, MerchantId, MessageId, OfferingId, PageId, ReservationId};
use super::input::{BlockTarget, BookingEvidence, ResultBy};
use super::media::Attachment;
use super::number::{Address, PhoneNumber, VirtualNumber};
use super::policy::CallMode;
use super::reply::{Outcome, ReservationState};
use super::text::Text;
use super::time::{Timestamp, Window, Zone};

/// Everything that the platform holds of one person, also what is over and was not forgotten yet. Of others it says nothing (P7): who booked for his phone, under which name, and in whose
/// profile his number stands are theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonExport {
    /// The address that was asked for: his number, or his mailbox.
    pub user: Address,
    /// The latest instant seen.
    pub at: Timestamp,
    /// What is remembered for his next booking.
    pub profile: Option<ProfileExport>,
    /// In how many profiles of others his number is remembered, as a phone that shall ring.
    pub in_profiles: u32,
    /// The reservations that are kept and that he sent, or whose phone is his or will be, in the order of ids.
    pub reservations: Vec<ReservationExport>,
    /// The legs to his phone that are not gone, in the order of ids.
    pub legs: Vec<LegExport>,
    /// The virtual numbers that mean him, in the order of merchants.
    pub virtual_numbers: Vec<VirtualNumberExport>,
    /// The messages to him that may be sent again, or that wait for the host, in the order of their effects.
    pub messages: Vec<MessageExport>,
    /// The codes that went to his number and count, by when they count no more.
    pub codes: Vec<Timestamp>,
    /// The wrong codes that were given for his number and count.
    pub wrong_codes: Vec<Timestamp>,
    /// The rings of his phone that count.
    pub rings: Vec<Timestamp>,
    /// Whom he blocked.
    pub blocks: Vec<BlockTarget>,
    /// Whether his number is on the do-not-call list.
    pub is_listed: bool,
    /// Whether his number is frozen.
    pub is_frozen: bool,
    /// The merchant who has his number as a line.
    pub line_of: Option<MerchantId>,
    /// The accounts that have his number or asked for it, without their names, in the order of ids.
    pub bindings: Vec<BindingExport>,
}

impl PersonExport {
    /// Whether nothing is held of him.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.profile.is_none()
            && self.in_profiles == 0
            && self.reservations.is_empty()
            && self.legs.is_empty()
            && self.virtual_numbers.is_empty()
            && self.messages.is_empty()
            && self.codes.is_empty()
            && self.wrong_codes.is_empty()
            && self.rings.is_empty()
            && self.blocks.is_empty()
            && !self.is_listed
            && !self.is_frozen
            && self.line_of.is_none()
            && self.bindings.is_empty()
    }
}

/// A profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileExport {
    /// His name.
    pub name: Option<Text>,
    /// The phone that shall ring, when it is another than his own.
    pub contact: Option<PhoneNumber>,
    /// His mailbox.
    pub email: Option<Address>,
    /// From when on it is forgotten.
    pub until: Timestamp,
}

/// A reservation, as far as it is his. What its sender said stands here for the sender alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReservationExport {
    /// Its id.
    pub reservation: ReservationId,
    /// Whether he sent it.
    pub is_sender: bool,
    /// Whether its phone is his.
    pub is_contact: bool,
    /// Whom it permits to call.
    pub merchant: MerchantId,
    /// The page it was made on.
    pub page: PageId,
    /// The line that calls come from.
    pub line: PhoneNumber,
    /// When it was booked.
    pub booked_at: Timestamp,
    /// How it stands.
    pub state: ReservationState,
    /// Who begins the call, if that was chosen.
    pub mode: Option<CallMode>,
    /// When the platform calls, if its merchant chose that.
    pub slot: Option<Window>,
    /// How it ended, once it is closed.
    pub outcome: Option<Outcome>,
    /// The terms that hold.
    pub terms: TermsExport,
    /// Those that wait for the end of a call.
    pub waiting: Option<TermsExport>,
    /// What its sender said of himself; the sender's only.
    pub sender: Option<SenderExport>,
    /// The virtual number under which its merchant calls him; only if its phone is his.
    pub virtual_number: Option<VirtualNumber>,
}

/// Terms of a reservation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermsExport {
    /// The revision, from 1.
    pub revision: u32,
    /// What the talk is about.
    pub offering: OfferingId,
    /// Its name when it was chosen.
    pub offering_name: Text,
    /// When the phone may ring.
    pub window: Window,
    /// The zone that the window was meant in.
    pub zone: Zone,
    /// The phone that shall ring: his own, or the one that he named.
    pub contact: Option<PhoneNumber>,
    /// The name, if he gave it.
    pub name: Option<Text>,
    /// How many users may share a call with him, himself among them, as he agreed if he sent it; 1: he is called alone.
    pub group_size: u32,
    /// What he attached.
    pub attachments: Vec<Attachment>,
}

/// What the sender of a reservation said of himself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SenderExport {
    /// The address that he wrote from.
    pub address: Address,
    /// How his results come, if he said so.
    pub result_by: Option<ResultBy>,
    /// His mailbox, if he named one.
    pub email: Option<Address>,
    /// Where the booking came from.
    pub evidence: Option<BookingEvidence>,
}

/// A leg to his phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegExport {
    /// The leg.
    pub leg: LegId,
    /// Its call.
    pub call: CallId,
    /// The reservation that permits it.
    pub reservation: Option<ReservationId>,
}

/// A virtual number that means him to a merchant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VirtualNumberExport {
    /// The merchant.
    pub merchant: MerchantId,
    /// The number.
    pub number: VirtualNumber,
    /// When it has rested and means him no more; none while a live reservation of his holds it.
    pub rests_until: Option<Timestamp>,
}

/// An account that has his number, or asked for it. Whose account it is may be another's matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BindingExport {
    /// The binding.
    pub binding: BindingId,
    /// Whether the number is the account's. Otherwise it was asked for, and its code is out.
    pub holds: bool,
    /// When it ends by itself, if it does.
    pub until: Option<Timestamp>,
}

/// A message to him.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageExport {
    /// The message.
    pub message: MessageId,
    /// The sequence number of its effect.
    pub sequence: u64,
    /// What it is about.
    pub reservation: Option<ReservationId>,
    /// Where it goes, if it waits for the host.
    pub to: Option<Address>,
    /// Where else it goes if it fails.
    pub ways: Vec<Address>,
}
