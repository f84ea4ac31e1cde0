//! A small host on a simulated clock: it carries out what a [`Platform`] asks for, on phones that do as they are told, and records the
//! trace. It obeys `not_after`, keeps a write-ahead mark of what it began, can be late, and can crash between the log and a dial.
//!
//! ```
//! use ringfence::values::policy::{CallMode, ModeChooser, Policy};
//! use ringfence_testing::checker::check_closed;
//! use ringfence_testing::host::{Host, Phone};
//!
//! let policy = Policy { mode_chosen_by: ModeChooser::Platform(CallMode::PlatformCalls), ..Policy::default() };
//! let mut host = Host::new(policy);
//! host.open_shop(&["95511"], 1);
//! host.phone("95511", &[Phone::answers_after(3)]);
//! host.phone("+8613800000001", &[Phone::answers_after(5).talks_for(60)]);
//! let reservation = host.books("+8613800000001", 0, 7200);
//! host.runs_out();
//! let summary = check_closed(host.trace()).expect("the platform keeps its promises");
//! assert_eq!(summary.conversations_platform_calls, 1);
//! # let _ = reservation;
//! ```

use std::collections::{BTreeMap, VecDeque};

use ringfence::Platform;
use ringfence::values::account::{AccountId, ConfirmBinding, Follow, RequestBinding};
use ringfence::values::effect::{Action, Content, Effect, Party};
use ringfence::values::evidence::Evidence;
use ringfence::values::id::{LegId, MediaId, MerchantId, OfferingId, PageId, ReservationId, VoiceMessageId};
use ringfence::values::input::{
    Book, CallFailed, Cancel, EffectFailed, Input, LegAnswered, LegEnded, LegProgress, Line, MessageReported, MessageStatus,
    PublishPage, RecordFailed, Recorded, RegisterMerchant, RequestCall, Resync, Transcribed,
};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::Policy;
use ringfence::values::refusal::Refusal;
use ringfence::values::reply::{CallJudged, Reply};
use ringfence::values::text::Text;
use ringfence::values::time::{Timestamp, Window, Zone};

use crate::causes::{self, Cause};
use crate::codes::{known_keys, test_keyring};
use crate::trace::{Doing, Step, Trace};

const SECOND: i64 = 1_000_000;
/// The merchant of [`Host::open_shop`].
pub const MERCHANT: MerchantId = MerchantId::new(1);
/// The page that [`Host::open_shop`] publishes.
pub const PAGE: PageId = PageId::new(1);
/// What [`PAGE`] offers, and what [`Host::books`] books.
pub const OFFERING: OfferingId = OfferingId::new(1);

/// How a phone answers being rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rings {
    Answers { after_s: u32 },
    Fails { q850_cause: u8 },
    FailsWith { cause: Cause },
    KeepsRinging,
    SaysNothing,
}

/// What a phone does when it is rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phone {
    rings: Rings,
    hangs_up_after_s: Option<u32>,
}

impl Phone {
    /// It is picked up after so many seconds, and stays until the other side hangs up.
    #[must_use]
    pub const fn answers_after(seconds: u32) -> Self {
        Self { rings: Rings::Answers { after_s: seconds }, hangs_up_after_s: None }
    }

    /// It is on another call (Q.850 cause 17).
    #[must_use]
    pub const fn busy() -> Self {
        Self { rings: Rings::Fails { q850_cause: 17 }, hangs_up_after_s: None }
    }

    /// It is switched off or out of reach (Q.850 cause 20).
    #[must_use]
    pub const fn unreachable() -> Self {
        Self { rings: Rings::Fails { q850_cause: 20 }, hangs_up_after_s: None }
    }

    /// It fails to be reached, and the network says so in this way.
    #[must_use]
    pub const fn fails_with(cause: Cause) -> Self {
        Self { rings: Rings::FailsWith { cause }, hangs_up_after_s: None }
    }

    /// It rings until it is hung up.
    #[must_use]
    pub const fn rings_on() -> Self {
        Self { rings: Rings::KeepsRinging, hangs_up_after_s: None }
    }

