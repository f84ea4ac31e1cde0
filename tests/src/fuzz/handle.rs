//! A platform that lives as bytes say, judged after every step and at its end.

use std::collections::BTreeMap;

use ringfence::edges::journal::{
    Line as JournalLine, effect_from_json, effect_to_json, parse_line, refusal_from_json, refusal_to_json, reply_from_json,
    reply_to_json, write_line,
};
use ringfence::edges::json::{Json, write};
use ringfence::edges::text::{Language, content, prompt};
use ringfence::values::account::{AccountId, ConfirmBinding, Follow, RequestBinding};
use ringfence::values::code::Code;
use ringfence::values::effect::{Action, Content, Effect};
use ringfence::values::evidence::Evidence;
use ringfence::values::id::{CalendarId, ChallengeId, LegId, MerchantId, OfferingId, PageId, ReservationId};
use ringfence::values::input::{
    Book, CallFailed, CallTarget, ConfirmClock, ConfirmContact, Dedup, Hours, HoursLabel, ImportNumbers, Input, LegAnswered,
    LegEnded, LegProgress, Line, PlayFinished, PublishPage, RegisterMerchant, RequestCall, Resync, RotateKey, SetCalendar,
};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::Policy;
use ringfence::values::refusal::Refusal;
use ringfence::values::reply::{Deny, Reply, Verdict};
use ringfence::values::text::Text;
use ringfence::values::time::{TimeOfDay, Timestamp, Weekdays, WeeklyRule, Window, Zone};
use ringfence::{Platform, Why};
use serde::Deserialize as _;

use super::bytes::{Bytes, Draw, Known, VIRTUAL, changed_policy};
use crate::checker::{check, check_closed};
use crate::codes::{known_keys, test_keyring};
use crate::trace::{Doing, Step, Trace};

const SECOND: i64 = 1_000_000;
/// The most things that happen in one life.
const STEPS_MAX: usize = 300;
/// How many ids of a kind are known at most: the latest.
const KNOWN_MAX: usize = 8;

const BEGINNINGS: [&str; 6] = [
    "2026-11-21T09:59:00Z",
    "2026-10-25T00:30:00Z",
    "2026-03-29T00:30:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-30T23:00:00Z",
    "1970-01-01T00:00:00Z",
];

/// The bytes are a policy and what happens to a platform under it: any input with any values, steps of the clock, confirmations,
/// crashes. After each step all invariants must hold, and what is refused must change nothing; the gate must say what `request_call` says; a restored platform must be
/// the same; what is written as a line must be read as it was. At the end the checker judges the whole trace.
///
/// # Panics
/// When anything of that does not hold.
pub fn handle(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let mut life = Life::new(&mut bytes, true);
    life.goes_on(&mut bytes);
    life.ends();
}

/// The platform that these bytes make; nothing of it is judged.
pub(super) fn platform(bytes: &[u8]) -> Platform {
    let mut bytes = Bytes::new(bytes);
    let mut life = Life::new(&mut bytes, false);
    life.goes_on(&mut bytes);
    life.platform
}

struct Life {
    platform: Platform,
    trace: Trace,
    now: Timestamp,
    known: Known,
    challenges: Vec<ChallengeId>,
    /// Whether effects are polled after every step, as the checker wants it.
    is_polled: bool,
    is_judged: bool,
    /// Whether lines and answers are read as they are written, and refusals come twice. That takes longer than the life itself.
    is_thorough: bool,
    /// Whether there is a calm phase, in which all must end.
    is_closed: bool,
    restarts: u64,
}

impl Life {
    fn new(bytes: &mut Bytes<'_>, is_judged: bool) -> Self {
        let mode = bytes.byte();
        let begins = BEGINNINGS[[0, 0, 0, 1, 2, 3, 4, 5][usize::from(mode >> 5)]];
        let now = Timestamp::parse(begins).expect("a constant instant");
        let mut known = Known {
            now,
            deadline: None,
            legs: Vec::new(),
            reservations: Vec::new(),
            groups: Vec::new(),
            voice_messages: Vec::new(),
            sequences: Vec::new(),
            codes: Vec::new(),
            leased: Vec::new(),
            policy: document(&write(&base_policy())),
        };
        let mut policy = base_policy();
        if mode & 1 == 1 {
            let drawn = serde_json::from_str::<Policy>(&changed_policy(bytes, &known)).ok();
            policy = drawn.filter(|drawn| drawn.check().is_ok()).unwrap_or(policy);
        }
        known.policy = document(&write(&policy));
        let platform = Platform::new(policy.clone(), test_keyring(), u64::from(mode)).expect("the policy is within its ranges");
        let mut trace = Trace::new(policy);
        known_keys(&mut trace.header);
        let is_polled = mode & 2 == 0;
        let (is_thorough, is_closed) = (is_judged && mode & 16 == 0, mode & 4 == 0);
        let challenges = Vec::new();
        let mut life =
            Self { platform, trace, now, known, challenges, is_polled, is_judged, is_thorough, is_closed, restarts: 0 };
        life.opens(mode, bytes.byte());
        life
    }

