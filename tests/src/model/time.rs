//! What is due: found by looking at everything, each time.

use std::collections::BTreeSet;

use ringfence::values::account::{AccountId, Follow, RequestBinding, Unbind, Unfollow};
use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{Action, Archive, Party};
use ringfence::values::id::{BindingId, CallId, ChallengeId, LegId, ReservationId, VoiceMessageId};
use ringfence::values::input::{Input, MessageStatus, PageOf, RequestPage};
use ringfence::values::number::PhoneNumber;
use ringfence::values::policy::{CallMode, OnWindowClose};
use ringfence::values::reply::{Outcome, ReservationState, Verdict};
use ringfence::values::time::Timestamp;

use super::calls::Why;
use super::gate::Asker;
use super::{CallState, LegState, Model};

/// What an `advance` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many deadlines fired.
    pub fired: u32,
    /// Whether more are due.
    pub more: bool,
}

/// What a deadline is of. The order is the order at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deadline {
    /// The ring time of a dialled leg, or the grace of one that was hung up.
    Leg(LegId),
    /// The wait for the inbound leg's answer, or the longest conversation.
    Call(CallId),
    /// The end of the time of a code.
    Challenge(ChallengeId),
    /// The opening, the window's end, or the end of the retention.
    Reservation(ReservationId),
    /// A user is to be reminded of his window.
    Reminder(ReservationId),
    /// Somebody in the queue of this line can be served.
    Line(PhoneNumber),
    /// A request for a number whose code is over, or a number whose account has not followed for too long.
    Binding(BindingId),
    /// A voice message that is over, or that has waited for something long enough.
    VoiceMessage(VoiceMessageId),
    /// A voice message that is to be sent.
    Push(VoiceMessageId),
}

/// What an input touches: only this is settled before it is decided.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// These, all their calls and all their legs.
    pub(super) reservations: BTreeSet<ReservationId>,
    /// These without their calls.
    pub(super) reservations_alone: BTreeSet<ReservationId>,
    /// These and their legs.
    pub(super) calls: BTreeSet<CallId>,
    /// The legs to these.
    pub(super) numbers: BTreeSet<PhoneNumber>,
    /// The legs of the calls on it that were hung up.
    pub(super) line: Option<PhoneNumber>,
    /// The bindings of this account, and that of the account that has this number.
    pub(super) account: Option<(AccountId, Option<PhoneNumber>)>,
    /// These bindings.
    pub(super) bindings: BTreeSet<BindingId>,
    /// These voice messages.
    pub(super) voice_messages: BTreeSet<VoiceMessageId>,
}

impl Model {
    /// The earliest instant at which something is due, and what.
    #[must_use]
    pub fn next_deadline(&self) -> Option<(Timestamp, Deadline)> {
        self.deadlines().into_iter().min()
    }

    /// Every deadline that is pending, in the order in which they would fire.
    #[must_use]
    pub fn deadlines(&self) -> Vec<(Timestamp, Deadline)> {
        let mut all = self.object_deadlines();
        all.extend(self.reminders());
        all.extend(self.line_deadlines());
        all.extend(self.pushes_due());
        all.sort();
        all
    }

    pub(super) fn fire_due(&mut self, budget: u32) -> Progress {
        let budget = budget.max(1);
        let mut fired = 0;
        loop {
            let next = self.next_deadline().filter(|(due, _)| *due <= self.latest);
            match next {
                Some((_, deadline)) if fired < budget => {
                    self.fire(deadline);
                    self.ask_for_the_recorder();
                    fired += 1;
                }
                Some(_) => return Progress { fired, more: true },
                None => return Progress { fired, more: false },
            }
        }
    }

