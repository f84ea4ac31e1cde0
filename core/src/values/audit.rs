//! Records of what was decided, by ids only, in a chain that shows one that was removed or changed (P17).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::id::{BindingId, CallId, ChallengeId, GroupId, LegId, MediaId, MerchantId, ReservationId};
use super::input::BookingEvidence;
use super::number::{MaskedNumber, PhoneNumber, VirtualNumber};
use super::policy::CallMode;
use super::reply::DenyReason;
use super::text::{MaskedText, Text};
use super::time::{Timestamp, Window};
use super::voice::{FailedCallRecord, PushMisconfigured, VoiceMessageDelivered, VoiceMessageEnded};

/// A decision, by ids only (P17), in a chain that shows a record that was removed or changed (see [`Chain`](crate::books::chain::Chain)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// Its number in the chain, from 1.
    pub number: u64,
    /// When it was made.
    pub at: Timestamp,
    /// What was decided.
    pub record: AuditRecord,
    /// The digest of the chain up to and with this record.
    pub digest: Digest,
}

/// A SHA-256 digest. In JSON 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// 32 zero bytes: what stands before the first record.
    pub const ZERO: Self = Self([0; 32]);

    /// A digest with these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { self.0.serialize(serializer) }
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return <[u8; 32]>::deserialize(deserializer).map(Self);
        }
        let text = String::deserialize(deserializer)?;
        let wrong = || de::Error::custom("a digest is 64 hexadecimal digits in small letters");
        let mut bytes = [0_u8; 32];
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return Err(wrong());
        }
        for (index, byte) in bytes.iter_mut().enumerate() {
            let at = index.saturating_mul(2);
            let pair = text.get(at..at.saturating_add(2)).ok_or_else(wrong)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditRecord {
    /// The gate judged a merchant's request.
    Judged(Judged),
    /// A user's phone was dialled.
    UserDialled(UserDialled),
    /// A leg was counted as gone without a report.
    LegLost(LegLost),
    /// A booking was taken.
    Booked(BookedRecord),
    /// The rules were set anew.
    PolicySet(PolicySet),
    /// Few virtual numbers are left for a merchant.
    NumbersLow(NumbersLow),
    /// A reservation that is accepted got its virtual number, or none was left.
    NumberLeased(NumberLeased),
    /// The holder of a contact number is asked for his agreement.
    Challenged(Challenged),
    /// A code was given and judged.
    CodeJudged(CodeJudged),
    /// Codes are made under another key from now on.
    KeyRotated(KeyRotated),
    /// The `dial` of a user was taken back before anything showed that it was carried out.
    DialWithdrawn(DialWithdrawn),
    /// A reservation was changed.
    Amended(AmendedRecord),
    /// A phone that rings went over to a new revision.
    Rebased(Rebased),
    /// The user confirmed the result of his booking.
    Acknowledged(AcknowledgedRecord),
    /// The merchant will not call.
    Declined(DeclinedRecord),
    /// New ringing is stopped.
    Frozen(FreezeRecord),
    /// New ringing is let on again.
    Thawed(FreezeRecord),
    /// The list of numbers that are never rung was changed.
    DoNotCallChanged(DoNotCallChanged),
    /// A user was forgotten.
    Erased(ErasedRecord),
    /// Several users share a call.
    Grouped(Grouped),
    /// A message failed, and no other way was left, or nobody needed it any more.
    Undelivered(Undelivered),
    /// The holder of a number is asked whether it shall be bound to an account.
    BindingAsked(BindingAsked),
    /// A code for a binding was given and judged.
    BindingJudged(BindingJudged),
    /// A number is an account's no more.
    BindingEnded(BindingEnded),
    /// A call reached nobody, and its caller was offered the recorder, or not.
    FailedCall(FailedCallRecord),
    /// A voice message reached its account.
    VoiceMessageDelivered(VoiceMessageDelivered),
    /// A voice message ended without reaching its account.
    VoiceMessageEnded(VoiceMessageEnded),
    /// The operator must mend something before voice messages reach accounts.
    PushMisconfigured(PushMisconfigured),
}

/// The holder of a number is asked whether it shall be bound to an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BindingAsked {
    /// The challenge.
    pub challenge: ChallengeId,
    /// The binding.
    pub binding: BindingId,
    /// The id of the key that its code is made under.
    pub key: Text,
}

/// A code for a binding was given and judged: what every voice message to this number rests on, or the lack of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BindingJudged {
    /// The challenge.
    pub challenge: ChallengeId,
    /// The binding.
    pub binding: BindingId,
    /// Whether the code was right: the number is the account's from here on.
    pub is_right: bool,
}

/// A number is an account's no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BindingEnded {
    /// The binding.
    pub binding: BindingId,
    /// Why.
    pub why: BindingEnd,
}

/// Why a number is an account's no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BindingEnd {
    /// The account gave it back.
    Unbound,
    /// Another account proved that it has the number.
    TakenOver,
    /// The account had not followed for too long.
    Unfollowed,
    /// The number's holder wanted to be forgotten.
    Forgotten,
}

/// A message failed, and was not sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Undelivered {
    /// The sequence number of the effect that sent it last.
    pub message: u64,
    /// The reservation that it was about.
    pub reservation: Option<ReservationId>,
    /// What the gateway said of the reason, with runs of digits masked.
    pub code: MaskedText,
}

/// What was frozen or thawed, by whom and why. A number stands here without its tail, and so does one in the texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreezeRecord {
    /// What.
    pub scope: RecordedScope,
    /// Who says so.
    pub by: MaskedText,
    /// Why.
    pub why: MaskedText,
}

