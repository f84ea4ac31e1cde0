//! Users and merchants: what they plan for a day, what they do, and how they answer what they are told.

use std::collections::{BTreeMap, BTreeSet};

use ringfence::values::account::{AccountId, ConfirmBinding, Follow, RequestBinding, Unbind, Unfollow};
use ringfence::values::code::Code;
use ringfence::values::effect::{Content, Dial, ReservationForMerchant, Send};
use ringfence::values::id::{ChallengeId, ReservationId, VoiceMessageId};
use ringfence::values::input::{
    Acknowledge, Amend, Block, BlockTarget, Book, BookingEvidence, CallDiverted, CallFailed, CallTarget, Cancel, Channel,
    ChooseMode, ChooseSlot, ConfirmContact, Decline, ForgetMe, Input, MerchantReady, OpenMessage, PageOf, RequestCall,
    RequestCallBack, RequestCode, RequestPage, ResultBy, Scope, Search, SetProfile, Slot, Unblock,
};
use ringfence::values::media::{Attachment, MediaKind};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::CallMode;
use ringfence::values::reply::Reply;
use ringfence::values::text::Text;
use ringfence::values::time::{Timestamp, Window};

use super::dice::{Dice, Whose};
use super::running::{Event, Fault, Known, Simulation};
use super::strangers::Trick;
use super::subject::Subject;
use super::switch::fails_so;
use super::tally::count;
use super::{Actor, world};
use crate::causes;
use crate::checker::Violation;
use crate::strategies::StepReply;
use crate::trace::Doing;

const MINUTE_S: u64 = 60;
const HOUR_S: u64 = 3_600;

/// What somebody does.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Books(usize),
    Amends(ReservationId, u64),
    Cancels(ReservationId, bool),
    Acknowledges(ReservationId),
    Manages(ReservationId),
    Blocks { user: usize, merchant: usize },
    Unblocks { user: usize, merchant: usize },
    ForgetsMe(usize),
    Profile(usize),
    Searches(usize),
    AsksForPage(usize),
    GivesCode { reservation: ReservationId, by: Address, challenge: ChallengeId, code: Option<Code>, wrong: u32 },
    AsksForCode(ReservationId),
    Follows(usize),
    Unfollows(usize),
    Binds { user: usize, number: PhoneNumber },
    GivesBindingCode { account: AccountId, number: PhoneNumber, code: Code },
    Unbinds(usize),
    Opens { account: AccountId, message: VoiceMessageId, calls_back: bool },
    Phones { caller: usize, callee: usize, is_diverted: bool },
    IsForwarded { line: PhoneNumber, callee: PhoneNumber },
    Calls { merchant: usize, reservation: ReservationId, tries: u32 },
    ChoosesMode { merchant: usize, reservation: ReservationId, mode: CallMode },
    ChoosesSlot { merchant: usize, reservation: ReservationId, dice: u64 },
    IsReady { merchant: usize, reservation: ReservationId },
    Declines { merchant: usize, reservation: ReservationId },
    Operates(u64),
    Tricks(Trick),
}

/// Everybody's chance, and what everybody remembers.
#[derive(Clone, Debug)]
pub(super) struct People {
    users: Vec<Dice>,
    merchants: Vec<Dice>,
    phones: BTreeMap<PhoneNumber, Dice>,
    other_phones: Dice,
    pub(super) operator: Dice,
    pub(super) strangers: Dice,
    /// Who asked last for a number.
    asked: BTreeMap<PhoneNumber, AccountId>,
    pub(super) frozen: BTreeSet<Scope>,
}

impl People {
    pub(super) fn new(seed: u64) -> Self {
        let lines = (0..world::MERCHANTS).flat_map(world::lines).map(|line| line.number);
        let phones = (0..world::USERS).map(world::phone).chain(lines).enumerate();
        Self {
            users: (0..world::USERS).map(|index| Dice::new(seed, Whose::User, index)).collect(),
            merchants: (0..world::MERCHANTS).map(|index| Dice::new(seed, Whose::Merchant, index)).collect(),
            phones: phones.map(|(index, number)| (number, Dice::new(seed, Whose::Phone, index))).collect(),
            other_phones: Dice::new(seed, Whose::World, 0),
            operator: Dice::new(seed, Whose::Operator, 0),
            strangers: Dice::new(seed, Whose::Stranger, 0),
            asked: BTreeMap::new(),
            frozen: BTreeSet::new(),
        }
    }