    /// Fires what is due for what is touched. Lines are served by `advance` only.
    pub(super) fn settle(&mut self, touched: &Touched) {
        let next = |model: &Self| {
            let due = |(due, deadline): &(Timestamp, Deadline)| *due <= model.latest && model.is_touched(touched, *deadline);
            model.object_deadlines().into_iter().filter(due).min()
        };
        while let Some((_, deadline)) = next(self) {
            self.fire(deadline);
        }
    }

    pub(super) fn touched_by(&self, input: &Input) -> Touched {
        match input {
            Input::RegisterMerchant(input) => {
                let numbers: BTreeSet<_> = input.lines.iter().map(|line| line.number).collect();
                let of_it = self.reservations.iter().filter(|(_, kept)| kept.merchant == input.merchant).map(|(id, _)| *id);
                let of_them = numbers.iter().flat_map(|number| self.live_of(*number));
                Touched { reservations: of_it.chain(of_them).collect(), numbers, ..Touched::default() }
            }
            Input::PublishPage(_)
            | Input::PushPage(_)
            | Input::PresetMode(_)
            | Input::SetPolicy(_)
            | Input::RotateKey(_)
            | Input::ConfirmClock(_)
            | Input::WithdrawPage(_)
            | Input::SetCalendar(_)
            | Input::Search(_)
            | Input::RequestPage(RequestPage { of: PageOf::Page(_) | PageOf::Merchant(_), .. })
            | Input::Freeze(_)
            | Input::Thaw(_)
            | Input::ImportDoNotCall(_)
            | Input::SetProfile(_)
            | Input::Unblock(_) => Touched::default(),
            Input::ForgetMe(input) => Touched { reservations: self.touched_by_forgetting(&input.user), ..Touched::default() },
            Input::ImportNumbers(input) => {
                let wanted = |number: &PhoneNumber| input.numbers.contains(number);
                let waits = |kept: &super::Reservation| kept.waiting.as_ref().is_some_and(|terms| wanted(&terms.contact));
                let names = |kept: &super::Reservation| {
                    wanted(&kept.contact) || kept.user.number().is_some_and(|own| wanted(&own)) || waits(kept)
                };
                let of_them = self.reservations.iter().filter(|(_, kept)| names(kept));
                Touched { reservations: of_them.map(|(id, _)| *id).collect(), ..Touched::default() }
            }
            Input::Block(input) => Touched { reservations: self.touched_by_block(&input.user, input.what), ..Touched::default() },
            Input::RequestPage(RequestPage { of: PageOf::Reservation(id), .. }) => {
                Touched { reservations: BTreeSet::from([*id]), ..Touched::default() }
            }
            Input::Decline(input) => Touched { reservations: BTreeSet::from([input.reservation]), ..Touched::default() },
            Input::Acknowledge(input) => Touched { reservations: BTreeSet::from([input.reservation]), ..Touched::default() },
            Input::Amend(input) => Touched { reservations: self.touched_by_amending(input), ..Touched::default() },
            Input::ChooseSlot(input) => Touched { reservations: BTreeSet::from([input.reservation]), ..Touched::default() },
            Input::MerchantReady(input) => Touched { reservations: BTreeSet::from([input.reservation]), ..Touched::default() },
            Input::ChooseMode(input) => Touched { reservations: BTreeSet::from([input.reservation]), ..Touched::default() },
            Input::Cancel(input) => Touched { reservations: BTreeSet::from([input.reservation]), ..Touched::default() },
            Input::RequestCall(input) => self.touched_by_request(input.line, self.may_mean(*input)),
            Input::Book(input) => {
                let full = self.reservations.len() >= self.policy.reservations_max as usize;
                let mut touched = self.touched_by_number(input.contact.or_else(|| input.user.number()));
                let over = |id: &ReservationId| self.reservation_due(*id).is_some_and(|due| due <= self.latest);
                let closed = self.reservations.iter().filter(|(id, kept)| kept.state == ReservationState::Closed && over(id));
                touched.reservations.extend(closed.map(|(id, _)| *id).filter(|_| full));
                touched
            }
            Input::ConfirmContact(input) => self.touched_by_holder(input.reservation),
            Input::RequestCode(input) => self.touched_by_holder(input.reservation),
            Input::LegProgress(input) => self.touched_by_report(input.leg),
            Input::LegAnswered(input) => self.touched_by_report(input.leg),
            // What the network cannot have said is refused before anything is looked at.
            Input::LegEnded(input) if !input.evidence.is_in_range() => Touched::default(),
            Input::LegEnded(input) => self.touched_by_report(input.leg),
            Input::PlayFinished(input) => self.touched_by_report(input.leg),
            Input::EffectFailed(input) => {
                match (self.leg_of_effect(input.sequence), self.voice_message_of_effect(input.sequence)) {
                    (Some(leg), _) => self.touched_by_report(leg),
                    (None, Some(id)) => self.touched_voice_message(id),
                    (None, None) => Touched::default(),
                }
            }
            Input::MessageReported(input) => {
                let is_refused = match &input.status {
                    MessageStatus::Failed { code } => self.check_text(code).is_err(),
                    MessageStatus::Delivered | MessageStatus::Read => false,
                };
                if let Some(touched) = self.touched_by_message_report(input.message).filter(|_| !is_refused) {
                    return touched;
                }
                let about = self.reported(input).and_then(|sent| sent.about).filter(|_| !is_refused);
                Touched { reservations: about.into_iter().collect(), ..Touched::default() }
            }
            Input::Follow(Follow { account })
            | Input::Unfollow(Unfollow { account })
            | Input::RequestBinding(RequestBinding { account, .. })
            | Input::Unbind(Unbind { account, .. }) => Touched { account: Some((account.clone(), None)), ..Touched::default() },
            Input::ConfirmBinding(input) => {
                Touched { account: Some((input.account.clone(), Some(input.number))), ..Touched::default() }
            }
            Input::CallFailed(input) if !input.evidence.is_in_range() => Touched::default(),
            Input::CallFailed(input) => self.touched_by_failed_call(input.callee),
            Input::CallDiverted(input) => self.touched_by_diverted_call(input),
            Input::Recorded(input) => self.touched_voice_message(input.voice_message),
            Input::RecordFailed(input) => self.touched_voice_message(input.voice_message),
            Input::Transcribed(input) => self.touched_voice_message(input.voice_message),
            Input::OpenMessage(input) => self.touched_voice_message(input.voice_message),
            Input::RequestCallBack(input) => self.touched_voice_message(input.voice_message),
            Input::Resync(_) => Touched {
                reservations_alone: self.calls.values().flat_map(|call| &call.parts).map(|part| part.reservation).collect(),
                calls: self.calls.keys().copied().collect(),
                ..Touched::default()
            },
        }
    }

