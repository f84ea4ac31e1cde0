//! What the host must do.
//!
//! `dial`, `answer`, `play` and `record` are done at most once: they carry `not_after`, and a host that has reached that instant, or does not know
//! whether it already did it, does not do it and reports `effect_failed`. All others may be done again.
//!
//! P7 is held by types: a message is made by [`Send::to_user`] or [`Send::to_merchant`], and what a merchant is told
//! ([`MerchantContent`]) has room for a [`MaskedNumber`] and [`MaskedText`] only.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::cause::ReleaseCause;
use super::id::{
    BindingId, CallId, ChallengeId, GroupId, LegId, MediaId, MerchantId, MessageId, OfferingId, PageId, ReservationId,
    VoiceMessageId,
};
use super::input::{BookingEvidence, Hours};
use super::media::SharedMedia;
use super::number::{Address, MaskedNumber, PhoneNumber, VirtualNumber};
use super::policy::{Bearer, CallMode};
use super::reply::{DenyReason, Missed, MissedForMerchant, Outcome, ReservationState};
use super::text::{MaskedText, Text};
use super::time::{DayRule, LocalDate, Timestamp, Window, Zone};
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

/// What a message says. In a [`Send`] it was made from a [`UserContent`] or a [`MerchantContent`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// To a user: [`UserContent::BookingPage`].
    BookingPage(Arc<BookingPage>),
    /// To a user: [`UserContent::Result`].
    Result(BookingResult),
    /// To a user: [`UserContent::ContactUnconfirmed`].
    ContactUnconfirmed(ReservationNotice),
    /// To a merchant: [`MerchantContent::Reservation`].
    Reservation(ReservationForMerchant),
    /// To a merchant: [`MerchantContent::ModeOptions`].
    ModeOptions(ModeOptions),
    /// To a user: [`UserContent::Cancelled`].
    Cancelled(ReservationNotice),
    /// To a user: [`UserContent::Missed`].
    Missed(MissedNotice),
    /// To a merchant: [`MerchantContent::Cancelled`].
    CancelledForMerchant(NoticeForMerchant),
    /// To a merchant: [`MerchantContent::Missed`].
    MissedForMerchant(MissedNoticeForMerchant),
    /// To the holder of a contact number: [`UserContent::Challenge`].
    Challenge(Challenge),
    /// To a user: [`UserContent::ContactNotConfirmed`].
    ContactNotConfirmed(ReservationNotice),
    /// To a user: [`UserContent::SearchEntry`].
    SearchEntry(SearchEntry),
    /// To a user: [`UserContent::SearchResults`].
    SearchResults(SearchResults),
    /// To a merchant: [`MerchantContent::Amended`].
    Amended(ReservationForMerchant),
    /// To a merchant: [`MerchantContent::OnHold`].
    OnHold(ReservationOnHold),
    /// To a user: [`UserContent::Declined`].
    Declined(DeclinedNotice),
    /// To a merchant: [`MerchantContent::SlotOver`].
    SlotOver(SlotOverNotice),
    /// To a user: [`UserContent::ManagePage`].
    ManagePage(ManagePage),
    /// To a user: [`UserContent::Reminder`].
    Reminder(BookingResult),
    /// To the holder of a number: [`UserContent::BindingChallenge`].
    BindingChallenge(BindingChallenge),
    /// To an account: [`UserContent::BindingChanged`].
    BindingChanged(BindingChanged),
    /// To an account: [`UserContent::VoiceMessage`].
    VoiceMessage(VoiceMessageNotice),
    /// To a caller: [`UserContent::VoiceMessageUndelivered`].
    VoiceMessageUndelivered(VoiceMessageNote),
    /// To a caller: [`UserContent::CallBackRequested`].
    CallBackRequested(VoiceMessageNote),
    /// To a merchant: [`MerchantContent::VoiceMessageUndelivered`].
    VoiceMessageUndeliveredForMerchant(VoiceMessageNote),
    /// To a merchant: [`MerchantContent::CallBackRequested`].
    CallBackRequestedForMerchant(VoiceMessageNote),
}

