//! Effects on their way to the host: kept until they are confirmed.

use alloc::collections::{BTreeSet, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::shelf::Shelf;
use crate::values::effect::{Action, BookingPage, Content, Dial, Effect};
use crate::values::id::{LegId, MediaId};

/// So many places are not worth being given back.
const SMALL: usize = 64;

/// The effects that are not confirmed, in sequence.
///
/// The poll cursor is not state: after a restore, polling begins again at the first unconfirmed effect.
#[derive(Clone, Debug)]
pub struct Outbox {
    kept: VecDeque<Kept>,
    /// How many of them are not voided.
    alive: usize,
    /// How many of those were not polled.
    unpolled: usize,
    /// The at-most-once effects among them, by their legs.
    once: BTreeSet<(LegId, u64)>,
    /// The pages that stand in them.
    pages: Shelf,
    /// The media that they tell the host to forget. Each stands in one of them: until the host has confirmed that, it is attached to nothing again.
    erasing: BTreeSet<MediaId>,
    next_sequence: u64,
    /// The first sequence number that was not polled yet.
    cursor: u64,
}

/// An effect in its place. A voided one keeps it until enough of them have gathered, since taking one out moves all that follow.
#[derive(Clone, Debug)]
struct Kept {
    effect: Effect,
    is_void: bool,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            kept: VecDeque::new(),
            alive: 0,
            unpolled: 0,
            once: BTreeSet::new(),
            pages: Shelf::default(),
            erasing: BTreeSet::new(),
            next_sequence: 1,
            cursor: 1,
        }
    }
}

impl Outbox {
    /// An outbox as a snapshot holds it: its effects in sequence, the pages that stand in them, and what comes next. Nothing is polled.
    #[must_use]
    pub fn from_parts(pages: Vec<Arc<BookingPage>>, kept: Vec<Effect>, next_sequence: u64) -> Self {
        let mut outbox = Self { pages: Shelf::from_contents(pages), ..Self::default() };
        for effect in kept {
            outbox.keep(effect);
        }
        outbox.next_sequence = next_sequence;
        outbox
    }

    /// Adds an effect and gives it the next sequence number.
    pub fn push(&mut self, action: Action) {
        let sequence = self.next_sequence;
        self.next_sequence = sequence.saturating_add(1);
        self.keep(Effect { sequence, action });
    }

    fn keep(&mut self, effect: Effect) {
        if let Some(leg) = effect.action.at_most_once_leg() {
            self.once.insert((leg, effect.sequence));
        }
        if let Some(page) = page_in(&effect.action) {
            self.pages.take(page);
        }
        self.erasing.extend(effect.action.erased());
        self.kept.push_back(Kept { effect, is_void: false });
        self.alive = self.alive.saturating_add(1);
        self.unpolled = self.unpolled.saturating_add(1);
    }

