//! Instants, windows, zones and weekly rules.
//!
//! A [`Timestamp`] is an instant in UTC and a [`Window`] a half-open span between two of them; whatever decides about
//! ringing compares only these. A [`WeeklyRule`] is what a merchant publishes ("Monday to Friday, 18:00 to 20:00")
//! and means the wall clock of a [`Zone`]; it is turned into windows once, when it is booked or asked.
//!
//! # Daylight saving
//!
//! The guarantee: **every instant inside a weekly rule's window reads, on the wall clock of the zone, inside the
//! rule.** A rule never follows the UTC offset of another day: 18:00 stays 18:00 when the clock changes.
//!
//! | a bound of the rule | as the start | as the end |
//! |---|---|---|
//! | is shown once | that instant | that instant |
//! | is skipped (the clock goes forward over it) | the instant of the change | the instant of the change |
//! | is shown twice (the clock goes back over it) | the later time | the earlier time |
//! | both are shown twice, one after the other | the earlier time | the earlier time |
//! | both are skipped | no window on that day | no window on that day |
//!
//! With the clock going 02:00 → 03:00, the rule 02:30-04:00 starts at 03:00 and the rule 01:00-02:30 ends when 02:00
//! would have been. With the clock going 02:00 → 01:00, the rule 01:30-03:00 starts at the second 01:30 (from the
//! first one, the clock would show 01:00 inside the window), the rule 00:30-01:30 ends at the first 01:30, the rule
//! 01:15-01:45 is held once, at its first showing, and the rule 00:30-03:00 lasts an hour longer and shows nothing
//! outside itself. A rule that starts exactly where the clock goes back to (01:00-03:00) starts at the later 01:00.
//! So where midnight is shown twice (America/Havana, 01:00 → 00:00), even an all-day rule on every day leaves out that
//! first hour, once a year.
//!
//! RFC 5545 §3.3.5 does otherwise: it reads a skipped time with the offset before the gap (02:30 becomes 03:30) and
//! always takes the first of two. That is right for one appointment and wrong for a permission, which would then hold
//! where its reader does not see it on the clock.
//!
//! A [`Calendar`] changes on which dates a rule starts, and nothing else: on a closed day none starts, on a day that counts as another weekday the
//! rules of that weekday start. A window belongs to the date that it starts on, so one that began on the evening before a closed day runs on past midnight.
//!
//! What makes the guarantee hold: windows of one rule never touch more than one clock change, since no zone changes
//! its clock twice within five days (a test pins this for the tz database in use). The tables of the database end with the year
//! 2099; from then on each zone keeps its last offset.

use alloc::string::String;
use core::fmt;

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

#[path = "calendar.rs"]
mod calendar;
#[path = "weekly.rs"]
mod weekly;

pub use self::calendar::{Calendar, DayRule, LocalDate};
pub use self::weekly::{LocalDay, LocalDays, LocalTime, TimeOfDay, Weekday, Weekdays, WeeklyRule, Zone};

/// Microseconds in one second.
const MICROS_PER_SECOND: i64 = 1_000_000;
/// The form that [`Timestamp::parse`] reads.
const RFC_3339_FORM: &str =
    "2026-11-21T18:00:00+08:00, with Z, +HH:MM or -HH:MM at the end and at most 6 digits after the second (RFC 3339 §5.6)";

