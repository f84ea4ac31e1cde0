//! Blocks: what a user wants nothing of any more.

use std::collections::BTreeSet;

use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{MerchantContent, NoticeForMerchant, UserContent};
use ringfence::values::id::{MerchantId, ReservationId};
use ringfence::values::input::{Block, BlockTarget, Unblock};
use ringfence::values::number::Address;
use ringfence::values::refusal::{Allowed, Bound, Field, Object, Refusal};
use ringfence::values::reply::{Outcome, Reply, ReservationState};

use super::calls::Why;
use super::reservations::Who;
use super::{Model, limit, unknown};

impl Model {
    pub(super) fn block(&mut self, input: &Block) -> Result<Reply, Refusal> {
        let person = self.check_block(&input.user, input.what)?;
        if self.blocks.contains(&(person.clone(), input.what)) {
            return Ok(Reply::NoOp);
        }
        if self.blocks.iter().filter(|(blocker, _)| *blocker == person).count() >= self.policy.blocks_per_user_max as usize {
            return Err(limit(Bound::BlocksPerUser, self.policy.blocks_per_user_max));
        }
        if self.blocks.len() >= self.policy.blocks_max as usize {
            return Err(limit(Bound::Blocks, self.policy.blocks_max));
        }
        self.blocks.insert((person, input.what));
        for id in self.blocked_reservations(&input.user, input.what) {
            self.take_back(id);
        }
        Ok(Reply::Done)
    }

    pub(super) fn unblock(&mut self, input: &Unblock) -> Result<Reply, Refusal> {
        let person = self.check_block(&input.user, input.what)?;
        Ok(if self.blocks.remove(&(person, input.what)) { Reply::Done } else { Reply::NoOp })
    }

    fn check_block(&self, user: &Address, what: BlockTarget) -> Result<Who, Refusal> {
        let person = Who::of(user).ok_or(Refusal::Invalid { field: Field::User, allowed: Allowed::UserAddress })?;
        match what {
            BlockTarget::Merchant(merchant) if !self.merchants.contains_key(&merchant) => {
                Err(unknown(Object::Merchant, merchant.get()))
            }
            BlockTarget::Merchant(_) | BlockTarget::Number(_) => Ok(person),
        }
    }

    fn merchant_of_block(&self, what: BlockTarget) -> Option<MerchantId> {
        match what {
            BlockTarget::Merchant(merchant) => Some(merchant),
            BlockTarget::Number(number) => self.merchant_of_line(number),
        }
    }

    /// Whether the person at this address blocked this merchant, by himself or by a line that he has now.
    pub(super) fn has_blocked(&self, user: &Address, merchant: MerchantId) -> bool {
        Who::of(user).is_some_and(|person| self.blocks_of_person(&person, merchant))
    }

    pub(super) fn blocks_of_person(&self, person: &Who, merchant: MerchantId) -> bool {
        self.blocks.iter().any(|(blocker, what)| blocker == person && self.merchant_of_block(*what) == Some(merchant))
    }

    /// The live reservations with whom a block is about that the user sent, or whose phone is his.
    pub(super) fn blocked_reservations(&self, user: &Address, what: BlockTarget) -> BTreeSet<ReservationId> {
        let (merchant, person) = (self.merchant_of_block(what), Who::of(user));
        let of_it = self.reservations.iter().filter(|(_, kept)| {
            let his = Who::of(&kept.user) == person || person == Some(Who::Phone(kept.contact));
            his && Some(kept.merchant) == merchant && kept.state != ReservationState::Closed
        });
        of_it.map(|(id, _)| *id).collect()
    }

    /// The same, and those that would ring his phone by terms that wait.
    pub(super) fn touched_by_block(&self, user: &Address, what: BlockTarget) -> BTreeSet<ReservationId> {
        let mut touched = self.blocked_reservations(user, what);
        let merchant = self.merchant_of_block(what);
        let waiting = user.number().map_or_else(BTreeSet::new, |number| self.live_of(number));
        touched.extend(waiting.into_iter().filter(|id| Some(self.reservation_of(*id).merchant) == merchant));
        touched
    }

    fn take_back(&mut self, id: ReservationId) {
        let before = self.reservation_of(id).clone();
        if before.state == ReservationState::InCall {
            self.reservation_mut(id).cancel_pending = !before.decline_pending;
            for call in self.live_calls_of(id) {
                self.end_part(call, id, ReleaseCause::Withdrawn, Why::Other);
            }
        } else {
            self.close(id, Outcome::Cancelled);
        }
        if before.cancel_pending || before.decline_pending {
            return;
        }
        let notice = self.notice(id);
        let for_merchant = NoticeForMerchant { reservation: id, window: notice.window, zone: notice.zone };
        self.tell_user(before.user, UserContent::Cancelled(notice));
        if before.announced {
            self.tell_merchant(before.merchant, MerchantContent::Cancelled(for_merchant));
        }
    }
}
