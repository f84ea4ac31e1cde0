//! How results come, and the page to manage a reservation.

use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::sample::select;
use ringfence::values::id::ReservationId;
use ringfence::values::input::{Input, MessageReported, MessageStatus, PageOf, RequestPage, ResultBy};
use ringfence::values::number::Address;
use ringfence::values::policy::{ActionsIn, Bearer, FallbackChannel, Policy};
use ringfence::values::text::Text;

use super::moves::{Pick, one};
use super::worlds::{World, foreign_number, no_users_number};
use crate::model::Model;

/// Policies that say where buttons are and what carries a call.
pub(super) fn with_contents(policies: impl Strategy<Value = Policy>) -> impl Strategy<Value = Policy> {
    let actions_in = prop_oneof![3 => Just(ActionsIn::Result), 1 => Just(ActionsIn::ManagePage)];
    let bearer = select(vec![Bearer::Volte, Bearer::Any]);
    let reminder = select(vec![0_u32, 30, 5, 200]);
    let (sms, email) = (FallbackChannel::Sms, FallbackChannel::Email);
    let fallback = select(vec![vec![sms, email], vec![sms, email], vec![email, sms], vec![email], vec![]]);
    let kept = (select(vec![3_600_u32, 3_600, 20]), prop_oneof![6 => Just(100_u32), 1 => 0..4_u32]);
    (policies, actions_in, bearer, reminder, fallback, kept).prop_map(
        |(policy, actions_in, bearer, reminder_before_s, fallback, kept)| Policy {
            outbox_max: if actions_in == ActionsIn::ManagePage { policy.outbox_max.max(9) } else { policy.outbox_max },
            actions_in,
            bearer,
            reminder_before_s,
            fallback,
            fallback_wait_s: kept.0,
            messages_max: kept.1,
            ..policy
        },
    )
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

/// A gateway reports on a message: mostly one that failed and may go another way, seldom any effect.
pub(super) fn message_report(message: Pick, how: u8, model: &Model) -> Input {
    let kept = model.reportable();
    let (left, other): (Vec<_>, Vec<_>) = kept.into_iter().partition(|(_, is_left)| *is_left);
    let any = || u64::from(message) % (model.effects_given() + 2);
    let chosen = match how % 8 {
        0 => None,
        1 | 2 => one(&other, message),
        _ => left.last().copied().filter(|_| message.is_multiple_of(2)).or_else(|| one(&left, message)),
    };
    let status = match how / 8 % 8 {
        0 => MessageStatus::Delivered,
        1 => MessageStatus::Read,
        2 if how > 240 => MessageStatus::Failed { code: Text::from("x".repeat(31)) },
        _ => MessageStatus::Failed { code: Text::from("404 +8613800000001") },
    };
    Input::MessageReported(MessageReported { message: chosen.map_or_else(any, |(sequence, _)| sequence), status })
}
