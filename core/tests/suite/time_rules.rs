//! Instants, windows, zones and weekly rules, judged against chrono and chrono-tz as an independent reading.
//!
//! The sweeps visit every clock change of every zone from 1970 to 2040. They answer `complaints.md` 1 (clock changes
//! move appointments) and 2 (the zone is stored and not used).

use std::sync::OnceLock;

use chrono::{DateTime, Datelike, LocalResult, NaiveDateTime, Offset, SecondsFormat, TimeZone, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use proptest::prelude::*;
use ringfence::values::time::{TimeError, TimeOfDay, Timestamp, Weekday, Weekdays, WeeklyRule, Window, Zone};

const MICROS: i64 = 1_000_000;
const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
/// 1970-01-01 and 2040-01-01.
const SWEEP: (i64, i64) = (0, 2_208_988_800);

// ---- the independent reading -------------------------------------------------------------------------------------

/// One clock change. Readings and instants are seconds since 1970 on their own clock.
#[derive(Clone, Copy, Debug)]
struct Change {
    tz: Tz,
    at: i64,
    before: i64,
    after: i64,
}

impl Change {
    fn zone(&self) -> Zone {
        zone(self.tz.name())
    }

    /// The readings that are skipped or shown twice, half-open.
    fn touched(&self) -> (i64, i64) {
        let (one, other) = (self.at + self.before, self.at + self.after);
        (one.min(other), one.max(other))
    }
}

fn offset(tz: Tz, utc_s: i64) -> i64 {
    i64::from(tz.offset_from_utc_datetime(&naive(utc_s)).fix().local_minus_utc())
}

/// What the clock shows, in microseconds since 1970-01-01T00:00:00 of that clock.
fn reading(tz: Tz, at: Timestamp) -> i64 {
    at.as_micros() + offset(tz, at.as_micros().div_euclid(MICROS)) * MICROS
}

fn naive(s: i64) -> NaiveDateTime {
    DateTime::from_timestamp(s, 0).unwrap().naive_utc()
}

fn changes_between(tz: Tz, (from, to): (i64, i64), step: i64) -> Vec<Change> {
    let mut found = Vec::new();
    let (mut last, mut before) = (from, offset(tz, from));
    while last < to {
        let next = last + step;
        let after = offset(tz, next);
        if after != before {
            let (mut low, mut high) = (last, next);
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if offset(tz, middle) == before { low = middle } else { high = middle }
            }
            found.push(Change { tz, at: high, before, after });
        }
        (last, before) = (next, after);
    }
    found
}

/// Every change of every zone in the sweep.
fn changes() -> &'static [Change] {
    static CHANGES: OnceLock<Vec<Change>> = OnceLock::new();
    CHANGES.get_or_init(|| TZ_VARIANTS.iter().flat_map(|tz| changes_between(*tz, SWEEP, DAY)).collect())
}

/// The first and the last instant at which the clock shows the reading `s`, by chrono-tz; the change, if it skips it.
fn shown(change: &Change, s: i64) -> (i64, i64) {
    match change.tz.from_local_datetime(&naive(s)) {
        LocalResult::Single(at) => (at.timestamp(), at.timestamp()),
        LocalResult::Ambiguous(one, other) => (one.timestamp().min(other.timestamp()), one.timestamp().max(other.timestamp())),
        LocalResult::None => (change.at, change.at),
    }
}

/// The policy as the module's table states it, for two bounds as `shown` finds them.
fn policy((start_first, start_last): (i64, i64), (end_first, _): (i64, i64)) -> Option<(i64, i64)> {
    [(start_last, end_first), (start_first, end_first)].into_iter().find(|(start, end)| start < end)
}

// ---- shorthand ---------------------------------------------------------------------------------------------------

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn second(s: i64) -> Timestamp {
    Timestamp::from_micros(s * MICROS).unwrap()
}

fn span(start: &str, end: &str) -> Option<Window> {
    Some(Window::new(at(start), at(end)).unwrap())
}

fn time(text: &str) -> TimeOfDay {
    TimeOfDay::parse(text).unwrap()
}

fn daily(from: &str, to: &str) -> WeeklyRule {
    WeeklyRule::new(Weekdays::ALL, time(from), time(to)).unwrap()
}

fn weekday(s: i64) -> Weekday {
    Weekday::ALL[naive(s).weekday().num_days_from_monday() as usize]
}

fn on(rule: &WeeklyRule, zone: Zone, s: i64) -> Option<Window> {
    let date = naive(s);
    rule.on(zone, date.year(), date.month() as u8, date.day() as u8)
}

/// The rules that mean "from reading `a` to reading `b`" and nothing else in that week: one, or two where `b` is a
/// midnight (24:00 of the first day, 00:00 of the next).
fn rules_for(a: i64, b: i64) -> Vec<WeeklyRule> {
    let minutes = |s: i64| (s.rem_euclid(DAY) / MINUTE) as u16;
    let mut ends = vec![minutes(b)];
    if minutes(b) == 0 {
        ends.push(1_440);
    }
    let days = Weekdays::NONE.with(weekday(a));
    let time = |minutes| TimeOfDay::from_minutes(minutes).unwrap();
    ends.into_iter().filter_map(|end| WeeklyRule::new(days, time(minutes(a)), time(end)).ok()).collect()
}

// ---- the sweeps over every clock change --------------------------------------------------------------------------

