//! Moves: what happens next, and when, decided from the state of the model.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use ringfence::values::code::Code;
use ringfence::values::effect::Party;
use ringfence::values::evidence::Evidence;
use ringfence::values::id::{COUNTER_BITS, CalendarId, LegId, MerchantId, OfferingId, PageId, ReservationId};
use ringfence::values::input::{
    Book, BookingEvidence, CallTarget, Cancel, Channel, ChooseMode, ConfirmClock, ConfirmContact, Dedup, EffectFailed,
    ImportNumbers, Input, LegAnswered, LegEnded, LegProgress, Line, PageOf, PlayFinished, PresetMode, PushPage, RegisterMerchant,
    RequestCall, RequestCode, RequestPage, Resync, RotateKey, Search, SetCalendar, SetPolicy, WithdrawPage,
};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::{CallMode, ModeChooser, OnWindowClose, Policy};
use ringfence::values::reply::ReservationState;
use ringfence::values::text::Text;
use ringfence::values::time::Timestamp;

use super::accounts::AccountMove;
use super::managing::{message_report, result_way};
use super::voice_messages::VoiceMove;
use super::{law, people, slots};

use super::worlds::{
    World, between, chatbot, days_around, foreign_number, line_numbers, no_users_number, short_code, spare_number, virtual_number,
};
use crate::model::{LegState, LegView, Model, ReservationSummary};
use crate::trace::Doing;

/// One of several, chosen when the move is made: the number modulo how many there are.
pub type Pick = u16;

/// What happens next, and when.
#[derive(Clone, Debug)]
pub struct Move {
    /// How much time passes first.
    pub wait: Wait,
    /// What then happens.
    pub what: What,
    /// Whether an input comes with a key: an even number takes one of a few keys, an odd one repeats what came under that key.
    pub key: Option<u8>,
}

/// How much time passes.
#[derive(Clone, Copy, Debug)]
pub enum Wait {
    /// None.
    Nothing,
    /// One microsecond.
    Microsecond,
    /// Some seconds.
    Seconds(u32),
    /// Exactly until the next deadline.
    UntilDeadline,
    /// Until one microsecond before the next deadline.
    BeforeDeadline,
    /// Until some microseconds before or after the end of a live reservation's window, or of its slot.
    AroundEnd(Pick, i64),
    /// So much that the host is late for everything: some minutes.
    Minutes(u32),
    /// The host's clock steps back by some seconds, for this once.
    Backwards(u32),
    /// Until the next full minute, if callable hours are set: they begin and end then.
    FullMinute,
}

/// A leg, as reports choose it.
#[derive(Clone, Copy, Debug)]
pub enum Report {
    /// `leg_progress`.
    Progress,
    /// `leg_answered`.
    Answered,
    /// `leg_ended`, with this Q.850 cause and SIP status.
    Ended(Option<u8>, Option<u16>),
    /// `play_finished`.
    PlayFinished,
}

/// A window that is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Booking {
    /// A concrete window of the page that is not over; a minute from now when all are.
    Offered(Pick),
    /// From so many seconds ago (or ahead) on, this long.
    Around {
        /// Seconds from now to its start.
        starts_in_s: i64,
        /// Seconds from its start to its end.
        length_s: u64,
    },
    /// One that no page offers.
    Bad(BadWindow),
}

/// A window that no page offers.
#[derive(Clone, Copy, Debug)]
pub enum BadWindow {
    /// Over already.
    Over,
    /// Years ahead.
    FarAhead,
    /// Longer than any that is offered.
    TooLong,
}

/// What happens.
#[derive(Clone, Debug)]
pub enum What {
    /// Deadlines fire, at most so many.
    Advance(u32),
    /// Whatever leads on from here: a leg that rings is answered, a talk ends, a merchant calls. The number chooses.
    Follow(u32),
    /// A user books.
    Book {
        /// Which user.
        user: Pick,
        /// On which page.
        page: Pick,
        /// When.
        window: Booking,
        /// With which contact, if he names one: 0 is a line of a merchant, others are users' numbers.
        contact: Option<Pick>,
    },
    /// A line calls: any reservation, from any line.
    Request(Pick, Pick),
    /// Somebody cancels: which reservation, which user (its own when absent).
    Cancel(Pick, Option<Pick>),
    /// A merchant chooses: which reservation, which mode, and whether it is his own.
    Choose(Pick, CallMode, bool),
    /// A report on a leg that is alive.
    OnLive(Report, Pick),
    /// A report on any leg that ever was, or is not yet.
    OnAny(Report, Pick),
    /// An unconfirmed effect failed; an at-most-once one if there is one.
    Failed(Pick),
    /// Any effect failed, also a confirmed one or one that never was.
    FailedAny(Pick),
    /// The switch comes back with those live legs that the bits keep, and one more that is not ours.
    Resync(u32, Option<Pick>),
    /// Effects are confirmed: the share of the unconfirmed in 256ths; beyond the last when it is 256.
    Confirm(u16),
    /// The host stops and comes back.
    Restart,
    /// A merchant sets his standing choice.
    Preset(Pick, Option<CallMode>),
    /// A page goes to users.
    Push(Pick, Vec<Pick>),
    /// A page is published again, changed in this way.
    Publish(Pick, u8),
    /// A merchant registers again, changed in this way.
    Register(Pick, u8),
    /// The operator sets the rules anew, changed in this way.
    SetPolicy(u8),
    /// The operator says that the clock is right.
    ConfirmClock,
    /// The operator says by webhook that a clock is right which leapt by some minutes: under a key that was taken, under a new one, or under none.
    ConfirmLeap(u8),
    /// A line calls a number: any virtual one, or one that is none.
    RequestNumber(Pick, Pick),
    /// The operator puts these into the pool: virtual numbers, and seldom a line or a phone.
    Import(Vec<Pick>),
    /// A code is given for any reservation: by which user (its own when absent), and what is wrong with it, if anything.
    Code(Pick, Option<Pick>, u8),
    /// A new code is asked for: for which reservation, by which user.
    AskForCode(Pick, Option<Pick>),
    /// Another key is set.
    RotateKey(u8),
    /// A page is taken back, in this way.
    Withdraw(Pick, u8),
    /// Holidays are told anew, in this way.
    Calendar(u16),
    /// A user searches: who, and for what.
    Search(Pick, Pick),
    /// A user asks for a page: who, and which.
    RequestPage(Pick, Pick),
    /// A user books just what another has booked who may share a call: whose reservation, and which user.
    Share(Pick, Pick),
    /// A line calls a group: any, or one that is none.
    RequestGroup(Pick, Pick),
    /// Somebody blocks or unblocks: whose reservation it is about (its sender's or its phone's holder), how, and whether it is a block.
    Block(Pick, u8, bool),
    /// Somebody changes a reservation: which one, and how.
    Amend(Pick, u32),
    /// A merchant declines: which reservation, and whether it is his own.
    Decline(Pick, bool),
    /// Somebody confirms a result: which reservation, which user (its own when absent).
    Acknowledge(Pick, Option<Pick>),
    /// The operator stops new ringing.
    Freeze(Pick),
    /// The operator lets ring again.
    Thaw(Pick),
    /// The operator changes the do-not-call list: these come, these leave.
    List(Vec<Pick>, Vec<Pick>),
    /// A user changes what is remembered of him.
    Profile(Pick),
    /// Somebody wants to be forgotten.
    Forget(Pick),
    /// A merchant chooses a slot, or is ready: for which reservation, and how.
    Slot(Pick, u32),
    /// A gateway says what became of a message: which one, and what.
    MessageReport(Pick, u8),
    /// Somebody asks for the page to manage a reservation: which one, and who (its own sender when absent).
    Manage(Pick, Option<Pick>),
    /// Somebody with an account does something.
    Account(AccountMove),
    /// Something happens to a call that fails, or to a message.
    Voice(VoiceMove),
    /// A call under a reservation goes on, mostly to a phone that nobody answers and a merchant who leaves a message: the number chooses.
    Meet(u32),
}