    /// How many effects are not confirmed.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.alive
    }

    /// Whether so many effects more may wait when at most `most` may.
    #[must_use]
    pub fn has_room_for(&self, effects: usize, most: u32) -> bool {
        self.alive.saturating_add(effects) <= usize::try_from(most).unwrap_or(usize::MAX)
    }

    /// Whether every effect is confirmed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.alive == 0
    }

    /// The sequence number of the last effect, 0 before the first.
    #[must_use]
    pub const fn last_sequence(&self) -> u64 {
        self.next_sequence.saturating_sub(1)
    }

    /// The unconfirmed effects, in sequence.
    pub fn kept(&self) -> impl Iterator<Item = &Effect> {
        self.kept.iter().filter(|kept| !kept.is_void).map(|kept| &kept.effect)
    }

    /// The pages that stand in unconfirmed effects.
    #[must_use]
    pub const fn pages(&self) -> &Shelf {
        &self.pages
    }

    fn index(&self, sequence: u64) -> Option<usize> {
        self.kept.binary_search_by_key(&sequence, |kept| kept.effect.sequence).ok()
    }

    /// The unconfirmed effect with this sequence number.
    #[must_use]
    pub fn get(&self, sequence: u64) -> Option<&Effect> {
        self.kept.get(self.index(sequence)?).filter(|kept| !kept.is_void).map(|kept| &kept.effect)
    }

    /// Whether an effect waits to be polled.
    #[must_use]
    pub const fn has_unpolled(&self) -> bool {
        self.unpolled > 0
    }

    /// The next effect that was not polled.
    pub fn poll(&mut self) -> Option<Effect> {
        let mut index = self.kept.partition_point(|kept| kept.effect.sequence < self.cursor);
        while self.kept.get(index).is_some_and(|kept| kept.is_void) {
            index = index.saturating_add(1);
        }
        let effect = self.kept.get(index)?.effect.clone();
        self.cursor = effect.sequence.saturating_add(1);
        self.unpolled = self.unpolled.saturating_sub(1);
        Some(effect)
    }

    /// Lets go of every effect up to this sequence number.
    pub fn confirm(&mut self, up_to: u64) {
        while self.kept.front().is_some_and(|kept| kept.effect.sequence <= up_to) {
            if let Some(kept) = self.kept.pop_front().filter(|kept| !kept.is_void) {
                self.let_go(&kept.effect);
            }
        }
        self.cursor = self.cursor.max(up_to.saturating_add(1));
        self.tidy();
    }

    /// The unconfirmed `dial` of a leg.
    #[must_use]
    pub fn waiting_dial(&self, leg: LegId) -> Option<&Dial> {
        let mut waiting = self.once.range((leg, 0)..=(leg, u64::MAX)).filter_map(|(_, sequence)| self.get(*sequence));
        waiting.find_map(|effect| match &effect.action {
            Action::Dial(dial) => Some(dial),
            Action::Answer(_)
            | Action::Reject(_)
            | Action::Play(_)
            | Action::Join(_)
            | Action::HangUp(_)
            | Action::Send(_)
            | Action::Audit(_)
            | Action::Archive(_)
            | Action::Erase(_)
            | Action::Record(_)
            | Action::Transcribe(_)
            | Action::ArchiveVoiceMessage(_) => None,
        })
    }

    /// An effect is unconfirmed no longer: every count and index forgets it.
    fn let_go(&mut self, effect: &Effect) {
        self.alive = self.alive.saturating_sub(1);
        if effect.sequence >= self.cursor {
            self.unpolled = self.unpolled.saturating_sub(1);
        }
        if let Some(leg) = effect.action.at_most_once_leg() {
            self.once.remove(&(leg, effect.sequence));
        }
        if let Some(page) = page_in(&effect.action) {
            self.pages.let_go(page);
        }
        for media in effect.action.erased() {
            self.erasing.remove(media);
        }
    }

    /// The media that unconfirmed `erase`s name: the host may have forgotten them, or not yet.
    #[must_use]
    pub const fn erasing(&self) -> &BTreeSet<MediaId> {
        &self.erasing
    }

    /// Takes out the unconfirmed at-most-once effects of a leg: it is ended, so a host that was not handed them yet, or comes back, must not begin
    /// them (P3). True when a `dial` was among them.
    pub fn void_leg(&mut self, leg: LegId) -> bool {
        let mut is_dial_voided = false;
        while let Some((_, sequence)) = self.once.range((leg, 0)..=(leg, u64::MAX)).next().copied() {
            is_dial_voided |= self.void(leg, sequence).is_some_and(|effect| effect.action.is_dial());
        }
        self.tidy();
        is_dial_voided
    }

    /// The legs whose `dial` is unconfirmed, in order.
    #[must_use]
    pub fn legs_to_dial(&self) -> Vec<LegId> {
        let is_dial = |sequence: u64| self.get(sequence).is_some_and(|effect| effect.action.is_dial());
        self.once.iter().filter(|(_, sequence)| is_dial(*sequence)).map(|(leg, _)| *leg).collect()
    }

    /// Takes out every unconfirmed effect that is done at most once, and returns them in sequence.
    pub fn void_at_most_once(&mut self) -> Vec<Effect> {
        let mut voided = Vec::new();
        while let Some((leg, sequence)) = self.once.first().copied() {
            voided.extend(self.void(leg, sequence));
        }
        voided.sort_unstable_by_key(|effect| effect.sequence);
        self.tidy();
        voided
    }

    fn void(&mut self, leg: LegId, sequence: u64) -> Option<Effect> {
        self.once.remove(&(leg, sequence));
        let index = self.index(sequence)?;
        let kept = self.kept.get_mut(index)?;
        kept.is_void = true;
        let effect = kept.effect.clone();
        self.let_go(&effect);
        Some(effect)
    }

    /// Takes out a message that is not confirmed: what it is about is over, so a host that was not handed it yet, or comes back, is not handed it any more.
    pub fn void_send(&mut self, sequence: u64) {
        let Some(kept) = self.index(sequence).and_then(|index| self.kept.get_mut(index)).filter(|kept| !kept.is_void) else {
            return;
        };
        kept.is_void = true;
        let effect = kept.effect.clone();
        self.let_go(&effect);
        self.tidy();
    }

    /// Gives back the room of what is voided or gone once it is most of the whole, so that the cost is shared by what went before.
    fn tidy(&mut self) {
        let worth = self.alive.saturating_mul(2).saturating_add(SMALL);
        if self.kept.len() > worth {
            self.kept.retain(|kept| !kept.is_void);
        }
        if self.kept.capacity() > worth.saturating_mul(2) {
            self.kept.shrink_to(worth);
        }
    }
}

