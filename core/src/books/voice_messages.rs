//! Voice messages that callers left, or were offered to leave, until they leave the platform (seed 003, steps 102 to 105).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::machines::voice_message::VoiceMessageState;
use crate::values::account::AccountId;
use crate::values::cause::FailureReason;
use crate::values::effect::{SenderTold, VoiceMessageOutcome};
use crate::values::id::{BindingId, CallId, LegId, MediaId, MessageId, ReservationId, VoiceMessageId};
use crate::values::number::{Address, PhoneNumber};
use crate::values::text::Text;
use crate::values::time::Timestamp;

/// How long a message that was delivered counts for its callee.
const RECENT_S: u64 = 86_400;

/// A voice message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoiceMessage {
    /// Its id.
    pub id: VoiceMessageId,
    /// The state.
    pub state: VoiceMessageState,
    /// The binding that its offer found: whose message it is, for good.
    pub binding: BindingId,
    /// The account of that binding.
    pub account: AccountId,
    /// The number that was called.
    pub callee: PhoneNumber,
    /// Who called.
    pub caller: Caller,
    /// Why nobody was reached.
    pub reason: FailureReason,
    /// When the call came.
    pub at: Timestamp,
    /// The caller's leg, while it is alive: it rings at us while the message is `Offered`, and is answered while it is `Recording`.
    pub leg: Option<LegId>,
    /// When its state is over: while it is `Offered`, `Recording`, `Transcribing`, or `Pushing` (but for one that the account's network has, and one that goes by
    /// SMS); and when it leaves, once it is over.
    pub until: Option<Timestamp>,
    /// When it is taken up: while it is `Stored`, or `Waiting` for an instant. A `Waiting` one without it waits for its account to follow.
    pub next_at: Option<Timestamp>,
    /// The host's id of the recording: the first that came. Of one that was abandoned it is erased.
    pub media: Option<MediaId>,
    /// How long it is.
    pub seconds: u32,
    /// When it was stored.
    pub stored_at: Option<Timestamp>,
    /// From when on it is delivered no more, as the rules were when it was stored.
    pub expires_at: Option<Timestamp>,
    /// What it says.
    pub text: Option<Text>,
    /// Whether there was more text.
    pub is_cut: bool,
    /// Whether it was tried to make text of it.
    pub is_transcribed: bool,
    /// By which road it goes.
    pub road: Road,
    /// How often it was pushed by this road, since it last began anew.
    pub attempts: u32,
    /// The id of the message that it is pushed under: always the same, so that none is shown as two.
    pub message: Option<MessageId>,
    /// The sequence numbers of every effect that pushed it, in order.
    pub pushed: Vec<u64>,
    /// When it was delivered, or ended.
    pub ended_at: Option<Timestamp>,
    /// What became of it.
    pub outcome: Option<VoiceMessageOutcome>,
    /// Whether its sender was told, if it did not arrive.
    pub told: SenderTold,
    /// Whether whoever listened asked to be called back.
    pub is_call_back_requested: bool,
    /// The call under a reservation that it was left in; none outside any.
    pub under: Option<Under>,
}

/// A call under a reservation whose user was not reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Under {
    /// The call, whose merchant was offered the recorder.
    pub call: CallId,
    /// The reservation that permitted it.
    pub reservation: ReservationId,
}

/// Who called, as he was then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// His number; none when it was withheld, or he wanted to be forgotten.
    pub number: Option<PhoneNumber>,
    /// The merchant's name, when it was a merchant's line.
    pub merchant_name: Option<Text>,
    /// Where he can be told what became of his message.
    pub reply_to: Option<Address>,
}

/// The road that a message goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Road {
    /// To the account.
    WeChat,
    /// A short message to the number that was called.
    Sms,
}

impl VoiceMessage {
    /// When something of it ends, if nothing happens before: its state, its time, or its stay.
    #[must_use]
    pub fn ends_at(&self) -> Option<Timestamp> {
        use VoiceMessageState as S;
        match self.state {
            S::Transcribing | S::Pushing => self.until.into_iter().chain(self.expires_at).min(),
            S::Stored | S::Waiting => self.expires_at,
            S::Offered | S::Recording | S::Delivered | S::Heard | S::Abandoned | S::Expired | S::Undeliverable => self.until,
        }
    }

    /// When it is taken up.
    #[must_use]
    pub const fn taken_up_at(&self) -> Option<Timestamp> {
        use VoiceMessageState as S;
        match self.state {
            S::Stored | S::Waiting => self.next_at,
            S::Offered
            | S::Recording
            | S::Transcribing
            | S::Pushing
            | S::Delivered
            | S::Heard
            | S::Abandoned
            | S::Expired
            | S::Undeliverable => None,
        }
    }