#[test]
fn every_instant_inside_a_window_reads_inside_its_rule_at_every_clock_change() {
    let (mut windows, mut none, mut longer, mut shorter) = (0_u32, 0_u32, 0_u32, 0_u32);
    for change in changes() {
        let (low, high) = change.touched();
        let mut points = [
            low - 2 * HOUR,
            low - MINUTE,
            low,
            low + MINUTE,
            i64::midpoint(low, high),
            high - MINUTE,
            high,
            high + MINUTE,
            high + 2 * HOUR,
        ]
        .map(|point| point.div_euclid(MINUTE) * MINUTE)
        .to_vec();
        points.dedup();
        let points: Vec<_> = points.into_iter().map(|point| (point, shown(change, point))).collect();
        for (i, &(a, a_shown)) in points.iter().enumerate() {
            for &(b, b_shown) in points.iter().skip(i + 1).filter(|(b, _)| b - a <= DAY) {
                let expected = policy(a_shown, b_shown);
                for rule in rules_for(a, b) {
                    let got = on(&rule, change.zone(), a);
                    let bounds = got.map(|window| (window.start().as_micros(), window.end().as_micros()));
                    assert_eq!(bounds, expected.map(|(s, e)| (s * MICROS, e * MICROS)), "{change:?} {rule:?} {a} {b}");
                    let Some(window) = got else {
                        none += 1;
                        continue;
                    };
                    windows += 1;
                    match window.duration_micros().cmp(&((b - a) * MICROS)) {
                        std::cmp::Ordering::Less => shorter += 1,
                        std::cmp::Ordering::Equal => {}
                        std::cmp::Ordering::Greater => longer += 1,
                    }
                    check_inside(change, &rule, &window, (a, b));
                }
            }
        }
    }
    assert!(windows > 500_000 && none > 10_000 && longer > 10_000 && shorter > 10_000, "{windows} {none} {longer} {shorter}");
}

/// The guarantee and the questions `covering` and `covers`, at the bounds of the window and around the change.
fn check_inside(change: &Change, rule: &WeeklyRule, window: &Window, (a, b): (i64, i64)) {
    let (zone, changed) = (change.zone(), second(change.at));
    // Between the change and the bounds the clock runs evenly, so these instants stand for all.
    for base in [window.start(), window.end(), changed] {
        for micros in [-1, 0, 1] {
            let instant = base.saturating_add_micros(micros);
            let offset = if instant < changed { change.before } else { change.after };
            let reads_inside = (a * MICROS..b * MICROS).contains(&(instant.as_micros() + offset * MICROS));
            assert!(reads_inside || !window.contains(instant), "{change:?} {rule:?} {instant} is in {window:?}");
        }
    }
    let just_before = |instant: Timestamp| instant.saturating_add_micros(-1);
    for instant in [just_before(window.start()), just_before(window.end()), window.end(), changed] {
        let expected = window.contains(instant).then_some(*window);
        assert_eq!(rule.covering(zone, instant), expected, "{change:?} {rule:?} {instant} {window:?}");
    }
    assert!(rule.covers(zone, window));
    let wider = Window::new(window.start(), window.end().saturating_add_micros(1)).unwrap();
    assert!(!rule.covers(zone, &wider));
}

#[test]
fn eighteen_to_twenty_reads_eighteen_and_twenty_on_every_day_of_a_clock_change() {
    let rule = daily("18:00", "20:00");
    let mut checked = 0_u32;
    for change in changes() {
        let (low, high) = change.touched();
        for reading in [low - DAY, low, high, high + DAY] {
            let midnight = reading.div_euclid(DAY) * DAY;
            if low <= midnight + 20 * HOUR && midnight + 18 * HOUR <= high {
                continue;
            }
            let window = on(&rule, change.zone(), midnight).unwrap();
            let (start, end) = (change.zone().local(window.start()), change.zone().local(window.end()));
            let date = naive(midnight);
            for (shown, hour) in [(start, 18), (end, 20)] {
                assert_eq!(
                    (shown.year, shown.month, shown.day),
                    (date.year(), date.month() as u8, date.day() as u8),
                    "{change:?}"
                );
                assert_eq!((shown.hour, shown.minute, shown.second, shown.micro), (hour, 0, 0, 0), "{change:?}");
                assert_eq!(shown.weekday, weekday(midnight), "{change:?}");
            }
            assert_eq!(window.duration_micros(), 2 * HOUR * MICROS, "{change:?}");
            checked += 1;
        }
    }
    assert!(checked > 80_000, "{checked}");
}

#[test]
fn away_from_clock_changes_a_rule_covers_exactly_the_instants_that_read_inside_it() {
    let (mut inside, mut outside) = (0_u32, 0_u32);
    for change in changes() {
        let working = |from, to| WeeklyRule::new(Weekdays::MON_TO_FRI, time(from), time(to)).unwrap();
        for (rule, from, to) in [
            (working("18:00", "20:00"), 18 * HOUR, 20 * HOUR),
            (working("00:00", "24:00"), 0, DAY),
            (working("22:30", "06:30"), 22 * HOUR + 30 * MINUTE, 30 * HOUR + 30 * MINUTE),
        ] {
            // Three to six days off; no zone has another change so near (pinned below).
            for hours in [-77, -101, 77, 101, 125] {
                let instant = second(change.at + hours * HOUR + 59);
                let shown = reading(change.tz, instant).div_euclid(MICROS);
                let expected = [shown.div_euclid(DAY) * DAY, shown.div_euclid(DAY) * DAY - DAY]
                    .into_iter()
                    .any(|day| rule.days().contains(weekday(day)) && (from..to).contains(&(shown - day)));
                assert_eq!(rule.covering(change.zone(), instant).is_some(), expected, "{change:?} {rule:?} {instant}");
                if expected { inside += 1 } else { outside += 1 }
            }
        }
    }
    assert!(inside > 100_000 && outside > 100_000, "{inside} {outside}");
}

#[test]
fn no_zone_changes_its_clock_twice_within_five_days() {
    // From before the first zone to the end of the tables.
    let all = (-4_102_444_800, 4_165_516_800);
    let mut changes = 0;
    for tz in TZ_VARIANTS {
        let found = changes_between(tz, all, DAY);
        for pair in found.windows(2) {
            assert!(pair[1].at - pair[0].at >= 5 * DAY, "{pair:?}");
        }
        changes += found.len();
    }
    assert!(changes > 60_000, "{changes}");
}

