//! What the host must do.
//!
//! `dial`, `answer`, `play` and `record` are done at most once: they carry `not_after`, and a host that has reached that instant, or does not know
//! whether it already did it, does not do it and reports `effect_failed`. All others may be done again.
//!
//! P7 is held by types: a message is made by [`Send::to_user`] or [`Send::to_merchant`], and what a merchant is told ([`MerchantContent`]) has no room for a
//! user's number or text.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub use super::audit::{
    AcknowledgedRecord, AmendedRecord, Asked, Audit, AuditRecord, BindingAsked, BindingEnd, BindingEnded, BindingJudged,
    BookedRecord, Challenged, CodeJudged, DeclinedRecord, DialWithdrawn, Digest, DoNotCallChanged, ErasedRecord, FreezeRecord,
    Grouped, Judged, KeyRotated, LegLost, NumberLeased, NumbersLow, PolicySet, Rebased, RecordedScope, Rule, Undelivered,
    UserDialled,
};
use super::cause::ReleaseCause;
pub use super::content::{
    BindingChallenge, BindingChange, BindingChanged, BookingPage, BookingResult, Challenge, Content, DeclinedNotice, ManagePage,
    MerchantContent, MissedNotice, MissedNoticeForMerchant, ModeOptions, NoticeForMerchant, PageAction, ReservationAction,
    ReservationForMerchant, ReservationNotice, ReservationOnHold, SearchEntry, SearchResult, SearchResults, ShownTerms,
    SlotOverNotice, UserContent,
};
use super::id::{CallId, LegId, MediaId, MerchantId, MessageId, OfferingId, PageId, ReservationId, VoiceMessageId};
use super::input::BookingEvidence;
use super::number::{Address, PhoneNumber};
use super::policy::{Bearer, CallMode};
use super::reply::Outcome;
use super::text::Text;
use super::time::{Timestamp, Window, Zone};
pub use super::voice::{
    Abandoned, FailedCallRecord, NoOffer, NotOffered, Offered, PushMisconfigured, Record, Ruling, SenderTold, Transcribe,
    Undeliverable, VoiceMessageArchive, VoiceMessageDelivered, VoiceMessageEnded, VoiceMessageNote, VoiceMessageNotice,
    VoiceMessageOutcome,
};

/// One effect: its place in the platform's sequence, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Its number: in order, from 1, fixed by the log. Numbers of voided effects are left out.
    pub sequence: u64,
    /// What to do.
    pub action: Action,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Ring a phone. At most once.
    Dial(Dial),
    /// Answer an inbound leg. At most once. Report `leg_answered` when it is done.
    Answer(Answer),
    /// Refuse an inbound leg that was not answered. The leg is gone with it, and needs no report.
    Reject(Reject),
    /// Play a prompt to a leg. At most once.
    Play(Play),
    /// Put a leg on a bridge. Ends any prompt on it.
    Join(Join),
    /// End a leg, whatever state it is in, also when an answer crosses this. Report `leg_ended`.
    HangUp(HangUp),
    /// Send a message.
    Send(Send),
    /// Keep a record.
    Audit(Audit),
    /// A closed object is on its way out of the platform; keep what the law asks for.
    Archive(Archive),
    /// Forget what is named.
    Erase(Erase),
    /// Record what a caller says. At most once.
    Record(Record),
    /// Make text of a recording.
    Transcribe(Transcribe),
    /// A voice message is on its way out of the platform; keep what the law asks for.
    ArchiveVoiceMessage(VoiceMessageArchive),
}

impl Action {
    /// The leg of an effect that is done at most once.
    #[must_use]
    pub const fn at_most_once_leg(&self) -> Option<LegId> {
        match self {
            Self::Dial(dial) => Some(dial.leg),
            Self::Answer(answer) => Some(answer.leg),
            Self::Play(play) => Some(play.leg),
            Self::Record(record) => Some(record.leg),
            Self::Reject(_)
            | Self::Join(_)
            | Self::HangUp(_)
            | Self::Send(_)
            | Self::Audit(_)
            | Self::Archive(_)
            | Self::Erase(_)
            | Self::Transcribe(_)
            | Self::ArchiveVoiceMessage(_) => None,
        }
    }

