//! Merchants and their pages.

use std::collections::BTreeSet;

use ringfence::values::effect::{Action, BookingPage, Content, Send};
use ringfence::values::id::MessageId;
use ringfence::values::input::{PresetMode, PublishPage, RegisterMerchant};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::ModeChooser;
use ringfence::values::refusal::{Allowed, Bound, Field, Object, Refusal};
use ringfence::values::reply::{Published, Reply, ReservationState};

use super::{Merchant, Model, Page, limit, unknown};

impl Model {
    pub(super) fn register_merchant(&mut self, input: &RegisterMerchant) -> Result<Reply, Refusal> {
        for text in
            [Some(&input.name), input.contact.as_ref(), input.address.as_ref(), input.description.as_ref()].into_iter().flatten()
        {
            self.check_text(text)?;
        }
        if input.name.trim().is_empty() {
            return Err(Refusal::Invalid { field: Field::Name, allowed: Allowed::NotEmpty });
        }
        if !matches!(input.chatbot, None | Some(Address::Chatbot(_))) {
            return Err(Refusal::Invalid { field: Field::Chatbot, allowed: Allowed::ChatbotAddress });
        }
        if input.lines.is_empty() {
            return Err(Refusal::Invalid { field: Field::Lines, allowed: Allowed::AtLeastOne });
        }
        if input.lines.len() > self.policy.lines_per_merchant_max as usize {
            return Err(limit(Bound::LinesPerMerchant, self.policy.lines_per_merchant_max));
        }
        let numbers: BTreeSet<_> = input.lines.iter().map(|line| line.number).collect();
        if numbers.len() < input.lines.len() {
            return Err(Refusal::Invalid { field: Field::Lines, allowed: Allowed::NoRepeats });
        }
        if input.lines.iter().any(|line| line.channels == 0) {
            return Err(Refusal::Invalid { field: Field::Channels, allowed: Allowed::AtLeastOne });
        }
        if input.lines.iter().any(|line| line.channels > self.policy.channels_max) {
            return Err(limit(Bound::Channels, self.policy.channels_max));
        }
        if input.lines.iter().any(|line| self.pool.contains(&line.number)) {
            return Err(Refusal::Invalid { field: Field::Lines, allowed: Allowed::NotAVirtualNumber });
        }
        for (line, index) in input.lines.iter().zip(0..) {
            if self.merchant_of_line(line.number).is_some_and(|owner| owner != input.merchant) {
                return Err(Refusal::LineTaken { index });
            }
            if self.is_a_users_phone(line.number) {
                return Err(Refusal::LineIsContact { index });
            }
        }
        match self.merchants.get(&input.merchant) {
            None if self.merchants.len() >= self.policy.merchants_max as usize => {
                return Err(limit(Bound::Merchants, self.policy.merchants_max));
            }
            None => {}
            Some(registered) => self.check_update(registered, input, &numbers)?,
        }
        self.check_outbox(1)?;

        let preset = self.merchants.get(&input.merchant).and_then(|registered| registered.preset);
        let merchant = Merchant {
            name: input.name.clone(),
            lines: input.lines.clone(),
            zone: input.zone,
            chatbot: input.chatbot.clone(),
            contact: input.contact.clone(),
            address: input.address.clone(),
            preset,
            description: input.description.clone(),
        };
        self.merchants.insert(input.merchant, merchant);
        Ok(Reply::Done)
    }

    fn check_update(
        &self,
        registered: &Merchant,
        input: &RegisterMerchant,
        numbers: &BTreeSet<PhoneNumber>,
    ) -> Result<(), Refusal> {
        let registered_lines = registered.lines.iter().map(|line| line.number).zip(0..);
        for (left_out, index) in registered_lines.filter(|(line, _)| !numbers.contains(line)) {
            let lives =
                |reservation: &&super::Reservation| reservation.line == left_out && reservation.state != ReservationState::Closed;
            let reservations = self.reservations.values().filter(lives).count() as u64;
            let calls = u32::try_from(self.calls_on(left_out)).unwrap_or(u32::MAX);
            if reservations > 0 || calls > 0 {
                return Err(Refusal::LineInUse { index, reservations, calls });
            }
        }
        for (line, index) in input.lines.iter().zip(0..) {
            let live = u32::try_from(self.calls_on(line.number)).unwrap_or(u32::MAX);
            if line.channels < live {
                return Err(Refusal::ChannelsInUse { index, live });
            }
        }
        let pages = self.pages.values().filter(|page| page.merchant == input.merchant && !page.withdrawn).count() as u64;
        if input.chatbot.is_none() && pages > 0 {
            return Err(Refusal::ChatbotInUse { pages });
        }
        Ok(())
    }

    /// Whether a reservation that is not closed, or a leg that is alive, names this number as a user's.
    fn is_a_users_phone(&self, number: PhoneNumber) -> bool {
        !self.live_of(number).is_empty() || self.is_busy(number)
    }