// ---- named clock changes -----------------------------------------------------------------------------------------

#[test]
fn the_examples_of_the_module_page_hold_in_new_york() {
    let new_york = zone("America/New_York");
    let forward = |from, to| daily(from, to).on(new_york, 2026, 3, 8);
    let back = |from, to| daily(from, to).on(new_york, 2026, 11, 1);
    assert_eq!(forward("02:30", "04:00"), span("2026-03-08T03:00:00-04:00", "2026-03-08T04:00:00-04:00"));
    assert_eq!(forward("01:00", "02:30"), span("2026-03-08T01:00:00-05:00", "2026-03-08T02:00:00-05:00"));
    assert_eq!(forward("02:10", "02:50"), None);
    assert_eq!(forward("18:00", "20:00"), span("2026-03-08T18:00:00-04:00", "2026-03-08T20:00:00-04:00"));
    assert_eq!(back("01:30", "03:00"), span("2026-11-01T01:30:00-05:00", "2026-11-01T03:00:00-05:00"));
    assert_eq!(back("01:45", "02:30"), span("2026-11-01T01:45:00-05:00", "2026-11-01T02:30:00-05:00"));
    assert_eq!(back("00:30", "01:30"), span("2026-11-01T00:30:00-04:00", "2026-11-01T01:30:00-04:00"));
    assert_eq!(back("01:15", "01:45"), span("2026-11-01T01:15:00-04:00", "2026-11-01T01:45:00-04:00"));
    assert_eq!(back("00:30", "03:00"), span("2026-11-01T00:30:00-04:00", "2026-11-01T03:00:00-05:00"));
    assert_eq!(back("01:00", "03:00"), span("2026-11-01T01:00:00-05:00", "2026-11-01T03:00:00-05:00"));
    assert_eq!(back("18:00", "20:00"), span("2026-11-01T18:00:00-05:00", "2026-11-01T20:00:00-05:00"));
}

#[test]
fn an_all_day_rule_leaves_out_the_first_showing_of_a_repeated_midnight_hour() {
    let havana = zone("America/Havana");
    let rule = daily("00:00", "24:00");
    assert_eq!(rule.on(havana, 2026, 10, 31), span("2026-10-31T00:00:00-04:00", "2026-11-01T00:00:00-04:00"));
    assert_eq!(rule.on(havana, 2026, 11, 1), span("2026-11-01T00:00:00-05:00", "2026-11-02T00:00:00-05:00"));
    let left_out = at("2026-11-01T00:30:00-04:00");
    assert_eq!(rule.covering(havana, left_out), None);
    assert_eq!(rule.next_from(havana, left_out), rule.on(havana, 2026, 11, 1));
}

#[test]
fn a_half_hour_clock_change_moves_bounds_by_half_an_hour() {
    let lord_howe = zone("Australia/Lord_Howe");
    let rule = daily("01:45", "02:15");
    assert_eq!(rule.on(lord_howe, 2026, 4, 5), span("2026-04-05T01:45:00+10:30", "2026-04-05T02:15:00+10:30"));
    assert_eq!(rule.on(lord_howe, 2026, 10, 4), span("2026-10-04T01:45:00+10:30", "2026-10-04T02:30:00+11:00"));
}

#[test]
fn a_day_that_the_zone_skips_has_no_window() {
    let apia = zone("Pacific/Apia");
    let friday = WeeklyRule::new(Weekdays::NONE.with(Weekday::Fri), time("18:00"), time("20:00")).unwrap();
    assert_eq!(friday.on(apia, 2011, 12, 30), None);
    assert_eq!(
        friday.next_from(apia, at("2011-12-29T12:00:00-10:00")),
        span("2012-01-06T18:00:00+14:00", "2012-01-06T20:00:00+14:00")
    );
    // Past midnight into the skipped day, and out of it.
    let night = daily("22:00", "02:00");
    assert_eq!(night.on(apia, 2011, 12, 29), span("2011-12-29T22:00:00-10:00", "2011-12-31T00:00:00+14:00"));
    assert_eq!(night.on(apia, 2011, 12, 30), span("2011-12-31T00:00:00+14:00", "2011-12-31T02:00:00+14:00"));
}

#[test]
fn a_day_that_a_zone_lives_through_twice_has_one_window_a_rule() {
    // Kwajalein went from +11:00 back to -12:00 in the night to 1969-10-01: 23 hours were shown twice.
    let kwajalein = zone("Pacific/Kwajalein");
    let changed = at("1969-09-30T13:00:00Z");
    assert_eq!(kwajalein.format_rfc3339(changed), "1969-09-30T01:00:00-12:00");
    assert_eq!(
        daily("18:00", "20:00").on(kwajalein, 1969, 9, 30),
        span("1969-09-30T18:00:00+11:00", "1969-09-30T20:00:00+11:00")
    );
    assert_eq!(
        daily("22:00", "06:00").on(kwajalein, 1969, 9, 30),
        span("1969-09-30T22:00:00-12:00", "1969-10-01T06:00:00-12:00")
    );
    assert_eq!(
        daily("22:00", "06:00").on(kwajalein, 1969, 9, 29),
        span("1969-09-29T22:00:00+11:00", "1969-09-30T06:00:00+11:00")
    );
}

#[test]
fn windows_in_half_hour_and_quarter_hour_zones_are_exact() {
    for (name, offset) in [("Asia/Kolkata", "+05:30"), ("Asia/Kathmandu", "+05:45"), ("Asia/Shanghai", "+08:00")] {
        let window = daily("18:00", "20:00").on(zone(name), 2026, 11, 21);
        assert_eq!(window, span(&format!("2026-11-21T18:00:00{offset}"), &format!("2026-11-21T20:00:00{offset}")));
        let start = window.unwrap().start();
        assert_eq!(zone(name).format_rfc3339(start), format!("2026-11-21T18:00:00{offset}"));
        let shown = zone(name).local(start.saturating_add_micros(1_000_007));
        assert_eq!((shown.year, shown.month, shown.day, shown.hour, shown.minute), (2026, 11, 21, 18, 0));
        assert_eq!((shown.second, shown.micro, shown.weekday), (1, 7, Weekday::Sat));
    }
    assert_eq!(zone("Asia/Kathmandu").local(at("2026-11-21T00:00:00Z")).utc_offset_s, 20_700);
    assert_eq!(zone("America/New_York").local(at("2026-11-21T00:00:00Z")).utc_offset_s, -18_000);
}

