//! Moves that change, decline or confirm a reservation.

use ringfence::values::id::{MerchantId, OfferingId, ReservationId};
use ringfence::values::input::{Acknowledge, Amend, BookingEvidence, Channel, Decline, Input};
use ringfence::values::number::Address;
use ringfence::values::reply::ReservationState;
use ringfence::values::text::Text;
use ringfence::values::time::{Timestamp, Window};

use super::moves::{Pick, one};
use super::people;
use super::worlds::{World, chatbot, foreign_number, line_numbers};
use crate::model::{LegState, LegView, Model, ReservationSummary};
use crate::trace::Doing;

impl World {
    /// Changes that fit the moment: more of them while a phone rings or a user talks.
    pub(super) fn answers(&self, kept: &ReservationSummary, dice: u32, at: Timestamp, model: &Model) -> Vec<(u32, Doing)> {
        // Other bits than those that choose between the moves.
        let dice = dice.rotate_right(13);
        let amend = |weight| (weight, Doing::Input(self.amendment(kept.reservation, dice, at, model)));
        let decline = (1, Doing::Input(self.declines(kept.reservation, true, model)));
        let acknowledge = (6, Doing::Input(self.acknowledges(kept.reservation, None, model)));
        let talks = |leg: &LegView| leg.reservation == kept.reservation && leg.state == LegState::Joined;
        match kept.state {
            ReservationState::InCall if kept.ending => {
                vec![amend(1), (6, Doing::Input(self.manages(kept.reservation, None, model)))]
            }
            ReservationState::InCall if model.legs().iter().any(talks) => {
                vec![amend(2), (1, Doing::Input(self.manages(kept.reservation, None, model)))]
            }
            ReservationState::InCall if dice.is_multiple_of(3) => vec![amend(5), decline],
            ReservationState::InCall => vec![amend(2)],
            _ if kept.unacknowledged && kept.state != ReservationState::Closed => vec![acknowledge],
            ReservationState::Unverified => vec![amend(1)],
            ReservationState::AwaitingMode | ReservationState::Scheduled | ReservationState::Open | ReservationState::Closed => {
                Vec::new()
            }
        }
    }

    /// A change of one thing, or of two.
    pub(super) fn amendment(&self, reservation: ReservationId, dice: u32, at: Timestamp, model: &Model) -> Input {
        let [what, how, who, more] = dice.to_le_bytes();
        let kept = model.reservations().into_iter().find(|kept| kept.reservation == reservation);
        let sender = kept.as_ref().map_or_else(|| chatbot(MerchantId::new(1)), |kept| kept.user.clone());
        let user = match who % 12 {
            0 => one(&self.users, who.into()).unwrap_or_else(|| sender.clone()),
            1..=3 => kept.as_ref().map_or_else(|| sender.clone(), |kept| Address::Sms(kept.contact)),
            _ => sender.clone(),
        };
        let mut input = Amend {
            user,
            reservation,
            window: None,
            zone: None,
            contact: None,
            offering: None,
            name: None,
            share: None,
            evidence: more.is_multiple_of(4).then(|| BookingEvidence {
                channel: Channel::Sms,
                message: Some(Text::from("m".repeat(usize::from(more / 4 % 34)))),
                body_hash: None,
                agent: None,
            }),
            attachments: what.is_multiple_of(7).then(|| people::attachments(dice.rotate_right(7) & !8)),
        };
        let window = kept.as_ref().and_then(|kept| self.new_window(kept, how, at));
        let contact = match how % 8 {
            0 => line_numbers(0)[0],
            1 | 2 => foreign_number(),
            3..=5 => sender.number().unwrap_or_else(foreign_number),
            _ => one(&self.users, (how / 8).into()).and_then(|user| user.number()).unwrap_or_else(foreign_number),
        };
        match what % 16 {
            0 => {}
            1..=3 => input.name = Some(Text::from("王".repeat(usize::from(how % 33)))),
            4 => input.offering = Some(OfferingId::new(u64::from(how % 3) * 3 + 1)),
            5 => input.offering = Some(OfferingId::new(2)),
            6 | 7 => input.contact = Some(contact),
            8 => (input.contact, input.window) = (Some(contact), window),
            10 => input.share = Some(how.is_multiple_of(3)),
            9 => (input.name, input.window) = (Some(Text::from("张三")), window),
            _ => input.window = window,
        }
        Input::Amend(input)
    }

    /// Another window: shorter, longer, later, or one that is offered elsewhere.
    fn new_window(&self, kept: &ReservationSummary, how: u8, at: Timestamp) -> Option<Window> {
        let page = self.pages.iter().find(|page| page.merchant == kept.merchant)?;
        let (start, end) = (kept.window.start(), kept.window.end());
        let seconds = [1, 10, 30, 50, 100][usize::from(how / 8 % 5)];
        match how % 8 {
            0 => Window::new(start, end.saturating_sub_s(seconds)).ok(),
            1 => Window::new(start, at.saturating_add_s(seconds)).ok(),
            2 => Window::new(at.saturating_add_s(seconds), end).ok(),
            3 | 4 => page.windows.iter().find(|offered| offered.covers(&kept.window) && **offered != kept.window).copied(),
            5 => one(&page.windows, (how / 8).into()),
            6 => Window::new(start.saturating_sub_s(seconds), end.saturating_add_s(seconds)).ok(),
            _ => Window::new(at, at.saturating_add_s(seconds * 2)).ok(),
        }
    }

    pub(super) fn declines(&self, reservation: ReservationId, own: bool, model: &Model) -> Input {
        let kept = model.reservations().into_iter().find(|kept| kept.reservation == reservation);
        let merchant = kept.filter(|_| own).map_or(MerchantId::new(3), |kept| kept.merchant);
        let reasons =
            [None, Some("本周休假，请拨打 400-800-5555"), Some("一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一")];
        let reason = reasons[usize::try_from(model.effects_given() % 7).unwrap_or(0).min(2)];
        Input::Decline(Decline { merchant, reservation, reason: reason.map(Text::from) })
    }

    pub(super) fn acknowledges(&self, reservation: ReservationId, user: Option<Pick>, model: &Model) -> Input {
        let own = model.reservations().into_iter().find(|kept| kept.reservation == reservation).map(|kept| kept.user);
        let user = user.and_then(|user| one(&self.users, user)).or(own).unwrap_or_else(|| chatbot(MerchantId::new(1)));
        Input::Acknowledge(Acknowledge { user, reservation })
    }
}
