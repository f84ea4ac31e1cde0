//! What each input, reply and effect changes in the books.

use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{Action, Archive, Audit, Content, Dial, Effect, Join, Party, Send};
use ringfence::values::id::{CallId, LegId, ReservationId};
use ringfence::values::input::{Book, CallTarget, ChooseSlot, Input, MerchantReady, RegisterMerchant, RequestCall};
use ringfence::values::number::PhoneNumber;
use ringfence::values::person::Person;
use ringfence::values::policy::{CallMode, ModeChooser, OnWindowClose, Policy};
use ringfence::values::reply::{Allow, Reply};

use super::{Books, Call, Leg, LegState, Merchant, Page, Part, Reservation};
use crate::checker::{
    Broken, Judged, Notes, Overdue, Promise, Summary, accounts, holders, law, messages, results, voice_messages,
};
use crate::checker::{blocking, endings};
use crate::hours::CallableHours;
use crate::trace::{Doing, Step};

/// How the first leg of a call went.
#[derive(Clone, Copy)]
enum First {
    /// By a report, or for want of one.
    Gone(Party),
    /// Its `dial` was not carried out.
    Undialled(Party),
    /// By the platform.
    Released(ReleaseCause),
}

impl Books {
    /// P17: every record is the next of the chain.
    pub(in crate::checker) fn take_audit(&mut self, audit: &Audit) -> Judged {
        self.chain.verify(audit).map_err(|error| (Promise::P17, error.to_string()))
    }

    /// Whether the effect was handed out before, as it may be after a restart.
    pub(in crate::checker) fn is_handed_out_again(&mut self, effect: &Effect, restart: bool) -> Result<bool, Broken> {
        let Effect { sequence, .. } = *effect;
        if sequence > self.last_sequence {
            self.last_sequence = sequence;
            self.handed_out.insert(sequence, effect.clone());
            return Ok(false);
        }
        let what = match self.handed_out.get(&sequence) {
            Some(same) if same == effect && restart => return Ok(true),
            Some(same) if same == effect => "was handed out before, and there was no restart",
            Some(_) => "was another one when it was handed out first",
            None => "was confirmed or voided before",
        };
        Err((Promise::P12, format!("effect {sequence} {what}")))
    }

    pub(in crate::checker) fn take_confirm(&mut self, up_to: u64) {
        self.handed_out = self.handed_out.split_off(&up_to.saturating_add(1));
    }

