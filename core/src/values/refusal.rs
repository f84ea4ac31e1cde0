//! Why an input is refused. A refusal changes and emits nothing beyond settling the deadlines that were due.
//!
//! Three families. *Misuse*: the caller is wrong (unknown, gone, wrong state, malformed). *Refused*: a rule said no.
//! *Limit*: a bound of the [`Policy`](super::policy::Policy) is reached. When several hold, the earliest in the order of
//! each input's documented checks is given. Texts carry no phone number.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::id::{MediaId, MerchantId, PageId, ReservationId, VoiceMessageId};
use super::reply::ReservationState;
use super::text::Text;
use super::time::{Timestamp, Window};

/// What kind of thing was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Object {
    /// A merchant.
    Merchant,
    /// A line of a merchant.
    Line,
    /// A booking page.
    Page,
    /// An offering of a page.
    Offering,
    /// A reservation.
    Reservation,
    /// A call.
    Call,
    /// A leg.
    Leg,
    /// A code that was sent, and what it asks.
    Challenge,
    /// A calendar.
    Calendar,
    /// A voice message.
    VoiceMessage,
}

impl Object {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Merchant => "merchant",
            Self::Line => "line",
            Self::Page => "page",
            Self::Offering => "offering",
            Self::Reservation => "reservation",
            Self::Call => "call",
            Self::Leg => "leg",
            Self::Challenge => "challenge",
            Self::Calendar => "calendar",
            Self::VoiceMessage => "voice message",
        }
    }
}

impl core::fmt::Display for Object {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.word())
    }
}

/// The three families.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// The caller is wrong.
    Misuse,
    /// A rule said no.
    Refused,
    /// A bound is reached.
    Limit,
}

/// A bound of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// `merchants_max`.
    Merchants,
    /// `lines_per_merchant_max`.
    LinesPerMerchant,
    /// `pages_max`.
    Pages,
    /// `page_entries_max`.
    PageEntries,
    /// `reservations_max`.
    Reservations,
    /// `reservations_per_number_max`.
    ReservationsPerNumber,
    /// `push_max`.
    Push,
    /// `outbox_max`: confirm effects first.
    Outbox,
    /// `text_chars_max`.
    TextChars,
    /// `book_ahead_max_s`.
    BookAhead,
    /// `dedup_max`.
    Dedup,
    /// `channels_max`.
    Channels,
    /// `pushed_pages_max`: confirm effects first.
    PushedPages,
    /// `pages_per_merchant_max`.
    PagesPerMerchant,
    /// `numbers_max`.
    Numbers,
    /// `challenges_per_number_max`.
    ChallengesPerNumber,
    /// `codes_max`.
    Codes,
    /// `reservations_per_sender_max`.
    ReservationsPerSender,
    /// `calendars_max`.
    Calendars,
    /// `calendar_days_max`.
    CalendarDays,
    /// `blocks_per_user_max`.
    BlocksPerUser,
    /// `blocks_max`.
    Blocks,
    /// `revisions_max`.
    Revisions,
    /// `freezes_max`.
    Freezes,
    /// `do_not_call_max`.
    DoNotCall,
    /// `do_not_call_import_max`.
    DoNotCallImport,
    /// `group_size_max`.
    GroupSize,
    /// `attachments_max`.
    Attachments,
    /// `accounts_max`.
    Accounts,
    /// `bindings_per_account_max`.
    BindingsPerAccount,
    /// `bindings_max`.
    Bindings,
    /// `failed_calls_max`.
    FailedCalls,
}

impl Bound {
    /// The policy field that sets it.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Merchants => "merchants_max",
            Self::LinesPerMerchant => "lines_per_merchant_max",
            Self::Pages => "pages_max",
            Self::PageEntries => "page_entries_max",
            Self::Reservations => "reservations_max",
            Self::ReservationsPerNumber => "reservations_per_number_max",
            Self::Push => "push_max",
            Self::Outbox => "outbox_max",
            Self::TextChars => "text_chars_max",
            Self::BookAhead => "book_ahead_max_s",
            Self::Dedup => "dedup_max",
            Self::Channels => "channels_max",
            Self::PushedPages => "pushed_pages_max",
            Self::PagesPerMerchant => "pages_per_merchant_max",
            Self::Numbers => "numbers_max",
            Self::ChallengesPerNumber => "challenges_per_number_max",
            Self::Codes => "codes_max",
            Self::ReservationsPerSender => "reservations_per_sender_max",
            Self::Calendars => "calendars_max",
            Self::CalendarDays => "calendar_days_max",
            Self::BlocksPerUser => "blocks_per_user_max",
            Self::Blocks => "blocks_max",
            Self::Revisions => "revisions_max",
            Self::Freezes => "freezes_max",
            Self::DoNotCall => "do_not_call_max",
            Self::DoNotCallImport => "do_not_call_import_max",
            Self::GroupSize => "group_size_max",
            Self::Attachments => "attachments_max",
            Self::Accounts => "accounts_max",
            Self::BindingsPerAccount => "bindings_per_account_max",
            Self::Bindings => "bindings_max",
            Self::FailedCalls => "failed_calls_max",
        }
    }
}