/// Moves, weighted towards conversations.
pub fn moves() -> impl Strategy<Value = Move> {
    (waits(), whats(), weighted(0.08, 0..12_u8)).prop_map(|(wait, what, key)| Move { wait, what, key })
}

fn waits() -> impl Strategy<Value = Wait> {
    prop_oneof![
        120 => Just(Wait::Nothing),
        4 => Just(Wait::Microsecond),
        24 => (1..15_u32).prop_map(Wait::Seconds),
        30 => Just(Wait::UntilDeadline),
        6 => Just(Wait::BeforeDeadline),
        6 => (any::<Pick>(), select(vec![0_i64, -1, 1, -5_000_000, -10_000_000, 3_000_000])).prop_map(|(pick, micros)| Wait::AroundEnd(pick, micros)),
        1 => (2..30_u32).prop_map(Wait::Minutes),
        4 => (1..100_u32).prop_map(Wait::Backwards),
        10 => Just(Wait::FullMinute),
    ]
}

pub(super) fn whats() -> impl Strategy<Value = What> {
    let mode = || select(CallMode::ALL.to_vec());
    let user = || weighted(0.3, any::<Pick>());
    prop_oneof![
        16 => select(vec![1_000_u32, 1, 2, 0]).prop_map(What::Advance),
        150 => any::<u32>().prop_map(What::Follow),
        14 => bookings(0.5),
        4 => any::<(Pick, Pick)>().prop_map(|(reservation, line)| What::Request(reservation, line)),
        3 => (any::<Pick>(), user()).prop_map(|(reservation, user)| What::Cancel(reservation, user)),
        6 => (any::<Pick>(), mode(), prop_oneof![9 => Just(true), 1 => Just(false)]).prop_map(|(reservation, mode, own)| What::Choose(reservation, mode, own)),
        5 => (reports(), any::<Pick>()).prop_map(|(report, leg)| What::OnLive(report, leg)),
        4 => (reports(), any::<Pick>()).prop_map(|(report, leg)| What::OnAny(report, leg)),
        2 => any::<Pick>().prop_map(What::Failed),
        1 => any::<Pick>().prop_map(What::FailedAny),
        2 => (any::<u32>(), user()).prop_map(|(kept, foreign)| What::Resync(kept, foreign)),
        6 => (0..=256_u16).prop_map(What::Confirm),
        2 => Just(What::Restart),
        1 => (any::<Pick>(), weighted(0.7, mode())).prop_map(|(merchant, mode)| What::Preset(merchant, mode)),
        1 => (any::<Pick>(), vec(any::<Pick>(), 0..6)).prop_map(|(page, to)| What::Push(page, to)),
        1 => any::<(Pick, u8)>().prop_map(|(page, change)| What::Publish(page, change)),
        2 => any::<(Pick, u8)>().prop_map(|(merchant, change)| What::Register(merchant, change)),
        6 => any::<u8>().prop_map(What::SetPolicy),
        2 => Just(What::ConfirmClock),
        3 => any::<u8>().prop_map(What::ConfirmLeap),
        4 => any::<(Pick, Pick)>().prop_map(|(number, line)| What::RequestNumber(number, line)),
        1 => vec(any::<Pick>(), 0..3).prop_map(What::Import),
        9 => (any::<Pick>(), user(), any::<u8>()).prop_map(|(reservation, user, wrong)| What::Code(reservation, user, wrong)),
        9 => (any::<Pick>(), user()).prop_map(|(reservation, user)| What::AskForCode(reservation, user)),
        1 => any::<u8>().prop_map(What::RotateKey),
        1 => any::<(Pick, u8)>().prop_map(|(page, change)| What::Withdraw(page, change)),
        1 => any::<u16>().prop_map(What::Calendar),
        1 => any::<(Pick, Pick)>().prop_map(|(user, keyword)| What::Search(user, keyword)),
        1 => any::<(Pick, Pick)>().prop_map(|(user, page)| What::RequestPage(user, page)),
        4 => (any::<Pick>(), any::<u8>(), proptest::bool::weighted(0.6)).prop_map(|(reservation, how, blocks)| What::Block(reservation, how, blocks)),
        4 => any::<Pick>().prop_map(What::Freeze),
        1 => any::<Pick>().prop_map(What::Thaw),
        2 => (vec(any::<Pick>(), 0..3), vec(any::<Pick>(), 0..3)).prop_map(|(add, remove)| What::List(add, remove)),
        1 => any::<Pick>().prop_map(What::Profile),
        2 => any::<Pick>().prop_map(What::Forget),
        7 => any::<(Pick, Pick)>().prop_map(|(reservation, user)| What::Share(reservation, user)),
        3 => any::<(Pick, Pick)>().prop_map(|(group, line)| What::RequestGroup(group, line)),
        10 => any::<(Pick, u32)>().prop_map(|(reservation, dice)| What::Amend(reservation, dice)),
        6 => any::<(Pick, u32)>().prop_map(|(reservation, dice)| What::Slot(reservation, dice)),
        3 => (any::<Pick>(), prop_oneof![9 => Just(true), 1 => Just(false)]).prop_map(|(reservation, own)| What::Decline(reservation, own)),
        1 => (any::<Pick>(), user()).prop_map(|(reservation, user)| What::Acknowledge(reservation, user)),
        2 => (any::<Pick>(), user()).prop_map(|(reservation, user)| What::Manage(reservation, user)),
        8 => any::<(Pick, u8)>().prop_map(|(message, how)| What::MessageReport(message, how)),
    ]
}