/// An instant: microseconds since 1970-01-01T00:00:00Z, in UTC, without leap seconds (as POSIX counts).
///
/// Always between [`Timestamp::MIN`] and [`Timestamp::MAX`], the years 1 to 9999, so that each has an RFC 3339 text.
/// In JSON it is that text; in binary forms it is the number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest instant, 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(-62_135_596_800_000_000);
    /// The latest instant, 9999-12-31T23:59:59.999999Z.
    pub const MAX: Self = Self(253_402_300_799_999_999);

    /// The instant that is `micros` microseconds after 1970-01-01T00:00:00Z, or `None` outside
    /// [`Timestamp::MIN`]`..=`[`Timestamp::MAX`].
    #[must_use]
    pub const fn from_micros(micros: i64) -> Option<Self> {
        if micros < Self::MIN.0 || micros > Self::MAX.0 { None } else { Some(Self(micros)) }
    }

    /// Microseconds since 1970-01-01T00:00:00Z, negative before it.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The instant `seconds` later, at most [`Timestamp::MAX`].
    #[must_use]
    pub fn saturating_add_s(self, seconds: u64) -> Self {
        self.saturating_add_micros(micros_of(seconds))
    }

    /// The instant `seconds` earlier, at least [`Timestamp::MIN`].
    #[must_use]
    pub fn saturating_sub_s(self, seconds: u64) -> Self {
        self.saturating_add_micros(0_i64.saturating_sub(micros_of(seconds)))
    }

    /// The instant `micros` microseconds later, or earlier when negative; stops at [`Timestamp::MIN`] and
    /// [`Timestamp::MAX`].
    #[must_use]
    pub fn saturating_add_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros)).clamped()
    }

    /// Microseconds from `earlier` to this instant, negative when `earlier` is the later one.
    #[must_use]
    pub const fn micros_since(self, earlier: Self) -> i64 {
        // Both lie within about 10,000 years, so the difference always fits.
        self.0.saturating_sub(earlier.0)
    }

    /// Reads an RFC 3339 time with its offset, such as `2026-11-21T18:00:00+08:00` or `2026-11-21T10:00:00.25Z`.
    ///
    /// `T` and `Z` may be small letters (§5.6). `-00:00` is read as UTC (§4.3). The offset must be there: a time
    /// without one names no instant.
    ///
    /// # Errors
    /// - [`TimeError::Unexpected`], [`TimeError::TooShort`]: not of that form.
    /// - [`TimeError::Field`]: a month 13, a 30 February, an hour 24.
    /// - [`TimeError::Precision`]: more than six digits after the second, even if they are zeros.
    /// - [`TimeError::LeapSecond`]: a second `60`; no clock this library is fed from can show it.
    /// - [`TimeError::OutOfRange`]: before [`Timestamp::MIN`] or after [`Timestamp::MAX`] once turned into UTC.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let mut reader = Reader::new(text, RFC_3339_FORM);
        let year = reader.digits(4)?;
        reader.one_of(&['-'], "'-'")?;
        let month = reader.field("month", 1, 12)?;
        reader.one_of(&['-'], "'-'")?;
        let year = i32::try_from(year).unwrap_or(0);
        let day = reader.field("day", 1, days_in_month(year, month))?;
        reader.one_of(&['T', 't'], "'T'")?;
        let hour = reader.field("hour", 0, 23)?;
        reader.one_of(&[':'], "':'")?;
        let minute = reader.field("minute", 0, 59)?;
        reader.one_of(&[':'], "':'")?;
        let second = reader.digits(2)?;
        if second == 60 {
            return Err(TimeError::LeapSecond);
        }
        in_range("second", second, 0, 59)?;
        let micros = if reader.peek() == Some('.') { reader.fraction()? } else { 0 };
        let offset_s = reader.offset()?;
        reader.end()?;

        let local = NaiveDate::from_ymd_opt(year, month, day).and_then(|date| date.and_hms_opt(hour, minute, second));
        // Every field was checked above; chrono accepts each combination of them.
        let local_s = local.map_or(0, |local| local.and_utc().timestamp());
        let total = local_s.saturating_sub(offset_s).saturating_mul(MICROS_PER_SECOND).saturating_add(micros);
        Self::from_micros(total).ok_or(TimeError::OutOfRange { micros: total })
    }

    /// Whole seconds since 1970, rounded down, and the microseconds above them.
    fn split(self) -> (i64, u32) {
        let micro = self.0.rem_euclid(MICROS_PER_SECOND);
        (self.0.div_euclid(MICROS_PER_SECOND), u32::try_from(micro).unwrap_or(0))
    }

    /// The instant at a whole second, moved to the nearest end of the range when it lies outside.
    const fn from_seconds_clamped(seconds: i64) -> Self {
        Self(seconds.saturating_mul(MICROS_PER_SECOND)).clamped()
    }

    const fn clamped(self) -> Self {
        if self.0 < Self::MIN.0 {
            Self::MIN
        } else if self.0 > Self::MAX.0 {
            Self::MAX
        } else {
            self
        }
    }
}