impl core::fmt::Display for Bound {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.field())
    }
}

/// Why an input was refused. In JSON the key `code` holds the variant in snake_case, beside the fields.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Refusal {
    // Misuse, 100 to 199.
    /// Nothing has this id, and nothing had it before.
    #[error("there is no {object} {id}")]
    Unknown {
        /// What was named.
        object: Object,
        /// The id that was given.
        id: u64,
    },
    /// It existed and is gone: closed and archived.
    #[error("{object} {id} is gone")]
    Gone {
        /// What was named.
        object: Object,
        /// The id that was given.
        id: u64,
    },
    /// The command does not fit the state.
    #[error("reservation {reservation} is {state:?}; this is possible in {legal:?} only")]
    WrongState {
        /// The reservation.
        reservation: ReservationId,
        /// Its state.
        state: ReservationState,
        /// The states in which the command is legal.
        legal: Vec<ReservationState>,
    },
    /// A field is malformed.
    #[error("field {field}: {allowed}")]
    Invalid {
        /// The field's path in the input.
        field: Field,
        /// What is allowed there.
        allowed: Allowed,
    },
    /// A line number that another merchant has registered.
    #[error("line {index} of the registration (counted from 0) belongs to another merchant")]
    LineTaken {
        /// Its place in the list.
        index: u32,
    },
    /// An update would drop a line that live reservations name, or that live calls are on.
    #[error(
        "line {index} of the registration in force (counted from 0) is left out and still has {reservations} live reservations and {calls} live calls"
    )]
    LineInUse {
        /// Its place in the list that it is left out of.
        index: u32,
        /// The live reservations that name it.
        reservations: u64,
        /// The live calls on it.
        calls: u32,
    },
    /// An update would give a line fewer channels than it has live calls.
    #[error("line {index} of the registration (counted from 0) has {live} live calls, more than its new channels")]
    ChannelsInUse {
        /// Its place in the list.
        index: u32,
        /// The live calls.
        live: u32,
    },
    /// `confirm` or `effect_failed` of an effect that was never emitted.
    #[error("effect {sequence} has not been emitted; the last one is {last}")]
    NotEmitted {
        /// The number that was given.
        sequence: u64,
        /// The last number emitted.
        last: u64,
    },

    /// The same key came before with another content.
    #[error("this key came before from the same source with another content")]
    RepeatDiffers,
    /// A key's source or key is empty.
    #[error("the source and the key of a repeatable input may not be empty")]
    EmptyKey,
    /// A field of a new policy is out of its range.
    #[error("policy field {field} is {given}; allowed is {least} to {most}")]
    InvalidPolicy {
        /// The field's name.
        field: Text,
        /// What it was set to.
        given: u32,
        /// The least value allowed.
        least: u32,
        /// The largest value allowed.
        most: u32,
    },
    /// The clock leapt farther forward than the policy trusts.
    #[error("the clock leapt from {latest} by more than {most_s} s; send confirm_clock if it is right")]
    ClockLeap {
        /// The latest instant seen.
        latest: Timestamp,
        /// The longest leap that is taken.
        most_s: u32,
    },
    /// A number for the pool is a phone that somebody has: a merchant's line, the sender or contact of a reservation that is kept, or an account's.
    #[error(
        "number {index} of the import (counted from 0) is a merchant's line, a phone of a reservation that is kept, or bound to an account"
    )]
    NumberInUse {
        /// Its place in the list.
        index: u32,
    },

    /// No code is out for this reservation: its time is over, or none was ever sent.
    #[error("no code is out for reservation {reservation}; ask for one with request_code")]
    NoCode {
        /// The reservation.
        reservation: ReservationId,
    },
    /// A key that is not loaded.
    #[error("no key is loaded under the id {id}; load it first")]
    KeyNotLoaded {
        /// The id that was given.
        id: Text,
    },
    /// A code was asked for, and no key was ever set.
    #[error("no key is in use, so there are no codes; send rotate_key first")]
    NoKey,
    /// A line number that is a user's phone: a live reservation or a live leg names it, or an account has it.
    #[error(
        "line {index} of the registration (counted from 0) is the phone of a live reservation or call, or bound to an account"
    )]
    LineIsContact {
        /// Its place in the list.
        index: u32,
    },
    /// An update would leave a merchant without a chatbot while his pages are out.
    #[error("the merchant still has {pages} published pages, and nobody could be told of their bookings; withdraw them first")]
    ChatbotInUse {
        /// How many.
        pages: u64,
    },

    /// It was cancelled or declined while its user was talking, and closes when the call ends.
    #[error("reservation {reservation} was cancelled or declined, and closes when its call ends")]
    Ending {
        /// The reservation.
        reservation: ReservationId,
    },

    /// Something attached that another reservation or a voice message has: what a user shares with one merchant would pass to another, or another's media would. Or an
    /// unconfirmed `erase` names it.
    #[error(
        "media {media} is attached to another reservation, of a voice message, or about to be erased; give each attachment and recording an id of its own"
    )]
    MediaInUse {
        /// The host's id of it.
        media: MediaId,
    },

    /// This account did not ask for this number, or its code is of no use any more.
    #[error("no code is out by which this account could prove this number; ask for one with request_binding")]
    NotRequested,

    /// The message has not been delivered yet.
    #[error("voice message {voice_message} has not been delivered yet")]
    NotDelivered {
        /// The message.
        voice_message: VoiceMessageId,
    },

    // Refused, 200 to 299.
    /// The merchant has no registered chatbot, or the page comes from another one (claim 6).
    #[error("pages are published by the merchant's registered chatbot only")]
    NotTheChatbot,
    /// The window is over.
    #[error("the window was over at {end}")]
    WindowOver {
        /// When it ended.
        end: Timestamp,
        /// The windows of the page that are left and lie nearest to it, the nearest first; at most three.
        nearest: Vec<Window>,
    },
    /// The window is not one of the page's.
    #[error("the page does not offer this window")]
    WindowNotOffered {
        /// The windows of the page that are left and lie nearest to it, the nearest first; at most three.
        nearest: Vec<Window>,
    },
    /// The user already has a live reservation with this merchant that covers part of the window.
    #[error("the window overlaps another reservation with this merchant; amend that one")]
    Overlap {
        /// That reservation, when it is the sender's own.
        reservation: Option<ReservationId>,
    },
    /// The merchant has no virtual number to dial: the pool was empty when the booking was accepted.
    #[error(
        "the pool of virtual numbers was empty at the booking, so the platform makes the calls for reservation {reservation}"
    )]
    PlatformCallsOnly {
        /// The reservation.
        reservation: ReservationId,
    },
    /// The page was withdrawn.
    #[error("page {page} was withdrawn")]
    PageWithdrawn {
        /// The page.
        page: PageId,
    },
    /// The merchant has no page that could be sent.
    #[error("merchant {merchant} has no published page")]
    NoPage {
        /// The merchant.
        merchant: MerchantId,
    },
    /// The sender has blocked the merchant.
    #[error("the sender has blocked this merchant; unblock him first")]
    Blocked,
    /// The user is in the last conversation that the reservation is good for: there is nothing left to change.
    #[error("the conversation that runs is the last one of reservation {reservation}; book again")]
    LastConversation {
        /// The reservation.
        reservation: ReservationId,
    },

    /// The rules of the platform choose the call mode of every reservation.
    #[error("the platform's rules choose the call mode; merchants do not")]
    ModeByPlatform,

    /// As many wrong codes as are taken for one number within a day were given for it.
    #[error("{most} wrong codes were given for this number within the day; the next code may go to it at {retry_at}")]
    WrongCodeLimit {
        /// How many are taken within 24 hours.
        most: u32,
        /// When the next code may go.
        retry_at: Timestamp,
    },

    /// As many codes as one number takes within an hour went to it.
    #[error("{most} codes went to this number within the hour; the next may go at {retry_at}")]
    CodeLimit {
        /// How many may go within an hour.
        most: u32,
        /// When the next may go.
        retry_at: Timestamp,
    },

    /// The phone that shall ring is on the operator's do-not-call list.
    #[error("the contact number is on the operator's do-not-call list")]
    DoNotCall,
    /// No hour in which phones may ring lies in the window, or none that is not over.
    #[error("in no hour of the window that is left may phones ring")]
    OutsideHours {
        /// The next hours in which they may.
        callable: Option<Window>,
    },
    /// Slots are for calls that the platform makes.
    #[error("slots are for calls that the platform makes; the mode of reservation {reservation} is another")]
    NotPlatformMode {
        /// The reservation.
        reservation: ReservationId,
    },
    /// The slot does not lie inside the window that the user permits.
    #[error("the slot lies outside the reservation's window")]
    SlotOutside {
        /// The window.
        window: Window,
    },
    /// The slot is over.
    #[error("the slot was over at {end}")]
    SlotOver {
        /// When it ended.
        end: Timestamp,
    },

    /// Only who follows the operator's public account may bind a number (seed 003, step 101).
    #[error("the account does not follow the operator's public account")]
    NotFollowing,

    /// Whoever left the message cannot be told anything: he withheld his number, or it takes no messages.
    #[error("whoever left voice message {voice_message} cannot be told anything")]
    NoCaller {
        /// The message.
        voice_message: VoiceMessageId,
    },

    /// The user agrees to share the call, and the page has no shared calls.
    #[error("page {page} offers no shared calls")]
    SharingNotOffered {
        /// The page.
        page: PageId,
    },

    // Limit, 300 to 399.
    /// A bound of the policy is reached.
    #[error("{bound} of the policy is reached: {most} at most")]
    Limit {
        /// Which one.
        bound: Bound,
        /// Its value.
        most: u64,
    },
}