/// Moves of which most are about calls: who rings, who answers, who leaves, and what changes meanwhile.
pub(super) fn moves_of_calls() -> impl Strategy<Value = Move> {
    let own = |most: u32| prop_oneof![most => Just(true), 1 => Just(false)];
    let user = || weighted(0.3, any::<Pick>());
    let what = prop_oneof![
        16 => select(vec![1_000_u32, 1, 2, 0]).prop_map(What::Advance),
        190 => any::<u32>().prop_map(What::Follow),
        12 => bookings(0.1),
        8 => any::<(Pick, Pick)>().prop_map(|(reservation, user)| What::Share(reservation, user)),
        3 => any::<(Pick, Pick)>().prop_map(|(group, line)| What::RequestGroup(group, line)),
        3 => any::<(Pick, Pick)>().prop_map(|(reservation, line)| What::Request(reservation, line)),
        2 => (any::<Pick>(), user()).prop_map(|(reservation, user)| What::Cancel(reservation, user)),
        6 => (any::<Pick>(), select(CallMode::ALL.to_vec()), own(9)).prop_map(|(reservation, mode, own)| What::Choose(reservation, mode, own)),
        4 => (reports(), any::<Pick>()).prop_map(|(report, leg)| What::OnLive(report, leg)),
        6 => (0..=256_u16).prop_map(What::Confirm),
        1 => Just(What::Restart),
        1 => any::<u8>().prop_map(What::SetPolicy),
        6 => any::<(Pick, u32)>().prop_map(|(reservation, dice)| What::Amend(reservation, dice)),
        5 => any::<(Pick, u32)>().prop_map(|(reservation, dice)| What::Slot(reservation, dice)),
        1 => (any::<Pick>(), own(9)).prop_map(|(reservation, own)| What::Decline(reservation, own)),
        1 => (any::<Pick>(), any::<u8>(), proptest::bool::weighted(0.6)).prop_map(|(reservation, how, blocks)| What::Block(reservation, how, blocks)),
        1 => any::<Pick>().prop_map(What::Forget),
        1 => (any::<u32>(), user()).prop_map(|(kept, foreign)| What::Resync(kept, foreign)),
    ];
    (waits(), what).prop_map(|(wait, what)| Move { wait, what, key: None })
}

fn bookings(for_others: f64) -> impl Strategy<Value = What> {
    let around = (select(vec![0_i64, -10, 5, 30]), select(vec![60_u64, 20, 200]))
        .prop_map(|(starts_in_s, length_s)| Booking::Around { starts_in_s, length_s });
    let bad = select(vec![BadWindow::Over, BadWindow::FarAhead, BadWindow::TooLong]).prop_map(Booking::Bad);
    let window = prop_oneof![6 => any::<Pick>().prop_map(Booking::Offered), 5 => around, 1 => bad];
    let contact = weighted(for_others, any::<Pick>());
    (any::<Pick>(), any::<Pick>(), window, contact).prop_map(|(user, page, window, contact)| What::Book {
        user,
        page,
        window,
        contact,
    })
}

fn reports() -> impl Strategy<Value = Report> {
    prop_oneof![
        2 => Just(Report::Answered),
        2 => (select(vec![None, Some(17), Some(16), Some(19), Some(20), Some(17), Some(128)]), select(vec![None, Some(486), Some(480), Some(486), Some(480), Some(700)])).prop_map(|(q850, sip)| Report::Ended(q850, sip)),
        1 => Just(Report::Progress),
        1 => Just(Report::PlayFinished),
    ]
}

impl World {
    /// What a move means here and now. What has no clock of its own ([`Doing::Confirm`], [`Doing::Restart`]) happens at the latest instant seen.
    #[must_use]
    pub fn step(&self, made: &Move, model: &Model) -> (Timestamp, Doing) {
        let at = self.instant(made.wait, model);
        if let What::ConfirmLeap(number) = made.what {
            return confirm_leap(at, number, model);
        }
        match self.doing(&made.what, at, model) {
            Doing::Input(input) => (at, keyed(input, made.key, model)),
            timed @ (Doing::Once { .. } | Doing::Advance { .. }) => (at, timed),
            timeless @ (Doing::Confirm { .. } | Doing::Restart) => (self.instant(Wait::Nothing, model), timeless),
        }
    }

