//! Worlds: a policy, merchants with lines and pages, users.

use std::collections::BTreeMap;

use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use ringfence::values::called_zone::{CalledZone, Prefix};
use ringfence::values::id::{CalendarId, MerchantId, OfferingId, PageId};
use ringfence::values::input::{
    Hours, HoursLabel, ImportNumbers, Input, Line, PresetMode, PublishPage, RegisterMerchant, RotateKey, SetCalendar,
};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::{CallMode, Confirmation, ModeChooser, OnWindowClose, Policy};
use ringfence::values::text::Text;
use ringfence::values::time::{DayRule, LocalDate, TimeOfDay, Timestamp, Weekday, Weekdays, WeeklyRule, Window, Zone};

use super::law::{hours_around, with_law};
use super::managing::with_contents;
use super::people::with_people;

/// The instants at which worlds begin: an ordinary day, and shortly before clocks go back and forward in Berlin.
const BEGINNINGS: [&str; 3] = ["2026-11-21T09:00:00Z", "2026-10-25T00:30:00Z", "2026-03-29T00:30:00Z"];
const ZONES: [&str; 3] = ["Asia/Shanghai", "UTC", "Europe/Berlin"];
const USERS: [&str; 6] = [
    "rcs:+8613800000001",
    "rcs:+8613800000002",
    "sms:+8613800000003",
    "mailto:zhang@example.com",
    "sms:+8613800000001",
    "mailto:zhang@EXAMPLE.com",
];

/// Where a script happens.
#[derive(Clone, Debug)]
pub struct World {
    /// The operator's rules.
    pub policy: Policy,
    /// When it begins.
    pub begins: Timestamp,
    /// The merchants as they register.
    pub merchants: Vec<RegisterMerchant>,
    /// The pages as they are published first.
    pub pages: Vec<PublishPage>,
    /// Who books.
    pub users: Vec<Address>,
    /// The inputs that set it up, all at the beginning.
    pub setup: Vec<Input>,
}

/// Worlds of one or two merchants with one or two lines of one or two channels, and one to five users.
pub fn worlds() -> impl Strategy<Value = World> {
    let begins = select(BEGINNINGS.to_vec()).prop_map(instant);
    (
        with_people(with_contents(with_law(policies()))),
        begins,
        select(ZONES.to_vec()),
        1..=2_usize,
        1..=USERS.len(),
        any::<[u8; 8]>(),
    )
        .prop_map(|(policy, begins, zone, merchants, users, dice)| {
            let zone = zone_named(zone);
            let policy = with_clocks(policy, begins, zone, dice);
            let merchants: Vec<_> = (0..merchants).map(|index| merchant(index, zone, dice)).collect();
            let pages: Vec<_> = merchants.iter().map(|merchant| page(merchant, begins, dice)).collect();
            let calendar = SetCalendar { calendar: CalendarId::new(1), days: days_around(begins, zone, u16::from(dice[7])) };
            let mut setup = vec![Input::SetCalendar(calendar)];
            setup.extend(merchants.iter().cloned().map(Input::RegisterMerchant));
            setup.extend(pages.iter().cloned().map(Input::PublishPage));
            let presets = [None, None, Some(CallMode::MerchantCalls), Some(CallMode::PlatformCalls)];
            let preset = |(merchant, dice): (&RegisterMerchant, u8)| PresetMode {
                merchant: merchant.merchant,
                mode: presets[usize::from(dice) % 4],
            };
            setup.extend(merchants.iter().zip(dice).map(preset).filter(|preset| preset.mode.is_some()).map(Input::PresetMode));
            // Half of the worlds have virtual numbers: one or two, so that they run out.
            let numbers = usize::from(dice[4] % 4).saturating_sub(1).min(policy.numbers_max as usize);
            if numbers > 0 {
                setup.push(Input::ImportNumbers(ImportNumbers { numbers: (0..numbers).map(virtual_number).collect() }));
            }
            // A key is set before, later, or never.
            setup.extend((dice[3] % 4 < 3).then(|| Input::RotateKey(RotateKey { id: Text::from("k1") })));
            let users = USERS[..users].iter().filter_map(|user| Address::parse(user).ok()).collect();
            World { policy, begins, merchants, pages, users, setup }
        })
}

