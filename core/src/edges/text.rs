//! What the platform says to people, in Chinese and English.
//!
//! Every text is made from the values of one effect and says nothing that they do not. Times are the wall clock of the zone that the
//! window was meant in. The first line of a message is what it comes to; the lines below it are the details, one
//! to a line, where the date always stands in full with its weekday, since a text may be read days after it was sent.
//!
//! Names that users and merchants chose are shown on one line: line breaks and direction marks in them become spaces, so that no
//! name can pass for another line of the message.

use alloc::borrow::ToOwned as _;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use chrono::NaiveDate;
use thiserror::Error;

use crate::values::cause::ReleaseCause;
use crate::values::code::Code;
use crate::values::effect::{
    BookingPage, BookingResult, CallReason, Challenge, Content, DeclinedNotice, MissedNotice, MissedNoticeForMerchant,
    ModeOptions, NoticeForMerchant, PageAction, Prompt, ReservationForMerchant, ReservationNotice, ReservationOnHold,
    SearchResults, SlotOverNotice,
};
use crate::values::input::HoursLabel;
use crate::values::media::{MediaKind, SharedMedia};
use crate::values::policy::CallMode;
use crate::values::reply::{DenyReason, Missed, MissedForMerchant, Outcome, ReservationState};
use crate::values::time::{DayRule, LocalDate, LocalTime, TimeOfDay, Weekday, Weekdays, WeeklyRule, Window, Zone};

mod bindings;
mod managing;
mod voice;

pub use self::bindings::{binding_challenge, binding_change};
pub use self::managing::reservation_action;
pub use self::voice::failure_reason;

/// A language that texts are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// Chinese in simplified characters, `zh-CN`.
    #[default]
    Chinese,
    /// English, `en`.
    English,
}

/// No texts are written in that language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("texts are written in zh-CN and en only")]
pub struct LanguageError;

impl Language {
    /// Reads a language tag by its primary part (BCP 47): `zh`, `zh-CN`, `zh-Hans-CN`, `en`, `en-GB`. Capital and small letters are the same.
    ///
    /// # Errors
    /// [`LanguageError`] for any other language.
    pub fn parse(tag: &str) -> Result<Self, LanguageError> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            Ok(Self::Chinese)
        } else if primary.eq_ignore_ascii_case("en") {
            Ok(Self::English)
        } else {
            Err(LanguageError)
        }
    }

    /// Its tag: `zh-CN` or `en`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        self.pick("zh-CN", "en")
    }

    const fn pick(self, chinese: &'static str, english: &'static str) -> &'static str {
        match self {
            Self::Chinese => chinese,
            Self::English => english,
        }
    }
}

/// A message in full, without a line break at its end.
///
/// The result of a booking begins with the words of seed 000, figure 2: 信息已受理，请注意18点-20点间接听95511来电.
#[must_use]
pub fn content(content: &Content, language: Language) -> String {
    let mut text = Lines { out: String::new(), language };
    match content {
        Content::BookingPage(page) => text.booking_page(page),
        Content::Result(result) => text.result(result),
        Content::ContactUnconfirmed(notice) => text.contact_unconfirmed(notice),
        Content::Reservation(reservation) => text.reservation(reservation, false),
        Content::ModeOptions(options) => text.mode_options(options),
        Content::Cancelled(notice) => text.cancelled(notice),
        Content::Missed(notice) => text.missed(notice),
        Content::CancelledForMerchant(notice) => text.cancelled_for_merchant(notice),
        Content::MissedForMerchant(notice) => text.missed_for_merchant(notice),
        Content::Challenge(challenge) => text.challenge(challenge),
        Content::ContactNotConfirmed(notice) => text.contact_not_confirmed(notice),
        Content::SearchEntry(_) => text.search_entry(),
        Content::SearchResults(results) => text.search_results(results),
        Content::Amended(reservation) => text.reservation(reservation, true),
        Content::OnHold(notice) => text.on_hold(notice),
        Content::SlotOver(notice) => text.slot_over(notice),
        Content::Declined(notice) => text.declined(notice),
        Content::ManagePage(page) => text.manage_page(page),
        Content::Reminder(result) => text.reminder(result),
        Content::BindingChallenge(challenge) => text.binding_challenge(challenge),
        Content::BindingChanged(changed) => text.binding_changed(changed),
        Content::VoiceMessage(message) => text.voice_message(message),
        Content::VoiceMessageUndelivered(note) | Content::VoiceMessageUndeliveredForMerchant(note) => {
            text.voice_message_undelivered(note)
        }
        Content::CallBackRequested(note) | Content::CallBackRequestedForMerchant(note) => text.call_back_requested(note),
    }
    text.out
}

/// A [`Challenge`] with its code: what the host sends, once it has asked the platform for the code.
#[must_use]
pub fn challenge(challenge: &Challenge, code: Code, language: Language) -> String {
    let mut text = Lines { out: String::new(), language };
    text.challenge(challenge);
    text.detail("验证码", "Code", &code.digits());
    text.out
}

/// What is said to a leg.
#[must_use]
pub const fn prompt(prompt: Prompt, language: Language) -> &'static str {
    match prompt {
        Prompt::ConnectingUser => {
            language.pick("正在连接用户，请耐心等待", "We are connecting you to the user. Please hold the line.")
        }
        Prompt::MerchantGone => language
            .pick("很抱歉，对方已挂断，本次通话无法接通", "We are sorry: the caller has hung up, so we cannot connect you."),
        Prompt::UserUnreachable => {
            language.pick("您呼叫的用户暂时无法接通", "The user you are calling cannot be reached at the moment.")
        }
        Prompt::UserBusy => {
            language.pick("您呼叫的用户正在通话中，请稍后再拨", "The user you are calling is busy. Please call again later.")
        }
        Prompt::UserPoweredOff => language.pick("您呼叫的用户已关机", "The phone you are calling is switched off."),
        Prompt::UserOutOfArea => language.pick("您呼叫的用户不在服务区", "The user you are calling is out of the service area."),
        Prompt::UserSuspended => language.pick("您呼叫的用户已停机", "The number you are calling is suspended."),
        Prompt::MessageTaken => {
            language.pick("您的留言已收到，将发送给对方，再见", "Your message was taken and will be delivered. Goodbye.")
        }
        Prompt::NothingRecorded => language.pick("未录到您的留言，再见", "Nothing was recorded. Goodbye."),
        Prompt::RecordFailed => language.pick(
            "很抱歉，暂时无法留言，请稍后再试，再见",
            "We are sorry: no message can be taken now. Please try again later. Goodbye.",
        ),
    }
}

