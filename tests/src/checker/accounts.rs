//! P2 and P10, as far as bindings go: a number is bound by the code that went to it and by nothing else, to one account at a time; who loses it is told.
//!
//! What an accepted input has to emit is worked out from the trace, and must come in that order and nothing else with it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ringfence::values::account::{AccountId, ConfirmBinding, RequestBinding, Unbind};
use ringfence::values::effect::{
    BindingAsked, BindingChange, BindingChanged, BindingEnd, BindingEnded, BindingJudged, Content, Send,
};
use ringfence::values::id::{BindingId, ChallengeId};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::reply::{Reply, WrongCode};
use ringfence::values::time::Timestamp;

use super::books::Books;
use super::{Judged, Notes, Promise};
use crate::codes;

/// What a trace tells of accounts.
#[derive(Clone, Debug, Default)]
pub(super) struct Accounts {
    follow: BTreeSet<AccountId>,
    bindings: BTreeMap<BindingId, Binding>,
}

#[derive(Clone, Debug)]
struct Binding {
    account: AccountId,
    number: PhoneNumber,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// Which challenge, once its record came, and under which key.
    Asked {
        challenge: Option<(ChallengeId, String)>,
        digits: u32,
        until: Timestamp,
        wrong: u32,
    },
    Bound,
    Suspended {
        until: Timestamp,
    },
}

impl Binding {
    const fn holds(&self) -> bool {
        matches!(self.state, State::Bound | State::Suspended { .. })
    }
}

/// What the step still has to emit about bindings, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Asked(BindingId),
    Challenge(BindingId, PhoneNumber, Timestamp),
    Judged(BindingId, bool),
    Ended(BindingId, BindingEnd),
    Told(AccountId, BindingChanged),
}

impl Accounts {
    /// What it remembers, relative to the clock.
    pub(super) fn view(&self, now: Timestamp) -> String {
        let left = |until: Timestamp| until.micros_since(now);
        let state = |state: &State| match state {
            State::Asked { until, wrong, .. } => (0, left(*until), *wrong),
            State::Bound => (1, 0, 0),
            State::Suspended { until } => (2, left(*until), 0),
        };
        let bindings: Vec<_> =
            self.bindings.values().map(|kept| (kept.account.as_str(), kept.number.dialable(), state(&kept.state))).collect();
        let follow: Vec<_> = self.follow.iter().map(AccountId::as_str).collect();
        format!("{follow:?}{bindings:?}")
    }

    fn of_pair(&self, account: &AccountId, number: PhoneNumber) -> Option<(BindingId, &Binding)> {
        let is_it = |kept: &Binding| kept.account == *account && kept.number == number;
        self.bindings.iter().find(|(_, kept)| is_it(kept)).map(|(id, kept)| (*id, kept))
    }

    fn holder(&self, number: PhoneNumber) -> Option<(BindingId, AccountId)> {
        let has_it = |kept: &Binding| kept.number == number && kept.holds();
        self.bindings.iter().find(|(_, kept)| has_it(kept)).map(|(id, kept)| (*id, kept.account.clone()))
    }

    /// The binding of the account that follows and has this number.
    pub(super) fn bound(&self, number: PhoneNumber) -> Option<(BindingId, AccountId)> {
        self.holder(number)
            .filter(|(id, account)| matches!(self.bindings[id].state, State::Bound) && self.follow.contains(account))
    }

    /// Whether this binding stands, of this account and number: and whether the account follows.
    pub(super) fn has(&self, id: BindingId, account: &AccountId, number: PhoneNumber) -> Option<bool> {
        let kept = self.bindings.get(&id).filter(|kept| kept.account == *account && kept.number == number && kept.holds())?;
        Some(matches!(kept.state, State::Bound))
    }

    /// What settling does to the bindings of an account, and to the one who has a number.
    fn settle(&mut self, now: Timestamp, account: &AccountId, number: Option<PhoneNumber>) -> Vec<Expected> {
        self.settle_where(now, |kept| kept.account == *account || Some(kept.number) == number && kept.holds())
    }