    pub(super) fn phone_dice(&mut self, number: PhoneNumber) -> &mut Dice {
        self.phones.get_mut(&number).unwrap_or(&mut self.other_phones)
    }
}

impl<S: Subject> Simulation<S> {
    /// A day begins: whoever is there makes his plans.
    pub(super) fn plans(&mut self, day: u32) {
        let mut plans: Vec<(u64, Event)> = Vec::new();
        let acts = |at: u64, act| (at, Event::Acts(act));
        for user in (0..world::USERS).filter(|user| self.config.has(Actor::User(*user))) {
            let dice = &mut self.people.users[user];
            let waking = |dice: &mut Dice| dice.between(6 * HOUR_S, 23 * HOUR_S);
            for _ in 0..dice.between(0, 9) {
                plans.push(acts(waking(dice), Act::Books(user)));
            }
            if world::account(user).is_some() {
                if day == self.config.first_day || dice.often(60) {
                    plans.push(acts(dice.between(HOUR_S, 9 * HOUR_S), Act::Follows(user)));
                    let number = if dice.often(100) { world::phone((user + 2) % world::USERS) } else { world::phone(user) };
                    plans.push(acts(dice.between(9 * HOUR_S, 10 * HOUR_S), Act::Binds { user, number }));
                }
                let seldom = [(50, Act::Unfollows(user)), (30, Act::Unbinds(user)), (80, Act::Follows(user))];
                for (often, act) in seldom {
                    if dice.often(often) {
                        plans.push(acts(waking(dice), act));
                    }
                }
            }
            for _ in 0..dice.between(0, 2) {
                let (callee, is_diverted) = (dice.index(world::USERS), dice.often(300));
                plans.push(acts(waking(dice), Act::Phones { caller: user, callee, is_diverted }));
            }
            let merchant = dice.index(world::MERCHANTS);
            let seldom = [
                (25, Act::Blocks { user, merchant }),
                (40, Act::Unblocks { user, merchant }),
                (12, Act::ForgetsMe(user)),
                (40, Act::Profile(user)),
                (90, Act::Searches(user)),
                (90, Act::AsksForPage(user)),
            ];
            for (often, act) in seldom {
                if dice.often(often) {
                    plans.push(acts(waking(dice), act));
                }
            }
        }
        if self.config.has(Actor::Operator) {
            let dice = &mut self.people.operator;
            for _ in 0..dice.between(6, 14) {
                plans.push(acts(dice.below(24 * HOUR_S), Act::Operates(dice.below(1 << 32))));
            }
        }
        if self.config.has(Actor::Strangers) {
            let dice = &mut self.people.strangers;
            for _ in 0..dice.between(60, 120) {
                let trick = Trick::any(dice);
                plans.push(acts(dice.below(24 * HOUR_S), Act::Tricks(trick)));
            }
        }
        self.plans_faults(&mut plans);
        for (after, event) in plans {
            self.in_s(after, event);
        }
    }

    fn plans_faults(&mut self, plans: &mut Vec<(u64, Event)>) {
        let dice = &mut self.host;
        let any = |dice: &mut Dice| dice.between(7 * HOUR_S, 23 * HOUR_S);
        let mut faults: Vec<(Actor, Fault)> = Vec::new();
        if dice.often(500) {
            let by_s = [-300_i64, 40, 400, 1_500, 5_000, -20][dice.index(6)];
            faults.push((Actor::Clock, Fault::ClockJumps { by_s, for_s: dice.between(20, 900) }));
        }
        for _ in 0..dice.between(0, 3) {
            faults.push((Actor::Lateness, Fault::Late { for_s: dice.between(5, 2_000) }));
        }
        for _ in 0..dice.between(0, 2) {
            faults.push((Actor::Lateness, Fault::HoldsConfirms { for_s: dice.between(30, 3_000) }));
        }
        for _ in 0..dice.between(0, 3) {
            faults.push((Actor::Switch, Fault::SwitchDies { of_100: [20, 60, 100][dice.index(3)] }));
        }
        for _ in 0..dice.between(1, 4) {
            faults.push((Actor::Crashes, Fault::Restarts));
        }
        if dice.often(300) {
            faults.push((Actor::Switch, Fault::Resyncs));
        }
        for (actor, fault) in faults {
            let at = any(&mut self.host);
            if self.config.has(actor) {
                plans.push((at, Event::Fault(fault)));
            }
        }
    }