    /// What an accepted input says.
    pub(in crate::checker) fn take_input(
        &mut self,
        input: &Input,
        reply: &Reply,
        notes: &mut Notes,
        summary: &mut Summary,
    ) -> Judged {
        match (input, reply) {
            (Input::RegisterMerchant(input), Reply::Done) => return self.take_merchant(input),
            (Input::PublishPage(input), Reply::Published(_)) => {
                let descriptions = input.descriptions.values().cloned().collect();
                let (merchant, line, offerings) = (input.merchant, input.line, input.offerings.clone());
                let group_size = input.group_size_max.unwrap_or(1);
                let page = Page { merchant, group_size, line, offerings, descriptions, withdrawn: false };
                self.pages.insert(input.page, page);
            }
            (Input::WithdrawPage(input), Reply::Done) => {
                if let Some(page) = self.pages.get_mut(&input.page) {
                    page.withdrawn = true;
                }
            }
            (Input::PresetMode(input), _) => {
                if let Some(merchant) = self.merchants.get_mut(&input.merchant) {
                    merchant.preset = input.mode;
                }
            }
            (Input::ChooseMode(input), Reply::Done) => return self.take_mode(input.reservation, input.mode, notes),
            (Input::Block(input), Reply::Done) => {
                self.blocks.extend(Person::of(&input.user).map(|person| (person, input.what)));
                // What was declined already closes as declined.
                let is_declined = |id: &ReservationId| self.reservations.get(id).is_some_and(|known| known.declined_at.is_some());
                let taken_back: Vec<ReservationId> = notes.taken_back.iter().filter(|id| !is_declined(id)).copied().collect();
                for id in taken_back {
                    self.take_cancel(id, notes, summary);
                }
            }
            (Input::SetProfile(input), Reply::Done) => self.profiles.change(input, &self.policy, self.now),
            (Input::ForgetMe(input), Reply::NoOp) => return accounts::forgotten(self, &input.user, 0, notes),
            (Input::ForgetMe(input), Reply::Forgotten(said)) => {
                accounts::forgotten(self, &input.user, said.bindings, notes)?;
                self.profiles.forget(&input.user);
                // What this step sends was numbered by it; it is his as well.
                notes.forgets = Some(input.user.clone());
                let (forgotten, live) = (notes.forgotten.clone(), notes.forgotten_live.clone());
                for id in live {
                    self.take_cancel(id, notes, summary);
                }
                for id in forgotten {
                    if let Some(known) = self.reservations.get_mut(&id) {
                        known.forgotten = true;
                        known.waiting = None;
                    }
                }
            }
            (Input::Unblock(input), Reply::Done) => {
                if let Some(person) = Person::of(&input.user) {
                    self.blocks.remove(&(person, input.what));
                }
            }
            (Input::Book(input), Reply::Booked(booked)) => return self.take_book(input, booked.reservation),
            (Input::RequestCall(input), Reply::Allow(allow)) => return self.take_allow(*input, *allow),
            (Input::CallDiverted(diverted), Reply::OwnLeg(own)) => {
                voice_messages::own_leg(self, diverted, own)?;
                notes.voice.note_own(diverted);
                self.lose_settled(own.own, notes);
            }
            (Input::RequestCall(input), Reply::Deny(deny)) => return self.take_leg(deny.leg, inbound(None, input.line)),
            (Input::ConfirmContact(input), _) => return holders::answered(self, input, reply, notes),
            (Input::Follow(input), _) => accounts::follows(self, &input.account, reply, notes),
            (Input::Unfollow(input), _) => accounts::unfollows(self, &input.account, reply, notes),
            (Input::RequestBinding(input), _) => return accounts::requested(self, input, reply, notes),
            (Input::ConfirmBinding(input), _) => return accounts::confirmed(self, input, reply, notes),
            (Input::Unbind(input), _) => return accounts::unbound(self, input, reply, notes),
            (Input::Cancel(input), Reply::Done) => self.take_cancel(input.reservation, notes, summary),
            (Input::Amend(input), Reply::Amended(amended)) => return self.take_amend(input, *amended, notes, summary),
            (Input::Decline(input), Reply::Done) => self.take_decline(input.reservation, notes, summary),
            (Input::Acknowledge(input), Reply::Done) => self.take_acknowledge(input.reservation),
            (Input::ChooseSlot(ChooseSlot { reservation, .. }), Reply::SlotChosen(chosen))
            | (Input::MerchantReady(MerchantReady { reservation, .. }), Reply::SlotChosen(chosen)) => {
                return self.take_slot(*reservation, input, chosen, notes);
            }
            (Input::LegAnswered(input), _) => self.take_answered(input.leg, notes, summary),
            (Input::LegEnded(input), _) => {
                if notes.grace_over.contains(&input.leg) {
                    // Settling counted it as lost before the report was read.
                    notes.lost_by_input.insert(input.leg);
                }
                self.lose_settled(input.leg, notes);
            }
            (Input::Resync(input), _) => {
                let missing: Vec<LegId> = self.legs.keys().filter(|leg| !input.legs.contains(leg)).copied().collect();
                for leg in missing {
                    // One that settling ended before waits for its dial no more.
                    if self.waits_for_its_dial(leg) && !notes.overdue_legs.contains(&leg) {
                        notes.undialled.extend(Some(leg).filter(|leg| notes.untold.contains(leg)));
                        self.not_dialled(leg)
                    } else {
                        self.lose_settled(leg, notes)
                    }
                    notes.lost_by_input.insert(leg);
                }
                self.handed_out.retain(|_, effect| !effect.action.is_at_most_once());
            }
            (Input::LegProgress(input), _) => {
                if let Some(leg) = self.legs.get_mut(&input.leg) {
                    leg.progressed |= !notes.overdue_legs.contains(&input.leg);
                }
            }
            (Input::EffectFailed(input), _) => {
                let dialled = match self.handed_out.get(&input.sequence).map(|effect| &effect.action) {
                    Some(Action::Dial(dial)) => Some(dial.leg),
                    Some(_) | None => None,
                };
                // A leg that settling ends before waits for its dial no more.
                let settled = |leg: &LegId| notes.overdue_legs.contains(leg);
                if let Some(leg) = dialled.filter(|leg| self.waits_for_its_dial(*leg) && !settled(leg)) {
                    self.leave_by_settling(leg, notes);
                    self.end_undialled(leg);
                    notes.doubted = Some(leg);
                }
            }
            (Input::MessageReported(input), _) if self.voice_messages.is_push(input.message) => {}
            (Input::MessageReported(input), _) => return messages::taken(self, input, reply),
            (Input::PushPage(_) | Input::PlayFinished(_) | Input::ConfirmClock(_), _) => {}
            (Input::SetPolicy(input), _) => {
                self.take_ends_that_were_judged();
                self.take_policy(&input.policy);
                self.voice_messages.note_rules(&self.policy.clone());
                self.law.notes_rules(&self.policy);
                self.least_rest_s = self.least_rest_s.min(self.policy.number_rest_s);
                self.least_retention_s = self.least_retention_s.min(self.policy.retention_s);
            }
            (Input::ImportNumbers(input), _) => self.pool.extend(&input.numbers),
            (Input::Freeze(input), Reply::Done) => {
                self.law.freeze(input.scope);
                law::take_back(self, notes);
            }
            (Input::Thaw(input), Reply::Done) => self.law.thaw(input.scope),
            (Input::ImportDoNotCall(input), Reply::DoNotCallSet(reply)) => {
                self.law.list(input, reply)?;
                law::take_back(self, notes);
            }
            (
                Input::RequestCode(_)
                | Input::RotateKey(_)
                | Input::SetCalendar(_)
                | Input::Search(_)
                | Input::RequestPage(_)
                // What these say is taken once everything that they emit was read.
                | Input::CallFailed(_)
                | Input::CallDiverted(_)
                | Input::Recorded(_)
                | Input::RecordFailed(_)
                | Input::Transcribed(_)
                | Input::OpenMessage(_)
                | Input::RequestCallBack(_),
                _,
            ) => {}
            // An input with another reply than its own kind is accepted without having done anything.
            (
                Input::RegisterMerchant(_)
                | Input::PublishPage(_)
                | Input::ChooseMode(_)
                | Input::Book(_)
                | Input::RequestCall(_)
                | Input::Cancel(_)
                | Input::WithdrawPage(_)
                | Input::Block(_)
                | Input::Freeze(_)
                | Input::Thaw(_)
                | Input::ImportDoNotCall(_)
                | Input::Unblock(_)
                | Input::SetProfile(_)
                | Input::ForgetMe(_)
                | Input::Amend(_)
                | Input::Decline(_)
                | Input::Acknowledge(_)
                | Input::ChooseSlot(_)
                | Input::MerchantReady(_),
                _,
            ) => {}
        }
        Ok(())
    }

