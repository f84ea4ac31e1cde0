//! Pages after they are published: withdrawn, pushed, asked for, searched; and the calendars that their hours follow.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::Appointments;
use super::merchants::{at_most, check_outbox, check_text, check_user, invalid, limit};
use crate::books::catalog::{Merchant, Page, Withdrawn};
use crate::books::search::{Place, Words, has_words};
use crate::halves::Context;
use crate::values::effect::{BookingPage, PageAction, SearchEntry, SearchResult, SearchResults, UserContent};
use crate::values::id::{MerchantId, PageId};
use crate::values::input::{PageOf, PushPage, RequestPage, Search, SetCalendar, WithdrawPage};
use crate::values::number::Address;
use crate::values::policy::Policy;
use crate::values::refusal::{Allowed, Bound, Field, Object, Refusal};
use crate::values::reply::Reply;
use crate::values::text::Text;
use crate::values::time::Calendar;

impl Appointments {
    /// Nothing more is booked on a page. What was booked stands.
    pub(super) fn withdraw_page(&mut self, input: &WithdrawPage) -> Result<Reply, Refusal> {
        let unknown = Refusal::Unknown { object: Object::Page, id: input.page.get() };
        let (merchant, version) = match (self.catalog.pages.get(&input.page), self.catalog.withdrawn.get(&input.page)) {
            (Some(page), _) => (page.merchant, Some(page.version)),
            (None, Some(page)) => (page.merchant, None),
            (None, None) => return Err(unknown),
        };
        if merchant != input.merchant {
            return Err(unknown);
        }
        let registered = self.catalog.merchants.get(&merchant).and_then(|merchant| merchant.chatbot.as_ref());
        if input.chatbot.as_ref().is_some_and(|given| registered != Some(given)) {
            return Err(Refusal::NotTheChatbot);
        }
        let Some(version) = version else { return Ok(Reply::NoOp) };
        self.catalog.pages.remove(&input.page);
        self.catalog.withdrawn.insert(input.page, Withdrawn { merchant, version });
        self.search.remove(input.page);
        Ok(Reply::Done)
    }

    /// The operator tells holidays and moved workdays. Windows that were booked stay as they are.
    pub(super) fn set_calendar(&mut self, cx: &Context<'_>, input: SetCalendar) -> Result<Reply, Refusal> {
        at_most(Bound::CalendarDays, input.days.len(), cx.policy.calendar_days_max)?;
        let known = self.catalog.calendars.get(&input.calendar);
        if known.is_some_and(|known| *known.days() == input.days) {
            return Ok(Reply::NoOp);
        }
        if known.is_none() {
            limit(Bound::Calendars, self.catalog.calendars.len(), cx.policy.calendars_max)?;
        }
        self.catalog.calendars.insert(input.calendar, Calendar::new(input.days));
        Ok(Reply::Done)
    }

    pub(super) fn push_page(&mut self, cx: &mut Context<'_>, input: &PushPage) -> Result<Reply, Refusal> {
        let page = self.published(input.page)?;
        if input.to.is_empty() {
            return Err(invalid(Field::To, Allowed::AtLeastOne));
        }
        at_most(Bound::Push, input.to.len(), cx.policy.push_max)?;
        for to in &input.to {
            self.check_receiver(to, Field::To)?;
        }
        check_outbox(cx, input.to.len())?;
        if let Some(content) = self.page_content(cx, page)? {
            for to in &input.to {
                // Who blocked the merchant gets nothing, and the merchant does not learn who that is.
                if !self.has_blocked(to, content.merchant) {
                    self.send_user(cx, to.clone(), UserContent::BookingPage(content.clone()));
                }
            }
        }
        Ok(Reply::Done)
    }

    /// Whom a message goes to: a user, and no virtual number, which would only lead back here.
    pub(super) fn check_receiver(&self, to: &Address, field: Field) -> Result<(), Refusal> {
        check_user(to, field)?;
        to.number().map_or(Ok(()), |number| self.check_not_virtual(field, number))
    }

    /// A user is sent the page that he asks for: a merchant's to book on, or his own to manage a reservation.
    pub(super) fn request_page(&mut self, cx: &mut Context<'_>, input: &RequestPage) -> Result<Reply, Refusal> {
        if let PageOf::Reservation(id) = input.of {
            self.settle_reservation(cx, id);
        }
        self.check_receiver(&input.user, Field::User)?;
        let page = match input.of {
            PageOf::Page(page) => page,
            PageOf::Merchant(merchant) => {
                if !self.catalog.merchants.contains_key(&merchant) {
                    return Err(Refusal::Unknown { object: Object::Merchant, id: merchant.get() });
                }
                self.search.of_merchant(merchant).next().ok_or(Refusal::NoPage { merchant })?
            }
            PageOf::Reservation(id) => return self.request_manage_page(cx, &input.user, id),
        };
        let page = self.published(page)?;
        check_outbox(cx, 1)?;
        if let Some(content) = self.page_content(cx, page)? {
            self.send_user(cx, input.user.clone(), UserContent::BookingPage(content));
        }
        Ok(Reply::Done)
    }