    pub(super) fn acts(&mut self, act: Act) -> Result<(), Violation> {
        match act {
            Act::Operates(dice) => return self.operates(dice),
            Act::Tricks(trick) => return self.tricks(trick),
            Act::Books(user) => return self.books(user),
            Act::Calls { merchant, reservation, tries } => return self.calls(merchant, reservation, tries),
            Act::GivesCode { .. } => return self.gives_code(act),
            Act::Phones { caller, callee, is_diverted } => return self.phones(caller, callee, is_diverted),
            Act::Binds { user, number } => return self.binds(user, number),
            Act::Amends(reservation, dice) => {
                let Some(input) = self.amendment(reservation, dice) else { return Ok(()) };
                self.hand_in(Doing::Input(input))?;
            }
            Act::Opens { account, message, calls_back } => {
                let opens = Input::OpenMessage(OpenMessage { account: account.clone(), voice_message: message });
                self.hand_in(Doing::Input(opens))?;
                if calls_back {
                    let wants = Input::RequestCallBack(RequestCallBack { account, voice_message: message });
                    self.hand_in(Doing::Input(wants))?;
                }
            }
            Act::IsForwarded { line, callee } => {
                let evidence = causes::evidence(fails_so(&mut self.network));
                let input = Input::CallDiverted(CallDiverted { caller: Some(line), callee, evidence, is_answered: false });
                self.hand_in(Doing::Input(input))?;
            }
            Act::Cancels(_, _)
            | Act::Acknowledges(_)
            | Act::Manages(_)
            | Act::Blocks { .. }
            | Act::Unblocks { .. }
            | Act::ForgetsMe(_)
            | Act::Profile(_)
            | Act::Searches(_)
            | Act::AsksForPage(_)
            | Act::AsksForCode(_)
            | Act::Follows(_)
            | Act::Unfollows(_)
            | Act::GivesBindingCode { .. }
            | Act::Unbinds(_)
            | Act::ChoosesMode { .. }
            | Act::ChoosesSlot { .. }
            | Act::IsReady { .. }
            | Act::Declines { .. } => {
                let Some(input) = self.simple(act) else { return Ok(()) };
                let is_webhook = self.network.often(300);
                let doing = if is_webhook { Doing::Once { key: self.next_key("maap"), input } } else { Doing::Input(input) };
                self.hand_in(doing.clone())?;
                if is_webhook && self.network.often(150) && self.config.has(Actor::Webhooks) {
                    count(&mut self.tally.faults, "request doubled");
                    self.hand_in(doing)?;
                }
            }
        }
        Ok(())
    }