/// Policies whose bounds are reached within minutes. Every one passes [`Policy::check`].
pub fn policies() -> impl Strategy<Value = Policy> {
    let both = || select(CallMode::ALL.to_vec());
    let chooser = prop_oneof![3 => Just(ModeChooser::Merchant), 1 => both().prop_map(ModeChooser::Platform)];
    let rings = (select(vec![20_u32, 5, 45, 90]), select(vec![0_u32, 0, 10]), select(vec![10_u32, 2]), select(vec![30_u32, 2]));
    let counts = (
        select(vec![30_u32, 0, 5, 300]),
        select(vec![3_u32, 1, 2]),
        select(vec![3_u32, 1, 2]),
        select(vec![1_u32, 2, 3, 4, 3]),
        select(vec![10_u32, 1, 2]),
    );
    let modes = (chooser, both(), select(vec![OnWindowClose::Continue, OnWindowClose::HangUp]));
    let bounds = (
        select(vec![7_200_u32, 15]),
        select(vec![600_u32, 1, 86_400]),
        prop_oneof![6 => Just(100_000_u32), 1 => 7..40_u32],
        prop_oneof![6 => Just(100_u32), 1 => 1..6_u32],
        prop_oneof![6 => Just(50_u32), 1 => 1..3_u32],
        prop_oneof![6 => Just(86_400_u32 * 20), 1 => Just(400_u32)],
        prop_oneof![6 => Just(4_u32), 1 => Just(1_u32)],
        prop_oneof![6 => Just(4_u32), 1 => Just(1_u32)],
        (prop_oneof![6 => Just(0_u32), 1 => Just(300_u32)], confirmations()),
        prop_oneof![6 => Just(500_u32), 1 => 1..4_u32],
        1..=3_u32,
    );
    let numbers = (select(vec![30_u32, 0, 3_600]), select(vec![1_u32, 0, 2]), prop_oneof![6 => Just(3_u32), 1 => Just(1_u32)]);
    let codes = (
        select(vec![6_u32, 10]),
        select(vec![600_u32, 20, 60]),
        select(vec![3_u32, 1, 2]),
        prop_oneof![1 => Just(5_u32), 2 => 1..4_u32],
        prop_oneof![1 => Just(3_u32), 4 => Just(1_u32)],
        prop_oneof![3 => Just(100_u32), 1 => 1..3_u32],
    );
    (rings, counts, modes, bounds, (numbers, codes)).prop_map(|(rings, counts, modes, bounds, (numbers, codes))| Policy {
        number_rest_s: numbers.0,
        numbers_low: numbers.1,
        numbers_max: numbers.2,
        ring_timeout_s: rings.0,
        min_ring_s: rings.1,
        answer_timeout_s: rings.2,
        release_grace_s: rings.3,
        retry_spacing_s: counts.0,
        attempts_max: counts.1,
        merchant_attempts_max: counts.2,
        conversations_max: counts.3,
        platform_attempts_max: counts.4,
        mode_chosen_by: modes.0,
        mode_on_silence: modes.1,
        on_window_close: modes.2,
        conversation_max_s: bounds.0,
        retention_s: bounds.1,
        outbox_max: bounds.2,
        reservations_max: bounds.3,
        reservations_per_number_max: bounds.4,
        book_ahead_max_s: bounds.5,
        page_entries_max: 6,
        pages_max: bounds.6,
        merchants_max: bounds.7,
        lines_per_merchant_max: 3,
        push_max: 4,
        text_chars_max: 30,
        dedup_retention_s: 60,
        dedup_max: 4,
        clock_leap_max_s: bounds.8.0,
        confirmation: bounds.8.1.0,
        revisions_max: bounds.8.1.1,
        channels_max: 3,
        pushed_pages_max: 1,
        code_digits: codes.0,
        code_life_s: codes.1,
        code_tries_max: codes.2,
        codes_per_hour_max: codes.3,
        challenges_per_number_max: codes.4,
        codes_max: codes.5,
        reservations_per_sender_max: bounds.9,
        calendars_max: 2,
        calendar_days_max: 4,
        search_results_max: bounds.10,
        pages_per_merchant_max: bounds.10,
        search_candidates_max: counts.4,
        wrong_codes_per_day_max: codes.3,
        blocks_per_user_max: 2,
        blocks_max: 2,
        group_size_max: 3,
        ..Policy::default()
    })
}

