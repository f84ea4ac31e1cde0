//! Pages after they are published, calendars, and search: everything found by looking at every page and every day.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ringfence::values::effect::{BookingPage, PageAction, SearchEntry, SearchResult, SearchResults, UserContent};
use ringfence::values::id::{MerchantId, PageId};
use ringfence::values::input::{PageOf, PushPage, RequestPage, Search, SetCalendar, WithdrawPage};
use ringfence::values::refusal::{Allowed, Bound, Field, Object, Refusal};
use ringfence::values::reply::Reply;
use ringfence::values::text::Text;
use ringfence::values::time::{DayRule, LocalDate, Timestamp, Weekdays, WeeklyRule, Window, Zone};

use super::{Model, Page, limit, unknown};

const DAY_MICROS: i64 = 86_400_000_000;
const DAYS_LOOKED_AT: i64 = 400;

impl Model {
    pub(super) fn withdraw_page(&mut self, input: &WithdrawPage) -> Result<Reply, Refusal> {
        let Some(page) = self.pages.get(&input.page).filter(|page| page.merchant == input.merchant) else {
            return Err(unknown(Object::Page, input.page.get()));
        };
        let registered = &self.merchant_of(page.merchant).chatbot;
        if input.chatbot.is_some() && input.chatbot != *registered {
            return Err(Refusal::NotTheChatbot);
        }
        if page.withdrawn {
            return Ok(Reply::NoOp);
        }
        self.pages.entry(input.page).and_modify(|page| page.withdrawn = true);
        Ok(Reply::Done)
    }

    pub(super) fn set_calendar(&mut self, input: &SetCalendar) -> Result<Reply, Refusal> {
        if input.days.len() > self.policy.calendar_days_max as usize {
            return Err(limit(Bound::CalendarDays, self.policy.calendar_days_max));
        }
        match self.calendars.get(&input.calendar) {
            Some(days) if *days == input.days => return Ok(Reply::NoOp),
            None if self.calendars.len() >= self.policy.calendars_max as usize => {
                return Err(limit(Bound::Calendars, self.policy.calendars_max));
            }
            Some(_) | None => {}
        }
        self.calendars.insert(input.calendar, input.days.clone());
        Ok(Reply::Done)
    }

    pub(super) fn push_page(&mut self, input: &PushPage) -> Result<Reply, Refusal> {
        self.published(input.page)?;
        if input.to.is_empty() {
            return Err(Refusal::Invalid { field: Field::To, allowed: Allowed::AtLeastOne });
        }
        if input.to.len() > self.policy.push_max as usize {
            return Err(limit(Bound::Push, self.policy.push_max));
        }
        for to in &input.to {
            self.check_user(to, Field::To)?;
        }
        self.check_outbox(input.to.len())?;
        let content = self.page_to_send(input.page)?;
        let merchant = self.pages[&input.page].merchant;
        for to in &input.to {
            if !self.has_blocked(to, merchant) {
                self.tell_user(to.clone(), UserContent::BookingPage(content.clone()));
            }
        }
        Ok(Reply::Done)
    }

    pub(super) fn request_page(&mut self, input: &RequestPage) -> Result<Reply, Refusal> {
        self.check_user(&input.user, Field::User)?;
        let id = match input.of {
            PageOf::Reservation(id) => return self.send_manage_page(&input.user, id),
            PageOf::Page(page) => page,
            PageOf::Merchant(merchant) => {
                if !self.merchants.contains_key(&merchant) {
                    return Err(unknown(Object::Merchant, merchant.get()));
                }
                let his = self.pages.iter().find(|(_, page)| page.merchant == merchant && !page.withdrawn);
                his.map(|(id, _)| *id).ok_or(Refusal::NoPage { merchant })?
            }
        };
        self.published(id)?;
        self.check_outbox(1)?;
        let content = self.page_to_send(id)?;
        self.tell_user(input.user.clone(), UserContent::BookingPage(content));
        Ok(Reply::Done)
    }

    pub(super) fn search(&mut self, input: &Search) -> Result<Reply, Refusal> {
        self.check_user(&input.user, Field::User)?;
        if let Some(keyword) = &input.keyword {
            self.check_text(keyword)?;
        }
        self.check_outbox(1)?;
        let keyword = input.keyword.clone().filter(|keyword| !folded(keyword).trim().is_empty());
        let content = match keyword {
            None => UserContent::SearchEntry(SearchEntry {}),
            Some(keyword) => UserContent::SearchResults(self.found(keyword)),
        };
        self.tell_user(input.user.clone(), content);
        Ok(Reply::Done)
    }

