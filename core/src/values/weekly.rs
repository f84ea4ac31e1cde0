//! Zones, wall clocks and weekly rules. The policy for clock changes stands on top of the parent module.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Offset, TimeZone, Timelike};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Calendar, LocalDate, Reader, TimeError, Timestamp, Window, in_range, write_date_time};

const SECONDS_PER_DAY: i64 = 86_400;
const MINUTES_PER_DAY: u16 = 1_440;
/// How many local days [`LocalDays`] has.
const SEARCH_DAYS_MAX: u64 = 400;
/// How much of a wrong zone name an error repeats, in characters.
const GIVEN_CHARS_MAX: usize = 40;
/// The form that [`TimeOfDay::parse`] reads.
const TIME_OF_DAY_FORM: &str = "HH:MM, from 00:00 to 24:00";

/// A zone of the IANA tz database, such as `Asia/Shanghai`: the wall clock that a window was meant in.
///
/// Any name of the database is a zone of its own, older names included: `PRC` shows the same clock as `Asia/Shanghai`
/// and is not equal to it. Ordered by name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(Tz);

impl Zone {
    /// Coordinated universal time, named `UTC`.
    pub const UTC: Self = Self(Tz::UTC);

    /// The zone with this name. Capital and small letters count.
    ///
    /// # Errors
    /// [`TimeError::UnknownZone`] when the database has no such name; there is no fallback zone.
    pub fn parse(name: &str) -> Result<Self, TimeError> {
        name.parse().map(Self).map_err(|_| TimeError::UnknownZone { given: name.chars().take(GIVEN_CHARS_MAX).collect() })
    }

    /// Its name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The version of the tz database that is built in, such as `2025b`. Two replicas that differ in it may turn the
    /// same rule into different windows.
    #[must_use]
    pub const fn tzdb_version() -> &'static str {
        chrono_tz::IANA_TZDB_VERSION
    }

    /// What the wall clock of this zone shows at `at`.
    #[must_use]
    pub fn local(self, at: Timestamp) -> LocalTime {
        let (utc_s, micro) = at.split();
        let offset_s = self.offset_s(utc_s);
        let reading = DateTime::from_timestamp(utc_s.saturating_add(offset_s), 0).unwrap_or_default();
        LocalTime {
            year: reading.year(),
            month: small(reading.month()),
            day: small(reading.day()),
            hour: small(reading.hour()),
            minute: small(reading.minute()),
            second: small(reading.second()),
            micro,
            weekday: Weekday::from_chrono(reading.weekday()),
            utc_offset_s: i32::try_from(offset_s).unwrap_or(0),
        }
    }

    /// The RFC 3339 text of `at` with this zone's offset, such as `2026-11-21T18:00:00+08:00`. It always reads back as
    /// the same instant.
    ///
    /// RFC 3339 offsets are whole minutes. For the few older offsets that are not (Africa/Monrovia until 1972), the
    /// seconds are left out of the offset and of the time beside it. Where the local year would be 10000, the text is in UTC.
    #[must_use]
    pub fn format_rfc3339(self, at: Timestamp) -> String {
        let (utc_s, micro) = at.split();
        let offset_minutes = self.offset_s(utc_s) / 60;
        let reading_s = utc_s.saturating_add(offset_minutes.saturating_mul(60));
        let mut out = String::with_capacity(32);
        // Writing into a String cannot fail.
        let _ = if DateTime::from_timestamp(reading_s, 0).is_some_and(|reading| reading.year() <= 9999) {
            let sign = if offset_minutes < 0 { '-' } else { '+' };
            let (hours, minutes) = (offset_minutes.abs() / 60, offset_minutes.abs() % 60);
            write_date_time(&mut out, reading_s, micro).and_then(|()| write!(out, "{sign}{hours:02}:{minutes:02}"))
        } else {
            write!(out, "{at}")
        };
        out
    }

    /// The date that the wall clock of this zone shows at `at`. `None` only where the years run out.
    #[must_use]
    pub fn date(self, at: Timestamp) -> Option<LocalDate> {
        local_date(self, at).and_then(LocalDate::from_chrono)
    }

    /// Seconds east of UTC at an instant given in seconds since 1970. Always less than a day.
    fn offset_s(self, utc_s: i64) -> i64 {
        // Timestamps and the days around them are far inside what chrono can hold.
        let at = DateTime::from_timestamp(utc_s, 0).unwrap_or_default();
        i64::from(self.0.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc())
    }
}

impl Ord for Zone {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.name().cmp(other.name())
    }
}

