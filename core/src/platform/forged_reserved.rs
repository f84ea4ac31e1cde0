//! The same of calls under a reservation whose merchants leave messages: what one half says of such a call and the other does not.

use alloc::format;

use super::forged::{at, is_refused, number, world};
use crate::books::voice_messages::Under;
use crate::machines::call::CallState;
use crate::machines::leg::LegState;
use crate::platform::Platform;
use crate::values::account::AccountId;
use crate::values::evidence::Evidence;
use crate::values::id::{CallId, ChallengeId, LegId, ReservationId};
use crate::values::reply::{Allow, Reply};

const SHARD: u64 = 3 << 48;

/// Two merchants of two users who are busy: the first is offered the recorder, the second speaks. Nothing of it is confirmed.
fn meeting() -> Platform {
    let mut platform = world();
    platform.load_key("k1", super::forged::KEY).unwrap();
    platform.rotate_key(at("09:00:00"), "k1").unwrap();
    let account = AccountId::parse("zhang").unwrap();
    platform.follow(at("09:00:00"), account.clone()).unwrap();
    for last in 1..=2_u64 {
        let phone = number(&format!("+861380000000{last}"));
        platform.request_binding(at("09:00:00"), account.clone(), phone).unwrap();
        let code = platform.code(ChallengeId::new(SHARD | last)).unwrap();
        platform.confirm_binding(at("09:00:00"), account.clone(), phone, code).unwrap();
    }
    for (reservation, is_answered) in platform.reservations().into_iter().zip([false, true]) {
        let reply = platform.request_call(at("18:00:00"), number("95511"), reservation);
        let Ok(Reply::Allow(Allow { leg, .. })) = reply else { panic!("{reply:?}") };
        if is_answered {
            platform.leg_answered(at("18:00:01"), leg).unwrap();
        }
        let user = LegId::new(leg.get() + 1);
        let evidence = Evidence { sip_status: Some(486), ..Evidence::default() };
        platform.leg_ended(at("18:00:02"), user, evidence).unwrap();
    }
    let states: alloc::vec::Vec<_> = platform.calls().into_iter().map(|call| platform.call(call).unwrap().state).collect();
    assert_eq!(states, [CallState::Recording; 2]);
    platform
}

#[test]
fn a_message_and_the_call_that_it_is_left_in_know_of_each_other() {
    let platform = meeting();
    let records = "is left in a call that does not record it";
    let under = |call: u64, reservation: u64| {
        let (call, reservation) = (CallId::new(SHARD | call), ReservationId::new(SHARD | reservation));
        Some(Under { call, reservation })
    };
    is_refused(&platform, records, |body| body.fallback.voice_messages[0].under = under(2, 2));
    is_refused(&platform, records, |body| body.fallback.voice_messages[0].under = under(1, 2));
    is_refused(&platform, records, |body| body.fallback.voice_messages[1].caller.number = Some(number("95512")));
    is_refused(&platform, "was left in a call that was not given", |body| {
        body.fallback.voice_messages[0].under = under(9, 1);
    });
    is_refused(&platform, "was left in a call that was not given", |body| {
        body.fallback.voice_messages[0].under = under(1, 9);
    });
    is_refused(&platform, "is in both halves", |body| body.fallback.voice_messages[0].under = None);
    is_refused(&platform, records, |body| {
        for message in &mut body.fallback.voice_messages {
            message.leg = message.leg.map(|leg| LegId::new(leg.get() ^ 2));
        }
        body.outbox.clear();
    });
    is_refused(&platform, "a call records a message that is not kept", |body| {
        body.fallback.voice_messages.pop();
        body.outbox.clear();
    });
    is_refused(&platform, "a call records a message that is not kept", |body| {
        body.fallback.voice_messages[1].leg = None;
        body.outbox.clear();
    });
    is_refused(&platform, records, |body| {
        for leg in body.appointments.legs.iter_mut().filter(|leg| leg.state == LegState::Ringing) {
            leg.state = LegState::Answered;
        }
        body.outbox.clear();
    });
}

#[test]
fn a_call_that_records_is_of_two_and_its_user_is_out() {
    let platform = meeting();
    let is_none = "leaves a message as no call of two does";
    is_refused(&platform, is_none, |body| body.appointments.calls[0].members[0].is_dialled = false);
    is_refused(&platform, is_none, |body| body.appointments.calls[1].answer_by = Some(at("18:00:05")));
    is_refused(&platform, is_none, |body| body.appointments.calls[1].talk_until = Some(at("18:30:00")));
    is_refused(&platform, "waits for nobody", |body| body.appointments.calls[0].state = CallState::Gathering);
    is_refused(&platform, "is left in a call that does not record it", |body| {
        let call = &mut body.appointments.calls[1];
        call.state = CallState::Ended;
        for leg in body.appointments.legs.iter_mut().filter(|leg| leg.call == call.id) {
            leg.state = LegState::Clearing;
            leg.cause = Some(crate::values::cause::ReleaseCause::UserBusy);
            leg.until = at("18:00:30");
        }
        body.outbox.clear();
    });
    is_refused(&platform, "answers a leg that does not wait for it", |body| {
        for leg in body.appointments.legs.iter_mut().filter(|leg| leg.state == LegState::Ringing) {
            leg.state = LegState::Answered;
        }
    });
}