    /// Two merchants with pages, and what the dice add: a key, numbers, accounts, bookings.
    fn opens(&mut self, mode: u8, dice: u8) {
        for input in setup(self.now, dice) {
            self.input(None, input);
        }
        if dice & 16 == 0 {
            self.binds("oA1-zhang", "+8613800000001");
        }
        if mode & 8 == 0 {
            for (user, page) in [("rcs:+8613800000001", 10), ("sms:+8613800000003", 20)] {
                let window = Window::new(self.now, self.now.saturating_add_micros(900 * SECOND)).ok();
                let book = window.map(|window| Book {
                    share: dice & 32 != 0,
                    ..Book::new(address(user), PageId::new(page), OfferingId::new(1), window)
                });
                if let Some(book) = book {
                    self.input(None, Input::Book(book));
                }
            }
        }
    }

    /// An account follows and binds a number with the code that comes.
    fn binds(&mut self, account: &str, number: &str) {
        let (account, number) = (AccountId::parse(account).expect("a constant account"), phone(number));
        self.input(None, Input::Follow(Follow { account: account.clone() }));
        self.input(None, Input::RequestBinding(RequestBinding { account: account.clone(), number }));
        let code = self.challenges.last().and_then(|challenge| self.platform.code(*challenge).ok());
        if let Some(code) = code {
            self.input(None, Input::ConfirmBinding(ConfirmBinding { account, number, code }));
        }
    }

    fn goes_on(&mut self, bytes: &mut Bytes<'_>) {
        for _ in 0..STEPS_MAX {
            if bytes.is_over() {
                return;
            }
            self.one_thing(bytes);
        }
    }

    /// Some time passes, or none, and one thing happens.
    fn one_thing(&mut self, bytes: &mut Bytes<'_>) {
        let choice = bytes.byte();
        self.waits(choice >> 5, bytes);
        match choice & 31 {
            0..=13 => {
                if let Some(input) = self.any_input(bytes) {
                    self.input(None, input);
                }
            }
            14 | 15 => {
                let key = ["a", "b", "", "c"][bytes.below(4)];
                if let Some(input) = self.any_input(bytes) {
                    self.input(Some(Dedup { source: Text::from("s"), key: Text::from(key) }), input);
                }
            }
            16..=21 => {
                if let Some(report) = self.report(bytes) {
                    self.input(None, report);
                }
            }
            22 => {
                if let Some(answer) = self.right_code(bytes) {
                    self.input(None, answer);
                }
            }
            23 => {
                let call = self.call(bytes);
                self.input(None, call);
            }
            24 => self.fails(bytes),
            25 => self.advance(u32::from(bytes.byte() % 4)),
            26 => self.advance(u32::MAX),
            27 => self.confirm(bytes),
            28 => self.restart(true),
            29 => {
                // What the next input makes out is polled only after a crash.
                if let Some(input) = self.any_input(bytes) {
                    self.step(Doing::Input(input), false);
                }
                self.restart(true);
            }
            30 => self.asks(bytes),
            _ => {
                let kept = bytes.byte();
                let bit = |place: usize| kept.checked_shr(u32::try_from(place).unwrap_or(0)).unwrap_or(0) & 1 == 1;
                let legs = self.legs().into_iter().enumerate().filter(|(place, _)| bit(*place)).map(|(_, leg)| leg);
                let stray = (kept & 128 != 0).then(|| LegId::new(bytes.u64()));
                let legs = legs.chain(stray).collect();
                self.input(None, Input::Resync(Resync { legs }));
            }
        }
    }