/// The scope of a freeze as a record names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordedScope {
    /// Every call.
    Platform,
    /// The calls of one merchant.
    Merchant(MerchantId),
    /// The calls to one user's number.
    Number(MaskedNumber),
}

/// The list of numbers that are never rung was changed. The log has the numbers; no record does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoNotCallChanged {
    /// How many numbers came.
    pub added: u32,
    /// How many left.
    pub removed: u32,
    /// How many are on it now.
    pub listed: u64,
}

/// A user was forgotten: what was erased of him, by ids. Who he was is not said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasedRecord {
    /// The reservations.
    pub reservations: Vec<ReservationId>,
    /// What was attached to them.
    pub media: Vec<MediaId>,
    /// Whether he had a profile.
    pub profile: bool,
    /// How many messages to him are not sent again any more if they fail.
    pub messages: u32,
}

/// A reservation that is accepted got its virtual number. Written when the operator has a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberLeased {
    /// The reservation.
    pub reservation: ReservationId,
    /// The number; absent when the pool was empty, so that only the platform calls.
    pub number: Option<VirtualNumber>,
}

/// Few virtual numbers are left for new users of a merchant: import more. Written once each time the number left falls below `numbers_low`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumbersLow {
    /// The merchant.
    pub merchant: MerchantId,
    /// How many are left.
    pub left: u32,
}

/// The holder of a contact number is asked for his agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Challenged {
    /// The challenge.
    pub challenge: ChallengeId,
    /// The reservation.
    pub reservation: ReservationId,
    /// Its revision.
    pub revision: u32,
    /// The id of the key that its code is made under.
    pub key: Text,
}

/// A code was given and judged: the agreement on which every call to this number rests, or the lack of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeJudged {
    /// The challenge.
    pub challenge: ChallengeId,
    /// The reservation.
    pub reservation: ReservationId,
    /// Its revision.
    pub revision: u32,
    /// Whether the code was right.
    pub is_right: bool,
}

/// Codes are made under another key from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRotated {
    /// The id of the key.
    pub id: Text,
}

/// A booking was taken: the permission on which every call of the reservation rests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookedRecord {
    /// The reservation.
    pub reservation: ReservationId,
    /// Its revision.
    pub revision: u32,
    /// Whom it permits to call.
    pub merchant: MerchantId,
    /// When.
    pub window: Window,
    /// Where it came from.
    pub evidence: Option<BookingEvidence>,
}

/// The rules were set anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicySet {
    /// The SHA-256 digest of the rules in postcard's wire format: the log has them in full.
    pub policy: Digest,
}

/// A reservation was changed: from here on every call of it rests on this revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmendedRecord {
    /// The reservation.
    pub reservation: ReservationId,
    /// The new revision.
    pub revision: u32,
    /// When the merchant may ring.
    pub window: Window,
    /// Whether the holder of the contact number has agreed to it.
    pub is_agreed: bool,
    /// Where the change came from.
    pub evidence: Option<BookingEvidence>,
}

/// The phones of a call ring on under a new revision, which permits all that the host was told of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rebased {
    /// The call.
    pub call: CallId,
    /// The reservation that permits it.
    pub reservation: ReservationId,
    /// The new revision.
    pub revision: u32,
    /// The rule that permits it.
    pub rule: Rule,
}

/// The user confirmed the result of his booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgedRecord {
    /// The reservation.
    pub reservation: ReservationId,
    /// The revision that he confirmed.
    pub revision: u32,
}

/// The merchant will not call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclinedRecord {
    /// The reservation.
    pub reservation: ReservationId,
    /// Its revision.
    pub revision: u32,
}

/// The gate judged a merchant's request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judged {
    /// The inbound leg.
    pub leg: LegId,
    /// What was asked for, whether it exists or not.
    pub target: Asked,
    /// The reservation that was judged; absent when none is known to that line under this target.
    pub reservation: Option<ReservationId>,
    /// Its revision.
    pub revision: Option<u32>,
    /// The rule that decided.
    pub rule: Rule,
}

/// What a merchant's call asked for, as a record names it. A number stands here only if it is a virtual one: any other may be somebody's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// A reservation.
    Reservation(ReservationId),
    /// A virtual number.
    Number(PhoneNumber),
    /// A number that is no virtual one.
    UnknownNumber,
    /// A group.
    Group(GroupId),
}

/// A user's phone was dialled: the `dial` comes right after it. If it is taken back before anything shows that it was carried out, a `dial_withdrawn` follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserDialled {
    /// The leg.
    pub leg: LegId,
    /// The call.
    pub call: CallId,
    /// The reservation that permits it.
    pub reservation: ReservationId,
    /// Its revision.
    pub revision: u32,
    /// The rule that permits it.
    pub rule: Rule,
}

/// The `dial` of a user was taken back before anything showed that it was carried out: it was neither confirmed, nor was its leg reported on. It is handed
/// out no more; the phone rang only if the host had begun it already. Without this record after it, a `user_dialled` was carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DialWithdrawn {
    /// The leg.
    pub leg: LegId,
    /// The call.
    pub call: CallId,
}

/// Several users share a call: who they are is fixed with it. Each has agreed, and each is dialled by a permission of his own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grouped {
    /// The call.
    pub call: CallId,
    /// The group.
    pub group: GroupId,
    /// The reservations, in the order of their places: at least two.
    pub reservations: Vec<ReservationId>,
}

/// A leg was counted as gone without a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegLost {
    /// The leg.
    pub leg: LegId,
    /// The call.
    pub call: CallId,
}

/// The rule that a decision rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The window that the user booked, and the mode in force.
    Permitted {
        /// The window.
        window: Window,
        /// The mode.
        mode: CallMode,
    },
    /// A rule said no.
    Denied(DenyReason),
}
