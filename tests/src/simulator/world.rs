//! Where it happens: the operator's rules, merchants with lines and pages, users with phones, mailboxes and accounts.

use std::collections::BTreeMap;

use ringfence::values::account::AccountId;
use ringfence::values::called_zone::{CalledZone, Prefix};
use ringfence::values::cause::SEED_REASONS;
use ringfence::values::id::{CalendarId, MerchantId, OfferingId, PageId};
use ringfence::values::input::{
    Hours, HoursLabel, ImportNumbers, Input, Line, PresetMode, PublishPage, RegisterMerchant, RotateKey, SetCalendar,
};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::{
    ActionsIn, CallMode, Confirmation, FallbackChannel, ModeChooser, OnWindowClose, Policy, Transcription,
};
use ringfence::values::text::Text;
use ringfence::values::time::{DayRule, TimeOfDay, Timestamp, Weekdays, WeeklyRule, Zone};

pub(super) const USERS: usize = 48;
pub(super) const MERCHANTS: usize = 8;
const NUMBERS: usize = 24;
/// Clocks go back in Berlin on the sixth day.
const BEGINS: &str = "2026-10-19T16:00:00Z";
pub(super) const DAY_S: u64 = 86_400;

/// When the first day begins: midnight in Shanghai.
pub(super) fn begins() -> Timestamp {
    Timestamp::parse(BEGINS).expect("a constant instant")
}

/// The operator's rules. They differ from seed to seed in what a platform may choose.
pub(super) fn policy(seed: u64) -> Policy {
    let by = |bit: u32| seed >> bit & 1 == 1;
    // Rules of time hide places in queues from the checker, so every second seed has none.
    let callable_hours = if by(0) { Vec::new() } else { vec![rule("08:00", "22:00")] };
    let known = |prefix: &str, zone: &str| CalledZone {
        prefix: Prefix::parse(prefix).expect("a constant prefix"),
        zone: zone_named(zone),
    };
    let called_zones = if by(0) { Vec::new() } else { vec![known("+8613800007", "Asia/Tokyo")] };
    Policy {
        callable_hours,
        called_zones,
        rings_per_day_max: if by(0) { 0 } else { 6 },
        min_ring_s: [0, 10][usize::from(by(1))],
        mode_on_silence: if by(2) { CallMode::PlatformCalls } else { CallMode::MerchantCalls },
        on_window_close: if by(3) { OnWindowClose::HangUp } else { OnWindowClose::Continue },
        conversations_max: if by(4) { 2 } else { 1 },
        confirmation: if seed % 8 == 5 { Confirmation::Acknowledgement } else { Confirmation::Silence },
        mode_chosen_by: if seed % 8 == 3 { ModeChooser::Platform(CallMode::PlatformCalls) } else { ModeChooser::Merchant },
        actions_in: if by(1) { ActionsIn::ManagePage } else { ActionsIn::Result },
        transcription: if by(2) { Transcription::Always } else { Transcription::Never },
        fallback: vec![FallbackChannel::Sms, FallbackChannel::Email],
        divert_on: SEED_REASONS,
        retry_spacing_s: 180,
        conversation_max_s: 900,
        retention_s: 86_400,
        book_ahead_max_s: 4 * 86_400,
        clock_leap_max_s: 3_600,
        dedup_retention_s: 7_200,
        dedup_max: 2_000,
        number_rest_s: 14_400,
        reminder_before_s: 1_800,
        profile_life_s: 5 * 86_400,
        unfollowed_max_s: 2 * 86_400,
        voice_message_life_s: 86_400,
        push_attempts_max: 3,
        group_size_max: 4,
        group_members_max: 5,
        reservations_per_sender_max: 30,
        freezes_max: 4,
        text_chars_max: 60,
        ..Policy::default()
    }
}

pub(super) fn merchant_id(index: usize) -> MerchantId {
    MerchantId::new(index as u64 + 1)
}

pub(super) fn page_id(index: usize) -> PageId {
    PageId::new(index as u64 + 101)
}

pub(super) const OFFERINGS: [OfferingId; 2] = [OfferingId::new(1), OfferingId::new(2)];

/// His lines: half of the merchants have two, with few channels, so that queues form.
pub(super) fn lines(index: usize) -> Vec<Line> {
    let short = Line { number: number(&format!("955{index:02}")), channels: 1 + u32::try_from(index % 3).unwrap_or(0) };
    let long = Line { number: number(&format!("+86215550{index:02}0")), channels: 1 };
    if index.is_multiple_of(2) { vec![short] } else { vec![short, long] }
}

pub(super) fn chatbot(index: usize) -> Address {
    Address::Chatbot(Text::from(format!("1065{index:04}@chatbot.example")))
}

pub(super) fn zone(index: usize) -> Zone {
    zone_named(if index == 5 { "Europe/Berlin" } else { "Asia/Shanghai" })
}

