//! What can happen in a world, and what each step shows.

use std::hash::Hash;

use ringfence::values::effect::Party;
use ringfence::values::evidence::Evidence;
use ringfence::values::id::{GroupId, LegId, ReservationId};
use ringfence::values::input::{
    Block, BlockTarget, CallTarget, Cancel, ChooseMode, EffectFailed, Input, LegAnswered, LegEnded, LegProgress, RequestCall,
    Resync,
};
use ringfence::values::number::Address;
use ringfence::values::policy::CallMode;
use ringfence::values::reply::{Deny, Reply, Verdict};
use ringfence::{Keyring, Platform};
use ringfence_testing::trace::Doing;

use crate::world::{Event, Fallen, World, leg, number};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    Request(u64),
    /// The merchant calls the group of both.
    RequestGroup,
    Cancel(u64),
    /// The user wants nothing more of the merchant.
    Block(u64),
    Choose(u64, CallMode),
    Progress(LegId),
    Answer(LegId),
    End(LegId, Option<u8>),
    /// The host says that it did not carry out this effect.
    Fail(u64),
    /// The host stops after the log and before the dial, comes back, and dials.
    Restart,
    /// The switch comes back with its legs, or without.
    Resync {
        legs_live: bool,
    },
    /// The host fires what is due next, at its instant.
    Advance,
    /// The host's clock reaches the next deadline, and somebody is faster than it.
    Oversleep,
    /// The clock stands one microsecond before the window's end.
    NearEnd,
    /// The host slept past the window's end.
    PastEnd,
}

impl World {
    pub(crate) fn act(&mut self, act: Act) {
        let before = *self.checker.summary();
        let (rang, was_served, talked) = (self.rings(), self.served, self.sharing());
        self.event = Event::None;
        self.restarted = false;
        if !matches!(act, Act::Fail(_) | Act::Restart | Act::Resync { .. }) {
            self.confirm();
        }
        match act {
            Act::Request(id) => self.request(self.sides.of(id).2, ReservationId::new(id)),
            Act::RequestGroup => self.request(self.sides.of(1).2, GroupId::new(1)),
            Act::Cancel(id) => self.cancel(id),
            Act::Block(id) => self.block(id),
            Act::Choose(id, mode) => {
                self.budget.modes -= 1;
                let choose = ChooseMode { merchant: self.sides.of(id).1, reservation: ReservationId::new(id), mode };
                if self.input(Input::ChooseMode(choose)).is_err() {
                    self.event = Event::Refused;
                }
            }
            Act::Progress(leg) => {
                self.budget.odd -= 1;
                self.switch.entry(leg).and_modify(|leg| leg.progressed = true);
                let _ = self.input(Input::LegProgress(LegProgress { leg }));
            }
            Act::Answer(id) => self.answer(id),
            Act::End(id, q850_cause) => {
                if self.switch.contains_key(&id) {
                    self.remove(id)
                } else {
                    self.budget.odd -= 1
                }
                let _ = self.input(Input::LegEnded(LegEnded {
                    leg: id,
                    evidence: Evidence { sip_status: None, q850_cause, ..Evidence::default() },
                }));
            }
            Act::Fail(sequence) => {
                self.budget.faults -= 1;
                if let Some((_, id)) = self.fresh.iter().find(|(fresh, _)| *fresh == sequence) {
                    let id = *id;
                    match self.switch.get_mut(&id) {
                        // An answer that was not carried out leaves the caller waiting. A dial is in doubt: its phone may ring all the same.
                        Some(leg) if leg.inbound => leg.asked = false,
                        Some(_) | None => {}
                    }
                }
                self.event = Event::DialFailed;
                let _ = self.input(Input::EffectFailed(EffectFailed { sequence }));
            }
            Act::Restart => self.restart(),
            Act::Resync { legs_live } => {
                self.budget.faults -= 1;
                if !legs_live {
                    self.switch.clear();
                    self.event = Event::LegsLost;
                }
                let legs = self.switch.keys().copied().collect();
                let _ = self.input(Input::Resync(Resync { legs }));
            }
            Act::Advance => {
                self.now = self.deadline().unwrap_or(self.now);
                let _ = self.platform.advance(self.now, 1_000);
                self.judge(Doing::Advance { budget: 1_000 }, None);
            }
            Act::Oversleep => {
                self.budget.late -= 1;
                self.now = self.deadline().unwrap_or(self.now);
            }
            Act::NearEnd => {
                self.budget.late -= u8::from(self.deadline().is_some_and(|at| at < self.last_microsecond()));
                self.now = self.last_microsecond();
            }
            Act::PastEnd => {
                self.budget.late -= 1;
                self.now = self.end.saturating_add_s(1);
            }
        }
        self.notice(act, &before, rang, was_served);
        self.notice_shared(act, talked);
        self.seal();
    }