impl From<UserContent> for Content {
    fn from(content: UserContent) -> Self {
        match content {
            UserContent::BookingPage(content) => Self::BookingPage(content),
            UserContent::Result(content) => Self::Result(content),
            UserContent::ContactUnconfirmed(content) => Self::ContactUnconfirmed(content),
            UserContent::Cancelled(content) => Self::Cancelled(content),
            UserContent::Missed(content) => Self::Missed(content),
            UserContent::Challenge(content) => Self::Challenge(content),
            UserContent::ContactNotConfirmed(content) => Self::ContactNotConfirmed(content),
            UserContent::SearchEntry(content) => Self::SearchEntry(content),
            UserContent::SearchResults(content) => Self::SearchResults(content),
            UserContent::Declined(content) => Self::Declined(content),
            UserContent::ManagePage(content) => Self::ManagePage(content),
            UserContent::Reminder(content) => Self::Reminder(content),
            UserContent::BindingChallenge(content) => Self::BindingChallenge(content),
            UserContent::BindingChanged(content) => Self::BindingChanged(content),
            UserContent::VoiceMessage(content) => Self::VoiceMessage(content),
            UserContent::VoiceMessageUndelivered(content) => Self::VoiceMessageUndelivered(content),
            UserContent::CallBackRequested(content) => Self::CallBackRequested(content),
        }
    }
}

impl From<MerchantContent> for Content {
    fn from(content: MerchantContent) -> Self {
        match content {
            MerchantContent::Reservation(content) => Self::Reservation(content),
            MerchantContent::ModeOptions(content) => Self::ModeOptions(content),
            MerchantContent::Cancelled(content) => Self::CancelledForMerchant(content),
            MerchantContent::Missed(content) => Self::MissedForMerchant(content),
            MerchantContent::Amended(content) => Self::Amended(content),
            MerchantContent::OnHold(content) => Self::OnHold(content),
            MerchantContent::SlotOver(content) => Self::SlotOver(content),
            MerchantContent::VoiceMessageUndelivered(content) => Self::VoiceMessageUndeliveredForMerchant(content),
            MerchantContent::CallBackRequested(content) => Self::CallBackRequestedForMerchant(content),
        }
    }
}

impl Content {
    /// The reservation that it is about.
    #[must_use]
    pub const fn reservation(&self) -> Option<ReservationId> {
        match self {
            Self::BookingPage(_)
            | Self::SearchEntry(_)
            | Self::SearchResults(_)
            | Self::BindingChallenge(_)
            | Self::BindingChanged(_)
            | Self::VoiceMessage(_)
            | Self::VoiceMessageUndelivered(_)
            | Self::CallBackRequested(_)
            | Self::VoiceMessageUndeliveredForMerchant(_)
            | Self::CallBackRequestedForMerchant(_) => None,
            Self::Result(content) | Self::Reminder(content) => Some(content.reservation),
            Self::ContactUnconfirmed(content) | Self::Cancelled(content) | Self::ContactNotConfirmed(content) => {
                Some(content.reservation)
            }
            Self::Missed(content) => Some(content.reservation),
            Self::Challenge(content) => Some(content.reservation),
            Self::Declined(content) => Some(content.reservation),
            Self::ManagePage(content) => Some(content.reservation),
            Self::Reservation(content) | Self::Amended(content) => Some(content.reservation),
            Self::ModeOptions(content) => Some(content.reservation),
            Self::CancelledForMerchant(content) => Some(content.reservation),
            Self::MissedForMerchant(content) => Some(content.reservation),
            Self::OnHold(content) => Some(content.reservation),
            Self::SlotOver(content) => Some(content.reservation),
        }
    }
}

impl UserContent {
    /// The reservation that it is about.
    #[must_use]
    pub const fn reservation(&self) -> Option<ReservationId> {
        match self {
            Self::BookingPage(_)
            | Self::SearchEntry(_)
            | Self::SearchResults(_)
            | Self::BindingChallenge(_)
            | Self::BindingChanged(_)
            | Self::VoiceMessage(_)
            | Self::VoiceMessageUndelivered(_)
            | Self::CallBackRequested(_) => None,
            Self::Result(content) | Self::Reminder(content) => Some(content.reservation),
            Self::ContactUnconfirmed(content) | Self::Cancelled(content) | Self::ContactNotConfirmed(content) => {
                Some(content.reservation)
            }
            Self::Missed(content) => Some(content.reservation),
            Self::Challenge(content) => Some(content.reservation),
            Self::Declined(content) => Some(content.reservation),
            Self::ManagePage(content) => Some(content.reservation),
        }
    }
}

