//! Inputs of merchants: registration, pages, modes.

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use super::Appointments;
use crate::books::catalog::{Merchant, Page};
use crate::books::lines::LineBook;
use crate::halves::Context;
pub(super) use crate::halves::checks::{at_most, check_outbox, check_text, limit, limit_u64};
use crate::machines::reservation::ReservationEvent;
use crate::machines::{Machine as _, Step};
use crate::values::id::ReservationId;
use crate::values::input::{ChooseMode, PresetMode, PublishPage, RegisterMerchant};
use crate::values::number::Address;
use crate::values::policy::{ModeChooser, Policy};
use crate::values::refusal::{Allowed, Bound, Field, Object, Refusal};
use crate::values::reply::{Published, Reply, ReservationState};

/// Whether messages to users go to such an address.
pub(super) const fn is_user(address: &Address) -> bool {
    match address {
        Address::Rcs(_) | Address::Sms(_) | Address::Mms(_) | Address::Email(_) => true,
        Address::Chatbot(_) | Address::WeChat(_) => false,
    }
}

/// An address that a user writes from, or is written to: a user's, and with a subscriber's number if it has one.
pub(super) fn check_user(address: &Address, field: Field) -> Result<(), Refusal> {
    if !is_user(address) {
        return Err(invalid(field, Allowed::UserAddress));
    }
    if address.number().is_some_and(|number| !number.is_subscriber()) {
        return Err(invalid(field, Allowed::SubscriberNumber));
    }
    Ok(())
}

pub(super) const fn invalid(field: Field, allowed: Allowed) -> Refusal {
    Refusal::Invalid { field, allowed }
}

impl Appointments {
    pub(super) fn register_merchant(&mut self, cx: &mut Context<'_>, input: RegisterMerchant) -> Result<Reply, Refusal> {
        self.settle_registration(cx, input.merchant, input.lines.iter().map(|line| line.number));
        let policy = cx.policy;
        let texts = [Some(&input.name), input.contact.as_ref(), input.address.as_ref(), input.description.as_ref()];
        for text in texts.into_iter().flatten() {
            check_text(text, policy)?;
        }
        if input.name.trim().is_empty() {
            return Err(invalid(Field::Name, Allowed::NotEmpty));
        }
        if input.chatbot.as_ref().is_some_and(is_user) {
            return Err(invalid(Field::Chatbot, Allowed::ChatbotAddress));
        }
        self.check_lines(policy, &input)?;
        let known = self.catalog.merchants.get(&input.merchant);
        let preset = known.and_then(|merchant| merchant.preset);
        match known {
            None => limit(Bound::Merchants, self.catalog.merchants.len(), policy.merchants_max)?,
            Some(merchant) => {
                self.check_line_changes(merchant, &input)?;
                self.check_chatbot_change(&input)?;
            }
        }
        check_outbox(cx, 1)?;

        let is_found_as_before = known.is_some_and(|known| known.name == input.name && known.description == input.description);
        let old: Vec<_> = known.map(|merchant| merchant.lines.clone()).unwrap_or_default();
        for line in old.iter().filter(|line| input.lines.iter().all(|kept| kept.number != line.number)) {
            self.lines.remove(line.number);
        }
        for line in &input.lines {
            match self.lines.get_mut(line.number) {
                Some(known) => known.channels = line.channels,
                None => self.lines.insert(line.number, LineBook::new(input.merchant, line.channels)),
            }
        }
        let merchant = Merchant {
            id: input.merchant,
            name: input.name,
            lines: input.lines,
            zone: input.zone,
            chatbot: input.chatbot,
            contact: input.contact,
            address: input.address,
            preset,
            description: input.description,
        };
        let id = merchant.id;
        self.catalog.merchants.insert(id, merchant);
        if !is_found_as_before {
            self.reindex_merchant(id);
        }
        self.refresh_lines_of(id);
        Ok(Reply::Done)
    }