    /// An `effect_failed` of an `answer`, which the platform takes after what was due: a leg that settling ended is no longer waiting for it.
    pub(in crate::checker) fn take_late_input(&mut self, step: &Step, notes: &mut Notes) {
        let Doing::Input(Input::EffectFailed(input)) = &step.doing else { return };
        if !matches!(step.reply, Some(Ok(_))) {
            return;
        }
        if let Some(Action::Answer(answer)) = self.handed_out.get(&input.sequence).map(|effect| &effect.action) {
            let waits = self.legs.get(&answer.leg).filter(|leg| leg.state == LegState::Ringing);
            if let Some(call) = waits.and_then(|leg| leg.call) {
                let why = "the inbound leg could not be answered";
                notes.duties.push(Overdue { call, part: None, promise: Promise::P9, why });
            }
        }
    }

    /// Whether nothing was heard of a leg, and its dial was neither confirmed nor voided.
    pub(in crate::checker) fn waits_for_its_dial(&self, id: LegId) -> bool {
        // Ending a leg voids its dial.
        let is_untold = self.legs.get(&id).is_some_and(|leg| leg.state == LegState::Ringing && !leg.inbound && !leg.progressed);
        is_untold && self.handed_out.values().any(|effect| matches!(&effect.action, Action::Dial(dial) if dial.leg == id))
    }

    /// Before a new policy holds: a window that ended under the old one may have been judged by it, and is judged once.
    fn take_ends_that_were_judged(&mut self) {
        if self.policy.on_window_close != OnWindowClose::Continue {
            return;
        }
        let (now, reservations) = (self.now, &self.reservations);
        let is_over = |part: &Part| reservations.get(&part.reservation).is_some_and(|known| now >= known.window.end());
        for part in self.calls.values_mut().flat_map(|call| call.parts.iter_mut()).filter(|part| is_over(part)) {
            part.may_run_on = true;
        }
    }

    fn take_policy(&mut self, policy: &Policy) {
        let silence = self.mode_of_silence();
        self.policy = policy.clone();
        if self.mode_of_silence() != silence {
            let now = self.now;
            let runs = |one: &&mut Reservation| one.verified && one.chosen.is_none() && now >= one.window.start();
            self.reservations.values_mut().filter(runs).for_each(|one| one.is_mode_unsure = true);
        }
    }

