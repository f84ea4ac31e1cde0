//! Moves that choose when inside a window the platform calls.

use ringfence::values::id::{MerchantId, ReservationId};
use ringfence::values::input::{ChooseSlot, Input, MerchantReady, Slot};
use ringfence::values::policy::CallMode;
use ringfence::values::reply::ReservationState;
use ringfence::values::time::{Timestamp, Window};

use crate::model::{Model, ReservationSummary};
use crate::trace::Doing;

/// What fits the moment: a short slot for one that the platform calls, and another one after that.
pub(super) fn next(kept: &ReservationSummary, dice: u32, at: Timestamp, model: &Model) -> Vec<(u32, Doing)> {
    // Other bits than those that choose between the moves.
    let dice = dice.rotate_right(7);
    let is_idle = matches!(kept.state, ReservationState::Scheduled | ReservationState::Open);
    let mode = kept.chosen.unwrap_or_else(|| model.policy().mode_unless_chosen());
    if !is_idle || mode != CallMode::PlatformCalls {
        return Vec::new();
    }
    let slot = Doing::Input(slot(kept.merchant, kept.reservation, Some(kept.window), dice, at));
    let ready = Doing::Input(Input::MerchantReady(MerchantReady { merchant: kept.merchant, reservation: kept.reservation }));
    // Seldom is there a second conversation: nobody stands in its way.
    let talked = kept.conversations > 0;
    match (kept.spent, kept.slot) {
        (Some(_), _) if talked => vec![(240, ready)],
        _ if talked => Vec::new(),
        (Some(_), _) => vec![(6, slot), (8, ready)],
        (None, Some(_)) => vec![(1, slot)],
        (None, None) => vec![(2, slot)],
    }
}

/// A slot for this reservation, or a merchant who is ready; seldom somebody else's reservation.
pub(super) fn chosen(reservation: ReservationId, dice: u32, at: Timestamp, model: &Model) -> Input {
    let kept = model.reservations().into_iter().find(|kept| kept.reservation == reservation);
    let own = kept.as_ref().filter(|_| !dice.is_multiple_of(12)).map(|kept| kept.merchant);
    let merchant = own.unwrap_or(MerchantId::new(3));
    if (dice / 12).is_multiple_of(4) {
        return Input::MerchantReady(MerchantReady { merchant, reservation });
    }
    slot(merchant, reservation, kept.map(|kept| kept.window), dice / 64, at)
}

/// Inside the window, mostly; or over, before it, longer than it, or all of it.
fn slot(merchant: MerchantId, reservation: ReservationId, window: Option<Window>, dice: u32, at: Timestamp) -> Input {
    let [how, from, long, _] = dice.to_le_bytes();
    let begins = window.map_or(at, |window| window.start().max(at));
    let start = match how % 16 {
        0 => at.saturating_sub_s(20),
        1 => window.map_or(at, |window| window.start()),
        2 => begins.saturating_sub_s(1),
        _ => begins.saturating_add_s([0, 0, 1, 10, 30][usize::from(from % 5)]),
    };
    let end = match how / 16 % 8 {
        0 => window.map_or(start, |window| window.end()),
        1 => start.saturating_add_s(4_000),
        _ => {
            let end = start.saturating_add_s([1, 5, 10, 15, 25][usize::from(long % 5)]);
            window.map_or(end, |window| if how % 16 > 3 { end.min(window.end()) } else { end })
        }
    };
    let slot = match Window::new(start, end) {
        Ok(slot) if !long.is_multiple_of(7) => Slot::Window(slot),
        Ok(_) | Err(_) => Slot::From(start),
    };
    Input::ChooseSlot(ChooseSlot { merchant, reservation, slot })
}
