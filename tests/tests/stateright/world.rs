//! The world: platform, checker, simulated switch, budgets, and what of them makes a state.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash, Hasher};

use ringfence::Platform;
use ringfence::values::account::{AccountId, ConfirmBinding, Follow, RequestBinding};
use ringfence::values::effect::{Action, Content, Effect, Party};
use ringfence::values::id::{BindingId, ChallengeId, LegId, MerchantId, OfferingId, PageId};
use ringfence::values::input::{Book, ImportNumbers, Input, Line, PublishPage, RegisterMerchant, RotateKey};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::CallMode;
use ringfence::values::refusal::Refusal;
use ringfence::values::reply::{Missed, Reply};
use ringfence::values::time::{Timestamp, Window, Zone};
use ringfence_testing::checker::{Checker, Promise};
use ringfence_testing::codes::{TEST_KEYS, binding_code, known_keys, test_keyring};
use ringfence_testing::trace::{Doing, Step, Trace};

use crate::moments::{Moment, Moments};
use crate::scopes::Scope;

pub(crate) const USERS: [&str; 6] =
    ["+8613800000001", "+8613800000002", "+8613800000003", "+8613800000004", "+8613800000005", "+8613800000006"];
const LINES: [&str; 2] = ["95511", "95522"];
pub(crate) const ACCOUNTS: [&str; 2] = ["oA1-zhang", "oB2-li"];
pub(crate) const VIRTUAL: &str = "+8617000000001";

/// What keeps the first user's phone from ringing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Bar {
    Merchant,
    Number,
    List,
}

/// How often each kind of trouble may come in one life of this world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    pub(crate) requests: u8,
    pub(crate) cancels: u8,
    pub(crate) modes: u8,
    /// Reports that nobody needs: progress, repeats, answers that cross a hang-up or come unasked.
    pub(crate) odd: u8,
    /// Effects that fail, restarts, and switches that lose their legs.
    pub(crate) faults: u8,
    /// Steps of a host that lets a deadline pass.
    pub(crate) late: u8,
    pub(crate) amends: u8,
    pub(crate) declines: u8,
    pub(crate) blocks: u8,
    /// Slots that the merchant of the first reservation chooses, and how often he is ready.
    pub(crate) slots: u8,
    /// Right codes, wrong codes, and new codes that are asked for.
    pub(crate) right: u8,
    pub(crate) wrong: u8,
    pub(crate) asks: u8,
    /// The second user books.
    pub(crate) bookings: u8,
    /// The first user wants to be forgotten.
    pub(crate) forgets: u8,
    /// The operator freezes somebody or lists a number, or takes that back.
    pub(crate) bars: u8,
    /// Another account gives the code that the number was sent for it.
    pub(crate) takeovers: u8,
    /// How often the account stops following, or follows again.
    pub(crate) follows: u8,
    /// How often an account gives its number back.
    pub(crate) unbinds: u8,
    /// How often an input comes again under its key, or another under the same.
    pub(crate) again: u8,
    /// How many of the changes, cancels, declines, blocks and forgettings above there are together.
    pub(crate) withdrawals: u8,
}

/// Why a state is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fallen {
    Promise(Promise, String),
    Invariant(String),
    /// `gate` said something else than `request_call` a moment later.
    Gate(String),
    /// A restored platform is another one.
    Restore,
    /// An account was shown a message that is another's.
    Shown,
    /// Nothing is due any more, and something has not ended.
    Unfinished(String),
}

/// A leg at the simulated switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SwitchLeg {
    pub(crate) party: Party,
    pub(crate) inbound: bool,
    /// The platform asked for its answer.
    pub(crate) asked: bool,
    pub(crate) progressed: bool,
    pub(crate) answered: bool,
    pub(crate) hung_up: bool,
    /// It was withdrawn by a cancel, so an answer now crosses it.
    pub(crate) withdrawn: bool,
}

impl SwitchLeg {
    /// Whether its answer may come without any trouble: it rings or was asked for, or a cancel hung it up a moment ago.
    pub(crate) const fn expects_answer(&self) -> bool {
        !self.answered && (!self.hung_up || self.withdrawn) && (!self.inbound || self.asked)
    }
}

/// Who stands on which side of the two reservations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sides {
    OneMerchantTwoUsers,
    TwoMerchantsOneUser,
    /// One reservation with one merchant.
    OneUser,
    /// One reservation, which a stranger made for the user's phone: its holder is asked.
    Holder,
    /// One virtual number; the second user books later.
    OneNumber,
    /// As the first, and both agreed to share a call.
    OneMerchantTwoSharing,
    /// As one user, and the callable hours have a gap in his window.
    Gap,
    /// One reservation with one merchant, and the user's number is an account's.
    Recorder,
    /// No reservation: somebody calls a number that is an account's and that another account has asked for.
    Caller,
    /// As the first, but for how many users there are and how many channels.
    Crowd,
    /// No reservation: two accounts who follow want one number.
    TwoAccounts,
}