    fn instant(&self, wait: Wait, model: &Model) -> Timestamp {
        let now = model.latest().max(self.begins);
        let deadline = || model.next_deadline().map_or(now, |(due, _)| due);
        match wait {
            Wait::Nothing => now,
            Wait::Microsecond => now.saturating_add_micros(1),
            Wait::Seconds(seconds) => now.saturating_add_s(seconds.into()),
            Wait::UntilDeadline => deadline().max(now),
            Wait::BeforeDeadline => deadline().saturating_add_micros(-1).max(now),
            Wait::AroundEnd(reservation, micros) => {
                let live: Vec<_> = model.reservations().into_iter().filter(|kept| kept.window.end() > now).collect();
                let end = |kept: ReservationSummary| kept.slot.unwrap_or(kept.window).end();
                one(&live, reservation).map_or(now, |kept| end(kept).saturating_add_micros(micros).max(now))
            }
            Wait::Minutes(minutes) => now.saturating_add_s(u64::from(minutes) * 60),
            Wait::Backwards(seconds) => now.saturating_sub_s(seconds.into()),
            Wait::FullMinute if model.policy().callable_hours.is_empty() => now,
            Wait::FullMinute => now.saturating_add_micros(60_000_000 - now.as_micros().rem_euclid(60_000_000)),
        }
    }

    fn doing(&self, what: &What, at: Timestamp, model: &Model) -> Doing {
        let input = match what {
            What::Advance(budget) => return Doing::Advance { budget: *budget },
            What::Confirm(share) => return confirm(*share, model),
            What::Restart => return Doing::Restart,
            What::Follow(dice) => return self.follow(*dice, at, model),
            What::Book { user, page, window, contact } => self.booking((*user, *page), *window, *contact, at),
            What::Request(reservation, line) => {
                Input::RequestCall(RequestCall::new(self.any_line(*line), any_reservation(*reservation, model)))
            }
            What::Cancel(reservation, user) => {
                let reservation = any_reservation(*reservation, model);
                Input::Cancel(Cancel { user: self.speaker(reservation, *user, model), reservation })
            }
            What::Profile(pick) => people::set_profile(self, *pick),
            What::Forget(pick) => people::forget(self, *pick, model),
            What::Share(reservation, user) => self.sharing(*reservation, *user, at, model),
            What::RequestGroup(group, line) => self.group_call(*group, self.any_line(*line), model),
            What::Block(reservation, how, blocks) => self.blocking(*reservation, *how, *blocks, model),
            What::Choose(reservation, mode, own) => {
                let reservation = any_reservation(*reservation, model);
                let merchant =
                    model.reservations().into_iter().find(|kept| kept.reservation == reservation).map(|kept| kept.merchant);
                let merchant = merchant.filter(|_| *own).unwrap_or(MerchantId::new(3));
                Input::ChooseMode(ChooseMode { merchant, reservation, mode: *mode })
            }
            What::OnLive(what, leg) => report(*what, one(&model.legs(), *leg).map_or(LegId::new(1), |leg| leg.leg)),
            What::OnAny(what, leg) => report(*what, LegId::new(u64::from(*leg) % (model.legs_given() + 2))),
            What::Failed(pick) => {
                let unconfirmed = model.unconfirmed();
                let once: Vec<_> = unconfirmed.iter().filter(|effect| effect.action.is_at_most_once()).cloned().collect();
                let chosen = one(&once, *pick).or_else(|| one(&unconfirmed, *pick));
                Input::EffectFailed(EffectFailed { sequence: chosen.map_or(0, |effect| effect.sequence) })
            }
            What::FailedAny(pick) => {
                Input::EffectFailed(EffectFailed { sequence: u64::from(*pick) % (model.effects_given() + 2) })
            }
            What::Resync(kept, foreign) => resync(*kept, *foreign, model),
            What::SetPolicy(change) => Input::SetPolicy(SetPolicy { policy: changed(model.policy(), *change) }),
            What::RequestNumber(number, line) => {
                Input::RequestCall(RequestCall::new(self.any_line(*line), self.any_number(*number)))
            }
            What::Import(picks) => {
                // Often a phone that was a user's, whose reservation may be over.
                let number = |pick: &Pick| self.any_number(if pick % 3 == 2 { pick / 48 * 16 } else { *pick });
                Input::ImportNumbers(ImportNumbers { numbers: picks.iter().map(number).collect() })
            }
            What::ConfirmClock | What::ConfirmLeap(_) => Input::ConfirmClock(ConfirmClock {}),
            What::Code(reservation, user, wrong) => {
                let reservation = waiting(*reservation, model);
                let user = self.speaker(reservation, *user, model);
                give_code(user, reservation, *wrong, model)
            }
            What::AskForCode(reservation, user) => {
                let reservation = waiting(*reservation, model);
                Input::RequestCode(RequestCode { user: self.speaker(reservation, *user, model), reservation })
            }
            What::RotateKey(pick) => Input::RotateKey(RotateKey {
                id: match pick % 16 {
                    0 => Text::from(""),
                    1 => Text::from("k9"),
                    2 => Text::from("k".repeat(31)),
                    other => Text::from(["k1", "k2"][usize::from(other % 2)]),
                },
            }),
            What::Amend(reservation, dice) => self.amendment(any_reservation(*reservation, model), *dice, at, model),
            What::Slot(reservation, dice) => slots::chosen(any_reservation(*reservation, model), *dice, at, model),
            What::Decline(reservation, own) => self.declines(any_reservation(*reservation, model), *own, model),
            What::Acknowledge(reservation, user) => self.acknowledges(any_reservation(*reservation, model), *user, model),
            What::MessageReport(message, how) => message_report(*message, *how, model),
            What::Voice(made) => return self.of_voice(*made, model),
            What::Meet(dice) => return self.meeting(*dice, at, model),
            What::Account(made) => self.of_account(*made, model),
            What::Manage(reservation, user) => self.manages(any_reservation(*reservation, model), *user, model),
            What::Preset(merchant, mode) => {
                Input::PresetMode(PresetMode { merchant: MerchantId::new(u64::from(*merchant) % 3 + 1), mode: *mode })
            }
            What::Push(page, to) => self.push(*page, to),
            What::Freeze(pick) => law::freeze(self, *pick),
            What::Thaw(pick) => law::thaw(self, *pick, model),
            What::List(add, remove) => law::list(self, add, remove, model),
            What::Publish(page, change) => self.publish(*page, *change, at),
            What::Register(merchant, change) => self.register(*merchant, *change),
            What::Withdraw(page, change) => self.withdraw(*page, *change),
            What::Calendar(change) => self.calendar(*change, at),
            What::Search(user, keyword) => self.search(*user, *keyword),
            What::RequestPage(user, page) => self.request_page(*user, *page),
        };
        Doing::Input(input)
    }

