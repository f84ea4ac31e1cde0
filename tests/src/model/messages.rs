//! Messages: what becomes of them, and the next way of one that failed.

use ringfence::values::effect::{Action, AuditRecord, MerchantContent, Send, Undelivered, UserContent};
use ringfence::values::id::{MessageId, ReservationId};
use ringfence::values::input::{MessageReported, MessageStatus};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::FallbackChannel;
use ringfence::values::refusal::Refusal;
use ringfence::values::reply::{Reply, ReservationState};
use ringfence::values::text::MaskedText;
use ringfence::values::time::Timestamp;

use super::managing::way_of_results;
use super::reservations::{Who, same_person};
use super::{Model, Reservation};

/// A message that was sent and not reported on.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) sequence: u64,
    at: Timestamp,
    id: MessageId,
    pub(super) about: Option<ReservationId>,
    /// To a user, unless he was forgotten: who he is, what it says, and which ways are left.
    to_user: Option<(Who, UserContent, Option<PhoneNumber>, Option<Address>)>,
}

impl Model {
    pub(super) fn tell_user(&mut self, to: Address, content: UserContent) {
        let id = self.next_message();
        let (phone, mailbox) = self.other_ways(&to, &content);
        let who = self.receiver(&to, &content);
        self.tell_by(id, to, who, content, phone, mailbox);
    }

    /// Whose message it is: the sender's, if it comes to him or to where his results go; else whoever is behind the address.
    fn receiver(&self, to: &Address, content: &UserContent) -> Who {
        let kept = content.reservation().and_then(|id| self.reservations.get(&id));
        let senders = kept.filter(|kept| same_person(&kept.user, to) || way_of_results(kept) == *to);
        Who::of(senders.map_or(to, |kept| &kept.user)).expect("a user is somebody")
    }

    /// Nothing of what was sent to somebody is sent again. How much could have been.
    pub(super) fn send_nothing_again(&mut self, who: &Who) -> u32 {
        self.forget_messages();
        let mut count = 0;
        for sent in &mut self.sent {
            if let Some((_, _, phone, mailbox)) = sent.to_user.take_if(|(receiver, ..)| receiver == who) {
                count += u32::from(phone.is_some() || mailbox.is_some());
            }
        }
        count
    }

    fn tell_by(
        &mut self,
        id: MessageId,
        to: Address,
        who: Who,
        content: UserContent,
        phone: Option<PhoneNumber>,
        mailbox: Option<Address>,
    ) {
        let about = content.reservation();
        let sequence = self.emit(Action::Send(Send::to_user(id, to, content.clone())));
        self.keep(Sent { sequence, at: self.latest, id, about, to_user: Some((who, content, phone, mailbox)) });
    }

    pub(super) fn tell_chatbot(&mut self, chatbot: Address, content: MerchantContent) {
        let id = self.next_message();
        let about = content.reservation();
        let sequence = self.emit(Action::Send(Send::to_merchant(id, chatbot, content)));
        self.keep(Sent { sequence, at: self.latest, id, about, to_user: None });
    }

    fn keep(&mut self, sent: Sent) {
        self.forget_messages();
        self.sent.push(sent);
        let too_many = self.sent.len().saturating_sub(self.policy.messages_max as usize);
        self.sent.drain(..too_many);
    }

    /// Those that are too old to be reported on, by the rules of now.
    pub(super) fn forget_messages(&mut self) {
        let (now, wait) = (self.latest, self.policy.fallback_wait_s);
        self.sent.retain(|sent| now < sent.at.saturating_add_s(wait.into()));
    }

    fn other_ways(&self, to: &Address, content: &UserContent) -> (Option<PhoneNumber>, Option<Address>) {
        let kept = content.reservation().and_then(|id| self.reservations.get(&id));
        let senders = kept.filter(|kept| same_person(&kept.user, to) || way_of_results(kept) == *to);
        let (phone, mailbox) = match senders {
            None => (to.number(), None),
            Some(kept) => {
                let own = matches!(kept.user, Address::Email(_)).then(|| kept.user.clone());
                (kept.user.number(), kept.email.clone().or(own))
            }
        };
        (phone.filter(|_| !matches!(to, Address::Sms(_))), mailbox.filter(|_| !matches!(to, Address::Email(_))))
    }

    /// The messages that may be reported on, by the sequence numbers of their effects, and whether another way is left.
    #[must_use]
    pub fn reportable(&self) -> Vec<(u64, bool)> {
        let is_left =
            |sent: &Sent| sent.to_user.as_ref().is_some_and(|(_, _, phone, mailbox)| phone.is_some() || mailbox.is_some());
        self.kept_messages().map(|sent| (sent.sequence, is_left(sent))).collect()
    }

    fn kept_messages(&self) -> impl Iterator<Item = &Sent> {
        let (now, wait) = (self.latest, self.policy.fallback_wait_s);
        self.sent.iter().filter(move |sent| now < sent.at.saturating_add_s(wait.into()))
    }

