//! Who shares a call with whom.

use ringfence::values::effect::Party;
use ringfence::values::evidence::Evidence;
use ringfence::values::id::GroupId;
use ringfence::values::input::{Amend, Block, BlockTarget, Book, Freeze, Input, LegAnswered, LegEnded, RequestCall, Scope};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::CallMode;
use ringfence::values::reply::ReservationState;
use ringfence::values::text::Text;
use ringfence::values::time::Timestamp;

use super::moves::{Booking, Pick};
use super::worlds::World;
use crate::model::{LegState, LegView, Model, ReservationSummary};
use crate::trace::Doing;

impl World {
    /// A user books just what another has booked who may share a call: the same page, offering and window. Without anybody to share with, some other booking.
    pub(super) fn sharing(&self, pick: Pick, user: Pick, at: Timestamp, model: &Model) -> Input {
        let kept = model.reservations();
        let open: Vec<_> = kept.iter().filter(|one| one.outcome.is_none() && model.group_of(one.reservation).is_some()).collect();
        let Some(one) = usize::from(pick).checked_rem(open.len()).and_then(|index| open.get(index)) else {
            return self.booking((user, pick), Booking::Offered(user), None, at);
        };
        self.joining(one, user, model).unwrap_or_else(|| self.booking((user, pick), Booking::Offered(user), None, at))
    }

    /// A booking by a user who has none with this merchant, on the terms of this reservation.
    fn joining(&self, one: &ReservationSummary, user: Pick, model: &Model) -> Option<Input> {
        let kept = model.reservations();
        let is_new = |user: &&Address| {
            let is_his = |other: &ReservationSummary| {
                other.outcome.is_none() && other.merchant == one.merchant && user.number() == Some(other.contact)
            };
            user.number().is_some() && !kept.iter().any(is_his)
        };
        let new: Vec<&Address> = self.users.iter().filter(is_new).collect();
        let user = Address::clone(new.get(usize::from(user).checked_rem(new.len())?)?);
        let (page, offering) = model.booked(one.reservation)?;
        let window = one.window;
        Some(Input::Book(Book {
            user,
            page,
            offering,
            window,
            zone: None,
            contact: None,
            name: None,
            evidence: None,
            share: true,
            remember: None,
            result_by: None,
            email: None,
            attachments: Vec::new(),
        }))
    }

    /// The sender agrees to share the call, or takes that back.
    fn agreeing(&self, one: &ReservationSummary, share: bool) -> Input {
        Input::Amend(Amend {
            user: one.user.clone(),
            reservation: one.reservation,
            window: None,
            zone: None,
            contact: None,
            offering: None,
            name: None,
            share: Some(share),
            attachments: None,
            evidence: None,
        })
    }

    /// A line calls a group: mostly one that was given, now and then one that was not.
    pub(super) fn group_call(&self, pick: Pick, line: PhoneNumber, model: &Model) -> Input {
        let group = GroupId::new(u64::from(pick) % (model.groups_given() + 2));
        Input::RequestCall(RequestCall::new(line, group))
    }

    /// What a group leads to: more users book on its terms, or its merchant calls it.
    pub(super) fn next_of_group(&self, one: &ReservationSummary, dice: u32, at: Timestamp, model: &Model) -> Vec<(u32, Doing)> {
        let Some(group) = model.group_of(one.reservation).filter(|_| one.outcome.is_none() && at < one.window.end()) else {
            return Vec::new();
        };
        let [user, ..] = (dice / 256).to_le_bytes().map(u16::from);
        let mut choices = Vec::new();
        choices.extend(self.joining(one, user, model).map(|input| (10, Doing::Input(input))));
        // Who shares a call is mostly there.
        let shared = model.parts().into_iter().find(|(_, parts)| parts.len() > 1 && parts.contains(&(one.reservation, false)));
        let rings = |leg: &LegView| {
            let is_his = leg.party == Party::User && leg.reservation == one.reservation;
            is_his && matches!(leg.state, LegState::Dialled | LegState::Ringing)
        };
        if let Some(leg) = model.legs().into_iter().find(|leg| shared.is_some() && rings(leg)) {
            choices.push((40, Doing::Input(Input::LegAnswered(LegAnswered { leg: leg.leg }))));
        }
        let is_on =
            |leg: &LegView| leg.state == LegState::Joined && leg.party == Party::User && leg.reservation == one.reservation;
        if let Some(leg) = model.legs().into_iter().find(|leg| shared.is_some() && is_on(leg)) {
            choices.push((4, Doing::Input(Input::LegEnded(LegEnded { leg: leg.leg, evidence: Evidence::default() }))));
        }
        if shared.is_some() {
            // One of several changes his mind: the others have nothing to do with it.
            let block = Block { user: Address::Sms(one.contact), what: BlockTarget::Merchant(one.merchant) };
            choices.push((1, Doing::Input(Input::Block(block))));
            choices.push((3, Doing::Input(self.amendment(one.reservation, dice / 4, at, model))));
            choices.push((1, Doing::Input(self.agreeing(one, dice.is_multiple_of(3)))));
            let (scope, by, why) = (Scope::Number(one.contact), Text::from("duty officer"), Text::from("complaints"));
            choices.push((1, Doing::Input(Input::Freeze(Freeze { scope, by, why }))));
        } else if dice.is_multiple_of(5) {
            choices.push((1, Doing::Input(self.agreeing(one, !dice.is_multiple_of(15)))));
        }
        let mode = one.chosen.unwrap_or(model.policy().mode_on_silence);
        if one.state == ReservationState::Open && mode == CallMode::MerchantCalls {
            choices.push((8, Doing::Input(Input::RequestCall(RequestCall::new(one.line, group)))));
        }
        choices
    }
}