    /// A virtual number, or seldom a user's phone, a line or a short code.
    fn any_number(&self, pick: Pick) -> PhoneNumber {
        match pick % 16 {
            2 => short_code(),
            0 => one(&self.users, pick / 16).and_then(|user| user.number()).unwrap_or_else(foreign_number),
            1 => self.any_line(pick / 16),
            _ => virtual_number(usize::from(pick / 16)),
        }
    }

    /// What leads on from here: every sensible next thing with its weight, and the dice between them.
    fn follow(&self, dice: u32, at: Timestamp, model: &Model) -> Doing {
        let mut choices: Vec<(u32, Doing)> = Vec::new();
        for leg in model.legs() {
            choices.extend(next_of_leg(&leg).into_iter().map(|(weight, what)| (weight, Doing::Input(report(what, leg.leg)))));
        }
        for kept in model.reservations() {
            choices.extend(next_of_reservation(&kept, model));
            choices.extend(self.answers(&kept, dice, at, model));
            choices.extend(slots::next(&kept, dice, at, model));
            choices.extend(self.booked_again(&kept, dice, at, model));
            choices.extend(self.next_of_group(&kept, dice, at, model));
        }
        // The host is in doubt of a dial.
        for effect in model.unconfirmed().iter().filter(|effect| effect.action.is_dial()) {
            choices.push((1, Doing::Input(Input::EffectFailed(EffectFailed { sequence: effect.sequence }))));
        }
        if model.calls().len() > 1 {
            // The merchant gives up channels while calls occupy them.
            choices.push((2, Doing::Input(self.register((dice / 64) as Pick, 8))));
        }
        choices.extend(law::let_on(model));
        if choices.is_empty() {
            let [user, page, ..] = dice.to_le_bytes().map(u16::from);
            choices.push((4, Doing::Input(self.booking((user, page), Booking::Offered(page), None, at))));
            choices.push((1, Doing::Advance { budget: 1_000 }));
        }
        let total: u32 = choices.iter().map(|(weight, _)| weight).sum();
        let mut left = dice % total.max(1);
        for (weight, doing) in choices {
            if left < weight {
                return doing;
            }
            left -= weight;
        }
        Doing::Advance { budget: 1_000 }
    }

    /// The same person books once more: for the phone whose holder is asked already, or by another way of writing to the merchant who has his number.
    fn booked_again(&self, kept: &ReservationSummary, dice: u32, at: Timestamp, model: &Model) -> Option<(u32, Doing)> {
        let (weight, user, contact) = match kept.state {
            ReservationState::Unverified => (2, kept.user.clone(), Some(kept.contact)),
            ReservationState::AwaitingMode | ReservationState::Scheduled => {
                model.number_of(kept.reservation)?;
                (1, sibling(&kept.user)?, None)
            }
            ReservationState::Open | ReservationState::InCall | ReservationState::Closed => return None,
        };
        let [page, pick, ..] = (dice / 256).to_le_bytes().map(u16::from);
        let mut input = self.booking((0, page), Booking::Offered(pick), contact.map(|_| 1), at);
        if let Input::Book(book) = &mut input {
            (book.user, book.contact) = (user, contact);
        }
        Some((weight, Doing::Input(input)))
    }

    pub(super) fn booking(&self, (user, page): (Pick, Pick), window: Booking, contact: Option<Pick>, at: Timestamp) -> Input {
        let published = one(&self.pages, page);
        let page = published.as_ref().filter(|_| page % 31 != 30).map_or(PageId::new(999), |page| page.page);
        let shifted = |seconds: i64| at.saturating_add_micros(seconds.saturating_mul(1_000_000));
        let wanted = match window {
            Booking::Offered(pick) => {
                let windows = published.as_ref().map_or_else(Vec::new, |page| page.windows.clone());
                let ahead: Vec<_> = windows.into_iter().filter(|window| window.end() > at).collect();
                one(&ahead, pick).or_else(|| between(at, 60))
            }
            Booking::Around { starts_in_s, length_s } => between(shifted(starts_in_s), length_s),
            Booking::Bad(BadWindow::Over) => between(shifted(-60), 60),
            Booking::Bad(BadWindow::FarAhead) => between(shifted(86_400 * 40), 60),
            Booking::Bad(BadWindow::TooLong) => between(shifted(5), 86_400 * 3),
        };
        // At the end of time there is no room for a window; the first one of the first page will do.
        let window = wanted.unwrap_or(self.pages[0].windows[0]);
        let contact = contact.map(|pick| match pick % 10 {
            0 => self.any_line(pick / 10),
            1 if pick.is_multiple_of(4) => no_users_number(pick / 40),
            _ => one(&self.users, pick / 10).and_then(|user| user.number()).unwrap_or_else(foreign_number),
        });
        let sender = if user % 41 == 40 {
            chatbot(MerchantId::new(1))
        } else if user % 43 == 42 {
            Address::Sms(no_users_number(user / 43))
        } else {
            one(&self.users, user).unwrap_or_else(|| chatbot(MerchantId::new(1)))
        };
        let name = match user / 8 % 8 {
            0 => Some(Text::from("张三 13800000001")),
            1 => Some(Text::from("李".repeat(usize::from(user / 64 % 40)))),
            2 if user % 128 < 64 => Some(Text::from("\u{3000}")),
            _ => None,
        };
        let offering = OfferingId::new(if user % 29 == 28 { 7 } else { u64::from(user % 2) + 1 });
        let share = published.is_some_and(|page| page.group_size_max > Some(1)) && user % 4 < 3 || user % 37 == 36;
        let evidence = (user % 3 == 0).then(|| BookingEvidence {
            channel: [Channel::Rcs, Channel::Hotline][usize::from(user / 3 % 2)],
            message: Some(Text::from("m".repeat(usize::from(user / 6 % 40)))),
            body_hash: None,
            agent: (user % 2 == 0).then(|| Text::from("agent 7")),
        });
        let remember = people::remember(u32::from(user).wrapping_mul(0x85eb_ca6b) >> 7);
        let attachments = people::attachments(u32::from(user).wrapping_mul(0x9e37_79b1) >> 3 ^ u32::from(user));
        let (result_by, email) = result_way(user);
        Input::Book(Book {
            user: sender,
            page,
            offering,
            window,
            zone: None,
            contact,
            name,
            evidence,
            attachments,
            remember,
            share,
            result_by,
            email,
        })
    }

