//! Who blocks whom.

use ringfence::values::id::MerchantId;
use ringfence::values::input::{Block, BlockTarget, Input, Unblock};
use ringfence::values::number::Address;

use super::moves::Pick;
use super::worlds::{World, chatbot, foreign_number};
use crate::model::Model;

impl World {
    /// Somebody blocks or unblocks: mostly the user of a reservation that is kept, and its merchant or line.
    pub(super) fn blocking(&self, pick: Pick, how: u8, blocks: bool, model: &Model) -> Input {
        let kept = model.reservations();
        let one = usize::from(pick).checked_rem(kept.len()).and_then(|index| kept.get(index));
        let user = match (one, how % 16) {
            (_, 0) => chatbot(MerchantId::new(1)),
            (Some(one), 1..=4) => Address::Mms(one.contact),
            (Some(one), 5..) => one.user.clone(),
            (None, _) => self.users[usize::from(pick) % self.users.len()].clone(),
        };
        let merchant = one.map_or(MerchantId::new(1), |one| one.merchant);
        let what = match how / 16 {
            0 => BlockTarget::Merchant(MerchantId::new(99)),
            1 => BlockTarget::Number(one.map_or_else(foreign_number, |one| one.contact)),
            2..=3 => BlockTarget::Number(foreign_number()),
            4..=7 => BlockTarget::Number(one.map_or_else(foreign_number, |one| one.line)),
            _ => BlockTarget::Merchant(merchant),
        };
        if blocks { Input::Block(Block { user, what }) } else { Input::Unblock(Unblock { user, what }) }
    }
}