    pub(crate) fn request(&mut self, line: &str, target: impl Into<CallTarget>) {
        self.budget.requests -= 1;
        let request = RequestCall::new(number(line), target);
        let gate = self.platform.gate(request, self.now);
        let reply = self.input(Input::RequestCall(request));
        let verdict = match &reply {
            Ok(Reply::Allow(allow)) => {
                self.switch.insert(allow.leg, leg(Party::Merchant, true));
                Verdict::Allow
            }
            Ok(Reply::Deny(Deny { reason, retry_at, .. })) => {
                self.event = Event::Denied(*reason);
                Verdict::Deny { reason: *reason, retry_at: *retry_at }
            }
            other => return self.fall(Fallen::Gate(format!("{other:?}"))),
        };
        if verdict != gate {
            self.fall(Fallen::Gate(format!("gate says {gate:?}, request_call {verdict:?}")));
        }
    }

    pub(crate) fn cancel(&mut self, id: u64) {
        self.budget.cancels -= 1;
        let talking = self.switch.values().any(|leg| leg.party == Party::User && leg.answered && !leg.hung_up);
        let withdrawn = self.checker.summary().withdrawn_while_ringing;
        let user = Address::Rcs(number(self.sides.of(id).0));
        let reply = self.input(Input::Cancel(Cancel { user, reservation: ReservationId::new(id) }));
        if self.checker.summary().withdrawn_while_ringing > withdrawn {
            self.switch.values_mut().filter(|leg| leg.hung_up).for_each(|leg| leg.withdrawn = true);
            self.event = Event::CancelEndsRinging;
        } else if reply == Ok(Reply::Done) && talking && self.switch.values().all(|leg| !leg.hung_up) {
            self.event = Event::CancelLeavesConversation;
        }
    }

    /// Takes the place of a cancel: nobody does both.
    pub(crate) fn block(&mut self, id: u64) {
        self.budget.cancels -= 1;
        let user = Address::Rcs(number(self.sides.of(id).0));
        let _ = self.input(Input::Block(Block { user, what: BlockTarget::Merchant(self.sides.of(id).1) }));
    }

    /// What a step made of a call that two share. `talked`: how many were on the bridge before.
    fn notice_shared(&mut self, act: Act, talked: usize) {
        self.event = match (act, talked, self.sharing()) {
            (Act::Answer(_), 1, 2) => Event::JoinsRunningBridge,
            (Act::Block(_), 2, 1) => Event::BlockLeavesTheOther,
            _ => return,
        };
    }

    pub(crate) fn answer(&mut self, id: LegId) {
        let Some(known) = self.switch.get_mut(&id) else { return };
        let crosses = known.withdrawn && !known.answered;
        let expected = known.expects_answer();
        known.answered = true;
        self.budget.odd -= u8::from(!expected);
        let _ = self.input(Input::LegAnswered(LegAnswered { leg: id }));
        if crosses {
            self.event = Event::CancelCrossesAnswer;
        }
    }

    pub(crate) fn restart(&mut self) {
        self.budget.faults -= 1;
        let view = self.platform.model_view();
        match Platform::restore(&self.platform.snapshot(), Keyring::default(), 7) {
            Ok(platform) if platform.model_view() == view && platform.state_hash() == self.platform.state_hash() => {
                self.platform = platform;
            }
            Ok(_) | Err(_) => return self.fall(Fallen::Restore),
        }
        self.restarted = true;
        self.event = Event::DialledAfterRestart;
        self.judge(Doing::Restart, None);
    }

    pub(crate) fn notice(&mut self, act: Act, before: &ringfence_testing::checker::Summary, rang: bool, was_served: [bool; 2]) {
        let after = *self.checker.summary();
        let joined = |mode| match mode {
            CallMode::MerchantCalls => after.conversations_merchant_calls > before.conversations_merchant_calls,
            CallMode::PlatformCalls => after.conversations_platform_calls > before.conversations_platform_calls,
        };
        for mode in CallMode::ALL.into_iter().filter(|mode| joined(*mode)) {
            let calls = self.platform.calls();
            let talking = calls
                .iter()
                .filter_map(|call| self.platform.call(*call))
                .find(|call| call.state == ringfence::machines::call::CallState::Talking);
            if let Some(call) = talking {
                for member in call.members.iter().filter(|member| member.is_talked) {
                    self.served[usize::from(member.reservation == ReservationId::new(2))] = true;
                }
            }
            let both_served = self.served == [true; 2] && was_served != [true; 2];
            self.event = Event::Joined { mode, last_microsecond: self.now == self.last_microsecond(), both_served };
        }
        if after.window_ended_while_ringing > before.window_ended_while_ringing && rang {
            self.event = Event::WindowEndsWhileRinging;
        } else if after.late_answers > before.late_answers && self.event == Event::None {
            self.event = Event::LateAnswer;
        }
        if self.event == Event::None
            && matches!(act, Act::End(..) | Act::Answer(_) | Act::Progress(_))
            && after.effects == before.effects
        {
            self.event = Event::Repeat;
        }
        if let Err(what) = self.platform.check_invariants() {
            self.fall(Fallen::Invariant(what));
        }
        if self.platform.poll_deadline().is_none() {
            if let Err(violation) = self.checker.closed() {
                self.fall(Fallen::Unfinished(violation.text));
            }
            if !self.platform.reservations().is_empty() || !self.platform.calls().is_empty() || !self.platform.legs().is_empty() {
                self.fall(Fallen::Unfinished("something is left over, and nothing is due".to_owned()));
            }
        }
    }
}