    /// Who speaks for a reservation: this user, or its sender.
    fn speaker(&self, reservation: ReservationId, user: Option<Pick>, model: &Model) -> Address {
        let own = model.reservations().into_iter().find(|kept| kept.reservation == reservation).map(|kept| kept.user);
        let other = user.map(|user| one(&self.users, user).filter(|_| user % 3 > 0).or(own.as_ref().and_then(sibling)));
        other.unwrap_or(own).unwrap_or_else(|| chatbot(MerchantId::new(1)))
    }

    fn push(&self, page: Pick, to: &[Pick]) -> Input {
        let user = |pick: &Pick| match pick % 17 {
            14 => Address::Sms(virtual_number(usize::from(pick / 17))),
            15 => Address::Rcs(no_users_number(pick / 17)),
            16 => chatbot(MerchantId::new(1)),
            _ => one(&self.users, *pick).unwrap_or_else(|| chatbot(MerchantId::new(1))),
        };
        let page = one(&self.pages, page).filter(|_| page % 11 != 10).map_or(PageId::new(999), |page| page.page);
        Input::PushPage(PushPage { page, to: to.iter().map(user).collect() })
    }

    fn publish(&self, page: Pick, change: u8, at: Timestamp) -> Input {
        let other = self.pages.len() > 1 && page % 13 == 12;
        let Some(mut page) = one(&self.pages, page) else {
            return Input::PushPage(PushPage { page: PageId::new(1), to: Vec::new() });
        };
        match change % 19 {
            17 => page.group_size_max = Some(u32::from(change / 19) % 5),
            18 => page.group_size_max = Some(2),
            15 => page.calendar = Some(CalendarId::new(u64::from(change / 16) % 4)),
            16 => drop(page.descriptions.insert(OfferingId::new(u64::from(change / 16) % 4), Text::from("车险 car insurance"))),
            0 => page.offerings.clear(),
            1 => (page.windows, page.hours) = (Vec::new(), Vec::new()),
            2 => page.chatbot = Some(chatbot(MerchantId::new(9))),
            3 => page.line = Some(foreign_number()),
            4 => page.merchant = MerchantId::new(9),
            5 => page.page = PageId::new(77 + u64::from(change / 16) % 3),
            6 => page.windows.extend(vec![page.windows[0]; 9]),
            7 => page.line = None,
            8 if change < 128 => drop(page.offerings.insert(OfferingId::new(3), Text::from(" "))),
            8 => drop(page.offerings.insert(OfferingId::new(3), Text::from("x".repeat(31)))),
            9 => drop(page.offerings.insert(OfferingId::new(1), Text::from("新车险"))),
            _ => page.windows = between(at.saturating_add_s(20), 90).into_iter().collect(),
        }
        if other {
            page.page = self.pages[0].page;
        }
        Input::PublishPage(page)
    }

    fn withdraw(&self, page: Pick, change: u8) -> Input {
        let published = one(&self.pages, page);
        let (mut id, mut merchant) = published.map_or((PageId::new(77), MerchantId::new(1)), |page| (page.page, page.merchant));
        match change % 8 {
            0 => id = PageId::new(77),
            1 => merchant = MerchantId::new(9),
            _ => {}
        }
        let chatbot = match change / 8 % 4 {
            0 => Some(chatbot(MerchantId::new(9))),
            1 => Some(chatbot(merchant)),
            _ => None,
        };
        Input::WithdrawPage(WithdrawPage { merchant, page: id, chatbot })
    }

    fn calendar(&self, change: u16, at: Timestamp) -> Input {
        let mut days = days_around(at, self.merchants[0].zone, change / 8);
        if change % 8 == 7 {
            let later = days_around(at.saturating_add_s(86_400 * 5), self.merchants[0].zone, 0b1111_1111);
            days.extend(later);
        }
        Input::SetCalendar(SetCalendar { calendar: CalendarId::new(u64::from(change) % 4), days })
    }

    fn searcher(&self, user: Pick) -> Address {
        match user % 16 {
            0 => chatbot(MerchantId::new(1)),
            1 => Address::Mms(no_users_number(user / 16)),
            _ => one(&self.users, user / 16).unwrap_or_else(|| chatbot(MerchantId::new(1))),
        }
    }

    fn search(&self, user: Pick, keyword: Pick) -> Input {
        const KEYWORDS: [&str; 12] = [
            "车险",
            "险",
            "商户",
            "商户１",
            "vip",
            "life 险",
            "LIFE INSURANCE",
            "insurance 商户",
            "房贷",
            "\u{3000}",
            "新",
            "car",
        ];
        let keyword = match keyword % 14 {
            0 => None,
            1 => Some(Text::from("x".repeat(31))),
            known => KEYWORDS.get(usize::from(known) - 2).map(|word| Text::from(*word)),
        };
        Input::Search(Search { user: self.searcher(user), keyword })
    }

    fn request_page(&self, user: Pick, page: Pick) -> Input {
        let of = match page % 3 {
            0 => PageOf::Merchant(MerchantId::new(u64::from(page / 3) % 4)),
            _ => PageOf::Page(one(&self.pages, page / 3).filter(|_| page % 7 != 6).map_or(PageId::new(77), |page| page.page)),
        };
        Input::RequestPage(RequestPage { user: self.searcher(user), of })
    }

