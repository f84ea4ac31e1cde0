//! A voice message (语音微信, seed 003): what a caller leaves when nobody can be reached, on its way to the callee's account.
//!
//! ```text
//! Offered ─ answered ─► Recording ─ recorded ─► Stored ─► Transcribing ─► Pushing ◄──► Waiting
//!    │                      │                      └────────────────────────┴─ delivered ┤
//!    └── gone, too short ───┴──► Abandoned                                 Delivered ◄───┘
//!                                                                              └─ opened ─► Heard
//! ```
//! From `Stored` on, a message that does not reach its account ends as `Expired` or `Undeliverable`, and its sender is told.

use serde::{Deserialize, Serialize};

use super::{Machine, Step};

/// The state of a voice message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoiceMessageState {
    /// The caller is offered the recorder; his leg is being answered.
    Offered,
    /// He speaks, or he has hung up and the medium has not come yet.
    Recording,
    /// The medium is there. Nothing was begun with it yet.
    Stored,
    /// It is being made into text.
    Transcribing,
    /// It was handed to the account's network, which has not said what became of it.
    Pushing,
    /// It waits: for the next attempt, for the account to follow again, or for the morning after a used-up quota.
    Waiting,
    /// The account has it.
    Delivered,
    /// Its holder opened it.
    Heard,
    /// Nothing was said.
    Abandoned,
    /// Its time was over before it was delivered.
    Expired,
    /// It cannot be delivered: no road is left, or the number has another holder.
    Undeliverable,
}

/// What can happen to a voice message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VoiceMessageEvent {
    /// The caller's leg is answered, and the recorder was started.
    Began,
    /// A medium came that is long enough.
    Recorded,
    /// Nothing will come, or too little: the caller left before, said nothing, or the recorder failed.
    Nothing,
    /// It is given to be made into text.
    TranscriptionBegan,
    /// It is handed to the account's network, as text or as voice.
    Pushed,
    /// It must wait.
    PutOff,
    /// The account has it.
    Delivered,
    /// Its holder opened it.
    Opened,
    /// Its time is over.
    TimeOver,
    /// There is no road left, or the number has another holder.
    GivenUp,
}

impl Machine for VoiceMessageState {
    type Event = VoiceMessageEvent;
    const NAME: &'static str = "voice_message";
    const STATES: &'static [Self] = &[
        Self::Offered,
        Self::Recording,
        Self::Stored,
        Self::Transcribing,
        Self::Pushing,
        Self::Waiting,
        Self::Delivered,
        Self::Heard,
        Self::Abandoned,
        Self::Expired,
        Self::Undeliverable,
    ];
    const EVENTS: &'static [VoiceMessageEvent] = &[
        VoiceMessageEvent::Began,
        VoiceMessageEvent::Recorded,
        VoiceMessageEvent::Nothing,
        VoiceMessageEvent::TranscriptionBegan,
        VoiceMessageEvent::Pushed,
        VoiceMessageEvent::PutOff,
        VoiceMessageEvent::Delivered,
        VoiceMessageEvent::Opened,
        VoiceMessageEvent::TimeOver,
        VoiceMessageEvent::GivenUp,
    ];

    fn on(self, event: VoiceMessageEvent) -> Step<Self> {
        use Step::{NoOp, NotAllowed, To};
        use VoiceMessageEvent as E;
        use VoiceMessageState as S;
        match (self, event) {
            (S::Offered, E::Began) => To(S::Recording),
            (S::Recording, E::Began) => NoOp,

            // A medium may come for an offer whose answer was never reported: somebody spoke.
            (S::Offered | S::Recording, E::Recorded) => To(S::Stored),
            (S::Offered | S::Recording, E::Nothing) => To(S::Abandoned),
            // It came once, or so late that the message was given up as silent.
            (
                S::Stored
                | S::Transcribing
                | S::Pushing
                | S::Waiting
                | S::Delivered
                | S::Heard
                | S::Abandoned
                | S::Expired
                | S::Undeliverable,
                E::Began | E::Recorded | E::Nothing,
            ) => NoOp,

            // One may wait for its account before anything was begun with it.
            (S::Stored | S::Waiting, E::TranscriptionBegan) => To(S::Transcribing),
            (S::Stored | S::Transcribing | S::Waiting, E::Pushed) => To(S::Pushing),
            (S::Stored | S::Transcribing | S::Pushing, E::PutOff) => To(S::Waiting),
            (S::Pushing, E::Pushed) => NoOp,
            (S::Waiting, E::PutOff) => NoOp,
            (S::Transcribing | S::Pushing, E::TranscriptionBegan) => NotAllowed,

            // A report may overtake the one that let it wait.
            (S::Pushing | S::Waiting, E::Delivered) => To(S::Delivered),
            (S::Pushing | S::Waiting | S::Delivered, E::Opened) => To(S::Heard),
            (S::Delivered | S::Heard, E::Delivered) => NoOp,
            (S::Heard, E::Opened) => NoOp,
            (S::Stored | S::Transcribing, E::Delivered | E::Opened) => NotAllowed,

            (S::Stored | S::Transcribing | S::Pushing | S::Waiting, E::TimeOver) => To(S::Expired),
            (S::Stored | S::Transcribing | S::Pushing | S::Waiting, E::GivenUp) => To(S::Undeliverable),
            // What is delivered stays so.
            (S::Delivered | S::Heard, E::TimeOver | E::GivenUp) => NoOp,

            (
                S::Offered | S::Recording,
                E::TranscriptionBegan | E::Pushed | E::PutOff | E::Delivered | E::Opened | E::TimeOver | E::GivenUp,
            ) => NotAllowed,
            (S::Delivered | S::Heard, E::TranscriptionBegan | E::Pushed | E::PutOff) => NotAllowed,
            (S::Abandoned | S::Expired | S::Undeliverable, E::TranscriptionBegan | E::Pushed | E::PutOff) => NotAllowed,
            (S::Abandoned | S::Expired | S::Undeliverable, E::Delivered | E::Opened | E::TimeOver | E::GivenUp) => NoOp,
        }
    }
}

impl VoiceMessageState {
    /// Whether nothing more happens to it, but for being opened.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Delivered | Self::Heard | Self::Abandoned | Self::Expired | Self::Undeliverable)
    }
}
