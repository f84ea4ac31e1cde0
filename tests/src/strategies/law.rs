//! What the operator keeps from ringing, and lets on again.

use proptest::prelude::{Just, Strategy, prop_oneof};
use ringfence::values::id::MerchantId;
use ringfence::values::input::{Freeze, ImportDoNotCall, Input, Scope, Thaw};
use ringfence::values::number::PhoneNumber;
use ringfence::values::policy::Policy;
use ringfence::values::text::Text;
use ringfence::values::time::{TimeOfDay, Timestamp, Weekdays, WeeklyRule, Zone};

use super::moves::Pick;
use super::worlds::{World, foreign_number, no_users_number};
use crate::model::Model;
use crate::trace::Doing;

/// Policies whose bounds of what is kept from ringing are reached soon.
pub(super) fn with_law(policies: impl Strategy<Value = Policy>) -> impl Strategy<Value = Policy> {
    let most = |ones| prop_oneof![4 => Just(3_u32), ones => Just(1_u32)];
    let rings = prop_oneof![6 => Just(0_u32), 1 => 1..3_u32];
    (policies, most(1), most(2), rings).prop_map(|(policy, freezes_max, do_not_call_max, rings_per_day_max)| Policy {
        freezes_max,
        do_not_call_max,
        // Small groups where little is frozen.
        group_members_max: if freezes_max == 1 { 2 } else { 200 },
        do_not_call_import_max: 3,
        rings_per_day_max,
        retention_s: if rings_per_day_max > 0 { 86_400 } else { policy.retention_s },
        ..policy
    })
}

/// Callable hours around the instant at which a world begins, on the wall clock of this zone: mostly none, so every hour.
pub(super) fn hours_around(begins: Timestamp, zone: Zone, dice: u8) -> Vec<WeeklyRule> {
    let local = zone.local(begins);
    let now = u16::from(local.hour) * 60 + u16::from(local.minute);
    let time = |minutes: u16| TimeOfDay::from_minutes((now + minutes) % 1_440).ok();
    let rule = |from, to| WeeklyRule::new(Weekdays::ALL, time(from)?, time(to)?).ok();
    let rules = match dice % 16 {
        // Every other minute.
        0 | 4 | 8 | 12 => (0..30).map(|minute| rule(2 * minute, 2 * minute + 1)).collect(),
        1 => vec![rule(0, 3), rule(3, 7)],
        2 => vec![rule(5, 9)],
        3 => vec![rule(60, 90)],
        _ => Vec::new(),
    };
    rules.into_iter().flatten().collect()
}

/// Callable hours of one minute a day.
pub(super) fn night() -> Vec<WeeklyRule> {
    let time = |minutes| TimeOfDay::from_minutes(minutes).ok();
    let rule = time(180).zip(time(181)).and_then(|(from, to)| WeeklyRule::new(Weekdays::ALL, from, to).ok());
    rule.into_iter().collect()
}

/// Who says so: mostly somebody, now and then nobody, or somebody with a long name.
fn by(pick: Pick) -> Text {
    match pick % 13 {
        0 => Text::from(""),
        1 => Text::from("x".repeat(31)),
        _ => Text::from("值班 13800000001"),
    }
}

fn why(pick: Pick) -> Text {
    Text::from(if pick % 17 == 16 { " " } else { "complaints" })
}

/// A user's number, or one that nobody has, or in a form that no user's number has.
fn phone(world: &World, pick: Pick) -> PhoneNumber {
    if pick % 37 == 36 {
        return no_users_number(pick / 37);
    }
    let numbers: Vec<_> = world.users.iter().filter_map(ringfence::values::number::Address::number).collect();
    let known = usize::from(pick / 8).checked_rem(numbers.len()).map(|place| numbers[place]);
    known.filter(|_| !pick.is_multiple_of(8)).unwrap_or_else(foreign_number)
}

fn scope(world: &World, pick: Pick) -> Scope {
    match pick % 4 {
        0 => Scope::Platform,
        1 | 2 => Scope::Merchant(MerchantId::new(u64::from(pick / 4) % 3 + 1)),
        _ => Scope::Number(phone(world, pick / 4)),
    }
}

pub(super) fn freeze(world: &World, pick: Pick) -> Input {
    Input::Freeze(Freeze { scope: scope(world, pick / 32), by: by(pick), why: why(pick) })
}

/// Mostly what is frozen.
pub(super) fn thaw(world: &World, pick: Pick, model: &Model) -> Input {
    let frozen: Vec<_> = model.frozen().iter().copied().collect();
    let known = usize::from(pick / 8).checked_rem(frozen.len()).map(|place| frozen[place]);
    let scope = known.filter(|_| !pick.is_multiple_of(8)).unwrap_or_else(|| scope(world, pick / 32));
    Input::Thaw(Thaw { scope, by: by(pick), why: why(pick) })
}

pub(super) fn list(world: &World, add: &[Pick], remove: &[Pick], model: &Model) -> Input {
    let listed: Vec<_> = model.listed().iter().copied().collect();
    let known = |pick: &Pick| usize::from(*pick).checked_rem(listed.len()).map(|place| listed[place]);
    // Mostly one whose window covers now: it is him that somebody tries to call.
    let now = model.latest();
    let open: Vec<_> =
        model.reservations().into_iter().filter(|kept| kept.outcome.is_none() && kept.window.contains(now)).collect();
    let called = |pick: &Pick| {
        usize::from(*pick / 4).checked_rem(open.len()).filter(|_| !pick.is_multiple_of(4)).map(|place| open[place].contact)
    };
    Input::ImportDoNotCall(ImportDoNotCall {
        add: add.iter().map(|pick| called(pick).unwrap_or_else(|| phone(world, *pick))).collect(),
        remove: remove.iter().map(|pick| known(pick).unwrap_or_else(|| phone(world, *pick))).collect(),
    })
}

/// What leads on where something is kept from ringing.
pub(super) fn let_on(model: &Model) -> Vec<(u32, Doing)> {
    let thaw = |scope: &Scope| Input::Thaw(Thaw { scope: *scope, by: Text::from("duty"), why: Text::from("over") });
    let mut choices: Vec<_> = model.frozen().iter().map(|scope| (6, Doing::Input(thaw(scope)))).collect();
    let remove: Vec<_> = model.listed().iter().take(3).copied().collect();
    if !remove.is_empty() {
        choices.push((4, Doing::Input(Input::ImportDoNotCall(ImportDoNotCall { add: Vec::new(), remove }))));
    }
    choices
}