impl PartialOrd for Zone {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name())
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// What a wall clock shows at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LocalTime {
    /// The year, 0 to 10000 (one beyond the years of [`Timestamp`] at either end).
    pub year: i32,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, 1 to 31.
    pub day: u8,
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute, 0 to 59.
    pub minute: u8,
    /// The second, 0 to 59.
    pub second: u8,
    /// The microsecond, 0 to 999,999.
    pub micro: u32,
    /// The day of the week.
    pub weekday: Weekday,
    /// Seconds by which this clock is ahead of UTC; negative west of Greenwich.
    pub utc_offset_s: i32,
}

/// A calendar or clock field: never more than 59.
fn small(field: u32) -> u8 {
    u8::try_from(field).unwrap_or(u8::MAX)
}

/// The wall clock of a zone over a few days with at most one change. Without a change both offsets are the same.
struct Clock {
    zone: Zone,
    first_s: i64,
    last_s: i64,
    before_s: i64,
    after_s: i64,
}

/// When a clock shows a reading, in seconds since 1970.
enum Shown {
    Once(i64),
    Twice { earlier: i64, later: i64 },
    Skipped { change_at: i64 },
}

impl Clock {
    /// The clock of `zone` from `first_s` to `last_s`, in seconds since 1970.
    fn new(zone: Zone, first_s: i64, last_s: i64) -> Self {
        Self { zone, first_s, last_s, before_s: zone.offset_s(first_s), after_s: zone.offset_s(last_s) }
    }

    /// When this clock shows `reading_s`, given as seconds since 1970-01-01T00:00:00 of the same clock.
    fn shows(&self, reading_s: i64) -> Shown {
        let earlier = reading_s.saturating_sub(self.before_s);
        if self.before_s == self.after_s {
            return Shown::Once(earlier);
        }
        let later = reading_s.saturating_sub(self.after_s);
        // An offset that is not in force at the instant it leads to does not show the reading.
        match (self.zone.offset_s(earlier) == self.before_s, self.zone.offset_s(later) == self.after_s) {
            (true, false) => Shown::Once(earlier),
            (false, true) => Shown::Once(later),
            (true, true) => Shown::Twice { earlier, later },
            (false, false) => Shown::Skipped { change_at: self.change_at() },
        }
    }

    /// The first second with the new offset.
    fn change_at(&self) -> i64 {
        let (mut old, mut new) = (self.first_s, self.last_s);
        while new.saturating_sub(old) > 1 {
            let middle = old.midpoint(new);
            if self.zone.offset_s(middle) == self.before_s { old = middle } else { new = middle }
        }
        new
    }
}

impl Shown {
    const fn earliest(&self) -> i64 {
        match self {
            Self::Once(at) | Self::Twice { earlier: at, .. } | Self::Skipped { change_at: at } => *at,
        }
    }

    const fn latest(&self) -> i64 {
        match self {
            Self::Once(at) | Self::Twice { later: at, .. } | Self::Skipped { change_at: at } => *at,
        }
    }
}

/// A time on a wall clock, in whole minutes since local midnight: 00:00 to 24:00.
///
/// 24:00 is the midnight that ends the day. In JSON it is the text `HH:MM`, in binary forms the minutes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// 00:00, the midnight that begins the day.
    pub const DAY_START: Self = Self(0);
    /// 24:00, the midnight that ends the day.
    pub const DAY_END: Self = Self(MINUTES_PER_DAY);

    /// The time at `hour` and `minute`.
    ///
    /// # Errors
    /// [`TimeError::Field`] for an hour above 24 or a minute above 59, [`TimeError::AfterMidnight`] for 24:01 to 24:59.
    pub fn new(hour: u8, minute: u8) -> Result<Self, TimeError> {
        let hour = in_range("hour", hour.into(), 0, 24)?;
        let minute = in_range("minute", minute.into(), 0, 59)?;
        Self::checked(hour, minute)
    }

    /// The time `minutes` after midnight.
    ///
    /// # Errors
    /// [`TimeError::MinuteOfDay`] above 1440.
    pub const fn from_minutes(minutes: u16) -> Result<Self, TimeError> {
        if minutes <= MINUTES_PER_DAY { Ok(Self(minutes)) } else { Err(TimeError::MinuteOfDay { given: minutes }) }
    }

    /// Reads `HH:MM`, two digits each.
    ///
    /// # Errors
    /// [`TimeError::Unexpected`] and [`TimeError::TooShort`] for another form, and those of [`TimeOfDay::new`].
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let mut reader = Reader::new(text, TIME_OF_DAY_FORM);
        let hour = reader.field("hour", 0, 24)?;
        reader.one_of(&[':'], "':'")?;
        let minute = reader.field("minute", 0, 59)?;
        reader.end()?;
        Self::checked(hour, minute)
    }

    /// Minutes since local midnight as the wall clock counts them, 0 to 1440.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.0
    }

    fn checked(hour: u32, minute: u32) -> Result<Self, TimeError> {
        u16::try_from(hour.saturating_mul(60).saturating_add(minute))
            .ok()
            .filter(|minutes| *minutes <= MINUTES_PER_DAY)
            .map(Self)
            .ok_or(TimeError::AfterMidnight { minute })
    }

    const fn seconds(self) -> i64 {
        (self.0 as i64).saturating_mul(60)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl fmt::Debug for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_u16(self.0) }
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
        } else {
            Self::from_minutes(u16::deserialize(deserializer)?).map_err(de::Error::custom)
        }
    }
}

