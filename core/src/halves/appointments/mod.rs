//! The appointment half: reservations, and the calls that they permit (seed 000).
//!
//! | file | what it does |
//! |---|---|
//! | `records` | what is kept of a reservation, a call, a leg |
//! | `index` | changes records; the one place that keeps the indexes true |
//! | `managing` | how results go out, what a user may do with his reservation, and the page to manage it |
//! | `merchants` | inputs of merchants: registration, publishing, modes |
//! | `pages` | pages withdrawn, pushed, asked for and searched; calendars |
//! | `booking` | inputs of users: book, cancel; and closing |
//! | `groups` | who may share a call, and ringing them |
//! | `numbers` | the pool of virtual numbers: import, lease, whom a number means |
//! | `people` | what is remembered of users, and how they are forgotten |
//! | `exporting` | everything that is held of one person |
//! | `media` | what users attach: whose it is, and its end |
//! | `delivery` | what becomes of messages: reports on them, and the next way when one fails |
//! | `law` | the operator's freezes and do-not-call list; callable hours, and the limit of a day |
//! | `neighbour` | what the missed-call half asks this one |
//! | `challenges` | whether the holder of a contact number agrees: codes, their limits, their end |
//! | `amending` | inputs of users: amend; and new terms |
//! | `slots` | inputs of merchants: the part of a window in which the platform calls, and its end |
//! | `answering` | decline and acknowledge |
//! | `blocking` | inputs of users: block, unblock |
//! | `calls` | beginning, joining and ending calls |
//! | `recorder` | calls of two whose user was not reached: what the missed-call half is asked, and what comes of it |
//! | `reports` | inputs of the network and the switch |
//! | `gate` | the facts that the gate judges by |
//! | `clock` | settling, and firing deadlines |
//! | `bounds` | what a restored state must keep beyond its indexes |
//! | `snapshots` | what a snapshot holds, and the half made anew from it |
//! | `invariants` | what must hold between inputs |
//! | `views` | what a model checker compares |

mod amending;
mod answering;
mod blocking;
mod booking;
mod bounds;
mod calls;
mod challenges;
mod clock;
mod delivery;
mod exporting;
mod gate;
mod groups;
mod index;
mod invariants;
mod law;
mod managing;
mod media;
mod merchants;
mod neighbour;
mod numbers;
mod pages;
mod people;
mod recorder;
pub mod records;
mod reports;
mod slots;
mod snapshots;
mod views;

pub use snapshots::{State, StateView};
pub use views::ModelView;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use self::clock::Target;
use self::recorder::Errand;
use self::records::{Call, Leg, LiveChallenge, Reservation};
use super::Context;
use crate::books::agenda::Agenda;
use crate::books::catalog::Catalog;
use crate::books::contacts::Contacts;
use crate::books::directory::{Blocks, ForOthers};
use crate::books::groups::Groups;
use crate::books::law::Law;
use crate::books::lines::Lines;
use crate::books::media::Media;
use crate::books::messages::Messages;
use crate::books::numbers::Numbers;
use crate::books::profiles::Profiles;
use crate::books::recent::Recent;
use crate::books::search::Search;
use crate::books::senders::Senders;
use crate::books::store::Store;
use crate::values::id::{CallId, ChallengeId, Counter, LegId, MerchantId, ReservationId};
use crate::values::input::Input;
use crate::values::refusal::Refusal;
use crate::values::reply::Reply;

/// The counters of the ids that this half alone gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Reservations.
    pub reservation: Counter,
    /// Calls.
    pub call: Counter,
    /// Groups.
    pub group: Counter,
}

impl Counters {
    /// Counters whose ids carry this shard.
    #[must_use]
    pub const fn new(shard: u16) -> Self {
        Self { reservation: Counter::new(shard), call: Counter::new(shard), group: Counter::new(shard) }
    }
}

/// The appointment half.
#[derive(Clone, Debug)]
pub struct Appointments {
    catalog: Catalog,
    lines: Lines,
    contacts: Contacts,
    senders: Senders,
    search: Search,
    reservations: Store<Reservation>,
    calls: Store<Call>,
    legs: Store<Leg>,
    challenges: Store<LiveChallenge>,
    /// How many pages each merchant has, withdrawn ones included.
    pages_of: BTreeMap<MerchantId, u32>,
    blocks: Blocks,
    for_others: ForOthers,
    agenda: Agenda<Target>,
    counters: Counters,
    numbers: Numbers,
    law: Law,
    rings: Recent<LegId>,
    groups: Groups,
    media: Media,
    profiles: Profiles,
    messages: Messages,
    /// Whose merchants the platform is to ask about, before the input is over.
    errands: VecDeque<Errand>,
}