/// What confirms a result, and how often terms may be set.
fn confirmations() -> impl Strategy<Value = (Confirmation, u32)> {
    let confirmation = prop_oneof![9 => Just(Confirmation::Silence), 1 => Just(Confirmation::Acknowledgement)];
    (confirmation, select(vec![20_u32, 20, 2, 4]))
}

/// The lines of the merchants: two for each, in two forms.
pub(super) fn line_numbers(merchant: usize) -> [PhoneNumber; 2] {
    let texts = if merchant == 0 { ["95511", "+862195511"] } else { ["95521", "955210"] };
    texts.map(number)
}

/// A number that the operator may put into the pool.
pub(super) fn virtual_number(index: usize) -> PhoneNumber {
    number(["+8617000000001", "+8617000000002", "+8617000000003", "+862195509"][index % 4])
}

/// A number that is no subscriber's.
pub(super) fn short_code() -> PhoneNumber {
    number("95509")
}

/// A number that nobody has.
pub(super) fn foreign_number() -> PhoneNumber {
    number("+8613900000009")
}

/// A number that no user can have: it is not in E.164 form, too short, or has a 0 after +86.
pub(super) fn no_users_number(index: u16) -> PhoneNumber {
    number(["13800000001", "110", "+86120", "+86013800000001"][usize::from(index % 4)])
}

/// A number that is a line only when a new merchant comes.
pub(super) fn spare_number(index: u8) -> PhoneNumber {
    number(["95531", "95532", "95533"][usize::from(index % 3)])
}

fn merchant(index: usize, zone: Zone, dice: [u8; 8]) -> RegisterMerchant {
    let lines = 1 + usize::from(dice[index] % 4 / 3);
    let channels = |line: usize| 1 + u32::from(dice[2 + line] >> index) % 2;
    let id = MerchantId::new(index as u64 + 1);
    RegisterMerchant {
        merchant: id,
        name: Text::from(format!("商户{id}")),
        lines: (0..lines).map(|line| Line { number: line_numbers(index)[line], channels: channels(line) }).collect(),
        zone,
        chatbot: Some(chatbot(id)),
        contact: dice[4].is_multiple_of(2).then(|| Text::from("王经理")),
        address: dice[5].is_multiple_of(2).then(|| Text::from("上海市浦东新区")),
        description: dice[6].is_multiple_of(2).then(|| Text::from("养老与车险 ＶＩＰ")),
    }
}

/// The registered chatbot of a merchant.
pub(super) fn chatbot(merchant: MerchantId) -> Address {
    Address::Chatbot(Text::from(format!("1065000{merchant}@chatbot.example")))
}