/// Why a phone rings, on one line: `商户1 车险 预约18点-20点`.
#[must_use]
pub fn call_reason(reason: &CallReason, language: Language) -> String {
    let (merchant, offering) = (plain(&reason.merchant_name), plain(&reason.offering_name));
    let hours = Span::new(&reason.window, reason.zone).hours(language);
    match language {
        Language::Chinese => format!("{merchant} {offering} 预约{hours}"),
        Language::English => format!("{merchant}: {offering}, booked for {hours}"),
    }
}

/// Why a call may not ring.
#[must_use]
pub const fn deny_reason(reason: DenyReason, language: Language) -> &'static str {
    match reason {
        DenyReason::NotRecognized => language.pick("无法识别该线路或预约", "this line or reservation is not recognized"),
        DenyReason::WindowOver => language.pick("预约时间段已结束", "the booked window is over"),
        DenyReason::Closed => language.pick("预约已关闭", "the reservation is closed"),
        DenyReason::Unverified => language.pick("联系号码的机主尚未确认", "the holder of the contact number has not agreed"),
        DenyReason::Unacknowledged => language.pick("用户尚未确认预约结果", "the user has not confirmed the booking"),
        DenyReason::DoNotCall => language.pick("该号码在免打扰名单中", "the number is on the do-not-call list"),
        DenyReason::Frozen => language.pick("平台已暂停呼叫", "the operator has stopped new calls"),
        DenyReason::BeforeWindow => language.pick("预约时间段尚未开始", "the booked window has not begun"),
        DenyReason::PlatformIsCalling => {
            language.pick("平台正在为该预约呼叫", "the platform is already calling for this reservation")
        }
        DenyReason::WrongMode => language.pick("该预约采用另一种通话方式", "the call mode in force lets the other side start"),
        DenyReason::InCall => language.pick("该预约正在通话中", "a call of this reservation is alive"),
        DenyReason::OutsideHours => language.pick("当前不在允许呼叫的时段内", "calls are not allowed at this hour"),
        DenyReason::DailyLimit => {
            language.pick("该号码今日呼叫次数已达上限", "the number was called as often within a day as it may be")
        }
        DenyReason::TooSoon => language.pick("距上次呼叫时间太短", "it is too soon after the last attempt"),
        DenyReason::WindowClosing => language.pick("预约时间段即将结束", "too little of the booked window is left"),
        DenyReason::NumberBusy => {
            language.pick("用户正在另一通话中或即将接到另一来电", "the user is on another call, or about to be called for one")
        }
        DenyReason::NoChannel => language.pick("线路忙，暂无空闲通道", "every channel of the line is in use"),
    }
}

/// Why there was no conversation.
#[must_use]
pub const fn missed(why: Missed, language: Language) -> &'static str {
    match why {
        Missed::NotReached => language.pick("已拨打预约电话，但未能接通", "the booked number was called, but nobody was reached"),
        Missed::MerchantNotReached => language.pick("未能接通商户", "the merchant could not be reached"),
        Missed::NotAcknowledged => language.pick("预约结果未经用户确认", "the booking was never confirmed"),
        Missed::NotCalled => language.pick("商户未拨打电话", "the merchant did not call"),
        Missed::NumberBusy => language.pick("预约电话一直在另一通话中", "the booked number was on another call until the end"),
        Missed::NoChannel => language.pick("商户线路一直繁忙", "the merchant's line was busy until the end"),
        Missed::HostLate => language.pick("平台未能及时呼叫", "the platform was too late to call"),
        Missed::NotCarriedOut => language.pick("平台未能拨出电话", "the platform could not place the call"),
        Missed::WindowTooShort => {
            language.pick("预约时间段剩余时间不足以呼叫", "too little of the booked window was left for a call")
        }
        Missed::NotReachedInTime => {
            language.pick("预约时间段结束前未能轮到或接通", "the window was over before the user could be called")
        }
        Missed::DoNotCall => language.pick("该号码在免打扰名单中", "the number is on the do-not-call list"),
        Missed::Frozen => language.pick("平台已暂停呼叫", "the operator had stopped new calls"),
        Missed::OutsideHours => {
            language.pick("预约时间段内已无允许呼叫的时段", "no hour in which calls are allowed was left in the window")
        }
        Missed::DailyLimit => {
            language.pick("该号码今日呼叫次数已达上限", "the number had been called as often within a day as it may be")
        }
    }
}

/// Why there was no conversation, as a merchant is told.
#[must_use]
pub const fn missed_for_merchant(why: MissedForMerchant, language: Language) -> &'static str {
    missed(
        match why {
            MissedForMerchant::NotReached => Missed::NotReached,
            MissedForMerchant::MerchantNotReached => Missed::MerchantNotReached,
            MissedForMerchant::NotCalled => Missed::NotCalled,
            MissedForMerchant::NoChannel => Missed::NoChannel,
            MissedForMerchant::HostLate => Missed::HostLate,
            MissedForMerchant::NotCarriedOut => Missed::NotCarriedOut,
            MissedForMerchant::WindowTooShort => Missed::WindowTooShort,
            MissedForMerchant::NotReachedInTime => Missed::NotReachedInTime,
            MissedForMerchant::NotAcknowledged => Missed::NotAcknowledged,
            MissedForMerchant::DoNotCall => Missed::DoNotCall,
            MissedForMerchant::Frozen => Missed::Frozen,
            MissedForMerchant::OutsideHours => Missed::OutsideHours,
        },
        language,
    )
}

/// How a reservation ended.
#[must_use]
pub fn outcome(outcome: Outcome, language: Language) -> String {
    match outcome {
        Outcome::Completed => language.pick("已完成通话", "completed").to_string(),
        Outcome::Missed(why) => format!("{}{}", language.pick("未能通话：", "missed: "), missed(why, language)),
        Outcome::Cancelled => language.pick("已取消", "cancelled").to_string(),
        Outcome::Declined => language.pick("商户已谢绝", "declined by the merchant").to_string(),
        Outcome::Forgotten => language.pick("应用户要求取消并删除", "cancelled and forgotten at the user's request").to_string(),
        Outcome::Unverified => language.pick("联系号码的机主未确认", "the holder of the contact number never agreed").to_string(),
    }
}

/// The state of a reservation.
#[must_use]
pub const fn reservation_state(state: ReservationState, language: Language) -> &'static str {
    match state {
        ReservationState::Unverified => language.pick("待机主确认", "unverified"),
        ReservationState::AwaitingMode => language.pick("待商户选择通话方式", "awaiting the mode"),
        ReservationState::Scheduled => language.pick("已排定", "scheduled"),
        ReservationState::Open => language.pick("可通话", "open"),
        ReservationState::InCall => language.pick("通话中", "in a call"),
        ReservationState::Closed => language.pick("已关闭", "closed"),
    }
}