impl MerchantContent {
    /// The reservation that it is about.
    #[must_use]
    pub const fn reservation(&self) -> Option<ReservationId> {
        match self {
            Self::Reservation(content) | Self::Amended(content) => Some(content.reservation),
            Self::ModeOptions(content) => Some(content.reservation),
            Self::Cancelled(content) => Some(content.reservation),
            Self::Missed(content) => Some(content.reservation),
            Self::OnHold(content) => Some(content.reservation),
            Self::SlotOver(content) => Some(content.reservation),
            Self::VoiceMessageUndelivered(_) | Self::CallBackRequested(_) => None,
        }
    }
}

/// What a user is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserContent {
    /// A booking page (S302). Shared by all to whom it goes.
    BookingPage(Arc<BookingPage>),
    /// The result of a booking (预约结果, S304): 信息已受理, 请注意18点-20点间接听95511来电.
    Result(BookingResult),
    /// The booking stands, but nothing rings before the holder of the contact number agrees (P2).
    ContactUnconfirmed(ReservationNotice),
    /// The reservation was cancelled.
    Cancelled(ReservationNotice),
    /// The window is over and there was no conversation.
    Missed(MissedNotice),
    /// To the contact number: somebody booked for it, and its holder is asked for the code. The host puts the code into the message, which it
    /// asks the platform for when it sends it ([`Platform::code`](crate::Platform::code)).
    Challenge(Challenge),
    /// The reservation is closed: too many wrong codes were given for it.
    ContactNotConfirmed(ReservationNotice),
    /// Where to type a keyword (搜索入口).
    SearchEntry(SearchEntry),
    /// What was found.
    SearchResults(SearchResults),
    /// The merchant will not call.
    Declined(DeclinedNotice),
    /// How his reservation stands, and what he may do with it (取消预约, 修改预约信息).
    ManagePage(ManagePage),
    /// The window begins soon: what the result said, and what he may do now.
    Reminder(BookingResult),
    /// To a phone number: an account wants it bound, and its holder is asked for the code. The host puts the code into the message
    /// ([`Platform::code`](crate::Platform::code)).
    BindingChallenge(BindingChallenge),
    /// To an account: what became of a number of his.
    BindingChanged(BindingChanged),
    /// To an account, or to the phone that it was left for: somebody left a voice message (seed 003, step 104).
    VoiceMessage(VoiceMessageNotice),
    /// To a caller: the voice message that he left did not arrive.
    VoiceMessageUndelivered(VoiceMessageNote),
    /// To a caller: whoever listened to his voice message asks to be called back.
    CallBackRequested(VoiceMessageNote),
}

/// What a merchant is told. Nothing in here can hold a user's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MerchantContent {
    /// A reservation (S305).
    Reservation(ReservationForMerchant),
    /// The two call modes to choose from (S306, claim 5).
    ModeOptions(ModeOptions),
    /// The user took the reservation back.
    Cancelled(NoticeForMerchant),
    /// The window is over and there was no conversation.
    Missed(MissedNoticeForMerchant),
    /// The user changed a reservation that the merchant knows: all of it, as it stands now (修改后的预约信息).
    Amended(ReservationForMerchant),
    /// The user changed it so that its holder must agree anew: until then nothing rings.
    OnHold(ReservationOnHold),
    /// His slot is over without a conversation: the platform calls again once he chooses another, or says that he is ready.
    SlotOver(SlotOverNotice),
    /// The voice message that he left did not arrive.
    VoiceMessageUndelivered(VoiceMessageNote),
    /// Whoever listened to his voice message asks to be called back.
    CallBackRequested(VoiceMessageNote),
}

/// A booking page as a user sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookingPage {
    /// The page.
    pub page: PageId,
    /// Its version, from 1.
    pub version: u32,
    /// Whose it is.
    pub merchant: MerchantId,
    /// The merchant's name.
    pub merchant_name: Text,
    /// What can be talked about.
    pub offerings: BTreeMap<OfferingId, Text>,
    /// The concrete windows that are not over.
    pub windows: Vec<Window>,
    /// The weekly hours.
    pub hours: Vec<Hours>,
    /// The zone of the weekly hours.
    pub zone: Zone,
    /// What the merchant says of himself.
    pub description: Option<Text>,
    /// More about those offerings that have more to tell.
    pub descriptions: BTreeMap<OfferingId, Text>,
    /// The days from today on on which the weekly hours do not follow the weekday.
    pub days: BTreeMap<LocalDate, DayRule>,
    /// How many users may share one call, if the page offers it: a user may agree to it when he books.
    pub group_size_max: Option<u32>,
    /// What else the user may do from here.
    pub actions: [PageAction; 1],
}