/// Whole seconds as microseconds, as many as fit.
fn micros_of(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(MICROS_PER_SECOND)
}

/// The last day of that month; 28 for a month that does not exist.
fn days_in_month(year: i32, month: u32) -> u32 {
    (29..=31).rev().find(|day| NaiveDate::from_ymd_opt(year, month, *day).is_some()).unwrap_or(28)
}

/// RFC 3339 in UTC: `2026-11-21T10:00:00Z`. A fraction is written only when it is not zero, then with six digits.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micro) = self.split();
        write_date_time(f, seconds, micro)?;
        f.write_str("Z")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Writes a wall-clock reading, given as seconds since 1970-01-01T00:00:00 of the same clock, without an offset.
fn write_date_time(out: &mut impl fmt::Write, reading_s: i64, micro: u32) -> fmt::Result {
    let reading = DateTime::from_timestamp(reading_s, 0).unwrap_or_default();
    write!(
        out,
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        reading.year(),
        reading.month(),
        reading.day(),
        reading.hour(),
        reading.minute(),
        reading.second()
    )?;
    if micro > 0 { write!(out, ".{micro:06}") } else { Ok(()) }
}

impl From<Timestamp> for DateTime<Utc> {
    fn from(at: Timestamp) -> Self {
        // chrono reaches 260,000 years to either side, so this is never the default.
        Self::from_timestamp_micros(at.0).unwrap_or_default()
    }
}

/// What a clock shows below a microsecond is cut off. This changes no decision: the bounds of a [`Window`] are whole
/// microseconds, so it contains an instant exactly when it contains that instant cut.
impl TryFrom<DateTime<Utc>> for Timestamp {
    type Error = TimeError;

    /// # Errors
    /// [`TimeError::OutOfRange`] outside the years 1 to 9999, [`TimeError::LeapSecond`] inside a leap second.
    fn try_from(at: DateTime<Utc>) -> Result<Self, TimeError> {
        // chrono writes a leap second as a second 59 with a fraction of one or more.
        if at.timestamp_subsec_micros() >= 1_000_000 {
            return Err(TimeError::LeapSecond);
        }
        let micros = at.timestamp_micros();
        Self::from_micros(micros).ok_or(TimeError::OutOfRange { micros })
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_i64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
        } else {
            let micros = i64::deserialize(deserializer)?;
            Self::from_micros(micros).ok_or_else(|| de::Error::custom(TimeError::OutOfRange { micros }))
        }
    }
}

/// A span of time, half-open: `start` is in it, `end` is not. It is never empty.
///
/// Two windows of which one ends where the other starts have no instant in common. Ordered by start, then by end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "WindowFields")]
pub struct Window {
    // INVARIANT (window): start < end. Only `new` and `intersect` make one, and both check.
    start: Timestamp,
    end: Timestamp,
}

/// A window as it is read, before it is checked.
#[derive(Deserialize)]
#[serde(rename = "Window", deny_unknown_fields)]
struct WindowFields {
    start: Timestamp,
    end: Timestamp,
}

impl TryFrom<WindowFields> for Window {
    type Error = TimeError;

    fn try_from(fields: WindowFields) -> Result<Self, TimeError> {
        Self::new(fields.start, fields.end)
    }
}

impl Window {
    /// The window from `start` up to, and without, `end`.
    ///
    /// # Errors
    /// [`TimeError::EmptyWindow`] unless `start` is before `end`.
    pub fn new(start: Timestamp, end: Timestamp) -> Result<Self, TimeError> {
        if start < end { Ok(Self { start, end }) } else { Err(TimeError::EmptyWindow { start, end }) }
    }

    /// The first instant in it.
    #[must_use]
    pub const fn start(&self) -> Timestamp {
        self.start
    }

    /// The first instant after it.
    #[must_use]
    pub const fn end(&self) -> Timestamp {
        self.end
    }

    /// Whether `at` is in it.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }

    /// Whether every instant of `other` is in it. A window covers itself.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether the two have an instant in common.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The instants that are in both, or `None` if there are none.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        Self::new(self.start.max(other.start), self.end.min(other.end)).ok()
    }

    /// How long it lasts, in microseconds; at least 1.
    #[must_use]
    pub const fn duration_micros(&self) -> i64 {
        self.end.micros_since(self.start)
    }
}

/// `[2026-11-21T10:00:00Z, 2026-11-21T12:00:00Z)`
impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", self.start, self.end)
    }
}

/// What is wrong with a time, a window, a zone or a weekly rule. The text says what was given and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TimeError {
    /// Before [`Timestamp::MIN`] or after [`Timestamp::MAX`].
    #[error(
        "an instant lies from {min} to {max}, this one is {micros} microseconds from 1970-01-01T00:00:00Z",
        min = Timestamp::MIN,
        max = Timestamp::MAX
    )]
    OutOfRange {
        /// Microseconds since 1970-01-01T00:00:00Z.
        micros: i64,
    },
    /// A text has a character where its form wants another.
    #[error("character {position} is {found:?} where {expected} is expected; the form is {form}")]
    Unexpected {
        /// Its place, counted in characters from 1.
        position: usize,
        /// The character that stands there.
        found: char,
        /// What may stand there.
        expected: &'static str,
        /// The whole form, by example.
        form: &'static str,
    },
    /// A text ends too early; a time without its UTC offset does.
    #[error("the text ends after {length} characters where {expected} is expected; the form is {form}")]
    TooShort {
        /// How many characters it has.
        length: usize,
        /// What should have followed.
        expected: &'static str,
        /// The whole form, by example.
        form: &'static str,
    },
    /// A part of a date, time or offset that no calendar or clock shows.
    #[error("the {field} is {given}, allowed are {min} to {max}")]
    Field {
        /// Which part.
        field: &'static str,
        /// What was given.
        given: u32,
        /// The least that is allowed.
        min: u32,
        /// The most that is allowed.
        max: u32,
    },
    /// A fraction of a second finer than microseconds.
    #[error("the second has a fraction of {digits} digits, allowed are 1 to 6 (microseconds)")]
    Precision {
        /// How many digits it has.
        digits: usize,
    },
    /// A leap second.
    #[error("the second is 60 (a leap second), allowed are 0 to 59; write the second 0 that follows it")]
    LeapSecond,
    /// A window that ends when or before it starts.
    #[error("a window ends after it starts, this one starts at {start} and ends at {end}")]
    EmptyWindow {
        /// The start that was given.
        start: Timestamp,
        /// The end that was given.
        end: Timestamp,
    },
    /// No zone has this name.
    #[error(
        "{given:?} is not a zone of tz database {version}; allowed are its names exactly as written there, such as \"Asia/Shanghai\" or \"UTC\"",
        version = Zone::tzdb_version()
    )]
    UnknownZone {
        /// The name that was given, at most its first 40 characters.
        given: String,
    },
    /// A time of day after 24:00, given by hour and minute.
    #[error("the time of day is 24:{minute:02}, allowed are 00:00 to 24:00")]
    AfterMidnight {
        /// The minute that was given with hour 24.
        minute: u32,
    },
    /// A time of day after 24:00, given in minutes.
    #[error("the time of day is {given} minutes after midnight, allowed are 0 to 1440")]
    MinuteOfDay {
        /// The minutes that were given.
        given: u16,
    },
    /// A day that is named twice in one list.
    #[error("the weekday {day} is given twice, allowed is once")]
    RepeatedWeekday {
        /// That day.
        day: Weekday,
    },
    /// A set of weekdays in binary form that has more than seven bits.
    #[error("the weekdays are {bits:#010b}, allowed are the seven low bits, Monday the lowest")]
    WeekdayBits {
        /// The bits that were given.
        bits: u8,
    },
    /// A weekly rule for no day.
    #[error("a weekly rule has no weekdays, allowed are one to seven of mon, tue, wed, thu, fri, sat, sun")]
    NoWeekdays,
    /// A weekly rule that ends when it starts.
    #[error("a weekly rule starts and ends at {at}; allowed is another end, the whole day is 00:00 to 24:00")]
    NoLength {
        /// Both its bounds.
        at: TimeOfDay,
    },
    /// A weekly rule that starts at the end of its day.
    #[error("a weekly rule starts at 24:00, allowed are 00:00 to 23:59; write 00:00 with the next weekday")]
    StartsAtDayEnd,
}