/// A call mode (通话方式).
#[must_use]
pub const fn call_mode(mode: CallMode, language: Language) -> &'static str {
    match mode {
        CallMode::MerchantCalls => language.pick("由商户发起通话请求", "the merchant calls"),
        CallMode::PlatformCalls => language
            .pick("由服务平台发起通话请求（先接通商户，再呼叫用户）", "the platform calls (the merchant first, then the user)"),
    }
}

/// Why a leg was ended.
#[must_use]
pub const fn release_cause(cause: ReleaseCause, language: Language) -> &'static str {
    match cause {
        ReleaseCause::Normal => language.pick("通话结束", "the conversation is over"),
        ReleaseCause::WindowEnded => language.pick("预约时间段已结束", "the window ended"),
        ReleaseCause::Withdrawn => language.pick("通话许可已撤回", "the permission was withdrawn"),
        ReleaseCause::Amended => language.pick("预约信息已修改", "the reservation was changed"),
        ReleaseCause::NoAnswer => language.pick("无人接听", "nobody answered"),
        ReleaseCause::UserBusy => language.pick("用户忙", "the user is busy"),
        ReleaseCause::UserUnreachable => language.pick("用户无法接通", "the user cannot be reached"),
        ReleaseCause::OtherSideGone => language.pick("对方已挂断", "the other side is gone"),
        ReleaseCause::TimeLimit => language.pick("已达最长通话时间", "the longest conversation is over"),
        ReleaseCause::NotPermitted => language.pick("不允许呼叫", "the call is not permitted"),
        ReleaseCause::Unknown => language.pick("平台无此通话", "the platform does not know this leg"),
    }
}

/// What a page calls its weekly hours (figure 2).
#[must_use]
pub const fn hours_label(label: HoursLabel, language: Language) -> &'static str {
    match label {
        HoursLabel::Working => language.pick("工作时间段", "Working hours"),
        HoursLabel::NonWorking => language.pick("非工作时间段", "Non-working hours"),
    }
}

/// A window in full: `2026年11月21日（周六）18点-20点，北京时间`, `Sat 21 Nov 2026, 18:00-20:00 (Asia/Shanghai)`.
///
/// When it ends on another date, both dates stand in full. When the zone's clock changes inside it, both UTC offsets stand too.
#[must_use]
pub fn window(window: &Window, zone: Zone, language: Language) -> String {
    let mut out = Span::new(window, zone).in_full(language);
    out.push_str(&zone_note(zone, language));
    out
}

/// A weekly rule: `周一至周五 18点-20点`, `Mon-Fri 18:00-20:00`.
#[must_use]
pub fn weekly_rule(rule: &WeeklyRule, language: Language) -> String {
    let whole = rule.from().minutes().is_multiple_of(60) && rule.to().minutes().is_multiple_of(60);
    let clock = |time: TimeOfDay| match language {
        Language::Chinese if whole => format!("{}点", time.minutes() / 60),
        Language::Chinese | Language::English => time.to_string(),
    };
    let overnight = rule.to() <= rule.from();
    let mut out = weekdays(rule.days(), language);
    let (from, to) = (clock(rule.from()), clock(rule.to()));
    // Writing into a String cannot fail.
    let _ = match language {
        Language::Chinese => write!(out, " {from}-{}{to}", if overnight { "次日" } else { "" }),
        Language::English => write!(out, " {from}-{to}{}", if overnight { " the next day" } else { "" }),
    };
    out
}

/// A message under construction. Every method writes whole lines.
struct Lines {
    out: String,
    language: Language,
}

impl Lines {
    fn line(&mut self, line: fmt::Arguments<'_>) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        // Writing into a String cannot fail.
        let _ = self.out.write_fmt(line);
    }

    /// A detail: its name, a colon, its value.
    fn detail(&mut self, chinese: &'static str, english: &'static str, value: &str) {
        let (name, colon) = (self.language.pick(chinese, english), self.language.pick("：", ": "));
        self.line(format_args!("{name}{colon}{value}"))
    }

    fn time(&mut self, when: &Window, zone: Zone) {
        let value = window(when, zone, self.language);
        self.detail("预约时间", "When", &value)
    }

    fn slot(&mut self, slot: &Window, zone: Zone) {
        let value = window(slot, zone, self.language);
        self.detail("所选时段", "Slot", &value)
    }

    fn booking_page(&mut self, page: &BookingPage) {
        let merchant = plain(&page.merchant_name);
        match self.language {
            Language::Chinese => self.line(format_args!("{merchant}邀请您预约通话")),
            Language::English => self.line(format_args!("{merchant} invites you to book a call")),
        }
        if let Some(description) = &page.description {
            self.line(format_args!("{}", plain(description)));
        }
        self.line(format_args!("{}", self.language.pick("产品或服务：", "Products and services:")));
        let colon = self.language.pick("：", ": ");
        for (id, name) in &page.offerings {
            match page.descriptions.get(id) {
                Some(description) => self.line(format_args!("{id}. {}{colon}{}", plain(name), plain(description))),
                None => self.line(format_args!("{id}. {}", plain(name))),
            }
        }
        self.times(page);
        if page.group_size_max.is_some() {
            let words = self.language.pick(
                "可与其他预约同一时间段的用户同时通话（由您选择）",
                "You may share the call with others who book the same time, if you wish",
            );
            self.line(format_args!("{words}"));
        }
        for action in page.actions {
            let words = match action {
                PageAction::Search => self.language.pick("[搜索其他商户]", "[Search other merchants]"),
            };
            self.line(format_args!("{words}"));
        }
    }

    fn times(&mut self, page: &BookingPage) {
        if page.windows.is_empty() && page.hours.is_empty() {
            return self.line(format_args!(
                "{}",
                self.language.pick("目前没有可预约的时间段", "There are no times left to book at present")
            ));
        }
        let (heading, colon) = (self.language.pick("可预约的时间段", "Times you can book"), self.language.pick("：", ":"));
        self.line(format_args!("{heading}{}{colon}", zone_in_brackets(page.zone, self.language)));
        for offered in &page.windows {
            let span = Span::new(offered, page.zone).in_full(self.language);
            self.line(format_args!("- {span}"));
        }
        for hours in &page.hours {
            let (label, colon) = (hours_label(hours.label, self.language), self.language.pick("：", ": "));
            let rule = weekly_rule(&hours.rule, self.language);
            self.line(format_args!("- {label}{colon}{rule}"));
        }
        for (first, last, rule) in runs(&page.days) {
            let what = match (rule, self.language) {
                (DayRule::Closed, Language::Chinese) => "休息".to_owned(),
                (DayRule::Closed, Language::English) => "closed".to_owned(),
                (DayRule::As(weekday), Language::Chinese) => {
                    format!("按{}安排", weekdays(Weekdays::NONE.with(weekday), Language::Chinese))
                }
                (DayRule::As(weekday), Language::English) => {
                    format!("as on {}", weekdays(Weekdays::NONE.with(weekday), Language::English))
                }
            };
            let (to, colon) = (self.language.pick("至", " to "), self.language.pick("：", ": "));
            if first == last {
                self.line(format_args!("- {first}{colon}{what}"));
            } else {
                self.line(format_args!("- {first}{to}{last}{colon}{what}"));
            }
        }
    }