    /// The recording that the host keeps for it.
    #[must_use]
    pub fn held_media(&self) -> Option<MediaId> {
        self.media.filter(|_| self.state != VoiceMessageState::Abandoned)
    }

    /// Whether it counts for how many its callee is left: it is not over, or reached him within the last day.
    #[must_use]
    pub fn counts_for_callee(&self, now: Timestamp) -> bool {
        let is_recent = || self.ended_at.is_some_and(|at| now < at.saturating_add_s(RECENT_S));
        match self.state {
            VoiceMessageState::Delivered | VoiceMessageState::Heard => is_recent(),
            VoiceMessageState::Offered
            | VoiceMessageState::Recording
            | VoiceMessageState::Stored
            | VoiceMessageState::Transcribing
            | VoiceMessageState::Pushing
            | VoiceMessageState::Waiting => true,
            VoiceMessageState::Abandoned | VoiceMessageState::Expired | VoiceMessageState::Undeliverable => false,
        }
    }

    /// Whether it has not begun to be somebody's: its recording is awaited.
    #[must_use]
    pub const fn awaits_recording(&self) -> bool {
        matches!(self.state, VoiceMessageState::Offered | VoiceMessageState::Recording)
    }
}

/// The voice messages that are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VoiceMessages {
    kept: BTreeMap<VoiceMessageId, VoiceMessage>,
    of_callee: BTreeMap<PhoneNumber, BTreeSet<VoiceMessageId>>,
    of_binding: BTreeMap<BindingId, BTreeSet<VoiceMessageId>>,
    by_leg: BTreeMap<LegId, VoiceMessageId>,
    by_media: BTreeMap<MediaId, VoiceMessageId>,
    by_push: BTreeMap<u64, VoiceMessageId>,
}

impl VoiceMessages {
    /// How many are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: VoiceMessageId) -> Option<&VoiceMessage> {
        self.kept.get(&id)
    }

    /// Those for a number, in order.
    pub fn of_callee(&self, number: PhoneNumber) -> impl Iterator<Item = &VoiceMessage> {
        self.of_callee.get(&number).into_iter().flatten().filter_map(|id| self.kept.get(id))
    }

    /// Those of a binding, in order.
    pub fn of_binding(&self, binding: BindingId) -> impl Iterator<Item = &VoiceMessage> {
        self.of_binding.get(&binding).into_iter().flatten().filter_map(|id| self.kept.get(id))
    }

    /// Those that this number left, in order. A walk over all of them: people seldom ask for it.
    pub fn of_caller(&self, number: PhoneNumber) -> impl Iterator<Item = &VoiceMessage> {
        self.in_order().filter(move |one| one.caller.number == Some(number))
    }

    /// The one whose caller's leg this is.
    #[must_use]
    pub fn of_leg(&self, leg: LegId) -> Option<&VoiceMessage> {
        self.by_leg.get(&leg).and_then(|id| self.kept.get(id))
    }

    /// The callers' legs that are alive, and their messages, in order of the legs.
    pub fn legs(&self) -> impl Iterator<Item = (LegId, VoiceMessageId)> {
        self.by_leg.iter().map(|(leg, id)| (*leg, *id))
    }

    /// How many callers' legs are alive.
    #[must_use]
    pub fn legs_len(&self) -> usize {
        self.by_leg.len()
    }

    /// The one whose recording this is.
    #[must_use]
    pub fn of_media(&self, media: MediaId) -> Option<VoiceMessageId> {
        self.by_media.get(&media).copied()
    }

    /// The recordings that the host keeps.
    pub fn media(&self) -> impl Iterator<Item = MediaId> {
        self.by_media.keys().copied()
    }

    /// The one that this effect pushed.
    #[must_use]
    pub fn of_push(&self, sequence: u64) -> Option<VoiceMessageId> {
        self.by_push.get(&sequence).copied()
    }

    /// Keeps one, in place of the one with its id.
    pub fn put(&mut self, message: VoiceMessage) {
        let id = message.id;
        self.remove(id);
        self.of_callee.entry(message.callee).or_default().insert(id);
        self.of_binding.entry(message.binding).or_default().insert(id);
        self.by_leg.extend(message.leg.map(|leg| (leg, id)));
        self.by_media.extend(message.held_media().map(|media| (media, id)));
        self.by_push.extend(message.pushed.iter().map(|sequence| (*sequence, id)));
        self.kept.insert(id, message);
    }

    /// Takes one out.
    pub fn remove(&mut self, id: VoiceMessageId) -> Option<VoiceMessage> {
        let message = self.kept.remove(&id)?;
        take_out(&mut self.of_callee, &message.callee, id);
        take_out(&mut self.of_binding, &message.binding, id);
        if let Some(leg) = message.leg {
            self.by_leg.remove(&leg);
        }
        if let Some(media) = message.held_media() {
            self.by_media.remove(&media);
        }
        for sequence in &message.pushed {
            self.by_push.remove(sequence);
        }
        Some(message)
    }

    /// Every one, in the order of ids.
    pub fn in_order(&self) -> impl Iterator<Item = &VoiceMessage> {
        self.kept.values()
    }

    /// Whether every one can be found by all that it is found by, and no two by the same leg, recording or effect.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let count = |of: fn(&VoiceMessage) -> usize| self.in_order().map(of).sum::<usize>();
        let sets = |index: &BTreeMap<PhoneNumber, BTreeSet<VoiceMessageId>>| index.values().map(BTreeSet::len).sum::<usize>();
        let of_binding: usize = self.of_binding.values().map(BTreeSet::len).sum();
        let is_found = |one: &VoiceMessage| {
            self.of_callee.get(&one.callee).is_some_and(|all| all.contains(&one.id))
                && self.of_binding.get(&one.binding).is_some_and(|all| all.contains(&one.id))
                && one.leg.is_none_or(|leg| self.by_leg.get(&leg) == Some(&one.id))
                && one.held_media().is_none_or(|media| self.of_media(media) == Some(one.id))
                && one.pushed.iter().all(|sequence| self.of_push(*sequence) == Some(one.id))
        };
        sets(&self.of_callee) == self.kept.len()
            && of_binding == self.kept.len()
            && count(|one| usize::from(one.leg.is_some())) == self.by_leg.len()
            && count(|one| usize::from(one.held_media().is_some())) == self.by_media.len()
            && count(|one| one.pushed.len()) == self.by_push.len()
            && self.in_order().all(is_found)
    }
}