/// The page that an effect carries.
pub(crate) const fn page_in(action: &Action) -> Option<&Arc<BookingPage>> {
    match action {
        Action::Send(send) => match &send.content {
            Content::BookingPage(page) => Some(page),
            Content::Result(_)
            | Content::ContactUnconfirmed(_)
            | Content::Reservation(_)
            | Content::ModeOptions(_)
            | Content::SearchEntry(_)
            | Content::SearchResults(_)
            | Content::Amended(_)
            | Content::OnHold(_)
            | Content::SlotOver(_)
            | Content::Declined(_)
            | Content::ManagePage(_)
            | Content::BindingChallenge(_)
            | Content::BindingChanged(_)
            | Content::VoiceMessage(_)
            | Content::VoiceMessageUndelivered(_)
            | Content::CallBackRequested(_)
            | Content::VoiceMessageUndeliveredForMerchant(_)
            | Content::CallBackRequestedForMerchant(_)
            | Content::Reminder(_)
            | Content::Cancelled(_)
            | Content::Missed(_)
            | Content::CancelledForMerchant(_)
            | Content::MissedForMerchant(_)
            | Content::Challenge(_)
            | Content::ContactNotConfirmed(_) => None,
        },
        Action::Dial(_)
        | Action::Answer(_)
        | Action::Reject(_)
        | Action::Play(_)
        | Action::Join(_)
        | Action::HangUp(_)
        | Action::Audit(_)
        | Action::Archive(_)
        | Action::Erase(_)
        | Action::Record(_)
        | Action::Transcribe(_)
        | Action::ArchiveVoiceMessage(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::cause::ReleaseCause;
    use crate::values::effect::{CallReason, Party, Play, Prompt, Reject};
    use crate::values::id::{CallId, ReservationId};
    use crate::values::number::PhoneNumber;
    use crate::values::policy::Bearer;
    use crate::values::time::{Timestamp, Window, Zone};

    fn play(leg: u64) -> Action {
        Action::Play(Play { leg: LegId::new(leg), prompt: Prompt::ConnectingUser, not_after: Timestamp::MIN })
    }

    fn reject(leg: u64) -> Action {
        let cause = ReleaseCause::NotPermitted;
        Action::Reject(Reject { leg: LegId::new(leg), cause, sip_status: 403, q850_cause: 21 })
    }

    fn polled(outbox: &mut Outbox) -> Vec<u64> {
        core::iter::from_fn(|| outbox.poll()).map(|effect| effect.sequence).collect()
    }

    #[test]
    fn what_is_voided_is_neither_polled_nor_counted_and_leaves_its_number_out() {
        let mut outbox = Outbox::default();
        for leg in [1, 2, 1, 3] {
            outbox.push(play(leg));
            outbox.push(reject(leg));
        }
        assert_eq!(outbox.poll().map(|effect| effect.sequence), Some(1));
        outbox.void_leg(LegId::new(1));
        assert_eq!(outbox.len(), 6);
        assert!(outbox.get(1).is_none() && outbox.get(5).is_none());
        assert_eq!(polled(&mut outbox), [2, 3, 4, 6, 7, 8]);
        assert!(!outbox.has_unpolled());
        let voided: Vec<u64> = outbox.void_at_most_once().iter().map(|effect| effect.sequence).collect();
        assert_eq!(voided, [3, 7]);
        assert_eq!(outbox.kept().map(|effect| effect.sequence).collect::<Vec<_>>(), [2, 4, 6, 8]);
        outbox.confirm(6);
        assert_eq!(outbox.len(), 1);
        outbox.push(reject(9));
        assert_eq!(polled(&mut outbox), [9]);
    }

    #[test]
    fn whether_something_waits_to_be_polled_is_known_whatever_is_voided_or_confirmed() {
        let mut outbox = Outbox::default();
        assert!(!outbox.has_unpolled() && outbox.is_empty());
        outbox.push(play(1));
        outbox.push(reject(2));
        assert!(outbox.has_unpolled() && !outbox.is_empty());
        outbox.void_leg(LegId::new(1));
        assert!(outbox.has_unpolled(), "the other one");
        assert_eq!(polled(&mut outbox), [2]);
        assert!(!outbox.has_unpolled());
        outbox.push(reject(3));
        outbox.confirm(2);
        assert!(outbox.has_unpolled(), "what was polled and confirmed was counted once");
        assert_eq!(polled(&mut outbox), [3]);
        let again = Outbox::from_parts(Vec::new(), outbox.kept().cloned().collect(), 4);
        assert!(again.has_unpolled() && again.last_sequence() == 3, "after a restore all is polled again");
    }

    #[test]
    fn a_dial_waits_until_it_is_confirmed_or_voided() {
        let window = Window::new(Timestamp::MIN, Timestamp::MAX).unwrap();
        let number = PhoneNumber::parse("+8613800000001").unwrap();
        let dial = |leg| {
            Action::Dial(Dial {
                leg: LegId::new(leg),
                call: CallId::new(1),
                party: Party::User,
                to: number,
                from: number,
                ring_timeout_ms: 1,
                ring_until: Timestamp::MAX,
                not_after: Timestamp::MAX,
                reason: CallReason {
                    reservation: ReservationId::new(1),
                    merchant_name: "商户1".into(),
                    offering_name: "车险".into(),
                    window,
                    zone: Zone::UTC,
                },
                bearer: Bearer::default(),
            })
        };
        let mut outbox = Outbox::default();
        for action in [play(1), dial(1), dial(2), play(3)] {
            outbox.push(action);
        }
        let waiting = |outbox: &Outbox| [1, 2, 3].map(|leg| outbox.waiting_dial(LegId::new(leg)).map(|dial| dial.leg.get()));
        assert_eq!(waiting(&outbox), [Some(1), Some(2), None]);
        assert_eq!(outbox.legs_to_dial(), [LegId::new(1), LegId::new(2)]);
        assert!(outbox.void_leg(LegId::new(1)) && !outbox.void_leg(LegId::new(1)) && !outbox.void_leg(LegId::new(3)));
        assert_eq!(waiting(&outbox), [None, Some(2), None]);
        outbox.confirm(3);
        assert_eq!(waiting(&outbox), [None, None, None]);
        assert!(outbox.legs_to_dial().is_empty());
    }

    #[test]
    fn a_voided_effect_keeps_its_place_until_most_are_voided() {
        let mut outbox = Outbox::default();
        for leg in 0..200 {
            outbox.push(play(leg));
        }
        outbox.void_leg(LegId::new(0));
        assert_eq!(outbox.kept.len(), 200, "to take one out would move all that follow");
        assert_eq!(outbox.void_at_most_once().len(), 199);
        assert!(outbox.kept.is_empty());
    }

    #[test]
    fn an_outbox_that_was_full_once_gives_its_room_back() {
        let mut outbox = Outbox::default();
        for leg in 0..10_000 {
            outbox.push(play(leg));
            outbox.push(reject(leg));
        }
        outbox.confirm(19_990);
        assert!(outbox.kept.capacity() < 1_000, "{}", outbox.kept.capacity());
        for leg in 0..10_000 {
            outbox.push(play(leg));
            outbox.void_leg(LegId::new(leg));
        }
        assert!(outbox.kept.len() < 1_000, "voided effects do not gather: {}", outbox.kept.len());
        assert_eq!(outbox.len(), 5, "five of the ten are plays, and were voided");
    }
}