    fn take_merchant(&mut self, input: &RegisterMerchant) -> Judged {
        for line in &input.lines {
            let live = self.live_calls_on(line.number, None);
            if live > line.channels {
                return Err((Promise::P8, format!("a line with {live} live calls is given {} channels", line.channels)));
            }
        }
        let is_users = |number: PhoneNumber| {
            // Whatever may have closed it early is no ground for blame.
            let is_waiting = |known: &Reservation| {
                let tries = known.attempts + known.merchant_failures + known.conversations;
                known.cancelled_at.is_none()
                    && known.declined_at.is_none()
                    && !known.told_missed
                    && tries == 0
                    && self.now < known.window.end()
            };
            let would_ring = |known: &Reservation| known.number == number || known.waits_for(number);
            self.reservations.values().any(|known| would_ring(known) && is_waiting(known))
        };
        if input.lines.iter().any(|line| is_users(line.number)) {
            return Err((Promise::P8, "a user's phone becomes a merchant's line".to_owned()));
        }
        let texts = [Some(&input.name), input.contact.as_ref(), input.address.as_ref(), input.description.as_ref()];
        let texts = texts.into_iter().flatten().cloned().collect();
        let preset = self.merchants.get(&input.merchant).and_then(|known| known.preset);
        self.merchants.insert(
            input.merchant,
            Merchant {
                name: input.name.clone(),
                chatbot: input.chatbot.clone(),
                lines: input.lines.clone(),
                texts,
                preset,
                zone: input.zone,
            },
        );
        Ok(())
    }

    fn take_book(&mut self, input: &Book, id: ReservationId) -> Judged {
        blocking::booking(self, input)?;
        let input = &self.profiles.recalled(input, &self.policy, self.now);
        let incomplete = |what: &str| (Promise::P12, format!("reservation {id} {what}; a trace begins with an empty platform"));
        let page = self.pages.get(&input.page).ok_or_else(|| incomplete("stands on a page that was never published"))?;
        if page.withdrawn {
            return Err((Promise::P1, format!("reservation {id} is booked on a page that was withdrawn")));
        }
        if input.share && page.group_size < 2 {
            return Err((Promise::P5, format!("reservation {id} shares a call that its page does not offer")));
        }
        let merchant = self.merchants.get(&page.merchant).ok_or_else(|| incomplete("is with a merchant who never registered"))?;
        let own = input.user.number();
        let number = input.contact.or(own).ok_or_else(|| incomplete("has no phone that could ring"))?;
        let named = page.line.filter(|line| merchant.lines.iter().any(|own| own.number == *line));
        let line = named.or_else(|| merchant.lines.first().map(|line| line.number)).ok_or_else(|| incomplete("has no line"))?;
        let chosen = match self.policy.mode_chosen_by {
            ModeChooser::Platform(mode) => Some(mode),
            ModeChooser::Merchant => merchant.preset,
        };
        let verified = own == Some(number);
        // The window is stored between the first and the last of the hours in which phones may ring.
        let zone = input.zone.unwrap_or(merchant.zone);
        let hours = CallableHours::of(&self.policy, number, zone, input.window);
        let Some(window) = hours.trimmed().filter(|window| window.end() > self.now) else {
            return Err((Promise::P14, format!("reservation {id} is taken for hours in which no phone may ring")));
        };
        // Inside the window it opens at once.
        let opens = verified && self.now >= window.start();
        let chosen = chosen.or_else(|| opens.then(|| self.mode_of_silence()));
        let reservation = Reservation {
            merchant: page.merchant,
            sender: input.user.clone(),
            way: results::way_of(input),
            mailbox: input.email.clone(),
            number,
            line,
            window,
            zone,
            revision: 1,
            verified,
            refused: false,
            chosen,
            is_mode_unsure: false,
            cancelled_at: None,
            attempts: 0,
            merchant_failures: 0,
            platform_failures: 0,
            conversations: 0,
            eligible_at: self.now.max(window.start()),
            told_missed: false,
            told_cancelled: false,
            virtual_number: None,
            page: input.page,
            offering: input.offering,
            group_size: if input.share { page.group_size } else { 1 },
            group: None,
            told_of: None,
            declined_at: None,
            told_declined: false,
            unacknowledged: verified && self.results_await(),
            rested: None,
            waiting: None,
            last_revision: 1,
            slot: None,
            slot_before: None,
            slot_over: None,
            used_up: false,
            remembered: input.remember.unwrap_or(self.policy.profiles_remembered),
            name: input.name.clone(),
            email: input.email.clone(),
            forgotten: false,
        };
        if verified {
            self.profiles.remember(&reservation, &self.policy, self.now);
        }
        for number in [Some(number), own].into_iter().flatten() {
            self.numbers.entry(number).or_default().insert(input.user.clone());
        }
        if let Some(name) = &input.name {
            self.names.entry(name.clone()).or_default().insert(input.user.clone());
        }
        self.media.take(id, 1, Some(&input.attachments))?;
        match self.reservations.insert(id, reservation) {
            None => Ok(()),
            Some(_) => Err((Promise::P12, format!("the number of reservation {id} is given a second time"))),
        }
    }