    fn register(&self, merchant: Pick, change: u8) -> Input {
        let index = usize::from(merchant) % self.merchants.len();
        let mut input: RegisterMerchant = self.merchants[index].clone();
        let spare = Line { number: line_numbers(index)[1], channels: 1 };
        match change % 15 {
            0 => input.name = Text::from(""),
            1 => input.lines.clear(),
            2 => input.lines.push(input.lines[0]),
            3 => input.lines[0].channels = 0,
            4 => input.chatbot = Some(Address::Sms(foreign_number())),
            5 => input.lines[0].number = line_numbers(1 - index)[0],
            6 => input.contact = Some(Text::from("x".repeat(31))),
            7 => input.lines = vec![spare],
            8 => input.lines[0].channels = 1,
            9 => input.lines = (0..4).map(|digit| Line { number: line_numbers(digit % 2)[digit / 2], channels: 1 }).collect(),
            10 if change < 128 => input.chatbot = Some(chatbot(MerchantId::new(7))),
            10 => (input.chatbot, input.name) = (None, Text::from("无名")),
            11 if change < 128 => {
                let phones: Vec<_> = self.users.iter().filter_map(Address::number).collect();
                input.lines[0].number = one(&phones, merchant / 2).unwrap_or_else(foreign_number);
            }
            11 => input.lines.truncate(1),
            13 => input.lines[0].channels = 4,
            12 => {
                input.merchant = MerchantId::new(5 + u64::from(change / 14 % 3));
                input.lines = vec![Line { number: spare_number(change / 14 % 3), channels: 1 }];
            }
            _ => {
                input.lines.iter_mut().for_each(|line| line.channels = 2);
                if input.lines.len() == 1 {
                    input.lines.push(spare);
                }
            }
        }
        Input::RegisterMerchant(input)
    }

    pub(super) fn any_line(&self, pick: Pick) -> PhoneNumber {
        let mut lines: Vec<_> = self.merchants.iter().flat_map(|merchant| &merchant.lines).map(|line| line.number).collect();
        lines.push(foreign_number());
        one(&lines, pick).unwrap_or_else(foreign_number)
    }
}

pub(super) fn next_of_leg(leg: &LegView) -> Vec<(u32, Report)> {
    let busy = Report::Ended(Some(17), Some(486));
    let over = Report::Ended(Some(16), None);
    match (leg.state, leg.inbound) {
        (LegState::Dialled | LegState::Ringing, false) if leg.party == Party::User => {
            vec![(8, Report::Answered), (2, busy), (1, Report::Progress)]
        }
        (LegState::Dialled | LegState::Ringing, false) => vec![(12, Report::Answered), (1, busy), (1, Report::Progress)],
        (LegState::Dialled | LegState::Ringing, true) => vec![(6, Report::Answered), (1, over)],
        (LegState::Answered | LegState::Joined, _) => vec![(2, over)],
        // Its answer may cross the hang-up, or come though its dial was said to have failed.
        (LegState::Releasing, _) if !leg.was_answered => vec![(4, over), (4, Report::Answered)],
        (LegState::Releasing, _) => vec![(4, over), (1, Report::Answered)],
    }
}

pub(super) fn next_of_reservation(kept: &ReservationSummary, model: &Model) -> Vec<(u32, Doing)> {
    let choose =
        |mode| Doing::Input(Input::ChooseMode(ChooseMode { merchant: kept.merchant, reservation: kept.reservation, mode }));
    let cancel = Doing::Input(Input::Cancel(Cancel { user: kept.user.clone(), reservation: kept.reservation }));
    let target = model.number_of(kept.reservation).map_or(CallTarget::Reservation(kept.reservation), CallTarget::Number);
    let request = Doing::Input(Input::RequestCall(RequestCall::new(kept.line, target)));
    match kept.state {
        ReservationState::AwaitingMode => {
            let by_platform = Input::SetPolicy(SetPolicy { policy: changed(model.policy(), 4) });
            vec![(4, choose(CallMode::MerchantCalls)), (4, choose(CallMode::PlatformCalls)), (1, Doing::Input(by_platform))]
        }
        ReservationState::Open | ReservationState::Scheduled => {
            let mode = kept.chosen.unwrap_or_else(|| model.policy().mode_unless_chosen());
            // Seldom is there a second conversation, so whoever had one is called again rather often.
            let weight = if kept.conversations > 0 { 1_000 } else { 12 };
            let call = if mode == CallMode::MerchantCalls { request } else { Doing::Advance { budget: 1_000 } };
            let mut next = vec![(weight, call)];
            // What was accepted while the pool was empty stays the platform's.
            if target == CallTarget::Reservation(kept.reservation) && !model.pool().is_empty() {
                next.push((2, choose(CallMode::MerchantCalls)));
            }
            next
        }
        ReservationState::InCall => vec![(1, cancel)],
        ReservationState::Unverified => {
            let holder = Address::Sms(kept.contact);
            let right = give_code(holder.clone(), kept.reservation, 255, model);
            let wrong = give_code(kept.user.clone(), kept.reservation, 0, model);
            let ask = Input::RequestCode(RequestCode { user: holder, reservation: kept.reservation });
            vec![(48, Doing::Input(right)), (22, Doing::Input(wrong)), (20, Doing::Input(ask))]
        }
        ReservationState::Closed => Vec::new(),
    }
}

/// A reservation that waits for its contact's holder, when there is one, and mostly; any other otherwise.
fn waiting(pick: Pick, model: &Model) -> ReservationId {
    let waits = |kept: &ReservationSummary| kept.state == ReservationState::Unverified;
    let waiting: Vec<_> = model.reservations().into_iter().filter(waits).collect();
    let chosen = one(&waiting, pick / 8).filter(|_| !pick.is_multiple_of(8));
    chosen.map_or_else(|| any_reservation(pick, model), |kept| kept.reservation)
}

