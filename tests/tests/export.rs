//! What is held of a person is what `export_person` says, and after `forget_me` it is only what must remain.
//!
//! Both are judged from the state as a snapshot writes it: every place at which somebody's number stands is looked for, whatever it is called. A place that
//! nobody thought of fails the test.

use std::collections::{BTreeMap, BTreeSet};

use proptest::strategy::{Strategy, Union, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use ringfence::values::export::{PersonExport, ReservationExport, TermsExport};
use ringfence::values::input::ForgetMe;
use ringfence::{Address, Input, PhoneNumber, Platform, Reply, Timestamp};
use ringfence_testing::codes::test_keyring;
use ringfence_testing::model::Model;
use ringfence_testing::strategies::{account_scripts, play, scripts, voice_scripts};
use ringfence_testing::trace::{Doing, Trace};

#[path = "export/written.rs"]
mod written;

const SCRIPTS: usize = 300;
const MOVES: usize = 200;
/// How many steps lie between two looks.
const EVERY: usize = 9;

/// The places at which a number stands in a state, and how often.
type Places = BTreeMap<String, usize>;

fn places(state: &[(String, String)], number: PhoneNumber) -> Places {
    let dialable = number.dialable();
    let is_it = |text: &str| {
        text == dialable
            || text.strip_prefix("rcs:").or(text.strip_prefix("sms:")).or(text.strip_prefix("mms:")) == Some(&dialable)
    };
    let mut places = Places::new();
    for (place, _) in state.iter().filter(|(_, text)| is_it(text)) {
        *places.entry(place.clone()).or_default() += 1;
    }
    places
}

/// A place without the part of the state that it is in.
fn short(place: &str) -> &str {
    let halves = ["appointments.", "commons.", "fallback."];
    halves.iter().find_map(|half| place.strip_prefix(half)).unwrap_or(place)
}

/// How often the export says that the number stands there. `None`: the number stands there as something else than a person's.
fn said(export: &PersonExport, number: PhoneNumber, place: &str) -> Option<usize> {
    let of = |is: fn(&ReservationExport) -> bool| export.reservations.iter().filter(|one| is(one)).count();
    let is_his = |terms: &TermsExport| terms.contact == Some(number);
    let ways = |address: &Address| export.messages.iter().filter(|message| message.ways.contains(address)).count();
    let rest = short(place);
    Some(match rest {
        "reservations.*.sender" => of(|one| one.is_sender),
        "reservations.*.contact" => of(|one| one.is_contact),
        "reservations.*.pending.contact" => {
            export.reservations.iter().filter(|one| one.waiting.as_ref().is_some_and(is_his)).count()
        }
        "legs.*.number" => export.legs.len(),
        "codes.*.number" => export.codes.len(),
        "wrong_codes.*.number" => export.wrong_codes.len(),
        "rings.*.number" => export.rings.len(),
        "numbers.leases.*.by_place.*.user" | "numbers.leases.*.by_user.key" => export.virtual_numbers.len(),
        "blocks.of.key.number" => usize::from(!export.blocks.is_empty()),
        "law.numbers.*" => usize::from(export.is_frozen),
        "law.listed.*" => usize::from(export.is_listed),
        "profiles.of.key.number" | "profiles.by_end.*.*.number" => usize::from(export.profile.is_some()),
        "profiles.of.*.contact" => usize::try_from(export.in_profiles).expect("few"),
        // Where his phone is not one of the ways any more.
        "messages.*.again.person.number" => export
            .messages
            .iter()
            .filter(|message| !message.ways.is_empty() && !message.ways.contains(&Address::Sms(number)))
            .count(),
        "messages.*.again.phone" => ways(&Address::Sms(number)),
        "outbox.*.Effect.action.send.to" | "outbox.*.Page.to" => {
            let is_to_him = |message: &&ringfence::values::export::MessageExport| {
                message.to.as_ref().and_then(Address::number) == Some(number)
            };
            export.messages.iter().filter(is_to_him).count()
        }
        // A phone is dialled by a leg that is not gone.
        "outbox.*.Effect.action.dial.to" => export.legs.len(),
        "voice_messages.*.callee" => export.voice_messages.iter().filter(|one| one.is_callee).count(),
        // A caller is told by his number, or at his merchant's chatbot.
        "voice_messages.*.caller.reply_to" | "voice_messages.*.caller.number" => {
            export.voice_messages.iter().filter(|one| one.is_caller).count()
        }
        "bindings.*.number" => export.bindings.len(),
        // An account is told what became of his number.
        "outbox.*.Effect.action.send.content.binding_changed.number"
        | "outbox.*.Effect.action.send.content.voice_message.number"
        | "outbox.*.Effect.action.send.content.voice_message.caller" => return None,
        // Somebody else does not want to hear of it: his block is his.
        "blocks.of.*.*.number" => return None,
        // The operator's own rules may name a whole number.
        "policy.called_zones.*.prefix" => return None,
        _ => panic!("a number stands at {place}, and the export does not know of it"),
    })
}

/// Whether so many stand at a place as are said. Pages and other messages share what is said; every dial has its leg.
fn agrees(place: &str, stand: usize, said: usize) -> bool {
    match place {
        "outbox.*.Effect.action.send.to" | "outbox.*.Page.to" | "outbox.*.Effect.action.dial.to" => (1..=said).contains(&stand),
        _ => stand == said,
    }
}

/// What may be held of somebody who was forgotten, once the host has confirmed everything: by the table of the rules.
const REMAINS: [&str; 14] = [
    "policy.called_zones.*.prefix",
    "reservations.*.pending.contact",
    "codes.*.number",
    "wrong_codes.*.number",
    "rings.*.number",
    "numbers.leases.*.by_place.*.user",
    "numbers.leases.*.by_user.key",
    "blocks.of.key.number",
    "blocks.of.*.*.number",
    "law.numbers.*",
    "law.listed.*",
    // As long as a call needs them.
    "reservations.*.sender",
    "reservations.*.contact",
    "legs.*.number",
];

/// Whose numbers these are beside a user's: the merchants' lines and the pool are no person's.
fn is_nobodys(state: &[(String, String)], number: PhoneNumber) -> bool {
    let dialable = number.dialable();
    let known = ["appointments.catalog.merchants.*.lines.*.number", "appointments.numbers.pool.*"];
    state.iter().any(|(place, text)| known.contains(&place.as_str()) && *text == dialable)
}

#[derive(Default)]
struct Reached {
    places: BTreeSet<String>,
    forgotten: usize,
    in_a_call: usize,
}

fn judge(platform: &Platform, last: u64, users: &[Address], reached: &mut Reached) {
    let state = written::texts(&platform.written());
    for user in users {
        let export = platform.export_person(user).expect("a user is somebody");
        let Some(number) = user.number().filter(|number| !is_nobodys(&state, *number)) else { continue };
        let found = places(&state, number);
        for (place, stand) in &found {
            if let Some(said) = said(&export, number, place) {
                assert!(agrees(place, *stand, said), "{stand} times at {place}, and the export says {said}: {export:?}");
            }
            reached.places.insert(place.clone());
        }
        assert!(!found.is_empty() || export.is_empty(), "the number stands nowhere, and the export has something: {export:?}");
        says_nothing_of_others(&export, number, users);
        after_forgetting(platform.clone(), last, user, number, reached);
    }
}

/// P7: of a reservation that somebody else sent there is no other user's number in the export.
fn says_nothing_of_others(export: &PersonExport, number: PhoneNumber, users: &[Address]) {
    for one in export.reservations.iter().filter(|one| !one.is_sender) {
        let texts = written::texts(one);
        for other in users.iter().filter_map(Address::number).filter(|other| *other != number && *other != one.line) {
            let dialable = other.dialable();
            assert!(
                !texts.iter().any(|(_, text)| text.contains(&dialable)),
                "reservation {} tells of another user",
                one.reservation
            );
        }
        assert!(one.sender.is_none() && one.terms.name.is_none() && one.terms.attachments.is_empty());
    }
}

fn after_forgetting(mut platform: Platform, last: u64, user: &Address, number: PhoneNumber, reached: &mut Reached) {
    let now = platform.latest();
    let Ok(reply) = platform.handle(now, Input::ForgetMe(ForgetMe { user: user.clone() })) else { return };
    let last = take_effects(&mut platform).unwrap_or(last);
    reached.forgotten += usize::from(matches!(reply, Reply::Forgotten(_)));
    let again = platform.clone().handle(now, Input::ForgetMe(ForgetMe { user: user.clone() }));
    assert_eq!(again, Ok(Reply::NoOp), "nothing is left to be forgotten");
    platform.confirm(last).expect("it was handed out");
    let state = written::texts(&platform.written());
    let export = platform.export_person(user).expect("a user is somebody");
    for place in places(&state, number).keys() {
        let rest = short(place);
        assert!(REMAINS.contains(&rest), "the number of somebody who was forgotten stands at {place}");
    }
    assert!(export.profile.is_none() && export.in_profiles == 0 && export.messages.is_empty(), "{export:?}");
    assert!(export.bindings.is_empty() && export.voice_messages.is_empty(), "{export:?}");
    for one in export.reservations.iter().filter(|one| one.is_sender || one.is_contact) {
        let kept = platform.reservation(one.reservation).expect("it is kept");
        assert!(!kept.calls.is_empty() && one.terms.name.is_none() && one.terms.attachments.is_empty(), "{one:?}");
        assert!(one.waiting.is_none());
        let sender = one.sender.as_ref();
        assert!(sender.is_none_or(|sender| sender.email.is_none() && sender.evidence.is_none() && sender.result_by.is_none()));
        reached.in_a_call += 1;
    }
}

/// Plays a trace, and looks at it now and then: at the platform, and the last effect that it handed out.
fn replayed(trace: &Trace, mut look: impl FnMut(&Platform, u64)) {
    let mut platform = Platform::new(trace.header.policy.clone(), test_keyring(), 7).expect("a legal policy");
    let mut last = 0;
    for (step, count) in trace.steps.iter().zip(1_usize..) {
        perform(&mut platform, step.at, &step.doing);
        last = take_effects(&mut platform).unwrap_or(last);
        if count.is_multiple_of(EVERY) || count == trace.steps.len() {
            look(&platform, last);
        }
    }
}

/// Polls every effect; the sequence number of the last one.
fn take_effects(platform: &mut Platform) -> Option<u64> {
    std::iter::from_fn(|| platform.poll_effect()).last().map(|effect| effect.sequence)
}

fn perform(platform: &mut Platform, at: Timestamp, doing: &Doing) {
    match doing {
        Doing::Input(input) => drop(platform.handle(at, input.clone())),
        Doing::Once { key, input } => drop(platform.handle_once(at, key.clone(), input.clone())),
        Doing::Advance { budget } => {
            let _ = platform.advance(at, *budget);
        }
        Doing::Confirm { up_to } => drop(platform.confirm(*up_to)),
        Doing::Restart => {}
    }
}

#[test]
fn whatever_stands_of_a_person_in_the_state_is_exported_and_after_he_is_forgotten_only_what_must_remain() {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, b"ringfence: what is held of whom?"),
    );
    let mut reached = Reached::default();
    let of_both = Union::new([scripts(MOVES).boxed(), account_scripts(MOVES).boxed(), voice_scripts(MOVES).boxed()]);
    for _ in 0..SCRIPTS {
        let script = of_both.new_tree(&mut runner).expect("a script").current();
        let trace = play(&script, &mut Model::new(script.world.policy.clone()));
        replayed(&trace, |platform, last| judge(platform, last, &script.world.users, &mut reached));
    }
    let places: Vec<&str> = reached.places.iter().map(|place| short(place)).collect();
    let unseen: Vec<_> = REMAINS.iter().chain(&HELD).filter(|place| !places.contains(place)).collect();
    assert!(unseen.is_empty(), "no world has a number at {unseen:?}");
    assert!(
        reached.forgotten > 100 && reached.in_a_call > 10,
        "{} forgotten, {} in a call",
        reached.forgotten,
        reached.in_a_call
    );
}

/// What is held beside what remains: each is seen in some world.
const HELD: [&str; 13] = [
    "voice_messages.*.callee",
    "voice_messages.*.caller.number",
    "bindings.*.number",
    "outbox.*.Effect.action.send.content.binding_changed.number",
    "profiles.of.key.number",
    "profiles.by_end.*.*.number",
    "profiles.of.*.contact",
    "messages.*.again.person.number",
    "messages.*.again.phone",
    "outbox.*.Effect.action.send.to",
    "outbox.*.Effect.action.dial.to",
    "outbox.*.Page.to",
    "legs.*.number",
];