    /// What is one input and nothing else.
    fn simple(&mut self, act: Act) -> Option<Input> {
        let user_of = |kept: &Known, by_holder: bool| match kept.contact.filter(|_| by_holder) {
            Some(contact) => Address::Sms(contact),
            None => kept.sender.clone(),
        };
        let merchant_id = world::merchant_id;
        let input = match act {
            Act::Cancels(reservation, by_holder) => {
                Input::Cancel(Cancel { user: user_of(self.known.get(&reservation)?, by_holder), reservation })
            }
            Act::Acknowledges(reservation) => {
                Input::Acknowledge(Acknowledge { user: user_of(self.known.get(&reservation)?, false), reservation })
            }
            Act::Manages(reservation) => {
                let user = user_of(self.known.get(&reservation)?, false);
                Input::RequestPage(RequestPage { user, of: PageOf::Reservation(reservation) })
            }
            Act::AsksForCode(reservation) => {
                Input::RequestCode(RequestCode { user: user_of(self.known.get(&reservation)?, false), reservation })
            }
            Act::Blocks { user, merchant } => {
                let what = if merchant.is_multiple_of(2) {
                    BlockTarget::Merchant(merchant_id(merchant))
                } else {
                    BlockTarget::Number(world::lines(merchant)[0].number)
                };
                Input::Block(Block { user: world::address(user), what })
            }
            Act::Unblocks { user, merchant } => {
                Input::Unblock(Unblock { user: world::address(user), what: BlockTarget::Merchant(merchant_id(merchant)) })
            }
            Act::ForgetsMe(user) => Input::ForgetMe(ForgetMe { user: world::address(user) }),
            Act::Profile(user) => Input::SetProfile(SetProfile {
                user: world::address(user),
                name: Some(Text::from(format!("用户{user} 13800001234"))),
                email: None,
                erase: BTreeSet::new(),
            }),
            Act::Searches(user) => {
                let keyword = self.people.users[user].often(800).then(|| Text::from("车险"));
                Input::Search(Search { user: world::address(user), keyword })
            }
            Act::AsksForPage(user) => {
                let page = world::page_id(self.people.users[user].index(world::MERCHANTS));
                Input::RequestPage(RequestPage { user: world::address(user), of: PageOf::Page(page) })
            }
            Act::Follows(user) => Input::Follow(Follow { account: world::account(user)? }),
            Act::Unfollows(user) => Input::Unfollow(Unfollow { account: world::account(user)? }),
            Act::Unbinds(user) => Input::Unbind(Unbind { account: world::account(user)?, number: world::phone(user) }),
            Act::GivesBindingCode { account, number, code } => Input::ConfirmBinding(ConfirmBinding { account, number, code }),
            Act::ChoosesMode { merchant, reservation, mode } => {
                Input::ChooseMode(ChooseMode { merchant: merchant_id(merchant), reservation, mode })
            }
            Act::ChoosesSlot { merchant, reservation, dice } => {
                let window = self.known.get(&reservation)?.window;
                let length_s = u64::try_from(window.duration_micros() / 1_000_000).unwrap_or(0);
                let from = window.start().max(self.now).saturating_add_s(dice % 7 * MINUTE_S);
                let lasts_s = [120, 300, length_s / 4 + 1][usize::try_from(dice % 3).unwrap_or(0)];
                let slot = match Window::new(from, from.saturating_add_s(lasts_s)) {
                    Ok(slot) if !dice.is_multiple_of(5) => Slot::Window(slot),
                    Ok(_) | Err(_) => Slot::From(from),
                };
                Input::ChooseSlot(ChooseSlot { merchant: merchant_id(merchant), reservation, slot })
            }
            Act::IsReady { merchant, reservation } => {
                Input::MerchantReady(MerchantReady { merchant: merchant_id(merchant), reservation })
            }
            Act::Declines { merchant, reservation } => {
                let reason = Some(Text::from("本周休假，请拨打 400-800-5555"));
                Input::Decline(Decline { merchant: merchant_id(merchant), reservation, reason })
            }
            Act::Books(_)
            | Act::Amends(_, _)
            | Act::GivesCode { .. }
            | Act::Binds { .. }
            | Act::Opens { .. }
            | Act::Phones { .. }
            | Act::IsForwarded { .. }
            | Act::Calls { .. }
            | Act::Operates(_)
            | Act::Tricks(_) => return None,
        };
        Some(input)
    }

    /// A window that the page of a merchant may offer: full half hours, so that users meet in groups.
    fn wished(&mut self, user: usize, merchant: usize) -> Option<Window> {
        let now = self.now;
        let dice = &mut self.people.users[user];
        if dice.often(250) {
            // Right now, for a while.
            let lasts_s = dice.between(4, 90) * MINUTE_S;
            return Window::new(now, now.saturating_add_s(lasts_s)).ok();
        }
        let days = dice.below(3);
        let half_hours = if dice.often(500) { dice.between(17, 32) } else { dice.between(34, 42) };
        let lasts_s = [30, 30, 60, 10][dice.index(4)] * MINUTE_S;
        // Where the merchant is in Berlin, his hours come later.
        let later_s = if merchant == 5 { 6 * HOUR_S } else { 0 };
        let since = u64::try_from(now.micros_since(world::begins()) / 1_000_000).unwrap_or(0);
        let midnight = world::begins().saturating_add_s(since / world::DAY_S * world::DAY_S);
        let start = midnight.saturating_add_s(days * world::DAY_S + half_hours * 30 * MINUTE_S + later_s);
        Window::new(start, start.saturating_add_s(lasts_s)).ok()
    }

    /// What many want at the same time, so that they share calls.
    fn popular(&mut self, user: usize) -> Option<(usize, Window)> {
        let dice = &mut self.people.users[user];
        if !dice.often(350) {
            return None;
        }
        let (merchant, evening) = (dice.index(2) * 2, dice.often(500));
        let since = u64::try_from(self.now.micros_since(world::begins()) / 1_000_000).unwrap_or(0);
        let tomorrow = world::begins().saturating_add_s((since / world::DAY_S + 1) * world::DAY_S);
        let start = tomorrow.saturating_add_s(if evening { 19 } else { 10 } * HOUR_S);
        Window::new(start, start.saturating_add_s(HOUR_S)).ok().map(|window| (merchant, window))
    }