/// Reads texts of fixed form character by character and says where one departs from it.
struct Reader<'a> {
    chars: core::iter::Peekable<core::str::Chars<'a>>,
    /// How many characters have been read.
    read: usize,
    form: &'static str,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, form: &'static str) -> Self {
        Self { chars: text.chars().peekable(), read: 0, form }
    }

    fn peek(&mut self) -> Option<char> {
        self.chars.peek().copied()
    }

    /// The fault of the next character.
    fn fault(&mut self, expected: &'static str) -> TimeError {
        let form = self.form;
        match self.peek() {
            Some(found) => TimeError::Unexpected { position: self.read.saturating_add(1), found, expected, form },
            None => TimeError::TooShort { length: self.read, expected, form },
        }
    }

    /// Takes the next character if `accept` turns it into something.
    fn take<T>(&mut self, expected: &'static str, accept: impl Fn(char) -> Option<T>) -> Result<T, TimeError> {
        let Some(taken) = self.peek().and_then(accept) else { return Err(self.fault(expected)) };
        self.chars.next();
        self.read = self.read.saturating_add(1);
        Ok(taken)
    }

    fn one_of(&mut self, allowed: &[char], expected: &'static str) -> Result<char, TimeError> {
        self.take(expected, |c| allowed.contains(&c).then_some(c))
    }

    fn digit(&mut self) -> Result<u32, TimeError> {
        self.take("a digit", |c| c.to_digit(10))
    }

    /// A number of exactly `count` digits.
    fn digits(&mut self, count: u32) -> Result<u32, TimeError> {
        let mut number = 0_u32;
        for _ in 0..count {
            number = number.saturating_mul(10).saturating_add(self.digit()?);
        }
        Ok(number)
    }

    /// A number of two digits between `min` and `max`.
    fn field(&mut self, field: &'static str, min: u32, max: u32) -> Result<u32, TimeError> {
        in_range(field, self.digits(2)?, min, max)
    }

    /// A point and one to six digits, as microseconds.
    fn fraction(&mut self) -> Result<i64, TimeError> {
        self.one_of(&['.'], "'.'")?;
        let mut digits = 0_usize;
        let mut micros = 0_i64;
        let mut scale = MICROS_PER_SECOND;
        while digits == 0 || self.peek().is_some_and(|c| c.is_ascii_digit()) {
            scale /= 10;
            micros = micros.saturating_add(i64::from(self.digit()?).saturating_mul(scale));
            digits = digits.saturating_add(1);
        }
        if digits > 6 { Err(TimeError::Precision { digits }) } else { Ok(micros) }
    }

    /// `Z`, `+HH:MM` or `-HH:MM`, in seconds east of UTC.
    fn offset(&mut self) -> Result<i64, TimeError> {
        let sign = match self.one_of(&['Z', 'z', '+', '-'], "an offset (Z, +HH:MM or -HH:MM)")? {
            '+' => 1_i64,
            '-' => -1,
            _ => return Ok(0),
        };
        let hours = self.field("offset hour", 0, 23)?;
        self.one_of(&[':'], "':'")?;
        let minutes = self.field("offset minute", 0, 59)?;
        let seconds = hours.saturating_mul(60).saturating_add(minutes).saturating_mul(60);
        Ok(sign.saturating_mul(i64::from(seconds)))
    }

    fn end(&mut self) -> Result<(), TimeError> {
        if self.peek().is_none() { Ok(()) } else { Err(self.fault("the end of the text")) }
    }
}

/// `given`, if it is one of `min..=max`.
fn in_range(field: &'static str, given: u32, min: u32, max: u32) -> Result<u32, TimeError> {
    if (min..=max).contains(&given) { Ok(given) } else { Err(TimeError::Field { field, given, min, max }) }
}