impl Sides {
    /// The user, the merchant and the line of a reservation.
    pub(crate) const fn of(self, reservation: u64) -> (&'static str, MerchantId, &'static str) {
        match (self, reservation) {
            (Self::OneMerchantTwoUsers | Self::OneNumber | Self::OneMerchantTwoSharing, 2) | (Self::Holder, 1) => {
                (USERS[1], MerchantId::new(1), LINES[0])
            }
            (Self::TwoMerchantsOneUser, 2) => (USERS[0], MerchantId::new(2), LINES[1]),
            (Self::Crowd, id) => (USERS[id as usize - 1], MerchantId::new(1), LINES[0]),
            (
                Self::OneMerchantTwoUsers
                | Self::TwoMerchantsOneUser
                | Self::OneUser
                | Self::Holder
                | Self::OneNumber
                | Self::OneMerchantTwoSharing
                | Self::Gap
                | Self::Recorder
                | Self::Caller
                | Self::TwoAccounts,
                _,
            ) => (USERS[0], MerchantId::new(1), LINES[0]),
        }
    }

    /// The reservations that there are from the beginning; of a crowd, those of the largest.
    pub(crate) const fn reservations(self) -> &'static [u64] {
        match self {
            Self::OneMerchantTwoUsers | Self::TwoMerchantsOneUser | Self::OneMerchantTwoSharing => &[1, 2],
            Self::OneUser | Self::Holder | Self::OneNumber | Self::Gap | Self::Recorder => &[1],
            Self::Crowd => &[1, 2, 3, 4, 5, 6],
            Self::Caller | Self::TwoAccounts => &[],
        }
    }

    /// Whether there are reservations.
    pub(crate) const fn is_reserved(self) -> bool {
        match self {
            Self::OneMerchantTwoUsers
            | Self::TwoMerchantsOneUser
            | Self::OneUser
            | Self::Holder
            | Self::OneNumber
            | Self::OneMerchantTwoSharing
            | Self::Gap
            | Self::Recorder
            | Self::Crowd => true,
            Self::Caller | Self::TwoAccounts => false,
        }
    }
}

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) platform: Platform,
    pub(crate) checker: Checker,
    pub(crate) now: Timestamp,
    pub(crate) window: Window,
    pub(crate) end: Timestamp,
    /// A slot was over without a conversation.
    pub(crate) slot_over: bool,
    pub(crate) switch: BTreeMap<LegId, SwitchLeg>,
    /// A leg that is gone, for reports that repeat its end.
    pub(crate) gone: Option<LegId>,
    /// The dials and answers handed out in the last step: they may have failed, and are unconfirmed until the next.
    pub(crate) fresh: Vec<(u64, LegId)>,
    pub(crate) last_sequence: u64,
    /// Up to which sequence number the host has confirmed.
    pub(crate) confirmed: u64,
    /// A voice message was sent in the last step.
    pub(crate) pushed: bool,
    pub(crate) budget: Budget,
    pub(crate) silence: CallMode,
    pub(crate) sides: Sides,
    pub(crate) channels: u32,
    pub(crate) restarted: bool,
    /// What the operator keeps from ringing.
    pub(crate) barred: Option<Bar>,
    /// The first user was forgotten.
    pub(crate) forgot: bool,
    /// Which inputs came under a key.
    pub(crate) keyed: [bool; 2],
    /// What the host has not confirmed, where it may stop.
    pub(crate) unconfirmed: Vec<Effect>,
    /// What the last step showed; no part of the state.
    pub(crate) moments: Moments,
    pub(crate) fallen: Option<Fallen>,
    /// Everything that happened, when somebody wants to read it.
    pub(crate) trace: Option<Trace>,
    /// Whether what comes may come again, under its key.
    pub(crate) comes_again: bool,
    /// Whether the host may stop in this world.
    pub(crate) may_stop: bool,
    /// A hash of all of this; the state for the model checker.
    pub(crate) key: u64,
    /// A hash of `Platform::model_view()` alone.
    pub(crate) view: u64,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { now, switch, budget, fallen, .. } = self;
        write!(f, "{now} {budget:?} {fallen:?} {switch:?}")
    }
}

impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Hash for World {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl World {
    /// The merchant is open, both users have booked, and it is ten seconds before their window.
    pub(crate) fn new(scope: &Scope, silence: CallMode, trace: bool) -> Self {
        let starts = if scope.sides == Sides::Gap { "2026-11-21T17:59:40+08:00" } else { "2026-11-21T18:00:00+08:00" };
        let start = Timestamp::parse(starts).expect("a time");
        let window = Window::new(start, start.saturating_add_s(u64::from(scope.window_s))).expect("a window");
        let policy = scope.policy(silence);
        let mut world = Self {
            platform: Platform::new(policy.clone(), test_keyring(), 0).expect("a policy within its ranges"),
            checker: Checker::new(policy.clone()),
            now: start.saturating_sub_s(10),
            window,
            // Where there is no window, no clock stands near its end.
            end: if scope.sides.is_reserved() { window.end() } else { start.saturating_sub_s(10) },
            slot_over: false,
            switch: BTreeMap::new(),
            gone: None,
            fresh: Vec::new(),
            last_sequence: 0,
            confirmed: 0,
            pushed: false,
            budget: scope.budget,
            silence,
            sides: scope.sides,
            channels: scope.crowd.1,
            restarted: false,
            barred: None,
            forgot: false,
            keyed: [false; 2],
            unconfirmed: Vec::new(),
            moments: 0,
            fallen: None,
            trace: trace.then(|| Trace::new(policy)),
            comes_again: scope.budget.again > 0,
            may_stop: scope.budget.faults > 0,
            key: 0,
            view: 0,
        };
        let keys = TEST_KEYS.map(|(id, key)| (id.to_owned(), key.to_vec()));
        world.checker.knows_keys(keys.iter().map(|(id, key)| (id, key)));
        if let Some(trace) = &mut world.trace {
            known_keys(&mut trace.header);
        }
        for input in opening(scope, window) {
            world.input(input).expect("the opening is accepted");
        }
        world.seal();
        world
    }

    /// Everything that was handed out before is done: the host confirms it, also what the platform has voided since, which the host cannot know.
    pub(crate) fn confirm(&mut self) {
        self.fresh.clear();
        self.unconfirmed.clear();
        self.pushed = false;
        let up_to = self.last_sequence;
        if up_to == self.confirmed {
            return;
        }
        self.confirmed = up_to;
        let refused = self.platform.confirm(up_to).err();
        self.judge(Doing::Confirm { up_to }, refused.map(Err));
    }

    pub(crate) fn input(&mut self, input: Input) -> Result<Reply, Refusal> {
        let reply = self.platform.handle(self.now, input.clone());
        self.judge(Doing::Input(input), Some(reply.clone()));
        reply
    }

    /// Has the checker judge a step, and does at the switch what it says. Answers with what was handed out.
    pub(crate) fn judge(&mut self, doing: Doing, reply: Option<Result<Reply, Refusal>>) -> Vec<Effect> {
        let effects: Vec<Effect> = std::iter::from_fn(|| self.platform.poll_effect()).collect();
        let step = Step { line: None, at: self.now, doing, reply, effects };
        if let Err(violation) = self.checker.step(&step) {
            self.fallen.get_or_insert(Fallen::Promise(violation.promise, violation.text));
        }
        for effect in &step.effects {
            self.carry_out(effect);
        }
        match &mut self.trace {
            None => step.effects,
            Some(trace) => {
                trace.steps.push(step.clone());
                step.effects
            }
        }
    }

    pub(crate) fn show(&mut self, moment: Moment) {
        self.moments |= moment.bit();
    }

    pub(crate) fn has_shown(&self, moment: Moment) -> bool {
        self.moments & moment.bit() != 0
    }

    pub(crate) fn carry_out(&mut self, effect: &Effect) {
        if effect.sequence <= self.last_sequence {
            return;
        }
        self.last_sequence = effect.sequence;
        if self.may_stop {
            self.unconfirmed.push(effect.clone());
        }
        match &effect.action {
            Action::Dial(dial) => {
                self.fresh.push((effect.sequence, dial.leg));
                self.switch.insert(dial.leg, leg(dial.party, false));
                match dial.party {
                    Party::User => self.notice_user_dial(dial),
                    Party::Merchant => self.notice_turn(dial.reason.reservation),
                }
            }
            Action::Answer(answer) => {
                self.fresh.push((effect.sequence, answer.leg));
                if let Some(leg) = self.switch.get_mut(&answer.leg) {
                    leg.asked = true;
                }
            }
            Action::Record(record) => self.fresh.push((effect.sequence, record.leg)),
            Action::Reject(reject) => self.remove(reject.leg),
            Action::HangUp(hang_up) => {
                if let Some(leg) = self.switch.get_mut(&hang_up.leg) {
                    leg.hung_up = true;
                }
            }
            Action::Send(send) => match &send.content {
                Content::Missed(missed) if missed.why == Missed::NotReached => self.show(Moment::AttemptsUsedUp),
                Content::Missed(missed) if missed.why == Missed::HostLate => self.show(Moment::HostLate),
                Content::VoiceMessage(_) => self.pushed = true,
                Content::SlotOver(_) => {
                    self.slot_over = true;
                    self.show(Moment::SlotOver);
                }
                Content::Missed(_)
                | Content::BookingPage(_)
                | Content::Result(_)
                | Content::ContactUnconfirmed(_)
                | Content::Reservation(_)
                | Content::ModeOptions(_)
                | Content::CancelledForMerchant(_)
                | Content::MissedForMerchant(_)
                | Content::SearchEntry(_)
                | Content::SearchResults(_)
                | Content::Cancelled(_)
                | Content::Challenge(_)
                | Content::ContactNotConfirmed(_)
                | Content::Amended(_)
                | Content::OnHold(_)
                | Content::Declined(_)
                | Content::ManagePage(_)
                | Content::BindingChallenge(_)
                | Content::BindingChanged(_)
                | Content::VoiceMessageUndelivered(_)
                | Content::CallBackRequested(_)
                | Content::VoiceMessageUndeliveredForMerchant(_)
                | Content::CallBackRequestedForMerchant(_)
                | Content::Reminder(_) => {}
            },
            Action::Audit(audit) => self.notice_record(&audit.record),
            Action::Archive(_) => self.show(Moment::Archived),
            Action::Join(_) | Action::Play(_) | Action::Erase(_) | Action::Transcribe(_) | Action::ArchiveVoiceMessage(_) => {}
        }
    }

    pub(crate) fn remove(&mut self, leg: LegId) {
        if self.switch.remove(&leg).is_some() {
            self.gone = Some(leg);
        }
    }

    /// The instant of the next deadline, never before now.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.platform.poll_deadline().map(|(at, _)| at.max(self.now))
    }

    /// Whether there is a call of two users of which this holds: how many talk, and how many are out of it who talked or did not.
    pub(crate) fn shares(&self, holds: impl Fn(usize, usize, usize) -> bool) -> bool {
        let calls = self.platform.calls();
        calls.iter().filter_map(|call| self.platform.call(*call)).filter(|call| call.members.len() == 2).any(|call| {
            let count =
                |is_out, is_talked| call.members.iter().filter(|one| (one.is_out, one.is_talked) == (is_out, is_talked)).count();
            holds(count(false, true), count(true, true), count(true, false))
        })
    }

    /// How many users are on the bridge of a call that two share.
    pub(crate) fn sharing(&self) -> usize {
        (1..=2).find(|count| self.shares(|talking, _, _| talking == *count)).unwrap_or(0)
    }

    /// Whether a phone of a user rings at the switch.
    pub(crate) fn rings(&self) -> bool {
        self.switch.values().any(|leg| leg.party == Party::User && !leg.answered && !leg.hung_up)
    }

    /// The part of the window, where there is one, in which no phone may ring: it begins twenty seconds after the window, and lasts a minute.
    pub(crate) fn gap(&self) -> Window {
        let start = self.window.start().saturating_add_s(20);
        Window::new(start, start.saturating_add_s(60)).expect("a minute")
    }

    pub(crate) fn last_microsecond(&self) -> Timestamp {
        self.end.saturating_add_micros(-1)
    }

    pub(crate) fn fall(&mut self, fallen: Fallen) {
        self.fallen.get_or_insert(fallen);
    }

    /// Makes the key that stands for this state.
    pub(crate) fn seal(&mut self) {
        // Which leg of the platform a leg at the switch is, if it is one still, and where in the order of ids it stands if not.
        let alive = self.platform.legs();
        let place = |leg: LegId| (alive.contains(&leg), alive.partition_point(|id| *id < leg));
        let hash = |of: &dyn Fn(&mut DefaultHasher)| {
            let mut hasher = DefaultHasher::new();
            of(&mut hasher);
            hasher.finish()
        };
        self.view = hash(&|hasher| self.platform.model_view().hash(hasher));
        let (odd, faults) = (self.budget.odd > 0, self.budget.faults > 0);
        let environment = (
            self.now.micros_since(self.platform.latest()),
            // The clock may be set by the window's end also when no reservation is left that has one.
            self.end.micros_since(self.now).max(0),
            self.switch.iter().map(|(leg, at_switch)| (place(*leg), *at_switch)).collect::<Vec<_>>(),
            // What only reports and faults that may come yet are about.
            self.gone.filter(|_| odd).map(place),
            self.fresh.iter().filter(|_| faults).map(|(_, leg)| place(*leg)).collect::<Vec<_>>(),
            self.pushed && faults,
            self.restarted && faults,
            (self.budget, self.silence, self.slot_over, self.barred, self.forgot, self.keyed, &self.fallen),
        );
        self.key = hash(&|hasher| {
            self.view.hash(hasher);
            self.checker.view().hash(hasher);
            environment.hash(hasher);
        });
    }
}