    fn search_entry(&mut self) {
        self.line(format_args!(
            "{}",
            self.language.pick("请输入商户、产品或服务的关键字", "Type a word of a merchant's name, a product or a service.")
        ))
    }

    fn search_results(&mut self, results: &SearchResults) {
        let keyword = plain(&results.keyword);
        if results.results.is_empty() {
            return match self.language {
                Language::Chinese => self.line(format_args!("没有找到与“{keyword}”相关的商户、产品或服务")),
                Language::English => self.line(format_args!("Nothing was found for \"{keyword}\".")),
            };
        }
        match self.language {
            Language::Chinese => self.line(format_args!("与“{keyword}”相关的商户：")),
            Language::English => self.line(format_args!("Found for \"{keyword}\":")),
        }
        let (colon, comma) = (self.language.pick("：", ": "), self.language.pick("、", ", "));
        for (number, result) in (1_u32..).zip(&results.results) {
            let offerings: Vec<String> = result.offerings.values().map(|name| plain(name)).collect();
            let merchant = plain(&result.merchant_name);
            if offerings.is_empty() {
                self.line(format_args!("{number}. {merchant}"));
            } else {
                self.line(format_args!("{number}. {merchant}{colon}{}", offerings.join(comma)));
            }
            if let Some(description) = &result.description {
                self.line(format_args!("   {}", plain(description)));
            }
        }
        if results.more {
            let words = self.language.pick("还有更多结果，请输入更具体的关键字", "There is more: type a more particular word.");
            self.line(format_args!("{words}"));
        }
    }

    fn result(&mut self, result: &BookingResult) {
        let (start, end) = Span::new(&result.window, result.zone).bounds(self.language);
        let line = result.line.dialable();
        match self.language {
            Language::Chinese => self.line(format_args!("信息已受理，请注意{start}-{end}间接听{line}来电")),
            Language::English => {
                self.line(format_args!("Your booking is accepted. Please expect a call from {line} between {start} and {end}."));
            }
        }
        self.call_to_come(result)
    }

    /// Who will call, when and about what, and what may be done.
    fn call_to_come(&mut self, result: &BookingResult) {
        self.time(&result.window, result.zone);
        self.detail("商户", "Merchant", &plain(&result.merchant_name));
        if let Some(contact) = &result.contact {
            self.detail("联系人", "Contact", &plain(contact));
        }
        if let Some(address) = &result.address {
            self.detail("地址", "Address", &plain(address));
        }
        self.detail("产品或服务", "About", &plain(&result.offering_name));
        self.detail("预约编号", "Reservation", &result.reservation.to_string());
        if result.is_shared {
            let words = self
                .language
                .pick("您同意多方通话：可能有其他用户同时参加", "You agreed to share the call: others may be on it.");
            self.line(format_args!("{words}"));
        }
        self.actions(&result.actions)
    }

    fn contact_unconfirmed(&mut self, notice: &ReservationNotice) {
        self.line(format_args!(
            "{}",
            self.language.pick(
                "信息已收到，待联系号码的机主确认；确认之前不会有来电",
                "Your booking is received. Nobody will be called before the holder of the contact number agrees."
            )
        ));
        self.notice(notice)
    }

    fn challenge(&mut self, challenge: &Challenge) {
        let merchant = plain(&challenge.merchant_name);
        match self.language {
            Language::Chinese => self.line(format_args!(
                "有人请{merchant}按以下预约呼叫本号码。如您同意，请回复验证码；如不同意，请勿将验证码告诉任何人"
            )),
            Language::English => self.line(format_args!(
                "Somebody asked {merchant} to call this number. If you agree, give the code; if you do not, tell it to nobody."
            )),
        }
        self.time(&challenge.window, challenge.zone);
        self.detail("商户", "Merchant", &merchant);
        self.detail("产品或服务", "About", &plain(&challenge.offering_name));
        self.detail("预约编号", "Reservation", &challenge.reservation.to_string());
        if challenge.is_shared {
            let words = self.language.pick("多方通话：可能有其他用户同时参加", "The call is shared: others may be on it.");
            self.line(format_args!("{words}"));
        }
        let until = challenge.zone.local(challenge.until);
        self.detail("验证码有效至", "Code good until", &format!("{:02}:{:02}", until.hour, until.minute))
    }

    fn contact_not_confirmed(&mut self, notice: &ReservationNotice) {
        self.line(format_args!(
            "{}",
            self.language.pick(
                "预约未成立：验证码多次错误，联系号码未获确认",
                "The booking does not stand: too many wrong codes were given for the contact number."
            )
        ));
        self.notice(notice)
    }

    fn cancelled(&mut self, notice: &ReservationNotice) {
        self.line(format_args!("{}", self.language.pick("预约已取消", "The reservation is cancelled.")));
        self.notice(notice)
    }

    fn notice(&mut self, notice: &ReservationNotice) {
        self.time(&notice.window, notice.zone);
        self.detail("商户", "Merchant", &plain(&notice.merchant_name));
        self.detail("预约编号", "Reservation", &notice.reservation.to_string())
    }

    fn missed(&mut self, notice: &MissedNotice) {
        let why = missed(notice.why, self.language);
        match self.language {
            Language::Chinese => self.line(format_args!("预约已结束，未能通话：{why}")),
            Language::English => self.line(format_args!("The booking is over without a conversation: {why}.")),
        }
        self.time(&notice.window, notice.zone);
        self.detail("商户", "Merchant", &plain(&notice.merchant_name));
        self.detail("预约编号", "Reservation", &notice.reservation.to_string())
    }

    fn cancelled_for_merchant(&mut self, notice: &NoticeForMerchant) {
        self.line(format_args!("{}", self.language.pick("用户已取消预约", "The user has cancelled the reservation.")));
        self.time(&notice.window, notice.zone);
        self.detail("预约编号", "Reservation", &notice.reservation.to_string())
    }

    fn declined(&mut self, notice: &DeclinedNotice) {
        self.line(format_args!(
            "{}",
            self.language.pick("商户无法应约，不会来电", "The merchant cannot keep this booking and will not call.")
        ));
        if let Some(reason) = &notice.reason {
            self.detail("说明", "Reason", &plain(reason.as_str()));
        }
        self.time(&notice.window, notice.zone);
        self.detail("商户", "Merchant", &plain(&notice.merchant_name));
        self.detail("预约编号", "Reservation", &notice.reservation.to_string())
    }

