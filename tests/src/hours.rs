//! Callable hours, told slowly and apart from the library: from the windows of the rules, one by one.

use std::collections::BTreeSet;

use ringfence::values::number::PhoneNumber;
use ringfence::values::policy::Policy;
use ringfence::values::time::{Timestamp, Window, Zone};

const DAY_S: i64 = 86_400;

/// The operator's hours on the clock of one reservation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallableHours<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) zone: Zone,
    pub(crate) window: Window,
}

impl<'a> CallableHours<'a> {
    /// The hours of this number's phone. Its zone is that of the longest beginning that the operator knows of it, or else the reservation's.
    pub(crate) fn of(policy: &'a Policy, number: PhoneNumber, zone: Zone, window: Window) -> Self {
        let digits = number.dialable();
        let longest = (1..digits.len()).rev().find_map(|length| {
            let begins = &digits[..=length];
            policy.called_zones.iter().find(|known| known.prefix.to_string() == begins)
        });
        Self { policy, zone: longest.map_or(zone, |known| known.zone), window }
    }
}

impl CallableHours<'_> {
    /// Every window of every rule that begins on the days from this one to that one, and on two more at either side.
    fn windows(&self, from: Timestamp, to: Timestamp) -> Vec<Window> {
        let days = to.micros_since(from) / 1_000_000 / DAY_S + 3;
        let local = |day: i64| self.zone.local(from.saturating_add_micros(day * DAY_S * 1_000_000));
        let dates: BTreeSet<_> = (-2..=days).map(local).map(|local| (local.year, local.month, local.day)).collect();
        let on = |(year, month, day): &(i32, u8, u8)| {
            self.policy.callable_hours.iter().filter_map(|rule| rule.on(self.zone, *year, *month, *day)).collect::<Vec<_>>()
        };
        dates.iter().flat_map(on).collect()
    }

    fn is_every_hour(&self) -> bool {
        self.policy.callable_hours.is_empty()
    }

    /// Until when the hours last that cover this instant: to the first instant that no window covers, or the window's end.
    pub(crate) fn end_from(&self, at: Timestamp) -> Timestamp {
        let end = self.window.end();
        if self.is_every_hour() {
            return end;
        }
        let windows = self.windows(at, end.max(at));
        let mut until = at;
        while let Some(covering) = windows.iter().find(|window| window.contains(until)).filter(|_| until < end) {
            until = covering.end();
        }
        until.min(end)
    }

    /// Whether a phone may begin to ring now, as far as the hours go.
    fn is_callable(&self, at: Timestamp) -> bool {
        let (until, end) = (self.end_from(at), self.window.end());
        until == end || (until > at && at.saturating_add_s(self.policy.min_ring_s.into()) < until)
    }

    /// The first instant from this one on, before the window's end, at which a phone may begin to ring.
    pub(crate) fn callable_from(&self, at: Timestamp) -> Option<Timestamp> {
        let end = self.window.end();
        if self.is_every_hour() || at >= end {
            return Some(at);
        }
        let begins = self.windows(at, end).into_iter().map(|window| window.start()).filter(|start| *start > at && *start < end);
        let candidates: BTreeSet<Timestamp> = begins.chain([at]).collect();
        candidates.into_iter().find(|from| self.is_callable(*from))
    }

    /// The window between its first and its last hours.
    pub(crate) fn trimmed(&self) -> Option<Window> {
        if self.is_every_hour() {
            return Some(self.window);
        }
        let touched: Vec<_> = self
            .windows(self.window.start(), self.window.end())
            .into_iter()
            .filter_map(|hours| hours.intersect(&self.window))
            .collect();
        let first = touched.iter().map(Window::start).min()?;
        let last = touched.iter().map(Window::end).max()?;
        Window::new(first, last).ok()
    }

    /// The next hours of a rule that end after this instant.
    pub(crate) fn next(&self, at: Timestamp) -> Option<Window> {
        let ahead = self.windows(at, at.saturating_add_s(16 * DAY_S.unsigned_abs()));
        ahead.into_iter().filter(|hours| hours.end() > at).min_by_key(|hours| (hours.start(), hours.end()))
    }
}
