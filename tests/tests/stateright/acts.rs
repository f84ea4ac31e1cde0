//! What can happen in a world, and what each step shows.

use std::hash::Hash;

use ringfence::Platform;
use ringfence::books::voice_messages::VoiceMessage;
use ringfence::machines::voice_message::VoiceMessageState;
use ringfence::values::account::{ConfirmBinding, Follow, Unfollow};
use ringfence::values::code::Code;
use ringfence::values::effect::{Party, Ruling, Undeliverable, VoiceMessageOutcome};
use ringfence::values::evidence::Evidence;
use ringfence::values::id::{GroupId, LegId, MediaId, OfferingId, ReservationId, VoiceMessageId};
use ringfence::values::input::{
    Amend, Block, BlockTarget, CallFailed, CallTarget, Cancel, ChooseMode, ChooseSlot, ConfirmContact, Decline, EffectFailed,
    ForgetMe, Freeze, ImportDoNotCall, Input, LegAnswered, LegEnded, LegProgress, MerchantReady, MessageReported, MessageStatus,
    OpenMessage, Recorded, RequestCall, RequestCode, Resync, Scope, Slot, Thaw,
};
use ringfence::values::number::Address;
use ringfence::values::policy::CallMode;
use ringfence::values::refusal::Refusal;
use ringfence::values::reply::{CallJudged, Deny, Reply, ReservationState, Verdict};
use ringfence::values::time::Window;
use ringfence_testing::codes::test_keyring;
use ringfence_testing::trace::Doing;

use crate::world::{ACCOUNTS, Bar, Event, Fallen, Sides, SwitchLeg, USERS, VIRTUAL, World, account, booking, leg, number};

const FIRST: ReservationId = ReservationId::new(1);

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
    /// The user gives another name, which carries a call, or wants to talk about something else, which does not.
    Amend {
        offering: bool,
    },
    Decline,
    /// The merchant of the first reservation chooses the first or the second half of the window.
    Slot {
        second: bool,
    },
    Ready,
    /// A code comes back for the first reservation.
    Code {
        right: bool,
    },
    AskForCode,
    /// The second user books.
    Book,
    /// The first user wants to be forgotten.
    Forget,
    /// The operator keeps the first user's phone from ringing.
    Bar(Bar),
    /// He lets it ring again.
    Unbar,
    /// A call outside any reservation reaches nobody.
    FailedCall,
    /// The recording of whoever is offered the recorder comes.
    Recorded,
    /// A gateway says what became of a push: of the first or the last, and what it says.
    Reported {
        first: bool,
        code: Option<&'static str>,
    },
    /// The account opens its message.
    Opens,
    /// It stops following, or follows again.
    Follows(bool),
    /// The other account gives its code.
    TakesOver,
}