    /// Every live reservation that would ring a number.
    fn touched_by_number(&self, contact: Option<PhoneNumber>) -> Touched {
        let reservations = contact.map_or_else(BTreeSet::new, |contact| self.live_of(contact));
        Touched { reservations, ..Touched::default() }
    }

    /// The same for the contact number of this reservation, if it is live; it alone otherwise.
    fn touched_by_holder(&self, reservation: ReservationId) -> Touched {
        match self.reservations.get(&reservation) {
            Some(kept) if kept.state != ReservationState::Closed => self.touched_by_number(Some(kept.contact)),
            Some(_) | None => Touched { reservations: BTreeSet::from([reservation]), ..Touched::default() },
        }
    }

    pub(super) fn touched_by_request(&self, line: PhoneNumber, reservations: BTreeSet<ReservationId>) -> Touched {
        let numbers: BTreeSet<PhoneNumber> =
            reservations.iter().filter_map(|id| self.reservations.get(id)).map(|kept| kept.contact).collect();
        let rung_for: BTreeSet<_> = numbers.iter().filter_map(|number| self.rung_for(*number)).collect();
        Touched {
            reservations,
            reservations_alone: rung_for.iter().flat_map(|call| self.users_of(*call)).collect(),
            calls: rung_for,
            numbers,
            line: Some(line),
            ..Touched::default()
        }
    }

