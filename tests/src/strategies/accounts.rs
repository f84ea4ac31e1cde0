//! Accounts that follow, and numbers that are bound to them.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use ringfence::values::account::{AccountId, ConfirmBinding, Follow, RequestBinding, Unbind, Unfollow};
use ringfence::values::code::Code;
use ringfence::values::input::{ForgetMe, Input};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::Policy;

use super::moves::{Move, Pick, Wait, What, one, whats};
use super::worlds::{World, foreign_number, virtual_number, worlds};
use super::{Script, moves};
use crate::model::{BindingState, Model};

const ACCOUNTS: [&str; 4] = ["oA1-zhang", "oB2-li", "oC3_wang", "oD4"];

/// What somebody with an account does: which account, which number, and how (a code: what is wrong with it, if anything).
#[derive(Clone, Copy, Debug)]
pub enum AccountMove {
    /// He follows.
    Follow(Pick),
    /// He does not any more.
    Unfollow(Pick),
    /// He asks for a number.
    Request(Pick, Pick),
    /// He gives a code: for which request, and what is wrong with it.
    Confirm(Pick, u8),
    /// He gives a number back.
    Unbind(Pick, Pick),
    /// The holder of a number that somebody has or asked for wants to be forgotten.
    Forget(Pick),
}

/// Scripts in which accounts follow and bind numbers while some book, of at most this many moves and at least half as many. Their bounds are reached soon.
pub fn account_scripts(moves_max: usize) -> impl Strategy<Value = Script> {
    let bounds = (
        prop_oneof![4 => Just(10_u32), 1 => 1..4_u32],
        prop_oneof![3 => Just(10_u32), 1 => 1..3_u32],
        prop_oneof![4 => Just(100_u32), 1 => 1..5_u32],
        select(vec![60_u32, 600, 10]),
    );
    let worlds = (worlds(), bounds).prop_map(|(world, bounds)| {
        let (accounts_max, bindings_per_account_max, bindings_max, unfollowed_max_s) = bounds;
        let policy = Policy { accounts_max, bindings_per_account_max, bindings_max, unfollowed_max_s, ..world.policy };
        World { policy, ..world }
    });
    (worlds, vec(account_moves(), moves_max / 2..=moves_max)).prop_map(|(world, moves)| Script { world, moves })
}

fn account_moves() -> impl Strategy<Value = Move> {
    let of_account = prop_oneof![
        15 => any::<Pick>().prop_map(AccountMove::Follow),
        6 => any::<Pick>().prop_map(AccountMove::Unfollow),
        27 => any::<(Pick, Pick)>().prop_map(|(who, number)| AccountMove::Request(who, number)),
        36 => any::<(Pick, u8)>().prop_map(|(which, wrong)| AccountMove::Confirm(which, wrong)),
        6 => any::<(Pick, Pick)>().prop_map(|(who, number)| AccountMove::Unbind(who, number)),
        1 => any::<Pick>().prop_map(AccountMove::Forget),
    ];
    let waits = prop_oneof![
        20 => Just(Wait::Nothing),
        6 => (1..30_u32).prop_map(Wait::Seconds),
        4 => Just(Wait::UntilDeadline),
        2 => Just(Wait::BeforeDeadline),
        1 => (1..90_u32).prop_map(Wait::Minutes),
    ];
    let own = (waits, of_account.prop_map(What::Account), weighted(0.08, 0..12_u8));
    let own = own.prop_map(|(wait, what, key)| Move { wait, what, key });
    let step =
        || select(vec![1_000_u32, 1]).prop_map(|budget| Move { wait: Wait::Nothing, what: What::Advance(budget), key: None });
    let confirm = Just(Move { wait: Wait::Nothing, what: What::Confirm(256), key: None });
    let code = whats().prop_map(|what| Move { wait: Wait::Nothing, what, key: None });
    prop_oneof![28 => own, 3 => step(), 3 => confirm, 4 => moves(), 1 => code]
}

