//! The checker, judged: it accepts what the real platform does, and each altered trace falls by the promise that it breaks.

use std::sync::Arc;

use proptest::bool::weighted;
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, prop_oneof, proptest};
use proptest::strategy::ValueTree;
use proptest::test_runner::{TestCaseError, TestRunner};
use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{Action, AuditRecord, Content, Effect, HangUp, Join, Party, Reject, Rule};
use ringfence::values::evidence::Evidence;
use ringfence::values::id::{CallId, LegId, MerchantId, PageId, ReservationId};
use ringfence::values::input::{Book, Cancel, ChooseMode, Input, LegAnswered, LegEnded};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::{CallMode, ModeChooser, OnWindowClose, Policy};
use ringfence::values::refusal::Refusal;
use ringfence::values::reply::{Allow, Deny, DenyReason, Reply};
use ringfence::values::time::{Timestamp, Window};
use ringfence_testing::checker::{Promise, Violation, check, check_closed};
use ringfence_testing::host::{Host, MERCHANT, OFFERING, PAGE, Phone};
use ringfence_testing::trace::{Doing, Step, Trace};

/// How many random worlds.
const CASES: u32 = 500;
const LINE: &str = "95511";
const ZHANG: &str = "+8613800000001";
const LI: &str = "+8613800000002";
const STRANGER: &str = "+8613900000009";

// ---- good traces, from the real platform ---------------------------------------------------------------------------

fn shop(mode: CallMode) -> Host {
    let mut host = Host::new(Policy { mode_chosen_by: ModeChooser::Platform(mode), ..Policy::default() });
    host.open_shop(&[LINE], 1);
    host
}

/// Merchant mode: an early call, then busy, too soon, no answer, and a conversation.
fn merchant_calls() -> Trace {
    let mut host = shop(CallMode::MerchantCalls);
    host.phone(ZHANG, &[Phone::busy(), Phone::rings_on(), Phone::answers_after(5).talks_for(60)]);
    let zhang = host.books(ZHANG, 3600, 10_800);
    host.runs_until(host.second(3599));
    let _ = host.calls(LINE, zhang);
    host.runs_for(1);
    for pause in [100, 300, 400, 400] {
        let _ = host.calls(LINE, zhang);
        host.runs_for(pause);
    }
    host.runs_out();
    host.trace().clone()
}

/// Platform mode: two users on one channel; the first is busy, does not answer, and talks.
fn platform_calls() -> Trace {
    let mut host = shop(CallMode::PlatformCalls);
    host.phone(ZHANG, &[Phone::busy(), Phone::rings_on(), Phone::answers_after(5).talks_for(60)]);
    host.phone(LI, &[Phone::answers_after(5).talks_for(60)]);
    let zhang = host.books(ZHANG, 3600, 10_800);
    let _ = host.books(LI, 3600, 10_800);
    host.runs_until(host.second(3600));
    let _ = host.calls(LINE, zhang);
    host.runs_out();
    host.trace().clone()
}

/// The user takes the permission back while his phone rings, and picks up before the hang-up arrives; then once more.
fn cancelled_while_ringing() -> Trace {
    let mut host = shop(CallMode::MerchantCalls);
    host.phone(ZHANG, &[Phone::rings_on()]);
    let zhang = host.books(ZHANG, 3600, 10_800);
    host.runs_until(host.second(3600));
    let _ = host.calls(LINE, zhang);
    host.runs_for(5);
    let _ = host.cancels(ZHANG, zhang);
    let leg = user_leg(host.trace());
    let _ = host.input(Input::LegAnswered(LegAnswered { leg }));
    let _ = host.cancels(ZHANG, zhang);
    let _ = host.cancels(STRANGER, zhang);
    host.runs_for(10);
    let _ = host.calls(LINE, zhang);
    host.runs_out();
    host.trace().clone()
}

/// The window ends while the phone rings.
fn window_ends_while_ringing() -> Trace {
    let mut host = shop(CallMode::MerchantCalls);
    host.phone(ZHANG, &[Phone::rings_on()]);
    let zhang = host.books(ZHANG, 3600, 3700);
    host.runs_until(host.second(3680));
    let _ = host.calls(LINE, zhang);
    host.runs_out();
    host.trace().clone()
}

/// Platform mode, and no report ever comes of the user's leg; merchants' reports do.
fn nothing_is_reported() -> Trace {
    let mut host = shop(CallMode::PlatformCalls);
    host.phone(ZHANG, &[Phone::says_nothing()]);
    let _ = host.books(ZHANG, 3600, 10_800);
    host.runs_out();
    host.trace().clone()
}

/// A host that is a minute late, in both modes, with two channels.
fn late_host() -> Trace {
    let mut host = Host::new(Policy { mode_on_silence: CallMode::PlatformCalls, ..Policy::default() });
    host.open_shop(&[LINE], 2);
    host.phone(ZHANG, &[Phone::rings_on(), Phone::answers_after(5)]);
    host.phone(LI, &[Phone::rings_on()]);
    let _ = host.books(ZHANG, 3600, 10_800);
    let li = host.books(LI, 3600, 10_800);
    let _ = host.input(Input::ChooseMode(ChooseMode { merchant: MERCHANT, reservation: li, mode: CallMode::MerchantCalls }));
    host.is_late_by_us(60_000_000);
    host.runs_until(host.second(5000));
    let _ = host.calls(LINE, li);
    host.runs_for(50);
    let _ = host.calls(LINE, li);
    host.runs_out();
    host.trace().clone()
}

/// The host stops between the log and a dial, comes back, and dials; later the switch stops too.
fn crashes() -> Trace {
    let mut host = shop(CallMode::PlatformCalls);
    host.phone(ZHANG, &[Phone::answers_after(5)]);
    let _ = host.books(ZHANG, 3600, 10_800);
    host.crashes_before_next_dial();
    host.runs_until(host.second(3602));
    host.restarts();
    host.runs_until(host.second(3700));
    host.resyncs();
    host.runs_out();
    host.trace().clone()
}

