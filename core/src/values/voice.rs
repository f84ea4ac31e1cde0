//! Voice messages (语音微信, seed 003, steps 102 to 105): what happens to them, what is decided, and what is said.

use serde::{Deserialize, Serialize};

use super::account::AccountId;
use super::cause::{Confidence, FailureReason};
use super::evidence::Evidence;
use super::id::{BindingId, CallId, LegId, MediaId, ReservationId, VoiceMessageId};
use super::number::{MaskedNumber, PhoneNumber};
use super::text::{MaskedText, Text};
use super::time::Timestamp;

// ---- inputs ----

/// A call outside any reservation reached nobody. The switch holds its caller's leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallFailed {
    /// Who called; none when it is withheld.
    #[serde(default)]
    pub caller: Option<PhoneNumber>,
    /// Who was called.
    pub callee: PhoneNumber,
    /// What the network said.
    #[serde(default)]
    pub evidence: Evidence,
    /// Whether the caller's leg is answered already.
    #[serde(default)]
    pub is_answered: bool,
}

/// The network forwarded a call to us, since it reached nobody. The redirections are in the evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallDiverted {
    /// Who called; none when it is withheld.
    #[serde(default)]
    pub caller: Option<PhoneNumber>,
    /// Who was called at first.
    pub callee: PhoneNumber,
    /// What the network said.
    #[serde(default)]
    pub evidence: Evidence,
    /// Whether the caller's leg is answered already.
    #[serde(default)]
    pub is_answered: bool,
}

/// What the caller said was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// The message.
    pub voice_message: VoiceMessageId,
    /// The host's id of the recording.
    pub media: MediaId,
    /// How long it is, in whole seconds.
    pub seconds: u32,
    /// Nothing can be heard on it.
    #[serde(default)]
    pub is_silent: bool,
}

/// Nothing could be recorded: the disk is full, or the recorder failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordFailed {
    /// The message.
    pub voice_message: VoiceMessageId,
}

/// What a voice message says, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transcribed {
    /// The message.
    pub voice_message: VoiceMessageId,
    /// The words; none when they could not be made out.
    #[serde(default)]
    pub text: Option<Text>,
}

/// An account opens a voice message (点击收听).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenMessage {
    /// Who.
    pub account: AccountId,
    /// Which message.
    pub voice_message: VoiceMessageId,
}

/// Whoever listened asks to be called back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestCallBack {
    /// Who.
    pub account: AccountId,
    /// The message that he listened to.
    pub voice_message: VoiceMessageId,
}

// ---- decisions ----

/// Why the recorder is not offered. The order is the precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoOffer {
    /// The call did not fail for a reason that the policy diverts on, or it cannot be told from one that it does not.
    Reason,
    /// The callee's number is bound to no account that follows.
    Unbound,
    /// The callee does not want calls of this caller.
    Blocked,
    /// As many messages are kept as the policy lets, of all callees or of this one.
    Full,
}

/// Whether a caller is offered the recorder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// He is.
    Offered(Offered),
    /// He is not.
    NotOffered(NotOffered),
}

/// A caller is offered the recorder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offered {
    /// The message that he may leave.
    pub voice_message: VoiceMessageId,
}

/// A caller is not offered the recorder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotOffered {
    /// The first ground against it.
    pub why: NoOffer,
}

/// What became of a voice message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoiceMessageOutcome {
    /// The account has it.
    Delivered,
    /// Its holder opened it.
    Heard,
    /// Nothing was left.
    Abandoned(Abandoned),
    /// Its time was over before it was delivered.
    Expired,
    /// It could not be delivered.
    Undeliverable(Undeliverable),
}

/// Why no message was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Abandoned {
    /// The caller hung up before the recorder began.
    CallerGone,
    /// The recording is shorter than the policy takes.
    TooShort,
    /// Nothing can be heard on it.
    Silent,
    /// The recorder failed, or could not be begun.
    RecordFailed,
    /// The caller's leg was not reported answered in time.
    NotAnswered,
    /// No recording was reported in time.
    NoReport,
    /// Another account proved that it has the number.
    HolderChanged,
    /// The account gave the number back.
    Unbound,
    /// The account had not followed for too long.
    Unfollowed,
    /// The callee wanted to be forgotten.
    Forgotten,
}

/// Why a message could not be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undeliverable {
    /// Every way was tried that the policy has.
    NoRoad,
    /// Another account proved that it has the number.
    HolderChanged,
    /// The account gave the number back.
    Unbound,
    /// The account had not followed for too long.
    Unfollowed,
    /// The callee wanted to be forgotten.
    Forgotten,
}

