//! What the operator and his law say of a call that its user permits.
//!
//! The do-not-call list and freezes stand for as long as somebody wants them to ([`Bars`]): the gate asks them before it asks the clock, and has no
//! instant to offer. Callable hours, the limit of a day and the spacing pass with time ([`Times`]): the strictest wins, and the instant that is offered is
//! one at which none of them says no.

use crate::values::reply::DenyReason;
use crate::values::time::{Timestamp, WeeklyRule, Window, Zone};

/// What stands against every call, whatever the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bars {
    /// The number is on the do-not-call list.
    pub is_listed: bool,
    /// The platform, the merchant or the number is frozen.
    pub is_frozen: bool,
}

impl Bars {
    /// What bars the call. The list is for good, so it is named before a freeze.
    #[must_use]
    pub const fn reason(self) -> Option<DenyReason> {
        if self.is_listed {
            Some(DenyReason::DoNotCall)
        } else if self.is_frozen {
            Some(DenyReason::Frozen)
        } else {
            None
        }
    }
}

/// A rule of time that says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// The strictest.
    pub reason: DenyReason,
    /// The first instant of the window at which no rule of time says no, if there is one.
    pub retry_at: Option<Timestamp>,
}

/// The rules of time for one reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times<'a> {
    /// Its callable hours.
    pub hours: Hours<'a>,
    /// The instant from which its number was rung less often within a day than the limit.
    pub rings_free_at: Timestamp,
    /// The instant from which it may be called.
    pub eligible_at: Timestamp,
}

impl Times<'_> {
    /// What says no at this instant of the window: the rule that says so for longest; of several, the first in the order of [`DenyReason`].
    #[must_use]
    pub fn pause(&self, at: Timestamp) -> Option<Pause> {
        let daily = self.rings_free_at.max(at);
        let spaced = self.eligible_at.max(at);
        if daily == at && spaced == at && self.hours.rules.is_empty() {
            return None;
        }
        let callable = self.hours.callable_from(at);
        let end = Some(self.hours.window.end());
        let reason = match callable {
            None => DenyReason::OutsideHours,
            Some(callable) if callable > at && callable >= daily && callable >= spaced => DenyReason::OutsideHours,
            Some(_) if daily > at && daily >= spaced => DenyReason::DailyLimit,
            Some(_) if spaced > at => DenyReason::TooSoon,
            Some(_) => return None,
        };
        let retry_at = self.hours.callable_from(daily.max(spaced)).filter(|instant| Some(*instant) < end);
        Some(Pause { reason, retry_at })
    }
}

/// The hours in which phones may ring, inside one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours<'a> {
    /// The operator's rules. None: every hour.
    pub rules: &'a [WeeklyRule],
    /// The zone of the called party.
    pub zone: Zone,
    /// The window.
    pub window: Window,
    /// How much must be left of the hours for a phone to begin to ring, in seconds.
    pub min_ring_s: u32,
}

