//! Calendars: the days on which a weekly rule does not follow the weekday. Part of the parent module.

use alloc::collections::BTreeMap;
use alloc::string::String;
use core::fmt;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Reader, TimeError, Weekday, days_in_month, in_range};

/// The form that [`LocalDate::parse`] reads.
const DATE_FORM: &str = "2026-10-01 (RFC 3339 §5.6, full-date)";

/// A date on a wall clock, years 1 to 9999, without a zone: `2026-10-01`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalDate {
    // INVARIANT (date): the calendar has this day. Only `new` makes one.
    year: u16,
    month: u8,
    day: u8,
}

impl LocalDate {
    /// The date with this year, month and day.
    ///
    /// # Errors
    /// [`TimeError::Field`] for the first of them that the calendar does not have.
    pub fn new(year: u32, month: u32, day: u32) -> Result<Self, TimeError> {
        let year = in_range("year", year, 1, 9_999)?;
        let month = in_range("month", month, 1, 12)?;
        let last = days_in_month(i32::try_from(year).unwrap_or(1), month);
        let day = in_range("day", day, 1, last)?;
        let small = |field: u32| u8::try_from(field).unwrap_or(u8::MAX);
        Ok(Self { year: u16::try_from(year).unwrap_or(u16::MAX), month: small(month), day: small(day) })
    }

    /// Reads `2026-10-01`.
    ///
    /// # Errors
    /// [`TimeError::Unexpected`] and [`TimeError::TooShort`] for another form, and those of [`LocalDate::new`].
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let mut reader = Reader::new(text, DATE_FORM);
        let year = reader.digits(4)?;
        reader.one_of(&['-'], "'-'")?;
        let month = reader.digits(2)?;
        reader.one_of(&['-'], "'-'")?;
        let day = reader.digits(2)?;
        reader.end()?;
        Self::new(year, month, day)
    }

    /// The year.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, from 1.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.day
    }

    /// The day after it; `None` after the last.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        let date = NaiveDate::from_ymd_opt(self.year.into(), self.month.into(), self.day.into())?;
        date.succ_opt().and_then(Self::from_chrono)
    }

    pub(super) fn from_chrono(date: NaiveDate) -> Option<Self> {
        Self::new(u32::try_from(date.year()).ok()?, date.month(), date.day()).ok()
    }
}

impl fmt::Display for LocalDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Debug for LocalDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for LocalDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            (self.year, self.month, self.day).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for LocalDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
        } else {
            let (year, month, day) = <(u16, u8, u8)>::deserialize(deserializer)?;
            Self::new(year.into(), month.into(), day.into()).map_err(de::Error::custom)
        }
    }
}

/// What holds on a day of a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayRule {
    /// No weekly rule starts on it (a holiday, 放假).
    Closed,
    /// The rules of this weekday start on it, whatever day it is (a moved workday, 调休).
    As(Weekday),
}

/// The days on which weekly rules do not follow the weekday: holidays, and workdays that were moved. Any other day is as its weekday.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Calendar {
    days: BTreeMap<LocalDate, DayRule>,
}

impl Calendar {
    /// A calendar without such days.
    pub const EMPTY: Self = Self { days: BTreeMap::new() };

    /// The calendar with these days.
    #[must_use]
    pub const fn new(days: BTreeMap<LocalDate, DayRule>) -> Self {
        Self { days }
    }

    /// Its days, in order.
    #[must_use]
    pub const fn days(&self) -> &BTreeMap<LocalDate, DayRule> {
        &self.days
    }

    /// The days from this date on.
    #[must_use]
    pub fn from(&self, date: LocalDate) -> BTreeMap<LocalDate, DayRule> {
        self.days.range(date..).map(|(date, rule)| (*date, *rule)).collect()
    }

    /// The weekday whose rules start on this date; `None` when none do.
    pub(super) fn weekday_on(&self, date: NaiveDate) -> Option<Weekday> {
        let own = Weekday::from_chrono(date.weekday());
        if self.days.is_empty() {
            return Some(own);
        }
        match LocalDate::from_chrono(date).and_then(|date| self.days.get(&date)) {
            None => Some(own),
            Some(DayRule::As(weekday)) => Some(*weekday),
            Some(DayRule::Closed) => None,
        }
    }
}
