//! Floor 2: machines. One file each: a diagram, the states, one transition table. No storage and no look-ups.
//!
//! Every table is total: each state answers each event. `tests` snapshot them whole, so a change of behaviour is a change of a
//! reviewed file. [`Machine::diagram`] draws the diagrams of the manual from the same tables.

pub mod binding;
pub mod call;
pub mod leg;
pub mod reservation;
pub mod voice_message;

use alloc::string::String;
use core::fmt::{Debug, Write as _};

/// What a table says to an event in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<S> {
    /// The machine moves to this state, which may be the same one entered anew.
    To(S),
    /// It changes nothing: a repeat, or news that comes too late to matter.
    NoOp,
    /// It must not happen here. For a command: misuse. For the engine itself: a defect.
    NotAllowed,
}

/// A machine: every state, every event, one table.
pub trait Machine: Copy + Debug + PartialEq + Sized + 'static {
    /// What can happen to it.
    type Event: Copy + Debug + 'static;
    /// Its name in the manual.
    const NAME: &'static str;
    /// Every state.
    const STATES: &'static [Self];
    /// Every event.
    const EVENTS: &'static [Self::Event];

    /// The table.
    #[must_use]
    fn on(self, event: Self::Event) -> Step<Self>;

    /// Moves when the table says so, and tells what it said.
    fn apply(&mut self, event: Self::Event) -> Step<Self> {
        let step = self.on(event);
        if let Step::To(next) = step {
            *self = next;
        }
        step
    }

    /// The whole table as text: one line a state and event.
    #[must_use]
    fn table() -> String {
        let mut out = String::new();
        for state in Self::STATES {
            for event in Self::EVENTS {
                // Writing into a String cannot fail.
                let _ = match state.on(*event) {
                    Step::To(next) => writeln!(out, "{state:?} + {event:?} -> {next:?}"),
                    Step::NoOp => writeln!(out, "{state:?} + {event:?} -> (no-op)"),
                    Step::NotAllowed => writeln!(out, "{state:?} + {event:?} -> NOT ALLOWED"),
                };
            }
        }
        out
    }

    /// The whole table as Markdown: a row a state, a column an event; `–` changes nothing, `✗` is not allowed.
    #[must_use]
    fn markdown() -> String {
        let mut out = String::from("| |");
        for event in Self::EVENTS {
            let _ = write!(out, " {event:?} |");
        }
        out.push_str("\n|---|");
        for _ in Self::EVENTS {
            out.push_str("---|");
        }
        for state in Self::STATES {
            let _ = write!(out, "\n| **{state:?}** |");
            for event in Self::EVENTS {
                let _ = match state.on(*event) {
                    Step::To(next) => write!(out, " {next:?} |"),
                    Step::NoOp => write!(out, " – |"),
                    Step::NotAllowed => write!(out, " ✗ |"),
                };
            }
        }
        out.push('\n');
        out
    }

    /// The diagram in Graphviz's language.
    #[must_use]
    fn diagram() -> String {
        let mut out = String::new();
        let _ = writeln!(out, "digraph {} {{", Self::NAME);
        for state in Self::STATES {
            for event in Self::EVENTS {
                if let Step::To(next) = state.on(*event) {
                    let _ = writeln!(out, "  {state:?} -> {next:?} [label=\"{event:?}\"];");
                }
            }
        }
        out.push_str("}\n");
        out
    }
}
