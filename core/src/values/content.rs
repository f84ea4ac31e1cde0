//! What messages say: to users, and to merchants.
//!
//! P7 is held by types: what a merchant is told ([`MerchantContent`]) has room for a [`MaskedNumber`] and [`MaskedText`] only.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::id::{ChallengeId, GroupId, MerchantId, OfferingId, PageId, ReservationId};
use super::input::Hours;
use super::media::SharedMedia;
use super::number::{MaskedNumber, PhoneNumber, VirtualNumber};
use super::policy::CallMode;
use super::reply::{Missed, MissedForMerchant, Outcome, ReservationState};
use super::text::{MaskedText, Text};
use super::time::{DayRule, LocalDate, Timestamp, Window, Zone};
use super::voice::{VoiceMessageNote, VoiceMessageNotice};

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
    /// What about.
    pub offering_name: Text,
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