/// A field of an input, as refusals name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The lines of a merchant.
    Lines,
    /// The channels of a line.
    Channels,
    /// A merchant's chatbot.
    Chatbot,
    /// A name.
    Name,
    /// The offerings of a page.
    Offerings,
    /// The windows and hours of a page.
    Windows,
    /// The users that a page is pushed to.
    To,
    /// The one who books or cancels.
    User,
    /// The phone that shall ring.
    Contact,
    /// What the network said of a leg.
    Evidence,
    /// The numbers of an import.
    Numbers,
    /// The id of a key.
    Id,
    /// The descriptions of offerings.
    Descriptions,
    /// Who freezes or thaws.
    By,
    /// Why he does.
    Why,
    /// How many users may share a call.
    GroupSizeMax,
    /// What is attached.
    Attachments,
    /// The mailbox of the one who books.
    Email,
    /// How the result is asked for.
    ResultBy,
    /// A phone number.
    Number,
}

impl core::fmt::Display for Field {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Lines => "lines",
            Self::Channels => "channels",
            Self::Chatbot => "chatbot",
            Self::Name => "name",
            Self::Offerings => "offerings",
            Self::Windows => "windows",
            Self::To => "to",
            Self::User => "user",
            Self::Contact => "contact",
            Self::Evidence => "evidence",
            Self::Numbers => "numbers",
            Self::Id => "id",
            Self::Descriptions => "descriptions",
            Self::By => "by",
            Self::Why => "why",
            Self::GroupSizeMax => "group_size_max",
            Self::Attachments => "attachments",
            Self::Email => "email",
            Self::ResultBy => "result_by",
            Self::Number => "number",
        })
    }
}