    fn take_mode(&mut self, id: ReservationId, mode: CallMode, notes: &Notes) -> Judged {
        let in_force = self.reservations.get(&id).and_then(|reservation| self.mode_in_force(reservation));
        let living = self.calls.iter().find(|(call, c)| c.has(id) && !notes.overdue.iter().any(|overdue| overdue.call == **call));
        let is_unsure = self.reservations.get(&id).is_some_and(|reservation| reservation.is_mode_unsure);
        if living.is_some() && in_force != Some(mode) && !is_unsure {
            return Err((Promise::P6, format!("the mode of reservation {id} changed while a call of it lives")));
        }
        if let Some(reservation) = self.reservations.get_mut(&id) {
            if in_force != Some(mode) {
                // An open one is queued again now; one whose window has not begun will be when it does. A slot is dropped.
                match reservation.replace_slot(None, self.now) {
                    None => reservation.eligible_at = reservation.eligible_at.max(self.now),
                    Some(_) => reservation.eligible_at = reservation.waits_from(self.now),
                }
            }
            reservation.chosen = Some(mode);
            reservation.is_mode_unsure = false;
        }
        Ok(())
    }

    fn take_leg(&mut self, id: LegId, leg: Leg) -> Judged {
        let known = self.was_leg(id) || self.legs.insert(id, leg).is_some();
        if known { Err((Promise::P12, format!("the number of leg {id} is given a second time"))) } else { Ok(()) }
    }

    fn take_allow(&mut self, request: RequestCall, allow: Allow) -> Judged {
        let line = request.line;
        let parts = match (self.asked_for(request), request.target) {
            // Who they are, the records say.
            (_, CallTarget::Group(_)) => Vec::new(),
            (Some(reservation), _) => vec![Part::new(reservation)],
            (None, _) => return Err((Promise::P14, format!("the call of leg {} is allowed, and is for nobody", allow.leg))),
        };
        let call = Call {
            parts,
            mode: CallMode::MerchantCalls,
            line,
            merchant_leg: allow.leg,
            answer_until: None,
            talks_until: None,
            ended: false,
        };
        self.calls.insert(allow.call, call);
        self.take_leg(allow.leg, inbound(Some(allow.call), line))
    }

    /// A record says who is on a call of a merchant's line.
    pub(in crate::checker) fn take_users(&mut self, call: CallId, users: &[ReservationId]) {
        if let Some(call) = self.calls.get_mut(&call) {
            call.parts = users.iter().map(|user| Part::new(*user)).collect();
        }
    }

    /// The users of a call of the platform whom it did not dial when the merchant answered are out of it: the gate denied them.
    pub(in crate::checker) fn take_answered_merchants(&mut self) {
        let mut out = Vec::new();
        for (id, call) in self.calls.iter().filter(|(_, call)| call.mode == CallMode::PlatformCalls && !call.ended) {
            let merchant = self.legs.get(&call.merchant_leg).map(|leg| leg.state);
            if matches!(merchant, Some(LegState::Answered | LegState::Joined)) {
                out.extend(call.parts.iter().filter(|part| part.leg.is_none() && !part.over).map(|part| (*id, part.reservation)));
            }
        }
        for (call, user) in out {
            self.end_part(call, user, First::Released(ReleaseCause::UserUnreachable));
        }
    }

    /// `users`: who shares the call that begins with it.
    pub(in crate::checker) fn take_dial(&mut self, dial: &Dial, users: &[ReservationId]) -> Judged {
        if dial.party == Party::Merchant {
            let call = Call {
                parts: users.iter().map(|user| Part::new(*user)).collect(),
                mode: CallMode::PlatformCalls,
                line: dial.to,
                merchant_leg: dial.leg,
                answer_until: None,
                talks_until: None,
                ended: false,
            };
            self.calls.insert(dial.call, call);
        } else if let Some(call) = self.calls.get_mut(&dial.call) {
            let own = call.parts.iter_mut().filter(|part| part.reservation == dial.reason.reservation);
            own.for_each(|part| part.leg = Some(dial.leg));
        }
        let mut ring_until = self.now.saturating_add_s(u64::from(self.policy.ring_timeout_s));
        if dial.party == Party::User {
            self.law.ring(&self.policy, dial.to, self.now);
            // It ends with the hours, as a ring time does. The window's end is judged apart.
            if let Some(reservation) = self.reservations.get(&dial.reason.reservation) {
                let end = law::hours(self, reservation).end_from(self.now);
                ring_until = if end < reservation.span().end() { ring_until.min(end) } else { ring_until };
            }
        }
        let leg = Leg {
            call: Some(dial.call),
            party: dial.party,
            inbound: false,
            number: dial.to,
            ring_until: Some(ring_until),
            state: LegState::Ringing,
            progressed: false,
            answered: false,
            late: None,
        };
        self.take_leg(dial.leg, leg)
    }