    pub(super) fn touched_by_report(&self, leg: LegId) -> Touched {
        let Some(leg) = self.legs.get(&leg) else {
            return self.voice_message_of_leg(leg).map_or_else(Touched::default, |id| self.touched_voice_message(id));
        };
        let users: BTreeSet<ReservationId> = self.users_of(leg.call).into_iter().collect();
        let numbers = users.iter().map(|id| self.reservation_of(*id).contact).collect();
        Touched { reservations_alone: users, calls: BTreeSet::from([leg.call]), numbers, ..Touched::default() }
    }

    fn is_touched(&self, touched: &Touched, deadline: Deadline) -> bool {
        let call =
            |id: CallId| touched.calls.contains(&id) || self.users_of(id).iter().any(|user| touched.reservations.contains(user));
        match deadline {
            Deadline::Leg(leg) => {
                let leg = &self.legs[&leg];
                let to_the_number = leg.party == Party::User && touched.numbers.contains(&leg.number);
                let on_the_line = leg.state == LegState::Releasing && touched.line == Some(self.call_of(leg.call).line);
                call(leg.call) || to_the_number || on_the_line
            }
            Deadline::Call(id) => call(id),
            Deadline::Challenge(id) => {
                touched.reservations.iter().any(|reservation| self.challenge_of(*reservation).is_some_and(|(_, out)| out == id))
            }
            Deadline::Reservation(id) => touched.reservations.contains(&id) || touched.reservations_alone.contains(&id),
            Deadline::Binding(id) => {
                let of_account = |(account, number): &(AccountId, Option<PhoneNumber>)| self.is_binding_of(id, account, *number);
                touched.bindings.contains(&id) || touched.account.as_ref().is_some_and(of_account)
            }
            Deadline::VoiceMessage(id) => touched.voice_messages.contains(&id),
            Deadline::Reminder(_) | Deadline::Line(_) | Deadline::Push(_) => false,
        }
    }

    fn object_deadlines(&self) -> Vec<(Timestamp, Deadline)> {
        let legs = self.legs.iter().filter_map(|(id, leg)| {
            let due = match leg.state {
                LegState::Dialled | LegState::Ringing if !leg.inbound => {
                    let rung_out = leg.dialled_at.saturating_add_s(self.policy.ring_timeout_s.into());
                    leg.hours_end.map_or(rung_out, |end| end.min(rung_out))
                }
                LegState::Releasing => leg.released?.0.saturating_add_s(self.policy.release_grace_s.into()),
                LegState::Dialled | LegState::Ringing | LegState::Answered | LegState::Joined => return None,
            };
            Some((due, Deadline::Leg(*id)))
        });
        let calls = self.calls.iter().filter_map(|(id, call)| {
            let due = match call.state {
                CallState::Gathering => call.answer_due?,
                CallState::Talking => call.joined_at?.saturating_add_s(self.policy.conversation_max_s.into()),
                // How long the recorder runs is its message's.
                CallState::RingingMerchant | CallState::Recording | CallState::Ended => return None,
            };
            Some((due, Deadline::Call(*id)))
        });
        let reservations =
            self.reservations.keys().filter_map(|id| Some((self.reservation_due(*id)?, Deadline::Reservation(*id))));
        let challenges = self.reservations.keys().filter_map(|id| self.challenge_of(*id));
        let challenges = challenges.map(|(until, id)| (until, Deadline::Challenge(id)));
        let bindings = self.binding_deadlines().into_iter().map(|(due, id)| (due, Deadline::Binding(id)));
        let voice = self.voice_deadlines().into_iter().map(|(due, id)| (due, Deadline::VoiceMessage(id)));
        legs.chain(calls).chain(challenges).chain(reservations).chain(bindings).chain(voice).collect()
    }

