//! Merchants and their booking pages.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::values::id::{CalendarId, MerchantId, OfferingId, PageId};
use crate::values::input::{Hours, Line};
use crate::values::number::{Address, PhoneNumber};
use crate::values::policy::CallMode;
use crate::values::text::Text;
use crate::values::time::{Calendar, LocalDay, LocalDays, Timestamp, Window, Zone};

/// A merchant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merchant {
    /// The merchant.
    pub id: MerchantId,
    /// The name that users see.
    pub name: Text,
    /// The lines, as registered; at least one.
    pub lines: Vec<Line>,
    /// The zone of his weekly hours.
    pub zone: Zone,
    /// His registered chatbot.
    pub chatbot: Option<Address>,
    /// The person to talk to.
    pub contact: Option<Text>,
    /// His postal address.
    pub address: Option<Text>,
    /// His standing choice of mode.
    pub preset: Option<CallMode>,
    /// What he does, in words.
    pub description: Option<Text>,
}

/// A booking page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The page.
    pub id: PageId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// Its version, from 1.
    pub version: u32,
    /// What can be talked about.
    pub offerings: BTreeMap<OfferingId, Text>,
    /// Concrete windows.
    pub windows: Vec<Window>,
    /// Weekly hours.
    pub hours: Vec<Hours>,
    /// The line that it names, if any.
    pub line: Option<PhoneNumber>,
    /// More about some offerings.
    pub descriptions: BTreeMap<OfferingId, Text>,
    /// The calendar that its weekly hours follow, if any.
    pub calendar: Option<CalendarId>,
    /// How many users may share one call: at least 2. Absent when every user is called alone.
    pub group_size_max: Option<u32>,
}

/// How many of the nearest windows a refusal names.
pub const NEAREST_MAX: usize = 3;

/// What a page is read with: the zone of its hours and their calendar.
#[derive(Clone, Copy, Debug)]
pub struct Clockwork<'a> {
    /// The merchant's zone.
    pub zone: Zone,
    /// The days on which the hours do not follow the weekday.
    pub calendar: &'a Calendar,
}

impl Page {
    /// Whether one of its windows, or one window of its hours, covers `window` whole.
    #[must_use]
    pub fn offers(&self, window: &Window, by: Clockwork<'_>) -> bool {
        self.windows.iter().any(|offered| offered.covers(window))
            || self.hours.iter().any(|hours| hours.rule.covers_in(by.zone, by.calendar, window))
    }

    /// The windows nearest to `asked` among those that end after `now` and not after `until`: the least time between the two
    /// first (none when they touch or overlap), then the earlier start, then the earlier end.
    #[must_use]
    pub fn nearest(&self, asked: &Window, now: Timestamp, until: Timestamp, by: Clockwork<'_>) -> Vec<Window> {
        let is_left = |window: &Window| window.end() > now && window.end() <= until;
        let mut nearest = Nearest { asked, found: Vec::new() };
        self.windows.iter().copied().filter(is_left).for_each(|window| nearest.offer(window));
        let windows_of = |day: LocalDay| {
            let hours = self.hours.iter().filter(move |_| !day.is_closed());
            hours.filter_map(move |hours| day.window_of(&hours.rule)).filter(is_left)
        };
        // In both directions the days come farther and farther away.
        let from = asked.start().max(now);
        for day in LocalDays::after(by.zone, by.calendar, from) {
            let (begins, _) = day.bounds();
            if begins > until || nearest.is_beyond(begins.micros_since(asked.end())) {
                break;
            }
            windows_of(day).filter(|window| window.end() > from).for_each(|window| nearest.offer(window));
        }
        for day in LocalDays::before(by.zone, by.calendar, asked.start()) {
            let (_, ends) = day.bounds();
            if ends <= now || nearest.is_beyond(asked.start().micros_since(ends)) {
                break;
            }
            windows_of(day).filter(|window| window.end() <= asked.start()).for_each(|window| nearest.offer(window));
        }
        nearest.found.into_iter().map(|(.., window)| window).collect()
    }
}

/// The nearest windows so far.
struct Nearest<'a> {
    asked: &'a Window,
    /// With the time between, the nearest first; at most [`NEAREST_MAX`].
    found: Vec<(i64, Window)>,
}

impl Nearest<'_> {
    fn offer(&mut self, window: Window) {
        let place = |(gap, window): &(i64, Window)| (*gap, window.start(), window.end());
        let offered = (gap(self.asked, &window), window);
        if let Err(index) = self.found.binary_search_by_key(&place(&offered), place) {
            self.found.insert(index, offered);
            self.found.truncate(NEAREST_MAX);
        }
    }

    /// Whether a window with at least this time between is none of the nearest.
    fn is_beyond(&self, gap: i64) -> bool {
        self.found.len() == NEAREST_MAX && self.found.last().is_some_and(|(last, _)| *last < gap)
    }
}

/// The time between two windows, in microseconds.
fn gap(one: &Window, other: &Window) -> i64 {
    one.start().micros_since(other.end()).max(other.start().micros_since(one.end())).max(0)
}

/// A page that was withdrawn: whose it is, and how far its versions had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// Whose it is.
    pub merchant: MerchantId,
    /// Its last version.
    pub version: u32,
}

/// Every merchant and every page, by the host's ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog {
    /// The merchants.
    pub merchants: BTreeMap<MerchantId, Merchant>,
    /// The pages.
    pub pages: BTreeMap<PageId, Page>,
    /// The pages that were withdrawn.
    pub withdrawn: BTreeMap<PageId, Withdrawn>,
    /// The calendars.
    pub calendars: BTreeMap<CalendarId, Calendar>,
}

/// The calendar of a page that names none.
static NO_CALENDAR: Calendar = Calendar::EMPTY;

impl Catalog {
    /// What this page of this merchant is read with.
    #[must_use]
    pub fn clockwork(&self, page: &Page, merchant: &Merchant) -> Clockwork<'_> {
        let named = page.calendar.and_then(|calendar| self.calendars.get(&calendar));
        Clockwork { zone: merchant.zone, calendar: named.unwrap_or(&NO_CALENDAR) }
    }

    /// Whose each page is, withdrawn ones included.
    pub fn owners(&self) -> impl Iterator<Item = MerchantId> {
        self.pages.values().map(|page| page.merchant).chain(self.withdrawn.values().map(|page| page.merchant))
    }

    /// How many pages there are, withdrawn ones included.
    #[must_use]
    pub fn pages_known(&self) -> usize {
        self.pages.len().saturating_add(self.withdrawn.len())
    }
}