#[test]
fn offsets_with_seconds_keep_the_instant_exact() {
    // Liberia's clock was 44 min 30 s behind UTC until 1972-01-07.
    let monrovia = zone("Africa/Monrovia");
    let noon = at("1971-06-01T12:00:00.5Z");
    assert_eq!(monrovia.local(noon).utc_offset_s, -2_670);
    assert_eq!((monrovia.local(noon).hour, monrovia.local(noon).minute, monrovia.local(noon).second), (11, 15, 30));
    assert_eq!(monrovia.format_rfc3339(noon), "1971-06-01T11:16:00.500000-00:44");
    assert_eq!(daily("11:00", "12:00").on(monrovia, 1971, 6, 1), span("1971-06-01T11:44:30Z", "1971-06-01T12:44:30Z"));
    assert_eq!(daily("00:15", "12:00").on(monrovia, 1972, 1, 7), span("1972-01-07T00:44:30Z", "1972-01-07T12:00:00Z"));
}

#[test]
fn a_clock_at_utc_is_written_with_plus_zero() {
    // RFC 3339 §4.3: -00:00 would say that the local offset is not known.
    assert_eq!(Zone::UTC.format_rfc3339(at("2026-11-21T10:00:00Z")), "2026-11-21T10:00:00+00:00");
    assert_eq!(zone("Europe/London").format_rfc3339(at("2026-11-21T10:00:00.25Z")), "2026-11-21T10:00:00.250000+00:00");
    assert_eq!(zone("Europe/London").format_rfc3339(at("2026-07-21T10:00:00Z")), "2026-07-21T11:00:00+01:00");
}

#[test]
fn rules_past_midnight_end_on_the_next_local_day() {
    let shanghai = zone("Asia/Shanghai");
    let friday_night = WeeklyRule::new(Weekdays::NONE.with(Weekday::Fri), time("22:00"), time("02:00")).unwrap();
    let window = span("2026-11-20T22:00:00+08:00", "2026-11-21T02:00:00+08:00");
    assert_eq!(friday_night.on(shanghai, 2026, 11, 20), window);
    assert_eq!(friday_night.on(shanghai, 2026, 11, 21), None, "Saturday is not in the rule");
    assert_eq!(friday_night.covering(shanghai, at("2026-11-21T01:59:59.999999+08:00")), window);
    assert_eq!(friday_night.covering(shanghai, at("2026-11-21T02:00:00+08:00")), None);
    assert_eq!(friday_night.covering(shanghai, at("2026-11-20T01:00:00+08:00")), None, "that is Thursday's night");
    assert_eq!(daily("22:00", "24:00").on(shanghai, 2026, 11, 20), daily("22:00", "00:00").on(shanghai, 2026, 11, 20));
    assert!(!daily("00:00", "24:00").covers(shanghai, &window.unwrap()), "two windows that touch do not add up");
}

#[test]
fn the_next_window_is_the_open_one_or_the_earliest_to_come() {
    let shanghai = zone("Asia/Shanghai");
    let monday = WeeklyRule::new(Weekdays::NONE.with(Weekday::Mon), time("18:00"), time("20:00")).unwrap();
    let first = span("2026-11-23T18:00:00+08:00", "2026-11-23T20:00:00+08:00");
    let second = span("2026-11-30T18:00:00+08:00", "2026-11-30T20:00:00+08:00");
    for (asked, expected) in [
        ("2026-11-21T10:00:00+08:00", first),
        ("2026-11-23T18:00:00+08:00", first),
        ("2026-11-23T19:59:59.999999+08:00", first),
        ("2026-11-23T20:00:00+08:00", second),
    ] {
        assert_eq!(monday.next_from(shanghai, at(asked)), expected, "{asked}");
    }
    // The last Monday before year 10000 is 9999-12-27.
    assert_eq!(monday.next_from(shanghai, at("9999-12-28T00:00:00Z")), None);
}

#[test]
fn nothing_panics_at_the_ends_of_time_in_any_zone() {
    let rules = [daily("00:00", "24:00"), daily("18:00", "20:00"), daily("20:00", "18:00"), daily("23:59", "23:58")];
    for tz in TZ_VARIANTS {
        let zone = zone(tz.name());
        for instant in [Timestamp::MIN, Timestamp::MAX, second(-62_135_596_800 + DAY), second(253_402_300_799 - DAY)] {
            assert_eq!(Timestamp::parse(&zone.format_rfc3339(instant)), Ok(instant), "{zone}");
            for rule in &rules {
                for window in [rule.covering(zone, instant), rule.next_from(zone, instant)].into_iter().flatten() {
                    assert!(Timestamp::MIN <= window.start() && window.end() <= Timestamp::MAX);
                }
            }
        }
    }
    let rule = daily("00:00", "24:00");
    for (year, month, day) in
        [(i32::MIN, 1, 1), (i32::MAX, 12, 31), (2026, 0, 1), (2026, 255, 255), (2026, 2, 29), (10_001, 1, 1), (-1, 6, 1)]
    {
        assert_eq!(rule.on(Zone::UTC, year, month, day), None);
    }
}

