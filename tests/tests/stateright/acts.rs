//! What can happen in a world, and what each step shows.

use ringfence::books::voice_messages::{Road, Under, VoiceMessage};
use ringfence::machines::voice_message::VoiceMessageState;
use ringfence::values::account::{ConfirmBinding, Follow, RequestBinding, Unbind, Unfollow};
use ringfence::values::audit::BindingEnd;
use ringfence::values::cause::FailureReason;
use ringfence::values::code::Code;
use ringfence::values::effect::{
    Abandoned, Action, AuditRecord, Content, Dial, Effect, NoOffer, NotOffered, Party, Ruling, Undeliverable, VoiceMessageOutcome,
};
use ringfence::values::evidence::{Announcement, Evidence};
use ringfence::values::id::{GroupId, LegId, MediaId, OfferingId, ReservationId, VoiceMessageId};
use ringfence::values::input::{
    Amend, Block, BlockTarget, CallFailed, CallTarget, Cancel, ChooseMode, ChooseSlot, ConfirmContact, Decline, Dedup,
    EffectFailed, ForgetMe, Freeze, ImportDoNotCall, Input, LegAnswered, LegEnded, LegProgress, MerchantReady, MessageReported,
    MessageStatus, OpenMessage, PlayFinished, Recorded, RequestCall, RequestCode, Resync, Scope, Slot, Thaw,
};
use ringfence::values::number::Address;
use ringfence::values::policy::CallMode;
use ringfence::values::refusal::Refusal;
use ringfence::values::reply::{CallJudged, Deny, DenyReason, Outcome, Reply, ReservationState, Verdict};
use ringfence::values::time::Window;
use ringfence::{Platform, Reservation};
use ringfence_testing::checker::Summary;
use ringfence_testing::codes::test_keyring;
use ringfence_testing::trace::Doing;

use crate::moments::Moment;
use crate::world::{ACCOUNTS, Bar, Fallen, Sides, SwitchLeg, USERS, VIRTUAL, World, account, booking, leg, number};

const FIRST: ReservationId = ReservationId::new(1);

/// What the network says when a leg is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    Nothing,
    /// Somebody hung up.
    Normal,
    Failed(FailureReason),
}

