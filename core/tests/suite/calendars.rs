//! Calendars: holidays and moved workdays, and weekly rules under them, at clock changes as well.

use std::collections::BTreeMap;

use proptest::prelude::*;
use ringfence::values::time::{Calendar, DayRule, LocalDate, TimeOfDay, Timestamp, Weekday, Weekdays, WeeklyRule, Window, Zone};

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

fn date(text: &str) -> LocalDate {
    LocalDate::parse(text).unwrap()
}

fn rule(days: Weekdays, from: &str, to: &str) -> WeeklyRule {
    WeeklyRule::new(days, TimeOfDay::parse(from).unwrap(), TimeOfDay::parse(to).unwrap()).unwrap()
}

fn on(rule: &WeeklyRule, zone: Zone, calendar: &Calendar, day: LocalDate) -> Option<Window> {
    rule.on_in(zone, calendar, i32::from(day.year()), day.month(), day.day())
}

/// 国务院办公厅关于2026年部分节假日安排的通知, 2025-11-04: <https://www.gov.cn/zhengce/content/202511/content_7047090.htm>.
fn holidays_2026() -> Calendar {
    let closed = [
        ("2026-01-01", 3),
        ("2026-02-15", 9),
        ("2026-04-04", 3),
        ("2026-05-01", 5),
        ("2026-06-19", 3),
        ("2026-09-25", 3),
        ("2026-10-01", 7),
    ];
    // The notice names the workdays and not the weekdays that they stand for; these are the operator's choice.
    let worked = [
        ("2026-01-04", Weekday::Fri),
        ("2026-02-14", Weekday::Fri),
        ("2026-02-28", Weekday::Mon),
        ("2026-05-09", Weekday::Tue),
        ("2026-09-20", Weekday::Tue),
        ("2026-10-10", Weekday::Wed),
    ];
    let mut days: BTreeMap<LocalDate, DayRule> =
        worked.into_iter().map(|(day, weekday)| (date(day), DayRule::As(weekday))).collect();
    for (first, count) in closed {
        let run = std::iter::successors(Some(date(first)), |day| day.next()).take(count);
        days.extend(run.map(|day| (day, DayRule::Closed)));
    }
    Calendar::new(days)
}

#[test]
fn the_working_hours_of_2026_in_china_are_those_of_the_notice() {
    let (shanghai, calendar) = (zone("Asia/Shanghai"), holidays_2026());
    let working = rule(Weekdays::MON_TO_FRI, "09:00", "18:00");
    let year = std::iter::successors(Some(date("2026-01-01")), |day| day.next()).take(365);
    let worked = year.filter(|day| on(&working, shanghai, &calendar, *day).is_some()).count();
    // 261 weekdays; 19 of the 33 holidays are weekdays; 6 days of weekends are worked.
    let weekdays_off = calendar
        .days()
        .iter()
        .filter(|(day, rule)| **rule == DayRule::Closed && on(&working, shanghai, &Calendar::EMPTY, **day).is_some())
        .count();
    assert_eq!((calendar.days().len(), weekdays_off, worked), (39, 19, 261 - 19 + 6));
    for (day, is_worked) in [
        ("2026-02-13", true),
        ("2026-02-14", true),
        ("2026-02-16", false),
        ("2026-02-28", true),
        ("2026-10-07", false),
        ("2026-10-08", true),
        ("2026-10-10", true),
        ("2026-10-11", false),
    ] {
        assert_eq!(on(&working, shanghai, &calendar, date(day)).is_some(), is_worked, "{day}");
    }
}

#[test]
fn hours_that_begin_on_the_evening_before_a_closed_day_run_on_past_midnight() {
    let (shanghai, calendar) = (zone("Asia/Shanghai"), holidays_2026());
    let late = rule(Weekdays::ALL, "22:00", "02:00");
    let at = Timestamp::parse("2026-10-01T01:00:00+08:00").unwrap();
    let window = late.covering_in(shanghai, &calendar, at).unwrap();
    assert_eq!(window.start(), Timestamp::parse("2026-09-30T22:00:00+08:00").unwrap());
    let next = late.windows_from(shanghai, &calendar, window.end()).next().unwrap();
    assert_eq!(next.start(), Timestamp::parse("2026-10-08T22:00:00+08:00").unwrap());
    let before = late.windows_before(shanghai, &calendar, next.start()).next().unwrap();
    assert_eq!(before, window);
}

