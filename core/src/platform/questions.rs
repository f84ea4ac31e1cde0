//! Questions of an operator. They change nothing, are in no log, and leave no record.

use alloc::vec::Vec;

use super::Platform;
use crate::books::catalog::{Merchant, Page};
use crate::values::id::{MerchantId, PageId};
use crate::values::number::PhoneNumber;
use crate::values::status::{LawStatus, LineStatus, NumberStatus, PoolStatus};

impl Platform {
    /// A merchant who registered, as he registered last.
    #[must_use]
    pub fn merchant(&self, id: MerchantId) -> Option<&Merchant> {
        self.appointments.merchant(id)
    }

    /// The ids of every merchant, in order.
    #[must_use]
    pub fn merchants(&self) -> Vec<MerchantId> {
        self.appointments.merchants().collect()
    }

    /// A page that is published, in its last version. `None` for one that was withdrawn.
    #[must_use]
    pub fn page(&self, id: PageId) -> Option<&Page> {
        self.appointments.page(id)
    }

    /// The ids of every page that is published, in order.
    #[must_use]
    pub fn pages(&self) -> Vec<PageId> {
        self.appointments.pages().collect()
    }

    /// How a merchant's line stands: its channels, its calls, and who waits for the platform to call him.
    #[must_use]
    pub fn line_status(&self, number: PhoneNumber) -> Option<LineStatus> {
        self.appointments.line_status(number)
    }

    /// What is frozen, and how many numbers are on the do-not-call list.
    #[must_use]
    pub fn law_status(&self) -> LawStatus {
        self.appointments.law_status()
    }

    /// Whether a number is on the do-not-call list, or frozen by itself.
    #[must_use]
    pub fn number_status(&self, number: PhoneNumber) -> NumberStatus {
        self.appointments.number_status(number)
    }

    /// How the pool of virtual numbers stands, at the latest instant seen.
    #[must_use]
    pub fn pool_status(&self) -> PoolStatus {
        self.appointments.pool_status(self.latest)
    }
}