fn take_out<K: Ord>(index: &mut BTreeMap<K, BTreeSet<VoiceMessageId>>, key: &K, id: VoiceMessageId) {
    if let Some(all) = index.get_mut(key) {
        all.remove(&id);
        if all.is_empty() {
            index.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: u64, leg: u64, media: u64, pushed: u64) -> VoiceMessage {
        VoiceMessage {
            id: VoiceMessageId::new(id),
            state: VoiceMessageState::Stored,
            binding: BindingId::new(id),
            account: AccountId::parse("li").unwrap(),
            callee: PhoneNumber::parse(&alloc::format!("+861380000000{id}")).unwrap(),
            caller: Caller::default(),
            reason: FailureReason::Busy,
            at: Timestamp::MIN,
            leg: Some(LegId::new(leg)),
            until: None,
            next_at: None,
            media: Some(MediaId::new(media)),
            seconds: 0,
            stored_at: None,
            expires_at: None,
            text: None,
            is_cut: false,
            is_transcribed: false,
            road: Road::WeChat,
            attempts: 0,
            message: None,
            pushed: alloc::vec![pushed],
            ended_at: None,
            outcome: None,
            told: SenderTold::NotNeeded,
            is_call_back_requested: false,
            under: None,
        }
    }

    #[test]
    fn an_index_that_leads_astray_or_to_nothing_is_noticed() {
        let forged = |what: &str, forge: &dyn Fn(&mut VoiceMessages, [VoiceMessage; 2])| {
            let mut book = VoiceMessages::default();
            let both = [message(1, 1, 1, 1), message(2, 2, 2, 2)];
            both.iter().cloned().for_each(|one| book.put(one));
            assert!(book.is_consistent());
            forge(&mut book, both);
            assert!(!book.is_consistent(), "{what}");
        };
        forged("callees at each other's places", &|book, [one, two]| {
            book.of_callee.extend([(one.callee, BTreeSet::from([two.id])), (two.callee, BTreeSet::from([one.id]))]);
        });
        forged("bindings at each other's places", &|book, [one, two]| {
            book.of_binding.extend([(one.binding, BTreeSet::from([two.id])), (two.binding, BTreeSet::from([one.id]))]);
        });
        forged("a leg of another", &|book, [_, two]| book.by_leg.extend([(LegId::new(1), two.id)]));
        forged("a recording of another", &|book, [_, two]| book.by_media.extend([(MediaId::new(1), two.id)]));
        forged("a push of another", &|book, [_, two]| book.by_push.extend([(1, two.id)]));
        forged("one more for a callee", &|book, [one, two]| {
            book.of_callee.entry(one.callee).or_default().insert(two.id);
        });
        forged("one more of a binding", &|book, [one, two]| {
            book.of_binding.entry(one.binding).or_default().insert(two.id);
        });
        forged("a leg of nobody", &|book, [one, _]| book.by_leg.extend([(LegId::new(9), one.id)]));
        forged("a recording of nothing", &|book, [one, _]| book.by_media.extend([(MediaId::new(9), one.id)]));
        forged("a push of nothing", &|book, [one, _]| book.by_push.extend([(9, one.id)]));
    }
}