impl Release {
    /// Something that is said of a leg that is gone for this.
    pub(crate) fn evidence(self) -> Evidence {
        let cause = |q850_cause| Evidence { q850_cause: Some(q850_cause), ..Evidence::default() };
        let said = |class| Evidence { announcements: vec![class], ..Evidence::default() };
        match self {
            Self::Nothing | Self::Failed(FailureReason::Unknown) => Evidence::default(),
            Self::Normal => cause(16),
            Self::Failed(FailureReason::Busy) => cause(17),
            Self::Failed(FailureReason::NoAnswer) => cause(19),
            Self::Failed(FailureReason::Rejected) => said(Announcement::Rejected),
            Self::Failed(FailureReason::PoweredOff) => said(Announcement::PoweredOff),
            Self::Failed(FailureReason::OutOfServiceArea) => said(Announcement::OutOfServiceArea),
            Self::Failed(FailureReason::Suspended) => said(Announcement::Suspended),
            Self::Failed(FailureReason::InvalidNumber) => said(Announcement::InvalidNumber),
            Self::Failed(FailureReason::Blocked) => said(Announcement::Barred),
            Self::Failed(FailureReason::NetworkFault) => said(Announcement::NetworkBusy),
            Self::Failed(FailureReason::CallerGaveUp) => Evidence { sip_status: Some(487), ..Evidence::default() },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    End(LegId, Release),
    /// A prompt ended.
    Played(LegId),
    /// A leg that is gone is said to ring, or to be answered.
    Haunts {
        leg: LegId,
        answered: bool,
    },
    /// The host says that it did not carry out this effect.
    Fail(u64),
    /// The host stops after the log and before the dial, comes back, and dials.
    Restart,
    /// The same, and the host comes back at the next deadline, or after the window.
    Down {
        past_end: bool,
    },
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
    /// The other account asks for the message.
    Peeks,
    /// One of two accounts asks for the number.
    AsksToBind(usize),
    /// It gives a code.
    Binds {
        account: usize,
        right: bool,
    },
    FollowsOf {
        account: usize,
        follows: bool,
    },
    /// It gives the number back.
    Unbinds(usize),
    /// What came under a key (a cancel, or a call) comes again, or something else comes under it.
    Again {
        cancel: bool,
        same: bool,
    },
}

/// Under which key a cancel comes, or a call.
fn key(cancel: bool) -> Dedup {
    Dedup { source: "maap".into(), key: if cancel { "cancel" } else { "call" }.into() }
}

/// Whether somebody who was not reached waits for another call.
fn waits_again(one: &Reservation) -> bool {
    one.attempts > 0 && one.state == ReservationState::Open
}

impl World {
    pub(crate) fn act(&mut self, act: Act) {
        let before = *self.checker.summary();
        let (rang, talked) = (self.rings(), self.sharing());
        self.moments = 0;
        self.restarted = false;
        if !matches!(act, Act::Fail(_) | Act::Restart | Act::Down { .. } | Act::Resync { .. } | Act::Bar(_)) {
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
                    self.show(Moment::ChoiceRefused);
                }
            }
            Act::Progress(leg) => {
                self.budget.odd -= 1;
                self.switch.entry(leg).and_modify(|leg| leg.progressed = true);
                let _ = self.input(Input::LegProgress(LegProgress { leg }));
            }
            Act::Answer(id) => self.answer(id),
            Act::Played(leg) => {
                self.budget.odd -= 1;
                let _ = self.input(Input::PlayFinished(PlayFinished { leg }));
            }
            Act::Haunts { leg, answered } => {
                self.budget.odd -= 1;
                let said =
                    if answered { Input::LegAnswered(LegAnswered { leg }) } else { Input::LegProgress(LegProgress { leg }) };
                let effects = self.checker.summary().effects;
                let reply = self.input(said);
                if reply == Ok(Reply::Done) && self.checker.summary().effects > effects {
                    self.show(Moment::LivesAtTheSwitch);
                }
            }
            Act::End(id, release) => {
                if self.switch.contains_key(&id) {
                    self.remove(id)
                } else {
                    self.budget.odd -= 1
                }
                let _ = self.input(Input::LegEnded(LegEnded { leg: id, evidence: release.evidence() }));
            }
            Act::Fail(sequence) => {
                self.budget.faults -= 1;
                self.show(if self.sides.is_reserved() { Moment::DialFails } else { Moment::EffectFails });
                self.fails(sequence);
            }
            Act::Restart => {
                self.budget.faults -= 1;
                let _ = self.restart();
            }
            Act::Down { past_end } => self.down(past_end),
            Act::Resync { legs_live } => {
                self.budget.faults -= 1;
                if !legs_live {
                    self.switch.clear();
                    self.show(Moment::LegsLost);
                }
                let legs = self.switch.keys().copied().collect();
                let _ = self.input(Input::Resync(Resync { legs }));
            }
            Act::Advance => {
                self.now = self.deadline().unwrap_or(self.now);
                let _ = self.platform.advance(self.now, 1_000);
                let _ = self.judge(Doing::Advance { budget: 1_000 }, None);
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
                    self.show(Moment::CodeReplaced);
                }
            }
            Act::Book => {
                self.budget.bookings -= 1;
                if self.input(booking(self.sides, 2, self.window)).is_ok() {
                    let reservation = self.platform.reservation(ReservationId::new(2));
                    let leased = reservation.is_some_and(|reservation| reservation.virtual_number.is_some());
                    self.show(if leased { Moment::LeasedAnew } else { Moment::PoolEmpty });
                }
            }
            Act::Forget => self.forget(),
            Act::Bar(bar) => {
                self.budget.bars -= 1;
                let rang = self.rings();
                self.bar(bar, true);
                self.barred = Some(bar);
                if rang && !self.rings() {
                    self.withdrawn();
                    self.show(Moment::BarTakesDialBack);
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
            Act::Peeks => self.peeks(),
            Act::Follows(follows) => self.follows(0, follows),
            Act::FollowsOf { account, follows } => self.follows(account, follows),
            Act::TakesOver => self.takes_over(),
            Act::AsksToBind(one) => {
                self.budget.asks -= 1;
                let (account, number) = (account(ACCOUNTS[one]), number(USERS[0]));
                let again = self.platform.binding(&account, number).is_some_and(|binding| binding.code.is_some());
                if self.input(Input::RequestBinding(RequestBinding { account, number })).is_ok() && again {
                    self.show(Moment::CodeReplaced);
                }
            }
            Act::Binds { account, right } => self.binds(account, right),
            Act::Unbinds(one) => {
                self.budget.unbinds -= 1;
                let _ = self.input(Input::Unbind(Unbind { account: account(ACCOUNTS[one]), number: number(USERS[0]) }));
            }
            Act::Again { cancel, same } => self.again(cancel, same),
            Act::PastEnd => {
                self.budget.late -= 1;
                self.now = self.end.saturating_add_s(1);
            }
        }
        self.notice(act, &before, rang);
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
            | Sides::Crowd
            | Sides::TwoAccounts
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
                self.denied(*reason, target);
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
        self.budget.withdrawals -= 1;
        let talking = self.switch.values().any(|leg| leg.party == Party::User && leg.answered && !leg.hung_up);
        let withdrawn = self.checker.summary().withdrawn_while_ringing;
        let user = Address::Rcs(number(self.sides.of(id).0));
        let reply = self.input_once(true, Input::Cancel(Cancel { user, reservation: ReservationId::new(id) }));
        if self.checker.summary().withdrawn_while_ringing > withdrawn {
            self.withdrawn();
            self.show(Moment::CancelEndsRinging);
        } else if reply == Ok(Reply::Done) && talking && self.switch.values().all(|leg| !leg.hung_up) {
            self.show(Moment::CancelLeavesTalk);
        }
    }

    /// What a denial shows.
    fn denied(&mut self, reason: DenyReason, target: CallTarget) {
        self.show(Moment::Verdict);
        if let Some(moment) = Moment::of_denial(reason) {
            self.show(moment);
        }
        match (reason, target) {
            (DenyReason::Closed, CallTarget::Reservation(id)) => {
                let closed = self.platform.reservation(id).and_then(|reservation| reservation.closed);
                if closed.is_some_and(|closed| closed.outcome == Outcome::Cancelled) {
                    self.show(Moment::DeniedAfterCancel);
                }
            }
            (DenyReason::NotRecognized, _) if self.forgot => self.show(Moment::DeniedForgotten),
            (DenyReason::NotRecognized, CallTarget::Number(_)) => self.show(Moment::NumberMeansNobody),
            _ => {}
        }
    }

    /// An input that comes under a key where things come again.
    fn input_once(&mut self, cancel: bool, input: Input) -> Result<Reply, Refusal> {
        if !self.comes_again {
            return self.input(input);
        }
        let key = key(cancel);
        let reply = self.platform.handle_once(self.now, key.clone(), input.clone());
        self.keyed[usize::from(cancel)] |= reply.is_ok();
        let _ = self.judge(Doing::Once { key, input }, Some(reply.clone()));
        reply
    }

    /// The same as before under its key, or something else.
    fn again(&mut self, cancel: bool, same: bool) {
        self.budget.again -= 1;
        let (user, _, line) = self.sides.of(1);
        let input = match (cancel, same) {
            (true, true) => Input::Cancel(Cancel { user: Address::Rcs(number(user)), reservation: FIRST }),
            (false, true) => Input::RequestCall(RequestCall::new(number(line), FIRST)),
            (_, false) => Input::RequestCall(RequestCall::new(number(line), ReservationId::new(2))),
        };
        let (key, before, view) = (key(cancel), self.checker.summary().effects, self.platform.state_hash());
        let reply = self.platform.handle_once(self.now, key.clone(), input.clone());
        let is_repeat = if same { reply.is_ok() } else { reply == Err(Refusal::RepeatDiffers) };
        let _ = self.judge(Doing::Once { key, input }, Some(reply));
        if is_repeat && self.checker.summary().effects == before && self.platform.state_hash() == view {
            self.show(if same { Moment::RepeatUnderKey } else { Moment::KeyOfAnother });
        }
    }

    pub(crate) fn amend(&mut self, offering: bool) {
        self.budget.amends -= 1;
        self.budget.withdrawals -= 1;
        let before = *self.checker.summary();
        let user = Address::Rcs(number(self.sides.of(1).0));
        let (name, offering) = if offering { (None, Some(OfferingId::new(2))) } else { (Some("张三".into()), None) };
        let amend = Amend { name, offering, ..Amend::new(user, FIRST) };
        let reply = self.input(Input::Amend(amend));
        let after = *self.checker.summary();
        if after.rebased > before.rebased {
            self.show(Moment::AmendCarries);
        } else if after.amended_while_ringing > before.amended_while_ringing {
            self.withdrawn();
            self.show(Moment::AmendEndsRinging);
        } else if matches!(reply, Ok(Reply::Amended(amended)) if amended.state == ReservationState::InCall) {
            self.show(Moment::AmendWaits);
        }
    }

    pub(crate) fn decline(&mut self) {
        self.budget.declines -= 1;
        self.budget.withdrawals -= 1;
        let (rang, talked) = (self.rings(), self.talks());
        let decline = Decline { merchant: self.sides.of(1).1, reservation: FIRST, reason: None };
        let is_done = self.input(Input::Decline(decline)) == Ok(Reply::Done);
        if is_done && talked && self.talks() {
            self.show(Moment::DeclineLeavesTalk);
        } else if is_done && rang && !self.rings() {
            self.withdrawn();
            self.show(Moment::DeclineEndsRinging);
        }
    }

    pub(crate) fn block(&mut self, id: u64) {
        self.budget.blocks -= 1;
        self.budget.withdrawals -= 1;
        let (rang, talked) = (self.rings(), self.talks());
        let user = Address::Rcs(number(self.sides.of(id).0));
        let what = BlockTarget::Merchant(self.sides.of(id).1);
        let is_done = self.input(Input::Block(Block { user, what })) == Ok(Reply::Done);
        if is_done && talked && !self.talks() {
            self.show(Moment::BlockEndsTalk);
        } else if is_done && rang && !self.rings() {
            self.withdrawn();
            self.show(Moment::BlockEndsRinging);
        }
    }

    fn forget(&mut self) {
        self.budget.forgets -= 1;
        self.budget.withdrawals -= 1;
        let (rang, talked) = (self.rings(), self.talks());
        let user = Address::Rcs(number(self.sides.of(1).0));
        let _ = self.input(Input::ForgetMe(ForgetMe { user }));
        self.forgot = true;
        if talked && self.talks() {
            self.show(Moment::ForgetLeavesTalk);
        } else if rang && !self.rings() {
            self.withdrawn();
            self.show(Moment::ForgetEndsRinging);
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
            self.show(Moment::SlotRefused);
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
        match self.input(Input::ConfirmContact(ConfirmContact { user, reservation: FIRST, code })) {
            Ok(Reply::Confirmed(_)) => self.show(Moment::HolderAgrees),
            Ok(Reply::WrongCode(wrong)) => self.wrong_code(wrong.left),
            Err(Refusal::NoCode { .. }) => self.show(Moment::NoCode),
            Ok(_) | Err(_) => {}
        }
    }

    fn wrong_code(&mut self, left: u32) {
        self.show(Moment::WrongCode);
        if left == 0 {
            self.show(Moment::LastWrongCode);
        }
    }

    fn follows(&mut self, one: usize, follows: bool) {
        self.budget.follows -= 1;
        let (account, number) = (account(ACCOUNTS[one]), number(USERS[0]));
        let suspended =
            |world: &Self| world.platform.binding(&account, number).is_some_and(|binding| binding.suspended_until.is_some());
        let was_suspended = suspended(self);
        let one = account.clone();
        let _ =
            self.input(if follows { Input::Follow(Follow { account: one }) } else { Input::Unfollow(Unfollow { account: one }) });
        match (was_suspended, suspended(self)) {
            (false, true) => self.show(Moment::Suspended),
            (true, false) if follows => self.show(Moment::BoundAgain),
            _ => {}
        }
    }

    /// An account gives the code that the number was sent for it, or another one, also when none is out.
    fn binds(&mut self, one: usize, right: bool) {
        let budget = if right { &mut self.budget.right } else { &mut self.budget.wrong };
        *budget -= 1;
        let (account, number) = (account(ACCOUNTS[one]), number(USERS[0]));
        let out = self.platform.binding(&account, number).and_then(|binding| binding.code.as_ref()).map(|code| code.challenge);
        let digits = out
            .and_then(|challenge| self.platform.code(challenge).ok())
            .map_or_else(|| "000000".to_owned(), |code| code.digits());
        let wrong: String = digits.chars().map(|digit| if digit == '9' { '0' } else { '9' }).collect();
        let code = Code::parse(if right { &digits } else { &wrong }).expect("digits are a code");
        match self.input(Input::ConfirmBinding(ConfirmBinding { account, number, code })) {
            Ok(Reply::WrongCode(wrong)) => self.wrong_code(wrong.left),
            Ok(_) if right => self.show(Moment::Bound),
            Ok(_) | Err(_) => {}
        }
    }

    fn peeks(&mut self) {
        let voice_message = self.message().map_or(VoiceMessageId::new(1), |message| message.id);
        let reply = self.input(Input::OpenMessage(OpenMessage { account: account(ACCOUNTS[1]), voice_message }));
        match reply {
            Err(Refusal::Unknown { .. }) => self.show(Moment::MessageOfAnother),
            Err(_) => {}
            Ok(_) => self.fall(Fallen::Shown),
        }
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
        self.show(Moment::FailedCallJudged);
        match reply {
            Ok(Reply::FailedCall(CallJudged { leg: id, ruling: Ruling::Offered(_) })) => {
                self.switch.insert(id, SwitchLeg { asked: true, ..leg(Party::Merchant, true) });
            }
            Ok(Reply::FailedCall(CallJudged { ruling: Ruling::NotOffered(NotOffered { why: NoOffer::Full }), .. })) => {
                self.show(Moment::RecorderFull)
            }
            _ => {}
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
            self.show(Moment::StaleReport);
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
            self.show(Moment::TakenOverDuringPush);
        }
    }

    /// What a step made of a call that two share. `talked`: how many were on the bridge before.
    fn notice_shared(&mut self, act: Act, talked: usize) {
        if self.sides != Sides::OneMerchantTwoSharing {
            return;
        }
        match (act, talked, self.sharing()) {
            (Act::Answer(_), 1, 2) => self.show(Moment::JoinsRunningBridge),
            (Act::Block(_), 2, 1) => self.show(Moment::BlockLeavesTheOther),
            _ => {}
        }
        for (holds, moment) in [
            (self.shares(|talking, _, _| talking == 2), Moment::TwoOnOneBridge),
            (self.shares(|talking, left, _| talking == 1 && left == 1), Moment::OneLeftTheBridge),
            (self.shares(|talking, _, failed| talking == 1 && failed == 1), Moment::OneFailedToCome),
        ] {
            if holds {
                self.show(moment);
            }
        }
    }

    pub(crate) fn answer(&mut self, id: LegId) {
        let Some(known) = self.switch.get_mut(&id) else { return };
        let crosses = known.withdrawn && !known.answered;
        let expected = known.expects_answer();
        known.answered = true;
        self.budget.odd -= u8::from(!expected);
        let _ = self.input(Input::LegAnswered(LegAnswered { leg: id }));
        if crosses {
            self.show(Moment::CancelCrossesAnswer);
        }
    }

    /// The host reports that it did not do this.
    fn fails(&mut self, sequence: u64) {
        if let Some((_, id)) = self.fresh.iter().find(|(fresh, _)| *fresh == sequence) {
            // An answer that was not carried out leaves the caller waiting. A dial is in doubt: its phone may ring all the same.
            self.switch.entry(*id).and_modify(|leg| leg.asked &= !leg.inbound);
        }
        let _ = self.input(Input::EffectFailed(EffectFailed { sequence }));
    }

    /// The host stops between the log and what it was to do, and comes back later: what may not be begun any more it reports as failed.
    fn down(&mut self, past_end: bool) {
        self.budget.faults -= 1;
        self.budget.late -= 1;
        let later = if past_end { self.end.saturating_add_s(1) } else { self.deadline().unwrap_or(self.now) };
        self.now = self.now.max(later);
        for effect in self.restart() {
            if effect.action.not_after().is_some_and(|instant| self.now >= instant) {
                if matches!(effect.action, Action::Dial(_)) {
                    self.show(Moment::BackTooLate);
                }
                self.fails(effect.sequence);
            }
        }
    }

    /// The host comes back with what it wrote down, and is handed again what it had not confirmed.
    fn restart(&mut self) -> Vec<Effect> {
        match self.restored() {
            Some(platform) => self.platform = platform,
            None => {
                self.fall(Fallen::Restore);
                return Vec::new();
            }
        }
        self.restarted = true;
        let effects = self.judge(Doing::Restart, None);
        for effect in &effects {
            if matches!(effect.action, Action::Dial(_)) {
                self.show(Moment::RestartBeforeDial);
            } else if matches!(&effect.action, Action::Send(send) if matches!(send.content, Content::VoiceMessage(_))) {
                self.show(Moment::RestartBeforePush);
            }
        }
        effects
    }

    /// The platform from its snapshot, under another hash seed; none when it is another one.
    fn restored(&self) -> Option<Platform> {
        let restored = Platform::restore(&self.platform.snapshot(), test_keyring(), 7).ok()?;
        let is_same = restored.model_view() == self.platform.model_view() && restored.state_hash() == self.platform.state_hash();
        is_same.then_some(restored)
    }

    /// Whether a host that stops here, before or after it was handed any of the effects that it has not confirmed, is handed them when it comes back: all but
    /// those that were voided since, unaltered and in order, and nothing else. What was polled is no state, so one answer holds for every poll.
    pub(crate) fn survives_a_crash(&self) -> bool {
        let Some(mut restored) = self.restored() else { return false };
        let mut before = self.unconfirmed.iter();
        let again: Vec<Effect> = std::iter::from_fn(|| restored.poll_effect()).collect();
        let is_known = again.iter().all(|effect| before.any(|known| known == effect));
        let is_voided =
            |effect: &&Effect| effect.action.at_most_once_leg().is_none() && !matches!(effect.action, Action::Send(_));
        let kept = self.unconfirmed.iter().filter(is_voided).all(|effect| again.contains(effect));
        is_known && kept && restored.state_hash() == self.platform.state_hash()
    }

    pub(crate) fn notice_user_dial(&mut self, dial: &Dial) {
        match self.platform.call(dial.call).map_or(self.silence, |call| call.mode) {
            CallMode::MerchantCalls => self.show(Moment::DialledInMerchantMode),
            CallMode::PlatformCalls => self.show(Moment::DialledInPlatformMode),
        }
        if self.slot_over {
            self.show(Moment::AnotherSlot);
        }
        if self.sides == Sides::Gap && self.now >= self.gap().end() {
            self.show(Moment::DialledAfterGap);
        }
    }

    /// The platform rings the merchant for this reservation: whose turn it was.
    pub(crate) fn notice_turn(&mut self, turn: ReservationId) {
        let ids = self.platform.reservations();
        let kept: Vec<_> = ids.iter().filter_map(|id| self.platform.reservation(*id)).collect();
        let attempts = kept.iter().find(|one| one.id == turn).map_or(0, |one| one.attempts);
        let is_behind = attempts == 0 && kept.iter().any(|one| one.id != turn && waits_again(one));
        // The channels came first to those who booked first.
        let has_waited = turn.get() > u64::from(self.channels) && attempts == 0;
        if attempts > 0 {
            self.show(Moment::Retry);
        }
        if is_behind {
            self.show(Moment::RetryGoesBehind);
        }
        if self.sides == Sides::Crowd && has_waited {
            self.show(Moment::ServedAfterWait);
        }
    }

    pub(crate) fn notice_record(&mut self, record: &AuditRecord) {
        if matches!(record, AuditRecord::LegLost(_)) {
            self.show(Moment::ReleaseLost);
        } else if let AuditRecord::BindingEnded(ended) = record {
            self.show(match ended.why {
                BindingEnd::Unbound => Moment::GivenBack,
                BindingEnd::TakenOver => Moment::TakenOver,
                BindingEnd::Unfollowed => Moment::SuspensionOver,
                BindingEnd::Forgotten => Moment::HolderForgotten,
            });
        }
    }

    /// Whether somebody talks now, and another reservation has had its conversation.
    fn another_was_served(&self) -> bool {
        let ids = self.platform.reservations();
        let kept = || ids.iter().filter_map(|id| self.platform.reservation(*id));
        kept().any(|one| one.state == ReservationState::InCall) && kept().any(|one| one.conversations > 0 && one.calls.is_empty())
    }

    /// What there is of messages after a step.
    fn notice_message(&mut self) {
        let last = self
            .message()
            .map(|message| (message.state, message.outcome, message.road, message.leg.is_some(), message.next_at.is_some()));
        if let (Sides::Caller, Some((state, outcome, road, has_leg, is_due))) = (self.sides, last) {
            let ended = |expected| outcome == Some(expected);
            let is_pushing = state == VoiceMessageState::Pushing;
            for (holds, moment) in [
                (ended(VoiceMessageOutcome::Heard), Moment::Heard),
                (ended(VoiceMessageOutcome::Delivered), Moment::Delivered),
                (ended(VoiceMessageOutcome::Expired), Moment::Expired),
                (ended(VoiceMessageOutcome::Abandoned(Abandoned::CallerGone)), Moment::CallerGone),
                (ended(VoiceMessageOutcome::Undeliverable(Undeliverable::NoRoad)), Moment::NoRoad),
                (is_pushing && road == Road::Sms, Moment::OtherRoad),
                (state == VoiceMessageState::Recording && !has_leg, Moment::StoredAfterCallerLeft),
                (state == VoiceMessageState::Waiting && !is_due, Moment::WaitsToFollow),
            ] {
                if holds {
                    self.show(moment);
                }
            }
        }
        if self.sides != Sides::Recorder {
            return;
        }
        let ids = self.platform.voice_messages();
        let kept: Vec<_> =
            ids.iter().filter_map(|id| self.platform.voice_message(*id)).filter_map(|one| Some((one, one.under?))).collect();
        let any = |holds: &dyn Fn(&VoiceMessage, Under) -> bool| kept.iter().any(|(message, under)| holds(message, *under));
        let is = |state: VoiceMessageState| any(&|message, _| message.state == state);
        let records = |mode: CallMode| {
            any(&|message, under| {
                let call = self.platform.call(under.call);
                message.state == VoiceMessageState::Recording && call.is_some_and(|call| call.mode == mode)
            })
        };
        let shown = [
            (is(VoiceMessageState::Offered), Moment::MerchantOffered),
            (records(CallMode::MerchantCalls), Moment::MerchantWhoCalledRecords),
            (records(CallMode::PlatformCalls), Moment::MerchantWhoWasCalledRecords),
            (is(VoiceMessageState::Stored), Moment::MerchantStored),
            (is(VoiceMessageState::Delivered), Moment::MerchantDelivered),
            (is(VoiceMessageState::Undeliverable), Moment::MerchantUndelivered),
            (
                any(&|message, _| message.state == VoiceMessageState::Recording && message.leg.is_none()),
                Moment::MerchantLeavesRecording,
            ),
            (
                any(&|message, under| {
                    let closed = self.platform.reservation(under.reservation).is_some_and(|kept| kept.closed.is_some());
                    closed && message.leg.is_some()
                }),
                Moment::ClosedWhileRecording,
            ),
            (any(&|_, under| self.platform.calls().iter().any(|call| *call > under.call)), Moment::CalledAnewAfterRecorder),
        ];
        for (_, moment) in shown.into_iter().filter(|(holds, _)| *holds) {
            self.show(moment);
        }
    }

    pub(crate) fn notice(&mut self, act: Act, before: &Summary, rang: bool) {
        let after = *self.checker.summary();
        let joined = |mode| match mode {
            CallMode::MerchantCalls => after.conversations_merchant_calls > before.conversations_merchant_calls,
            CallMode::PlatformCalls => after.conversations_platform_calls > before.conversations_platform_calls,
        };
        for mode in CallMode::ALL.into_iter().filter(|mode| joined(*mode)) {
            self.show(match mode {
                CallMode::MerchantCalls => Moment::TalkInMerchantMode,
                CallMode::PlatformCalls => Moment::TalkInPlatformMode,
            });
            if self.now == self.last_microsecond() {
                self.show(Moment::AnswerInLastMicrosecond);
            }
            if self.another_was_served() {
                self.show(Moment::BothServed);
                if mode == CallMode::PlatformCalls {
                    self.show(Moment::SecondServed);
                }
            }
        }
        if self.has_shown(Moment::SlotOver) && rang && !self.rings() {
            self.show(Moment::SlotEndsRinging);
        }
        if self.sides == Sides::Gap && act == Act::Advance && self.now == self.gap().start() && rang && !self.rings() {
            self.show(Moment::HoursEndRinging);
        }
        if after.window_ended_while_ringing > before.window_ended_while_ringing && rang {
            self.show(Moment::WindowEndsRinging);
        }
        if after.late_answers > before.late_answers {
            self.show(Moment::AnswerTooLate);
        }
        if matches!(act, Act::End(..) | Act::Answer(_) | Act::Progress(_) | Act::Played(_)) && after.effects == before.effects {
            self.show(Moment::EmptyReport);
        }
        if self.sides == Sides::Crowd && self.platform.calls().len() == self.channels as usize {
            self.show(Moment::EveryChannel);
            let ids = self.platform.reservations();
            let mut kept = ids.iter().filter_map(|id| self.platform.reservation(*id));
            if kept.any(|one| one.state == ReservationState::Open && one.attempts == 0) {
                self.show(Moment::WaitsForChannel);
            }
        }
        if self.sides == Sides::TwoAccounts && act == Act::Advance && after.effects == before.effects {
            self.show(Moment::RequestOver);
        }
        if act != Act::Advance {
            // What a resync left out was not waited for.
            self.moments &= !Moment::ReleaseLost.bit();
        }
        self.notice_message();
        if self.platform.poll_deadline().is_none() {
            self.show(Moment::NothingDue);
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