    fn books(&mut self, user: usize) -> Result<(), Violation> {
        let popular = self.popular(user);
        let dice = &mut self.people.users[user];
        // Most go to a few merchants, so that lines are busy.
        let merchant = if dice.often(600) { dice.index(3) } else { dice.index(world::MERCHANTS) };
        let merchant = popular.map_or(merchant, |(merchant, _)| merchant);
        let wished = self.wished(user, merchant);
        let Some(window) = popular.map(|(_, window)| window).or(wished) else { return Ok(()) };
        let media = self.people.users[user].often(120).then(|| self.next_media());
        let dice = &mut self.people.users[user];
        let contact = match dice.below(20) {
            0 => Some(world::phone(dice.index(world::USERS))),
            1 => Some(world::strange_number()),
            _ if user % 12 == 11 => Some(world::phone(user)),
            _ => None,
        };
        let offering = if popular.is_some() { world::OFFERINGS[0] } else { world::OFFERINGS[dice.index(2)] };
        let attachments = media.map(|media| Attachment { media, kind: MediaKind::Picture, share: dice.often(500) });
        let evidence = dice.often(300).then(|| BookingEvidence {
            channel: Channel::Rcs,
            message: Some(Text::from("m-1")),
            body_hash: None,
            agent: None,
        });
        let input = Book {
            contact,
            name: dice.often(700).then(|| Text::from(format!("用户{user}"))),
            // Where nothing is offered, few ask for it.
            share: if popular.is_some() { dice.often(850) } else { dice.often(if merchant % 4 == 1 { 40 } else { 450 }) },
            attachments: attachments.into_iter().collect(),
            evidence,
            remember: [None, Some(false), Some(true)][dice.index(3)],
            result_by: [None, None, Some(ResultBy::Sms), Some(ResultBy::Page)][dice.index(4)],
            email: dice.often(150).then(|| Address::Email(Text::from(format!("other{user}@mail.example")))),
            ..Book::new(world::address(user), world::page_id(merchant), offering, window)
        };
        let is_webhook = dice.often(600);
        if is_webhook {
            let key = self.next_key("rbm");
            let again = self.network.often(80) && self.config.has(Actor::Webhooks);
            if again {
                count(&mut self.tally.faults, "request doubled");
                let after = self.network.between(0, 200);
                self.in_s(after, Event::Arrives(Some(key.clone()), Box::new(Input::Book(input.clone()))));
            }
            self.in_s(0, Event::Arrives(Some(key), Box::new(Input::Book(input))));
        } else {
            self.hand_in(Doing::Input(Input::Book(input)))?;
        }
        Ok(())
    }

    /// What follows for everybody from what was handed in.
    pub(super) fn learns(&mut self, doing: &Doing, reply: &StepReply) {
        let input = match doing {
            Doing::Input(input) | Doing::Once { input, .. } => input,
            Doing::Advance { .. } | Doing::Confirm { .. } | Doing::Restart => return,
        };
        match (input, Self::replied(reply)) {
            (Input::Book(book), Some(Reply::Booked(booked))) if !self.known.contains_key(&booked.reservation) => {
                self.was_booked(book, booked.reservation);
            }
            (Input::RequestCall(_), Some(Reply::Allow(allow))) => self.calls_in(allow.leg),
            (Input::CallFailed(CallFailed { is_answered, .. }), Some(Reply::FailedCall(judged)))
            | (Input::CallDiverted(CallDiverted { is_answered, .. }), Some(Reply::FailedCall(judged))) => {
                let waits = self.network.between(5, 90);
                self.waits_at_the_switch(judged.leg, *is_answered, waits);
            }
            (Input::Freeze(freeze), Some(Reply::Done)) => {
                self.people.frozen.insert(freeze.scope);
            }
            (Input::Thaw(thaw), Some(Reply::Done)) => {
                self.people.frozen.remove(&thaw.scope);
            }
            (Input::SetPolicy(set), Some(Reply::Done)) => self.policy = set.policy.clone(),
            _ => {}
        }
        if self.config.has(Actor::Strangers) && Self::refused(reply).is_none() {
            self.remembers_key(doing);
        }
    }