    /// The lines by themselves, and against other merchants.
    fn check_lines(&self, policy: &Policy, input: &RegisterMerchant) -> Result<(), Refusal> {
        if input.lines.is_empty() {
            return Err(invalid(Field::Lines, Allowed::AtLeastOne));
        }
        at_most(Bound::LinesPerMerchant, input.lines.len(), policy.lines_per_merchant_max)?;
        let mut seen = BTreeSet::new();
        if !input.lines.iter().all(|line| seen.insert(line.number)) {
            return Err(invalid(Field::Lines, Allowed::NoRepeats));
        }
        if input.lines.iter().any(|line| line.channels == 0) {
            return Err(invalid(Field::Channels, Allowed::AtLeastOne));
        }
        if input.lines.iter().any(|line| line.channels > policy.channels_max) {
            return Err(Refusal::Limit { bound: Bound::Channels, most: u64::from(policy.channels_max) });
        }
        for line in &input.lines {
            self.check_not_virtual(Field::Lines, line.number)?;
        }
        for (index, line) in (0_u32..).zip(&input.lines) {
            if self.lines.get(line.number).is_some_and(|known| known.merchant != input.merchant) {
                return Err(Refusal::LineTaken { index });
            }
            if self.contacts.get(line.number).is_some() {
                return Err(Refusal::LineIsContact { index });
            }
        }
        Ok(())
    }

    /// An update against what lives on the lines.
    fn check_line_changes(&self, merchant: &Merchant, input: &RegisterMerchant) -> Result<(), Refusal> {
        for (index, line) in (0_u32..).zip(&merchant.lines) {
            let is_kept = input.lines.iter().any(|kept| kept.number == line.number);
            let in_use = self.lines.get(line.number).filter(|known| known.reservations > 0 || known.live() > 0);
            if let Some(known) = in_use.filter(|_| !is_kept) {
                return Err(Refusal::LineInUse { index, reservations: known.reservations, calls: known.live() });
            }
        }
        for (index, line) in (0_u32..).zip(&input.lines) {
            if let Some(live) = self.lines.get(line.number).map(LineBook::live).filter(|live| *live > line.channels) {
                return Err(Refusal::ChannelsInUse { index, live });
            }
        }
        Ok(())
    }

    /// A merchant without a chatbot could not be told of a booking: he keeps one as long as a page of his is out.
    fn check_chatbot_change(&self, input: &RegisterMerchant) -> Result<(), Refusal> {
        if input.chatbot.is_some() {
            return Ok(());
        }
        match self.search.of_merchant(input.merchant).count() {
            0 => Ok(()),
            pages => Err(Refusal::ChatbotInUse { pages: u64::try_from(pages).unwrap_or(u64::MAX) }),
        }
    }

    pub(super) fn publish_page(&mut self, cx: &Context<'_>, input: PublishPage) -> Result<Reply, Refusal> {
        let policy = cx.policy;
        let unknown = |object, id| Refusal::Unknown { object, id };
        let merchant =
            self.catalog.merchants.get(&input.merchant).ok_or_else(|| unknown(Object::Merchant, input.merchant.get()))?;
        let is_chatbot = |chatbot: &Address| input.chatbot.as_ref().is_none_or(|given| given == chatbot);
        if !merchant.chatbot.as_ref().is_some_and(is_chatbot) {
            return Err(Refusal::NotTheChatbot);
        }
        if input.offerings.is_empty() {
            return Err(invalid(Field::Offerings, Allowed::AtLeastOne));
        }
        if input.windows.is_empty() && input.hours.is_empty() {
            return Err(invalid(Field::Windows, Allowed::AtLeastOne));
        }
        for name in input.offerings.values() {
            check_text(name, policy)?;
            if name.trim().is_empty() {
                return Err(invalid(Field::Offerings, Allowed::NotEmpty));
            }
        }
        for text in input.descriptions.values() {
            check_text(text, policy)?;
        }
        if !input.descriptions.keys().all(|id| input.offerings.contains_key(id)) {
            return Err(invalid(Field::Descriptions, Allowed::OfferingOfThePage));
        }
        at_most(Bound::PageEntries, input.offerings.len(), policy.page_entries_max)?;
        at_most(Bound::PageEntries, input.windows.len().saturating_add(input.hours.len()), policy.page_entries_max)?;
        if input.group_size_max == Some(0) {
            return Err(invalid(Field::GroupSizeMax, Allowed::AtLeastOne));
        }
        if input.group_size_max.is_some_and(|size| size > policy.group_size_max) {
            return Err(Refusal::Limit { bound: Bound::GroupSize, most: u64::from(policy.group_size_max) });
        }
        let published = self.catalog.pages.get(&input.page).map(|page| (page.merchant, page.version));
        let withdrawn = self.catalog.withdrawn.get(&input.page).map(|page| (page.merchant, page.version));
        let known = published.or(withdrawn);
        if known.is_some_and(|(merchant, _)| merchant != input.merchant) {
            return Err(unknown(Object::Page, input.page.get()));
        }
        if input.line.is_some_and(|named| merchant.lines.iter().all(|line| line.number != named)) {
            return Err(invalid(Field::Lines, Allowed::RegisteredLine));
        }
        if let Some(calendar) = input.calendar.filter(|calendar| !self.catalog.calendars.contains_key(calendar)) {
            return Err(unknown(Object::Calendar, calendar.get()));
        }
        if known.is_none() {
            limit(Bound::Pages, self.catalog.pages_known(), policy.pages_max)?;
            let own = self.pages_of.get(&input.merchant).copied().unwrap_or(0);
            limit_u64(Bound::PagesPerMerchant, own.into(), policy.pages_per_merchant_max)?;
        }
        check_outbox(cx, 1)?;

        let version = known.map_or(0, |(_, version)| version).saturating_add(1);
        let page = Page {
            id: input.page,
            merchant: input.merchant,
            version,
            offerings: input.offerings,
            windows: input.windows,
            hours: input.hours,
            line: input.line,
            descriptions: input.descriptions,
            calendar: input.calendar,
            group_size_max: input.group_size_max.filter(|size| *size > 1),
        };
        let id = page.id;
        if known.is_none() {
            self.count_page(page.merchant);
        }
        self.catalog.withdrawn.remove(&id);
        self.catalog.pages.insert(id, page);
        self.index_page(id);
        Ok(Reply::Published(Published { version }))
    }