/// A booking for somebody else's phone, which nobody confirmed.
fn unverified() -> Trace {
    let mut host = shop(CallMode::MerchantCalls);
    let window = Window::new(host.second(3600), host.second(7200)).expect("a window");
    let user = Address::Rcs(number(ZHANG));
    let book =
        Book { user, page: PAGE, offering: OFFERING, window, zone: None, contact: Some(number(LI)), name: None, evidence: None };
    let booked = host.input(Input::Book(book));
    assert!(matches!(booked, Ok(Reply::Booked(_))), "{booked:?}");
    host.runs_until(host.second(3600));
    let _ = host.calls(LINE, ReservationId::new(1));
    host.runs_out();
    host.trace().clone()
}

type Story = fn() -> Trace;

const STORIES: [(&str, Story); 8] = [
    ("merchant_calls", merchant_calls),
    ("platform_calls", platform_calls),
    ("cancelled_while_ringing", cancelled_while_ringing),
    ("window_ends_while_ringing", window_ends_while_ringing),
    ("nothing_is_reported", nothing_is_reported),
    ("late_host", late_host),
    ("crashes", crashes),
    ("unverified", unverified),
];

#[test]
fn the_real_platform_is_accepted_and_the_stories_contain_what_they_say() {
    let summaries = STORIES.map(|(name, story)| check_closed(&story()).unwrap_or_else(|violation| panic!("{name}: {violation}")));
    let [merchant, platform, cancelled, window, nothing, late, crashes, unverified] = summaries;
    assert_eq!((merchant.allowed, merchant.denied, merchant.conversations_merchant_calls), (3, 2, 1));
    assert_eq!((platform.merchant_dials, platform.user_dials, platform.conversations_platform_calls), (4, 4, 2));
    assert_eq!((cancelled.withdrawn_while_ringing, cancelled.late_answers, cancelled.denied), (1, 1, 1));
    assert_eq!((window.user_dials, window.window_ended_while_ringing), (1, 1));
    assert_eq!((nothing.user_dials, nothing.conversations_platform_calls), (3, 0));
    assert!(late.late_steps > 0 && late.user_dials > 2 && late.allowed == 1, "{late:?}");
    assert_eq!((crashes.restarts, crashes.user_dials), (2, 1));
    assert_eq!((unverified.denied, unverified.user_dials), (1, 0));
}

#[test]
fn a_trace_is_judged_alike_after_it_went_through_its_file() {
    for (name, story) in STORIES {
        let trace = story();
        let read = Trace::from_json_lines(&trace.to_json_lines()).expect("what is written can be read");
        assert_eq!(check_closed(&read), check_closed(&trace), "{name}");
    }
}

// ---- random worlds ---------------------------------------------------------------------------------------------------

/// What happens in a random world, one thing after another.
#[derive(Clone, Debug)]
enum Happens {
    Books { user: usize, shop: usize, from_s: u32, lasts_s: u32, other_contact: bool },
    Calls { one: usize, stranger: bool },
    Cancels { one: usize, stranger: bool },
    Chooses { one: usize, mode: CallMode },
    TimePasses { seconds: u32 },
    IsLate { seconds: i64 },
    Crashes,
    Restarts,
    Resyncs,
}

fn happens() -> impl Strategy<Value = Happens> {
    let mode = prop_oneof![Just(CallMode::MerchantCalls), Just(CallMode::PlatformCalls)];
    prop_oneof![
        5 => (0..3_usize, 0..2_usize, prop_oneof![Just(0_u32), 0..100_u32], 1..300_u32, weighted(0.1))
            .prop_map(|(user, shop, from_s, lasts_s, other_contact)| Happens::Books { user, shop, from_s, lasts_s, other_contact }),
        7 => (0..3_usize, weighted(0.1)).prop_map(|(one, stranger)| Happens::Calls { one, stranger }),
        2 => (0..2_usize, weighted(0.1)).prop_map(|(one, stranger)| Happens::Cancels { one, stranger }),
        3 => (0..3_usize, mode).prop_map(|(one, mode)| Happens::Chooses { one, mode }),
        8 => (0..60_u32).prop_map(|seconds| Happens::TimePasses { seconds }),
        1 => (0..90_i64).prop_map(|seconds| Happens::IsLate { seconds }),
        1 => Just(Happens::Crashes),
        1 => Just(Happens::Restarts),
        1 => Just(Happens::Resyncs),
    ]
}

fn phone() -> impl Strategy<Value = Phone> {
    prop_oneof![
        8 => (0..30_u32, 0..100_u32).prop_map(|(after, talks)| Phone::answers_after(after).talks_for(talks)),
        2 => (0..30_u32).prop_map(Phone::answers_after),
        1 => Just(Phone::busy()),
        1 => Just(Phone::unreachable()),
        1 => Just(Phone::rings_on()),
        1 => Just(Phone::says_nothing()),
    ]
}

fn random_policy() -> impl Strategy<Value = Policy> {
    let mode = || prop_oneof![Just(CallMode::MerchantCalls), Just(CallMode::PlatformCalls)];
    let chooser = prop_oneof![2 => Just(ModeChooser::Merchant), 1 => mode().prop_map(ModeChooser::Platform)];
    let close = prop_oneof![Just(OnWindowClose::Continue), Just(OnWindowClose::HangUp)];
    (mode(), chooser, close, 10..60_u32, 0..10_u32, 0..60_u32, 1..4_u32, 1..3_u32).prop_map(
        |(
            mode_on_silence,
            mode_chosen_by,
            on_window_close,
            ring_timeout_s,
            min_ring_s,
            retry_spacing_s,
            attempts_max,
            conversations_max,
        )| {
            Policy {
                mode_on_silence,
                mode_chosen_by,
                on_window_close,
                ring_timeout_s,
                min_ring_s,
                retry_spacing_s,
                attempts_max,
                conversations_max,
                conversation_max_s: 150,
                release_grace_s: 15,
                retention_s: 700,
                ..Policy::default()
            }
        },
    )
}