    fn was_booked(&mut self, book: &Book, reservation: ReservationId) {
        let user = (0..world::USERS).find(|index| world::address(*index) == book.user).unwrap_or(0);
        let Some(merchant) = (0..world::MERCHANTS).find(|index| world::page_id(*index) == book.page) else { return };
        let known = Known {
            user,
            merchant,
            sender: book.user.clone(),
            contact: book.contact.or_else(|| book.user.number()),
            window: book.window,
            line: world::lines(merchant)[0].number,
            number: None,
            group: None,
            is_shared: book.share,
        };
        self.known.insert(reservation, known);
        if self.is_calm {
            return;
        }
        let dice = &mut self.people.users[user];
        let until_end = u64::try_from(book.window.end().micros_since(self.now) / 1_000_000).unwrap_or(0);
        let mut acts: Vec<(u64, Act)> = Vec::new();
        for _ in 0..2 {
            if dice.often(160) {
                acts.push((dice.below(until_end + 60), Act::Amends(reservation, dice.below(1 << 32))));
            }
        }
        if dice.often(90) {
            acts.push((dice.below(until_end + 120), Act::Cancels(reservation, dice.often(200))));
        }
        if dice.often(100) {
            acts.push((dice.below(until_end + 600), Act::Manages(reservation)));
        }
        if dice.often(60) {
            acts.push((dice.below(until_end + 10), Act::AsksForCode(reservation)));
        }
        for (after, act) in acts {
            self.in_s(after, Event::Acts(act));
        }
    }

    /// A change of terms: the dice say of what.
    fn amendment(&mut self, reservation: ReservationId, dice: u64) -> Option<Input> {
        let known = self.known.get(&reservation)?;
        let (user, start, end) = (known.user, known.window.start(), known.window.end());
        let [what, how, who, ..] = dice.to_le_bytes();
        let by_holder = known.contact.filter(|_| who.is_multiple_of(9)).map(Address::Sms);
        let mut input = Amend::new(by_holder.unwrap_or_else(|| known.sender.clone()), reservation);
        let (merchant, shared) = (known.merchant, known.is_shared);
        let seconds = [60, 600, 1_800][usize::from(how % 3)];
        let window = match how % 6 {
            0 => Window::new(start, end.saturating_sub_s(seconds)).ok(),
            1 => Window::new(self.now, self.now.saturating_add_s(seconds)).ok(),
            2 => Window::new(start.saturating_add_s(1_800), end.saturating_add_s(1_800)).ok(),
            3 => self.wished(user, merchant),
            4 => Window::new(start, end.saturating_add_s(seconds)).ok(),
            _ => Window::new(self.now.saturating_add_s(seconds), end).ok(),
        };
        match what % 10 {
            0 => input.name = Some(Text::from("王")),
            1 => input.offering = Some(world::OFFERINGS[usize::from(how % 2)]),
            2 => input.contact = Some(world::phone(usize::from(how) % world::USERS)),
            3 => input.contact = Some(world::phone(user)),
            4 => input.share = Some(!shared),
            5 => (input.name, input.window) = (Some(Text::from("张三")), window),
            6 => (input.share, input.window) = (Some(how.is_multiple_of(2)), window),
            _ => input.window = window,
        }
        if let Some(share) = input.share
            && let Some(known) = self.known.get_mut(&reservation)
        {
            known.is_shared = share;
        }
        Some(Input::Amend(input))
    }

    /// A merchant's own phone calls: by the reservation, by the number that he was told, or the whole group.
    fn calls(&mut self, merchant: usize, reservation: ReservationId, tries: u32) -> Result<(), Violation> {
        let Some(known) = self.known.get(&reservation) else { return Ok(()) };
        let dice = &mut self.people.merchants[merchant];
        let group = known.group.filter(|_| dice.often(600)).map(CallTarget::Group);
        let number = known.number.filter(|_| dice.often(400)).map(CallTarget::Number);
        let target = group.or(number).unwrap_or(CallTarget::Reservation(reservation));
        let line = if dice.often(50) { world::lines(dice.index(world::MERCHANTS))[0].number } else { known.line };
        let reply = self.hand_in(Doing::Input(Input::RequestCall(RequestCall { line, target })))?;
        if let Some(Reply::Deny(deny)) = Self::replied(&reply)
            && tries < 4
        {
            let dice = &mut self.people.merchants[merchant];
            let after = dice.between(60, 500);
            // Most who are told no, and not when, let it be.
            if deny.retry_at.is_none() && dice.often(700) {
                return Ok(());
            }
            let at = deny.retry_at.map_or(self.now.saturating_add_s(after), |at| at.max(self.now));
            self.at(at, Event::Acts(Act::Calls { merchant, reservation, tries: tries + 1 }));
        }
        Ok(())
    }