    /// The leg that it speaks of.
    #[must_use]
    pub const fn leg(&self) -> Option<LegId> {
        match self {
            Self::Dial(Dial { leg, .. })
            | Self::Answer(Answer { leg, .. })
            | Self::Reject(Reject { leg, .. })
            | Self::Play(Play { leg, .. })
            | Self::Join(Join { leg, .. })
            | Self::HangUp(HangUp { leg, .. })
            | Self::Record(Record { leg, .. }) => Some(*leg),
            Self::Send(_)
            | Self::Audit(_)
            | Self::Archive(_)
            | Self::Erase(_)
            | Self::Transcribe(_)
            | Self::ArchiveVoiceMessage(_) => None,
        }
    }

    /// The media that it tells the host to forget.
    #[must_use]
    pub fn erased(&self) -> &[MediaId] {
        match self {
            Self::Erase(erase) => &erase.media,
            Self::Dial(_)
            | Self::Answer(_)
            | Self::Reject(_)
            | Self::Play(_)
            | Self::Join(_)
            | Self::HangUp(_)
            | Self::Send(_)
            | Self::Audit(_)
            | Self::Archive(_)
            | Self::Record(_)
            | Self::Transcribe(_)
            | Self::ArchiveVoiceMessage(_) => &[],
        }
    }

    /// Whether it rings a phone.
    #[must_use]
    pub const fn is_dial(&self) -> bool {
        matches!(self, Self::Dial(_))
    }

    /// Whether it answers an inbound leg.
    #[must_use]
    pub const fn is_answer(&self) -> bool {
        matches!(self, Self::Answer(_))
    }

    /// Whether it is done at most once.
    #[must_use]
    pub const fn is_at_most_once(&self) -> bool {
        self.at_most_once_leg().is_some()
    }

    /// The instant from which it must not be begun any more: its `not_after`, and for a `dial` also its `ring_until`, whichever comes first.
    #[must_use]
    pub const fn not_after(&self) -> Option<Timestamp> {
        match self {
            Self::Dial(dial) if dial.ring_until.as_micros() < dial.not_after.as_micros() => Some(dial.ring_until),
            Self::Dial(dial) => Some(dial.not_after),
            Self::Answer(answer) => Some(answer.not_after),
            Self::Play(play) => Some(play.not_after),
            Self::Record(record) => Some(record.not_after),
            Self::Reject(_)
            | Self::Join(_)
            | Self::HangUp(_)
            | Self::Send(_)
            | Self::Audit(_)
            | Self::Archive(_)
            | Self::Erase(_)
            | Self::Transcribe(_)
            | Self::ArchiveVoiceMessage(_) => None,
        }
    }
}

/// Which side of a call a leg is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The merchant's leg.
    Merchant,
    /// A user's leg.
    User,
}

/// Ring a phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dial {
    /// The leg's id, for every report on it.
    pub leg: LegId,
    /// The call it belongs to.
    pub call: CallId,
    /// Whose phone it is.
    pub party: Party,
    /// The number to ring. A user's real number stands only here and in messages to himself.
    pub to: PhoneNumber,
    /// The number to show. To the user the merchant's line, as the result told him; to the merchant the user's virtual number, or the line when
    /// there is none.
    pub from: PhoneNumber,
    /// How long it may ring, in milliseconds, if it begins at once; at least 1, since to many switches 0 means for ever. A host that begins later gives
    /// it what is left until `ring_until`.
    pub ring_timeout_ms: u32,
    /// From this instant on it must not ring, whenever it began: its ring time is over, or the window.
    pub ring_until: Timestamp,
    /// From this instant on it must not be done. The end of the window, less `min_ring_s`.
    pub not_after: Timestamp,
    /// Why the phone rings, to be shown where the network can (RFC 9796 `call-reason`).
    pub reason: CallReason,
    /// What carries the voice, if the host has the choice.
    pub bearer: Bearer,
}

/// Why a phone rings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallReason {
    /// The reservation.
    pub reservation: ReservationId,
    /// The merchant's name.
    pub merchant_name: Text,
    /// What the talk is about.
    pub offering_name: Text,
    /// The window that was booked.
    pub window: Window,
    /// The zone that it was meant in.
    pub zone: Zone,
}