    fn on_hold(&mut self, notice: &ReservationOnHold) {
        let (id, revision) = (notice.reservation, notice.revision);
        match self.language {
            Language::Chinese => self.line(format_args!("预约{id}已修改（第{revision}版），待联系号码的机主确认；确认之前不可呼叫")),
            Language::English => self.line(format_args!(
                "Reservation {id} has changed (revision {revision}). It cannot be called before the holder of the contact number agrees."
            )),
        }
        self.time(&notice.window, notice.zone)
    }

    fn slot_over(&mut self, notice: &SlotOverNotice) {
        let why = missed_for_merchant(notice.why, self.language);
        let id = notice.reservation;
        match self.language {
            Language::Chinese => {
                self.line(format_args!("预约{id}所选通话时段已过，未能通话：{why}"));
                self.line(format_args!("可在预约时间段内另选时段，或在准备完毕后回复，平台将再次呼叫"));
            }
            Language::English => {
                self.line(format_args!("The slot for reservation {id} is over without a conversation: {why}."));
                self.line(format_args!(
                    "Choose another slot inside the window, or say when you are ready, and the platform calls again."
                ));
            }
        }
        self.slot(&notice.slot, notice.zone);
        self.time(&notice.window, notice.zone)
    }

    fn missed_for_merchant(&mut self, notice: &MissedNoticeForMerchant) {
        let why = missed_for_merchant(notice.why, self.language);
        match self.language {
            Language::Chinese => self.line(format_args!("预约已结束，未能通话：{why}")),
            Language::English => self.line(format_args!("The booking is over without a conversation: {why}.")),
        }
        self.time(&notice.window, notice.zone);
        self.detail("预约编号", "Reservation", &notice.reservation.to_string())
    }

    fn reservation(&mut self, reservation: &ReservationForMerchant, is_amended: bool) {
        let (id, revision) = (reservation.reservation, reservation.revision);
        match self.language {
            Language::Chinese if is_amended => self.line(format_args!("预约{id}已修改（第{revision}版）")),
            Language::Chinese => self.line(format_args!("新的预约：{id}")),
            Language::English if is_amended => self.line(format_args!("Reservation {id} has changed (revision {revision})")),
            Language::English => self.line(format_args!("New reservation: {id}")),
        }
        self.time(&reservation.window, reservation.zone);
        if let Some(name) = &reservation.name {
            self.detail("用户姓名", "User", &plain(name.as_str()));
        }
        match reservation.virtual_number {
            Some(number) => self.detail(
                "用户虚拟号码（预约时间段内可拨打）",
                "Virtual number (good inside the window)",
                &number.number().dialable(),
            ),
            None => self.detail("用户号码（隐藏尾号）", "Number (tail hidden)", &reservation.number.to_string()),
        }
        self.detail("呼叫线路", "Line", &reservation.line.dialable());
        self.detail("预约界面", "Page", &reservation.page.to_string());
        self.detail("产品或服务", "About", &plain(&reservation.offering_name));
        let media: Vec<String> = reservation.media.iter().map(|media| self.shared(media)).collect();
        if !media.is_empty() {
            self.detail("附件", "Attached", &media.join(self.language.pick("、", ", ")));
        }
        if let Some(group) = reservation.group {
            self.detail("多方通话组", "Shares a call in group", &group.to_string());
        }
    }

    fn shared(&self, media: &SharedMedia) -> String {
        let kind = match media.kind() {
            MediaKind::Picture => self.language.pick("图片", "picture"),
            MediaKind::Voice => self.language.pick("语音", "voice"),
            MediaKind::Video => self.language.pick("视频", "video"),
        };
        format!("{kind} {}", media.media())
    }

    fn mode_options(&mut self, options: &ModeOptions) {
        let id = options.reservation;
        match self.language {
            Language::Chinese => self.line(format_args!("请为预约{id}选择通话方式：")),
            Language::English => self.line(format_args!("How shall the call of reservation {id} be made?")),
        }
        for (number, mode) in (1_u8..).zip(options.options) {
            self.line(format_args!("{number}. {}", call_mode(mode, self.language)));
        }
        let silent = call_mode(options.on_silence, self.language);
        match self.language {
            Language::Chinese => self.line(format_args!("预约时间段开始前未选择的，{silent}")),
            Language::English => self.line(format_args!("If you have not chosen when the window opens: {silent}.")),
        }
    }
}

/// A window as the wall clock of its zone shows it.
struct Span {
    start: LocalTime,
    end: LocalTime,
    /// The last date that has an instant of the window on it.
    last: Option<NaiveDate>,
    /// Whether it ends at midnight, which then is 24:00 of the last date.
    ends_at_midnight: bool,
}

impl Span {
    fn new(window: &Window, zone: Zone) -> Self {
        let (start, end) = (zone.local(window.start()), zone.local(window.end()));
        let ends_at_midnight = (end.hour, end.minute, end.second, end.micro) == (0, 0, 0, 0);
        let before = zone.local(window.end().saturating_add_micros(-1));
        Self { start, end, last: date(if ends_at_midnight { &before } else { &end }), ends_at_midnight }
    }

    fn is_one_day(&self) -> bool {
        self.last == date(&self.start)
    }

    /// Both bounds, with as much of the date as is needed to tell them from the same hours of one day.
    fn bounds(&self, language: Language) -> (String, String) {
        let (start, end) = self.clocks(language);
        if self.is_one_day() {
            return (start, end);
        }
        let is_overnight = date(&self.start).and_then(|first| first.succ_opt()) == self.last;
        match language {
            Language::Chinese if is_overnight => (start, format!("次日{end}")),
            Language::English if is_overnight => (start, format!("{end} the next day")),
            Language::Chinese => (format!("{}{start}", day(&self.start, language)), format!("{}{end}", self.last_day(language))),
            Language::English => {
                (format!("{} {start}", day(&self.start, language)), format!("{} {end}", self.last_day(language)))
            }
        }
    }

    /// The bounds on one line: `18点-20点`.
    fn hours(&self, language: Language) -> String {
        let (start, end) = self.bounds(language);
        format!("{start}-{end}")
    }

    fn in_full(&self, language: Language) -> String {
        let (mut start, mut end) = self.clocks(language);
        if self.start.utc_offset_s != self.end.utc_offset_s {
            start.push_str(&offset(&self.start));
            end.push_str(&offset(&self.end));
        }
        let first = day(&self.start, language);
        match language {
            Language::Chinese if self.is_one_day() => format!("{first}{start}-{end}"),
            Language::Chinese => format!("{first}{start}至{}{end}", self.last_day(language)),
            Language::English if self.is_one_day() => format!("{first}, {start}-{end}"),
            Language::English => format!("{first}, {start} to {}, {end}", self.last_day(language)),
        }
    }