#[test]
fn a_window_is_cut_where_time_ends() {
    let shanghai = zone("Asia/Shanghai");
    let new_year = daily("00:00", "24:00").on(shanghai, 10_000, 1, 1).unwrap();
    assert_eq!((new_year.start(), new_year.end()), (at("9999-12-31T16:00:00Z"), Timestamp::MAX));
    assert_eq!(shanghai.local(Timestamp::MAX).year, 10_000);
    assert_eq!(shanghai.format_rfc3339(Timestamp::MAX), "9999-12-31T23:59:59.999999Z");
    assert_eq!(daily("08:00", "09:00").on(shanghai, 10_000, 1, 1), None);
    let eve = daily("00:00", "24:00").on(zone("America/New_York"), 0, 12, 31).unwrap();
    assert_eq!(eve.start(), Timestamp::MIN);
}

// ---- rules in general --------------------------------------------------------------------------------------------

fn rules() -> impl Strategy<Value = WeeklyRule> {
    (proptest::sample::subsequence(Weekday::ALL.to_vec(), 1..=7), 0..1_440_u16, 0..=1_440_u16)
        .prop_filter("from equals to", |(_, from, to)| from != to)
        .prop_map(|(days, from, to)| {
            let time = |minutes| TimeOfDay::from_minutes(minutes).unwrap();
            WeeklyRule::new(Weekdays::new(&days).unwrap(), time(from), time(to)).unwrap()
        })
}

/// A zone and an instant within two days of one of its changes.
fn near_changes() -> impl Strategy<Value = (Change, Timestamp)> {
    (any::<proptest::sample::Index>(), -2 * DAY * MICROS..2 * DAY * MICROS).prop_map(|(index, micros)| {
        let change = *index.get(changes());
        (change, second(change.at).saturating_add_micros(micros))
    })
}

/// Any instant of the whole range, and often one of our century.
fn instants() -> impl Strategy<Value = Timestamp> {
    let any = Timestamp::MIN.as_micros()..=Timestamp::MAX.as_micros();
    prop_oneof![any, SWEEP.0 * MICROS..=SWEEP.1 * MICROS, (SWEEP.0..=SWEEP.1).prop_map(|s| s * MICROS)]
        .prop_map(|micros| Timestamp::from_micros(micros).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_024, ..ProptestConfig::default() })]

    #[test]
    fn an_instant_that_a_rule_covers_reads_inside_it_near_any_clock_change(rule in rules(), (change, instant) in near_changes()) {
        let shown = reading(change.tz, instant).div_euclid(MICROS);
        let length = (i64::from(rule.to().minutes()) - i64::from(rule.from().minutes())) * MINUTE;
        let length = if length <= 0 { length + DAY } else { length };
        let reads_inside = [0, DAY].into_iter().any(|back| {
            let from = (shown.div_euclid(DAY) * DAY - back) + i64::from(rule.from().minutes()) * MINUTE;
            rule.days().contains(weekday(from)) && (from..from + length).contains(&shown)
        });
        let covering = rule.covering(change.zone(), instant);
        prop_assert!(reads_inside || covering.is_none());
        if let Some(window) = covering {
            prop_assert!(window.contains(instant));
        }
    }

    #[test]
    fn the_windows_of_a_rule_come_in_order_and_next_finds_the_first_that_ends_later(rule in rules(), (change, instant) in near_changes()) {
        let zone = change.zone();
        let today = reading(change.tz, instant).div_euclid(MICROS).div_euclid(DAY) * DAY;
        let windows: Vec<Window> = (-5..20).filter_map(|days| on(&rule, zone, today + days * DAY)).collect();
        prop_assert!(windows.windows(2).all(|pair| pair[0].end() <= pair[1].start()), "{windows:?}");
        let next = rule.next_from(zone, instant);
        prop_assert_eq!(next, windows.iter().copied().find(|window| window.end() > instant));
        prop_assert_eq!(rule.covering(zone, instant), next.filter(|window| window.contains(instant)));
    }

    #[test]
    fn the_wall_clock_agrees_with_chrono(index in any::<proptest::sample::Index>(), instant in instants()) {
        let tz = *index.get(&TZ_VARIANTS);
        let shown = zone(tz.name()).local(instant);
        let other = tz.from_utc_datetime(&DateTime::<Utc>::from(instant).naive_utc());
        let text = format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06} {:?} {}",
            shown.year, shown.month, shown.day, shown.hour, shown.minute, shown.second, shown.micro, shown.weekday, shown.utc_offset_s
        );
        let date = other.naive_local();
        let expected = format!(
            "{:04}-{:02}-{:02}{} {:?} {}",
            date.year(), date.month(), date.day(), date.format("T%H:%M:%S%.6f"), date.weekday(), other.offset().fix().local_minus_utc()
        );
        prop_assert_eq!(text, expected);
    }

    #[test]
    fn rfc_3339_texts_read_back_as_the_same_instant(index in any::<proptest::sample::Index>(), instant in instants()) {
        let text = instant.to_string();
        prop_assert_eq!(Timestamp::parse(&text), Ok(instant));
        prop_assert_eq!(format!("{instant:?}"), text.clone());
        let whole = instant.as_micros() % MICROS == 0;
        let format = if whole { SecondsFormat::Secs } else { SecondsFormat::Micros };
        prop_assert_eq!(text, DateTime::<Utc>::from(instant).to_rfc3339_opts(format, true));
        let zoned = zone(index.get(&TZ_VARIANTS).name()).format_rfc3339(instant);
        prop_assert_eq!(Timestamp::parse(&zoned), Ok(instant), "{}", zoned);
    }

    #[test]
    fn times_are_read_as_chrono_reads_them(
        text in "(2[0-9]{3}|0001|9999)-[01][0-9]-[0-3][0-9][Tt][0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?([Zz]|[+-][0-2][0-9]:[0-6][0-9])"
    ) {
        // chrono takes any offset below 24:00 and knows years that we do not.
        let expected = DateTime::parse_from_rfc3339(&text).ok().and_then(|at| Timestamp::try_from(at.to_utc()).ok());
        prop_assert_eq!(Timestamp::parse(&text).ok(), expected);
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "\\PC*|[0-9TZ:+.-]{0,32}|2026-11-21T.*") {
        let _ = (Timestamp::parse(&text), TimeOfDay::parse(&text), Zone::parse(&text));
    }

    #[test]
    fn chrono_instants_convert_both_ways(instant in instants(), nanos in 0..1_000_i64) {
        let chrono = DateTime::<Utc>::from(instant);
        prop_assert_eq!(chrono.timestamp_micros(), instant.as_micros());
        prop_assert_eq!(Timestamp::try_from(chrono + chrono::TimeDelta::nanoseconds(nanos)), Ok(instant));
    }

    #[test]
    fn sums_stop_at_the_ends_of_time(instant in instants(), seconds in any::<u64>(), small in 0..=1_000_000_000_000_u64, micros in any::<i64>()) {
        let clamped = |micros: i128| {
            let clamped = micros.clamp(Timestamp::MIN.as_micros().into(), Timestamp::MAX.as_micros().into());
            Timestamp::from_micros(i64::try_from(clamped).unwrap()).unwrap()
        };
        let base = i128::from(instant.as_micros());
        for s in [seconds, small] {
            prop_assert_eq!(instant.saturating_add_s(s), clamped(base + i128::from(s) * 1_000_000));
            prop_assert_eq!(instant.saturating_sub_s(s), clamped(base - i128::from(s) * 1_000_000));
        }
        let sum = instant.saturating_add_micros(micros);
        prop_assert_eq!(sum, clamped(base + i128::from(micros)));
        prop_assert_eq!(i128::from(sum.micros_since(instant)), i128::from(sum.as_micros()) - base);
    }

    #[test]
    fn windows_are_sets_of_instants(a in 0..8_i64, b in 0..8_i64, c in 0..8_i64, d in 0..8_i64) {
        let instant = |micros| Timestamp::from_micros(micros).unwrap();
        let (one, other) = (Window::new(instant(a), instant(b)), Window::new(instant(c), instant(d)));
        prop_assert_eq!(one.is_ok(), a < b);
        let (Ok(one), Ok(other)) = (one, other) else { return Ok(()) };
        let all = || (-1..9).map(instant);
        prop_assert!(all().all(|t| one.contains(t) == (a..b).contains(&t.as_micros())));
        prop_assert_eq!(one.covers(&other), all().all(|t| one.contains(t) || !other.contains(t)));
        prop_assert_eq!(one.overlaps(&other), all().any(|t| one.contains(t) && other.contains(t)));
        let both = one.intersect(&other);
        prop_assert!(all().all(|t| both.is_some_and(|both| both.contains(t)) == (one.contains(t) && other.contains(t))));
        prop_assert_eq!(one.duration_micros(), b - a);
    }

    #[test]
    fn binary_forms_read_back_as_what_was_written(rule in rules(), a in instants(), b in instants(), index in any::<proptest::sample::Index>()) {
        let zone = zone(index.get(&TZ_VARIANTS).name());
        let window = Window::new(a.min(b), a.max(b).saturating_add_micros(1)).unwrap_or(Window::new(Timestamp::MIN, Timestamp::MAX).unwrap());
        let written = (a, window, zone, rule, rule.days(), rule.from());
        let bytes = postcard::to_allocvec(&written).unwrap();
        prop_assert_eq!(postcard::from_bytes::<(Timestamp, Window, Zone, WeeklyRule, Weekdays, TimeOfDay)>(&bytes), Ok(written));
    }
}