/// What a user may do from a page besides booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageAction {
    /// 搜索其他商户: send `search` without a keyword.
    Search,
}

/// The search entry: the user types a keyword, and the host sends it as `search`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchEntry {}

/// What was found for a keyword.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchResults {
    /// The keyword, as it was sent.
    pub keyword: Text,
    /// The pages, the best first. None when nothing was found.
    pub results: Vec<SearchResult>,
    /// Whether there were more.
    pub more: bool,
}

/// One page that was found. The user asks for it with `request_page`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchResult {
    /// The page.
    pub page: PageId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// The merchant's name.
    pub merchant_name: Text,
    /// What the merchant says of himself.
    pub description: Option<Text>,
    /// The offerings in whose name or description a word of the keyword stands.
    pub offerings: BTreeMap<OfferingId, Text>,
}

/// The result of a booking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookingResult {
    /// The reservation.
    pub reservation: ReservationId,
    /// Its revision, from 1.
    pub revision: u32,
    /// The merchant's name.
    pub merchant_name: Text,
    /// The number that will call.
    pub line: PhoneNumber,
    /// The person to talk to.
    pub contact: Option<Text>,
    /// The merchant's postal address.
    pub address: Option<Text>,
    /// What the talk is about.
    pub offering_name: Text,
    /// When the phone may ring.
    pub window: Window,
    /// The zone that the window was meant in.
    pub zone: Zone,
    /// Whether others may be on the call, as the user agreed. Who, and how many, nobody is told.
    pub is_shared: bool,
    /// What the user may do now: the buttons under it. None when they come on a manage page of their own.
    pub actions: Vec<ReservationAction>,
}

/// What a user may do with his reservation, in the order in which it is offered. Each is the input of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReservationAction {
    /// 确认预约: the result awaits it.
    Acknowledge,
    /// 修改预约信息.
    Amend,
    /// 取消预约.
    Cancel,
}

/// The page to manage a reservation. It has no room for a number or a name of anybody who booked: the sender and the holder of the contact number see the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagePage {
    /// The reservation.
    pub reservation: ReservationId,
    /// The merchant's name.
    pub merchant_name: Text,
    /// The number that will call.
    pub line: PhoneNumber,
    /// The person to talk to.
    pub contact: Option<Text>,
    /// The merchant's postal address.
    pub address: Option<Text>,
    /// How it stands.
    pub state: ReservationState,
    /// How it ended, once it is closed.
    pub outcome: Option<Outcome>,
    /// What holds.
    pub terms: ShownTerms,
    /// What will hold when the conversation is over.
    pub waiting: Option<ShownTerms>,
    /// What the user may do now.
    pub actions: Vec<ReservationAction>,
}

/// What a revision of a reservation says, as its user is shown it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownTerms {
    /// The revision, from 1.
    pub revision: u32,
    /// What the talk is about.
    pub offering_name: Text,
    /// When the phone may ring.
    pub window: Window,
    /// The zone that the window was meant in.
    pub zone: Zone,
}

/// A reservation as its merchant sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReservationForMerchant {
    /// The reservation: what the merchant calls by.
    pub reservation: ReservationId,
    /// Its revision, from 1.
    pub revision: u32,
    /// The page it was made on.
    pub page: PageId,
    /// What it is about.
    pub offering: OfferingId,
    /// The offering's name when it was booked.
    pub offering_name: Text,
    /// The user's number with its tail hidden.
    pub number: MaskedNumber,
    /// What the merchant dials, and keeps the user under: good inside the window. Absent when the operator has no pool, or it was empty.
    pub virtual_number: Option<VirtualNumber>,
    /// The user's name, with runs of digits masked.
    pub name: Option<MaskedText>,
    /// The line that calls come from.
    pub line: PhoneNumber,
    /// When the merchant may ring.
    pub window: Window,
    /// The zone that the window was meant in.
    pub zone: Zone,
    /// The group that the user may share a call with, when he agreed to it: what the merchant calls all of them by.
    pub group: Option<GroupId>,
    /// What the user attached and chose to share.
    pub media: Vec<SharedMedia>,
}

