//! `block` and `unblock`: a user who wants nothing more of a merchant.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::Appointments;
use super::merchants::{is_user, limit, limit_u64};
use crate::halves::Context;
use crate::machines::reservation::ReservationEvent;
use crate::values::cause::ReleaseCause;
use crate::values::effect::{MerchantContent, UserContent};
use crate::values::id::{MerchantId, ReservationId};
use crate::values::input::{Block, BlockTarget, Unblock};
use crate::values::number::Address;
use crate::values::person::Person;
use crate::values::refusal::{Allowed, Bound, Field, Object, Refusal};
use crate::values::reply::{Outcome, Reply, ReservationState};

impl Appointments {
    pub(super) fn block(&mut self, cx: &mut Context<'_>, input: &Block) -> Result<Reply, Refusal> {
        let person = self.check_block(&input.user, &input.what)?;
        let merchant = self.blocked_merchant(&input.what);
        let touched: Vec<ReservationId> = self.of_person(&person).filter(|id| self.is_with(*id, merchant)).collect();
        self.settle_reservations(cx, &touched);
        if self.blocks.has(&person, &input.what) {
            return Ok(Reply::NoOp);
        }
        limit(Bound::BlocksPerUser, self.blocks.len_of(&person), cx.policy.blocks_per_user_max)?;
        limit_u64(Bound::Blocks, self.blocks.count(), cx.policy.blocks_max)?;
        // What only would ring his phone, by terms that wait, does not ring it: the conversation that runs is somebody else's.
        let his = |id: &ReservationId| {
            self.reservations.get(id.get()).is_some_and(|reservation| {
                reservation.state.is_live()
                    && (Person::Number(reservation.contact) == person
                        || Person::of(&reservation.sender).as_ref() == Some(&person))
            })
        };
        let affected: Vec<ReservationId> = touched.into_iter().filter(his).collect();
        self.blocks.add(person, input.what);
        for id in affected {
            self.withdraw(cx, id);
        }
        Ok(Reply::Done)
    }

    pub(super) fn unblock(&mut self, input: &Unblock) -> Result<Reply, Refusal> {
        let person = self.check_block(&input.user, &input.what)?;
        Ok(if self.blocks.remove(&person, &input.what) { Reply::Done } else { Reply::NoOp })
    }

    fn check_block(&self, user: &Address, what: &BlockTarget) -> Result<Person, Refusal> {
        let person = Person::of(user).filter(|_| is_user(user));
        let person = person.ok_or(Refusal::Invalid { field: Field::User, allowed: Allowed::UserAddress })?;
        match what {
            BlockTarget::Merchant(merchant) if !self.catalog.merchants.contains_key(merchant) => {
                Err(Refusal::Unknown { object: Object::Merchant, id: merchant.get() })
            }
            BlockTarget::Merchant(_) | BlockTarget::Number(_) => Ok(person),
        }
    }

    /// Whom a block keeps away: the merchant, or the one who has registered the number as a line.
    fn blocked_merchant(&self, what: &BlockTarget) -> Option<MerchantId> {
        match what {
            BlockTarget::Merchant(merchant) => Some(*merchant),
            BlockTarget::Number(number) => self.lines.get(*number).map(|line| line.merchant),
        }
    }

    /// Whether this person wants nothing of this merchant.
    pub(super) fn is_blocked(&self, person: &Person, merchant: MerchantId) -> bool {
        self.blocks.of(person).any(|what| self.blocked_merchant(what) == Some(merchant))
    }

    /// The same for whoever is behind an address.
    pub(super) fn has_blocked(&self, user: &Address, merchant: MerchantId) -> bool {
        Person::of(user).is_some_and(|person| self.is_blocked(&person, merchant))
    }

    /// The live reservations that a person sent, or whose phone is his, now or by terms that wait, in order.
    pub(super) fn of_person(&self, person: &Person) -> impl Iterator<Item = ReservationId> + use<> {
        let mut live: BTreeSet<ReservationId> = self.for_others.of(person).collect();
        if let Person::Number(number) = person {
            live.extend(self.contacts.get(*number).into_iter().flat_map(|contact| &contact.live));
        }
        live.into_iter()
    }

    fn is_with(&self, id: ReservationId, merchant: Option<MerchantId>) -> bool {
        self.reservations.get(id.get()).is_some_and(|reservation| Some(reservation.merchant) == merchant)
    }

    /// Takes a live reservation back for good: what rings or talks ends in this step, the user's leg too. Closed ones stay as they are.
    fn withdraw(&mut self, cx: &mut Context<'_>, id: ReservationId) {
        let Some(reservation) = self.reservations.get(id.get()) else { return };
        let (state, call, was_announced) = (reservation.state, reservation.call(), reservation.is_announced);
        let was_told = reservation.withdrawal().is_some();
        match state {
            ReservationState::Closed => return,
            ReservationState::InCall => {
                self.update_reservation(id, |reservation| reservation.is_cancelled |= !reservation.is_declined);
                if let Some(call) = call {
                    self.stop_for(cx, call, id, ReleaseCause::Withdrawn);
                }
            }
            ReservationState::Unverified
            | ReservationState::AwaitingMode
            | ReservationState::Scheduled
            | ReservationState::Open => self.close(cx, id, ReservationEvent::Cancelled, Outcome::Cancelled),
        }
        if was_told {
            return;
        }
        self.tell_user(cx, id, UserContent::Cancelled);
        if was_announced {
            self.tell_merchant(cx, id, MerchantContent::Cancelled);
        }
    }
}