    /// A user is sent what his keyword finds, or, without one, the place to type it.
    pub(super) fn search(&mut self, cx: &mut Context<'_>, input: &Search) -> Result<Reply, Refusal> {
        self.check_receiver(&input.user, Field::User)?;
        if let Some(keyword) = &input.keyword {
            check_text(keyword, cx.policy)?;
        }
        check_outbox(cx, 1)?;
        let content = match input.keyword.as_ref().filter(|keyword| has_words(keyword)) {
            Some(keyword) => UserContent::SearchResults(self.found(keyword, cx.policy)),
            None => UserContent::SearchEntry(SearchEntry {}),
        };
        self.send_user(cx, input.user.clone(), content);
        Ok(Reply::Done)
    }

    fn found(&self, keyword: &Text, policy: &Policy) -> SearchResults {
        let size = |most: u32| usize::try_from(most).unwrap_or(usize::MAX);
        let found = self.search.find(keyword, size(policy.search_results_max), size(policy.search_candidates_max));
        let words = Words::of(keyword);
        let result = |id: PageId| {
            let page = self.catalog.pages.get(&id)?;
            let merchant = self.catalog.merchants.get(&page.merchant)?;
            let stands = |text: Option<&Text>| text.is_some_and(|text| words.stand_in(text));
            let offerings = page.offerings.iter().filter(|(id, name)| stands(Some(name)) || stands(page.descriptions.get(id)));
            Some(SearchResult {
                page: id,
                merchant: merchant.id,
                merchant_name: merchant.name.clone(),
                description: merchant.description.clone(),
                offerings: offerings.map(|(id, name)| (*id, name.clone())).collect(),
            })
        };
        SearchResults {
            keyword: keyword.clone(),
            results: found.pages.into_iter().filter_map(result).collect(),
            more: found.more,
        }
    }

    /// A page that is published: the refusal tells a withdrawn one from one that never was.
    pub(super) fn published(&self, id: PageId) -> Result<&Page, Refusal> {
        let is_withdrawn = self.catalog.withdrawn.contains_key(&id);
        self.catalog.pages.get(&id).ok_or(if is_withdrawn {
            Refusal::PageWithdrawn { page: id }
        } else {
            Refusal::Unknown { object: Object::Page, id: id.get() }
        })
    }

    /// A page as users see it: without the windows and the days that are over. Messages with the same content share it.
    pub(super) fn page_content(&self, cx: &Context<'_>, page: &Page) -> Result<Option<Arc<BookingPage>>, Refusal> {
        let Some(merchant) = self.catalog.merchants.get(&page.merchant) else { return Ok(None) };
        let now = cx.now;
        let by = self.catalog.clockwork(page, merchant);
        let has_hours = !page.hours.is_empty();
        let days = by.zone.date(now).filter(|_| has_hours).map_or_else(BTreeMap::new, |today| by.calendar.from(today));
        let content = BookingPage {
            page: page.id,
            version: page.version,
            merchant: merchant.id,
            merchant_name: merchant.name.clone(),
            offerings: page.offerings.clone(),
            windows: page.windows.iter().copied().filter(|window| window.end() > now).collect(),
            hours: page.hours.clone(),
            zone: merchant.zone,
            description: merchant.description.clone(),
            descriptions: page.descriptions.clone(),
            days,
            group_size_max: page.group_size_max,
            actions: [PageAction::Search],
        };
        if let Some(same) = cx.outbox.pages().same(&content) {
            return Ok(Some(same.clone()));
        }
        limit(Bound::PushedPages, cx.outbox.pages().len(), cx.policy.pushed_pages_max)?;
        Ok(Some(Arc::new(content)))
    }

    /// A merchant has one page more. It stays his, withdrawn or not.
    pub(super) fn count_page(&mut self, merchant: MerchantId) {
        let pages = self.pages_of.entry(merchant).or_default();
        *pages = pages.saturating_add(1);
    }

    /// Puts every page of a merchant into the index anew, since his name or description may have changed.
    pub(super) fn reindex_merchant(&mut self, merchant: MerchantId) {
        let pages: Vec<PageId> = self.search.of_merchant(merchant).collect();
        for page in pages {
            self.index_page(page);
        }
    }

    /// Puts a page into the index, or in anew.
    pub(super) fn index_page(&mut self, id: PageId) {
        let Some(page) = self.catalog.pages.get(&id) else { return };
        let Some(merchant) = self.catalog.merchants.get(&page.merchant) else { return };
        let texts = searched(page, merchant);
        self.search.put(id, page.merchant, texts);
    }
}

/// The texts that a page is found by.
fn searched<'a>(page: &'a Page, merchant: &'a Merchant) -> impl Iterator<Item = (Place, &'a str)> {
    let name = [(Place::MerchantName, &*merchant.name)];
    let offerings = page.offerings.values().map(|name| (Place::Offering, &**name));
    let descriptions = merchant.description.iter().chain(page.descriptions.values()).map(|text| (Place::Description, &**text));
    name.into_iter().chain(offerings).chain(descriptions)
}