/// A day of the week. Ordered from Monday, as ISO 8601 does. Written `mon`, `tue` and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Weekday {
    /// All seven, from Monday.
    pub const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    /// Its name as it is written: `mon`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        }
    }

    pub(super) const fn from_chrono(day: chrono::Weekday) -> Self {
        match day {
            chrono::Weekday::Mon => Self::Mon,
            chrono::Weekday::Tue => Self::Tue,
            chrono::Weekday::Wed => Self::Wed,
            chrono::Weekday::Thu => Self::Thu,
            chrono::Weekday::Fri => Self::Fri,
            chrono::Weekday::Sat => Self::Sat,
            chrono::Weekday::Sun => Self::Sun,
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Mon => 1,
            Self::Tue => 2,
            Self::Wed => 4,
            Self::Thu => 8,
            Self::Fri => 16,
            Self::Sat => 32,
            Self::Sun => 64,
        }
    }
}

impl fmt::Display for Weekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of weekdays, which may be empty.
///
/// In JSON a list, `["mon","tue"]`, written from Monday and read in any order; in binary forms seven bits of a byte,
/// Monday the lowest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weekdays(u8);

impl Weekdays {
    /// No day.
    pub const NONE: Self = Self(0);
    /// Every day.
    pub const ALL: Self = Self(0b111_1111);
    /// Monday to Friday.
    pub const MON_TO_FRI: Self = Self(0b001_1111);
    /// Saturday and Sunday.
    pub const WEEKEND: Self = Self(0b110_0000);

    /// The set of these days, in any order.
    ///
    /// # Errors
    /// [`TimeError::RepeatedWeekday`] when a day is given twice.
    pub fn new(days: &[Weekday]) -> Result<Self, TimeError> {
        days.iter().try_fold(Self::NONE, |set, &day| {
            if set.contains(day) { Err(TimeError::RepeatedWeekday { day }) } else { Ok(set.with(day)) }
        })
    }

    /// The set with this day in it.
    #[must_use]
    pub const fn with(self, day: Weekday) -> Self {
        Self(self.0 | day.bit())
    }

    /// Whether this day is in it.
    #[must_use]
    pub const fn contains(self, day: Weekday) -> bool {
        self.0 & day.bit() != 0
    }

    /// Whether no day is in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its days, from Monday.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        Weekday::ALL.into_iter().filter(move |day| self.contains(*day))
    }
}

impl fmt::Debug for Weekdays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for Weekdays {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_seq(self.iter()) } else { serializer.serialize_u8(self.0) }
    }
}

impl<'de> Deserialize<'de> for Weekdays {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            Self::new(&Vec::deserialize(deserializer)?).map_err(de::Error::custom)
        } else {
            match u8::deserialize(deserializer)? {
                bits @ 0..=0b111_1111 => Ok(Self(bits)),
                bits => Err(de::Error::custom(TimeError::WeekdayBits { bits })),
            }
        }
    }
}

/// Hours that return every week on a wall clock: on each of `days`, from `from` up to, and without, `to`.
///
/// When `to` is not after `from`, the rule runs past midnight and ends on the next local day; `days` are the days it
/// starts on. It has at most one window a local date, of at most 24 hours on the wall clock, and windows of different
/// dates never overlap. What a clock change does to it is told on top of the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "RuleFields")]
pub struct WeeklyRule {
    // INVARIANT (rule): days is not empty, from is not 24:00, from != to. Only `new` makes one.
    days: Weekdays,
    from: TimeOfDay,
    to: TimeOfDay,
}

/// A rule as it is read, before it is checked.
#[derive(Deserialize)]
#[serde(rename = "WeeklyRule", deny_unknown_fields)]
struct RuleFields {
    days: Weekdays,
    from: TimeOfDay,
    to: TimeOfDay,
}