    pub(super) fn reported(&self, input: &MessageReported) -> Option<&Sent> {
        self.kept_messages().find(|sent| sent.sequence == input.message)
    }

    pub(super) fn message_reported(&mut self, input: &MessageReported) -> Result<Reply, Refusal> {
        if let MessageStatus::Failed { code } = &input.status {
            self.check_text(code)?;
        }
        if !(1..=self.effects_given).contains(&input.message) {
            return Err(Refusal::NotEmitted { sequence: input.message, last: self.effects_given });
        }
        if let Some(reply) = self.voice_message_reported(input) {
            return Ok(reply);
        }
        let Some(sent) = self.reported(input).cloned() else { return Ok(Reply::NoOp) };
        let MessageStatus::Failed { code } = &input.status else {
            self.sent.retain(|kept| kept.sequence != input.message);
            return Ok(Reply::Done);
        };
        self.check_outbox(1)?;
        let next = self.next_way(&sent)?;
        self.sent.retain(|kept| kept.sequence != input.message);
        match next {
            Some((Address::Email(mailbox), who, content, phone, _)) => {
                self.tell_by(sent.id, Address::Email(mailbox), who, content, phone, None);
            }
            Some((to, who, content, _, mailbox)) => self.tell_by(sent.id, to, who, content, None, mailbox),
            None => {
                let (message, reservation) = (sent.sequence, sent.about);
                self.audit(AuditRecord::Undelivered(Undelivered { message, reservation, code: MaskedText::new(code) }));
            }
        }
        Ok(Reply::Done)
    }

    #[allow(clippy::type_complexity)]
    fn next_way(
        &self,
        sent: &Sent,
    ) -> Result<Option<(Address, Who, UserContent, Option<PhoneNumber>, Option<Address>)>, Refusal> {
        let Some((who, content, phone, mailbox)) = sent.to_user.clone() else { return Ok(None) };
        let mut ways = self.policy.fallback.iter().filter_map(|channel| match channel {
            FallbackChannel::Sms => phone.map(Address::Sms),
            FallbackChannel::Email => mailbox.clone(),
        });
        let Some(to) = ways.next() else { return Ok(None) };
        if !self.still_holds(&content) {
            return Ok(None);
        }
        let (merchant, content) = if let UserContent::BookingPage(page) = content {
            (Some(page.merchant), UserContent::BookingPage(self.page_to_send(page.page)?))
        } else {
            (sent.about.and_then(|id| self.reservations.get(&id)).map(|kept| kept.merchant), content)
        };
        if merchant.is_some_and(|merchant| self.has_blocked(&to, merchant) || self.blocks_of_person(&who, merchant)) {
            return Ok(None);
        }
        Ok(Some((to, who, content, phone, mailbox)))
    }

    /// Whether what was said is still so.
    fn still_holds(&self, content: &UserContent) -> bool {
        let kept = content.reservation().and_then(|id| Some((id, self.reservations.get(&id)?)));
        let lives = |kept: &Reservation| kept.state != ReservationState::Closed && !kept.cancel_pending && !kept.decline_pending;
        let last = |id: ReservationId, kept: &Reservation| kept.waiting.clone().unwrap_or_else(|| self.terms(id));
        match (content, kept) {
            (UserContent::Result(result) | UserContent::Reminder(result), Some((id, kept))) => {
                let last = last(id, kept);
                let in_time = matches!(content, UserContent::Result(_)) || result.window.start() > self.latest;
                lives(kept) && last.agreed && last.revision == result.revision && in_time
            }
            (UserContent::ContactUnconfirmed(_), Some((id, kept))) => lives(kept) && !last(id, kept).agreed,
            (UserContent::ManagePage(page), Some((id, kept))) => {
                let shown = page.waiting.as_ref().unwrap_or(&page.terms).revision;
                kept.state == page.state && last(id, kept).revision == shown
            }
            (
                UserContent::Result(_)
                | UserContent::Reminder(_)
                | UserContent::ContactUnconfirmed(_)
                | UserContent::ManagePage(_),
                None,
            ) => false,
            (UserContent::BookingPage(page), _) => {
                self.pages.get(&page.page).is_some_and(|now| now.version == page.version && !now.withdrawn)
            }
            // There is no other way to the phone whose holder was asked.
            (UserContent::Challenge(_) | UserContent::BindingChallenge(_) | UserContent::BindingChanged(_), _) => false,
            (UserContent::VoiceMessage(_) | UserContent::VoiceMessageUndelivered(_) | UserContent::CallBackRequested(_), _) => {
                unreachable!("no report on these is waited for here")
            }
            (
                UserContent::Cancelled(_)
                | UserContent::Missed(_)
                | UserContent::ContactNotConfirmed(_)
                | UserContent::SearchEntry(_)
                | UserContent::SearchResults(_)
                | UserContent::Declined(_),
                _,
            ) => true,
        }
    }
}