    fn gives_code(&mut self, act: Act) -> Result<(), Violation> {
        let Act::GivesCode { reservation, by, challenge, code, wrong } = act else { return Ok(()) };
        let right = code.or_else(|| self.subject.code(challenge));
        let false_code = Code::parse("000000").expect("digits");
        let given = if wrong > 0 { Some(false_code) } else { right };
        let Some(given) = given else { return Ok(()) };
        let input = Input::ConfirmContact(ConfirmContact { user: by.clone(), reservation, code: given });
        self.hand_in(Doing::Input(input))?;
        if wrong > 0 {
            let again = Act::GivesCode { reservation, by, challenge, code: right, wrong: wrong - 1 };
            self.in_s(20, Event::Acts(again));
        }
        Ok(())
    }

    fn phones(&mut self, caller: usize, callee: usize, is_diverted: bool) -> Result<(), Violation> {
        let evidence_of = fails_so(&mut self.people.users[caller]);
        self.tally.causes.insert(evidence_of);
        let evidence = causes::evidence(evidence_of);
        let dice = &mut self.people.users[caller];
        let is_merchant = dice.often(200);
        let line = world::lines(dice.index(world::MERCHANTS))[0].number;
        let own = world::phone(caller);
        let caller = (!dice.often(80)).then_some(if is_merchant { line } else { own });
        let (callee, is_answered) = (world::phone(callee), dice.often(250));
        let input = if is_diverted {
            Input::CallDiverted(CallDiverted { caller, callee, evidence, is_answered })
        } else {
            Input::CallFailed(CallFailed { caller, callee, evidence, is_answered })
        };
        self.hand_in(Doing::Input(input))?;
        Ok(())
    }

    fn binds(&mut self, user: usize, number: PhoneNumber) -> Result<(), Violation> {
        let Some(account) = world::account(user) else { return Ok(()) };
        self.people.asked.insert(number, account.clone());
        self.hand_in(Doing::Input(Input::RequestBinding(RequestBinding { account, number })))?;
        Ok(())
    }

    /// Somebody gets a message.
    pub(super) fn reads(&mut self, after_s: u64, send: &Send) {
        if self.is_calm {
            return;
        }
        match &send.content {
            Content::Challenge(asked) => {
                // Whoever holds the phone reads the code, and most give it.
                let code = self.subject.code(asked.challenge);
                let roll = self.network.below(100);
                let wrong = match roll {
                    0..=9 => return,
                    10..=24 => 1,
                    25..=28 => 4,
                    _ => 0,
                };
                let (challenge, reservation) = (asked.challenge, asked.reservation);
                let act = Act::GivesCode { reservation, by: send.to.clone(), challenge, code, wrong };
                let later = self.network.between(5, 400);
                self.in_s(after_s + later, Event::Acts(act));
            }
            Content::BindingChallenge(asked) => {
                let Some(number) = send.to.number() else { return };
                let (Some(code), Some(account)) = (self.subject.code(asked.challenge), self.people.asked.get(&number).cloned())
                else {
                    return;
                };
                let later = self.network.between(5, 400);
                if self.network.often(120) {
                    let code = Code::parse("000000").expect("digits");
                    let wrong = Act::GivesBindingCode { account: account.clone(), number, code };
                    self.in_s(after_s + 2, Event::Acts(wrong));
                }
                self.in_s(after_s + later, Event::Acts(Act::GivesBindingCode { account, number, code }));
            }
            Content::ModeOptions(asked) => {
                let Some(merchant) = self.known.get(&asked.reservation).map(|known| known.merchant) else { return };
                let dice = &mut self.people.merchants[merchant];
                let mode = match dice.below(10) {
                    0..=3 => CallMode::PlatformCalls,
                    4..=7 => CallMode::MerchantCalls,
                    _ => return,
                };
                let later = dice.between(10, 2_400);
                let act = Act::ChoosesMode { merchant, reservation: asked.reservation, mode };
                self.in_s(after_s + later, Event::Acts(act));
            }
            Content::Reservation(notice) | Content::Amended(notice) => self.merchant_reads(notice),
            Content::SlotOver(notice) => {
                let Some(merchant) = self.known.get(&notice.reservation).map(|known| known.merchant) else { return };
                let later = self.people.merchants[merchant].between(1, 200);
                self.in_s(later, Event::Acts(Act::IsReady { merchant, reservation: notice.reservation }));
            }
            Content::Result(result) => {
                if self.network.often(700) {
                    let later = self.network.between(5, 1_200);
                    self.in_s(after_s + later, Event::Acts(Act::Acknowledges(result.reservation)));
                }
            }
            Content::VoiceMessage(notice) => {
                if let Address::WeChat(account) = &send.to
                    && self.network.often(700)
                {
                    let calls_back = self.network.often(300);
                    let later = self.network.between(5, 3_000);
                    let act = Act::Opens { account: account.clone(), message: notice.voice_message, calls_back };
                    self.in_s(after_s + later, Event::Acts(act));
                }
            }
            Content::BookingPage(_)
            | Content::ContactUnconfirmed(_)
            | Content::Cancelled(_)
            | Content::Missed(_)
            | Content::CancelledForMerchant(_)
            | Content::MissedForMerchant(_)
            | Content::ContactNotConfirmed(_)
            | Content::SearchEntry(_)
            | Content::SearchResults(_)
            | Content::OnHold(_)
            | Content::Declined(_)
            | Content::ManagePage(_)
            | Content::Reminder(_)
            | Content::BindingChanged(_)
            | Content::VoiceMessageUndelivered(_)
            | Content::CallBackRequested(_)
            | Content::VoiceMessageUndeliveredForMerchant(_)
            | Content::CallBackRequestedForMerchant(_) => {}
        }
    }

