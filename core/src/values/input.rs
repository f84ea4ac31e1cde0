//! Everything that can happen to a platform, as one serializable enum.
//!
//! In JSON an input is one object with one key, the variant in snake_case: `{"book":{…}}`. Unknown fields are refused, so a typing error
//! is seen at once. Who may send what is the host's to check: a `merchant` field says which merchant the host has authenticated.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub use super::account::{ConfirmBinding, Follow, RequestBinding, Unbind, Unfollow};
use super::code::Code;
use super::evidence::Evidence;
use super::id::{CalendarId, GroupId, LegId, MerchantId, OfferingId, PageId, ReservationId};
use super::media::Attachment;
use super::number::{Address, PhoneNumber};
use super::policy::{CallMode, Policy};
use super::text::Text;
use super::time::{DayRule, LocalDate, Timestamp, WeeklyRule, Window, Zone};
pub use super::voice::{CallDiverted, CallFailed, OpenMessage, RecordFailed, Recorded, RequestCallBack, Transcribed};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// A merchant signs up, or changes what he registered.
    RegisterMerchant(RegisterMerchant),
    /// A merchant's chatbot publishes a booking page, or a new version of it (S301).
    PublishPage(PublishPage),
    /// A page goes to users (S302).
    PushPage(PushPage),
    /// A merchant decides beforehand how later reservations are called (S106, 预先设置).
    PresetMode(PresetMode),
    /// A merchant answers the mode options of one reservation (S307, claim 5).
    ChooseMode(ChooseMode),
    /// A merchant's line calls the platform and asks for a user (claim 2).
    RequestCall(RequestCall),
    /// A user books (S303, claim 1).
    Book(Book),
    /// A user takes a reservation back.
    Cancel(Cancel),
    /// A dialled phone rings.
    LegProgress(LegProgress),
    /// A leg was answered: a dialled phone picked up, or an inbound leg carried out an `answer`.
    LegAnswered(LegAnswered),
    /// A leg is gone.
    LegEnded(LegEnded),
    /// A prompt was played to its end.
    PlayFinished(PlayFinished),
    /// An at-most-once effect was not carried out: it was late, in doubt, or impossible.
    EffectFailed(EffectFailed),
    /// The switch came back after a crash: these legs live there.
    Resync(Resync),
    /// The operator sets the rules anew.
    SetPolicy(SetPolicy),
    /// The operator confirms that the clock is right after a leap that was refused.
    ConfirmClock(ConfirmClock),
    /// The operator puts virtual numbers into the pool.
    ImportNumbers(ImportNumbers),
    /// The holder of a contact number agrees: the code that was sent to it comes back (P2).
    ConfirmContact(ConfirmContact),
    /// Somebody asks for a new code.
    RequestCode(RequestCode),
    /// The operator sets the key under which codes are made from now on.
    RotateKey(RotateKey),
    /// A merchant's chatbot takes a page back.
    WithdrawPage(WithdrawPage),
    /// The operator tells the holidays and the moved workdays.
    SetCalendar(SetCalendar),
    /// A user looks for merchants, products or services (搜索).
    Search(Search),
    /// A user asks for the page of a search result.
    RequestPage(RequestPage),
    /// A user wants nothing more of a merchant.
    Block(Block),
    /// A user takes a block back.
    Unblock(Unblock),
    /// A user changes a reservation (修改预约信息).
    Amend(Amend),
    /// A merchant will not call.
    Decline(Decline),
    /// A user confirms the result of his booking (以便用户确认预约信息, claim 4).
    Acknowledge(Acknowledge),
    /// The operator stops new ringing: everywhere, for a merchant, or to a number.
    Freeze(Freeze),
    /// The operator lets ring again what he froze.
    Thaw(Thaw),
    /// The operator changes the list of numbers that are never rung.
    ImportDoNotCall(ImportDoNotCall),
    /// A user changes what is remembered of him.
    SetProfile(SetProfile),
    /// A user wants to be forgotten.
    ForgetMe(ForgetMe),
    /// Platform mode: a merchant chooses when inside the window he is called (商户选择的时间段, S106).
    ChooseSlot(ChooseSlot),
    /// Platform mode: a merchant is ready (在准备完毕后) and wants the call from now on.
    MerchantReady(MerchantReady),
    /// A gateway says what became of a message.
    MessageReported(MessageReported),
    /// An account follows the operator's public account (seed 003, step 101).
    Follow(Follow),
    /// An account does not follow any more.
    Unfollow(Unfollow),
    /// A follower asks for a number to be bound to his account.
    RequestBinding(RequestBinding),
    /// The code that was sent to the number comes back from the account.
    ConfirmBinding(ConfirmBinding),
    /// An account gives a number back.
    Unbind(Unbind),
    /// A call outside any reservation reached nobody (seed 003, step 102).
    CallFailed(CallFailed),
    /// The network forwarded a call to us, since it reached nobody.
    CallDiverted(CallDiverted),
    /// What a caller said was recorded (seed 003, step 103).
    Recorded(Recorded),
    /// Nothing could be recorded.
    RecordFailed(RecordFailed),
    /// What a voice message says, in words.
    Transcribed(Transcribed),
    /// An account opens a voice message (seed 003, step 105).
    OpenMessage(OpenMessage),
    /// Whoever listened asks to be called back.
    RequestCallBack(RequestCallBack),
}