    /// An address of a user: no chatbot's, and with a subscriber's number that is not virtual if it has one.
    pub(super) fn check_user(&self, address: &Address, field: Field) -> Result<(), Refusal> {
        match address {
            Address::Chatbot(_) | Address::WeChat(_) => Err(Refusal::Invalid { field, allowed: Allowed::UserAddress }),
            Address::Email(_) => Ok(()),
            Address::Rcs(number) | Address::Sms(number) | Address::Mms(number) => {
                let wrong = Refusal::Invalid { field, allowed: Allowed::SubscriberNumber };
                let virtual_one = Refusal::Invalid { field, allowed: Allowed::NotAVirtualNumber };
                match is_a_subscribers(*number) {
                    false => Err(wrong),
                    true if self.pool.contains(number) => Err(virtual_one),
                    true => Ok(()),
                }
            }
        }
    }

    pub(super) fn publish_page(&mut self, input: &PublishPage) -> Result<Reply, Refusal> {
        let Some(merchant) = self.merchants.get(&input.merchant) else {
            return Err(unknown(Object::Merchant, input.merchant.get()));
        };
        if merchant.chatbot.is_none() || (input.chatbot.is_some() && input.chatbot != merchant.chatbot) {
            return Err(Refusal::NotTheChatbot);
        }
        if input.offerings.is_empty() {
            return Err(Refusal::Invalid { field: Field::Offerings, allowed: Allowed::AtLeastOne });
        }
        if input.windows.is_empty() && input.hours.is_empty() {
            return Err(Refusal::Invalid { field: Field::Windows, allowed: Allowed::AtLeastOne });
        }
        for text in input.offerings.values() {
            self.check_text(text)?;
            if text.trim().is_empty() {
                return Err(Refusal::Invalid { field: Field::Offerings, allowed: Allowed::NotEmpty });
            }
        }
        for text in input.descriptions.values() {
            self.check_text(text)?;
        }
        if input.descriptions.keys().any(|described| !input.offerings.contains_key(described)) {
            return Err(Refusal::Invalid { field: Field::Descriptions, allowed: Allowed::OfferingOfThePage });
        }
        let most = self.policy.page_entries_max as usize;
        if input.offerings.len() > most || input.windows.len() + input.hours.len() > most {
            return Err(limit(Bound::PageEntries, self.policy.page_entries_max));
        }
        if input.group_size_max == Some(0) {
            return Err(Refusal::Invalid { field: Field::GroupSizeMax, allowed: Allowed::AtLeastOne });
        }
        if input.group_size_max > Some(self.policy.group_size_max) {
            return Err(limit(Bound::GroupSize, self.policy.group_size_max));
        }
        let before = self.pages.get(&input.page);
        if before.is_some_and(|page| page.merchant != input.merchant) {
            return Err(unknown(Object::Page, input.page.get()));
        }
        if input.line.is_some_and(|line| merchant.lines.iter().all(|registered| registered.number != line)) {
            return Err(Refusal::Invalid { field: Field::Lines, allowed: Allowed::RegisteredLine });
        }
        if let Some(calendar) = input.calendar.filter(|calendar| !self.calendars.contains_key(calendar)) {
            return Err(unknown(Object::Calendar, calendar.get()));
        }
        if before.is_none() && self.pages.len() >= self.policy.pages_max as usize {
            return Err(limit(Bound::Pages, self.policy.pages_max));
        }
        let own = self.pages.values().filter(|page| page.merchant == input.merchant).count();
        if before.is_none() && own >= self.policy.pages_per_merchant_max as usize {
            return Err(limit(Bound::PagesPerMerchant, self.policy.pages_per_merchant_max));
        }
        self.check_outbox(1)?;

        let version = before.map_or(0, |page| page.version) + 1;
        let page = Page {
            merchant: input.merchant,
            version,
            offerings: input.offerings.clone(),
            windows: input.windows.clone(),
            hours: input.hours.clone(),
            line: input.line,
            descriptions: input.descriptions.clone(),
            calendar: input.calendar,
            group_size: input.group_size_max.unwrap_or(1),
            withdrawn: false,
        };
        self.pages.insert(input.page, page);
        Ok(Reply::Published(Published { version }))
    }

    /// The different page contents in the effects that are not confirmed.
    pub(super) fn pages_waiting(&self) -> Vec<BookingPage> {
        let mut contents: Vec<BookingPage> = Vec::new();
        for kept in &self.kept {
            if let Action::Send(Send { content: Content::BookingPage(page), .. }) = &kept.effect.action
                && !contents.contains(page)
            {
                contents.push(BookingPage::clone(page));
            }
        }
        contents
    }

    pub(super) fn preset_mode(&mut self, input: &PresetMode) -> Result<Reply, Refusal> {
        let Some(merchant) = self.merchants.get_mut(&input.merchant) else {
            return Err(unknown(Object::Merchant, input.merchant.get()));
        };
        if let ModeChooser::Platform(_) = self.policy.mode_chosen_by {
            return Err(Refusal::ModeByPlatform);
        }
        if merchant.preset == input.mode {
            return Ok(Reply::NoOp);
        }
        merchant.preset = input.mode;
        Ok(Reply::Done)
    }

    pub(super) fn next_message(&mut self) -> MessageId {
        self.messages_given += 1;
        MessageId::new(self.messages_given)
    }
}

/// A plus and 7 to 15 digits.
pub(super) fn is_a_subscribers(number: PhoneNumber) -> bool {
    let text = number.dialable();
    text.starts_with('+') && (8..=16).contains(&text.len()) && !text.starts_with("+860")
}