    fn settle_where(&mut self, now: Timestamp, is_touched: impl Fn(&Binding) -> bool) -> Vec<Expected> {
        self.bindings.retain(|_, kept| !matches!(kept.state, State::Asked { until, .. } if is_touched(kept) && until <= now));
        let over = |kept: &Binding| matches!(kept.state, State::Suspended { until } if until <= now);
        let of_it = self.bindings.iter().filter(|(_, kept)| is_touched(kept) && over(kept));
        let mut due: Vec<_> = of_it.map(|(id, kept)| (kept.deadline(), *id)).collect();
        due.sort_unstable();
        due.into_iter().map(|(_, id)| Expected::Ended(id, BindingEnd::Unfollowed)).collect()
    }
}

impl Binding {
    const fn deadline(&self) -> Option<Timestamp> {
        match self.state {
            State::Asked { until, .. } | State::Suspended { until } => Some(until),
            State::Bound => None,
        }
    }
}

fn broken(promise: Promise, what: String) -> Judged {
    Err((promise, what))
}

/// The time of what an input of this account touches is judged first, and that of the account that has the number.
fn settled(books: &mut Books, account: &AccountId, number: Option<PhoneNumber>, notes: &mut Notes) {
    for ended in books.accounts.settle(books.now, account, number) {
        if let Expected::Ended(id, _) = &ended {
            books.accounts.bindings.remove(id);
        }
        notes.bindings.push_back(ended);
    }
}

/// Somebody follows.
pub(super) fn follows(books: &mut Books, account: &AccountId, reply: &Reply, notes: &mut Notes) {
    settled(books, account, None, notes);
    if *reply == Reply::Done {
        books.accounts.follow.insert(account.clone());
        for kept in books.accounts.bindings.values_mut().filter(|kept| kept.account == *account) {
            kept.state = State::Bound;
        }
    }
}

/// Somebody does not follow any more.
pub(super) fn unfollows(books: &mut Books, account: &AccountId, reply: &Reply, notes: &mut Notes) {
    settled(books, account, None, notes);
    if *reply == Reply::Done {
        stops_following(books, account);
    }
}

/// Its numbers are kept for it for a while.
pub(super) fn stops_following(books: &mut Books, account: &AccountId) {
    if books.accounts.follow.contains(account) {
        let until = books.now.saturating_add_s(books.policy.unfollowed_max_s.into());
        books.accounts.follow.remove(account);
        books.accounts.bindings.retain(|_, kept| kept.account != *account || kept.holds());
        for kept in books.accounts.bindings.values_mut().filter(|kept| kept.account == *account) {
            kept.state = State::Suspended { until };
        }
    }
}

/// A number is asked for.
pub(super) fn requested(books: &mut Books, input: &RequestBinding, reply: &Reply, notes: &mut Notes) -> Judged {
    let (account, number) = (&input.account, input.number);
    settled(books, account, None, notes);
    let own = books.accounts.of_pair(account, number).map(|(id, kept)| (id, kept.holds()));
    let Reply::BindingRequested(asked) = reply else {
        let is_his = matches!(own, Some((_, true)));
        let what = "a request for a number that the account does not have is a no-op";
        return if is_his { Ok(()) } else { broken(Promise::P10, what.to_owned()) };
    };
    let id = asked.binding;
    if !books.accounts.follow.contains(account)
        || !number.is_subscriber()
        || books.pool.contains(&number)
        || super::privacy::is_line(books, number)
    {
        return broken(
            Promise::P10,
            format!("binding {id} is of an account that does not follow, or of a number that is nobody's"),
        );
    }
    if let Some((_, true)) = own {
        return broken(Promise::P10, format!("binding {id} is asked for, and the account has the number"));
    }
    let longest = books.now.saturating_add_s(books.policy.code_life_s.into());
    if asked.until != longest || books.accounts.bindings.contains_key(&id) {
        return broken(Promise::P2, format!("the code of binding {id} is good until {}, or its id was given", asked.until));
    }
    if let Some((older, _)) = own {
        books.accounts.bindings.remove(&older);
    }
    super::holders::sent_to(books, number, "binding", id.get())?;
    let state = State::Asked { challenge: None, digits: books.policy.code_digits, until: asked.until, wrong: 0 };
    books.accounts.bindings.insert(id, Binding { account: account.clone(), number, state });
    notes.bindings.extend([Expected::Asked(id), Expected::Challenge(id, number, asked.until)]);
    Ok(())
}