impl TryFrom<RuleFields> for WeeklyRule {
    type Error = TimeError;

    fn try_from(fields: RuleFields) -> Result<Self, TimeError> {
        Self::new(fields.days, fields.from, fields.to)
    }
}

impl WeeklyRule {
    /// The rule for these days and hours.
    ///
    /// # Errors
    /// [`TimeError::NoWeekdays`], [`TimeError::NoLength`] when `from` equals `to`, [`TimeError::StartsAtDayEnd`] when
    /// `from` is 24:00. In this order, when several hold.
    pub fn new(days: Weekdays, from: TimeOfDay, to: TimeOfDay) -> Result<Self, TimeError> {
        if days.is_empty() {
            Err(TimeError::NoWeekdays)
        } else if from == to {
            Err(TimeError::NoLength { at: from })
        } else if from == TimeOfDay::DAY_END {
            Err(TimeError::StartsAtDayEnd)
        } else {
            Ok(Self { days, from, to })
        }
    }

    /// The local days that it starts on.
    #[must_use]
    pub const fn days(&self) -> Weekdays {
        self.days
    }

    /// The first minute that is in it.
    #[must_use]
    pub const fn from(&self) -> TimeOfDay {
        self.from
    }

    /// The first minute that is no longer in it; on the next local day when it is not after `from`.
    #[must_use]
    pub const fn to(&self) -> TimeOfDay {
        self.to
    }

    /// The window that starts on this local date. `None` if the date's weekday is not in the rule, the date does not
    /// exist, or the clock skips the whole rule on it (Pacific/Apia had no 2011-12-30).
    ///
    /// A window that reaches beyond [`Timestamp::MIN`] or [`Timestamp::MAX`] is cut there.
    #[must_use]
    pub fn on(&self, zone: Zone, year: i32, month: u8, day: u8) -> Option<Window> {
        self.on_in(zone, &Calendar::EMPTY, year, month, day)
    }

    /// The same, under a calendar.
    #[must_use]
    pub fn on_in(&self, zone: Zone, calendar: &Calendar, year: i32, month: u8, day: u8) -> Option<Window> {
        NaiveDate::from_ymd_opt(year, month.into(), day.into()).and_then(|date| self.on_date(zone, calendar, date))
    }

    /// The window that contains `at`, or `None`. There is never more than one.
    #[must_use]
    pub fn covering(&self, zone: Zone, at: Timestamp) -> Option<Window> {
        self.covering_in(zone, &Calendar::EMPTY, at)
    }

    /// The same, under a calendar.
    #[must_use]
    pub fn covering_in(&self, zone: Zone, calendar: &Calendar, at: Timestamp) -> Option<Window> {
        // By the guarantee the clock reads inside the rule, so the rule began on this date or on the one before.
        let today = local_date(zone, at)?;
        [Some(today), today.pred_opt()]
            .into_iter()
            .flatten()
            .filter_map(|date| self.on_date(zone, calendar, date))
            .find(|window| window.contains(at))
    }

    /// Whether one window of the rule covers the whole of `window`. Two that touch at midnight do not add up.
    #[must_use]
    pub fn covers(&self, zone: Zone, window: &Window) -> bool {
        self.covers_in(zone, &Calendar::EMPTY, window)
    }

    /// The same, under a calendar.
    #[must_use]
    pub fn covers_in(&self, zone: Zone, calendar: &Calendar, window: &Window) -> bool {
        self.covering_in(zone, calendar, window.start()).is_some_and(|covering| covering.covers(window))
    }

    /// The earliest window that ends after `at`: the one that contains `at`, or else the next. `None` if there is none
    /// in the 400 local days from the day before `at`, which happens only at the end of time.
    #[must_use]
    pub fn next_from(&self, zone: Zone, at: Timestamp) -> Option<Window> {
        self.windows_from(zone, &Calendar::EMPTY, at).next()
    }

    /// The windows that end after `at`, in order, under a calendar: those of the 400 local days from the day before `at`.
    pub fn windows_from(&self, zone: Zone, calendar: &Calendar, at: Timestamp) -> impl Iterator<Item = Window> {
        // Windows of one rule come in the order of their dates, and none of an earlier date reaches past `at`.
        let days = LocalDays::after(zone, calendar, at);
        days.filter_map(move |day| day.window_of(self)).filter(move |window| window.end() > at)
    }

