//! Merchants and their booking pages.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::values::id::{CalendarId, MerchantId, OfferingId, PageId};
use crate::values::input::{Hours, Line};
use crate::values::number::{Address, PhoneNumber};
use crate::values::policy::CallMode;
use crate::values::text::Text;
use crate::values::time::{Calendar, Timestamp, Window, Zone};

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
        let mut found: Vec<Window> = self.windows.iter().copied().filter(is_left).collect();
        for hours in &self.hours {
            // In both directions the windows of one rule come farther and farther away.
            let from = asked.start().max(now);
            let later = hours.rule.windows_from(by.zone, by.calendar, from).take(NEAREST_MAX);
            let earlier = hours.rule.windows_before(by.zone, by.calendar, asked.start());
            let earlier = earlier.take_while(|window| window.end() > now).take(NEAREST_MAX);
            found.extend(later.chain(earlier).filter(is_left));
        }
        found.sort_unstable_by_key(|window| (gap(asked, window), window.start(), window.end()));
        found.dedup();
        found.truncate(NEAREST_MAX);
        found
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

    /// How many pages there are, withdrawn ones included.
    #[must_use]
    pub fn pages_known(&self) -> usize {
        self.pages.len().saturating_add(self.withdrawn.len())
    }
}