impl Hours<'_> {
    /// The first instant from `at` on at which a phone may begin to ring, as far as the hours go; `None` when there is none before the window's end. The
    /// end of the window itself is not the hours' to judge.
    #[must_use]
    pub fn callable_from(&self, at: Timestamp) -> Option<Timestamp> {
        let mut from = at;
        while !self.rules.is_empty() && from < self.window.end() {
            let span = self.span_after(from)?;
            let start = span.start().max(from);
            if span.end() >= self.window.end() || start.saturating_add_s(u64::from(self.min_ring_s)) < span.end() {
                return Some(start);
            }
            from = span.end();
        }
        Some(from)
    }

    /// Until when a phone that rings at this instant may ring: the end of the hours that cover it, or the window's; where none cover it, no longer.
    #[must_use]
    pub fn end_from(&self, at: Timestamp) -> Timestamp {
        let end = self.window.end();
        if self.rules.is_empty() {
            return end;
        }
        self.span_after(at).filter(|span| span.contains(at)).map_or(at, |span| span.end()).min(end)
    }

    /// What of the window lies between its first and its last hours.
    #[must_use]
    pub fn trimmed(&self) -> Option<Window> {
        if self.rules.is_empty() {
            return Some(self.window);
        }
        let first = self.span_after(self.window.start())?;
        let mut last = first;
        while let Some(next) = self.span_after(last.end()).filter(|_| last.end() < self.window.end()) {
            last = next;
        }
        Window::new(first.start().max(self.window.start()), last.end().min(self.window.end())).ok()
    }

    /// The next hours of any rule that end after `at`, inside the window or not.
    #[must_use]
    pub fn next(&self, at: Timestamp) -> Option<Window> {
        let windows = self.rules.iter().filter_map(|rule| rule.next_from(self.zone, at));
        windows.min_by_key(|window| (window.start(), window.end()))
    }

    /// The first hours that end after `at` and begin inside the window, with all that touches them at their end. Past the window's end nothing is looked at.
    fn span_after(&self, at: Timestamp) -> Option<Window> {
        let first = self.next(at).filter(|first| first.start() < self.window.end())?;
        let mut end = first.end();
        while end < self.window.end() {
            let covering = self.rules.iter().filter_map(|rule| rule.covering(self.zone, end)).map(|window| window.end()).max();
            match covering {
                Some(later) => end = later,
                None => break,
            }
        }
        Window::new(first.start(), end).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::time::{TimeOfDay, Weekdays};

    fn rule(from: &str, to: &str) -> WeeklyRule {
        WeeklyRule::new(Weekdays::ALL, TimeOfDay::parse(from).unwrap(), TimeOfDay::parse(to).unwrap()).unwrap()
    }

    fn at(time: &str) -> Timestamp {
        Timestamp::parse(&alloc::format!("2026-11-{time}:00+08:00")).unwrap()
    }

    fn hours<'a>(rules: &'a [WeeklyRule], from: &str, to: &str) -> Hours<'a> {
        let zone = Zone::parse("Asia/Shanghai").unwrap();
        Hours { rules, zone, window: Window::new(at(from), at(to)).unwrap(), min_ring_s: 0 }
    }

    #[test]
    fn hours_that_touch_are_one() {
        let rules = [rule("00:00", "24:00"), rule("08:00", "09:00")];
        let all = hours(&rules, "21T20:00", "23T10:00");
        assert_eq!(all.callable_from(at("21T23:59")), Some(at("21T23:59")));
        assert_eq!(all.end_from(at("21T23:59")), at("23T10:00"), "midnight is no end");
        assert_eq!(all.trimmed(), Some(all.window));
    }

    #[test]
    fn a_window_is_trimmed_to_the_hull_of_its_hours() {
        let rules = [rule("09:00", "12:00"), rule("14:00", "20:00")];
        let day = hours(&rules, "21T08:00", "21T22:00");
        assert_eq!(day.trimmed(), Window::new(at("21T09:00"), at("21T20:00")).ok());
        assert_eq!(day.callable_from(at("21T12:00")), Some(at("21T14:00")), "the gap");
        assert_eq!(day.end_from(at("21T11:00")), at("21T12:00"));
        assert_eq!(hours(&rules, "21T12:00", "21T14:00").trimmed(), None);
        assert_eq!(hours(&rules, "21T21:00", "22T09:01").trimmed(), Window::new(at("22T09:00"), at("22T09:01")).ok());
    }

    #[test]
    fn a_phone_must_be_able_to_ring_before_the_hours_end() {
        let rules = [rule("09:00", "12:00"), rule("14:00", "20:00")];
        let mut day = hours(&rules, "21T09:00", "21T20:00");
        day.min_ring_s = 60;
        assert_eq!(day.callable_from(at("21T11:58")), Some(at("21T11:58")));
        assert_eq!(day.callable_from(at("21T11:59")), Some(at("21T14:00")));
        assert_eq!(day.callable_from(at("21T19:59")), Some(at("21T19:59")), "the window's end is the gate's to judge");
    }

    #[test]
    fn the_strictest_wins_and_the_instant_suits_all() {
        let rules = [rule("09:00", "12:00"), rule("14:00", "20:00")];
        let times = |rings: &str, eligible: &str| Times {
            hours: hours(&rules, "21T09:00", "21T20:00"),
            rings_free_at: at(rings),
            eligible_at: at(eligible),
        };
        let pause = |reason, retry: &str| Some(Pause { reason, retry_at: Some(at(retry)) });
        assert_eq!(times("20T00:00", "20T00:00").pause(at("21T10:00")), None);
        assert_eq!(times("20T00:00", "21T10:05").pause(at("21T10:00")), pause(DenyReason::TooSoon, "21T10:05"));
        assert_eq!(times("21T10:05", "21T10:05").pause(at("21T10:00")), pause(DenyReason::DailyLimit, "21T10:05"));
        assert_eq!(
            times("20T00:00", "21T12:05").pause(at("21T11:59")),
            pause(DenyReason::TooSoon, "21T14:00"),
            "an instant in the gap is of no use"
        );
        assert_eq!(times("21T15:00", "21T14:00").pause(at("21T12:00")), pause(DenyReason::DailyLimit, "21T15:00"));
        assert_eq!(times("21T13:00", "20T00:00").pause(at("21T12:00")), pause(DenyReason::OutsideHours, "21T14:00"));
        let never = Some(Pause { reason: DenyReason::DailyLimit, retry_at: None });
        assert_eq!(times("22T10:00", "20T00:00").pause(at("21T10:00")), never, "the window is over by then");
        let none =
            Times { hours: hours(&rules, "21T12:00", "21T14:00"), rings_free_at: at("22T10:00"), eligible_at: at("20T00:00") };
        assert_eq!(
            none.pause(at("21T13:00")),
            Some(Pause { reason: DenyReason::OutsideHours, retry_at: None }),
            "never is strictest"
        );
    }
}