/// What makes a repeat of an input known: where it comes from, and its key there, such as a webhook's event id. A key is the source's own; two sources may use the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dedup {
    /// The source, such as `maap` or `rbm`.
    pub source: Text,
    /// The key.
    pub key: Text,
}

/// A line of a merchant: the number he calls from and is called on, and how many calls it carries at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The line's number, such as 95511.
    pub number: PhoneNumber,
    /// How many calls it carries at once; at least 1.
    pub channels: u32,
}

/// A merchant's registration. Again for the same merchant: an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterMerchant {
    /// The merchant.
    pub merchant: MerchantId,
    /// The name that users see.
    pub name: Text,
    /// The lines; the first is the one that his pages use unless they name another.
    pub lines: Vec<Line>,
    /// The zone that his weekly hours are meant in.
    pub zone: Zone,
    /// His registered chatbot: only it publishes pages, and it takes the reservations (claim 6).
    #[serde(default)]
    pub chatbot: Option<Address>,
    /// The name of the person whom users talk to (商户联系人的姓名).
    #[serde(default)]
    pub contact: Option<Text>,
    /// His postal address (商户的地址).
    #[serde(default)]
    pub address: Option<Text>,
    /// What he does, in words: users find him by it.
    #[serde(default)]
    pub description: Option<Text>,
}

impl RegisterMerchant {
    /// A merchant with nothing that may be left out. One without a chatbot publishes no page.
    #[must_use]
    pub fn new(merchant: MerchantId, name: impl Into<Text>, lines: Vec<Line>, zone: Zone) -> Self {
        Self { merchant, name: name.into(), lines, zone, chatbot: None, contact: None, address: None, description: None }
    }
}

/// What a weekly rule on a page is called (figure 2: 工作时间段, 非工作时间段).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoursLabel {
    /// 工作时间段.
    Working,
    /// 非工作时间段.
    NonWorking,
}

/// A weekly rule on a page, with its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// What the page calls it.
    pub label: HoursLabel,
    /// When it is, in the merchant's zone.
    pub rule: WeeklyRule,
}

/// A booking page (预约界面): when may be booked, and what about. Again for the same page: a new version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishPage {
    /// The page.
    pub page: PageId,
    /// Whose it is. A page never changes hands.
    pub merchant: MerchantId,
    /// The chatbot that publishes it; when given it must be the registered one.
    #[serde(default)]
    pub chatbot: Option<Address>,
    /// What can be talked about, by id.
    pub offerings: BTreeMap<OfferingId, Text>,
    /// Concrete windows.
    #[serde(default)]
    pub windows: Vec<Window>,
    /// Weekly hours.
    #[serde(default)]
    pub hours: Vec<Hours>,
    /// The line that calls for this page come from; the merchant's first when absent.
    #[serde(default)]
    pub line: Option<PhoneNumber>,
    /// More about an offering, for those that have more to tell.
    #[serde(default)]
    pub descriptions: BTreeMap<OfferingId, Text>,
    /// The calendar that its weekly hours follow; without one, every day is as its weekday.
    #[serde(default)]
    pub calendar: Option<CalendarId>,
    /// How many users may share one call, those who agree to it; absent or 1: every user is called alone.
    #[serde(default)]
    pub group_size_max: Option<u32>,
}

impl PublishPage {
    /// A page of this merchant with these offerings, and nothing that may be left out. It needs windows or hours to be taken.
    #[must_use]
    pub const fn new(page: PageId, merchant: MerchantId, offerings: BTreeMap<OfferingId, Text>) -> Self {
        Self {
            page,
            merchant,
            chatbot: None,
            offerings,
            windows: Vec::new(),
            hours: Vec::new(),
            line: None,
            descriptions: BTreeMap::new(),
            calendar: None,
            group_size_max: None,
        }
    }
}