impl Appointments {
    /// A half without merchants. The hash seed reaches no output.
    #[must_use]
    pub fn new(shard: u16, hash_seed: u64) -> Self {
        Self {
            catalog: Catalog::default(),
            lines: Lines::default(),
            contacts: Contacts::new(hash_seed),
            senders: Senders::new(hash_seed),
            search: Search::default(),
            reservations: Store::new(hash_seed),
            calls: Store::new(hash_seed),
            legs: Store::new(hash_seed),
            challenges: Store::new(hash_seed),
            pages_of: BTreeMap::new(),
            blocks: Blocks::default(),
            for_others: ForOthers::default(),
            agenda: Agenda::default(),
            counters: Counters::new(shard),
            numbers: Numbers::default(),
            law: Law::default(),
            rings: Recent::default(),
            groups: Groups::default(),
            media: Media::default(),
            profiles: Profiles::default(),
            messages: Messages::default(),
            errands: VecDeque::new(),
        }
    }

    /// Settles what is due for what the input touches, then decides.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing but the settling has changed then.
    pub fn handle(&mut self, cx: &mut Context<'_>, input: Input) -> Result<Reply, Refusal> {
        match input {
            Input::RegisterMerchant(input) => self.register_merchant(cx, input),
            Input::PublishPage(input) => self.publish_page(cx, input),
            Input::PushPage(input) => self.push_page(cx, &input),
            Input::PresetMode(input) => self.preset_mode(cx, &input),
            Input::ChooseMode(input) => self.choose_mode(cx, &input),
            Input::RequestCall(input) => self.request_call(cx, &input),
            Input::Book(input) => self.book(cx, input),
            Input::Cancel(input) => self.cancel(cx, &input),
            Input::LegProgress(input) => self.leg_progress(cx, input.leg),
            Input::LegAnswered(input) => self.leg_answered(cx, input.leg),
            Input::LegEnded(input) => self.leg_ended(cx, &input),
            Input::PlayFinished(input) => self.play_finished(cx, input.leg),
            Input::EffectFailed(input) => self.effect_failed(cx, input.sequence),
            Input::ImportNumbers(input) => self.import_numbers(cx, &input.numbers),
            Input::WithdrawPage(input) => self.withdraw_page(&input),
            Input::SetCalendar(input) => self.set_calendar(cx, input),
            Input::Search(input) => self.search(cx, &input),
            Input::RequestPage(input) => self.request_page(cx, &input),
            Input::Block(input) => self.block(cx, &input),
            Input::Unblock(input) => self.unblock(&input),
            Input::Amend(input) => self.amend(cx, input),
            Input::Decline(input) => self.decline(cx, &input),
            Input::Acknowledge(input) => self.acknowledge(cx, &input),
            // Its instant was taken already.
            Input::ConfirmClock(_) => Ok(Reply::Done),
            Input::ConfirmContact(input) => self.confirm_contact(cx, &input),
            Input::RequestCode(input) => self.request_code(cx, &input),
            Input::Freeze(input) => self.freeze(cx, &input),
            Input::Thaw(input) => self.thaw(cx, &input),
            Input::ImportDoNotCall(input) => self.import_do_not_call(cx, &input),
            Input::SetProfile(input) => self.set_profile(cx, &input),
            Input::ForgetMe(input) => self.forget_me(cx, &input),
            Input::ChooseSlot(input) => self.choose_slot(cx, &input),
            Input::MerchantReady(input) => self.merchant_ready(cx, &input),
            Input::MessageReported(input) => self.message_reported(cx, &input),
            // The platform holds the rules, the keys and the halves, and takes these itself; from `follow` on they are the other half's.
            Input::SetPolicy(_)
            | Input::RotateKey(_)
            | Input::Resync(_)
            | Input::Follow(_)
            | Input::Unfollow(_)
            | Input::RequestBinding(_)
            | Input::ConfirmBinding(_)
            | Input::Unbind(_)
            | Input::CallFailed(_)
            | Input::CallDiverted(_)
            | Input::Recorded(_)
            | Input::RecordFailed(_)
            | Input::Transcribed(_)
            | Input::OpenMessage(_)
            | Input::RequestCallBack(_) => Ok(Reply::NoOp),
        }
    }

    /// A reservation that is kept.
    pub(crate) fn reservation(&self, id: ReservationId) -> Option<&Reservation> {
        self.reservations.get(id.get())
    }

    /// A call that is kept.
    pub(crate) fn call(&self, id: CallId) -> Option<&Call> {
        self.calls.get(id.get())
    }

    /// A code that is out.
    pub(crate) fn challenge_of(&self, id: ChallengeId) -> Option<&LiveChallenge> {
        self.challenges.get(id.get())
    }

    /// A leg that is kept.
    pub(crate) fn leg(&self, id: LegId) -> Option<&Leg> {
        self.legs.get(id.get())
    }

    /// The ids of every reservation, call and leg that is kept, in order.
    pub(crate) fn ids(&self) -> (Vec<u64>, Vec<u64>, Vec<u64>) {
        (self.reservations.ids(), self.calls.ids(), self.legs.ids())
    }
}