    pub(in crate::checker) fn take_answer(&mut self, leg: LegId) {
        let until = self.now.saturating_add_s(u64::from(self.policy.answer_timeout_s));
        let call = self.legs.get(&leg).and_then(|leg| leg.call);
        if let Some(call) = call.and_then(|call| self.calls.get_mut(&call)) {
            call.answer_until = Some(until);
        }
    }

    fn take_cancel(&mut self, id: ReservationId, notes: &Notes, summary: &mut Summary) {
        if let Some(reservation) = self.reservations.get_mut(&id) {
            reservation.cancelled_at.get_or_insert(self.now);
        }
        self.withdraw_part(id, ReleaseCause::Withdrawn, notes, summary);
    }

    /// What permitted a reservation's part in a call is taken back. Says whether it was in one that this step has to end for that.
    pub(in crate::checker) fn withdraw_part(
        &mut self,
        id: ReservationId,
        cause: ReleaseCause,
        notes: &Notes,
        summary: &mut Summary,
    ) -> bool {
        let mut is_due = false;
        for duty in notes.duties.iter().filter(|duty| duty.part.is_none_or(|part| part == id)) {
            let Some(call) = self.calls.get_mut(&duty.call).filter(|call| call.has(id)) else { continue };
            let Some(part) = call.parts.iter_mut().find(|part| part.reservation == id) else { continue };
            part.withdrawn = true;
            is_due = true;
            let user = part.leg.and_then(|leg| self.legs.get(&leg));
            summary.withdrawn_while_ringing += usize::from(user.is_some_and(|leg| leg.state == LegState::Ringing));
            self.end_unseen(duty.call, id, cause);
        }
        is_due
    }

    /// Nobody was rung for him yet, and the merchant is rung for others too: no effect shows that his part is over.
    pub(in crate::checker) fn end_unseen(&mut self, call: CallId, id: ReservationId, cause: ReleaseCause) {
        let Some(known) = self.calls.get(&call) else { return };
        let others = known.parts.iter().any(|other| other.reservation != id && !other.over);
        if known.part(id).is_some_and(|part| part.leg.is_none()) && others {
            self.end_part(call, id, First::Released(cause));
        }
    }