/// A random world, and its calm phase.
fn live(policy: Policy, phones: &[Vec<Phone>], events: &[Happens]) -> Trace {
    const LINES: [&str; 2] = [LINE, "95522"];
    const USERS: [&str; 3] = [ZHANG, LI, STRANGER];
    let mut host = Host::new(policy);
    // Who booked what in which shop, and one of the latest of them; a number that was never given when there is none yet.
    let mut booked: Vec<(usize, usize, ReservationId)> = Vec::new();
    let latest = |booked: &[(usize, usize, ReservationId)], one: usize| {
        booked.iter().rev().nth(one).copied().unwrap_or((0, 0, ReservationId::new(99)))
    };
    for (line, id) in LINES.iter().zip(1_u64..) {
        host.open_shop_of(MerchantId::new(id), PageId::new(id), &[line], 1);
    }
    for (number, phones) in LINES.iter().chain(&USERS).zip(phones) {
        host.phone(number, phones);
    }
    for event in events {
        match *event {
            Happens::Books { user, shop, from_s, lasts_s, other_contact } => {
                let start = host.now().saturating_add_s(u64::from(from_s));
                let window = Window::new(start, start.saturating_add_s(u64::from(lasts_s))).expect("a window");
                let contact = other_contact.then(|| number(USERS[(user + 1) % 3]));
                let (address, page) = (Address::Rcs(number(USERS[user])), [PAGE, PageId::new(2)][shop]);
                let book =
                    Book { user: address, page, offering: OFFERING, window, zone: None, contact, name: None, evidence: None };
                if let Ok(Reply::Booked(reply)) = host.input(Input::Book(book)) {
                    booked.push((user, shop, reply.reservation));
                }
            }
            Happens::Calls { stranger, one } => {
                let (_, shop, reservation) = latest(&booked, one);
                let _ = host.calls(LINES[(shop + usize::from(stranger)) % 2], reservation);
            }
            Happens::Cancels { one, stranger } => {
                let (user, _, reservation) = latest(&booked, one);
                let _ = host.cancels(USERS[(user + usize::from(stranger)) % 3], reservation);
            }
            Happens::Chooses { one, mode } => {
                let (_, shop, reservation) = latest(&booked, one);
                let merchant = [MERCHANT, MerchantId::new(2)][shop];
                let _ = host.input(Input::ChooseMode(ChooseMode { merchant, reservation, mode }));
            }
            Happens::TimePasses { seconds } => host.runs_for(seconds),
            Happens::IsLate { seconds } => host.is_late_by_us(seconds * 1_000_000),
            Happens::Crashes => host.crashes_before_next_dial(),
            Happens::Restarts => host.restarts(),
            Happens::Resyncs => host.resyncs(),
        }
    }
    host.is_late_by_us(0);
    host.runs_out();
    host.trace().clone()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn the_real_platform_is_accepted_in_random_worlds_and_all_ends(
        policy in random_policy(),
        phones in vec(vec(phone(), 1..4), 5),
        events in vec(happens(), 1..60),
    ) {
        let trace = live(policy, &phones, &events);
        if let Err(violation) = check_closed(&trace) {
            return Err(TestCaseError::fail(format!("{violation}\n{}", trace.to_json_lines())));
        }
    }
}

#[test]
fn random_worlds_reach_what_matters() {
    let mut runner = TestRunner::deterministic();
    let worlds = (random_policy(), vec(vec(phone(), 1..4), 5), vec(happens(), 40..60));
    let (mut talks, mut window_ends, mut withdrawn, mut late, mut restarts) = (0, 0, 0, 0, 0);
    for _ in 0..200 {
        let (policy, phones, events) = worlds.new_tree(&mut runner).expect("a world").current();
        let summary = check_closed(&live(policy, &phones, &events)).expect("the platform keeps its promises");
        talks += usize::from(summary.conversations_merchant_calls + summary.conversations_platform_calls > 0);
        window_ends += usize::from(summary.window_ended_while_ringing > 0);
        withdrawn += usize::from(summary.withdrawn_while_ringing > 0);
        late += usize::from(summary.late_steps > 0);
        restarts += usize::from(summary.restarts > 0);
    }
    let reached = (talks, window_ends, withdrawn, late, restarts);
    println!("of 200 worlds: talks, window ends while ringing, withdrawals, late hosts, restarts: {reached:?}");
    assert!(talks > 60 && window_ends > 15 && withdrawn > 10 && late > 10 && restarts > 60, "{reached:?}");
}

// ---- altered traces ------------------------------------------------------------------------------------------------

/// An altered twin of a good trace, and the promise that it must fall by.
struct Twin {
    promise: Promise,
    name: &'static str,
    story: Story,
    alter: fn(&mut Trace),
}

macro_rules! twins {
    ($($promise:ident $name:literal $story:ident $alter:expr;)*) => {
        [$(Twin { promise: Promise::$promise, name: $name, story: $story, alter: $alter }),*]
    };
}