pub(super) fn register(index: usize) -> RegisterMerchant {
    RegisterMerchant {
        chatbot: Some(chatbot(index)),
        contact: Some(Text::from("李经理")),
        address: index.is_multiple_of(3).then(|| Text::from("上海市浦东新区")),
        description: index.is_multiple_of(2).then(|| Text::from("车险与寿险 VIP")),
        ..RegisterMerchant::new(merchant_id(index), format!("商户{index}"), lines(index), zone(index))
    }
}

pub(super) fn page(index: usize) -> PublishPage {
    let hours = |label, rule| Hours { label, rule };
    let offerings = BTreeMap::from([(OFFERINGS[0], Text::from("车险")), (OFFERINGS[1], Text::from("寿险"))]);
    PublishPage {
        hours: vec![hours(HoursLabel::Working, rule("08:30", "17:00")), hours(HoursLabel::NonWorking, rule("17:00", "21:30"))],
        chatbot: index.is_multiple_of(3).then(|| chatbot(index)),
        line: lines(index).last().map(|line| line.number).filter(|_| index % 4 == 1),
        descriptions: BTreeMap::from([(OFFERINGS[1], Text::from("Life insurance"))]),
        calendar: index.is_multiple_of(4).then_some(CalendarId::new(1)),
        group_size_max: [Some(3), None, Some(2), Some(4)][index % 4],
        ..PublishPage::new(page_id(index), merchant_id(index), offerings)
    }
}

/// Holidays: now and then a day is closed, and one counts as another.
pub(super) fn calendar(from: Timestamp) -> Input {
    let date = |days: u64| zone(0).date(from.saturating_add_s(days * DAY_S)).expect("a date of this century");
    let days = BTreeMap::from([
        (date(2), DayRule::Closed),
        (date(4), DayRule::As(ringfence::values::time::Weekday::ALL[0])),
        (date(9), DayRule::Closed),
    ]);
    Input::SetCalendar(SetCalendar { calendar: CalendarId::new(1), days })
}

/// What is there before anybody does anything.
pub(super) fn setup(has_merchant: impl Fn(usize) -> bool) -> Vec<Input> {
    let numbers = (0..NUMBERS).map(|index| number(&format!("+8617000000{index:03}"))).collect();
    let mut inputs = vec![
        Input::RotateKey(RotateKey { id: Text::from("k1") }),
        calendar(begins()),
        Input::ImportNumbers(ImportNumbers { numbers }),
    ];
    for index in (0..MERCHANTS).filter(|index| has_merchant(*index)) {
        inputs.push(Input::RegisterMerchant(register(index)));
        inputs.push(Input::PublishPage(page(index)));
        let mode = [None, None, Some(CallMode::MerchantCalls), Some(CallMode::PlatformCalls)][index % 4];
        inputs.extend(mode.map(|mode| Input::PresetMode(PresetMode { merchant: merchant_id(index), mode: Some(mode) })));
    }
    inputs
}

/// A user's phone.
pub(super) fn phone(index: usize) -> PhoneNumber {
    number(&format!("+8613800{:06}", index * 211))
}

/// Where a user writes from. One in twelve has a mailbox only.
pub(super) fn address(index: usize) -> Address {
    match index % 12 {
        11 => Address::Email(Text::from(format!("user{index}@mail.example"))),
        8..=10 => Address::Sms(phone(index)),
        7 => Address::Mms(phone(index)),
        _ => Address::Rcs(phone(index)),
    }
}

/// The account of every second user.
pub(super) fn account(index: usize) -> Option<AccountId> {
    index.is_multiple_of(2).then(|| AccountId::parse(&format!("oU{index:02}")).expect("an account"))
}

/// A number that the world does not know.
pub(super) fn strange_number() -> PhoneNumber {
    number("+8613999999999")
}

pub(super) fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).expect("a phone number")
}

fn zone_named(text: &str) -> Zone {
    Zone::parse(text).expect("a zone")
}

fn rule(from: &str, to: &str) -> WeeklyRule {
    let time = |text| TimeOfDay::parse(text).expect("a time of day");
    WeeklyRule::new(Weekdays::ALL, time(from), time(to)).expect("a rule")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_has_legal_rules() {
        for seed in 0..512 {
            assert_eq!(policy(seed).check(), Ok(()), "seed {seed}");
        }
    }

    #[test]
    fn nobody_has_the_number_of_another() {
        let lines = (0..MERCHANTS).flat_map(lines).map(|line| line.number);
        let virtual_numbers = (0..NUMBERS).map(|index| number(&format!("+8617000000{index:03}")));
        let all: Vec<PhoneNumber> = (0..USERS).map(phone).chain(lines).chain(virtual_numbers).chain([strange_number()]).collect();
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }
}