/// A page is taken back: nothing more is booked on it. Published again, it goes on with the next version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawPage {
    /// Whose it is.
    pub merchant: MerchantId,
    /// The page.
    pub page: PageId,
    /// The chatbot that takes it back; when given it must be the registered one.
    #[serde(default)]
    pub chatbot: Option<Address>,
}

/// Holidays and moved workdays (节假日, 调休), for the weekly hours of every page that names this calendar. Again for the same calendar: it replaces what was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetCalendar {
    /// The calendar.
    pub calendar: CalendarId,
    /// Its days, each in the zone of whoever uses it. Any other day is as its weekday.
    pub days: BTreeMap<LocalDate, DayRule>,
}

/// A user searches. Without a keyword he is sent the search entry (搜索入口).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Who searches.
    pub user: Address,
    /// Words of a merchant's name, a product or a service.
    #[serde(default)]
    pub keyword: Option<Text>,
}

/// A user asks for a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestPage {
    /// Who asks, and is sent it.
    pub user: Address,
    /// Which one.
    pub of: PageOf,
}

/// Which page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageOf {
    /// This page.
    Page(PageId),
    /// This merchant's: the one with the lowest id.
    Merchant(MerchantId),
    /// Not a booking page but the page to manage this reservation: how it stands, and what may be done with it.
    Reservation(ReservationId),
}

/// A page goes to these users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushPage {
    /// The page.
    pub page: PageId,
    /// The users.
    pub to: Vec<Address>,
}

/// A merchant's standing choice. It touches later reservations only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetMode {
    /// The merchant.
    pub merchant: MerchantId,
    /// The mode; absent clears the preset.
    #[serde(default)]
    pub mode: Option<CallMode>,
}

/// A merchant's choice for one reservation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChooseMode {
    /// The merchant.
    pub merchant: MerchantId,
    /// The reservation.
    pub reservation: ReservationId,
    /// The mode.
    pub mode: CallMode,
}

/// A call that a merchant's line makes to the platform. The switch holds it, unanswered, until the platform says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestCall {
    /// The number that the call comes from, as the network asserts it.
    pub line: PhoneNumber,
    /// Whom it is for.
    pub target: CallTarget,
}

impl RequestCall {
    /// A call from this line, for a reservation, to a virtual number, or for a group.
    #[must_use]
    pub fn new(line: PhoneNumber, target: impl Into<CallTarget>) -> Self {
        Self { line, target: target.into() }
    }
}

/// Whom a merchant calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallTarget {
    /// The user of this reservation.
    Reservation(ReservationId),
    /// Whoever this virtual number means to the line's merchant now: the number that was dialled.
    Number(PhoneNumber),
    /// The users of this group, as many as may be rung now.
    Group(GroupId),
}

impl From<ReservationId> for CallTarget {
    fn from(reservation: ReservationId) -> Self {
        Self::Reservation(reservation)
    }
}

impl From<GroupId> for CallTarget {
    fn from(group: GroupId) -> Self {
        Self::Group(group)
    }
}

impl From<PhoneNumber> for CallTarget {
    fn from(number: PhoneNumber) -> Self {
        Self::Number(number)
    }
}

/// A user's booking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Book {
    /// Who sends it, and so where the result goes.
    pub user: Address,
    /// The page it was made on.
    pub page: PageId,
    /// What it is about.
    pub offering: OfferingId,
    /// When the merchant may ring.
    pub window: Window,
    /// The zone that the window was meant in; the merchant's when absent.
    #[serde(default)]
    pub zone: Option<Zone>,
    /// The phone that shall ring; the sender's own when absent (seed 000: it may be another than the one that books).
    #[serde(default)]
    pub contact: Option<PhoneNumber>,
    /// The user's name.
    #[serde(default)]
    pub name: Option<Text>,
    /// Where the booking comes from, for whoever must prove it later.
    #[serde(default)]
    pub evidence: Option<BookingEvidence>,
    /// Whether the user agrees to share the call with others who book the same.
    #[serde(default)]
    pub share: bool,
    /// What the user attaches (产品截图). The merchant is told of those that he shares.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// Whether the booking has to do with the sender's profile: what it leaves out is taken from there, and what it says is remembered there. As the policy
    /// says when absent.
    #[serde(default)]
    pub remember: Option<bool>,
    /// How the result comes; as the sender writes when absent.
    #[serde(default)]
    pub result_by: Option<ResultBy>,
    /// The sender's mailbox: for a result by e-mail, and the last way of a message that fails.
    #[serde(default)]
    pub email: Option<Address>,
}