    fn waits(&mut self, choice: u8, bytes: &mut Bytes<'_>) {
        let deadline = self.platform.poll_deadline().map_or(self.now, |(due, _)| due);
        let after = |micros: i64| self.now.saturating_add_micros(micros);
        self.now = match choice {
            0..=2 => self.now,
            3 => after(1),
            4 => after(i64::from(bytes.byte()) * SECOND),
            5 => deadline.max(self.now),
            6 => deadline.saturating_add_micros(-1).max(self.now),
            _ => match bytes.byte() {
                choice @ 0..=99 => after(i64::from(choice) * 60 * SECOND),
                choice @ 100..=149 => after(-i64::from(choice) * SECOND),
                choice @ 150..=199 => after((i64::from(choice) - 175) * 3_600 * SECOND),
                choice @ 200..=239 => after((i64::from(choice) - 200) * 86_400 * SECOND),
                240 => Timestamp::MIN,
                241 => Timestamp::MAX,
                _ => Timestamp::from_micros(bytes.u64().cast_signed()).unwrap_or(self.now),
            },
        };
        self.known.now = self.now;
        self.known.deadline = Some(deadline);
    }

    /// Any input, with any values.
    fn any_input(&self, bytes: &mut Bytes<'_>) -> Option<Input> {
        Input::deserialize(Draw { bytes, known: &self.known, field: "" }).ok()
    }

    /// What a switch reports of a leg that is alive.
    fn report(&self, bytes: &mut Bytes<'_>) -> Option<Input> {
        let legs = self.legs();
        let leg = bytes.pick(&legs).copied()?;
        Some(match bytes.below(8) {
            0 => Input::LegProgress(LegProgress { leg }),
            1..=3 => Input::LegAnswered(LegAnswered { leg }),
            4 => Input::PlayFinished(PlayFinished { leg }),
            5 => Input::LegEnded(LegEnded { leg, evidence: Evidence { q850_cause: Some(20), ..Evidence::default() } }),
            _ => {
                let evidence = Evidence::deserialize(Draw { bytes, known: &self.known, field: "" }).unwrap_or_default();
                Input::LegEnded(LegEnded { leg, evidence })
            }
        })
    }

    /// The right code for a challenge that is out, from somebody who may give it or from somebody else.
    fn right_code(&self, bytes: &mut Bytes<'_>) -> Option<Input> {
        let challenge = bytes.pick(&self.challenges).copied()?;
        let code: Code = self.platform.code(challenge).ok()?;
        if let Some(live) = self.platform.challenge(challenge) {
            let kept = self.platform.reservation(live.reservation)?;
            let user = if bytes.is_odd() { kept.sender.clone() } else { Address::Sms(kept.contact) };
            return Some(Input::ConfirmContact(ConfirmContact { user, reservation: live.reservation, code }));
        }
        let account = AccountId::parse(["oA1-zhang", "oB2-li"][bytes.below(2)]).ok()?;
        let number = phone(["+8613800000001", "+8613800000002", "+8613800000003"][bytes.below(3)]);
        Some(Input::ConfirmBinding(ConfirmBinding { account, number, code }))
    }

    /// A merchant's line calls for one of the latest reservations, or somebody's call reached nobody.
    fn call(&self, bytes: &mut Bytes<'_>) -> Input {
        let kept = bytes.pick(&self.known.reservations).and_then(|id| self.platform.reservation(ReservationId::new(*id)));
        let choice = bytes.below(8);
        match kept {
            Some(kept) if choice < 6 => {
                let target = match (choice, kept.virtual_number, kept.group) {
                    (0, Some(number), _) => CallTarget::Number(number.number()),
                    (1 | 2, _, Some(group)) => CallTarget::Group(group),
                    _ => CallTarget::Reservation(kept.id),
                };
                Input::RequestCall(RequestCall { line: kept.line, target })
            }
            Some(_) | None => {
                let evidence = Evidence { q850_cause: Some([17, 20, 27, 18][choice % 4]), ..Evidence::default() };
                let caller = Some(phone("+8613800000002")).filter(|_| choice < 7);
                let callee = phone("+8613800000001");
                Input::CallFailed(CallFailed { caller, callee, evidence, is_answered: false })
            }
        }
    }