/// The modes that a merchant may choose from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModeOptions {
    /// The reservation.
    pub reservation: ReservationId,
    /// The options.
    pub options: [CallMode; 2],
    /// What holds when the merchant is silent until the window opens.
    pub on_silence: CallMode,
}

/// Something happened to a reservation, as its user is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReservationNotice {
    /// The reservation.
    pub reservation: ReservationId,
    /// The merchant's name.
    pub merchant_name: Text,
    /// Its window.
    pub window: Window,
    /// The zone that the window was meant in.
    pub zone: Zone,
}

/// Somebody booked for this number: its holder is asked. Who booked is not said, and the code is not in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Challenge {
    /// The challenge, to ask for the code by.
    pub challenge: ChallengeId,
    /// The reservation, to give the code for, or to cancel.
    pub reservation: ReservationId,
    /// The merchant who would call.
    pub merchant_name: Text,
    /// When he might.
    pub window: Window,
    /// The zone that the window was meant in.
    pub zone: Zone,
    /// From this instant on the code is of no use.
    pub until: Timestamp,
    /// Whether others may be on the call.
    pub is_shared: bool,
}

/// An account wants this number bound: its holder is asked. Which account is not said, and the code is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BindingChallenge {
    /// The challenge, to ask for the code by.
    pub challenge: ChallengeId,
    /// From this instant on the code is of no use.
    pub until: Timestamp,
}

/// What became of a number that an account had, or asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BindingChanged {
    /// The number: the account's own, or the one that it asked for.
    pub number: PhoneNumber,
    /// What became of it.
    pub change: BindingChange,
}

/// What becomes of a number that an account has, or asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BindingChange {
    /// It is bound: messages that callers leave for it come to this account.
    Bound,
    /// It is not: too many wrong codes were given.
    NotConfirmed,
    /// Another account proved that it has the number now. Nothing for it comes here any more.
    TakenOver,
    /// The number's holder wanted to be forgotten. Nothing for it comes here any more.
    Forgotten,
}

/// A reservation ended without a conversation, as its user is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissedNotice {
    /// The reservation.
    pub reservation: ReservationId,
    /// The merchant's name.
    pub merchant_name: Text,
    /// Why.
    pub why: Missed,
    /// Its window.
    pub window: Window,
    /// The zone that the window was meant in.
    pub zone: Zone,
}

/// Something happened to a reservation, as its merchant is told. He knows his own name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeForMerchant {
    /// The reservation.
    pub reservation: ReservationId,
    /// Its window.
    pub window: Window,
    /// The zone that the window was meant in.
    pub zone: Zone,
}

/// A reservation that waits for the agreement of the holder of its contact number. It names neither him nor the number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReservationOnHold {
    /// The reservation.
    pub reservation: ReservationId,
    /// Its revision, from 1.
    pub revision: u32,
    /// When the merchant may ring once the holder has agreed.
    pub window: Window,
    /// The zone that the window was meant in.
    pub zone: Zone,
}

/// The merchant will not call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclinedNotice {
    /// The reservation.
    pub reservation: ReservationId,
    /// The merchant's name.
    pub merchant_name: Text,
    /// What the merchant says of the reason, with runs of digits masked.
    pub reason: Option<MaskedText>,
    /// Its window.
    pub window: Window,
    /// The zone that the window was meant in.
    pub zone: Zone,
}

/// A reservation ended without a conversation, as its merchant is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissedNoticeForMerchant {
    /// The reservation.
    pub reservation: ReservationId,
    /// Why, as far as it concerns him.
    pub why: MissedForMerchant,
    /// Its window.
    pub window: Window,
    /// The zone that the window was meant in.
    pub zone: Zone,
}

/// A slot ended without a conversation, and the reservation waits for another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotOverNotice {
    /// The reservation.
    pub reservation: ReservationId,
    /// The slot that is over.
    pub slot: Window,
    /// Why, as far as it concerns him.
    pub why: MissedForMerchant,
    /// The reservation's window, in which another slot may be chosen.
    pub window: Window,
    /// The zone that the window was meant in.
    pub zone: Zone,
}

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