    fn challenge_of(&self, reservation: ReservationId) -> Option<(Timestamp, ChallengeId)> {
        let challenge = self.reservations.get(&reservation)?.challenge.as_ref()?;
        Some((challenge.until, challenge.id))
    }

    fn reservation_due(&self, id: ReservationId) -> Option<Timestamp> {
        let reservation = self.reservation_of(id);
        match reservation.state {
            ReservationState::Scheduled if reservation.spent.is_some() => Some(reservation.window.end()),
            ReservationState::AwaitingMode | ReservationState::Scheduled => Some(reservation.span().start()),
            ReservationState::Unverified => (!reservation.end_fired).then(|| reservation.window.end()),
            ReservationState::Open | ReservationState::InCall => (!reservation.end_fired).then(|| reservation.span().end()),
            ReservationState::Closed => {
                let (_, closed_at) = reservation.closed?;
                let kept_by_a_call = self.calls.keys().any(|call| self.users_of(*call).contains(&id));
                let retained = closed_at.saturating_add_s(self.policy.retention_s.into());
                // Of whom is forgotten nothing is retained.
                let leaves = reservation.forgotten.map_or(retained, |forgotten| retained.min(forgotten).max(closed_at));
                (!kept_by_a_call).then_some(leaves)
            }
        }
    }

    /// The words before a window, as long as there is room for both of them.
    fn reminders(&self) -> Vec<(Timestamp, Deadline)> {
        if self.check_outbox(2).is_err() {
            return Vec::new();
        }
        self.reservations.keys().filter_map(|id| Some((self.reminder_due(*id)?, Deadline::Reminder(*id)))).collect()
    }

    /// A line with a free channel and a queue is due from the instant at which the first of the queue is eligible.
    fn line_deadlines(&self) -> Vec<(Timestamp, Deadline)> {
        if self.outbox_is_full() {
            return Vec::new();
        }
        let due = |line: PhoneNumber| Some((self.reservation_of(self.first_waiting(line)?).place(), Deadline::Line(line)));
        self.lines().into_iter().filter(|(_, line)| self.has_free_channel(*line)).filter_map(|(_, line)| due(line)).collect()
    }

    /// Whether somebody waits whose turn it is, and every channel of the line is taken.
    #[must_use]
    pub fn has_queue_longer_than_channels(&self) -> bool {
        let waits = |line| self.first_waiting(line).is_some_and(|id| self.reservation_of(id).place() <= self.latest);
        self.lines().into_iter().any(|(_, line)| !self.has_free_channel(line) && waits(line))
    }

    /// The first in the queue of a line: open, in platform mode, its number free, by (eligible from, id).
    fn first_waiting(&self, line: PhoneNumber) -> Option<ReservationId> {
        let waiting = self.reservations.iter().filter(|(id, kept)| kept.line == line && self.waits(**id));
        waiting.map(|(id, reservation)| (reservation.place(), *id)).min().map(|(_, id)| id)
    }

    pub(super) fn waits(&self, id: ReservationId) -> bool {
        let reservation = self.reservation_of(id);
        reservation.state == ReservationState::Open
            && self.mode_in_force(id) == Some(CallMode::PlatformCalls)
            && reservation.given_up.is_none()
            && !reservation.unacknowledged
            && !self.is_busy(reservation.contact)
            && !self.is_listed(reservation.contact)
            && !self.is_reservation_frozen(id)
    }

    pub(super) fn has_free_channel(&self, line: PhoneNumber) -> bool {
        self.calls_on(line) < self.channels_of(line)
    }

    pub(super) fn channels_of(&self, line: PhoneNumber) -> usize {
        let mut lines = self.merchants.values().flat_map(|merchant| &merchant.lines);
        lines.find(|registered| registered.number == line).map_or(0, |registered| registered.channels as usize)
    }