/// A page with three concrete windows, which begin one and five minutes after the world does, and hours that hold on every day.
fn page(merchant: &RegisterMerchant, begins: Timestamp, dice: [u8; 8]) -> PublishPage {
    let length = [300, 120, 900, 61][usize::from(dice[6] % 4)];
    let window = |start, length| between(begins.saturating_add_s(start), length);
    let rule = |from, to| WeeklyRule::new(Weekdays::ALL, time_of_day(from), time_of_day(to)).ok();
    let all_day = rule("00:00", "24:00");
    let rules = [all_day, all_day, rule("01:15", "02:45"), rule("18:00", "10:31"), None];
    let hours = rules[usize::from(dice[7] % 5)].map(|rule| Hours { label: HoursLabel::NonWorking, rule });
    PublishPage {
        page: PageId::new(merchant.merchant.get() * 10),
        merchant: merchant.merchant,
        chatbot: merchant.chatbot.clone().filter(|_| dice[4].is_multiple_of(3)),
        offerings: BTreeMap::from([(OfferingId::new(1), Text::from("车险")), (OfferingId::new(2), Text::from("寿险"))]),
        windows: [window(60, length), window(300, 120), window(60 + length / 2, length)].into_iter().flatten().collect(),
        hours: hours.into_iter().collect(),
        line: merchant.lines.last().map(|line| line.number).filter(|_| dice[5].is_multiple_of(3)),
        descriptions: [(OfferingId::new(2), Text::from("Life insurance"))].into_iter().filter(|_| dice[5] % 4 < 2).collect(),
        calendar: Some(CalendarId::new(1)).filter(|_| dice[7].is_multiple_of(2)),
        group_size_max: [Some(2), Some(3), None, Some(3), Some(2)][usize::from(dice[1] / 16 % 5)],
    }
}

/// Some days around an instant: closed ones, and ones that count as another weekday.
pub(super) fn days_around(at: Timestamp, zone: Zone, dice: u16) -> BTreeMap<LocalDate, DayRule> {
    let date = |day: u16| zone.date(at.saturating_add_s(86_400 * u64::from(day)).saturating_sub_s(86_400));
    let rule = |day: u16| match dice >> day & 3 {
        0 | 1 => None,
        2 => Some(DayRule::Closed),
        _ => Some(DayRule::As(Weekday::ALL[usize::from((dice + day) % 7)])),
    };
    (0..5).filter_map(|day| Some((date(day)?, rule(day)?))).collect()
}

/// The window of this many seconds.
pub(super) fn between(start: Timestamp, length_s: u64) -> Option<Window> {
    Window::new(start, start.saturating_add_s(length_s)).ok()
}

// The texts below are constants of this file, and its tests read them all.

/// Callable hours around the beginning; now and then some numbers are on another clock, and have hours of their own.
fn with_clocks(policy: Policy, begins: Timestamp, zone: Zone, dice: [u8; 8]) -> Policy {
    let mut callable_hours = hours_around(begins, zone, dice[7]);
    let other = zone_named("Pacific/Honolulu");
    let known = |prefix: &str, zone| CalledZone { prefix: Prefix::parse(prefix).expect("a constant prefix"), zone };
    let called_zones = match dice[6] % 4 {
        _ if callable_hours.is_empty() => Vec::new(),
        0 => vec![known("+86138", zone_named("UTC")), known("+8613800000001", other), known("+86138", zone)],
        1 => vec![known("+8613800000002", other)],
        _ => Vec::new(),
    };
    if !called_zones.is_empty() {
        callable_hours.extend(hours_around(begins, other, 1 + dice[5] % 3));
    }
    Policy { callable_hours, called_zones, ..policy }
}

fn instant(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a constant instant")
}

fn zone_named(text: &str) -> Zone {
    Zone::parse(text).expect("a constant zone")
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).expect("a constant number")
}

fn time_of_day(text: &str) -> TimeOfDay {
    TimeOfDay::parse(text).expect("a constant time of day")
}

#[cfg(test)]
mod tests {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    use super::*;

    #[test]
    fn every_world_has_a_legal_policy_users_and_pages() {
        let mut runner = TestRunner::deterministic();
        for _ in 0..500 {
            let world = worlds().new_tree(&mut runner).expect("a world").current();
            assert_eq!(world.policy.check(), Ok(()));
            assert!(!world.users.is_empty());
            assert_eq!(world.merchants.len(), world.pages.len());
            assert!(world.pages.iter().all(|page| page.windows.len() == 3));
        }
        assert!(BEGINNINGS.map(instant).iter().all(|begins| *begins > Timestamp::MIN));
        assert!(ZONES.map(zone_named).iter().all(|zone| !zone.name().is_empty()));
        assert!(USERS.iter().all(|user| Address::parse(user).is_ok()));
        assert_ne!(line_numbers(0), line_numbers(1));
        assert!(!line_numbers(0).contains(&foreign_number()));
    }
}