    /// No report of it ever comes, not even of its end.
    #[must_use]
    pub const fn says_nothing() -> Self {
        Self { rings: Rings::SaysNothing, hangs_up_after_s: None }
    }

    pub(crate) const fn rings(&self) -> Rings {
        self.rings
    }

    pub(crate) const fn hangs_up_after_s(&self) -> Option<u32> {
        self.hangs_up_after_s
    }

    /// It hangs up so many seconds after it was picked up.
    #[must_use]
    pub const fn talks_for(mut self, seconds: u32) -> Self {
        self.hangs_up_after_s = Some(seconds);
        self
    }
}

/// A leg at the simulated switch.
#[derive(Clone, Copy, Debug)]
struct SwitchLeg {
    phone: Phone,
    answered: bool,
}

/// What a caller does who is told to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// He speaks for so many seconds, and waits for what is said to him.
    Speaks(u32),
    /// He speaks for so many seconds and hangs up.
    SpeaksAndHangsUp(u32),
    /// He says nothing for so many seconds.
    IsSilent(u32),
    /// The disk is full.
    CannotBeRecorded,
}

/// What becomes of a message to an account, or to the callee's phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It arrives within a second.
    Arrives,
    /// It fails, with this code.
    Fails(&'static str),
    /// Nobody says what became of it.
    IsLost,
}

/// What the simulated network is about to report.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Report {
    /// Anything that is about no leg.
    Says(Box<Input>),
    Rings(LegId),
    Answers(LegId),
    Ends(LegId, Evidence),
}

/// A platform, the switch that it asks, the phones at its ends, and the trace of what happened.
#[derive(Clone, Debug)]
pub struct Host {
    platform: Platform,
    trace: Trace,
    now: Timestamp,
    epoch: Timestamp,
    phones: BTreeMap<PhoneNumber, VecDeque<Phone>>,
    legs: BTreeMap<LegId, SwitchLeg>,
    reports: BTreeMap<(Timestamp, u64), Report>,
    reported: u64,
    /// The write-ahead mark: the last effect that was begun.
    begun: u64,
    late_by_us: i64,
    crashes_before_dial: bool,
    doubts_dial: bool,
    confirms: bool,
    callers: VecDeque<Caller>,
    deliveries: VecDeque<Delivery>,
    words: Option<Text>,
    media: u64,
}