    pub(super) fn preset_mode(&mut self, cx: &Context<'_>, input: &PresetMode) -> Result<Reply, Refusal> {
        let unknown = Refusal::Unknown { object: Object::Merchant, id: input.merchant.get() };
        let merchant = self.catalog.merchants.get_mut(&input.merchant).ok_or(unknown)?;
        merchants_choose(cx.policy)?;
        if merchant.preset == input.mode {
            return Ok(Reply::NoOp);
        }
        merchant.preset = input.mode;
        Ok(Reply::Done)
    }

    pub(super) fn choose_mode(&mut self, cx: &mut Context<'_>, input: &ChooseMode) -> Result<Reply, Refusal> {
        self.settle_reservation(cx, input.reservation);
        let missing = self.missing_reservation(input.reservation);
        let reservation = self.reservations.get(input.reservation.get()).ok_or(missing)?;
        if reservation.merchant != input.merchant {
            return Err(Refusal::Unknown { object: Object::Reservation, id: input.reservation.get() });
        }
        merchants_choose(cx.policy)?;
        if reservation.state.on(ReservationEvent::ModeChosen) == Step::NotAllowed {
            return Err(Refusal::WrongState {
                reservation: reservation.id,
                state: reservation.state,
                legal: legal(ReservationEvent::ModeChosen),
            });
        }
        if reservation.mode == Some(input.mode) {
            return Ok(Reply::NoOp);
        }
        if reservation.is_platform_only {
            return Err(Refusal::PlatformCallsOnly { reservation: reservation.id });
        }
        self.update_reservation(input.reservation, |reservation| {
            reservation.mode = Some(input.mode);
            if reservation.slot.is_some() || reservation.spent_slot.is_some() {
                // He calls himself, in the whole window.
                reservation.set_slot(None, None);
                reservation.eligible_at = reservation.eligible_from(cx.now);
            } else if reservation.state == ReservationState::Open {
                reservation.eligible_at = reservation.eligible_at.max(cx.now);
            }
            reservation.state.apply(ReservationEvent::ModeChosen);
        });
        // Without its slot it may be open.
        self.settle_reservation(cx, input.reservation);
        Ok(Reply::Done)
    }

    /// The refusal for a reservation that is not there: gone, if its id was given once.
    pub(super) fn missing_reservation(&self, id: ReservationId) -> Refusal {
        let (object, given) = (Object::Reservation, id.get());
        if self.counters.reservation.has_given(given) {
            Refusal::Gone { object, id: given }
        } else {
            Refusal::Unknown { object, id: given }
        }
    }
}

/// Whether the mode is the merchants' to choose.
fn merchants_choose(policy: &Policy) -> Result<(), Refusal> {
    match policy.mode_chosen_by {
        ModeChooser::Merchant => Ok(()),
        ModeChooser::Platform(_) => Err(Refusal::ModeByPlatform),
    }
}

/// The states in which a reservation takes this event: what a refusal tells the caller.
pub(super) fn legal(event: ReservationEvent) -> Vec<ReservationState> {
    let mut legal = vec![];
    legal.extend(ReservationState::STATES.iter().copied().filter(|state| state.on(event) != Step::NotAllowed));
    legal
}
