//! What an operator asks of this half: how its merchants, lines, numbers and bars stand.

use super::Appointments;
use crate::books::catalog::{Merchant, Page};
use crate::values::id::{MerchantId, PageId};
use crate::values::input::Scope;
use crate::values::number::PhoneNumber;
use crate::values::status::{LawStatus, LineStatus, NumberStatus, PoolStatus};
use crate::values::time::Timestamp;

impl Appointments {
    /// A merchant who registered.
    pub(crate) fn merchant(&self, id: MerchantId) -> Option<&Merchant> {
        self.catalog.merchants.get(&id)
    }

    /// Every merchant, in the order of ids.
    pub(crate) fn merchants(&self) -> impl Iterator<Item = MerchantId> {
        self.catalog.merchants.keys().copied()
    }

    /// A page that is published.
    pub(crate) fn page(&self, id: PageId) -> Option<&Page> {
        self.catalog.pages.get(&id)
    }

    /// Every page that is published, in the order of ids.
    pub(crate) fn pages(&self) -> impl Iterator<Item = PageId> {
        self.catalog.pages.keys().copied()
    }

    pub(crate) fn line_status(&self, number: PhoneNumber) -> Option<LineStatus> {
        let line = self.lines.get(number)?;
        Some(LineStatus {
            merchant: line.merchant,
            channels: line.channels,
            live_calls: line.live(),
            waiting: line.queue.iter().map(|(_, id)| *id).collect(),
        })
    }

    pub(crate) fn law_status(&self) -> LawStatus {
        LawStatus { frozen: self.law.frozen().collect(), listed: u64::try_from(self.law.listed()).unwrap_or(u64::MAX) }
    }

    pub(crate) fn number_status(&self, number: PhoneNumber) -> NumberStatus {
        NumberStatus { number, is_listed: self.law.is_listed(number), is_frozen: self.law.has(Scope::Number(number)) }
    }

    pub(crate) fn pool_status(&self, now: Timestamp) -> PoolStatus {
        self.numbers.status(now)
    }
}
