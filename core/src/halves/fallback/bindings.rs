//! Inputs of accounts (seed 003, step 101): who follows, and which numbers are bound to whom. A number is bound by its own word: the code that goes to it.

use alloc::vec::Vec;

use super::Fallback;
use super::clock::Target;
use crate::books::bindings::{Binding, BindingCode};
use crate::books::keyring::Keyring;
use crate::books::recent::{DAY_S, Entry, HOUR_S};
use crate::decisions::codes;
use crate::halves::checks::{at_most, check_code_limits, check_outbox, limit};
use crate::halves::{Context, NumberUse};
use crate::machines::binding::{BindingEvent, BindingState};
use crate::machines::{Machine as _, Step};
use crate::values::account::{AccountId, ConfirmBinding, Follow, RequestBinding, Unbind, Unfollow};
use crate::values::code::Code;
use crate::values::effect::{
    Action, AuditRecord, BindingAsked, BindingChallenge, BindingChange, BindingChanged, BindingEnd, BindingEnded, BindingJudged,
    Send, UserContent,
};
use crate::values::export::BindingExport;
use crate::values::id::{BindingId, ChallengeId, MessageId};
use crate::values::number::{Address, PhoneNumber};
use crate::values::refusal::{Allowed, Bound, Field, Refusal};
use crate::values::reply::{BindingRequested, NumberBound, Reply, WrongCode};
use crate::values::text::Text;
use crate::values::time::Timestamp;

/// What asking emits: an audit and a message.
const ASKING_EFFECTS: usize = 2;
/// What a code emits at most: the audits of the code and of the binding that ends by it, and a message to each of the two accounts.
const CONFIRMING_EFFECTS: usize = 4;

/// A number that is bound is somebody's own phone.
fn check_number(number: PhoneNumber, used_for: NumberUse) -> Result<(), Refusal> {
    let field = Field::Number;
    match used_for {
        _ if !number.is_subscriber() => Err(Refusal::Invalid { field, allowed: Allowed::SubscriberNumber }),
        NumberUse::Line => Err(Refusal::Invalid { field, allowed: Allowed::NotALine }),
        NumberUse::Virtual => Err(Refusal::Invalid { field, allowed: Allowed::NotAVirtualNumber }),
        NumberUse::None => Ok(()),
    }
}

/// The code of a challenge. `None` when its key is not loaded, which the platform does not let happen.
fn code_of(keyring: &Keyring, binding: BindingId, code: &BindingCode) -> Option<Code> {
    let nonce = codes::binding(code.challenge, binding);
    keyring.get(&code.key).map(|key| codes::code(key, &nonce, code.digits))
}

impl Fallback {
    pub(super) fn follow(&mut self, cx: &mut Context<'_>, input: &Follow) -> Result<Reply, Refusal> {
        self.settle(cx, &input.account, None);
        if self.bindings.follows(&input.account) {
            return Ok(Reply::NoOp);
        }
        at_most(Bound::Accounts, self.bindings.followers_len().saturating_add(1), cx.policy.accounts_max)?;
        self.bindings.add_follower(input.account.clone());
        for id in self.ids_of(&input.account) {
            self.apply(id, BindingEvent::Followed, |binding| binding.suspended_until = None);
        }
        self.followed(cx, &input.account);
        Ok(Reply::Done)
    }

    pub(super) fn unfollow(&mut self, cx: &mut Context<'_>, input: &Unfollow) -> Result<Reply, Refusal> {
        self.settle(cx, &input.account, None);
        if !self.bindings.follows(&input.account) {
            return Ok(Reply::NoOp);
        }
        self.stop_following(cx, &input.account);
        Ok(Reply::Done)
    }

    /// An account does not follow any more: it said so, or its network did.
    pub(super) fn stop_following(&mut self, cx: &Context<'_>, account: &AccountId) {
        self.bindings.remove_follower(account);
        let until = cx.now.saturating_add_s(u64::from(cx.policy.unfollowed_max_s));
        for id in self.ids_of(account) {
            self.apply(id, BindingEvent::Unfollowed, |binding| binding.suspended_until = Some(until));
        }
    }