    fn found(&self, keyword: Text) -> SearchResults {
        let folded_keyword = folded(&keyword);
        let words: Vec<&str> = folded_keyword.split_whitespace().collect();
        let mut ranked: Vec<(u32, MerchantId, PageId)> = Vec::new();
        let candidates = self.candidates(&words);
        let looked_at = self.policy.search_candidates_max as usize;
        for (id, page) in candidates.iter().take(looked_at) {
            let best: Option<Vec<u32>> = words.iter().map(|word| self.best_place(page, word)).collect();
            ranked.extend(best.map(|best| (best.iter().sum(), page.merchant, **id)));
        }
        ranked.sort_unstable();
        let most = self.policy.search_results_max as usize;
        let more = ranked.len() > most || candidates.len() > looked_at;
        let result = |id: PageId| {
            let page = &self.pages[&id];
            let merchant = self.merchant_of(page.merchant);
            let is_met = |text: &Text| words.iter().any(|word| folded(text).contains(word));
            let met = page.offerings.iter().filter(|(id, name)| is_met(name) || page.descriptions.get(id).is_some_and(is_met));
            SearchResult {
                page: id,
                merchant: page.merchant,
                merchant_name: merchant.name.clone(),
                description: merchant.description.clone(),
                offerings: met.map(|(id, name)| (*id, name.clone())).collect(),
            }
        };
        SearchResults { keyword, results: ranked.into_iter().take(most).map(|(_, _, id)| result(id)).collect(), more }
    }

    /// The pages in whose texts the rarest of these stands, the best first: of each word every two characters side by side, or its one.
    fn candidates(&self, words: &[&str]) -> Vec<(&PageId, &Page)> {
        let mut pieces: Vec<String> = Vec::new();
        for word in words {
            let chars: Vec<char> = word.chars().collect();
            pieces.extend(if chars.len() == 1 {
                vec![String::from(*word)]
            } else {
                chars.windows(2).map(String::from_iter).collect()
            });
        }
        let published = || self.pages.iter().filter(|(_, page)| !page.withdrawn);
        let holders = pieces.iter().map(|piece| {
            let mut found: Vec<_> =
                published().filter_map(|(id, page)| Some((self.best_place(page, piece)?, page.merchant, id, page))).collect();
            found.sort_unstable_by_key(|(place, merchant, id, _)| (*place, *merchant, **id));
            found
        });
        holders.min_by_key(Vec::len).unwrap_or_default().into_iter().map(|(_, _, id, page)| (id, page)).collect()
    }

    /// The best place in which a word stands: the merchant's name 0 to 2, an offering 3 to 5, a description 6 to 8; each whole, at the
    /// beginning, or further in.
    fn best_place(&self, page: &Page, word: &str) -> Option<u32> {
        let merchant = self.merchant_of(page.merchant);
        let names = [(0, &merchant.name)].into_iter();
        let offerings = page.offerings.values().map(|name| (3, name));
        let descriptions = merchant.description.iter().chain(page.descriptions.values()).map(|text| (6, text));
        let places = names.chain(offerings).chain(descriptions).filter_map(|(base, text)| {
            let text = folded(text);
            let fit = if text == word {
                0
            } else if text.starts_with(word) {
                1
            } else if text.contains(word) {
                2
            } else {
                return None;
            };
            Some(base + fit)
        });
        places.min()
    }

    /// A page that is published and not withdrawn.
    pub(super) fn published(&self, id: PageId) -> Result<&Page, Refusal> {
        match self.pages.get(&id) {
            None => Err(unknown(Object::Page, id.get())),
            Some(page) if page.withdrawn => Err(Refusal::PageWithdrawn { page: id }),
            Some(page) => Ok(page),
        }
    }

    /// Whether this page was withdrawn, and not published again since.
    #[must_use]
    pub fn is_withdrawn(&self, id: PageId) -> bool {
        self.pages.get(&id).is_some_and(|page| page.withdrawn)
    }