    fn take_answered(&mut self, id: LegId, notes: &Notes, summary: &mut Summary) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let of_call = |overdue: &&Overdue| Some(overdue.call) == leg.call && notes.overdue_legs.contains(&id);
        let overdue = notes.overdue.iter().find(of_call);
        let repeats = leg.answered;
        leg.answered = true;
        match (leg.state, overdue) {
            (LegState::Ringing, Some(overdue)) => {
                leg.late = Some((overdue.promise, overdue.why));
                summary.late_answers += 1;
            }
            (LegState::Ringing, None) => leg.state = LegState::Answered,
            (LegState::Releasing { .. }, _) => summary.late_answers += usize::from(!repeats),
            (LegState::Answered | LegState::Joined | LegState::Gone, _) => {}
        }
    }

    pub(in crate::checker) fn take_join(&mut self, join: &Join, summary: &mut Summary) {
        let longest = self.now.saturating_add_s(u64::from(self.policy.conversation_max_s));
        let Some(leg) = self.legs.get_mut(&join.leg) else { return };
        leg.state = LegState::Joined;
        let party = leg.party;
        let Some(call) = self.calls.get_mut(&join.bridge) else { return };
        if party == Party::User {
            call.talks_until.get_or_insert(longest);
            call.parts.iter_mut().filter(|part| part.leg == Some(join.leg)).for_each(|part| part.joined = true);
            match call.mode {
                CallMode::MerchantCalls => summary.conversations_merchant_calls += 1,
                CallMode::PlatformCalls => summary.conversations_platform_calls += 1,
            }
        }
    }

    pub(in crate::checker) fn take_send(&mut self, send: &Send) {
        match &send.content {
            Content::Missed(notice) => {
                if let Some(reservation) = self.reservations.get_mut(&notice.reservation) {
                    reservation.told_missed |= reservation.sender == send.to;
                }
            }
            Content::Cancelled(notice) => {
                if let Some(reservation) = self.reservations.get_mut(&notice.reservation) {
                    reservation.told_cancelled |= reservation.sender == send.to;
                }
            }
            Content::Reservation(notice) | Content::Amended(notice) => {
                if let Some(reservation) = self.reservations.get_mut(&notice.reservation) {
                    // While terms wait that change it he is in the group that he was in.
                    let is_later = reservation.waiting.is_some() && notice.group.is_none();
                    if !is_later {
                        reservation.group = notice.group;
                        reservation.told_of = Some((notice.offering, notice.window, reservation.terms().group_size));
                    }
                }
            }
            Content::Declined(notice) => {
                if let Some(reservation) = self.reservations.get_mut(&notice.reservation) {
                    reservation.told_declined |= reservation.sender == send.to;
                }
            }
            Content::CancelledForMerchant(_)
            | Content::MissedForMerchant(_)
            | Content::BookingPage(_)
            | Content::Result(_)
            | Content::ContactUnconfirmed(_)
            | Content::ModeOptions(_)
            | Content::SearchEntry(_)
            | Content::SearchResults(_)
            | Content::Challenge(_)
            | Content::BindingChallenge(_)
            | Content::BindingChanged(_)
            | Content::VoiceMessage(_)
            | Content::VoiceMessageUndelivered(_)
            | Content::CallBackRequested(_)
            | Content::VoiceMessageUndeliveredForMerchant(_)
            | Content::CallBackRequestedForMerchant(_)
            | Content::ContactNotConfirmed(_)
            | Content::OnHold(_)
            | Content::ManagePage(_)
            | Content::Reminder(_) => {}
            Content::SlotOver(notice) => self.leave_by_slot(notice.reservation),
        }
    }

    pub(in crate::checker) fn take_archive(&mut self, archive: &Archive) {
        let id = archive.reservation;
        if let Some(left) = self.reservations.remove(&id)
            && let Some(number) = left.virtual_number
            && let Some(meaning) = self.meanings.get_mut(&(left.merchant, number))
        {
            meaning.leave(id);
        }
        self.holders.forget(id);
        self.messages.leave(id);
    }

    /// A leg is hung up or rejected.
    pub(in crate::checker) fn release(&mut self, id: LegId, cause: ReleaseCause, state: LegState) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if !matches!(leg.state, LegState::Releasing { .. } | LegState::Gone) {
            leg.state = state;
        }
        let call = leg.call;
        self.end(call, id, First::Released(cause));
        self.forget_gone(id);
    }

    /// His slot is over while a merchant is rung for him and for others: his part ends, and nothing is hung up for it.
    pub(in crate::checker) fn leave_by_slot(&mut self, user: ReservationId) {
        let waits = |call: &Call| call.has(user) && call.part(user).is_some_and(|part| part.leg.is_none());
        let of = self.calls.iter().find(|(_, call)| call.parts.len() > 1 && waits(call)).map(|(id, _)| *id);
        if let Some(call) = of {
            self.end_part(call, user, First::Released(ReleaseCause::WindowEnded));
        }
    }

    /// A merchant is rung for several, and the window or the slot of one of them is over: no effect shows that his part ends, when there was a
    /// conversation before. An input settles the parts of whom it is about, and an `advance` all.
    pub(in crate::checker) fn leave_unseen(
        &mut self,
        overdue: &[Overdue],
        is_settled: impl Fn(&Reservation, ReservationId) -> bool,
    ) {
        for of in overdue {
            let Some(user) = of.part.filter(|user| self.reservations.get(user).is_some_and(|known| is_settled(known, *user)))
            else {
                continue;
            };
            let Some(call) = self.calls.get(&of.call).filter(|call| call.part(user).is_some_and(|part| part.leg.is_none()))
            else {
                continue;
            };
            let is_due = |part: &Part| {
                part.over
                    || overdue.iter().any(|other| other.call == of.call && other.part.is_none_or(|due| due == part.reservation))
            };
            if !call.parts.iter().all(is_due) {
                self.end_part(of.call, user, First::Released(ReleaseCause::WindowEnded));
            }
        }
    }

    /// Settling comes before what is reported of a leg: whose slot is over leaves a call that the merchant is rung for, and others may be left. Whether they are.
    fn leave_by_settling(&mut self, leg: LegId, notes: &Notes) -> bool {
        let call = self.legs.get(&leg).and_then(|leg| leg.call);
        let is_shared = call.and_then(|call| self.calls.get(&call)).is_some_and(|call| call.parts.len() > 1);
        let of_it =
            notes.overdue.iter().filter(|overdue| is_shared && Some(overdue.call) == call && overdue.why == endings::SLOT_ENDED);
        let users: Vec<ReservationId> = of_it.filter_map(|overdue| overdue.part).collect();
        for user in &users {
            self.leave_by_slot(*user);
        }
        let lives = |call: CallId| self.calls.get(&call).is_some_and(|call| call.parts.iter().any(|part| !part.over));
        !users.is_empty() && call.is_some_and(lives)
    }

    /// A leg is reported gone, and settling may have ended its call before: the end of its slot is nobody's failure.
    fn lose_settled(&mut self, id: LegId, notes: &Notes) {
        let call = self.legs.get(&id).and_then(|leg| leg.call);
        if self.leave_by_settling(id, notes) {
            self.lose(id);
            return;
        }
        if notes.overdue.iter().any(|overdue| Some(overdue.call) == call && overdue.why == endings::SLOT_ENDED) {
            self.release(id, ReleaseCause::WindowEnded, LegState::Gone);
        } else {
            self.lose(id);
        }
    }

    /// A leg is gone without the platform's doing.
    pub(in crate::checker) fn lose(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.state = LegState::Gone;
        let (call, party) = (leg.call, leg.party);
        self.end(call, id, First::Gone(party));
        self.forget_gone(id);
    }

    /// A leg is gone, and was never there: its dial was not carried out.
    fn not_dialled(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.state = LegState::Gone;
        self.end_undialled(id);
        self.forget_gone(id);
    }

    /// The call of a leg ends, since its dial was not carried out. Whether the leg is there nobody knows.
    fn end_undialled(&mut self, id: LegId) {
        let Some(leg) = self.legs.get(&id) else { return };
        let (call, party) = (leg.call, leg.party);
        self.end(call, id, First::Undialled(party));
    }

    /// A user's part ends with his leg, and everybody's with the merchant's. The bounds count as they are then: rules that are set later take
    /// nothing away.
    fn end(&mut self, id: Option<CallId>, leg: LegId, first: First) {
        let Some((id, call)) = id.and_then(|id| Some((id, self.calls.get(&id)?))) else { return };
        let users: Vec<ReservationId> = match call.part_of_leg(leg) {
            Some(part) => vec![part.reservation],
            None => call.parts.iter().map(|part| part.reservation).collect(),
        };
        for user in users {
            self.end_part(id, user, first);
        }
    }

    /// A user's part in a call ends, the call with the last of them, and his reservation draws the consequence.
    fn end_part(&mut self, id: CallId, user: ReservationId, first: First) {
        let now = self.now;
        let spaced = now.saturating_add_s(u64::from(self.policy.retry_spacing_s));
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(part) = call.parts.iter_mut().find(|part| part.reservation == user) else { return };
        if std::mem::replace(&mut part.over, true) {
            return;
        }
        let part = *part;
        call.ended = call.parts.iter().all(|part| part.over);
        let Some(reservation) = self.reservations.get_mut(&user) else { return };
        let rung = part.leg.is_some();
        let place = reservation.eligible_at;
        let mut rested = spaced;
        match first {
            // Nobody was rung, and his turn is as it was.
            _ if part.barred => rested = place,
            // Who changes the terms while his phone rings has not failed to be reached.
            First::Released(ReleaseCause::Amended) => {}
            _ if part.joined => {
                reservation.conversations += 1;
                rested = now;
            }
            First::Undialled(Party::User) => reservation.platform_failures += 1,
            First::Undialled(_) | First::Gone(_) | First::Released(_) if rung => reservation.attempts += 1,
            First::Undialled(_) => reservation.platform_failures += 1,
            First::Gone(Party::Merchant) | First::Released(ReleaseCause::NoAnswer) => reservation.merchant_failures += 1,
            // Nobody was rung in vain, so nothing has to be spaced.
            First::Gone(Party::User) | First::Released(_) => rested = now,
        }
        reservation.eligible_at = rested;
        reservation.rested = Some(rested);
        // New rules neither open it again nor close it: it is judged when a call ends.
        reservation.used_up = reservation.conversations >= self.policy.conversations_max
            || reservation.attempts >= self.policy.attempts_max
            || reservation.merchant_failures >= self.policy.merchant_attempts_max
            || reservation.platform_failures >= self.policy.platform_attempts_max;
        self.set_waiting(user);
    }

    /// Gone legs are kept by number only, and calls whose legs are all gone not at all.
    fn forget_gone(&mut self, id: LegId) {
        let Some(leg) = self.legs.get(&id) else { return };
        if leg.state != LegState::Gone {
            return;
        }
        let call = leg.call;
        self.legs.remove(&id);
        self.gone_legs.insert(id);
        if let Some(call) = call
            && self.legs.values().all(|leg| leg.call != Some(call))
        {
            self.calls.remove(&call);
        }
    }
}

const fn inbound(call: Option<CallId>, line: PhoneNumber) -> Leg {
    Leg {
        call,
        party: Party::Merchant,
        inbound: true,
        number: line,
        ring_until: None,
        state: LegState::Ringing,
        progressed: false,
        answered: false,
        late: None,
    }
}
