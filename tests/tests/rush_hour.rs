//! Two hundred users who booked the same hour (seed 000, 95511 and its channels): they are called as channels come free, in the order of the queue, none
//! starves, each inside the window; and who could not be reached by the end is told so, and so is the merchant (P1, P8, P16).

use std::collections::{BTreeMap, BTreeSet};

use ringfence::Timestamp;
use ringfence::values::effect::{Action, Content, Dial, Effect, Party};
use ringfence::values::id::ReservationId;
use ringfence::values::input::Input;
use ringfence::values::policy::{CallMode, ModeChooser, Policy};
use ringfence::values::reply::Missed;
use ringfence_testing::checker::check_closed;
use ringfence_testing::host::{Host, Phone};
use ringfence_testing::trace::{Doing, Trace};

const LINE: &str = "95511";
const USERS: u32 = 200;
const OPENS_S: u32 = 3600;
const CLOSES_S: u32 = 7200;

/// What a user's phone does: most are answered; some are busy first, some ring on, some are switched off.
fn phones(user: u32) -> Vec<Phone> {
    let talks = Phone::answers_after(2 + user % 7).talks_for(40 + user * 7 % 50);
    match user % 10 {
        3 => vec![Phone::busy(), talks],
        6 => vec![Phone::rings_on(), talks],
        9 => vec![Phone::unreachable()],
        _ => vec![talks],
    }
}

/// The evening of that many channels, until all is over; and how each reservation's user is reached.
fn evening(channels: u32) -> (Host, Vec<ReservationId>) {
    let mode_chosen_by = ModeChooser::Platform(CallMode::PlatformCalls);
    let mut host = Host::new(Policy { mode_chosen_by, attempts_max: 2, ..Policy::default() });
    host.open_shop(&[LINE], channels);
    host.phone(LINE, &[Phone::answers_after(1)]);
    let mut reservations = Vec::new();
    for user in 0..USERS {
        let number = format!("+86138{:08}", 20_000_000 + user);
        host.phone(&number, &phones(user));
        reservations.push(host.books(&number, OPENS_S, CLOSES_S));
    }
    host.runs_out();
    (host, reservations)
}

fn effects(trace: &Trace) -> impl Iterator<Item = (Timestamp, &Effect)> {
    trace.steps.iter().flat_map(|step| step.effects.iter().map(move |effect| (step.at, effect)))
}

fn dials(trace: &Trace, party: Party) -> Vec<(Timestamp, &Dial)> {
    let of_it = effects(trace).filter_map(|(at, effect)| {
        let Action::Dial(dial) = &effect.action else { return None };
        (dial.party == party).then_some((at, dial))
    });
    of_it.collect()
}

/// When each was first taken up.
fn first_dials(trace: &Trace) -> BTreeMap<ReservationId, Timestamp> {
    let mut first = BTreeMap::new();
    for (at, dial) in dials(trace, Party::Merchant) {
        first.entry(dial.reason.reservation).or_insert(at);
    }
    first
}

/// The most calls at once: a call lives from its merchant's dial to the report of the end of its last leg.
fn most_at_once(trace: &Trace) -> usize {
    let mut legs = BTreeMap::new();
    let mut live: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let mut most = 0;
    for step in &trace.steps {
        if let Doing::Input(Input::LegEnded(ended)) = &step.doing
            && let Some(call) = legs.get(&ended.leg)
        {
            let of_it = live.entry(*call).or_default();
            of_it.remove(&ended.leg);
            if of_it.is_empty() {
                live.remove(call);
            }
        }
        for effect in &step.effects {
            if let Action::Dial(dial) = &effect.action {
                legs.insert(dial.leg, dial.call);
                live.entry(dial.call).or_default().insert(dial.leg);
            }
        }
        most = most.max(live.len());
    }
    most
}

/// Who was told by the end that nobody reached him, and of whom the merchant was told the same.
fn told_missed(trace: &Trace) -> (BTreeMap<ReservationId, Missed>, BTreeSet<ReservationId>) {
    let (mut users, mut merchant) = (BTreeMap::new(), BTreeSet::new());
    for (_, effect) in effects(trace) {
        let Action::Send(send) = &effect.action else { continue };
        if let Content::Missed(missed) = &send.content {
            users.insert(missed.reservation, missed.why);
        } else if let Content::MissedForMerchant(missed) = &send.content {
            merchant.insert(missed.reservation);
        }
    }
    (users, merchant)
}

fn is_kept(host: &Host, channels: usize) {
    let trace = host.trace();
    let (opens, closes) = (host.second(OPENS_S), host.second(CLOSES_S));
    for (at, dial) in dials(trace, Party::User).into_iter().chain(dials(trace, Party::Merchant)) {
        assert!(opens <= at && at < closes, "leg {} is dialled at {at}", dial.leg);
        assert!(dial.ring_until <= closes);
    }
    assert_eq!(most_at_once(trace), channels, "every channel is used, and no more");
    let first: Vec<_> = first_dials(trace).into_iter().collect();
    assert!(first.is_sorted_by_key(|(_, at)| *at), "who booked first is called first");
}

#[test]
fn two_hundred_users_of_one_hour_are_all_called_while_channels_come_free() {
    let (host, reservations) = evening(8);
    check_closed(host.trace()).expect("every promise is kept");
    is_kept(&host, 8);
    assert_eq!(first_dials(host.trace()).len(), reservations.len(), "none starves");
    let (users, merchant) = told_missed(host.trace());
    assert!(users.keys().eq(&merchant), "the merchant is told of the same");
    let unreachable = (0..USERS).filter(|user| user % 10 == 9).map(|user| reservations[user as usize]).collect::<BTreeSet<_>>();
    assert_eq!(users.keys().copied().collect::<BTreeSet<_>>(), unreachable, "who has a phone that is on is reached");
}

#[test]
fn who_could_not_be_called_by_the_end_is_told_so_and_so_is_the_merchant() {
    let (host, reservations) = evening(2);
    check_closed(host.trace()).expect("every promise is kept");
    is_kept(&host, 2);
    let called = first_dials(host.trace());
    let (users, merchant) = told_missed(host.trace());
    assert!(users.keys().eq(&merchant), "the merchant is told of the same");
    let never: Vec<_> = reservations.iter().filter(|id| !called.contains_key(id)).collect();
    assert!(never.len() > 50 && called.len() > 50, "{} called, {} not", called.len(), never.len());
    assert!(called.keys().next_back() < never.first().copied(), "nobody is passed over");
    let others: Vec<_> = never.iter().map(|id| (id, users.get(id))).filter(|(_, why)| *why != Some(&Missed::NoChannel)).collect();
    assert!(others.is_empty(), "{others:?}");
}