    /// The windows that end at `at` or before, the last one first, under a calendar: those of the 400 local days up to `at`.
    pub fn windows_before(&self, zone: Zone, calendar: &Calendar, at: Timestamp) -> impl Iterator<Item = Window> {
        let days = LocalDays::before(zone, calendar, at);
        days.filter_map(move |day| day.window_of(self)).filter(move |window| window.end() <= at)
    }

    fn on_date(&self, zone: Zone, calendar: &Calendar, date: NaiveDate) -> Option<Window> {
        self.on_weekday(zone, date, calendar.weekday_on(date)?)
    }

    /// The window that starts on a date which counts as this weekday.
    fn on_weekday(&self, zone: Zone, date: NaiveDate, weekday: Weekday) -> Option<Window> {
        if !self.days.contains(weekday) {
            return None;
        }
        let midnight = midnight_s(date);
        let ends_on = if self.to <= self.from { midnight.saturating_add(SECONDS_PER_DAY) } else { midnight };
        let from = midnight.saturating_add(self.from.seconds());
        let to = ends_on.saturating_add(self.to.seconds());

        // No offset reaches a day, so both bounds are shown within a day of their reading as if it were UTC.
        let clock = Clock::new(zone, from.saturating_sub(SECONDS_PER_DAY), to.saturating_add(SECONDS_PER_DAY));
        let (start, end) = (clock.shows(from), clock.shows(to));
        window(start.latest(), end.earliest()).or_else(|| window(start.earliest(), end.earliest()))
    }
}

/// When a date begins, in seconds since 1970-01-01T00:00:00 of the same clock.
const fn midnight_s(date: NaiveDate) -> i64 {
    date.and_time(NaiveTime::MIN).and_utc().timestamp()
}

/// Days one after another, from one on or back from it, each with the weekday that it counts as. Who has many rules looks at each day once.
#[derive(Clone, Copy, Debug)]
pub struct LocalDays<'a> {
    zone: Zone,
    calendar: &'a Calendar,
    date: Option<NaiveDate>,
    is_back: bool,
    left: u64,
}

impl<'a> LocalDays<'a> {
    /// The 400 local days from the day before `at`: the windows that end after `at` start on them.
    #[must_use]
    pub fn after(zone: Zone, calendar: &'a Calendar, at: Timestamp) -> Self {
        let date = local_date(zone, at).and_then(|date| date.pred_opt());
        Self { zone, calendar, date, is_back: false, left: SEARCH_DAYS_MAX }
    }

    /// The 400 local days back from that of `at`: the windows that end at `at` or before start on them.
    #[must_use]
    pub fn before(zone: Zone, calendar: &'a Calendar, at: Timestamp) -> Self {
        Self { zone, calendar, date: local_date(zone, at), is_back: true, left: SEARCH_DAYS_MAX }
    }
}

impl Iterator for LocalDays<'_> {
    type Item = LocalDay;

    fn next(&mut self) -> Option<LocalDay> {
        self.left = self.left.checked_sub(1)?;
        let date = self.date?;
        self.date = if self.is_back { date.pred_opt() } else { date.succ_opt() };
        Some(LocalDay { zone: self.zone, date, weekday: self.calendar.weekday_on(date) })
    }
}

/// A day on a wall clock.
#[derive(Clone, Copy, Debug)]
pub struct LocalDay {
    zone: Zone,
    date: NaiveDate,
    weekday: Option<Weekday>,
}

impl LocalDay {
    /// The window of a rule that starts on it.
    #[must_use]
    pub fn window_of(&self, rule: &WeeklyRule) -> Option<Window> {
        rule.on_weekday(self.zone, self.date, self.weekday?)
    }

    /// Whether a calendar has nothing start on it.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.weekday.is_none()
    }

    /// An instant before which no window that starts on it starts, and after which none ends: a day before its beginning and three after, whatever its clock does.
    #[must_use]
    pub fn bounds(&self) -> (Timestamp, Timestamp) {
        let midnight = midnight_s(self.date);
        let at = |days: i64| Timestamp::from_seconds_clamped(midnight.saturating_add(SECONDS_PER_DAY.saturating_mul(days)));
        (at(-1), at(3))
    }
}

/// The window between two instants in seconds since 1970, or `None` if nothing is between them.
fn window(start_s: i64, end_s: i64) -> Option<Window> {
    Window::new(Timestamp::from_seconds_clamped(start_s), Timestamp::from_seconds_clamped(end_s)).ok()
}

/// The date that the wall clock shows at `at`.
fn local_date(zone: Zone, at: Timestamp) -> Option<NaiveDate> {
    let (utc_s, _) = at.split();
    DateTime::from_timestamp(utc_s.saturating_add(zone.offset_s(utc_s)), 0).map(|reading| reading.date_naive())
}