    /// One of the latest effects was not carried out.
    fn fails(&mut self, bytes: &mut Bytes<'_>) {
        let sequence = bytes.pick(&self.known.sequences).copied().unwrap_or(0);
        self.input(None, Input::EffectFailed(ringfence::values::input::EffectFailed { sequence }));
    }

    /// The legs that are alive, those of callers who leave a message among them.
    fn legs(&self) -> Vec<LegId> {
        let messages = self.platform.voice_messages().into_iter().filter_map(|id| self.platform.voice_message(id)?.leg);
        let mut legs: Vec<LegId> = self.platform.legs().into_iter().chain(messages).collect();
        legs.sort_unstable();
        legs.dedup();
        legs
    }

    fn input(&mut self, key: Option<Dedup>, input: Input) {
        let asked = if let Input::RequestCall(request) = &input { Some(self.platform.gate(*request, self.now)) } else { None };
        let was_known = key.is_some();
        let doing = match key {
            Some(key) => Doing::Once { key, input: input.clone() },
            None => Doing::Input(input.clone()),
        };
        if self.is_thorough {
            self.is_written_as_it_is_read(&doing);
        }
        let reply = self.step(doing, true);
        match (&reply, asked) {
            (Some(Ok(reply)), Some(asked)) if !was_known => assert_eq!(asked, verdict(reply), "the gate and request_call"),
            (Some(Err(refusal)), _) if !was_known && self.is_thorough => self.changes_nothing_again(&input, refusal),
            _ => {}
        }
    }

    /// P13: what was refused is refused again, and changes and emits nothing.
    fn changes_nothing_again(&self, input: &Input, refusal: &Refusal) {
        let mut again = self.platform.clone();
        while again.poll_effect().is_some() {}
        let before = again.state_hash();
        assert_eq!(again.handle(self.now, input.clone()), Err(refusal.clone()), "the same refusal again");
        assert_eq!(again.poll_effect(), None, "a refusal emits nothing");
        assert_eq!(again.state_hash(), before, "a refusal changes nothing");
    }

    /// A line of the journal is read as it is written.
    fn is_written_as_it_is_read(&self, doing: &Doing) {
        let (dedup, input) = match doing {
            Doing::Input(input) => (None, input.clone()),
            Doing::Once { key, input } => (Some(key.clone()), input.clone()),
            Doing::Advance { .. } | Doing::Confirm { .. } | Doing::Restart => return,
        };
        let line = JournalLine::Input { at: self.now, dedup, input };
        let written = write_line(&line);
        assert_eq!(parse_line(&written).as_ref(), Ok(&line), "{written}");
    }

    fn advance(&mut self, budget: u32) {
        self.step(Doing::Advance { budget }, true);
    }

    fn confirm(&mut self, bytes: &mut Bytes<'_>) {
        let last = self.known.sequences.last().copied().unwrap_or(0);
        let up_to = match bytes.byte() {
            choice @ 0..=191 => last.saturating_sub(u64::from(choice % 16)),
            choice @ 192..=223 => last.saturating_add(u64::from(choice % 4)),
            _ => bytes.u64(),
        };
        self.step(Doing::Confirm { up_to }, true);
    }

    fn restart(&mut self, polls: bool) {
        self.step(Doing::Restart, polls);
    }

    /// The gate is asked about anything, at any instant: it changes nothing.
    fn asks(&self, bytes: &mut Bytes<'_>) {
        let before = self.is_judged.then(|| self.platform.state_hash());
        let Ok(request) = RequestCall::deserialize(Draw { bytes, known: &self.known, field: "" }) else { return };
        let at = Timestamp::from_micros(bytes.u64().cast_signed()).unwrap_or(self.now);
        let _ = self.platform.gate(request, at);
        let user = Address::deserialize(Draw { bytes, known: &self.known, field: "user" }).ok();
        let _ = user.map(|user| (self.platform.export_person(&user), self.platform.profile(&user).cloned()));
        assert!(before.is_none_or(|before| before == self.platform.state_hash()), "a question changes nothing");
    }