    pub(super) fn request_binding(
        &mut self,
        cx: &mut Context<'_>,
        used_for: NumberUse,
        input: &RequestBinding,
    ) -> Result<Reply, Refusal> {
        let (account, number) = (&input.account, input.number);
        self.settle(cx, account, None);
        cx.commons.forget_codes(cx.now);
        check_number(number, used_for)?;
        if !self.bindings.follows(account) {
            return Err(Refusal::NotFollowing);
        }
        let older = match self.bindings.of_pair(account, number) {
            Some(binding) if binding.holds_number() => return Ok(Reply::NoOp),
            older => older.map(|binding| binding.id),
        };
        let Some(key) = cx.key.cloned() else { return Err(Refusal::NoKey) };
        check_code_limits(cx, number)?;
        limit(Bound::Codes, cx.commons.codes.len(), cx.policy.codes_max)?;
        if older.is_none() {
            let own = self.bindings.of(account).count().saturating_add(1);
            at_most(Bound::BindingsPerAccount, own, cx.policy.bindings_per_account_max)?;
            at_most(Bound::Bindings, self.bindings.len().saturating_add(1), cx.policy.bindings_max)?;
        }
        check_outbox(cx, ASKING_EFFECTS)?;
        if let Some(older) = older {
            self.remove(older);
        }
        Ok(self.ask(cx, account.clone(), number, key))
    }

    /// Asks the holder of a number whether it shall be this account's.
    fn ask(&mut self, cx: &mut Context<'_>, account: AccountId, number: PhoneNumber, key: Text) -> Reply {
        let binding = BindingId::new(self.binding_ids.take());
        let challenge = ChallengeId::new(cx.commons.ids.challenge.take());
        let until = cx.now.saturating_add_s(u64::from(cx.policy.code_life_s));
        let code = BindingCode { challenge, key: key.clone(), digits: cx.policy.code_digits, until, wrong: 0 };
        self.add(Binding {
            id: binding,
            account,
            number,
            state: BindingState::Requested,
            code: Some(code),
            suspended_until: None,
        });
        cx.commons.codes.put(Entry { number, until: cx.now.saturating_add_s(HOUR_S), mark: challenge });
        cx.audit(AuditRecord::BindingAsked(BindingAsked { challenge, binding, key }));
        send(cx, Address::Sms(number), UserContent::BindingChallenge(BindingChallenge { challenge, until }));
        Reply::BindingRequested(BindingRequested { binding, until })
    }

    pub(super) fn confirm_binding(
        &mut self,
        cx: &mut Context<'_>,
        used_for: NumberUse,
        input: &ConfirmBinding,
    ) -> Result<Reply, Refusal> {
        let (account, number) = (&input.account, input.number);
        self.settle(cx, account, Some(number));
        let binding = self.bindings.of_pair(account, number).ok_or(Refusal::NotRequested)?;
        let (id, code) = (binding.id, binding.code.clone().ok_or(Refusal::NotRequested)?);
        check_outbox(cx, CONFIRMING_EFFECTS)?;
        let right = code_of(cx.keyring, id, &code).ok_or_else(|| Refusal::KeyNotLoaded { id: code.key.clone() })?;
        let is_right = right == input.code;
        if is_right {
            check_number(number, used_for)?;
        }
        cx.audit(AuditRecord::BindingJudged(BindingJudged { challenge: code.challenge, binding: id, is_right }));
        if !is_right {
            return Ok(self.wrong_code(cx, id, number, &code));
        }
        if let Some(before) = self.bindings.holder(number).map(|holder| holder.id) {
            self.end(cx, before, BindingEnd::TakenOver);
        }
        self.apply(id, BindingEvent::Confirmed, |binding| binding.code = None);
        self.tell(cx, account.clone(), number, BindingChange::Bound);
        Ok(Reply::Bound(NumberBound { binding: id }))
    }

    /// A wrong code counts; the last one ends the request.
    fn wrong_code(&mut self, cx: &mut Context<'_>, id: BindingId, number: PhoneNumber, code: &BindingCode) -> Reply {
        let wrong = code.wrong.saturating_add(1);
        cx.commons.wrong_codes.put(Entry { number, until: cx.now.saturating_add_s(DAY_S), mark: (code.challenge, wrong) });
        let left = cx.policy.code_tries_max.saturating_sub(wrong);
        if left > 0 {
            self.update(id, |binding| binding.code.iter_mut().for_each(|code| code.wrong = wrong));
        } else if let Some(binding) = self.remove(id) {
            self.tell(cx, binding.account, number, BindingChange::NotConfirmed);
        }
        Reply::WrongCode(WrongCode { left })
    }

    pub(super) fn unbind(&mut self, cx: &mut Context<'_>, input: &Unbind) -> Result<Reply, Refusal> {
        self.settle(cx, &input.account, None);
        let Some(id) = self.bindings.of_pair(&input.account, input.number).map(|binding| binding.id) else {
            return Ok(Reply::NoOp);
        };
        self.end(cx, id, BindingEnd::Unbound);
        Ok(Reply::Done)
    }