/// What is allowed in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allowed {
    /// At least one entry.
    AtLeastOne,
    /// No entry twice.
    NoRepeats,
    /// What a reservation's sender attached, only he changes and shares.
    OfTheSender,
    /// A text with something in it.
    NotEmpty,
    /// The address of a chatbot (`sip:`).
    ChatbotAddress,
    /// The address of a user (`rcs:`, `sms:`, `mms:`, `mailto:`).
    UserAddress,
    /// Needed, since the sender's address has no phone number.
    NeededWithoutNumber,
    /// A user's phone, not a line of a merchant.
    NotALine,
    /// A line that the merchant has registered.
    RegisteredLine,
    /// SIP status 100 to 699, Q.850 cause 0 to 127.
    KnownCauses,
    /// No number of the pool of virtual numbers.
    NotAVirtualNumber,
    /// A subscriber's number: E.164, `+` and 7 to 15 digits.
    SubscriberNumber,
    /// Of an offering that is on the page.
    OfferingOfThePage,
    /// Set or erased, not both.
    SetOrErased,
    /// A mailbox (`mailto:`).
    Mailbox,
    /// A page or a short message for a sender whose address has a phone number only.
    NumberOfTheSender,
}

impl core::fmt::Display for Allowed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::AtLeastOne => "at least one is needed",
            Self::NoRepeats => "no entry may stand twice",
            Self::OfTheSender => "only whoever booked may change what is attached, or share it",
            Self::NotEmpty => "it may not be empty",
            Self::ChatbotAddress => "a chatbot's address (sip:) is needed",
            Self::UserAddress => "a user's address (rcs:, sms:, mms:, mailto:) is needed",
            Self::NeededWithoutNumber => "it is needed, since the sender's address has no phone number",
            Self::NotALine => "a merchant's line cannot be rung as a user",
            Self::KnownCauses => "a SIP status is 100 to 699, a Q.850 cause 0 to 127",
            Self::NotAVirtualNumber => "a number of the pool of virtual numbers is nobody's own phone",
            Self::SubscriberNumber => {
                "a subscriber's number in E.164 form is needed: + and 7 to 15 digits, the country code among them"
            }
            Self::OfferingOfThePage => "an offering of the page is needed",
            Self::SetOrErased => "what is set cannot be erased as well",
            Self::RegisteredLine => "a line that the merchant has registered is needed",
            Self::Mailbox => "a mailbox (mailto:) is needed",
            Self::NumberOfTheSender => {
                "the sender's address has no phone number, so neither a page nor a short message reaches him"
            }
        })
    }
}