// ---- values, forms and errors ------------------------------------------------------------------------------------

#[test]
fn a_window_contains_its_start_and_not_its_end() {
    let window = span("2026-11-21T10:00:00Z", "2026-11-21T12:00:00Z").unwrap();
    assert!(window.contains(at("2026-11-21T10:00:00Z")));
    assert!(!window.contains(at("2026-11-21T09:59:59.999999Z")));
    assert!(window.contains(at("2026-11-21T11:59:59.999999Z")));
    assert!(!window.contains(at("2026-11-21T12:00:00Z")));
    let next = span("2026-11-21T12:00:00Z", "2026-11-21T13:00:00Z").unwrap();
    assert!(!window.overlaps(&next) && window.intersect(&next).is_none());
    assert_eq!(format!("{window:?}"), "[2026-11-21T10:00:00Z, 2026-11-21T12:00:00Z)");
}

#[test]
fn the_range_of_instants_is_the_years_1_to_9999() {
    assert_eq!(Timestamp::MIN, at("0001-01-01T00:00:00Z"));
    assert_eq!(Timestamp::MAX, at("9999-12-31T23:59:59.999999Z"));
    for end in [Timestamp::MIN, Timestamp::MAX] {
        assert_eq!(Timestamp::from_micros(end.as_micros()), Some(end));
        assert_eq!(Timestamp::parse(&end.to_string()), Ok(end));
    }
    assert_eq!(Timestamp::from_micros(Timestamp::MIN.as_micros() - 1), None);
    assert_eq!(Timestamp::from_micros(Timestamp::MAX.as_micros() + 1), None);
    assert_eq!(Timestamp::parse("0000-12-31T23:00:00-01:00"), Ok(Timestamp::MIN));
    assert!(Timestamp::parse("0001-01-01T00:59:59+01:00").is_err());
    assert!(Timestamp::try_from(DateTime::<Utc>::MAX_UTC).is_err());
    assert!(Timestamp::try_from(DateTime::<Utc>::MIN_UTC).is_err());
}

