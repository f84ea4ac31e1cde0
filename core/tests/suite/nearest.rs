//! The nearest windows that a refusal names, against a list of all of them.

use proptest::prelude::*;
use ringfence::books::catalog::{Clockwork, NEAREST_MAX, Page};
use ringfence::values::input::{Hours, HoursLabel};
use ringfence::values::time::{Calendar, DayRule, LocalDate, TimeOfDay, Weekday, Weekdays, WeeklyRule, Zone};
use ringfence::{MerchantId, PageId, Timestamp, Window};

fn at(minute: i64) -> Timestamp {
    Timestamp::parse("2026-03-01T00:00:00Z").unwrap().saturating_add_micros(minute * 60_000_000)
}

fn rules() -> impl Strategy<Value = WeeklyRule> {
    let days = (1..128_u8).prop_map(|bits| {
        let named = Weekday::ALL.into_iter().enumerate().filter(|(day, _)| bits >> day & 1 == 1);
        named.fold(Weekdays::NONE, |set, (_, day)| set.with(day))
    });
    (days, 0..1_440_u16, 0..=1_440_u16).prop_filter_map("the rule has no length", |(days, from, to)| {
        let time = |minutes| TimeOfDay::from_minutes(minutes).unwrap();
        WeeklyRule::new(days, time(from), time(to)).ok()
    })
}

fn calendars() -> impl Strategy<Value = Calendar> {
    let day = (2..=5_u32, 1..=28_u32).prop_map(|(month, day)| LocalDate::new(2026, month, day).unwrap());
    let rule = prop_oneof![3 => Just(DayRule::Closed), 1 => (0..7_usize).prop_map(|day| DayRule::As(Weekday::ALL[day]))];
    prop::collection::btree_map(day, rule, 0..100).prop_map(Calendar::new)
}

/// A page with these concrete windows and hours, in minutes.
fn page(windows: &[(i64, i64)], hours: Vec<WeeklyRule>) -> Page {
    Page {
        id: PageId::new(1),
        merchant: MerchantId::new(1),
        version: 1,
        offerings: Default::default(),
        windows: windows.iter().map(|(from, to)| window(*from, *to)).collect(),
        hours: hours.into_iter().map(|rule| Hours { label: HoursLabel::Working, rule }).collect(),
        line: None,
        descriptions: Default::default(),
        calendar: None,
        group_size_max: None,
    }
}

fn window(from: i64, to: i64) -> Window {
    Window::new(at(from), at(to)).unwrap()
}

const UTC: Clockwork<'_> = Clockwork { zone: Zone::UTC, calendar: &Calendar::EMPTY };

#[test]
fn what_is_over_now_is_not_named_and_what_ends_with_the_time_ahead_is() {
    let page = page(&[(0, 60), (0, 61), (500, 1_000), (500, 1_001)], Vec::new());
    assert_eq!(page.nearest(&window(100, 200), at(60), at(1_000), UTC), [window(0, 61), window(500, 1_000)]);
}

#[test]
fn of_windows_as_near_the_earlier_is_named_though_it_lies_a_day_back() {
    // Asked: 06:00 to 07:00 of the second day. Three windows begin at 13:00, six hours later; the one of the evening before ended at midnight, six hours earlier.
    let day = 1_440;
    let time = |minutes| TimeOfDay::from_minutes(minutes).unwrap();
    let every_evening = Weekday::ALL.into_iter().fold(Weekdays::NONE, |set, day| set.with(day));
    let evening = WeeklyRule::new(every_evening, time(22 * 60), time(24 * 60)).unwrap();
    let later = [(day + 780, day + 840), (day + 780, day + 900), (day + 780, day + 960)];
    let nearest = page(&later, vec![evening]).nearest(&window(day + 360, day + 420), at(0), at(day + 960), UTC);
    assert_eq!(nearest, [window(1_320, day), window(day + 780, day + 840), window(day + 780, day + 900)]);
}

#[test]
fn a_page_offers_what_lies_inside_one_window_of_it() {
    let time = |minutes| TimeOfDay::from_minutes(minutes).unwrap();
    let sunday = Weekdays::NONE.with(Weekday::Sun);
    let page = page(&[(2_000, 2_100), (2_100, 2_200)], vec![WeeklyRule::new(sunday, time(60), time(120)).unwrap()]);
    assert!(page.offers(&window(2_000, 2_100), UTC) && page.offers(&window(60, 120), UTC));
    assert!(!page.offers(&window(2_050, 2_150), UTC), "in two of them");
    assert!(!page.offers(&window(60, 121), UTC) && !page.offers(&window(59, 120), UTC) && !page.offers(&window(300, 400), UTC));
}

proptest! {
    /// The days are left as soon as no nearer window can come; what is found is what stands first in the list of all.
    #[test]
    fn the_nearest_are_the_first_of_all(
        rules in prop::collection::vec(rules(), 0..5), calendar in calendars(),
        concrete in prop::collection::vec((0..100_000_i64, 1..3_000_i64), 0..4),
        zone in prop::sample::select(vec!["Asia/Shanghai", "Europe/Berlin", "Pacific/Apia", "Pacific/Kiritimati"]),
        (start, length) in (-2_000..90_000_i64, 1..2_000_i64), now in 0..60_000_i64, ahead in 1..90_000_i64,
    ) {
        let by = Clockwork { zone: Zone::parse(zone).unwrap(), calendar: &calendar };
        let windows: Vec<Window> = concrete.iter().map(|(start, length)| Window::new(at(*start), at(start + length)).unwrap()).collect();
        let hours = rules.iter().map(|rule| Hours { label: HoursLabel::Working, rule: *rule }).collect();
        let page = Page {
            id: PageId::new(1), merchant: MerchantId::new(1), version: 1, offerings: Default::default(), windows: windows.clone(), hours,
            line: None, descriptions: Default::default(), calendar: None, group_size_max: None,
        };
        let (asked, now, until) = (Window::new(at(start), at(start + length)).unwrap(), at(now), at(now + ahead));

        let mut all = windows;
        for rule in &rules {
            let far = at(-20_000);
            all.extend(rule.windows_from(by.zone, by.calendar, far).take_while(|window| window.start() < until));
        }
        all.retain(|window| window.end() > now && window.end() <= until);
        let between = |window: &Window| {
            window.start().micros_since(asked.end()).max(asked.start().micros_since(window.end())).max(0)
        };
        all.sort_by_key(|window| (between(window), window.start(), window.end()));
        all.dedup();
        all.truncate(NEAREST_MAX);
        prop_assert_eq!(page.nearest(&asked, now, until, by), all);
    }
}
