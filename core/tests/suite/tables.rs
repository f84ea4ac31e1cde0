//! Every state and every event of every machine. A change here is a change of behaviour: it gets a star in the CHANGELOG.

use std::fmt::Debug;

use ringfence::machines::binding::BindingState;
use ringfence::machines::call::CallState;
use ringfence::machines::leg::{LegEvent, LegState};
use ringfence::machines::reservation::ReservationEvent;
use ringfence::machines::voice_message::VoiceMessageState;
use ringfence::machines::{Machine, Step};
use ringfence::values::reply::ReservationState;

#[test]
fn the_table_of_reservations_is_as_reviewed() {
    insta::assert_snapshot!(ReservationState::table());
}

#[test]
fn the_table_of_calls_is_as_reviewed() {
    insta::assert_snapshot!(CallState::table());
}

#[test]
fn the_table_of_legs_is_as_reviewed() {
    insta::assert_snapshot!(LegState::table());
}

#[test]
fn the_table_of_bindings_is_as_reviewed() {
    insta::assert_snapshot!(BindingState::table());
}

#[test]
fn the_table_of_voice_messages_is_as_reviewed() {
    insta::assert_snapshot!(VoiceMessageState::table());
}

#[test]
fn the_diagrams_are_as_reviewed() {
    let diagrams = [
        ReservationState::diagram(),
        CallState::diagram(),
        LegState::diagram(),
        BindingState::diagram(),
        VoiceMessageState::diagram(),
    ]
    .concat();
    insta::assert_snapshot!(diagrams);
}

#[test]
fn the_manual_shows_the_tables_as_they_are() {
    let mut page = String::from(
        "# States\n\nMade from the tables in `machines` by `RINGFENCE_BLESS=1 cargo test -p ringfence --test suite tables`. A row is a state, a column an event; `–` changes \
         nothing (a repeat, or news that comes too late), `✗` is not allowed: misuse if a caller tries, a defect if the platform does.\n",
    );
    for (name, table, diagram) in [
        (ReservationState::NAME, ReservationState::markdown(), ReservationState::diagram()),
        (CallState::NAME, CallState::markdown(), CallState::diagram()),
        (LegState::NAME, LegState::markdown(), LegState::diagram()),
        (BindingState::NAME, BindingState::markdown(), BindingState::diagram()),
        (VoiceMessageState::NAME, VoiceMessageState::markdown(), VoiceMessageState::diagram()),
    ] {
        page += &format!("\n## The {name}\n\n{table}\n```dot\n{diagram}```\n");
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/manual/states.md");
    if std::env::var_os("RINGFENCE_BLESS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), page, "run it once with RINGFENCE_BLESS=1 and review the difference");
}

/// Every state is reached from the first by some events, and the last one is left by none.
fn is_connected_and_absorbing<M: Machine + Debug>(begins: &[M], last: M) {
    let mut reached = begins.to_vec();
    let mut index = 0;
    while let Some(state) = reached.get(index).copied() {
        for event in M::EVENTS {
            if let Step::To(next) = state.on(*event)
                && !reached.contains(&next)
            {
                reached.push(next);
            }
        }
        index += 1;
    }
    for state in M::STATES {
        assert!(reached.contains(state), "{} {state:?} is never reached", M::NAME);
    }
    for event in M::EVENTS {
        assert!(!matches!(last.on(*event), Step::To(_)), "{} leaves {last:?} on {event:?}", M::NAME);
    }
}

#[test]
fn every_state_is_reached_and_the_terminal_ones_absorb() {
    is_connected_and_absorbing(&[ReservationState::Unverified, ReservationState::AwaitingMode], ReservationState::Closed);
    is_connected_and_absorbing(&[CallState::RingingMerchant, CallState::Gathering], CallState::Ended);
    is_connected_and_absorbing(&[LegState::Dialled, LegState::Ringing], LegState::Gone);
    is_connected_and_absorbing(&[BindingState::Requested], BindingState::Unbound);
    for last in
        [VoiceMessageState::Heard, VoiceMessageState::Abandoned, VoiceMessageState::Expired, VoiceMessageState::Undeliverable]
    {
        is_connected_and_absorbing(&[VoiceMessageState::Offered], last);
    }
}

#[test]
fn a_leg_that_we_hung_up_is_never_joined() {
    for state in [LegState::Releasing, LegState::Clearing, LegState::Gone] {
        assert_eq!(state.on(LegEvent::Join), Step::NotAllowed);
        for event in LegState::EVENTS {
            if let Step::To(next) = state.on(*event) {
                assert!(matches!(next, LegState::Clearing | LegState::Gone), "{state:?} + {event:?} -> {next:?}");
            }
        }
    }
}

#[test]
fn nothing_but_an_open_reservation_begins_a_call() {
    for state in ReservationState::STATES {
        let begins = matches!(state.on(ReservationEvent::CallBegan), Step::To(_));
        assert_eq!(begins, *state == ReservationState::Open, "{state:?}");
    }
}