#[test]
fn every_altered_trace_falls_by_the_promise_that_it_breaks() {
    let twins = twins! {
        P1 "a user is dialled one microsecond after the window's end" platform_calls |t| {
            // The merchant answers a microsecond before the end in one twin and at the end in the other; only the latter is wrong.
            set_end_to_first_user_dial(t, 1);
            assert_eq!(check(t).map_err(|v| v.promise).err(), None, "up to the last microsecond it is allowed");
            set_end_to_first_user_dial(t, 0);
        };
        P1 "a merchant's call is allowed a microsecond early" merchant_calls |t| {
            let step = nth_step(t, 1, is_allow);
            let start = t.steps[step].at.saturating_add_micros(1);
            let end = t.steps[step].at.saturating_add_s(9_000);
            set_window(t, Window::new(start, end).expect("a window"));
            // The denied call before it is right under the new window too.
            set_retry_at(t, start);
        };
        P1 "a dial may be carried out after the window" window_ends_while_ringing |t| {
            dial(t, 0).not_after = dial(t, 0).not_after.saturating_add_micros(1);
        };
        P1 "a phone may ring past the window" window_ends_while_ringing |t| dial(t, 0).ring_timeout_ms += 1;
        P1 "the phone rings on when the window ends" window_ends_while_ringing |t| drop_effect(t, 0, is_hang_up);
        P1 "an answer at the window's end is joined" merchant_calls |t| {
            let step = nth_step(t, 0, |step| matches!(&step.doing, Doing::Input(Input::LegAnswered(_))));
            let end = t.steps[step].at;
            t.steps.truncate(step + 4);
            let start = end.saturating_add_s(0).saturating_add_micros(-7_200_000_000);
            set_window(t, Window::new(start, end).expect("a window"));
            // Everything before is made to fit the shorter window.
            t.steps.retain(|step| !matches!(step.reply, Some(Ok(Reply::Deny(_)))));
            for n in 0..3 {
                dial(t, n).not_after = end;
                dial(t, n).ring_timeout_ms = 5_000;
            }
        };
        P1 "the dial is for another merchant's line" merchant_calls |t| dial(t, 0).from = number("95522");
        P1 "the phone shows another window" merchant_calls |t| {
            dial(t, 0).reason.window = Window::new(Timestamp::MIN, Timestamp::MAX).expect("a window");
        };

        P2 "a number that nobody booked is dialled" merchant_calls |t| dial(t, 0).to = number(STRANGER);
        P2 "a contact that is not the sender's own is allowed" unverified |t| allow_instead_of_deny(t, 0);
        P2 "a contact that is not the sender's own is dialled" platform_calls |t| {
            each_input(t, |input| {
                if let Input::Book(book) = input && book.user.number() == Some(number(ZHANG)) {
                    (book.user, book.contact) = (Address::Rcs(number(STRANGER)), Some(number(ZHANG)));
                }
            });
        };
        P2 "a merchant's leg rings a stranger" platform_calls |t| dial(t, 0).to = number(STRANGER);

        P3 "the cancelled call rings on" cancelled_while_ringing |t| drop_effect(t, 0, is_hang_up);
        P3 "the merchant's own leg waits on after the cancel" cancelled_while_ringing |t| {
            let step = nth_step(t, 0, is_cancel);
            t.steps[step].effects.retain(|effect| !matches!(effect.action, Action::Reject(_)));
        };
        P3 "a call is allowed after the cancel" merchant_calls |t| insert_cancel(t, 0, is_allow);
        P3 "the platform dials after the cancel" platform_calls |t| insert_cancel(t, 0, |step| has(step, is_merchant_dial));
        P3 "a late answer is joined" cancelled_while_ringing |t| {
            let step = nth_step(t, 0, is_answered);
            let (leg, sequence) = (user_leg(t), t.steps[step].effects[0].sequence);
            t.steps[step].effects = vec![Effect { sequence, action: Action::Join(Join { bridge: CallId::new(1), leg }) }];
        };

        P4 "the user is dialled with the merchant" platform_calls |t| {
            let from = nth_step(t, 0, |step| has(step, is_user_dial));
            let to = nth_step(t, 0, |step| has(step, is_merchant_dial));
            let mut moved = std::mem::take(&mut t.steps[from].effects);
            let at = t.steps[to].at;
            moved.iter_mut().for_each(|effect| set_audit_at(effect, at));
            t.steps[to].effects.extend(moved);
        };
        P4 "the user is dialled though the merchant said nothing" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_user_dial));
            (t.steps[step].doing, t.steps[step].reply) = (Doing::Advance { budget: 0 }, None);
        };
        P4 "the user is dialled though the merchant hung up" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_user_dial));
            let leg = dial(t, 0).leg;
            t.steps[step].doing = Doing::Input(Input::LegEnded(LegEnded { leg, evidence: Evidence::default() }));
        };

        P5 "the user is put on the bridge first" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_join));
            let effects = &mut t.steps[step].effects;
            let (Action::Join(a), Action::Join(b)) = (effects[0].action.clone(), effects[1].action.clone()) else { panic!("two joins") };
            (effects[0].action, effects[1].action) = (Action::Join(b), Action::Join(a));
        };
        P5 "the merchant never comes on the bridge" merchant_calls |t| drop_effect(t, 0, is_join);
        P5 "a leg is joined before it answered" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_join));
            (t.steps[step].doing, t.steps[step].reply) = (Doing::Advance { budget: 0 }, None);
        };
        P5 "an inbound leg is joined before it reports its answer" merchant_calls |t| {
            let from = nth_step(t, 0, |step| has(step, is_join));
            let to = nth_step(t, 0, |step| has(step, |action| matches!(action, Action::Answer(_))));
            let joins = std::mem::take(&mut t.steps[from].effects);
            t.steps.truncate(to + 1);
            t.steps[to].effects.extend(joins);
        };
        P5 "a leg comes on another call's bridge" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_join));
            if let Action::Join(join) = &mut t.steps[step].effects[1].action { join.bridge = CallId::new(1) }
        };
        P5 "a leg is joined after it was hung up" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_hang_up) && is_ended(step));
            let sequence = t.steps[step].effects[0].sequence + 1;
            t.steps.truncate(step + 1);
            t.steps[step].effects.push(Effect { sequence, action: Action::Join(Join { bridge: CallId::new(1), leg: LegId::new(2) }) });
        };

        P6 "the platform calls in merchant mode" platform_calls |t| {
            t.steps.retain(|step| !matches!(step.reply, Some(Ok(Reply::Deny(_)))));
            t.header.policy.mode_chosen_by = ModeChooser::Platform(CallMode::MerchantCalls);
        };
        P6 "the merchant calls in platform mode" merchant_calls |t| {
            t.steps.retain(|step| !matches!(step.doing, Doing::Advance { .. }));
            t.header.policy.mode_chosen_by = ModeChooser::Platform(CallMode::PlatformCalls);
        };
        P6 "the mode changes while a call lives" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_user_dial));
            let choose = ChooseMode { merchant: MERCHANT, reservation: ReservationId::new(1), mode: CallMode::MerchantCalls };
            insert(t, step, Input::ChooseMode(choose), Ok(Reply::Done));
        };
        P6 "the user is dialled in the other mode after a choice" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_merchant_dial));
            let choose = ChooseMode { merchant: MERCHANT, reservation: ReservationId::new(1), mode: CallMode::MerchantCalls };
            insert(t, step, Input::ChooseMode(choose), Ok(Reply::Done));
        };

        P7 "the merchant is sent the user's number as his name" merchant_calls |t| in_text(t, r#""name":"用户01","number""#, r#""name":"+8613800000001","number""#);
        P7 "the merchant is sent it without its country code" merchant_calls |t| in_text(t, r#""name":"用户01","number""#, r#""name":"13800000001","number""#);
        P7 "the merchant is sent some other number in the name" merchant_calls |t| in_text(t, r#""name":"用户01","number""#, r#""name":"call 021-5888 12","number""#);
        P7 "the masked number shows too much" merchant_calls |t| in_text(t, "+8613*********", "+86138********");
        P7 "the merchant's phone shows the user's number" platform_calls |t| dial(t, 0).from = number(ZHANG);
        P7 "a user is sent another user's number" platform_calls |t| to_user(t, LI, "+8613800000001");
        P7 "a user is sent another user's name" platform_calls |t| to_user(t, LI, "用户01");
        P7 "a merchant is sent what only users get" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, |action| matches!(action, Action::Send(_))));
            let [first, second] = &mut t.steps[step].effects[..] else { panic!("two messages") };
            if let (Action::Send(user), Action::Send(merchant)) = (&first.action, &mut second.action) { merchant.content = user.content.clone() }
        };

        P8 "a user is dialled twice" merchant_calls |t| dial_again(t, is_user_dial, true);
        P8 "a call gets a second user's leg" platform_calls |t| dial_again(t, is_user_dial, false);
        P8 "a line of one channel rings twice" platform_calls |t| dial_again(t, is_merchant_dial, true);
        P8 "a call starts while a leg of the last one may live" platform_calls |t| {
            t.steps.retain(|step| !matches!(&step.doing, Doing::Input(Input::LegEnded(ended)) if ended.leg == LegId::new(1)));
        };
        P8 "a leg is counted as lost before its grace is over" nothing_is_reported |t| {
            // The channel would come free a second early.
            let step = nth_step(t, 0, |step| has(step, is_lost));
            let at = t.steps[step].at.saturating_add_micros(-1_000_000);
            t.steps[step].at = at;
            t.steps[step].effects.iter_mut().for_each(|effect| set_audit_at(effect, at));
        };
        P8 "a line loses the channel that a call is on" platform_calls |t| {
            let register = t.steps[0].clone();
            let Doing::Input(Input::RegisterMerchant(mut merchant)) = register.doing else { panic!("the merchant registers first") };
            merchant.lines[0].channels = 0;
            let step = nth_step(t, 0, |step| has(step, is_user_dial));
            insert(t, step, Input::RegisterMerchant(merchant), Ok(Reply::Done));
        };

        P9 "the merchant's leg goes on after the user hung up" merchant_calls |t| drop_effect(t, 1, is_hang_up);
        P9 "a phone rings on after its ring time" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_hang_up) && matches!(step.doing, Doing::Advance { .. }));
            t.steps[step].effects.clear();
        };
        P9 "a denied call is not rejected" merchant_calls |t| drop_effect(t, 0, |action| matches!(action, Action::Reject(_)));
        P9 "a user is rung more often than the policy allows" platform_calls |t| t.header.policy.attempts_max = 2;
        P9 "a user is rung after his last conversation" platform_calls |t| {
            // The first conversation becomes the second user's first call, and he is rung again.
            let step = nth_step(t, 2, |step| has(step, is_merchant_dial));
            if let Some(dial) = merchant_dial_of(&mut t.steps[step]) { dial.reason.reservation = ReservationId::new(2) }
        };
        P9 "a lost leg is never counted as gone" nothing_is_reported |t| drop_effect(t, 0, is_lost);
        P9 "the user is not told that he was missed" nothing_is_reported |t| drop_effect(t, 0, is_missed);
        P9 "the user has no word of the cancel" cancelled_while_ringing |t| drop_effect(t, 0, |action| {
            matches!(action, Action::Send(send) if matches!(send.content, Content::Cancelled(_)))
        });
        P9 "the trace ends before its windows do" nothing_is_reported |t| t.steps.truncate(4);
        P9 "a reservation leaves before its retention is over" merchant_calls |t| {
            let step = t.steps.iter().rposition(|step| has(step, is_archive)).expect("an archive");
            t.steps[step].at = t.steps[step].at.saturating_add_micros(-1);
        };

        P11 "a repeated answer joins again" merchant_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_join));
            repeat(t, step, Reply::Done);
        };
        P11 "a repeated end hangs up again" merchant_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_hang_up) && is_ended(step));
            repeat(t, step, Reply::NoOp);
        };
        P11 "a second cancel tells everybody again" cancelled_while_ringing |t| {
            let sends: Vec<Effect> = t.steps[nth_step(t, 0, is_cancel)].effects.clone();
            let second = nth_step(t, 1, is_cancel);
            t.steps.truncate(second + 1);
            t.steps[second].effects = sends.into_iter().filter(|effect| matches!(effect.action, Action::Send(_))).collect();
            renumber(t, second);
        };
        P11 "a report of progress dials" merchant_calls |t| {
            let step = nth_step(t, 0, |step| matches!(step.doing, Doing::Input(Input::LegProgress(_))));
            let effect = Effect { sequence: 0, action: reject(9) };
            t.steps.truncate(step + 1);
            t.steps[step].effects.push(effect);
            renumber(t, step);
        };

        P12 "an effect is handed out twice without a restart" merchant_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_user_dial));
            let effects = t.steps[step].effects.clone();
            t.steps[step + 1].effects = effects;
            t.steps[step + 1].doing = Doing::Advance { budget: 0 };
        };
        P12 "a restart hands out something else" crashes |t| {
            let step = nth_step(t, 0, |step| step.doing == Doing::Restart && has(step, is_merchant_dial));
            merchant_dial_of(&mut t.steps[step]).expect("a dial").ring_timeout_ms -= 1;
        };
        P12 "a restart hands out what was confirmed" crashes |t| {
            let effect = t.steps[nth_step(t, 0, |step| has(step, is_user_dial))].effects[0].clone();
            let step = nth_step(t, 1, |step| step.doing == Doing::Restart);
            t.steps[step].effects = vec![Effect { sequence: 1, ..effect }];
        };
        P12 "a leg's number is given twice" merchant_calls |t| {
            let step = nth_step(t, 1, is_allow);
            t.steps[step].reply = Some(Ok(Reply::Allow(Allow { leg: LegId::new(1), call: CallId::new(2) })));
        };

        P13 "a refused cancel hangs up" cancelled_while_ringing |t| {
            let step = nth_step(t, 0, is_cancel);
            t.steps[step].reply = Some(Err(Refusal::NotTheChatbot));
        };
        P13 "a refused call is rejected" merchant_calls |t| {
            let step = nth_step(t, 0, |step| matches!(step.reply, Some(Ok(Reply::Deny(_)))));
            t.steps[step].reply = Some(Err(Refusal::NotTheChatbot));
        };

        P14 "a call is denied inside the window without a reason" merchant_calls |t| deny_instead_of_allow(t, DenyReason::NumberBusy);
        P14 "an early call is told a wrong time" merchant_calls |t| set_retry_at(t, Timestamp::MAX);
        P14 "a call is denied for a reason that does not come first" cancelled_while_ringing |t| {
            let step = nth_step(t, 0, |step| matches!(step.reply, Some(Ok(Reply::Deny(_)))));
            let at = t.steps[step].at.saturating_add_s(86_400);
            t.steps.truncate(step + 1);
            t.steps[step].at = at;
            t.steps[step].effects.iter_mut().for_each(|effect| set_audit_at(effect, at));
        };
        P14 "a call is allowed before the spacing is over" merchant_calls |t| t.header.policy.retry_spacing_s = 500;
        P14 "the platform rings the merchant before the spacing is over" platform_calls |t| t.header.policy.retry_spacing_s = 301;
        P14 "the platform rings the merchant before the window" platform_calls |t| {
            let window = Window::new(t.steps[nth_step(t, 0, |step| has(step, is_merchant_dial))].at.saturating_add_micros(1), Timestamp::MAX);
            set_window(t, window.expect("a window"));
        };
        P14 "an unknown reservation is allowed" merchant_calls |t| each_input(t, |input| {
            if let Input::RequestCall(request) = input { request.reservation = ReservationId::new(7) }
        });

        P16 "the second in the queue is served first" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_merchant_dial));
            merchant_dial_of(&mut t.steps[step]).expect("a dial").reason.reservation = ReservationId::new(2);
        };
        P16 "the first in the queue starves" platform_calls |t| drop_effect(t, 0, is_merchant_dial);
        P16 "the second starves when the channel comes free" platform_calls |t| drop_effect(t, 1, is_merchant_dial);

        P17 "a verdict leaves no record" merchant_calls |t| drop_effect(t, 1, is_judged);
        P17 "a denied call leaves no record" merchant_calls |t| drop_effect(t, 0, is_judged);
        P17 "a dialled user leaves no record" platform_calls |t| drop_effect(t, 0, is_user_dialled);
        P17 "a record is of another revision" merchant_calls |t| each_audit(t, |record| {
            if let AuditRecord::Judged(judged) = record { judged.revision = Some(2) }
        });
        P17 "a record names another rule" platform_calls |t| each_audit(t, |record| {
            if let AuditRecord::UserDialled(dialled) = record { dialled.rule = Rule::Denied(DenyReason::Closed) }
        });
        P17 "a record has another time" merchant_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_judged));
            t.steps[step].effects.iter_mut().for_each(|effect| set_audit_at(effect, Timestamp::MAX));
        };
        P17 "a record speaks of a dial that was not made" merchant_calls |t| drop_effect(t, 0, is_user_dial);
        P17 "a record speaks of a verdict that nobody asked for" merchant_calls |t| {
            let judged = t.steps[nth_step(t, 0, |step| has(step, is_judged))].effects[0].clone();
            t.steps[1].effects.insert(0, Effect { sequence: 1, ..judged });
            let at = t.steps[1].at;
            set_audit_at(&mut t.steps[1].effects[0], at);
            t.steps.truncate(2);
        };
    };

    let mut wrong = Vec::new();
    for Twin { promise, name, story, alter } in &twins {
        let mut trace = story();
        alter(&mut trace);
        match check_closed(&trace) {
            Err(Violation { promise: fell, .. }) if fell == *promise => {}
            Err(other) => wrong.push(format!("{promise} {name}: fell by {other}")),
            Ok(_) => wrong.push(format!("{promise} {name}: was accepted")),
        }
    }
    assert!(wrong.is_empty(), "{} of {} twins:\n{}", wrong.len(), twins.len(), wrong.join("\n"));

    // Every promise that a trace of this half can break has at least two.
    use Promise::*;
    for promise in [P1, P2, P3, P4, P5, P6, P7, P8, P9, P11, P12, P13, P14, P16, P17] {
        let count = twins.iter().filter(|twin| twin.promise == promise).count();
        assert!(count >= 2, "{promise} has {count} twins");
    }
}