impl Refusal {
    /// The number of this refusal: the same in Rust, C and Python, and never given to another.
    ///
    /// One numbering serves everything that can go wrong. What is not a refusal of an input has its numbers among the misuses:
    ///
    /// | number | what |
    /// |---|---|
    /// | 110 | a field of a policy is out of its range, at making a platform too ([`PolicyError`](super::policy::PolicyError)) |
    /// | 117 to 119 | a key is in use; too short; another key has its id ([`KeyError`](crate::books::keyring::KeyError)) |
    /// | 141 to 144 | bytes are no snapshot; of another format; damaged (cut or altered); no state of a platform ([`RestoreError`](crate::RestoreError)) |
    /// | 149 | a key that a snapshot needs is not loaded (`RestoreError` too) |
    #[must_use]
    pub const fn code(&self) -> u32 {
        match self {
            Self::Unknown { .. } => 100,
            Self::Gone { .. } => 101,
            Self::WrongState { .. } => 102,
            Self::Invalid { .. } => 103,
            Self::LineTaken { .. } => 104,
            Self::LineInUse { .. } => 105,
            Self::ChannelsInUse { .. } => 106,
            Self::NotEmitted { .. } => 107,
            Self::RepeatDiffers => 108,
            Self::EmptyKey => 109,
            Self::InvalidPolicy { .. } => 110,
            Self::ClockLeap { .. } => 111,
            Self::NumberInUse { .. } => 155,
            Self::NoCode { .. } => 145,
            Self::KeyNotLoaded { .. } => 146,
            Self::NoKey => 147,
            Self::NotRequested => 148,
            Self::Ending { .. } => 120,
            Self::LineIsContact { .. } => 130,
            Self::ChatbotInUse { .. } => 131,
            Self::MediaInUse { .. } => 132,
            Self::NotTheChatbot => 200,
            Self::WindowOver { .. } => 201,
            Self::WindowNotOffered { .. } => 202,
            Self::Overlap { .. } => 203,
            Self::ModeByPlatform => 204,
            Self::PlatformCallsOnly { .. } => 230,
            Self::CodeLimit { .. } => 225,
            Self::WrongCodeLimit { .. } => 205,
            Self::LastConversation { .. } => 206,
            Self::PageWithdrawn { .. } => 210,
            Self::NoPage { .. } => 211,
            Self::Blocked => 220,
            Self::DoNotCall => 290,
            Self::OutsideHours { .. } => 291,
            Self::NotFollowing => 240,
            Self::NotDelivered { .. } => 150,
            Self::NoCaller { .. } => 241,
            Self::SharingNotOffered { .. } => 280,
            Self::NotPlatformMode { .. } => 207,
            Self::SlotOutside { .. } => 208,
            Self::SlotOver { .. } => 209,
            Self::Limit { .. } => 300,
        }
    }

    /// Its family.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self.code() {
            0..=199 => Family::Misuse,
            200..=299 => Family::Refused,
            300..=u32::MAX => Family::Limit,
        }
    }
}