impl Book {
    /// A booking with nothing that may be left out: `Book { name, ..Book::new(user, page, offering, window) }`.
    #[must_use]
    pub const fn new(user: Address, page: PageId, offering: OfferingId, window: Window) -> Self {
        Self {
            user,
            page,
            offering,
            window,
            zone: None,
            contact: None,
            name: None,
            evidence: None,
            share: false,
            attachments: Vec::new(),
            remember: None,
            result_by: None,
            email: None,
        }
    }
}

/// How the result of a booking comes, and of every change of it (seed 000, S304).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResultBy {
    /// As a page: a rich message to the sender's phone (界面).
    Page,
    /// As a short message to the sender's phone (短信).
    Sms,
    /// As an e-mail (邮件).
    Email,
}

/// How a booking reached the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A rich message.
    Rcs,
    /// A short message.
    Sms,
    /// A multimedia message.
    Mms,
    /// An e-mail.
    Email,
    /// A call to the service hotline (人工服务电话): an agent wrote it down.
    Hotline,
}

/// The evidence of a booking: enough to find the message that gave the permission. It stays with the reservation, its audit and its archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookingEvidence {
    /// How it came.
    pub channel: Channel,
    /// The message's id at the gateway, or the recording's.
    #[serde(default)]
    pub message: Option<Text>,
    /// A hash of its content, as the host computed it.
    #[serde(default)]
    pub body_hash: Option<Text>,
    /// The agent who took it on the hotline.
    #[serde(default)]
    pub agent: Option<Text>,
}

/// A user takes a reservation back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// Who asks: the sender of the booking, or the holder of its contact number.
    pub user: Address,
    /// The reservation.
    pub reservation: ReservationId,
}

/// A user changes a reservation. What is absent stays as it is; one that changes nothing is a no-op.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amend {
    /// Who asks: the sender of the booking, or the holder of its contact number.
    pub user: Address,
    /// The reservation.
    pub reservation: ReservationId,
    /// When the merchant may ring.
    #[serde(default)]
    pub window: Option<Window>,
    /// The zone that the window was meant in.
    #[serde(default)]
    pub zone: Option<Zone>,
    /// The phone that shall ring.
    #[serde(default)]
    pub contact: Option<PhoneNumber>,
    /// What it is about.
    #[serde(default)]
    pub offering: Option<OfferingId>,
    /// The user's name.
    #[serde(default)]
    pub name: Option<Text>,
    /// Whether the user agrees to share the call with others who book the same: as many as the page says now.
    #[serde(default)]
    pub share: Option<bool>,
    /// Where the change comes from. It changes nothing by itself, and stands in the audit of the change.
    #[serde(default)]
    pub evidence: Option<BookingEvidence>,
    /// All that is attached from now on; what is left out of it is erased.
    #[serde(default)]
    pub attachments: Option<Vec<Attachment>>,
}

impl Amend {
    /// A change of this reservation that changes nothing yet.
    #[must_use]
    pub const fn new(user: Address, reservation: ReservationId) -> Self {
        Self {
            user,
            reservation,
            window: None,
            zone: None,
            contact: None,
            offering: None,
            name: None,
            share: None,
            evidence: None,
            attachments: None,
        }
    }
}

/// A merchant will not call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decline {
    /// The merchant.
    pub merchant: MerchantId,
    /// The reservation.
    pub reservation: ReservationId,
    /// What the user is told of the reason.
    #[serde(default)]
    pub reason: Option<Text>,
}

/// A user confirms the result of his booking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledge {
    /// Who confirms: the sender of the booking, or the holder of its contact number.
    pub user: Address,
    /// The reservation.
    pub reservation: ReservationId,
}

/// A dialled phone rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegProgress {
    /// The leg.
    pub leg: LegId,
}

/// A leg was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegAnswered {
    /// The leg.
    pub leg: LegId,
}

/// A leg is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegEnded {
    /// The leg.
    pub leg: LegId,
    /// What the network said of it.
    #[serde(default)]
    pub evidence: Evidence,
}

/// A prompt was played to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlayFinished {
    /// The leg that heard it.
    pub leg: LegId,
}

/// An at-most-once effect was not carried out, or the host does not know whether it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EffectFailed {
    /// The effect's sequence number. It must still be unconfirmed: confirm what was done, report what was not.
    pub sequence: u64,
}

/// The legs that live at the switch after it came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resync {
    /// The legs, in any order.
    pub legs: Vec<LegId>,
}

/// The operator sets the rules anew. They hold from this input on; instants that were fixed before (a deadline, a retention) stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetPolicy {
    /// The rules, all of them: what is left out has its default.
    pub policy: Policy,
}

/// The clock is right: the instant of this input is taken as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmClock {}