#[test]
fn no_dial_hang_up_reject_or_record_can_be_left_out_of_any_story() {
    let mut dropped = 0;
    for (name, story) in STORIES {
        let trace = story();
        for (step, effect) in every_effect(&trace) {
            let action = &trace.steps[step].effects[effect].action;
            let crossed = matches!(trace.steps[step].doing, Doing::Input(Input::LegAnswered(_))) && is_hang_up(action);
            let counts = is_user_dial(action)
                || is_merchant_dial(action)
                || is_hang_up(action)
                || matches!(action, Action::Reject(_) | Action::Audit(_));
            // The second hang-up of a leg whose answer crossed the first is a courtesy to slow switches. And a restart repeats.
            let repeated = trace.steps[step].doing == Doing::Restart
                || trace.steps.get(step + 1).is_some_and(|next| next.doing == Doing::Restart);
            if !counts || crossed || repeated {
                continue;
            }
            let mut twin = trace.clone();
            let action = twin.steps[step].effects.remove(effect).action;
            assert!(check_closed(&twin).is_err(), "{name}, step {}: nobody misses {action:?}", step + 1);
            dropped += 1;
        }
    }
    assert!(dropped > 60, "only {dropped} effects were dropped");
}

#[test]
fn no_report_of_an_answer_can_be_left_out_of_a_conversation() {
    for story in [merchant_calls, platform_calls] {
        let trace = story();
        for step in (0..trace.steps.len()).filter(|step| is_answered(&trace.steps[*step])) {
            let mut twin = trace.clone();
            twin.steps[step].doing = Doing::Advance { budget: 0 };
            twin.steps[step].reply = None;
            assert!(check(&twin).is_err(), "step {}: what follows needs this answer", step + 1);
        }
    }
}

