//! Merchants and their pages.

use std::collections::BTreeSet;

use ringfence::values::effect::{Action, BookingPage, Send, UserContent};
use ringfence::values::id::MessageId;
use ringfence::values::input::{PresetMode, PublishPage, PushPage, RegisterMerchant};
use ringfence::values::number::Address;
use ringfence::values::refusal::{Allowed, Bound, Field, Object, Refusal};
use ringfence::values::reply::{Published, Reply, ReservationState};

use super::{Merchant, Model, Page, limit, unknown};

impl Model {
    pub(super) fn register_merchant(&mut self, input: &RegisterMerchant) -> Result<Reply, Refusal> {
        for text in [Some(&input.name), input.contact.as_ref(), input.address.as_ref()].into_iter().flatten() {
            self.check_text(text)?;
        }
        if input.name.is_empty() {
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
        for (line, index) in input.lines.iter().zip(0..) {
            if self.merchant_of_line(line.number).is_some_and(|owner| owner != input.merchant) {
                return Err(Refusal::LineTaken { index });
            }
        }
        match self.merchants.get(&input.merchant) {
            None if self.merchants.len() >= self.policy.merchants_max as usize => {
                return Err(limit(Bound::Merchants, self.policy.merchants_max));
            }
            None => {}
            Some(registered) => self.check_update(registered, input, &numbers)?,
        }
        self.check_outbox()?;

        let preset = self.merchants.get(&input.merchant).and_then(|registered| registered.preset);
        let merchant = Merchant {
            name: input.name.clone(),
            lines: input.lines.clone(),
            zone: input.zone,
            chatbot: input.chatbot.clone(),
            contact: input.contact.clone(),
            address: input.address.clone(),
            preset,
        };
        self.merchants.insert(input.merchant, merchant);
        Ok(Reply::Done)
    }

    fn check_update(
        &self,
        registered: &Merchant,
        input: &RegisterMerchant,
        numbers: &BTreeSet<ringfence::values::number::PhoneNumber>,
    ) -> Result<(), Refusal> {
        for left_out in registered.lines.iter().map(|line| line.number).filter(|line| !numbers.contains(line)) {
            let lives =
                |reservation: &&super::Reservation| reservation.line == left_out && reservation.state != ReservationState::Closed;
            let reservations = self.reservations.values().filter(lives).count() as u64;
            if reservations > 0 || self.calls_on(left_out) > 0 {
                return Err(Refusal::LineInUse { reservations });
            }
        }
        for (line, index) in input.lines.iter().zip(0..) {
            let live = u32::try_from(self.calls_on(line.number)).unwrap_or(u32::MAX);
            if line.channels < live {
                return Err(Refusal::ChannelsInUse { index, live });
            }
        }
        Ok(())
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
        }
        let most = self.policy.page_entries_max as usize;
        if input.offerings.len() > most || input.windows.len() + input.hours.len() > most {
            return Err(limit(Bound::PageEntries, self.policy.page_entries_max));
        }
        let before = self.pages.get(&input.page);
        if before.is_some_and(|page| page.merchant != input.merchant) {
            return Err(unknown(Object::Page, input.page.get()));
        }
        if input.line.is_some_and(|line| merchant.lines.iter().all(|registered| registered.number != line)) {
            return Err(Refusal::Invalid { field: Field::Lines, allowed: Allowed::RegisteredLine });
        }
        if before.is_none() && self.pages.len() >= self.policy.pages_max as usize {
            return Err(limit(Bound::Pages, self.policy.pages_max));
        }
        self.check_outbox()?;

        let version = before.map_or(0, |page| page.version) + 1;
        let page = Page {
            merchant: input.merchant,
            version,
            offerings: input.offerings.clone(),
            windows: input.windows.clone(),
            hours: input.hours.clone(),
            line: input.line,
        };
        self.pages.insert(input.page, page);
        Ok(Reply::Published(Published { version }))
    }

    pub(super) fn push_page(&mut self, input: &PushPage) -> Result<Reply, Refusal> {
        let Some(page) = self.pages.get(&input.page) else { return Err(unknown(Object::Page, input.page.get())) };
        if input.to.is_empty() {
            return Err(Refusal::Invalid { field: Field::To, allowed: Allowed::AtLeastOne });
        }
        if input.to.len() > self.policy.push_max as usize {
            return Err(limit(Bound::Push, self.policy.push_max));
        }
        if input.to.iter().any(|to| matches!(to, Address::Chatbot(_))) {
            return Err(Refusal::Invalid { field: Field::To, allowed: Allowed::UserAddress });
        }
        self.check_outbox()?;

        let merchant = self.merchant_of(page.merchant);
        let content = BookingPage {
            page: input.page,
            version: page.version,
            merchant: page.merchant,
            merchant_name: merchant.name.clone(),
            offerings: page.offerings.clone(),
            windows: page.windows.iter().copied().filter(|window| window.end() > self.latest).collect(),
            hours: page.hours.clone(),
            zone: merchant.zone,
        };
        for to in &input.to {
            if self.has_blocked(to, content.merchant) {
                continue;
            }
            self.tell_user(to.clone(), UserContent::BookingPage(content.clone()));
        }
        Ok(Reply::Done)
    }

    pub(super) fn preset_mode(&mut self, input: &PresetMode) -> Result<Reply, Refusal> {
        let Some(merchant) = self.merchants.get_mut(&input.merchant) else {
            return Err(unknown(Object::Merchant, input.merchant.get()));
        };
        if merchant.preset == input.mode {
            return Ok(Reply::NoOp);
        }
        merchant.preset = input.mode;
        Ok(Reply::Done)
    }

    pub(super) fn tell_user(&mut self, to: Address, content: UserContent) {
        let message = self.next_message();
        self.emit(Action::Send(Send::to_user(message, to, content)));
    }

    pub(super) fn next_message(&mut self) -> MessageId {
        self.messages_given += 1;
        MessageId::new(self.messages_given)
    }
}