    fn step(&mut self, doing: Doing, polls: bool) -> Option<Result<Reply, Refusal>> {
        let reply = match &doing {
            Doing::Input(input) => Some(self.platform.handle(self.now, input.clone())),
            Doing::Once { key, input } => Some(self.platform.handle_once(self.now, key.clone(), input.clone())),
            Doing::Advance { budget } => {
                let _ = self.platform.advance(self.now, *budget);
                None
            }
            Doing::Confirm { up_to } => self.platform.confirm(*up_to).err().map(Err),
            Doing::Restart => {
                self.comes_back();
                None
            }
        };
        let mut effects = Vec::new();
        let mut most = if !polls {
            0
        } else if self.is_polled {
            usize::MAX
        } else {
            3
        };
        while most > 0
            && let Some(effect) = self.platform.poll_effect()
        {
            most -= 1;
            effects.push(effect);
        }
        if self.is_judged {
            self.platform.check_invariants().unwrap_or_else(|what| panic!("{what}\n{doing:?}"));
        }
        if self.is_thorough {
            Self::can_be_written(reply.as_ref(), &effects);
        }
        self.learns(&effects);
        if let Doing::Input(Input::SetPolicy(_)) = &doing {
            self.known.policy = document(&write(self.platform.policy()));
        }
        self.trace.steps.push(Step { line: None, at: self.now, doing, reply: reply.clone(), effects });
        reply
    }

    /// What came back is what was there, and is written the same.
    fn comes_back(&mut self) {
        self.restarts += 1;
        let bytes = self.platform.snapshot();
        let restored = Platform::restore(&bytes, test_keyring(), self.restarts)
            .unwrap_or_else(|error| panic!("what was written is restored: {error}"));
        if self.is_judged {
            assert_eq!(restored.snapshot(), bytes, "the snapshot of what was restored");
            assert_eq!(restored.state_hash(), self.platform.state_hash());
            assert_eq!(restored.model_view(), self.platform.model_view());
        }
        self.platform = restored;
    }

    /// Every answer and effect is read as it is written, and can be said in words.
    fn can_be_written(reply: Option<&Result<Reply, Refusal>>, effects: &[Effect]) {
        match reply {
            Some(Ok(reply)) => assert_eq!(reply_from_json(&reply_to_json(reply)).as_ref(), Ok(reply)),
            Some(Err(refusal)) => {
                assert_eq!(refusal_from_json(&refusal_to_json(refusal)).as_ref(), Ok(refusal));
                let _ = refusal.to_string();
            }
            None => {}
        }
        for effect in effects {
            let written = effect_to_json(effect);
            assert_eq!(effect_from_json(&written).as_ref(), Ok(effect), "{written}");
            for language in [Language::Chinese, Language::English] {
                if let Action::Send(send) = &effect.action {
                    let _ = content(&send.content, language);
                } else if let Action::Play(play) = &effect.action {
                    let _ = prompt(play.prompt, language);
                }
            }
        }
    }

    /// What may be named from now on.
    fn learns(&mut self, effects: &[Effect]) {
        fn latest<T>(all: impl DoubleEndedIterator<Item = T>) -> Vec<T> {
            let mut latest: Vec<T> = all.rev().take(KNOWN_MAX).collect();
            latest.reverse();
            latest
        }
        for effect in effects {
            self.known.sequences.push(effect.sequence);
            let Action::Send(send) = &effect.action else { continue };
            if let Content::Challenge(asked) = &send.content {
                self.challenges.push(asked.challenge);
            } else if let Content::BindingChallenge(asked) = &send.content {
                self.challenges.push(asked.challenge);
            }
        }
        let known = &mut self.known;
        known.sequences = latest(std::mem::take(&mut known.sequences).into_iter());
        self.challenges = latest(std::mem::take(&mut self.challenges).into_iter());
        known.codes =
            self.challenges.iter().filter_map(|challenge| Some(self.platform.code(*challenge).ok()?.digits())).collect();
        known.reservations = latest(self.platform.reservations().into_iter().map(ReservationId::get));
        known.voice_messages = latest(self.platform.voice_messages().into_iter().map(|id| id.get()));
        let kept = || known.reservations.iter().filter_map(|id| self.platform.reservation(ReservationId::new(*id)));
        known.groups = kept().filter_map(|kept| Some(kept.group?.get())).collect();
        known.leased = kept().filter_map(|kept| Some(kept.virtual_number?.number().dialable())).collect();
        self.known.legs = latest(self.legs().into_iter().map(LegId::get));
    }