#[test]
fn a_date_is_read_as_it_is_written_and_a_wrong_one_says_what_is_wrong() {
    for text in ["0001-01-01", "2024-02-29", "9999-12-31"] {
        assert_eq!(date(text).to_string(), text);
        let json = serde_json::to_string(&date(text)).unwrap();
        assert_eq!(serde_json::from_str::<LocalDate>(&json).unwrap(), date(text));
        let bytes = postcard::to_allocvec(&date(text)).unwrap();
        assert_eq!(postcard::from_bytes::<LocalDate>(&bytes).unwrap(), date(text));
    }
    for (text, error) in [
        ("2026-02-29", "the day is 29, allowed are 1 to 28"),
        ("2026-13-01", "the month is 13, allowed are 1 to 12"),
        ("0000-01-01", "the year is 0, allowed are 1 to 9999"),
        ("2026-1-01", "character 7 is '-' where a digit is expected; the form is 2026-10-01 (RFC 3339 §5.6, full-date)"),
        (
            "2026-10-1",
            "the text ends after 9 characters where a digit is expected; the form is 2026-10-01 (RFC 3339 §5.6, full-date)",
        ),
    ] {
        assert_eq!(LocalDate::parse(text).unwrap_err().to_string(), error, "{text}");
    }
    assert!(postcard::from_bytes::<LocalDate>(&postcard::to_allocvec(&(2026_u16, 2_u8, 30_u8)).unwrap()).is_err());
    assert_eq!(date("9999-12-31").next(), None);
}

/// Zones with clock changes of an hour, of half an hour, at midnight, and none; a year that has them.
const ZONES: [&str; 6] =
    ["Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Asia/Shanghai", "America/New_York", "Africa/Casablanca"];

fn rules() -> impl Strategy<Value = WeeklyRule> {
    let days = (1..128_u8).prop_map(|bits| {
        Weekday::ALL
            .into_iter()
            .enumerate()
            .filter(|(day, _)| bits >> day & 1 == 1)
            .fold(Weekdays::NONE, |set, (_, day)| set.with(day))
    });
    (days, 0..1_440_u16, 0..=1_440_u16).prop_filter_map("the rule has no length", |(days, from, to)| {
        let time = |minutes| TimeOfDay::from_minutes(minutes).unwrap();
        WeeklyRule::new(days, time(from), time(to)).ok()
    })
}

fn calendars() -> impl Strategy<Value = Calendar> {
    let day = (1..=12_u32, 1..=28_u32).prop_map(|(month, day)| LocalDate::new(2026, month, day).unwrap());
    let rule = prop_oneof![Just(DayRule::Closed), (0..7_usize).prop_map(|day| DayRule::As(Weekday::ALL[day]))];
    prop::collection::btree_map(day, rule, 0..120).prop_map(Calendar::new)
}

proptest! {
    /// A day is what its entry says: nothing, what the rule does on a day that has that weekday, or what the rule does without a calendar.
    #[test]
    fn a_calendar_changes_on_which_days_a_rule_starts_and_nothing_else(
        rule in rules(), calendar in calendars(), zone in prop::sample::select(ZONES.to_vec()), month in 1..=12_u32, day in 1..=28_u32,
    ) {
        let (zone, day) = (Zone::parse(zone).unwrap(), LocalDate::new(2026, month, day).unwrap());
        let every_day = WeeklyRule::new(Weekdays::ALL, rule.from(), rule.to()).unwrap();
        let expected = match calendar.days().get(&day) {
            None => on(&rule, zone, &Calendar::EMPTY, day),
            Some(DayRule::Closed) => None,
            Some(DayRule::As(weekday)) if rule.days().contains(*weekday) => on(&every_day, zone, &Calendar::EMPTY, day),
            Some(DayRule::As(_)) => None,
        };
        prop_assert_eq!(on(&rule, zone, &calendar, day), expected);
    }

    /// Forward and backward walks give the windows of the days, in order, each once, and `covers_in` agrees with them.
    #[test]
    fn walks_and_covers_agree_with_the_days(
        rule in rules(), calendar in calendars(), zone in prop::sample::select(ZONES.to_vec()), second in 0..31_536_000_i64,
    ) {
        let zone = Zone::parse(zone).unwrap();
        let begin = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
        let at = begin.saturating_add_micros(second * 1_000_000);
        let days = std::iter::successors(Some(date("2025-11-01")), |day| day.next()).take(500);
        let all: Vec<Window> = days.filter_map(|day| on(&rule, zone, &calendar, day)).collect();
        prop_assert!(all.windows(2).all(|pair| pair[0].end() <= pair[1].start()), "windows of one rule never overlap");
        let later: Vec<Window> = all.iter().copied().filter(|window| window.end() > at).take(4).collect();
        prop_assert_eq!(rule.windows_from(zone, &calendar, at).take(later.len()).collect::<Vec<_>>(), later);
        let earlier: Vec<Window> = all.iter().rev().copied().filter(|window| window.end() <= at).take(4).collect();
        prop_assert_eq!(rule.windows_before(zone, &calendar, at).take(earlier.len()).collect::<Vec<_>>(), earlier);
        let covering = all.iter().copied().find(|window| window.contains(at));
        prop_assert_eq!(rule.covering_in(zone, &calendar, at), covering);
        if let Some(window) = covering {
            prop_assert!(rule.covers_in(zone, &calendar, &window));
            // What the clock shows there is inside the rule, whatever the calendar says.
            let local = zone.local(at);
            let minute = u16::from(local.hour) * 60 + u16::from(local.minute);
            let (from, to) = (rule.from().minutes(), rule.to().minutes());
            let is_inside = if from < to { (from..to).contains(&minute) } else { minute >= from || minute < to };
            prop_assert!(is_inside);
        }
    }
}