/// The operator puts virtual numbers into the pool. They are routed to the platform: a merchant's call to one is a `request_call`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportNumbers {
    /// The numbers. Those that are in the pool already are passed over.
    pub numbers: Vec<PhoneNumber>,
}

/// The code that was sent to a contact number comes back, from the number itself or from the one who booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmContact {
    /// Who gives it: the sender of the booking, or the holder of its contact number.
    pub user: Address,
    /// The reservation.
    pub reservation: ReservationId,
    /// The code as it was given.
    pub code: Code,
}

/// A new code is asked for: the old one did not arrive, or its time is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestCode {
    /// Who asks: the sender of the booking, or the holder of its contact number.
    pub user: Address,
    /// The reservation.
    pub reservation: ReservationId,
}

/// Codes are made under this key from now on. Those that are out keep theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotateKey {
    /// The id of the key, which is loaded. The key itself is in no input.
    pub id: Text,
}

/// Whom a user blocks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockTarget {
    /// A merchant, whatever his lines.
    Merchant(MerchantId),
    /// A number: the merchant who has registered it as a line, as long as he has it.
    Number(PhoneNumber),
}

impl core::fmt::Debug for BlockTarget {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Merchant(merchant) => write!(f, "Merchant({merchant})"),
            Self::Number(number) => write!(f, "Number({})", number.masked()),
        }
    }
}

/// A user wants nothing more of a merchant: what rings or talks ends, reservations are cancelled, no page comes any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Who asks.
    pub user: Address,
    /// Whom he blocks.
    pub what: BlockTarget,
}

/// A user takes a block back. He may book again; nothing else comes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unblock {
    /// Who asks.
    pub user: Address,
    /// Whom he blocked.
    pub what: BlockTarget,
}

/// What a freeze stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every call.
    Platform,
    /// The calls of one merchant.
    Merchant(MerchantId),
    /// The calls to one user's number.
    Number(PhoneNumber),
}

/// Nothing new rings in this scope until it is thawed. What rings or talks goes on; a `dial` that is neither confirmed nor reported on is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// What is stopped.
    pub scope: Scope,
    /// Who says so, for the audit.
    pub by: Text,
    /// Why, for the audit.
    pub why: Text,
}

/// The scope may ring again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thaw {
    /// What was frozen.
    pub scope: Scope,
    /// Who says so, for the audit.
    pub by: Text,
    /// Why, for the audit.
    pub why: Text,
}

/// The list of numbers that are never rung, whoever booked for them, changes. A number that is named for both is on it afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportDoNotCall {
    /// Numbers that are never rung from now on. Those that are listed already are passed over.
    #[serde(default)]
    pub add: Vec<PhoneNumber>,
    /// Numbers that may be rung again. Those that are not listed are passed over.
    #[serde(default)]
    pub remove: Vec<PhoneNumber>,
}

/// What of a profile may be erased by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileField {
    /// The name.
    Name,
    /// The phone that shall ring.
    Contact,
    /// The mailbox.
    Email,
}

/// A user changes what is remembered of him for his next booking. What is neither given nor erased stays. A contact is never given here: it is remembered once
/// its holder has agreed to a booking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetProfile {
    /// Who asks.
    pub user: Address,
    /// His name.
    #[serde(default)]
    pub name: Option<Text>,
    /// His mailbox.
    #[serde(default)]
    pub email: Option<Address>,
    /// What is to be erased.
    #[serde(default)]
    pub erase: BTreeSet<ProfileField>,
}

/// A user wants to be forgotten: as one who booked, and as the holder of a phone that others booked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForgetMe {
    /// Who asks.
    pub user: Address,
}

/// The part of a reservation's window in which the platform calls, as its merchant chooses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slot {
    /// This part.
    Window(Window),
    /// From this instant to the window's end.
    From(Timestamp),
}

/// A merchant chooses when inside the window he is called. Another choice replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChooseSlot {
    /// The merchant.
    pub merchant: MerchantId,
    /// The reservation.
    pub reservation: ReservationId,
    /// The slot.
    pub slot: Slot,
}

/// A merchant is ready: the platform calls him, and then the user, as soon as his turn comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MerchantReady {
    /// The merchant.
    pub merchant: MerchantId,
    /// The reservation.
    pub reservation: ReservationId,
}

/// What became of a message, as its gateway says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageReported {
    /// The sequence number of the effect that sent it.
    pub message: u64,
    /// What became of it.
    pub status: MessageStatus,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// It came to the receiver's device.
    Delivered,
    /// He opened it.
    Read,
    /// It did not arrive, and will not.
    Failed {
        /// What the gateway said of the reason.
        code: Text,
    },
}