/// A code is given for a number.
pub(super) fn confirmed(books: &mut Books, input: &ConfirmBinding, reply: &Reply, notes: &mut Notes) -> Judged {
    let (account, number, most) = (&input.account, input.number, books.policy.code_tries_max);
    settled(books, account, Some(number), notes);
    let Some((id, Binding { state: State::Asked { challenge, digits, wrong, .. }, .. })) =
        books.accounts.of_pair(account, number)
    else {
        return broken(Promise::P2, "a code binds a number that its account did not ask for, or whose code is over".to_owned());
    };
    let given = *wrong + 1;
    let right = challenge.as_ref().and_then(|(challenge, key)| {
        let key = books.holders.key(key)?;
        Some(codes::binding_code(key, *challenge, id, *digits).digits() == input.code.digits())
    });
    if let Reply::Bound(bound) = reply
        && bound.binding == id
        && right != Some(false)
    {
        taken_for_right(books, id, account, number, notes);
        return Ok(());
    }
    if let Reply::WrongCode(WrongCode { left }) = reply
        && right != Some(true)
        && *left == most.saturating_sub(given)
    {
        notes.bindings.push_back(Expected::Judged(id, false));
        books.holders.wrong_for(number, books.now);
        if *left == 0 {
            books.accounts.bindings.remove(&id);
            let change = BindingChange::NotConfirmed;
            notes.bindings.push_back(Expected::Told(account.clone(), BindingChanged { number, change }));
        } else if let Some(Binding { state: State::Asked { wrong, .. }, .. }) = books.accounts.bindings.get_mut(&id) {
            *wrong = given;
        }
        return Ok(());
    }
    broken(Promise::P2, format!("a code for binding {id} is judged wrongly, or miscounted"))
}

fn taken_for_right(books: &mut Books, id: BindingId, account: &AccountId, number: PhoneNumber, notes: &mut Notes) {
    notes.bindings.push_back(Expected::Judged(id, true));
    let told = |account: AccountId, change| Expected::Told(account, BindingChanged { number, change });
    if let Some((before, loser)) = books.accounts.holder(number) {
        books.accounts.bindings.remove(&before);
        notes.bindings.push_back(Expected::Ended(before, BindingEnd::TakenOver));
        if books.accounts.follow.contains(&loser) {
            notes.bindings.push_back(told(loser, BindingChange::TakenOver));
        }
    }
    notes.bindings.push_back(told(account.clone(), BindingChange::Bound));
    if let Some(kept) = books.accounts.bindings.get_mut(&id) {
        kept.state = State::Bound;
    }
}

/// A number is given back.
pub(super) fn unbound(books: &mut Books, input: &Unbind, reply: &Reply, notes: &mut Notes) -> Judged {
    settled(books, &input.account, None, notes);
    if *reply != Reply::Done {
        return Ok(());
    }
    let Some((id, holds)) = books.accounts.of_pair(&input.account, input.number).map(|(id, kept)| (id, kept.holds())) else {
        return broken(Promise::P11, "a number that the account does not have is given back".to_owned());
    };
    books.accounts.bindings.remove(&id);
    if holds {
        notes.bindings.push_back(Expected::Ended(id, BindingEnd::Unbound));
    }
    Ok(())
}

/// The holder of a number is forgotten: nobody has it any more, and nobody waits for its code.
pub(super) fn forgotten(books: &mut Books, user: &Address, said: u32, notes: &mut Notes) -> Judged {
    let Some(number) = user.number() else { return Ok(()) };
    let is_his = |kept: &Binding| kept.number == number;
    for ended in books.accounts.settle_where(books.now, is_his) {
        if let Expected::Ended(id, _) = &ended {
            books.accounts.bindings.remove(id);
        }
        notes.bindings.push_back(ended);
    }
    let of_it: Vec<_> = books.accounts.bindings.iter().filter(|(_, kept)| is_his(kept)).map(|(id, _)| *id).collect();
    for id in &of_it {
        let Some(kept) = books.accounts.bindings.remove(id).filter(Binding::holds) else { continue };
        notes.bindings.push_back(Expected::Ended(*id, BindingEnd::Forgotten));
        if books.accounts.follow.contains(&kept.account) {
            let change = BindingChange::Forgotten;
            notes.bindings.push_back(Expected::Told(kept.account, BindingChanged { number, change }));
        }
    }
    if usize::try_from(said).is_ok_and(|said| said == of_it.len()) {
        return Ok(());
    }
    broken(Promise::P9, format!("{} bindings end with their forgotten holder, and the reply says {said}", of_it.len()))
}