/// The merchants register and publish, and the users book.
fn opening(scope: &Scope, window: Window) -> Vec<Input> {
    let (sides, (users, channels)) = (scope.sides, scope.crowd);
    let mut inputs = Vec::new();
    for id in [1, 2] {
        let (_, merchant, line) = sides.of(id);
        let page = PageId::new(merchant.get());
        if inputs.is_empty() || sides == Sides::TwoMerchantsOneUser {
            let chatbot = Some(Address::parse("sip:1065@bot.example").expect("an address"));
            let lines = vec![Line { number: number(line), channels }];
            let zone = Zone::parse("Asia/Shanghai").expect("a zone");
            inputs.push(Input::RegisterMerchant(RegisterMerchant {
                chatbot,
                ..RegisterMerchant::new(merchant, "平安", lines, zone)
            }));
            let offerings = [(OfferingId::new(1), "车险".into()), (OfferingId::new(2), "寿险".into())].into();
            let windows = vec![window];
            let group_size_max = Some(2).filter(|_| sides == Sides::OneMerchantTwoSharing);
            let publish = PublishPage { windows, group_size_max, ..PublishPage::new(page, merchant, offerings) };
            inputs.push(Input::PublishPage(publish));
        }
    }
    match sides {
        Sides::OneMerchantTwoUsers
        | Sides::TwoMerchantsOneUser
        | Sides::OneMerchantTwoSharing
        | Sides::OneUser
        | Sides::Gap
        | Sides::Crowd => {}
        Sides::Recorder => inputs.extend(bound(&ACCOUNTS[..1])),
        Sides::Caller => inputs = bound(&ACCOUNTS),
        Sides::TwoAccounts => inputs = following(&ACCOUNTS),
        Sides::Holder => inputs.push(Input::RotateKey(RotateKey { id: "k1".into() })),
        Sides::OneNumber => inputs.push(Input::ImportNumbers(ImportNumbers { numbers: vec![number(VIRTUAL)] })),
    }
    inputs.extend(sides.reservations().iter().take(users).map(|id| booking(sides, *id, window)));
    inputs
}

