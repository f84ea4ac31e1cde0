//! How results come, and the page to manage a reservation.

use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::sample::select;
use ringfence::values::id::ReservationId;
use ringfence::values::input::{Input, PageOf, RequestPage, ResultBy};
use ringfence::values::number::Address;
use ringfence::values::policy::{ActionsIn, Bearer, Policy};
use ringfence::values::text::Text;

use super::moves::{Pick, one};
use super::worlds::{World, foreign_number, no_users_number};
use crate::model::Model;

/// Policies that say where buttons are and what carries a call.
pub(super) fn with_contents(policies: impl Strategy<Value = Policy>) -> impl Strategy<Value = Policy> {
    let actions_in = prop_oneof![3 => Just(ActionsIn::Result), 1 => Just(ActionsIn::ManagePage)];
    let bearer = select(vec![Bearer::Volte, Bearer::Any]);
    (policies, actions_in, bearer).prop_map(|(policy, actions_in, bearer)| Policy {
        outbox_max: if actions_in == ActionsIn::ManagePage { policy.outbox_max.max(9) } else { policy.outbox_max },
        actions_in,
        bearer,
        ..policy
    })
}

/// How a user wants the result, and the mailbox that he names: mostly neither.
pub(super) fn result_way(user: Pick) -> (Option<ResultBy>, Option<Address>) {
    let mailbox = || Some(Address::Email(Text::from("li@example.com")));
    match user / 7 % 16 {
        0 => (Some(ResultBy::Page), None),
        1 => (Some(ResultBy::Sms), mailbox()),
        2 | 3 => (Some(ResultBy::Email), mailbox()),
        4 => (Some(ResultBy::Email), None),
        5 | 6 => (None, mailbox()),
        7 if user.is_multiple_of(5) => (None, Some(Address::Sms(foreign_number()))),
        _ => (None, None),
    }
}

impl World {
    /// Somebody asks for the page to manage a reservation.
    pub(super) fn manages(&self, reservation: ReservationId, user: Option<Pick>, model: &Model) -> Input {
        let kept = model.reservations().into_iter().find(|kept| kept.reservation == reservation);
        let holder = kept.as_ref().map(|kept| Address::Sms(kept.contact));
        let user = match user {
            Some(pick) if pick % 8 == 0 => Some(Address::Mms(no_users_number(pick / 8))),
            Some(pick) if pick % 8 < 5 => holder,
            Some(pick) => one(&self.users, pick / 8),
            None => kept.map(|kept| kept.user),
        };
        let user = user.unwrap_or(Address::Rcs(foreign_number()));
        Input::RequestPage(RequestPage { user, of: PageOf::Reservation(reservation) })
    }
}