/// The next thing that the step has to emit is this.
fn next(expected: &mut VecDeque<Expected>, came: &Expected, promise: Promise) -> Judged {
    match expected.pop_front() {
        Some(next) if next == *came => Ok(()),
        Some(other) => broken(promise, format!("{came:?} comes where {other:?} has to")),
        None => broken(promise, format!("{came:?} is explained by nothing")),
    }
}

/// A holder is asked.
pub(super) fn asked_recorded(books: &mut Books, record: &BindingAsked, notes: &mut Notes) -> Judged {
    next(&mut notes.bindings, &Expected::Asked(record.binding), Promise::P17)?;
    if let Some(Binding { state: State::Asked { challenge, .. }, .. }) = books.accounts.bindings.get_mut(&record.binding) {
        *challenge = Some((record.challenge, record.key.as_ref().to_owned()));
    }
    Ok(())
}

/// A code was judged.
pub(super) fn judged_recorded(record: &BindingJudged, notes: &mut Notes) -> Judged {
    next(&mut notes.bindings, &Expected::Judged(record.binding, record.is_right), Promise::P17)
}

/// A number is an account's no more.
pub(super) fn ended_recorded(books: &mut Books, record: &BindingEnded, notes: &mut Notes) -> Judged {
    let (binding, ended) = (record.binding, Expected::Ended(record.binding, record.why));
    super::voice_messages::binding_ended(binding, record.why, notes);
    if record.why != BindingEnd::Unfollowed || notes.bindings.front() == Some(&ended) {
        return next(&mut notes.bindings, &ended, Promise::P17);
    }
    // Its deadline fired.
    let over = |kept: &Binding| matches!(kept.state, State::Suspended { until } if until <= books.now);
    if !books.accounts.bindings.get(&binding).is_some_and(over) {
        return broken(Promise::P10, format!("binding {binding} ends as unfollowed, and its time is not over"));
    }
    books.accounts.bindings.remove(&binding);
    Ok(())
}

/// A message about a binding.
pub(super) fn sent(books: &Books, send: &Send, notes: &mut Notes) -> Judged {
    match (&send.content, &send.to) {
        (Content::BindingChallenge(content), Address::Sms(to)) => {
            let of_it = books.accounts.bindings.iter().find(|(_, kept)| {
                let is_it = |state: &State| {
                    matches!(state, State::Asked { challenge: Some((challenge, _)), .. } if *challenge == content.challenge)
                };
                is_it(&kept.state)
            });
            let Some((id, _)) = of_it else {
                return broken(Promise::P2, format!("challenge {} asks for a binding that nobody asked for", content.challenge));
            };
            next(&mut notes.bindings, &Expected::Challenge(*id, *to, content.until), Promise::P2)
        }
        (Content::BindingChanged(changed), Address::WeChat(account)) => {
            next(&mut notes.bindings, &Expected::Told(account.clone(), *changed), Promise::P10)
        }
        (Content::BindingChallenge(_) | Content::BindingChanged(_), _) => {
            broken(Promise::P10, format!("message {} about a binding goes to an address of another kind", send.message))
        }
        (_, Address::WeChat(_)) => broken(Promise::P10, format!("message {} to an account is about no binding", send.message)),
        _ => Ok(()),
    }
}

/// At the end of a step everything came.
pub(super) fn performed(notes: &Notes) -> Judged {
    match notes.bindings.front() {
        None => Ok(()),
        Some(missing) => broken(Promise::P10, format!("{missing:?} did not come")),
    }
}

/// At the end of a calm trace nothing waits for its time.
pub(super) fn all_closed(books: &Books) -> Judged {
    let over = |kept: &Binding| matches!(kept.state, State::Suspended { until } if until <= books.now);
    match books.accounts.bindings.iter().find(|(_, kept)| over(kept)) {
        Some((id, _)) => broken(Promise::P9, format!("at the end, binding {id} is suspended beyond its time")),
        None => Ok(()),
    }
}