#[test]
fn a_violation_names_promise_step_line_and_time_and_shows_no_number() {
    let mut trace = merchant_calls();
    dial(&mut trace, 0).to = number(STRANGER);
    let trace = Trace::from_json_lines(&trace.to_json_lines()).expect("it can be read");
    let violation = check(&trace).expect_err("nobody booked this number");
    let step = &trace.steps[violation.step - 1];
    assert_eq!((violation.line, violation.at), (step.line, step.at));
    assert!(has(step, is_user_dial));
    let text = violation.to_string();
    assert!(text.starts_with("P2 broken at step ") && text.contains("(line "), "{text}");
    assert!(!text.contains("13900000009") && !text.contains("13800000001"), "{text}");
}

#[test]
fn a_booking_on_an_unknown_page_shows_that_the_trace_is_not_whole() {
    let mut trace = merchant_calls();
    trace.steps.retain(|step| !matches!(step.doing, Doing::Input(Input::PublishPage(_))));
    assert_eq!(check(&trace).map_err(|violation| violation.promise), Err(Promise::P12));
}

// ---- helpers ---------------------------------------------------------------------------------------------------------

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).expect("a number")
}

fn has(step: &Step, is: fn(&Action) -> bool) -> bool {
    step.effects.iter().any(|effect| is(&effect.action))
}

