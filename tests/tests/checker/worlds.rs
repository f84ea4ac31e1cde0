//! Random worlds.

use proptest::bool::weighted;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_oneof};
use ringfence::values::id::{MerchantId, PageId, ReservationId};
use ringfence::values::input::{Book, ChooseMode, ChooseSlot, Input, MerchantReady, RotateKey, Slot};
use ringfence::values::number::Address;
use ringfence::values::policy::{CallMode, ModeChooser, OnWindowClose, Policy};
use ringfence::values::reply::Reply;
use ringfence::values::time::Window;
use ringfence_testing::host::{Caller, Delivery, Host, MERCHANT, OFFERING, PAGE, Phone};
use ringfence_testing::trace::Trace;

use crate::altering::number;
use crate::stories::{LI, LINE, STRANGER, ZHANG};

/// What happens in a random world, one thing after another.
#[derive(Clone, Debug)]
pub(crate) enum Happens {
    Books { user: usize, shop: usize, from_s: u32, lasts_s: u32, other_contact: bool },
    Calls { one: usize, stranger: bool },
    Cancels { one: usize, stranger: bool },
    Chooses { one: usize, mode: CallMode },
    ChoosesSlot { one: usize, from_s: u32, lasts_s: u32 },
    IsReady { one: usize },
    TimePasses { seconds: u32 },
    IsLate { seconds: i64 },
    Crashes,
    StopsConfirming,
    Restarts,
    Resyncs,
    IsInDoubt,
}

pub(crate) fn happens() -> impl Strategy<Value = Happens> {
    let mode = prop_oneof![Just(CallMode::MerchantCalls), Just(CallMode::PlatformCalls)];
    prop_oneof![
        5 => (0..3_usize, 0..2_usize, prop_oneof![Just(0_u32), 0..100_u32], 1..300_u32, weighted(0.1))
            .prop_map(|(user, shop, from_s, lasts_s, other_contact)| Happens::Books { user, shop, from_s, lasts_s, other_contact }),
        7 => (0..3_usize, weighted(0.1)).prop_map(|(one, stranger)| Happens::Calls { one, stranger }),
        2 => (0..2_usize, weighted(0.1)).prop_map(|(one, stranger)| Happens::Cancels { one, stranger }),
        3 => (0..3_usize, 0..60_u32, 1..60_u32).prop_map(|(one, from_s, lasts_s)| Happens::ChoosesSlot { one, from_s, lasts_s }),
        2 => (0..3_usize).prop_map(|one| Happens::IsReady { one }),
        3 => (0..3_usize, mode).prop_map(|(one, mode)| Happens::Chooses { one, mode }),
        8 => (0..60_u32).prop_map(|seconds| Happens::TimePasses { seconds }),
        1 => (0..90_i64).prop_map(|seconds| Happens::IsLate { seconds }),
        1 => Just(Happens::Crashes),
        1 => Just(Happens::StopsConfirming),
        1 => Just(Happens::Restarts),
        1 => Just(Happens::Resyncs),
        1 => Just(Happens::IsInDoubt),
    ]
}

pub(crate) fn phone() -> impl Strategy<Value = Phone> {
    prop_oneof![
        8 => (0..30_u32, 0..100_u32).prop_map(|(after, talks)| Phone::answers_after(after).talks_for(talks)),
        2 => (0..30_u32).prop_map(Phone::answers_after),
        1 => Just(Phone::busy()),
        1 => Just(Phone::unreachable()),
        1 => Just(Phone::rings_on()),
        1 => Just(Phone::says_nothing()),
    ]
}

pub(crate) fn random_policy() -> impl Strategy<Value = Policy> {
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
pub(crate) fn live(policy: Policy, phones: &[Vec<Phone>], events: &[Happens]) -> Trace {
    const LINES: [&str; 2] = [LINE, "95522"];
    const USERS: [&str; 3] = [ZHANG, LI, STRANGER];
    // In most of the worlds two of the users have accounts, so that merchants leave messages for them.
    let is_bound = policy.min_ring_s > 1;
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
    if is_bound {
        let _ = host.input(Input::RotateKey(RotateKey { id: "k1".into() }));
        host.binds("oA1-zhang", ZHANG);
        host.binds("oB2-li", LI);
        host.callers(&[
            Caller::Speaks(10),
            Caller::SpeaksAndHangsUp(5),
            Caller::CannotBeRecorded,
            Caller::IsSilent(4),
            Caller::Speaks(50),
        ]);
        host.deliveries(&[Delivery::Arrives, Delivery::Fails("-1"), Delivery::IsLost, Delivery::Arrives]);
    }
    for event in events {
        match *event {
            Happens::Books { user, shop, from_s, lasts_s, other_contact } => {
                let start = host.now().saturating_add_s(u64::from(from_s));
                let window = Window::new(start, start.saturating_add_s(u64::from(lasts_s))).expect("a window");
                let contact = other_contact.then(|| number(USERS[(user + 1) % 3]));
                let (address, page) = (Address::Rcs(number(USERS[user])), [PAGE, PageId::new(2)][shop]);
                let book = Book { contact, ..Book::new(address, page, OFFERING, window) };
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
            Happens::ChoosesSlot { one, from_s, lasts_s } => {
                let (_, shop, reservation) = latest(&booked, one);
                let start = host.now().saturating_add_s(u64::from(from_s));
                let slot = Slot::Window(Window::new(start, start.saturating_add_s(u64::from(lasts_s))).expect("a window"));
                let merchant = [MERCHANT, MerchantId::new(2)][shop];
                let _ = host.input(Input::ChooseSlot(ChooseSlot { merchant, reservation, slot }));
            }
            Happens::IsReady { one } => {
                let (_, shop, reservation) = latest(&booked, one);
                let merchant = [MERCHANT, MerchantId::new(2)][shop];
                let _ = host.input(Input::MerchantReady(MerchantReady { merchant, reservation }));
            }
            Happens::TimePasses { seconds } => host.runs_for(seconds),
            Happens::IsLate { seconds } => host.is_late_by_us(seconds * 1_000_000),
            Happens::Crashes => host.crashes_before_next_dial(),
            Happens::StopsConfirming => host.never_confirms(),
            Happens::Restarts => host.restarts(),
            Happens::Resyncs => host.resyncs(),
            Happens::IsInDoubt => host.is_in_doubt_of_next_dial(),
        }
    }
    host.is_late_by_us(0);
    host.runs_out();
    host.trace().clone()
}

pub(crate) fn worlds() -> impl Strategy<Value = (Policy, Vec<Vec<Phone>>, Vec<Happens>)> {
    (random_policy(), vec(vec(phone(), 1..4), 5), vec(happens(), 1..60))
}
