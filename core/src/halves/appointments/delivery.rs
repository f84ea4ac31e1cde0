//! What becomes of messages: kept until they are reported on, and sent again by the next way when they fail.

use alloc::boxed::Box;

use super::Appointments;
use super::merchants::{check_outbox, check_text};
use super::records::Reservation;
use crate::books::messages::{Again, Sent, Words};
use crate::halves::Context;
use crate::values::effect::{Action, AuditRecord, BookingResult, Send, Undelivered, UserContent};
use crate::values::id::{MerchantId, MessageId, ReservationId};
use crate::values::input::{MessageReported, MessageStatus};
use crate::values::number::Address;
use crate::values::person::Person;
use crate::values::policy::FallbackChannel;
use crate::values::refusal::Refusal;
use crate::values::reply::Reply;
use crate::values::text::{MaskedText, Text};
use crate::values::time::Timestamp;

impl Appointments {
    /// Sends to a user, and keeps by which other ways he could be reached.
    pub(super) fn send_user(&mut self, cx: &mut Context<'_>, to: Address, content: UserContent) {
        let message = MessageId::new(cx.commons.ids.message.take());
        let again = self.ways_left(&to, &content);
        self.send_kept(cx, message, to, content, again);
    }

    fn send_kept(
        &mut self,
        cx: &mut Context<'_>,
        message: MessageId,
        to: Address,
        content: UserContent,
        again: Option<Box<Again>>,
    ) {
        let reservation = content.reservation();
        cx.emit(Action::Send(Send::to_user(message, to, content)));
        self.keep_sent(cx, message, reservation, again);
    }

    /// The last effect was a message: it may be reported on.
    pub(super) fn keep_sent(
        &mut self,
        cx: &Context<'_>,
        message: MessageId,
        reservation: Option<ReservationId>,
        again: Option<Box<Again>>,
    ) {
        self.messages.forget_old(cx.now, cx.policy.fallback_wait_s);
        let sent = Sent { sequence: cx.outbox.last_sequence(), at: cx.now, message, reservation, again };
        self.messages.put(sent, cx.policy.messages_max);
    }

    /// Forgets the messages whose time is over, by these rules.
    pub(crate) fn forget_messages(&mut self, now: Timestamp, wait_s: u32) {
        self.messages.forget_old(now, wait_s);
    }

    /// By which other ways a message reaches its receiver. What goes to the sender of a reservation may go to his phone and to the mailbox that he named;
    /// anything else to the phone of its address. Each kind of way is taken once.
    fn ways_left(&self, to: &Address, content: &UserContent) -> Option<Box<Again>> {
        let about = content.reservation().and_then(|id| self.reservations.get(id.get()));
        let own = about.filter(|one| one.sender.is_same_holder(to) || one.result_to() == *to);
        let phone = own.map_or(to.number(), |one| one.sender.number());
        let mailbox = own.and_then(|one| one.email.clone().or_else(|| Some(one.sender.clone()).filter(Address::is_mailbox)));
        let (phone, mailbox) = match to {
            Address::Rcs(_) | Address::Mms(_) => (phone, mailbox),
            Address::Sms(_) => (None, mailbox),
            Address::Email(_) => (phone, None),
            Address::Chatbot(_) | Address::WeChat(_) => (None, None),
        };
        let person = Person::of(own.map_or(to, |one| &one.sender)).filter(|_| phone.is_none());
        let words = Words::of(content);
        (phone.is_some() || mailbox.is_some()).then(|| Box::new(Again { person, phone, mailbox, words }))
    }

    /// The gateway says what became of a message.
    pub(super) fn message_reported(&mut self, cx: &mut Context<'_>, input: &MessageReported) -> Result<Reply, Refusal> {
        if let MessageStatus::Failed { code } = &input.status {
            check_text(code, cx.policy)?;
        }
        let (sequence, last) = (input.message, cx.outbox.last_sequence());
        if sequence == 0 || sequence > last {
            return Err(Refusal::NotEmitted { sequence, last });
        }
        let wait_s = cx.policy.fallback_wait_s;
        let Some(reservation) = self.messages.get(sequence, cx.now, wait_s).map(|sent| sent.reservation) else {
            return Ok(Reply::NoOp);
        };
        if let Some(id) = reservation {
            self.settle_reservation(cx, id);
        }
        // What the settling sent may have taken its place.
        let Some(sent) = self.messages.get(sequence, cx.now, wait_s) else { return Ok(Reply::NoOp) };
        match &input.status {
            MessageStatus::Delivered | MessageStatus::Read => {
                self.messages.remove(sequence);
            }
            MessageStatus::Failed { code } => {
                check_outbox(cx, 1)?;
                let next = self.next_way(cx, sent)?;
                if let Some(sent) = self.messages.remove(sequence) {
                    self.send_again(cx, sent, next, code);
                }
            }
        }
        Ok(Reply::Done)
    }