/// Whether the sender of a message was told that it did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SenderTold {
    /// There was nothing to tell: it arrived, or none was left.
    NotNeeded,
    /// He was.
    Told,
    /// He has no address.
    Untellable,
}

// ---- effects ----

/// Record what a caller says. At most once. The host plays why nobody was reached, that it records, and the prompt; then it records, until the caller
/// hangs up, is silent, or has had his time. Report `recorded` or `record_failed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The caller's leg. It is answered.
    pub leg: LegId,
    /// The message, for every report on it.
    pub voice_message: VoiceMessageId,
    /// Why nobody was reached, to be said first.
    pub reason: FailureReason,
    /// How long it may become.
    pub seconds_max: u32,
    /// How long a silence ends it.
    pub silence_s: u32,
    /// From this instant on it must not be begun.
    pub not_after: Timestamp,
}

/// Make text of a recording. Report `transcribed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transcribe {
    /// The message.
    pub voice_message: VoiceMessageId,
    /// The recording.
    pub media: MediaId,
}

/// A voice message leaves the platform: what became of it, by ids. It has no room for a phone number, a name or what was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceMessageArchive {
    /// The message.
    pub voice_message: VoiceMessageId,
    /// The binding whose message it was.
    pub binding: BindingId,
    /// What became of it.
    pub outcome: VoiceMessageOutcome,
    /// Whether its sender was told, if it did not arrive.
    pub told: SenderTold,
    /// When the call came.
    pub at: Timestamp,
    /// When it was stored, if it was.
    pub stored_at: Option<Timestamp>,
    /// When it was delivered, or ended.
    pub ended_at: Timestamp,
    /// How long the recording is.
    pub seconds: u32,
    /// How often it was pushed.
    pub attempts: u32,
    /// The reservation whose call it was left in; none outside any.
    pub reservation: Option<ReservationId>,
}

/// A voice message for an account, or for the phone that it was left for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceMessageNotice {
    /// The message: what the link opens.
    pub voice_message: VoiceMessageId,
    /// The number that was called: the receiver's own.
    pub number: PhoneNumber,
    /// Who called; none when he withheld it, or wanted to be forgotten.
    pub caller: Option<PhoneNumber>,
    /// The merchant's name, when the caller was a merchant's line.
    pub merchant_name: Option<Text>,
    /// When he called.
    pub at: Timestamp,
    /// How long the recording is.
    pub seconds: u32,
    /// What it says, if it was made into text.
    pub text: Option<Text>,
    /// Whether there is more text than that.
    pub is_cut: bool,
}

/// A word to the sender of a voice message. The number that he called has its tail hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceMessageNote {
    /// The message.
    pub voice_message: VoiceMessageId,
    /// The number that was called, with its tail hidden.
    pub number: MaskedNumber,
    /// When he called.
    pub at: Timestamp,
    /// The reservation whose call it was left in: only its merchant is told. None outside any reservation.
    pub reservation: Option<ReservationId>,
}

// ---- records ----

/// A call reached nobody, and whether its caller was offered the recorder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailedCallRecord {
    /// The caller's leg.
    pub leg: LegId,
    /// The call that it is the merchant's leg of; none outside any reservation.
    pub call: Option<CallId>,
    /// Why nobody was reached.
    pub reason: FailureReason,
    /// How sure that is.
    pub confidence: Confidence,
    /// Whether he was offered the recorder.
    pub ruling: Ruling,
}

/// A voice message reached its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceMessageDelivered {
    /// The message.
    pub voice_message: VoiceMessageId,
}

/// A voice message ended without reaching its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceMessageEnded {
    /// The message.
    pub voice_message: VoiceMessageId,
    /// How.
    pub outcome: VoiceMessageOutcome,
}

/// The account's network says that the operator must mend something before any message goes this way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushMisconfigured {
    /// The message that showed it.
    pub voice_message: VoiceMessageId,
    /// What the network said, with runs of digits masked.
    pub code: MaskedText,
}

// ---- replies ----

/// A failed call was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallJudged {
    /// The caller's leg, under the id that every report on it uses.
    pub leg: LegId,
    /// Whether he is offered the recorder.
    pub ruling: Ruling,
}

/// The forwarded call is one of ours: it is that leg's release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnLeg {
    /// The leg that came, which the `reject` names.
    pub leg: LegId,
    /// The leg of ours that was forwarded.
    pub own: LegId,
}

/// A voice message is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageOpened {
    /// The recording.
    pub media: MediaId,
}