    /// The calm phase, if there is one, and the judgement.
    fn ends(mut self) {
        if self.is_closed && self.is_polled {
            self.calms_down();
        }
        if !self.is_polled {
            return;
        }
        let judged = if self.is_closed { check_closed(&self.trace) } else { check(&self.trace) };
        judged.unwrap_or_else(|violation| panic!("{}{violation}", self.trace.to_json_lines()));
    }

    /// P9: given `advance` at or after each deadline, and confirmations, all ends.
    fn calms_down(&mut self) {
        for _ in 0..10_000 {
            self.confirm_all();
            let Some((due, why)) = self.platform.poll_deadline() else { return };
            assert_ne!(why, Why::EffectsWaiting, "everything was polled");
            self.now = self.now.max(due);
            if self.platform.policy().clock_leap_max_s > 0 {
                // The next deadline may lie farther ahead than the rules trust a clock.
                self.input(None, Input::ConfirmClock(ConfirmClock {}));
            }
            self.advance(100);
        }
        panic!("it goes on and on: {:?}\n{}", self.platform.poll_deadline(), self.trace.to_json_lines());
    }

    fn confirm_all(&mut self) {
        // The number of the last effect is told by the refusal of a larger one.
        if let (true, Err(Refusal::NotEmitted { last, .. })) = (self.platform.unconfirmed() > 0, self.platform.confirm(u64::MAX))
        {
            self.step(Doing::Confirm { up_to: last }, true);
        }
    }
}

fn base_policy() -> Policy {
    Policy {
        retention_s: 600,
        conversation_max_s: 300,
        retry_spacing_s: 30,
        number_rest_s: 30,
        text_chars_max: 40,
        dedup_retention_s: 60,
        ..Policy::default()
    }
}

/// The merchants, their pages, a calendar; a key, virtual numbers.
fn setup(now: Timestamp, dice: u8) -> Vec<Input> {
    let zone = Zone::parse(["Asia/Shanghai", "Europe/Berlin", "UTC", "America/St_Johns"][usize::from(dice & 3)]);
    let zone = zone.expect("a constant zone");
    let mut inputs = vec![Input::SetCalendar(SetCalendar { calendar: CalendarId::new(1), days: BTreeMap::new() })];
    if dice & 4 == 0 {
        inputs.push(Input::RotateKey(RotateKey { id: Text::from("k1") }));
    }
    if dice & 8 == 0 {
        inputs.push(Input::ImportNumbers(ImportNumbers { numbers: VIRTUAL.map(phone).to_vec() }));
    }
    let all_day = WeeklyRule::new(Weekdays::ALL, TimeOfDay::DAY_START, TimeOfDay::DAY_END).ok();
    for (id, line) in [(1, "95511"), (2, "95521")] {
        let merchant = MerchantId::new(id);
        let chatbot = Some(Address::Chatbot(Text::from(format!("106500000{id}@chatbot.example"))));
        let lines = vec![Line { number: phone(line), channels: 1 }];
        let register = RegisterMerchant { chatbot, ..RegisterMerchant::new(merchant, format!("商户{id}"), lines, zone) };
        inputs.push(Input::RegisterMerchant(register));
        let window = Window::new(now, now.saturating_add_micros(900 * SECOND)).ok();
        let hours = all_day.map(|rule| Hours { label: HoursLabel::Working, rule });
        let offerings = BTreeMap::from([(OfferingId::new(1), Text::from("车险")), (OfferingId::new(2), Text::from("寿险"))]);
        let page = PublishPage {
            windows: window.into_iter().collect(),
            hours: hours.into_iter().filter(|_| dice & 64 == 0).collect(),
            group_size_max: Some(3).filter(|_| dice & 32 != 0),
            calendar: Some(CalendarId::new(1)).filter(|_| dice & 128 != 0),
            ..PublishPage::new(PageId::new(id * 10), merchant, offerings)
        };
        inputs.push(Input::PublishPage(page));
    }
    inputs
}

fn verdict(reply: &Reply) -> Verdict {
    if let Reply::Deny(Deny { reason, retry_at, .. }) = reply {
        Verdict::Deny { reason: *reason, retry_at: *retry_at }
    } else {
        Verdict::Allow
    }
}

/// A document that the library wrote itself.
fn document(text: &str) -> Json {
    serde_json::from_str(text).expect("what is written can be read")
}

fn phone(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).expect("a constant number")
}

fn address(text: &str) -> Address {
    Address::parse(text).expect("a constant address")
}