impl World {
    pub(crate) fn act(&mut self, act: Act) {
        let before = *self.checker.summary();
        let (rang, was_served, talked) = (self.rings(), self.served, self.sharing());
        self.event = Event::None;
        self.restarted = false;
        if !matches!(act, Act::Fail(_) | Act::Restart | Act::Resync { .. } | Act::Bar(_)) {
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
            Act::Amend { offering } => self.amend(offering),
            Act::Decline => self.decline(),
            Act::Slot { second } => {
                let middle = self.window.start().saturating_add_s(20);
                let (start, end) = if second { (middle, self.window.end()) } else { (self.window.start(), middle) };
                let slot = Slot::Window(Window::new(start, end).expect("half of the window"));
                self.slot(Input::ChooseSlot(ChooseSlot { merchant: self.sides.of(1).1, reservation: FIRST, slot }));
            }
            Act::Ready => {
                self.slot(Input::MerchantReady(MerchantReady { merchant: self.sides.of(1).1, reservation: FIRST }));
            }
            Act::Code { right } => self.code(right),
            Act::AskForCode => {
                self.budget.asks -= 1;
                let user = Address::Rcs(number(self.sides.of(1).0));
                if self.input(Input::RequestCode(RequestCode { user, reservation: FIRST })).is_ok() {
                    self.event = Event::CodeReplaced;
                }
            }
            Act::Book => {
                self.budget.bookings -= 1;
                self.event = match self.input(booking(self.sides, 2, self.window)) {
                    Ok(_) => {
                        let reservation = self.platform.reservation(ReservationId::new(2));
                        let leased = reservation.is_some_and(|reservation| reservation.virtual_number.is_some());
                        if leased { Event::LeasedAnew } else { Event::PoolEmpty }
                    }
                    Err(_) => Event::Refused,
                };
            }
            Act::Forget => self.forget(),
            Act::Bar(bar) => {
                self.budget.bars -= 1;
                let rang = self.rings();
                self.bar(bar, true);
                self.barred = Some(bar);
                if rang && !self.rings() {
                    self.withdrawn();
                    self.event = Event::BarTakesDialBack;
                }
            }
            Act::Unbar => {
                self.budget.bars -= 1;
                if let Some(bar) = self.barred.take() {
                    self.bar(bar, false);
                }
            }
            Act::FailedCall => self.failed_call(),
            Act::Recorded => self.recorded(),
            Act::Reported { first, code } => self.reported(first, code),
            Act::Opens => {
                let voice_message = self.message().map_or(VoiceMessageId::new(1), |message| message.id);
                let _ = self.input(Input::OpenMessage(OpenMessage { account: account(ACCOUNTS[0]), voice_message }));
            }
            Act::Follows(follows) => {
                self.budget.follows -= 1;
                let account = account(ACCOUNTS[0]);
                let input = if follows { Input::Follow(Follow { account }) } else { Input::Unfollow(Unfollow { account }) };
                let _ = self.input(input);
            }
            Act::TakesOver => self.takes_over(),
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
        let target = match self.sides {
            Sides::OneNumber => CallTarget::from(number(VIRTUAL)),
            Sides::OneMerchantTwoUsers
            | Sides::TwoMerchantsOneUser
            | Sides::OneMerchantTwoSharing
            | Sides::OneUser
            | Sides::Gap
            | Sides::Recorder
            | Sides::Caller
            | Sides::Holder => target.into(),
        };
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

    pub(crate) fn amend(&mut self, offering: bool) {
        self.budget.amends -= 1;
        let before = *self.checker.summary();
        let user = Address::Rcs(number(self.sides.of(1).0));
        let (name, offering) = if offering { (None, Some(OfferingId::new(2))) } else { (Some("张三".into()), None) };
        let amend = Amend { name, offering, ..Amend::new(user, FIRST) };
        let reply = self.input(Input::Amend(amend));
        let after = *self.checker.summary();
        if after.rebased > before.rebased {
            self.event = Event::AmendCarries;
        } else if after.amended_while_ringing > before.amended_while_ringing {
            self.withdrawn();
            self.event = Event::AmendEndsRinging;
        } else if matches!(reply, Ok(Reply::Amended(amended)) if amended.state == ReservationState::InCall) {
            self.event = Event::AmendWaits;
        }
    }

    pub(crate) fn decline(&mut self) {
        self.budget.declines -= 1;
        let rang = self.rings();
        let decline = Decline { merchant: self.sides.of(1).1, reservation: FIRST, reason: None };
        if self.input(Input::Decline(decline)) == Ok(Reply::Done) && rang && !self.rings() {
            self.withdrawn();
            self.event = Event::DeclineEndsRinging;
        }
    }

    /// Where blocks have no budget of their own, one takes the place of a cancel: nobody does both.
    pub(crate) fn block(&mut self, id: u64) {
        let budget = if self.budget.blocks > 0 { &mut self.budget.blocks } else { &mut self.budget.cancels };
        *budget -= 1;
        let (rang, talked) = (self.rings(), self.talks());
        let user = Address::Rcs(number(self.sides.of(id).0));
        let what = BlockTarget::Merchant(self.sides.of(id).1);
        let reply = self.input(Input::Block(Block { user, what }));
        if reply == Ok(Reply::Done) && talked && !self.talks() {
            self.event = Event::BlockEndsTalk;
        } else if reply == Ok(Reply::Done) && rang && !self.rings() {
            self.withdrawn();
            self.event = Event::BlockEndsRinging;
        }
    }

    fn forget(&mut self) {
        self.budget.forgets -= 1;
        let (rang, talked) = (self.rings(), self.talks());
        let user = Address::Rcs(number(self.sides.of(1).0));
        let _ = self.input(Input::ForgetMe(ForgetMe { user }));
        self.forgot = true;
        if talked && self.talks() {
            self.event = Event::ForgetLeavesTalk;
        } else if rang && !self.rings() {
            self.withdrawn();
            self.event = Event::ForgetEndsRinging;
        }
    }

    fn bar(&mut self, bar: Bar, is_barred: bool) {
        let (user, merchant, _) = self.sides.of(1);
        let (by, why) = ("duty".into(), "complaints".into());
        let scope = match bar {
            Bar::Merchant => Scope::Merchant(merchant),
            Bar::Number => Scope::Number(number(user)),
            Bar::List => {
                let (mut add, mut remove) = (Vec::new(), Vec::new());
                if is_barred {
                    add.push(number(user))
                } else {
                    remove.push(number(user))
                }
                let _ = self.input(Input::ImportDoNotCall(ImportDoNotCall { add, remove }));
                return;
            }
        };
        let input = if is_barred { Input::Freeze(Freeze { scope, by, why }) } else { Input::Thaw(Thaw { scope, by, why }) };
        let _ = self.input(input);
    }

    /// An answer of what was hung up now crosses its hang-up.
    fn withdrawn(&mut self) {
        self.switch.values_mut().filter(|leg| leg.hung_up).for_each(|leg| leg.withdrawn = true);
    }

    fn talks(&self) -> bool {
        self.switch.values().any(|leg| leg.party == Party::User && leg.answered && !leg.hung_up)
    }

    fn slot(&mut self, input: Input) {
        self.budget.slots -= 1;
        if let Err(Refusal::NotPlatformMode { .. }) = self.input(input) {
            self.event = Event::SlotRefused;
        }
    }

    pub(crate) fn code(&mut self, right: bool) {
        let budget = if right { &mut self.budget.right } else { &mut self.budget.wrong };
        *budget -= 1;
        let out = self.platform.reservation(FIRST).and_then(|reservation| reservation.challenge);
        let known = out.and_then(|challenge| self.platform.code(challenge).ok());
        let digits = known.map_or_else(|| "000000".to_owned(), |code| code.digits());
        let wrong: String = digits.chars().map(|digit| if digit == '9' { '0' } else { '9' }).collect();
        let code = Code::parse(if right { &digits } else { &wrong }).expect("digits are a code");
        let user = Address::Sms(number(USERS[0]));
        self.event = match self.input(Input::ConfirmContact(ConfirmContact { user, reservation: FIRST, code })) {
            Ok(Reply::Confirmed(_)) => Event::HolderAgrees,
            Ok(Reply::WrongCode(wrong)) if wrong.left == 0 => Event::LastWrongCode,
            Ok(Reply::WrongCode(_)) => Event::WrongCode,
            Err(Refusal::NoCode { .. }) => Event::NoCode,
            Ok(_) | Err(_) => Event::Refused,
        };
    }

    /// The last message that is kept.
    pub(crate) fn message(&self) -> Option<&VoiceMessage> {
        self.platform.voice_messages().last().and_then(|id| self.platform.voice_message(*id))
    }

    fn failed_call(&mut self) {
        self.budget.requests -= 1;
        let evidence = Evidence { sip_status: Some(486), ..Evidence::default() };
        let (caller, callee) = (Some(number(USERS[1])), number(USERS[0]));
        let reply = self.input(Input::CallFailed(CallFailed { caller, callee, evidence, is_answered: false }));
        if let Ok(Reply::FailedCall(CallJudged { leg: id, ruling: Ruling::Offered(_) })) = reply {
            self.switch.insert(id, SwitchLeg { asked: true, ..leg(Party::Merchant, true) });
        }
    }

    fn recorded(&mut self) {
        let Some(voice_message) = self.message().map(|message| message.id) else { return };
        // Each has a medium of its own, and all lives have the same few.
        let taken = self.platform.voice_messages().len() as u64;
        let media = MediaId::new(taken);
        let _ = self.input(Input::Recorded(Recorded { voice_message, media, seconds: 9, is_silent: false }));
    }

    fn reported(&mut self, first: bool, code: Option<&'static str>) {
        let Some(message) = self.message() else { return };
        let pushed = if first { message.pushed.first() } else { message.pushed.last() };
        let Some(sequence) = pushed.copied() else { return };
        let is_awaited = message.state == VoiceMessageState::Pushing && message.pushed.last() == Some(&sequence);
        self.budget.odd -= u8::from(!is_awaited);
        let status = match code {
            None => MessageStatus::Delivered,
            Some(code) => MessageStatus::Failed { code: code.into() },
        };
        let effects = self.checker.summary().effects;
        let reply = self.input(Input::MessageReported(MessageReported { message: sequence, status }));
        if !is_awaited && reply == Ok(Reply::NoOp) && self.checker.summary().effects == effects {
            self.event = Event::StaleReport;
        }
    }

    fn takes_over(&mut self) {
        self.budget.takeovers -= 1;
        let is_pushing = |world: &Self| world.message().is_some_and(|message| message.state == VoiceMessageState::Pushing);
        let was_pushing = is_pushing(self);
        let (account, number) = (account(ACCOUNTS[1]), number(USERS[0]));
        let Some(code) = self.platform.binding(&account, number).and_then(|binding| binding.code.as_ref()) else { return };
        let Ok(code) = self.platform.code(code.challenge) else { return };
        let _ = self.input(Input::ConfirmBinding(ConfirmBinding { account, number, code }));
        let ended = self.message().and_then(|message| message.outcome);
        if was_pushing && ended == Some(VoiceMessageOutcome::Undeliverable(Undeliverable::HolderChanged)) {
            self.event = Event::TakenOverDuringPush;
        }
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
        match Platform::restore(&self.platform.snapshot(), test_keyring(), 7) {
            Ok(platform) if platform.model_view() == view && platform.state_hash() == self.platform.state_hash() => {
                self.platform = platform;
            }
            Ok(_) | Err(_) => return self.fall(Fallen::Restore),
        }
        self.restarted = true;
        self.event = if self.pushed { Event::PushedAfterRestart } else { Event::DialledAfterRestart };
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
        if self.event == Event::SlotOver && rang && !self.rings() {
            self.event = Event::SlotEndsWhileRinging;
        }
        if self.sides == Sides::Gap && act == Act::Advance && self.now == self.gap().start() && rang && !self.rings() {
            self.event = Event::HoursEndWhileRinging;
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
            let user = Address::Rcs(number(self.sides.of(1).0));
            if self.forgot && self.platform.profile(&user).is_some() {
                self.fall(Fallen::Unfinished("something is remembered of somebody who was forgotten".to_owned()));
            }
            let is_left = !self.platform.voice_messages().is_empty();
            if is_left
                || !self.platform.reservations().is_empty()
                || !self.platform.calls().is_empty()
                || !self.platform.legs().is_empty()
            {
                self.fall(Fallen::Unfinished("something is left over, and nothing is due".to_owned()));
            }
        }
    }
}