fn is_user_dial(action: &Action) -> bool {
    matches!(action, Action::Dial(dial) if dial.party == Party::User)
}

fn is_merchant_dial(action: &Action) -> bool {
    matches!(action, Action::Dial(dial) if dial.party == Party::Merchant)
}

fn is_hang_up(action: &Action) -> bool {
    matches!(action, Action::HangUp(HangUp { .. }))
}

fn is_join(action: &Action) -> bool {
    matches!(action, Action::Join(_))
}

fn is_archive(action: &Action) -> bool {
    matches!(action, Action::Archive(_))
}

fn is_missed(action: &Action) -> bool {
    matches!(action, Action::Send(send) if matches!(send.content, Content::Missed(_)))
}

fn is_judged(action: &Action) -> bool {
    matches!(action, Action::Audit(audit) if matches!(audit.record, AuditRecord::Judged(_)))
}

fn is_user_dialled(action: &Action) -> bool {
    matches!(action, Action::Audit(audit) if matches!(audit.record, AuditRecord::UserDialled(_)))
}

fn is_lost(action: &Action) -> bool {
    matches!(action, Action::Audit(audit) if matches!(audit.record, AuditRecord::LegLost(_)))
}

fn is_allow(step: &Step) -> bool {
    matches!(step.reply, Some(Ok(Reply::Allow(_))))
}

fn is_cancel(step: &Step) -> bool {
    matches!(step.doing, Doing::Input(Input::Cancel(_)))
}

fn is_answered(step: &Step) -> bool {
    matches!(step.doing, Doing::Input(Input::LegAnswered(_)))
}

fn is_ended(step: &Step) -> bool {
    matches!(step.doing, Doing::Input(Input::LegEnded(_)))
}

fn reject(leg: u64) -> Action {
    Action::Reject(Reject { leg: LegId::new(leg), cause: ReleaseCause::Normal, sip_status: 480, q850_cause: 16 })
}

/// The index of the nth step, counted from 0, that fits.
fn nth_step(trace: &Trace, n: usize, fits: fn(&Step) -> bool) -> usize {
    let mut indices = (0..trace.steps.len()).filter(|index| fits(&trace.steps[*index]));
    indices.nth(n).expect("the story has such a step")
}

fn every_effect(trace: &Trace) -> Vec<(usize, usize)> {
    let of_step = |(index, step): (usize, &Step)| (0..step.effects.len()).map(move |effect| (index, effect));
    trace.steps.iter().enumerate().flat_map(of_step).collect()
}

/// Drops the nth effect that fits.
fn drop_effect(trace: &mut Trace, n: usize, fits: fn(&Action) -> bool) {
    let mut places = every_effect(trace).into_iter().filter(|(step, effect)| fits(&trace.steps[*step].effects[*effect].action));
    let (step, effect) = places.nth(n).expect("the story has such an effect");
    trace.steps[step].effects.remove(effect);
}

/// The nth dial.
fn dial(trace: &mut Trace, n: usize) -> &mut ringfence::values::effect::Dial {
    let dials = trace.steps.iter_mut().flat_map(|step| &mut step.effects).filter_map(|effect| match &mut effect.action {
        Action::Dial(dial) => Some(dial),
        Action::Answer(_)
        | Action::Reject(_)
        | Action::Play(_)
        | Action::Join(_)
        | Action::HangUp(_)
        | Action::Send(_)
        | Action::Audit(_)
        | Action::Archive(_) => None,
    });
    dials.into_iter().nth(n).expect("the story has such a dial")
}

fn merchant_dial_of(step: &mut Step) -> Option<&mut ringfence::values::effect::Dial> {
    step.effects.iter_mut().find_map(|effect| if let Action::Dial(dial) = &mut effect.action { Some(dial) } else { None })
}

fn user_leg(trace: &Trace) -> LegId {
    let mut trace = trace.clone();
    dial(&mut trace, 0).leg
}

fn set_audit_at(effect: &mut Effect, at: Timestamp) {
    if let Action::Audit(audit) = &mut effect.action {
        audit.at = at;
    }
}

fn each_audit(trace: &mut Trace, change: fn(&mut AuditRecord)) {
    for effect in trace.steps.iter_mut().flat_map(|step| &mut step.effects) {
        if let Action::Audit(audit) = &mut effect.action {
            change(&mut audit.record);
        }
    }
}

fn each_input(trace: &mut Trace, change: fn(&mut Input)) {
    for step in &mut trace.steps {
        if let Doing::Input(input) = &mut step.doing {
            change(input);
        }
    }
}

/// Replaces in the written trace, once, and reads it again.
fn in_text(trace: &mut Trace, from: &str, to: &str) {
    let text = trace.to_json_lines();
    assert!(text.contains(from), "the story contains {from}");
    *trace = Trace::from_json_lines(&text.replacen(from, to, 1)).expect("the altered trace can be read");
}