    fn fire(&mut self, deadline: Deadline) {
        match deadline {
            Deadline::Leg(leg) if self.legs[&leg].state == LegState::Releasing => self.lose_leg(leg, false),
            Deadline::Leg(leg) => {
                let call = self.legs[&leg].call;
                match self.legs[&leg].reservation {
                    None => self.end_call(call, ReleaseCause::NoAnswer, Why::MerchantFailed),
                    Some(user) => self.rung_out(leg, call, user),
                }
            }
            Deadline::Call(call) if self.call_of(call).state == CallState::Talking => {
                self.end_call(call, ReleaseCause::TimeLimit, Why::Other)
            }
            Deadline::Call(call) => self.end_call(call, ReleaseCause::OtherSideGone, Why::MerchantFailed),
            Deadline::Challenge(id) => {
                for reservation in self.reservations.values_mut() {
                    reservation.challenge.take_if(|challenge| challenge.id == id);
                }
            }
            Deadline::Reservation(reservation) => self.fire_reservation(reservation),
            Deadline::Reminder(reservation) => self.remind(reservation),
            Deadline::Line(line) => self.serve(line),
            Deadline::Binding(id) => self.fire_binding(id),
            Deadline::VoiceMessage(id) => self.fire_voice_message(id),
            Deadline::Push(id) => self.take_up(id),
        }
    }

    fn fire_reservation(&mut self, id: ReservationId) {
        match self.reservation_of(id).state {
            ReservationState::Scheduled if self.reservation_of(id).spent.is_some() => {
                self.reservation_mut(id).end_fired = true;
                self.close_at_the_end(id, false);
            }
            ReservationState::AwaitingMode | ReservationState::Scheduled => self.open(id),
            ReservationState::Unverified => {
                self.reservation_mut(id).end_fired = true;
                self.close(id, Outcome::Unverified);
            }
            ReservationState::Open if self.slot_is_over(id) => self.end_slot_if_over(id, false),
            ReservationState::InCall if self.slot_is_over(id) => self.end_slot_in_call(id),
            ReservationState::Open => {
                self.reservation_mut(id).end_fired = true;
                self.close_at_the_end(id, false);
            }
            ReservationState::InCall => {
                self.reservation_mut(id).end_fired = true;
                let hang_up = self.policy.on_window_close == OnWindowClose::HangUp;
                for call in self.live_calls_of(id) {
                    if hang_up || !self.user_has_answered(call, id) {
                        self.end_part(call, id, ReleaseCause::WindowEnded, Why::Other);
                    }
                }
            }
            ReservationState::Closed => self.archive(id),
        }
    }

    pub(super) fn archive(&mut self, id: ReservationId) {
        let media = self.media_of(id);
        let Some(reservation) = self.reservations.remove(&id) else { return };
        let Some((outcome, closed_at)) = reservation.closed else { return };
        self.emit(Action::Archive(Archive {
            reservation: id,
            merchant: reservation.merchant,
            revision: reservation.revision,
            outcome,
            closed_at,
            evidence: reservation.evidence,
            page: reservation.page,
            offering: reservation.offering,
            window: reservation.window,
            zone: reservation.zone,
            mode: reservation.chosen,
            booked_at: reservation.booked_at,
            attempts: reservation.attempts,
            merchant_failures: reservation.merchant_failures,
            platform_failures: reservation.platform_failures,
            conversations: reservation.conversations,
        }));
        self.erase_dropped(id, &media);
    }

    fn serve(&mut self, line: PhoneNumber) {
        let Some(first) = self.first_waiting(line) else { return };
        match self.judge_by_time(Asker::Platform { own: None }, first) {
            Verdict::Allow => self.ring_merchant(&self.sharing_with(first)),
            Verdict::Deny { reason, retry_at } => self.put_off(first, reason, retry_at),
        }
    }
}