#[test]
fn times_are_written_with_six_digits_or_none() {
    for (micros, text) in [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.000001Z"),
        (500_000, "1970-01-01T00:00:00.500000Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (-1_000_000, "1969-12-31T23:59:59Z"),
    ] {
        assert_eq!(Timestamp::from_micros(micros).unwrap().to_string(), text);
    }
    assert_eq!(at("2026-11-21t18:00:00.5+08:00"), at("2026-11-21T10:00:00.500z"));
    assert_eq!(at("2026-11-21T10:00:00-00:00"), at("2026-11-21T10:00:00Z"));
}

#[test]
fn a_wrong_time_says_what_was_given_and_what_is_allowed() {
    let form = "the form is 2026-11-21T18:00:00+08:00, with Z, +HH:MM or -HH:MM at the end and at most 6 digits after the second (RFC 3339 §5.6)";
    for (text, message) in [
        ("", format!("the text ends after 0 characters where a digit is expected; {form}")),
        ("2026-11-21T18:00:00", format!("the text ends after 19 characters where an offset (Z, +HH:MM or -HH:MM) is expected; {form}")),
        ("2026-11-21 18:00:00Z", format!("character 11 is ' ' where 'T' is expected; {form}")),
        ("2026-11-21T18:00:00 Z", format!("character 20 is ' ' where an offset (Z, +HH:MM or -HH:MM) is expected; {form}")),
        ("2026-11-21T18:00:00.Z", format!("character 21 is 'Z' where a digit is expected; {form}")),
        ("2026-11-21T18:00:00Z ", format!("character 21 is ' ' where the end of the text is expected; {form}")),
        ("2026-11-21T18:00:00+0800", format!("character 23 is '0' where ':' is expected; {form}")),
        ("２026-11-21T18:00:00Z", format!("character 1 is '２' where a digit is expected; {form}")),
        ("明天18点", format!("character 1 is '明' where a digit is expected; {form}")),
        ("2026-13-01T00:00:00Z", "the month is 13, allowed are 1 to 12".into()),
        ("2026-02-29T00:00:00Z", "the day is 29, allowed are 1 to 28".into()),
        ("2028-02-30T00:00:00Z", "the day is 30, allowed are 1 to 29".into()),
        ("2026-11-31T00:00:00Z", "the day is 31, allowed are 1 to 30".into()),
        ("2026-11-00T00:00:00Z", "the day is 0, allowed are 1 to 30".into()),
        ("2026-11-21T24:00:00Z", "the hour is 24, allowed are 0 to 23".into()),
        ("2026-11-21T23:60:00Z", "the minute is 60, allowed are 0 to 59".into()),
        ("2026-11-21T23:59:61Z", "the second is 61, allowed are 0 to 59".into()),
        ("2026-11-21T18:00:00+24:00", "the offset hour is 24, allowed are 0 to 23".into()),
        ("2026-11-21T18:00:00+08:60", "the offset minute is 60, allowed are 0 to 59".into()),
        ("2026-11-21T18:00:00.1234567Z", "the second has a fraction of 7 digits, allowed are 1 to 6 (microseconds)".into()),
        ("2016-12-31T23:59:60Z", "the second is 60 (a leap second), allowed are 0 to 59; write the second 0 that follows it".into()),
        (
            "0001-01-01T00:00:00+00:01",
            "an instant lies from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999Z, this one is -62135596860000000 microseconds from 1970-01-01T00:00:00Z".into(),
        ),
    ] {
        assert_eq!(Timestamp::parse(text).unwrap_err().to_string(), message, "{text}");
    }
    let leap = DateTime::from_timestamp(1_483_228_799, 1_500_000_000).unwrap();
    assert_eq!(Timestamp::try_from(leap), Err(TimeError::LeapSecond));
}

#[test]
fn a_wrong_window_zone_or_rule_says_what_was_given_and_what_is_allowed() {
    let noon = at("2026-11-21T12:00:00Z");
    let rule = |days, from, to| WeeklyRule::new(days, time(from), time(to)).unwrap_err();
    for (error, message) in [
        (
            Window::new(noon, noon).unwrap_err(),
            "a window ends after it starts, this one starts at 2026-11-21T12:00:00Z and ends at 2026-11-21T12:00:00Z".into(),
        ),
        (
            Zone::parse("asia/shanghai").unwrap_err(),
            format!(
                "\"asia/shanghai\" is not a zone of tz database {}; allowed are its names exactly as written there, such as \"Asia/Shanghai\" or \"UTC\"",
                Zone::tzdb_version()
            ),
        ),
        (Zone::parse(&"x".repeat(99)).unwrap_err(), TimeError::UnknownZone { given: "x".repeat(40) }.to_string()),
        (TimeOfDay::parse("24:30").unwrap_err(), "the time of day is 24:30, allowed are 00:00 to 24:00".into()),
        (TimeOfDay::parse("25:00").unwrap_err(), "the hour is 25, allowed are 0 to 24".into()),
        (
            TimeOfDay::parse("9:00").unwrap_err(),
            "character 2 is ':' where a digit is expected; the form is HH:MM, from 00:00 to 24:00".into(),
        ),
        (
            TimeOfDay::parse("09:00:00").unwrap_err(),
            "character 6 is ':' where the end of the text is expected; the form is HH:MM, from 00:00 to 24:00".into(),
        ),
        (TimeOfDay::new(9, 60).unwrap_err(), "the minute is 60, allowed are 0 to 59".into()),
        (TimeOfDay::new(24, 1).unwrap_err(), "the time of day is 24:01, allowed are 00:00 to 24:00".into()),
        (
            TimeOfDay::from_minutes(1_441).unwrap_err(),
            "the time of day is 1441 minutes after midnight, allowed are 0 to 1440".into(),
        ),
        (Weekdays::new(&[Weekday::Fri, Weekday::Fri]).unwrap_err(), "the weekday fri is given twice, allowed is once".into()),
        (
            rule(Weekdays::NONE, "18:00", "20:00"),
            "a weekly rule has no weekdays, allowed are one to seven of mon, tue, wed, thu, fri, sat, sun".into(),
        ),
        (
            rule(Weekdays::ALL, "18:00", "18:00"),
            "a weekly rule starts and ends at 18:00; allowed is another end, the whole day is 00:00 to 24:00".into(),
        ),
        (
            rule(Weekdays::ALL, "24:00", "02:00"),
            "a weekly rule starts at 24:00, allowed are 00:00 to 23:59; write 00:00 with the next weekday".into(),
        ),
    ] {
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn every_time_of_day_reads_back_from_its_text() {
    for minutes in 0..=1_440 {
        let time = TimeOfDay::from_minutes(minutes).unwrap();
        assert_eq!(TimeOfDay::parse(&time.to_string()), Ok(time));
        assert_eq!(TimeOfDay::new((minutes / 60) as u8, (minutes % 60) as u8), Ok(time));
        assert_eq!(time.minutes(), minutes);
    }
    assert_eq!((TimeOfDay::DAY_START.to_string(), TimeOfDay::DAY_END.to_string()), ("00:00".into(), "24:00".into()));
}

#[test]
fn every_zone_of_the_database_is_read_by_its_name_and_ordered_by_it() {
    let zones: Vec<Zone> = TZ_VARIANTS.iter().map(|tz| zone(tz.name())).collect();
    assert!(zones.iter().zip(TZ_VARIANTS).all(|(zone, tz)| zone.name() == tz.name()));
    for pair in zones.windows(2) {
        assert_eq!(pair[0].cmp(&pair[1]), pair[0].name().cmp(pair[1].name()));
    }
    assert_eq!(zone("UTC"), Zone::UTC);
    assert_eq!(Zone::tzdb_version(), chrono_tz::IANA_TZDB_VERSION);
    assert!(Zone::parse("Mars/Olympus").is_err() && Zone::parse("").is_err() && Zone::parse("+08:00").is_err());
}

#[test]
fn forged_bytes_make_no_value_that_a_constructor_refuses() {
    let bytes = |value: &[i64]| value.iter().flat_map(|number| postcard::to_allocvec(number).unwrap()).collect::<Vec<u8>>();
    let noon = at("2026-11-21T12:00:00Z").as_micros();
    assert!(postcard::from_bytes::<Timestamp>(&bytes(&[noon])).is_ok());
    assert!(postcard::from_bytes::<Timestamp>(&bytes(&[Timestamp::MAX.as_micros() + 1])).is_err());
    assert!(postcard::from_bytes::<Window>(&bytes(&[noon, noon + 1])).is_ok());
    assert!(postcard::from_bytes::<Window>(&bytes(&[noon, noon])).is_err());
    let rule =
        |days: u8, from: u16, to: u16| postcard::from_bytes::<WeeklyRule>(&postcard::to_allocvec(&(days, from, to)).unwrap());
    assert!(rule(127, 0, 1_440).is_ok());
    assert!(rule(128, 0, 1_440).is_err() && rule(0, 0, 1_440).is_err());
    assert!(rule(1, 0, 1_441).is_err() && rule(1, 60, 60).is_err() && rule(1, 1_440, 60).is_err());
}

#[cfg(feature = "json")]
#[test]
fn json_is_readable_and_checked_on_reading() {
    let rule = WeeklyRule::new(Weekdays::MON_TO_FRI, time("18:00"), time("24:00")).unwrap();
    let text = r#"{"days":["mon","tue","wed","thu","fri"],"from":"18:00","to":"24:00"}"#;
    assert_eq!(serde_json::to_string(&rule).unwrap(), text);
    assert_eq!(serde_json::from_str::<WeeklyRule>(text).unwrap(), rule);
    let any_order = r#"{"to":"24:00","from":"18:00","days":["fri","mon","wed","tue","thu"]}"#;
    assert_eq!(serde_json::from_str::<WeeklyRule>(any_order).unwrap(), rule);

    let window = span("2026-11-21T18:00:00+08:00", "2026-11-21T20:00:00+08:00").unwrap();
    let text = r#"{"start":"2026-11-21T10:00:00Z","end":"2026-11-21T12:00:00Z"}"#;
    assert_eq!(serde_json::to_string(&window).unwrap(), text);
    assert_eq!(serde_json::from_str::<Window>(text).unwrap(), window);
    let other_offset = r#"{"start":"2026-11-21T18:00:00+08:00","end":"2026-11-21T20:00:00+08:00"}"#;
    assert_eq!(serde_json::from_str::<Window>(other_offset).unwrap(), window);
    assert_eq!(serde_json::to_string(&(zone("Asia/Kolkata"), Weekdays::WEEKEND)).unwrap(), r#"["Asia/Kolkata",["sat","sun"]]"#);

    for (wrong, part) in [
        (r#"{"days":[],"from":"18:00","to":"20:00"}"#, "no weekdays"),
        (r#"{"days":["mon","mon"],"from":"18:00","to":"20:00"}"#, "mon is given twice"),
        (r#"{"days":["mon"],"from":"18:00","to":"18:00"}"#, "starts and ends at 18:00"),
        (r#"{"days":["mon"],"from":"18:00","to":"20:00","zone":"UTC"}"#, "unknown field `zone`"),
        (r#"{"days":["monday"],"from":"18:00","to":"20:00"}"#, "unknown variant `monday`"),
    ] {
        let error = serde_json::from_str::<WeeklyRule>(wrong).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    for (wrong, part) in [
        (r#"{"start":"2026-11-21T10:00:00Z","end":"2026-11-21T10:00:00Z"}"#, "a window ends after it starts"),
        (r#"{"start":"2026-11-21T10:00:00Z","end":"2026-11-21T12:00:00Z","zone":"UTC"}"#, "unknown field `zone`"),
        (r#"{"start":"2026-11-21T10:00:00","end":"2026-11-21T12:00:00Z"}"#, "an offset"),
        (r#"{"start":1763719200000000,"end":"2026-11-21T12:00:00Z"}"#, "expected a string"),
    ] {
        let error = serde_json::from_str::<Window>(wrong).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    assert!(serde_json::from_str::<Zone>(r#""Asia/Peking""#).unwrap_err().to_string().contains("Asia/Peking"));
}