/// The right code for a reservation, or a wrong one: near it, of another length, or an older one.
fn give_code(user: Address, reservation: ReservationId, wrong: u8, model: &Model) -> Input {
    let out = model.challenges().into_iter().find(|out| out.reservation == reservation);
    let right = out.map_or_else(|| "000000".to_owned(), |out| out.code.digits());
    let given = match wrong % 4 {
        0 => right.chars().rev().map(|digit| if digit == '9' { '0' } else { '9' }).collect(),
        1 if right.len() < 10 => format!("0{right}"),
        _ => right,
    };
    let code = Code::parse(&given).expect("digits are a code");
    Input::ConfirmContact(ConfirmContact { user, reservation, code })
}

pub(super) fn report(what: Report, leg: LegId) -> Input {
    match what {
        Report::Progress => Input::LegProgress(LegProgress { leg }),
        Report::Answered => Input::LegAnswered(LegAnswered { leg }),
        Report::Ended(q850_cause, sip_status) => {
            Input::LegEnded(LegEnded { leg, evidence: Evidence { sip_status, q850_cause, ..Evidence::default() } })
        }
        Report::PlayFinished => Input::PlayFinished(PlayFinished { leg }),
    }
}

/// Another address of the same person.
fn sibling(address: &Address) -> Option<Address> {
    match address {
        Address::Rcs(number) | Address::Mms(number) => Some(Address::Sms(*number)),
        Address::Sms(number) => Some(Address::Mms(*number)),
        Address::Email(mailbox) => {
            let (name, host) = mailbox.split_once('@')?;
            Address::parse(&format!("mailto:{name}@{}", host.to_uppercase())).ok()
        }
        Address::Chatbot(_) | Address::WeChat(_) => None,
    }
}

fn resync(kept: u32, foreign: Option<Pick>, model: &Model) -> Input {
    let live = model
        .legs()
        .into_iter()
        .map(|leg| leg.leg)
        .zip(0_u32..)
        .filter(|(_, index)| kept >> (index % 32) & 1 == 1)
        .map(|(leg, _)| leg);
    let mut legs: Vec<LegId> =
        foreign.map(|foreign| LegId::new(u64::from(foreign) % (model.legs_given() + 3))).into_iter().chain(live).collect();
    // The switch may serve another shard too.
    legs.extend(foreign.filter(|foreign| foreign % 4 == 3).map(|foreign| LegId::new(u64::from(foreign) | 1 << COUNTER_BITS)));
    if kept.is_multiple_of(7) {
        legs.reverse();
    }
    Input::Resync(Resync { legs })
}

fn confirm(share: u16, model: &Model) -> Doing {
    let unconfirmed = model.unconfirmed();
    let last = model.effects_given();
    if share == 256 {
        return Doing::Confirm { up_to: last + 1 };
    }
    let index = unconfirmed.len() * usize::from(share + 1) / 256;
    Doing::Confirm { up_to: index.checked_sub(1).and_then(|index| unconfirmed.get(index)).map_or(0, |effect| effect.sequence) }
}

/// A reservation: mostly one that is kept, now and then one that is gone or never was.
fn any_reservation(pick: Pick, model: &Model) -> ReservationId {
    let kept = model.reservations();
    let any = ReservationId::new(u64::from(pick / 8) % (model.reservations_given() + 2));
    if pick.is_multiple_of(8) { any } else { one(&kept, pick / 8).map_or(any, |kept| kept.reservation) }
}

pub(super) fn one<T: Clone>(all: &[T], pick: Pick) -> Option<T> {
    usize::from(pick).checked_rem(all.len()).and_then(|index| all.get(index)).cloned()
}

/// The input, with a key if the move says so.
fn keyed(input: Input, key: Option<u8>, model: &Model) -> Doing {
    let Some(number) = key else { return Doing::Input(input) };
    let name = if number == 10 { Text::from("") } else { Text::from(format!("E{}", number / 2)) };
    let key = Dedup { source: Text::from("maap"), key: name };
    let repeated = model.taken(&key).filter(|_| number % 2 == 1).cloned();
    Doing::Once { key, input: repeated.unwrap_or(input) }
}

/// A clock that leapt is confirmed under a key: by a second more than is trusted, where that matters.
fn confirm_leap(at: Timestamp, number: u8, model: &Model) -> (Timestamp, Doing) {
    let most_s = model.policy().clock_leap_max_s;
    let at = if most_s > 0 { at.max(model.latest()).saturating_add_s(u64::from(most_s) + 1) } else { at };
    let names = [String::new(), "x".repeat(31), format!("E{}", number / 8 % 6), format!("L{number}")];
    let [none, long, known, new] = names.map(Text::from);
    let key = match number % 8 {
        0 => none,
        1 => long,
        2..=5 => known,
        _ => new,
    };
    let key = Dedup { source: Text::from("maap"), key };
    (at, Doing::Once { key, input: Input::ConfirmClock(ConfirmClock {}) })
}

/// The rules with one of them changed; sometimes to what is out of range, sometimes not at all.
fn changed(policy: &Policy, change: u8) -> Policy {
    let mut policy = policy.clone();
    match change % 10 {
        0 => policy.min_ring_s = 10 - policy.min_ring_s.min(10),
        1 => policy.attempts_max = u32::from(change / 8) % 4,
        2 => policy.retry_spacing_s = u32::from(change),
        3 => policy.reservations_per_number_max = 1 + u32::from(change),
        4 => {
            policy.mode_chosen_by = match change / 8 % 3 {
                2 => ModeChooser::Merchant,
                mode => ModeChooser::Platform(CallMode::ALL[usize::from(mode)]),
            }
        }
        5 => policy.on_window_close = [OnWindowClose::Continue, OnWindowClose::HangUp][usize::from(change / 8 % 2)],
        6 => policy.conversations_max = u32::from(change / 8) % 4,
        7 if change < 128 => policy.callable_hours.clear(),
        // A minute of the night, so that what is booked may be called no more.
        7 => policy.callable_hours = law::night(),
        8 => policy.rings_per_day_max = u32::from(change / 10) % 3,
        _ => {}
    }
    policy
}