    /// Both times of day, in the same form.
    fn clocks(&self, language: Language) -> (String, String) {
        let whole = [&self.start, &self.end].iter().all(|time| (time.minute, time.second, time.micro) == (0, 0, 0));
        let precise = [&self.start, &self.end].iter().any(|time| (time.second, time.micro) != (0, 0));
        let clock = |time: &LocalTime, hour: u8| {
            let mut out = match language {
                Language::Chinese if whole => return format!("{hour}点"),
                Language::Chinese | Language::English => format!("{hour:02}:{:02}", time.minute),
            };
            // Writing into a String cannot fail.
            let _ = if precise { write!(out, ":{:02}", time.second) } else { Ok(()) };
            let _ = if time.micro > 0 { write!(out, ".{:06}", time.micro) } else { Ok(()) };
            out
        };
        let end_hour = if self.ends_at_midnight { 24 } else { self.end.hour };
        (clock(&self.start, self.start.hour), clock(&self.end, end_hour))
    }

    fn last_day(&self, language: Language) -> String {
        let mut last = self.end;
        if let (true, Some(date)) = (self.ends_at_midnight, self.last) {
            use chrono::Datelike as _;
            last.year = date.year();
            last.month = u8::try_from(date.month()).unwrap_or(last.month);
            last.day = u8::try_from(date.day()).unwrap_or(last.day);
            last.weekday = before(last.weekday);
        }
        day(&last, language)
    }
}

fn date(time: &LocalTime) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(time.year, time.month.into(), time.day.into())
}

/// The day before.
const fn before(day: Weekday) -> Weekday {
    match day {
        Weekday::Mon => Weekday::Sun,
        Weekday::Tue => Weekday::Mon,
        Weekday::Wed => Weekday::Tue,
        Weekday::Thu => Weekday::Wed,
        Weekday::Fri => Weekday::Thu,
        Weekday::Sat => Weekday::Fri,
        Weekday::Sun => Weekday::Sat,
    }
}

/// A date in full with its weekday: `2026年11月21日（周六）`, `Sat 21 Nov 2026`.
fn day(time: &LocalTime, language: Language) -> String {
    let weekday = weekday(time.weekday, language);
    let (year, month, day) = (time.year, time.month, time.day);
    match language {
        Language::Chinese => format!("{year}年{month}月{day}日（{weekday}）"),
        Language::English => format!("{weekday} {day} {} {year}", month_name(month)),
    }
}

const fn month_name(month: u8) -> &'static str {
    match month {
        1 => "Jan",
        2 => "Feb",
        3 => "Mar",
        4 => "Apr",
        5 => "May",
        6 => "Jun",
        7 => "Jul",
        8 => "Aug",
        9 => "Sep",
        10 => "Oct",
        11 => "Nov",
        _ => "Dec",
    }
}

const fn weekday(day: Weekday, language: Language) -> &'static str {
    match day {
        Weekday::Mon => language.pick("周一", "Mon"),
        Weekday::Tue => language.pick("周二", "Tue"),
        Weekday::Wed => language.pick("周三", "Wed"),
        Weekday::Thu => language.pick("周四", "Thu"),
        Weekday::Fri => language.pick("周五", "Fri"),
        Weekday::Sat => language.pick("周六", "Sat"),
        Weekday::Sun => language.pick("周日", "Sun"),
    }
}

/// A set of weekdays: `每天`, `周一至周五`, `周一、周三`.
fn weekdays(days: Weekdays, language: Language) -> String {
    if days == Weekdays::ALL {
        return language.pick("每天", "Every day").to_string();
    }
    let named: Vec<Weekday> = days.iter().collect();
    let consecutive = named.windows(2).all(|pair| matches!(pair, [earlier, later] if before(*later) == *earlier));
    match (named.first(), named.last()) {
        (Some(first), Some(last)) if consecutive && named.len() > 2 => {
            format!("{}{}{}", weekday(*first, language), language.pick("至", "-"), weekday(*last, language))
        }
        (Some(_) | None, Some(_) | None) => {
            let names: Vec<&str> = named.iter().map(|day| weekday(*day, language)).collect();
            names.join(language.pick("、", ", "))
        }
    }
}