    /// Where a message that failed goes next, and what it says then. Nowhere when nobody needs it any more.
    fn next_way(&self, cx: &Context<'_>, sent: &Sent) -> Result<Option<(FallbackChannel, Address, UserContent)>, Refusal> {
        let Some(again) = sent.again.as_deref() else { return Ok(None) };
        let way = |channel: &FallbackChannel| {
            let to = match channel {
                FallbackChannel::Sms => again.phone.map(Address::Sms),
                FallbackChannel::Email => again.mailbox.clone(),
            };
            to.map(|to| (*channel, to))
        };
        let Some((channel, to)) = cx.policy.fallback.iter().find_map(way) else { return Ok(None) };
        let about = sent.reservation.and_then(|id| self.reservations.get(id.get()));
        let (content, merchant) = match &again.words {
            Words::Content(content) if Self::is_needed(cx.now, content, about) => {
                (content.clone(), about.map(|one| one.merchant))
            }
            Words::Content(_) => return Ok(None),
            Words::Page { page, version } => {
                let Some(page) = self.catalog.pages.get(page).filter(|page| page.version == *version) else { return Ok(None) };
                let Some(content) = self.page_content(cx, page)? else { return Ok(None) };
                (UserContent::BookingPage(content), Some(page.merchant))
            }
        };
        let is_unwanted = merchant.is_some_and(|merchant: MerchantId| {
            // Whoever the message is to, by whichever way: the person may have another address there.
            self.has_blocked(&to, merchant) || again.whose().is_some_and(|person| self.is_blocked(&person, merchant))
        });
        Ok(Some((channel, to, content)).filter(|_| !is_unwanted))
    }

    /// Whether what a message says still holds for its reservation.
    fn is_needed(now: Timestamp, content: &UserContent, about: Option<&Reservation>) -> bool {
        let live = about.filter(|one| one.state.is_live() && one.withdrawal().is_none());
        let is_latest =
            |result: &BookingResult| live.is_some_and(|one| one.terms().is_agreed && one.terms().revision == result.revision);
        match content {
            UserContent::Result(result) => is_latest(result),
            UserContent::Reminder(result) => is_latest(result) && now < result.window.start(),
            UserContent::ManagePage(page) => about.is_some_and(|one| {
                let shown = page.waiting.as_ref().map_or(page.terms.revision, |terms| terms.revision);
                one.state == page.state && one.terms().revision == shown
            }),
            UserContent::ContactUnconfirmed(_) => live.is_some_and(|one| !one.terms().is_agreed),
            // Its short message is the only way to that phone; and of what the other half sends nothing is kept here.
            UserContent::Challenge(_)
            | UserContent::BindingChallenge(_)
            | UserContent::BindingChanged(_)
            | UserContent::VoiceMessage(_)
            | UserContent::VoiceMessageUndelivered(_)
            | UserContent::CallBackRequested(_) => false,
            UserContent::BookingPage(_)
            | UserContent::Cancelled(_)
            | UserContent::Missed(_)
            | UserContent::ContactNotConfirmed(_)
            | UserContent::SearchEntry(_)
            | UserContent::SearchResults(_)
            | UserContent::Declined(_) => true,
        }
    }

    fn send_again(
        &mut self,
        cx: &mut Context<'_>,
        sent: Sent,
        next: Option<(FallbackChannel, Address, UserContent)>,
        code: &Text,
    ) {
        let Some((channel, to, content)) = next else {
            let (message, reservation, code) = (sent.sequence, sent.reservation, MaskedText::new(code));
            cx.audit(AuditRecord::Undelivered(Undelivered { message, reservation, code }));
            return;
        };
        let left = sent.again.and_then(|mut again| {
            match channel {
                FallbackChannel::Sms => again.take_phone(),
                FallbackChannel::Email => again.mailbox = None,
            }
            Some(again).filter(|again| again.phone.is_some() || again.mailbox.is_some())
        });
        self.send_kept(cx, sent.message, to, content, left);
    }
}