/// Answer an inbound leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The leg.
    pub leg: LegId,
    /// From this instant on it must not be done: the platform gives up waiting for the report then.
    pub not_after: Timestamp,
}

/// Refuse an inbound leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reject {
    /// The leg.
    pub leg: LegId,
    /// Why.
    pub cause: ReleaseCause,
    /// The SIP status to answer with (RFC 3261 §21).
    pub sip_status: u16,
    /// The cause for a Reason header (RFC 3326; ITU-T Q.850).
    pub q850_cause: u8,
}

/// What is played to a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// 正在连接用户，请耐心等待 (S106).
    ConnectingUser,
    /// The user answered, but the merchant is gone: an apology.
    MerchantGone,
    /// The user cannot be reached now.
    UserUnreachable,
    /// The user is busy.
    UserBusy,
    /// The user's phone is off.
    UserPoweredOff,
    /// The user is out of the service area.
    UserOutOfArea,
    /// The user's number is suspended.
    UserSuspended,
    /// The caller's message was taken.
    MessageTaken,
    /// Nothing was said, so there is no message.
    NothingRecorded,
    /// No message can be taken now.
    RecordFailed,
}

/// Play a prompt to a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Play {
    /// The leg.
    pub leg: LegId,
    /// What.
    pub prompt: Prompt,
    /// From this instant on it must not be done.
    pub not_after: Timestamp,
}

/// Put a leg on the bridge of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// The bridge: one for each call, under the call's id.
    pub bridge: CallId,
    /// The leg.
    pub leg: LegId,
}

/// End a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HangUp {
    /// The leg.
    pub leg: LegId,
    /// Why.
    pub cause: ReleaseCause,
    /// The cause for the network (ITU-T Q.850).
    pub q850_cause: u8,
    /// What to play first to a leg that is answered. A leg that is not is ended at once.
    pub prompt: Option<Prompt>,
}

/// Send a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// Its id; a message that is sent twice carries the same one.
    pub message: MessageId,
    /// Where to.
    pub to: Address,
    /// What it says.
    pub content: Content,
    #[serde(skip)]
    made: Made,
}

/// A message is made by its two constructors only: a literal elsewhere has no such field to write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Made;

impl Send {
    /// A message to a user.
    #[must_use]
    pub fn to_user(message: MessageId, to: Address, content: UserContent) -> Self {
        Self { message, to, content: content.into(), made: Made }
    }

    /// A message to a merchant's chatbot.
    #[must_use]
    pub fn to_merchant(message: MessageId, chatbot: Address, content: MerchantContent) -> Self {
        Self { message, to: chatbot, content: content.into(), made: Made }
    }
}

/// A closed reservation leaves the platform: what was permitted to whom, and what came of it, by ids. It has no room for a phone number, a name or a text of the user's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// The reservation.
    pub reservation: ReservationId,
    /// Its merchant.
    pub merchant: MerchantId,
    /// Its last revision.
    pub revision: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// When it closed.
    pub closed_at: Timestamp,
    /// Where the booking came from.
    pub evidence: Option<BookingEvidence>,
    /// The page that it was booked on.
    pub page: PageId,
    /// What it was about.
    pub offering: OfferingId,
    /// When the merchant might ring, by the last revision.
    pub window: Window,
    /// The zone that the window was meant in.
    pub zone: Zone,
    /// Who was to call, if that was ever chosen, by whomever or by silence.
    pub mode: Option<CallMode>,
    /// When it was booked.
    pub booked_at: Timestamp,
    /// How often the user was rung and not reached.
    pub attempts: u32,
    /// How often the merchant's own phone was not reached.
    pub merchant_failures: u32,
    /// How often a `dial` was not carried out.
    pub platform_failures: u32,
    /// How many conversations there were.
    pub conversations: u32,
}

/// What the host must forget, wherever it keeps it, backups at their next turn included. Named by ids; it may be handed out again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erase {
    /// Of these reservations everything that says who booked, or for which phone: messages, recordings, names. Records by ids stay.
    pub reservations: Vec<ReservationId>,
    /// These media.
    pub media: Vec<MediaId>,
    /// Of these voice messages everything: links, texts, recordings. Records by ids stay.
    #[serde(default)]
    pub voice_messages: Vec<VoiceMessageId>,
}