/// Every window of the trace becomes this one.
fn set_window(trace: &mut Trace, window: Window) {
    for step in &mut trace.steps {
        if let Doing::Input(Input::Book(book)) = &mut step.doing {
            book.window = window;
        }
        for effect in &mut step.effects {
            match &mut effect.action {
                Action::Dial(dial) => dial.reason.window = window,
                Action::Audit(audit) => {
                    if let AuditRecord::Judged(ringfence::values::effect::Judged {
                        rule: Rule::Permitted { window: shown, .. },
                        ..
                    })
                    | AuditRecord::UserDialled(ringfence::values::effect::UserDialled {
                        rule: Rule::Permitted { window: shown, .. },
                        ..
                    }) = &mut audit.record
                    {
                        *shown = window;
                    }
                }
                Action::Answer(_)
                | Action::Reject(_)
                | Action::Play(_)
                | Action::Join(_)
                | Action::HangUp(_)
                | Action::Send(_)
                | Action::Archive(_) => {}
            }
        }
    }
}

/// The window ends so many microseconds after the first user is dialled, and the trace with that dial.
fn set_end_to_first_user_dial(trace: &mut Trace, micros: i64) {
    let step = nth_step(trace, 0, |step| has(step, is_user_dial));
    let end = trace.steps[step].at.saturating_add_micros(micros);
    set_window(trace, Window::new(end.saturating_add_micros(-3_600_000_000), end).expect("a window"));
    for n in 0..2 {
        dial(trace, n).not_after = end;
        dial(trace, n).ring_timeout_ms = 1;
    }
    let at = trace.steps[step].at;
    trace.steps.truncate(step + 1);
    // Before it, the merchant's phone rang a moment earlier, and for the rest of the window.
    dial(trace, 0).ring_timeout_ms = 1_000;
    for earlier in &mut trace.steps[..step] {
        earlier.at = earlier.at.min(at.saturating_add_micros(-1_000_000));
    }
}

fn set_retry_at(trace: &mut Trace, at: Timestamp) {
    let step = nth_step(trace, 0, |step| matches!(step.reply, Some(Ok(Reply::Deny(_)))));
    if let Some(Ok(Reply::Deny(deny))) = &mut trace.steps[step].reply {
        deny.retry_at = Some(at);
    }
}

/// The nth denied call is allowed instead.
fn allow_instead_of_deny(trace: &mut Trace, n: usize) {
    let step = nth_step(trace, n, |step| matches!(step.reply, Some(Ok(Reply::Deny(_)))));
    let Some(Ok(Reply::Deny(Deny { leg, .. }))) = trace.steps[step].reply else { panic!("it was denied") };
    trace.steps[step].reply = Some(Ok(Reply::Allow(Allow { leg, call: CallId::new(1) })));
    trace.steps[step].effects.retain(|effect| is_judged(&effect.action));
}

/// The first allowed call is denied instead.
fn deny_instead_of_allow(trace: &mut Trace, reason: DenyReason) {
    let step = nth_step(trace, 0, is_allow);
    let Some(Ok(Reply::Allow(Allow { leg, .. }))) = trace.steps[step].reply else { panic!("it was allowed") };
    trace.steps[step].reply = Some(Ok(Reply::Deny(Deny { leg, reason, retry_at: None })));
    trace.steps[step].effects.retain(|effect| is_judged(&effect.action));
    trace.steps[step].effects.push(Effect { sequence: 1_000_000, action: reject(leg.get()) });
    trace.steps.truncate(step + 1);
}

/// A step before the step with this index.
fn insert(trace: &mut Trace, index: usize, input: Input, reply: Result<Reply, Refusal>) {
    let at = trace.steps[index].at;
    trace.steps.insert(index, Step { line: None, at, doing: Doing::Input(input), reply: Some(reply), effects: Vec::new() });
}

/// The first user cancels before the nth step that fits.
fn insert_cancel(trace: &mut Trace, n: usize, fits: fn(&Step) -> bool) {
    let step = nth_step(trace, n, fits);
    let cancel = Cancel { user: Address::Rcs(number(ZHANG)), reservation: ReservationId::new(1) };
    insert(trace, step, Input::Cancel(cancel), Ok(Reply::Done));
}

/// The step comes a second time, with all its effects under new numbers, and the trace ends there.
fn repeat(trace: &mut Trace, index: usize, reply: Reply) {
    let mut again = trace.steps[index].clone();
    again.reply = Some(Ok(reply));
    trace.steps.insert(index + 1, again);
    trace.steps.truncate(index + 2);
    renumber(trace, index + 1);
}

/// Gives the effects of a step new sequence numbers.
fn renumber(trace: &mut Trace, index: usize) {
    for (sequence, effect) in (1_000_000..).zip(&mut trace.steps[index].effects) {
        effect.sequence = sequence;
    }
}

/// The first dial that fits comes twice, with a new leg and perhaps a new call.
fn dial_again(trace: &mut Trace, fits: fn(&Action) -> bool, new_call: bool) {
    let (step, effect) = every_effect(trace)
        .into_iter()
        .find(|(step, effect)| fits(&trace.steps[*step].effects[*effect].action))
        .expect("the story has such a dial");
    let Effect { sequence, mut action } = trace.steps[step].effects[effect].clone();
    if let Action::Dial(dial) = &mut action {
        dial.leg = LegId::new(777);
        if new_call && dial.party == Party::Merchant {
            dial.call = CallId::new(777);
            dial.reason.reservation = ReservationId::new(2);
        }
    }
    trace.steps.truncate(step + 1);
    trace.steps[step].effects.push(Effect { sequence: sequence + 1, action });
}

/// A text in the first message to this user.
fn to_user(trace: &mut Trace, user: &str, text: &str) {
    let to = Address::Rcs(number(user));
    let sends = trace.steps.iter_mut().flat_map(|step| &mut step.effects);
    let result = sends.filter_map(|effect| if let Action::Send(send) = &mut effect.action { Some(send) } else { None });
    match result.filter(|send| send.to == to).map(|send| &mut send.content).next() {
        Some(Content::Result(result)) => result.address = Some(Arc::from(text)),
        other => panic!("the first message to a user is the result of his booking: {other:?}"),
    }
}