    /// A merchant is told of a reservation, and makes his plans for it.
    fn merchant_reads(&mut self, notice: &ReservationForMerchant) {
        let reservation = notice.reservation;
        let Some(known) = self.known.get_mut(&reservation) else { return };
        known.window = notice.window;
        known.line = notice.line;
        known.group = notice.group;
        known.number = notice.virtual_number.map(ringfence::values::number::VirtualNumber::number);
        let (merchant, window) = (known.merchant, known.window);
        let dice = &mut self.people.merchants[merchant];
        let length_s = u64::try_from(window.duration_micros() / 1_000_000).unwrap_or(0);
        let after_start = |seconds: u64| window.start().saturating_add_s(seconds);
        let mut acts: Vec<(Timestamp, Act)> = Vec::new();
        let first = match dice.below(20) {
            0 => window.start().saturating_sub_s(dice.between(1, 600)),
            1 => window.end().saturating_add_s(dice.below(60)),
            2 => window.end().saturating_sub_s(dice.between(1, 20)),
            _ => after_start(dice.below(length_s * 7 / 10 + 1)),
        };
        acts.push((first, Act::Calls { merchant, reservation, tries: 0 }));
        if dice.often(40) {
            acts.push((after_start(dice.below(length_s + 1)).max(self.now), Act::Declines { merchant, reservation }));
        }
        if dice.often(150) {
            let at = if dice.often(500) {
                self.now.saturating_add_s(dice.between(30, 900))
            } else {
                after_start(dice.below(length_s + 1))
            };
            acts.push((at, Act::ChoosesSlot { merchant, reservation, dice: dice.below(1 << 32) }));
        }
        if dice.often(60) {
            acts.push((after_start(dice.below(length_s + 1)), Act::IsReady { merchant, reservation }));
        }
        if dice.often(60) {
            let mode = if dice.often(500) { CallMode::PlatformCalls } else { CallMode::MerchantCalls };
            acts.push((after_start(dice.below(length_s + 1)), Act::ChoosesMode { merchant, reservation, mode }));
        }
        let now = self.now;
        for (at, act) in acts {
            self.at(at.max(now), Event::Acts(act));
        }
    }

    /// A user's phone rings, and just then somebody changes his mind.
    pub(super) fn reacts_to_ringing(&mut self, dial: &Dial) {
        if self.is_calm {
            return;
        }
        let reservation = dial.reason.reservation;
        let Some(known) = self.known.get(&reservation) else { return };
        let (user, merchant) = (known.user, known.merchant);
        let roll = self.network.below(1_000);
        let after = self.network.below(40);
        let act = match roll {
            0..=24 => Act::Cancels(reservation, roll.is_multiple_of(4)),
            25..=64 => Act::Amends(reservation, self.network.below(1 << 32)),
            65..=79 => Act::Declines { merchant, reservation },
            80..=87 => Act::Blocks { user, merchant },
            88..=91 => Act::ForgetsMe(user),
            92..=110 => Act::IsForwarded { line: dial.from, callee: dial.to },
            111..=118 => Act::Operates(self.network.below(1 << 32)),
            _ => return,
        };
        self.in_s(after, Event::Acts(act));
    }
}