/// A UTC offset in brackets: `（UTC+08:00）`.
fn offset(time: &LocalTime) -> String {
    let sign = if time.utc_offset_s < 0 { '-' } else { '+' };
    let minutes = time.utc_offset_s.unsigned_abs() / 60;
    format!(" UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// What people in China call their clock, and everybody else's zone by its name.
fn zone_words(zone: Zone, language: Language) -> String {
    match language {
        Language::Chinese if zone.name() == "Asia/Shanghai" => "北京时间".to_string(),
        Language::Chinese => format!("{zone}时间"),
        Language::English => zone.to_string(),
    }
}

fn zone_note(zone: Zone, language: Language) -> String {
    let words = zone_words(zone, language);
    match language {
        Language::Chinese => format!("，{words}"),
        Language::English => format!(" ({words})"),
    }
}

fn zone_in_brackets(zone: Zone, language: Language) -> String {
    let words = zone_words(zone, language);
    match language {
        Language::Chinese => format!("（{words}）"),
        Language::English => format!(" ({words})"),
    }
}

/// Days in a row with the same rule, as first, last and rule.
fn runs(days: &BTreeMap<LocalDate, DayRule>) -> Vec<(LocalDate, LocalDate, DayRule)> {
    let mut runs: Vec<(LocalDate, LocalDate, DayRule)> = Vec::new();
    for (date, rule) in days {
        match runs.last_mut() {
            Some((_, last, same)) if same == rule && last.next() == Some(*date) => *last = *date,
            Some(_) | None => runs.push((*date, *date, *rule)),
        }
    }
    runs
}

/// A name on one line: what would break the line or turn its direction becomes a space.
fn plain(name: &str) -> String {
    name.chars()
        .map(|c| {
            let breaks = c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
            let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            if breaks || turns { ' ' } else { c }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::sync::Arc;

    use super::*;
    use crate::values::id::MediaId;
    use crate::values::id::{MerchantId, OfferingId, PageId, ReservationId};
    use crate::values::input::Hours;
    use crate::values::media::Attachment;
    use crate::values::number::{PhoneNumber, VirtualNumber};
    use crate::values::text::MaskedText;
    use crate::values::time::Timestamp;

    fn shanghai() -> Zone {
        Zone::parse("Asia/Shanghai").unwrap()
    }

    fn span(start: &str, end: &str) -> Window {
        Window::new(Timestamp::parse(start).unwrap(), Timestamp::parse(end).unwrap()).unwrap()
    }

    fn evening() -> Window {
        span("2026-11-21T18:00:00+08:00", "2026-11-21T20:00:00+08:00")
    }

    fn result(window: Window) -> Content {
        Content::Result(BookingResult {
            reservation: ReservationId::new(7),
            revision: 1,
            merchant_name: "商户1".into(),
            line: PhoneNumber::parse("95511").unwrap(),
            contact: Some("李经理".into()),
            address: Some("北京市西城区1号".into()),
            offering_name: "车险".into(),
            window,
            zone: shanghai(),
            is_shared: false,
            actions: Vec::new(),
        })
    }

    fn hours_of(start: &str, end: &str, language: Language) -> String {
        Span::new(&span(start, end), shanghai()).hours(language)
    }

    #[test]
    fn the_result_begins_with_the_words_of_figure_2() {
        assert_eq!(
            content(&result(evening()), Language::Chinese),
            "信息已受理，请注意18点-20点间接听95511来电\n\
             预约时间：2026年11月21日（周六）18点-20点，北京时间\n\
             商户：商户1\n\
             联系人：李经理\n\
             地址：北京市西城区1号\n\
             产品或服务：车险\n\
             预约编号：7"
        );
        assert_eq!(
            content(&result(evening()), Language::English),
            "Your booking is accepted. Please expect a call from 95511 between 18:00 and 20:00.\n\
             When: Sat 21 Nov 2026, 18:00-20:00 (Asia/Shanghai)\n\
             Merchant: 商户1\n\
             Contact: 李经理\n\
             Address: 北京市西城区1号\n\
             About: 车险\n\
             Reservation: 7"
        );
    }

    #[test]
    fn hours_are_whole_only_when_both_bounds_are() {
        for (start, end, shown) in [
            ("2026-11-21T09:00:00+08:00", "2026-11-21T11:00:00+08:00", "9点-11点"),
            ("2026-11-21T18:30:00+08:00", "2026-11-21T20:00:00+08:00", "18:30-20:00"),
            ("2026-11-21T18:00:00+08:00", "2026-11-21T20:00:30+08:00", "18:00:00-20:00:30"),
            ("2026-11-21T18:00:00+08:00", "2026-11-21T20:00:00.5+08:00", "18:00:00-20:00:00.500000"),
            ("2026-11-21T00:00:00+08:00", "2026-11-22T00:00:00+08:00", "0点-24点"),
            ("2026-11-21T20:30:00+08:00", "2026-11-22T00:00:00+08:00", "20:30-24:00"),
        ] {
            assert_eq!(hours_of(start, end, Language::Chinese), shown);
        }
    }

    #[test]
    fn a_window_that_ends_on_another_day_says_so_in_every_line() {
        let (start, end) = ("2026-11-21T22:00:00+08:00", "2026-11-22T06:00:00+08:00");
        assert_eq!(hours_of(start, end, Language::Chinese), "22点-次日6点");
        assert_eq!(hours_of(start, end, Language::English), "22:00-06:00 the next day");
        assert_eq!(
            window(&span(start, end), shanghai(), Language::Chinese),
            "2026年11月21日（周六）22点至2026年11月22日（周日）6点，北京时间"
        );
        let (start, end) = ("2026-12-30T18:00:00+08:00", "2027-01-02T00:00:00+08:00");
        assert_eq!(hours_of(start, end, Language::Chinese), "2026年12月30日（周三）18点-2027年1月1日（周五）24点");
        assert_eq!(
            window(&span(start, end), shanghai(), Language::English),
            "Wed 30 Dec 2026, 18:00 to Fri 1 Jan 2027, 24:00 (Asia/Shanghai)"
        );
    }

    #[test]
    fn a_clock_change_inside_a_window_shows_both_offsets() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let night = span("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z");
        assert_eq!(window(&night, berlin, Language::English), "Sun 25 Oct 2026, 02:30 UTC+02:00-02:30 UTC+01:00 (Europe/Berlin)");
        assert!(window(&night, berlin, Language::Chinese).ends_with("，Europe/Berlin时间"));
    }

    #[test]
    fn a_shared_call_is_said_to_be_one() {
        let Content::Result(mut shared) = result(evening()) else { panic!("a result") };
        shared.is_shared = true;
        let said = content(&Content::Result(shared), Language::Chinese);
        assert!(said.ends_with("\n预约编号：7\n您同意多方通话：可能有其他用户同时参加"), "{said}");
    }

    #[test]
    fn a_page_lists_what_can_be_booked_and_when() {
        let hours = |label, days, from, to| Hours {
            label,
            rule: WeeklyRule::new(days, TimeOfDay::parse(from).unwrap(), TimeOfDay::parse(to).unwrap()).unwrap(),
        };
        let page = |windows, hours| {
            Content::BookingPage(Arc::new(BookingPage {
                page: PageId::new(10),
                version: 1,
                merchant: MerchantId::new(1),
                merchant_name: "商户1".into(),
                offerings: BTreeMap::from([(OfferingId::new(1), "车险".into()), (OfferingId::new(2), "寿险".into())]),
                windows,
                hours,
                zone: shanghai(),
                description: None,
                descriptions: BTreeMap::from([(OfferingId::new(2), "定期与终身".into())]),
                days: [
                    ("2026-10-01", DayRule::Closed),
                    ("2026-10-02", DayRule::Closed),
                    ("2026-10-10", DayRule::As(Weekday::Wed)),
                ]
                .map(|(date, rule)| (LocalDate::parse(date).unwrap(), rule))
                .into(),
                group_size_max: None,
                actions: [PageAction::Search],
            }))
        };
        let full = page(
            alloc::vec![evening()],
            alloc::vec![
                hours(HoursLabel::Working, Weekdays::MON_TO_FRI, "09:00", "17:30"),
                hours(HoursLabel::NonWorking, Weekdays::ALL, "18:00", "20:00"),
                hours(HoursLabel::NonWorking, Weekdays::WEEKEND, "22:00", "01:00"),
            ],
        );
        assert_eq!(
            content(&full, Language::Chinese),
            "商户1邀请您预约通话\n\
             产品或服务：\n\
             1. 车险\n\
             2. 寿险：定期与终身\n\
             可预约的时间段（北京时间）：\n\
             - 2026年11月21日（周六）18点-20点\n\
             - 工作时间段：周一至周五 09:00-17:30\n\
             - 非工作时间段：每天 18点-20点\n\
             - 非工作时间段：周六、周日 22点-次日1点\n\
             - 2026-10-01至2026-10-02：休息\n\
             - 2026-10-10：按周三安排\n\
             [搜索其他商户]"
        );
        assert!(content(&full, Language::English).ends_with(
            "Times you can book (Asia/Shanghai):\n\
             - Sat 21 Nov 2026, 18:00-20:00\n\
             - Working hours: Mon-Fri 09:00-17:30\n\
             - Non-working hours: Every day 18:00-20:00\n\
             - Non-working hours: Sat, Sun 22:00-01:00 the next day\n\
             - 2026-10-01 to 2026-10-02: closed\n\
             - 2026-10-10: as on Wed\n\
             [Search other merchants]"
        ));
        assert!(content(&page(Vec::new(), Vec::new()), Language::Chinese).ends_with("目前没有可预约的时间段\n[搜索其他商户]"));
    }

    #[test]
    fn the_merchant_sees_no_number_of_the_user() {
        let number = PhoneNumber::parse("+8613800000001").unwrap();
        let mut reservation = ReservationForMerchant {
            reservation: ReservationId::new(7),
            revision: 1,
            page: PageId::new(10),
            offering: OfferingId::new(1),
            offering_name: "车险".into(),
            number: number.masked(),
            virtual_number: None,
            name: Some(MaskedText::new("李雷 13800000001")),
            line: PhoneNumber::parse("95511").unwrap(),
            window: evening(),
            zone: shanghai(),
            group: None,
            media: SharedMedia::among(&[
                Attachment { media: MediaId::new(31), kind: MediaKind::Picture, share: true },
                Attachment { media: MediaId::new(32), kind: MediaKind::Picture, share: false },
                Attachment { media: MediaId::new(33), kind: MediaKind::Voice, share: true },
            ]),
        };
        assert_eq!(
            content(&Content::Reservation(reservation.clone()), Language::Chinese),
            "新的预约：7\n\
             预约时间：2026年11月21日（周六）18点-20点，北京时间\n\
             用户姓名：李雷 ***********\n\
             用户号码（隐藏尾号）：+8613*********\n\
             呼叫线路：95511\n\
             预约界面：10\n\
             产品或服务：车险\n\
             附件：图片 31、语音 33"
        );
        reservation.virtual_number = Some(VirtualNumber::of_the_pool(PhoneNumber::parse("+8617000000001").unwrap()));
        let shown = content(&Content::Reservation(reservation.clone()), Language::Chinese);
        assert!(shown.contains("用户虚拟号码（预约时间段内可拨打）：+8617000000001\n") && !shown.contains("+8613"), "{shown}");
        reservation.group = Some(crate::values::id::GroupId::new(3));
        assert!(content(&Content::Reservation(reservation.clone()), Language::Chinese).ends_with("\n多方通话组：3"));
        reservation.revision = 2;
        assert!(content(&Content::Amended(reservation.clone()), Language::Chinese).starts_with("预约7已修改（第2版）\n"));
        assert!(
            content(&Content::Amended(reservation), Language::English).starts_with("Reservation 7 has changed (revision 2)\n")
        );
    }

    #[test]
    fn the_merchant_is_offered_both_modes_and_told_what_silence_means() {
        let options = Content::ModeOptions(ModeOptions {
            reservation: ReservationId::new(7),
            options: CallMode::ALL,
            on_silence: CallMode::MerchantCalls,
        });
        assert_eq!(
            content(&options, Language::Chinese),
            "请为预约7选择通话方式：\n\
             1. 由商户发起通话请求\n\
             2. 由服务平台发起通话请求（先接通商户，再呼叫用户）\n\
             预约时间段开始前未选择的，由商户发起通话请求"
        );
        assert!(
            content(&options, Language::English).ends_with("If you have not chosen when the window opens: the merchant calls.")
        );
    }

    #[test]
    fn notices_name_the_reservation_and_its_window() {
        let notice = ReservationNotice {
            reservation: ReservationId::new(7),
            merchant_name: "商户1".into(),
            window: evening(),
            zone: shanghai(),
        };
        let details = "\n预约时间：2026年11月21日（周六）18点-20点，北京时间\n商户：商户1\n预约编号：7";
        assert_eq!(content(&Content::Cancelled(notice.clone()), Language::Chinese), format!("预约已取消{details}"));
        assert_eq!(
            content(&Content::ContactUnconfirmed(notice.clone()), Language::Chinese),
            format!("信息已收到，待联系号码的机主确认；确认之前不会有来电{details}")
        );
        let missed = MissedNotice {
            reservation: notice.reservation,
            merchant_name: notice.merchant_name,
            why: Missed::NotCalled,
            window: notice.window,
            zone: notice.zone,
        };
        assert_eq!(
            content(&Content::Missed(missed.clone()), Language::Chinese),
            format!("预约已结束，未能通话：商户未拨打电话{details}")
        );
        let for_merchant = MissedNoticeForMerchant {
            reservation: missed.reservation,
            why: Missed::NumberBusy.into(),
            window: missed.window,
            zone: missed.zone,
        };
        assert_eq!(
            content(&Content::MissedForMerchant(for_merchant), Language::Chinese),
            "预约已结束，未能通话：预约时间段结束前未能轮到或接通\n预约时间：2026年11月21日（周六）18点-20点，北京时间\n预约编号：7",
            "a merchant does not learn that the user was on another call"
        );
        assert!(
            content(&Content::Missed(missed), Language::English)
                .starts_with("The booking is over without a conversation: the merchant did not call.\nWhen: Sat 21 Nov 2026")
        );
    }

    #[test]
    fn prompts_and_reasons_are_spoken_in_both_languages() {
        assert_eq!(prompt(Prompt::ConnectingUser, Language::Chinese), "正在连接用户，请耐心等待");
        assert_eq!(prompt(Prompt::ConnectingUser, Language::English), "We are connecting you to the user. Please hold the line.");
        assert_eq!(deny_reason(DenyReason::BeforeWindow, Language::Chinese), "预约时间段尚未开始");
        assert_eq!(outcome(Outcome::Missed(Missed::HostLate), Language::English), "missed: the platform was too late to call");
        let reason = CallReason {
            reservation: ReservationId::new(7),
            merchant_name: "商户1".into(),
            offering_name: "车险".into(),
            window: evening(),
            zone: shanghai(),
        };
        assert_eq!(call_reason(&reason, Language::Chinese), "商户1 车险 预约18点-20点");
        assert_eq!(call_reason(&reason, Language::English), "商户1: 车险, booked for 18:00-20:00");
    }

    #[test]
    fn a_name_cannot_pass_for_another_line() {
        assert_eq!(plain("商户1\n信息已受理\u{2028}x\u{202e}y\r\t"), "商户1 信息已受理 x y  ");
    }

    #[test]
    fn languages_are_known_by_their_primary_tag() {
        for tag in ["zh-CN", "zh", "ZH_hans", "zh-TW"] {
            assert_eq!(Language::parse(tag), Ok(Language::Chinese));
        }
        for tag in ["en", "en-GB", "EN"] {
            assert_eq!(Language::parse(tag), Ok(Language::English));
        }
        assert_eq!(Language::parse("de"), Err(LanguageError));
        assert_eq!(Language::parse(""), Err(LanguageError));
        assert_eq!(Language::Chinese.tag(), "zh-CN");
    }
}