/// The accounts follow, and there is a key for codes.
fn following(accounts: &[&str]) -> Vec<Input> {
    let follow = |name: &&str| Input::Follow(Follow { account: account(name) });
    let key = Input::RotateKey(RotateKey { id: TEST_KEYS[0].0.into() });
    std::iter::once(key).chain(accounts.iter().map(follow)).collect()
}

/// The first account binds the number; others ask for it.
fn bound(accounts: &[&str]) -> Vec<Input> {
    let (key, secret) = TEST_KEYS[0];
    let mut inputs = vec![Input::RotateKey(RotateKey { id: key.into() })];
    for (name, id) in accounts.iter().zip(1..) {
        let (account, number) = (account(name), number(USERS[0]));
        inputs.push(Input::Follow(Follow { account: account.clone() }));
        inputs.push(Input::RequestBinding(RequestBinding { account: account.clone(), number }));
        if id == 1 {
            let code = binding_code(secret, ChallengeId::new(id), BindingId::new(id), 6);
            inputs.push(Input::ConfirmBinding(ConfirmBinding { account, number, code }));
        }
    }
    inputs
}

pub(crate) fn account(name: &str) -> AccountId {
    AccountId::parse(name).expect("an account")
}

/// The user of this reservation books it.
pub(crate) fn booking(sides: Sides, id: u64, window: Window) -> Input {
    let (user, merchant, _) = sides.of(id);
    let (user, page) = (Address::Rcs(number(user)), PageId::new(merchant.get()));
    let contact = (sides == Sides::Holder).then(|| number(USERS[0]));
    let share = sides == Sides::OneMerchantTwoSharing;
    Input::Book(Book { contact, share, ..Book::new(user, page, OfferingId::new(1), window) })
}

pub(crate) const fn leg(party: Party, inbound: bool) -> SwitchLeg {
    SwitchLeg { party, inbound, asked: false, progressed: false, answered: false, hung_up: false, withdrawn: false }
}

pub(crate) fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).expect("a number")
}