impl Host {
    /// A host with an empty platform, which has the [test keys](crate::codes::TEST_KEYS), at 2026-11-21 09:00 in Shanghai.
    ///
    /// # Panics
    /// When the policy is out of range.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        let epoch = Timestamp::parse("2026-11-21T09:00:00+08:00").expect("a time");
        let platform = Platform::new(policy.clone(), test_keyring(), 0).expect("the policy is within its ranges");
        let mut trace = Trace::new(policy);
        known_keys(&mut trace.header);
        Self {
            platform,
            trace,
            now: epoch,
            epoch,
            phones: BTreeMap::new(),
            legs: BTreeMap::new(),
            reports: BTreeMap::new(),
            reported: 0,
            begun: 0,
            late_by_us: 0,
            crashes_before_dial: false,
            doubts_dial: false,
            confirms: true,
            callers: VecDeque::new(),
            deliveries: VecDeque::new(),
            words: None,
            media: 0,
        }
    }

    /// The trace so far.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The platform, for questions.
    #[must_use]
    pub const fn platform(&self) -> &Platform {
        &self.platform
    }

    /// The simulated clock.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The instant so many seconds after the host began.
    #[must_use]
    pub fn second(&self, seconds: u32) -> Timestamp {
        self.epoch.saturating_add_micros(i64::from(seconds) * SECOND)
    }

    /// From now on every `advance` comes so late.
    pub const fn is_late_by_us(&mut self, micros: i64) {
        self.late_by_us = micros;
    }

    /// The host will stop once, after the next effects with a dial among them are logged and before any of them is carried out.
    pub const fn crashes_before_next_dial(&mut self) {
        self.crashes_before_dial = true;
    }

    /// The host will carry out the next dial and forget, once, that it did: it reports it as failed.
    pub const fn is_in_doubt_of_next_dial(&mut self) {
        self.doubts_dial = true;
    }

    /// The host keeps its effects unconfirmed.
    pub const fn never_confirms(&mut self) {
        self.confirms = false;
    }

    /// What the phone with this number does the next times it is rung; the last for ever after.
    pub fn phone(&mut self, number: &str, phones: &[Phone]) {
        self.phones.insert(parse(number), phones.iter().copied().collect());
    }

    /// Registers [`MERCHANT`] with these lines and publishes [`PAGE`], which offers every hour of the next days.
    ///
    /// # Panics
    /// When the platform refuses.
    pub fn open_shop(&mut self, lines: &[&str], channels: u32) {
        self.open_shop_of(MERCHANT, PAGE, lines, channels);
    }

    /// The same for another merchant and another page.
    ///
    /// # Panics
    /// When the platform refuses.
    pub fn open_shop_of(&mut self, merchant: MerchantId, page: PageId, lines: &[&str], channels: u32) {
        let chatbot = Some(Address::parse("sip:1065@bot.example").expect("an address"));
        let lines = lines.iter().map(|line| Line { number: parse(line), channels }).collect();
        let zone = Zone::parse("Asia/Shanghai").expect("a zone");
        let contact = Some("李经理".into());
        let register = RegisterMerchant { chatbot, contact, ..RegisterMerchant::new(merchant, "平安", lines, zone) };
        self.input(Input::RegisterMerchant(register)).expect("a merchant may register");
        let windows = vec![Window::new(self.epoch, self.second(30 * 86_400)).expect("a window")];
        let offerings = [(OFFERING, "车险".into())].into();
        let publish = PublishPage { windows, ..PublishPage::new(page, merchant, offerings) };
        self.input(Input::PublishPage(publish)).expect("a registered chatbot may publish");
    }

    /// The page that was published last offers shared calls of so many users.
    ///
    /// # Panics
    /// When the platform refuses, or there is no page.
    pub fn offers_shared_calls(&mut self, size: u32) {
        let published =
            self.trace.steps.iter().rev().find_map(|step| {
                if let Doing::Input(Input::PublishPage(page)) = &step.doing { Some(page.clone()) } else { None }
            });
        let page = PublishPage { group_size_max: Some(size), ..published.expect("a page") };
        self.input(Input::PublishPage(page)).expect("a registered chatbot may publish");
    }

    /// A user books the window between these seconds for his own phone.
    ///
    /// # Panics
    /// When the platform refuses.
    pub fn books(&mut self, number: &str, from_s: u32, to_s: u32) -> ReservationId {
        self.books_so(number, from_s, to_s, false)
    }

    /// The same by a user who agrees to share the call.
    ///
    /// # Panics
    /// When the platform refuses.
    pub fn shares(&mut self, number: &str, from_s: u32, to_s: u32) -> ReservationId {
        self.books_so(number, from_s, to_s, true)
    }

    fn books_so(&mut self, number: &str, from_s: u32, to_s: u32, share: bool) -> ReservationId {
        let window = Window::new(self.second(from_s), self.second(to_s)).expect("a window");
        let (user, name) = (Address::Rcs(parse(number)), Some(format!("用户{}", &number[number.len() - 2..]).into()));
        let book = Book { name, share, ..Book::new(user, PAGE, OFFERING, window) };
        match self.input(Input::Book(book)) {
            Ok(Reply::Booked(booked)) => booked.reservation,
            other => panic!("the booking should stand: {other:?}"),
        }
    }

    /// The merchant's line calls for a reservation, from a phone that answers when the platform lets it.
    ///
    /// # Errors
    /// The platform's refusal.
    pub fn calls(&mut self, line: &str, reservation: ReservationId) -> Result<Reply, Refusal> {
        self.input(Input::RequestCall(RequestCall::new(parse(line), reservation)))
    }

    /// The user takes his reservation back.
    ///
    /// # Errors
    /// The platform's refusal.
    pub fn cancels(&mut self, number: &str, reservation: ReservationId) -> Result<Reply, Refusal> {
        self.input(Input::Cancel(Cancel { user: Address::Rcs(parse(number)), reservation }))
    }

    /// What the next callers do who are told to speak; the last for ever after. Unless told otherwise they speak for ten seconds.
    pub fn callers(&mut self, callers: &[Caller]) {
        self.callers = callers.iter().copied().collect();
    }

    /// What becomes of the next voice messages that are sent; the last for ever after. Unless told otherwise they arrive.
    pub fn deliveries(&mut self, deliveries: &[Delivery]) {
        self.deliveries = deliveries.iter().copied().collect();
    }

    /// What recordings say, in words, when they are made into text.
    pub fn hears(&mut self, words: &str) {
        self.words = Some(words.into());
    }

    /// An account follows and binds a number: its holder gives the code that comes.
    ///
    /// # Panics
    /// When the platform refuses.
    pub fn binds(&mut self, account: &str, number: &str) {
        let account = AccountId::parse(account).expect("an account");
        self.input(Input::Follow(Follow { account: account.clone() })).expect("anybody may follow");
        let number = parse(number);
        let asked = self.input(Input::RequestBinding(RequestBinding { account: account.clone(), number }));
        assert!(matches!(asked, Ok(Reply::BindingRequested(_))), "the number may be asked for: {asked:?}");
        let of = |effect: &Effect| {
            let Action::Send(send) = &effect.action else { return None };
            if let Content::BindingChallenge(asked) = &send.content { Some(asked.challenge) } else { None }
        };
        let challenge = self.trace.steps.iter().rev().flat_map(|step| &step.effects).find_map(of);
        let code = challenge.and_then(|challenge| self.platform.code(challenge).ok()).expect("a code is out");
        let bound = self.input(Input::ConfirmBinding(ConfirmBinding { account, number, code }));
        assert!(matches!(bound, Ok(Reply::Bound(_))), "the code is right: {bound:?}");
    }

    /// A call outside any reservation reaches nobody, since its callee is busy.
    ///
    /// # Panics
    /// When the platform refuses.
    pub fn call_fails(&mut self, caller: &str, callee: &str) -> CallJudged {
        let evidence = Evidence { sip_status: Some(486), ..Evidence::default() };
        let failed = CallFailed { caller: Some(parse(caller)), callee: parse(callee), evidence, is_answered: false };
        match self.input(Input::CallFailed(failed)) {
            Ok(Reply::FailedCall(judged)) => judged,
            other => panic!("the call should be judged: {other:?}"),
        }
    }

    /// Hands an input to the platform, now.
    ///
    /// # Errors
    /// The platform's refusal.
    pub fn input(&mut self, input: Input) -> Result<Reply, Refusal> {
        let reply = self.platform.handle(self.now, input.clone());
        if let (Input::RequestCall(request), Ok(Reply::Allow(allow))) = (&input, &reply) {
            let phone = self.next_phone(request.line).unwrap_or(Phone::answers_after(0));
            self.legs.insert(allow.leg, SwitchLeg { phone, answered: false });
        }
        if let Ok(Reply::FailedCall(judged)) = &reply {
            self.legs.insert(judged.leg, SwitchLeg { phone: Phone::answers_after(0), answered: false });
        }
        self.record(Doing::Input(input), Some(reply.clone()));
        reply
    }

    /// Lets time pass up to this instant: reports arrive, and deadlines are fired when they are due, or late.
    pub fn runs_until(&mut self, until: Timestamp) {
        self.works_until(until);
        self.now = self.now.max(until);
    }

    fn works_until(&mut self, until: Timestamp) {
        loop {
            let report = self.reports.keys().next().map(|(at, _)| *at);
            let deadline = self.platform.poll_deadline().map(|(at, _)| at.max(self.now).saturating_add_micros(self.late_by_us));
            let Some(next) = [report, deadline].into_iter().flatten().min().filter(|next| *next <= until) else { return };
            self.now = self.now.max(next);
            if report.is_some_and(|at| at <= next) {
                self.deliver();
            } else {
                self.advance();
            }
        }
    }

    /// Lets time pass so many seconds.
    pub fn runs_for(&mut self, seconds: u32) {
        self.runs_until(self.now.saturating_add_micros(i64::from(seconds) * SECOND));
    }

    /// The calm phase: lets time pass until nothing is left to come.
    pub fn runs_out(&mut self) {
        self.works_until(Timestamp::MAX);
    }

    /// Fires what is due now, whatever is.
    pub fn advance(&mut self) {
        const BUDGET: u32 = 100_000;
        let _ = self.platform.advance(self.now, BUDGET);
        self.record(Doing::Advance { budget: BUDGET }, None);
    }

    /// The switch came back: it tells which legs live there.
    pub fn resyncs(&mut self) {
        let legs = self.legs.keys().copied().collect();
        let _ = self.input(Input::Resync(Resync { legs }));
    }

    /// The host stops and comes back from its snapshot.
    ///
    /// # Panics
    /// When the platform cannot be restored.
    pub fn restarts(&mut self) {
        let snapshot = self.platform.snapshot();
        self.platform = Platform::restore(&snapshot, test_keyring(), 1).expect("a platform can be restored");
        self.record(Doing::Restart, None);
    }

    fn record(&mut self, doing: Doing, reply: Option<Result<Reply, Refusal>>) {
        let effects: Vec<Effect> = std::iter::from_fn(|| self.platform.poll_effect()).collect();
        self.trace.steps.push(Step { line: None, at: self.now, doing, reply, effects: effects.clone() });
        let dials = effects.iter().any(|effect| matches!(effect.action, Action::Dial(_)));
        if dials && std::mem::take(&mut self.crashes_before_dial) {
            self.restarts();
            return;
        }
        let last = effects.last().map(|effect| effect.sequence);
        for effect in effects {
            self.carry_out(&effect);
        }
        if let Some(up_to) = last.filter(|_| self.confirms) {
            let confirmed = self.platform.confirm(up_to);
            self.trace.steps.push(Step {
                line: None,
                at: self.now,
                doing: Doing::Confirm { up_to },
                reply: confirmed.err().map(Err),
                effects: Vec::new(),
            });
        }
    }

    fn carry_out(&mut self, effect: &Effect) {
        if effect.sequence <= self.begun {
            return;
        }
        self.begun = effect.sequence;
        if effect.action.not_after().is_some_and(|not_after| self.now >= not_after) {
            let _ = self.input(Input::EffectFailed(EffectFailed { sequence: effect.sequence }));
            return;
        }
        match &effect.action {
            Action::Dial(dial) => {
                let fallback = if dial.party == Party::Merchant { Phone::answers_after(1) } else { Phone::rings_on() };
                let phone = self.next_phone(dial.to).unwrap_or(fallback);
                self.legs.insert(dial.leg, SwitchLeg { phone, answered: false });
                match phone.rings {
                    Rings::Answers { after_s } => {
                        self.report(0, Report::Rings(dial.leg));
                        self.report(after_s, Report::Answers(dial.leg));
                    }
                    Rings::Fails { q850_cause } => {
                        let evidence = Evidence { sip_status: None, q850_cause: Some(q850_cause), ..Evidence::default() };
                        self.report(1, Report::Ends(dial.leg, evidence));
                    }
                    Rings::FailsWith { cause } => self.report(1, Report::Ends(dial.leg, causes::evidence(cause))),
                    Rings::KeepsRinging => self.report(0, Report::Rings(dial.leg)),
                    Rings::SaysNothing => {}
                }
                if std::mem::take(&mut self.doubts_dial) {
                    let _ = self.input(Input::EffectFailed(EffectFailed { sequence: effect.sequence }));
                }
            }
            Action::Answer(answer) => {
                if let Some(SwitchLeg { phone: Phone { rings: Rings::Answers { after_s }, .. }, .. }) = self.legs.get(&answer.leg)
                {
                    self.report(*after_s, Report::Answers(answer.leg));
                }
            }
            Action::Reject(reject) => {
                self.legs.remove(&reject.leg);
            }
            Action::HangUp(hang_up) => {
                if self.legs.get(&hang_up.leg).is_some_and(|leg| leg.phone.rings != Rings::SaysNothing) {
                    self.report(
                        1,
                        Report::Ends(
                            hang_up.leg,
                            Evidence { sip_status: None, q850_cause: Some(hang_up.q850_cause), ..Evidence::default() },
                        ),
                    );
                }
            }
            Action::Record(record) => self.records(record.leg, record.voice_message),
            Action::Transcribe(transcribe) => {
                let (voice_message, text) = (transcribe.voice_message, self.words.clone());
                self.report(2, Report::Says(Box::new(Input::Transcribed(Transcribed { voice_message, text }))));
            }
            Action::Send(send) if matches!(send.content, Content::VoiceMessage(_)) => {
                let status = match next(&mut self.deliveries).unwrap_or(Delivery::Arrives) {
                    Delivery::Arrives => MessageStatus::Delivered,
                    Delivery::Fails(code) => MessageStatus::Failed { code: code.into() },
                    Delivery::IsLost => return,
                };
                let reported = MessageReported { message: effect.sequence, status };
                self.report(1, Report::Says(Box::new(Input::MessageReported(reported))));
            }
            Action::Play(_)
            | Action::Join(_)
            | Action::Send(_)
            | Action::Audit(_)
            | Action::Archive(_)
            | Action::Erase(_)
            | Action::ArchiveVoiceMessage(_) => {}
        }
    }

    /// The recorder runs, as the next caller does.
    fn records(&mut self, leg: LegId, voice_message: VoiceMessageId) {
        self.media += 1;
        let media = MediaId::new(self.media);
        let recorded = |seconds, is_silent| Input::Recorded(Recorded { voice_message, media, seconds, is_silent });
        let (after_s, input) = match next(&mut self.callers).unwrap_or(Caller::Speaks(10)) {
            Caller::Speaks(seconds) => (seconds, recorded(seconds, false)),
            Caller::SpeaksAndHangsUp(seconds) => {
                self.report(seconds, Report::Ends(leg, Evidence { q850_cause: Some(16), ..Evidence::default() }));
                (seconds, recorded(seconds, false))
            }
            Caller::IsSilent(seconds) => (seconds, recorded(seconds, true)),
            Caller::CannotBeRecorded => (0, Input::RecordFailed(RecordFailed { voice_message })),
        };
        self.report(after_s, Report::Says(Box::new(input)));
    }

    fn next_phone(&mut self, number: PhoneNumber) -> Option<Phone> {
        let phones = self.phones.get_mut(&number)?;
        if phones.len() > 1 { phones.pop_front() } else { phones.front().copied() }
    }

    fn report(&mut self, after_s: u32, report: Report) {
        self.reported += 1;
        self.reports.insert((self.now.saturating_add_micros(i64::from(after_s) * SECOND), self.reported), report);
    }

    fn deliver(&mut self) {
        let Some((_, report)) = self.reports.pop_first() else { return };
        let (Report::Rings(id) | Report::Answers(id) | Report::Ends(id, _)) = report else {
            if let Report::Says(input) = report {
                let _ = self.input(*input);
            }
            return;
        };
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let input = match report {
            Report::Says(_) => return,
            Report::Rings(leg) => Input::LegProgress(LegProgress { leg }),
            Report::Answers(_) if leg.answered => return,
            Report::Answers(id) => {
                leg.answered = true;
                if let Some(seconds) = leg.phone.hangs_up_after_s {
                    self.report(
                        seconds,
                        Report::Ends(id, Evidence { sip_status: None, q850_cause: Some(16), ..Evidence::default() }),
                    );
                }
                Input::LegAnswered(LegAnswered { leg: id })
            }
            Report::Ends(leg, evidence) => {
                self.legs.remove(&leg);
                Input::LegEnded(LegEnded { leg, evidence })
            }
        };
        let _ = self.input(input);
    }
}

/// The next of several; the last for ever after.
fn next<T: Copy>(all: &mut VecDeque<T>) -> Option<T> {
    if all.len() > 1 { all.pop_front() } else { all.front().copied() }
}

fn parse(number: &str) -> PhoneNumber {
    PhoneNumber::parse(number).expect("a phone number")
}