    /// The page as it is sent now, unless too many different ones wait.
    pub(super) fn page_to_send(&self, id: PageId) -> Result<Arc<BookingPage>, Refusal> {
        let content = self.page_as_shown(id);
        let mut contents = self.pages_waiting();
        if !contents.contains(&content) {
            contents.push(content.clone());
        }
        if contents.len() > self.policy.pushed_pages_max as usize {
            return Err(limit(Bound::PushedPages, self.policy.pushed_pages_max));
        }
        Ok(Arc::new(content))
    }

    fn page_as_shown(&self, id: PageId) -> BookingPage {
        let page = &self.pages[&id];
        let merchant = self.merchant_of(page.merchant);
        let today = date(merchant.zone, self.latest);
        let mut days = page.calendar.map(|calendar| self.calendars[&calendar].clone()).unwrap_or_default();
        days.retain(|date, _| *date >= today && !page.hours.is_empty());
        BookingPage {
            page: id,
            version: page.version,
            merchant: page.merchant,
            merchant_name: merchant.name.clone(),
            offerings: page.offerings.clone(),
            windows: page.windows.iter().copied().filter(|window| window.end() > self.latest).collect(),
            hours: page.hours.clone(),
            zone: merchant.zone,
            description: merchant.description.clone(),
            descriptions: page.descriptions.clone(),
            days,
            group_size_max: Some(page.group_size).filter(|size| *size > 1),
            actions: [PageAction::Search],
        }
    }

    /// Whether a window of the page covers this one.
    pub(super) fn is_offered(&self, page: &Page, asked: &Window) -> bool {
        self.windows_of(page, asked.start(), 2).iter().any(|offered| offered.covers(asked))
    }

    /// The windows of a page that are left and nearest to this one.
    pub(super) fn nearest(&self, page: &Page, asked: &Window) -> Vec<Window> {
        let until = self.latest.saturating_add_s(self.policy.book_ahead_max_s.into());
        let mut all = self.windows_of(page, asked.start().max(self.latest), DAYS_LOOKED_AT);
        all.retain(|window| window.end() > self.latest && window.end() <= until);
        let between = |window: &Window| {
            if window.overlaps(asked) {
                0
            } else if window.start() >= asked.end() {
                window.start().micros_since(asked.end())
            } else {
                asked.start().micros_since(window.end())
            }
        };
        all.sort_by_key(|window| (between(window), window.start(), window.end()));
        all.dedup();
        all.truncate(3);
        all
    }

    /// The concrete windows of a page, and those of its hours that begin so many days around an instant.
    fn windows_of(&self, page: &Page, at: Timestamp, days: i64) -> Vec<Window> {
        let zone = self.merchant_of(page.merchant).zone;
        let nothing = BTreeMap::new();
        let calendar = page.calendar.map_or(&nothing, |calendar| &self.calendars[&calendar]);
        let ahead = i64::from(self.policy.book_ahead_max_s / 86_400) + 2;
        let dates: BTreeSet<LocalDate> =
            (-days..days.min(ahead)).map(|day| date(zone, at.saturating_add_micros(day * DAY_MICROS))).collect();
        let on = |rule: &WeeklyRule| dates.iter().filter_map(|date| on_date(rule, zone, *date, calendar)).collect::<Vec<_>>();
        page.windows.iter().copied().chain(page.hours.iter().flat_map(|hours| on(&hours.rule))).collect()
    }
}

/// The window of a rule that begins on a date: on a day that counts as another, the rule is asked for on every day and by that other.
fn on_date(rule: &WeeklyRule, zone: Zone, date: LocalDate, calendar: &BTreeMap<LocalDate, DayRule>) -> Option<Window> {
    let (year, month, day) = (i32::from(date.year()), date.month(), date.day());
    match calendar.get(&date) {
        None => rule.on(zone, year, month, day),
        Some(DayRule::Closed) => None,
        Some(DayRule::As(weekday)) => {
            let every_day = WeeklyRule::new(Weekdays::ALL, rule.from(), rule.to()).ok()?;
            rule.days().contains(*weekday).then(|| every_day.on(zone, year, month, day))?
        }
    }
}

fn date(zone: Zone, at: Timestamp) -> LocalDate {
    let local = zone.local(at);
    LocalDate::new(u32::try_from(local.year).unwrap_or(1), local.month.into(), local.day.into()).expect("a clock shows a date")
}

/// A text in small letters, with full-width forms made narrow: enough for the letters that the strategies use.
fn folded(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    };
    text.chars().map(narrow).flat_map(char::to_lowercase).collect()
}