pub(super) fn account(pick: Pick) -> AccountId {
    let name = ACCOUNTS[usize::from(pick) % ACCOUNTS.len()];
    AccountId::parse(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Mostly one who has a number in this state.
fn holder(pick: Pick, state: BindingState, model: &Model) -> Option<AccountId> {
    let with_it: Vec<_> = model.bindings().into_iter().filter(|kept| kept.state == state).map(|kept| kept.account).collect();
    one(&with_it, pick / 4).filter(|_| !pick.is_multiple_of(4))
}

impl World {
    /// A number that somebody might bind: mostly one of three, so that it goes from one account to another; seldom one that is nobody's phone.
    fn number_to_bind(&self, pick: Pick) -> PhoneNumber {
        let own = |index: Pick| one(&self.users, index).and_then(|user| user.number()).unwrap_or_else(foreign_number);
        match pick % 24 {
            0 => virtual_number(usize::from(pick / 24)),
            1 => self.any_line(pick / 24),
            2..=7 => foreign_number(),
            _ => own(pick % 3),
        }
    }

    pub(super) fn of_account(&self, made: AccountMove, model: &Model) -> Input {
        match made {
            AccountMove::Follow(who) => {
                let account = holder(who, BindingState::Suspended, model).unwrap_or_else(|| account(who));
                Input::Follow(Follow { account })
            }
            AccountMove::Unfollow(who) => {
                let account = holder(who, BindingState::Bound, model).unwrap_or_else(|| account(who));
                Input::Unfollow(Unfollow { account })
            }
            AccountMove::Request(who, number) => {
                let followers: Vec<_> = model.followers().iter().cloned().collect();
                let account = one(&followers, who / 8).filter(|_| !who.is_multiple_of(8)).unwrap_or_else(|| account(who / 8));
                Input::RequestBinding(RequestBinding { account, number: self.number_to_bind(number) })
            }
            AccountMove::Confirm(which, wrong) => self.gives_binding_code(which, wrong, model),
            AccountMove::Unbind(who, number) => {
                let kept = model.bindings();
                let (account, number) = match one(&kept, number).filter(|_| !who.is_multiple_of(8)) {
                    Some(kept) => (kept.account, kept.number),
                    None => (account(who), self.number_to_bind(number)),
                };
                Input::Unbind(Unbind { account, number })
            }
            AccountMove::Forget(which) => {
                let number = one(&model.bindings(), which).map_or_else(|| self.number_to_bind(which), |kept| kept.number);
                Input::ForgetMe(ForgetMe { user: Address::Sms(number) })
            }
        }
    }

    /// Mostly the right code of a request; seldom a wrong one, that of another request, or one for nothing.
    fn gives_binding_code(&self, which: Pick, wrong: u8, model: &Model) -> Input {
        let asked: Vec<_> = model
            .bindings()
            .into_iter()
            .filter_map(|kept| match kept.state {
                BindingState::Requested(challenge) => Some((kept.account, kept.number, challenge)),
                BindingState::Bound | BindingState::Suspended => None,
            })
            .collect();
        let code = |of: Pick| one(&asked, of).and_then(|(.., challenge)| model.code(challenge).ok());
        let parsed = |text: &str| Code::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let fixed = parsed("000000");
        let code = match wrong % 6 {
            0 => fixed,
            1 => code(which.wrapping_add(1)).unwrap_or(fixed),
            2 => code(which).map_or(fixed, |code| {
                let digits = code.digits();
                let (head, last) = digits.split_at(digits.len() - 1);
                parsed(&format!("{head}{}", if last == "0" { "1" } else { "0" }))
            }),
            _ => code(which).unwrap_or(fixed),
        };
        let (account, number) = match one(&asked, which).filter(|_| wrong < 250) {
            Some((account, number, _)) => (account, number),
            None => (account(which), self.number_to_bind(which)),
        };
        Input::ConfirmBinding(ConfirmBinding { account, number, code })
    }
}