    /// The holder of a number is forgotten: whoever has it or asked for it does so no more, and no voice message is kept for him or names him. How many bindings ended
    /// by that, and how many messages it concerned.
    pub(crate) fn forget(&mut self, cx: &mut Context<'_>, number: PhoneNumber) -> (u32, u32) {
        self.settle_number(cx, number);
        let of_it: Vec<BindingId> = self.bindings.of_number(number).map(|binding| binding.id).collect();
        for id in &of_it {
            self.end(cx, *id, BindingEnd::Forgotten);
        }
        let messages = self.forget_messages(cx, number);
        (u32::try_from(of_it.len()).unwrap_or(u32::MAX), messages)
    }

    /// What is held of a number's holder.
    pub(crate) fn export_bindings(&self, number: PhoneNumber) -> impl Iterator<Item = BindingExport> {
        let of_it = self.bindings.of_number(number);
        of_it.map(|binding| BindingExport { binding: binding.id, holds: binding.holds_number(), until: binding.deadline() })
    }

    /// Ends a binding. A request has no effect to be recorded: it bound nothing.
    pub(super) fn end(&mut self, cx: &mut Context<'_>, id: BindingId, why: BindingEnd) {
        let event = match why {
            BindingEnd::Unbound | BindingEnd::Unfollowed | BindingEnd::Forgotten => BindingEvent::Unbound,
            BindingEnd::TakenOver => BindingEvent::TakenOver,
        };
        if !matches!(self.bindings.get(id).map(|binding| binding.state.on(event)), Some(Step::To(_))) {
            return;
        }
        let Some(binding) = self.remove(id) else { return };
        if !binding.holds_number() {
            return;
        }
        cx.audit(AuditRecord::BindingEnded(BindingEnded { binding: id, why }));
        let change = match why {
            BindingEnd::TakenOver => Some(BindingChange::TakenOver),
            BindingEnd::Forgotten => Some(BindingChange::Forgotten),
            BindingEnd::Unbound | BindingEnd::Unfollowed => None,
        };
        if let Some(change) = change {
            self.tell(cx, binding.account, binding.number, change);
        }
        self.binding_over(cx, id, why);
    }

    /// Tells an account, as long as it follows: nobody else can be sent anything.
    fn tell(&self, cx: &mut Context<'_>, account: AccountId, number: PhoneNumber, change: BindingChange) {
        if self.bindings.follows(&account) {
            send(cx, Address::WeChat(account), UserContent::BindingChanged(BindingChanged { number, change }));
        }
    }

    /// The code to put into the message of a challenge, if it is one of this half's and may still be used.
    pub(crate) fn code(&self, keyring: &Keyring, id: ChallengeId, now: Timestamp) -> Option<Result<Code, Refusal>> {
        let binding = self.bindings.asked_by(id)?;
        let code = binding.code.as_ref().filter(|code| code.until > now)?;
        Some(code_of(keyring, binding.id, code).ok_or_else(|| Refusal::KeyNotLoaded { id: code.key.clone() }))
    }

    /// The keys of the codes that are out at this instant.
    pub(crate) fn keys_in_use(&self, now: Timestamp) -> impl Iterator<Item = &Text> {
        let codes = self.bindings.in_order().filter_map(|binding| binding.code.as_ref());
        codes.filter(move |code| code.until > now).map(|code| &code.key)
    }

    /// The bindings of an account.
    pub(super) fn ids_of(&self, account: &AccountId) -> Vec<BindingId> {
        self.bindings.of(account).map(|binding| binding.id).collect()
    }

    // ---- changing records: the agenda is kept true here ----

    /// Moves a binding when its table says so, and changes what goes with it; one that is over then is not kept.
    fn apply(&mut self, id: BindingId, event: BindingEvent, change: impl FnOnce(&mut Binding)) {
        self.update(id, |binding| {
            if matches!(binding.state.apply(event), Step::To(_)) {
                change(binding);
            }
        });
        if self.bindings.get(id).is_some_and(|binding| binding.state == BindingState::Unbound) {
            self.remove(id);
        }
    }

    pub(super) fn add(&mut self, binding: Binding) {
        self.agenda.move_to(Target::Binding(binding.id), None, binding.deadline());
        self.bindings.put(binding);
    }

    fn update(&mut self, id: BindingId, change: impl FnOnce(&mut Binding)) {
        if let Some(mut binding) = self.remove(id) {
            change(&mut binding);
            self.add(binding);
        }
    }

    pub(super) fn remove(&mut self, id: BindingId) -> Option<Binding> {
        let binding = self.bindings.remove(id)?;
        self.agenda.move_to(Target::Binding(id), binding.deadline(), None);
        Some(binding)
    }
}

fn send(cx: &mut Context<'_>, to: Address, content: UserContent) {
    let message = MessageId::new(cx.commons.ids.message.take());
    cx.emit(Action::Send(Send::to_user(message, to, content)));
}
