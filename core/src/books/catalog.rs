//! Merchants and their booking pages.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::values::id::{MerchantId, OfferingId, PageId};
use crate::values::input::{Hours, Line};
use crate::values::number::{Address, PhoneNumber};
use crate::values::policy::CallMode;
use crate::values::text::Text;
use crate::values::time::{Timestamp, Window, Zone};

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
}

impl Page {
    /// Whether one of its windows, or one window of its hours, covers `window` whole.
    #[must_use]
    pub fn offers(&self, window: &Window, zone: Zone) -> bool {
        self.windows.iter().any(|offered| offered.covers(window))
            || self.hours.iter().any(|hours| hours.rule.covers(zone, window))
    }

    /// The offered window with the earliest start (then the earliest end) that ends after `after`.
    #[must_use]
    pub fn next_offered(&self, after: Timestamp, zone: Zone) -> Option<Window> {
        let concrete = self.windows.iter().copied().filter(|window| window.end() > after);
        let weekly = self.hours.iter().filter_map(|hours| hours.rule.next_from(zone, after));
        concrete.chain(weekly).min_by_key(|window| (window.start(), window.end()))
    }
}

/// Every merchant and every page, by the host's ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog {
    /// The merchants.
    pub merchants: BTreeMap<MerchantId, Merchant>,
    /// The pages.
    pub pages: BTreeMap<PageId, Page>,
}
