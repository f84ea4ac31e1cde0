//! The checker: judges a trace of inputs and effects against the [promises](Promise), and knows nothing of the engine.
//!
//! Everything it knows it has from the trace itself: who registered which lines, who booked which window for which phone (the `book`
//! inputs and their `booked` replies), who took it back, which mode was chosen, which legs were dialled, reported, hung up or
//! rejected. From that, and the policy in the header, it decides by itself what was permitted at each instant, and says which promise
//! a step breaks. So it judges any platform, and any host that keeps a journal.
//!
//! Three rules of reading:
//!
//! - Each step's effects are those handed out right after it, before anything else is done. The instant of an effect is the step's clock,
//!   or the latest seen. What a host that stopped was handed only after its restart belongs to the step before.
//! - Where the rules leave the platform a choice that the trace does not show, the checker takes both answers. It never blames on a
//!   guess; `tests/tests/checker.rs` shows for each promise what it does not let pass.
//! - An effect that is handed out again after a restart, under its old sequence number, is no new effect. It must be the same.
//!
//! # A carrier judges his own host
//!
//! The host writes what it did as the lines of [`crate::trace`], and has them judged:
//!
//! ```
//! use ringfence_testing::checker::{Promise, check};
//! use ringfence_testing::trace::Trace;
//!
//! // A user books 18:00 to 20:00, and the merchant's line calls a second early. The platform must refuse; this one did not.
//! let journal = r#"
//! {"header":{"policy":{"mode_chosen_by":{"platform":"merchant_calls"}},"format":1}}
//! {"at":"2026-11-21T09:00:00+08:00","input":{"register_merchant":{"merchant":1,"name":"Ping An","lines":[{"number":"95511","channels":1}],"zone":"Asia/Shanghai","chatbot":"sip:1065@bot.example"}}}
//! {"expect":{"reply":"done"}}
//! {"at":"2026-11-21T09:00:00+08:00","input":{"publish_page":{"page":1,"merchant":1,"offerings":{"1":"Insurance"},"windows":[{"start":"2026-11-21T18:00:00+08:00","end":"2026-11-21T20:00:00+08:00"}]}}}
//! {"expect":{"reply":{"published":{"version":1}}}}
//! {"at":"2026-11-21T09:00:00+08:00","input":{"book":{"user":"rcs:+8613800000001","page":1,"offering":1,"window":{"start":"2026-11-21T18:00:00+08:00","end":"2026-11-21T20:00:00+08:00"}}}}
//! {"expect":{"reply":{"booked":{"reservation":1,"state":"scheduled"}}}}
//! {"expect":{"effects":[{"sequence":1,"audit":{"number":1,"at":"2026-11-21T01:00:00Z","record":{"booked":{"reservation":1,"revision":1,"merchant":1,"window":{"start":"2026-11-21T18:00:00+08:00","end":"2026-11-21T20:00:00+08:00"},"evidence":null}},"digest":"c351cec937c9764ee3c7323f61978774af6f0bf9d52a7e09a6e64d5c83646d37"}}]}}
//! {"at":"2026-11-21T17:59:59+08:00","input":{"request_call":{"line":"95511","target":{"reservation":1}}}}
//! {"expect":{"reply":{"allow":{"leg":1,"call":1}}}}
//! {"expect":{"effects":[{"sequence":2,"audit":{"number":2,"at":"2026-11-21T09:59:59Z","record":{"judged":{"leg":1,"target":{"reservation":1},"reservation":1,"revision":1,"rule":{"permitted":{"window":{"start":"2026-11-21T18:00:00+08:00","end":"2026-11-21T20:00:00+08:00"},"mode":"merchant_calls"}}}},"digest":"88444d1f87955041f325836548b659233eff85f534b1d5a39a032dc9f55608ea"}}]}}
//! "#;
//! let trace = Trace::from_json_lines(journal.trim())?;
//! let violation = check(&trace).expect_err("the window has not begun");
//! assert_eq!(violation.promise, Promise::P1);
//! assert_eq!(violation.line, Some(9));
//! # Ok::<(), ringfence_testing::trace::TraceError>(())
//! ```

use std::collections::{BTreeSet, VecDeque};
use std::fmt;

use ringfence::values::effect::{Action, Asked, AuditRecord, BookedRecord, Challenged, Content, Effect, Grouped, Party, Rule};
use ringfence::values::id::{CallId, ChallengeId, LegId, ReservationId};
use ringfence::values::input::{Dedup, Input};
use ringfence::values::number::Address;
use ringfence::values::policy::Policy;
use ringfence::values::refusal::Refusal;
use ringfence::values::reply::Reply;
use ringfence::values::time::Timestamp;
use thiserror::Error;

use crate::trace::{Doing, Step, Trace};

mod accounts;
mod amendments;
mod blocking;
mod books;
mod bounds;
mod doubt;
mod endings;
mod following;
mod groups;
mod holders;
mod law;
mod media;
mod meeting;
mod messages;
mod numbers;
mod people;
mod privacy;
mod queue;
mod repeats;
mod results;
mod ringing;
mod slots;
mod verdicts;
mod voice_messages;
mod withdrawn;

pub use following::Following;

use books::{Books, LegState};
use bounds::Bounds;
use meeting::Deed;

/// A promise: what whoever books, calls or operates may rely on. [The rules](ringfence::manual::rules) say how each is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Promise {
    /// Window: a user's phone rings only while a live reservation of that number with that merchant covers now.
    P1,
    /// Holder: no number is dialled unless its own holder agreed.
    P2,
    /// Withdrawal: after a cancel nothing rings on the old permission, and a late answer is never joined.
    P3,
    /// Merchant first: platform mode dials the user only after the merchant answered.
    P4,
    /// Both: a bridge is joined only by answered legs, merchant present.
    P5,
    /// Mode: the mode in force decides who may start.
    P6,
    /// Privacy: no user's number reaches a merchant, no user's number or name another user.
    P7,
    /// One at a time: one live leg a user number, and no more live calls on a line than channels.
    P8,
    /// Ends: everything ends within its bound; attempts are bounded.
    P9,
    /// Fallback: the recorder is offered exactly when the rules say; what was stored reaches the account that was bound then, or its sender is told.
    P10,
    /// Repeats: a duplicate emits nothing.
    P11,
    /// Sameness: here, that an effect handed out again is the same one, and that numbers only grow.
    P12,
    /// Total: here, that a refusal emits nothing beyond settling.
    P13,
    /// Late clock: every verdict and dial is right at its own instant.
    P14,
    /// Bounded: here, that what is created stays within the bounds of the policy; memory itself is measured.
    P15,
    /// Fair lines: the waiting reservations of a line are served in queue order, and none starves.
    P16,
    /// Accounted: verdicts and dialled user legs leave their audit record.
    P17,
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{promise} broken at step {step}{place}, {at}: {text}", place = line.map_or_else(String::new, |line| format!(" (line {line})")))]
pub struct Violation {
    /// The promise that is broken.
    pub promise: Promise,
    /// At which step of the trace, counted from 1; 0 for one that shows only at its end.
    pub step: usize,
    /// On which line of the file the step stands, when it was read from one.
    pub line: Option<usize>,
    /// The clock of the step.
    pub at: Timestamp,
    /// What is wrong. No phone number stands in it.
    pub text: String,
}

/// What a trace that breaks no promise contained. It says how much was judged: a trace without a single dial proves little.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Steps that were judged.
    pub steps: usize,
    /// Effects, each counted once.
    pub effects: usize,
    /// Dials of users' phones.
    pub user_dials: usize,
    /// Dials of merchants' lines.
    pub merchant_dials: usize,
    /// Calls that the gate allowed.
    pub allowed: usize,
    /// Calls that the gate denied.
    pub denied: usize,
    /// Conversations in merchant mode.
    pub conversations_merchant_calls: usize,
    /// Conversations in platform mode.
    pub conversations_platform_calls: usize,
    /// Cancellations while a phone rang.
    pub withdrawn_while_ringing: usize,
    /// Changes of terms that ended what rang.
    pub amended_while_ringing: usize,
    /// Calls that went over to new terms.
    pub rebased: usize,
    /// Windows that ended while a user's phone rang.
    pub window_ended_while_ringing: usize,
    /// Answers that came too late to be joined.
    pub late_answers: usize,
    /// Steps with a clock past a deadline that should have been fired before: a late host.
    pub late_steps: usize,
    /// How often the host stopped and came back.
    pub restarts: usize,
    /// Holders of contact numbers who agreed.
    pub confirmed: usize,
    /// Codes that were wrong.
    pub wrong_codes: usize,
}

/// Judges a whole trace.
///
/// # Errors
/// The first [`Violation`].
pub fn check(trace: &Trace) -> Result<Summary, Violation> {
    run(trace).map(|checker| checker.summary)
}

/// Judges a whole trace that ends with a calm phase: `advance` at or after each deadline until nothing is left, whatever reports were
/// lost. Then every leg, call and reservation must have ended, and its users must have been told (P9).
///
/// # Errors
/// The first [`Violation`]; those of the end carry step 0. A trace whose calm phase is too short for its own bounds is one.
pub fn check_closed(trace: &Trace) -> Result<Summary, Violation> {
    let checker = run(trace)?;
    checker.closed()?;
    Ok(checker.summary)
}

fn run(trace: &Trace) -> Result<Checker, Violation> {
    let mut following = Following::of(&trace.header);
    trace.steps.iter().try_for_each(|step| following.step(step.clone()))?;
    following.finish().cloned()
}

/// A broken promise before it is known at which step.
type Broken = (Promise, String);
type Judged = Result<(), Broken>;

/// What makes a deadline: which promise falls when a step lets it pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Overdue {
    call: CallId,
    /// Whose part in it; none for the whole call.
    part: Option<ReservationId>,
    promise: Promise,
    why: &'static str,
}

/// What the checker notes about the step that it is in.
#[derive(Clone, Debug, Default)]
struct Notes {
    /// Calls whose end instant had come when the step began: settling ends them before anything else.
    overdue: Vec<Overdue>,
    /// The legs and reservations of these calls.
    overdue_legs: BTreeSet<LegId>,
    overdue_reservations: BTreeSet<ReservationId>,
    /// Legs whose grace had passed when the step began.
    grace_over: BTreeSet<LegId>,
    /// Calls that this step has to end, or to have ended, and the promise that falls otherwise.
    duties: Vec<Overdue>,
    /// The legs that a `user_dialled` audit named and no dial followed yet, with what it said.
    announced: Vec<ringfence::values::effect::UserDialled>,
    /// Who shares the call that is about to begin, as its record says.
    grouped: Option<Grouped>,
    /// The reservations that a block takes back.
    taken_back: Vec<ReservationId>,
    /// Who is forgotten.
    forgets: Option<Address>,
    /// The reservations whose sender, or the holder of whose phone, is forgotten.
    forgotten: Vec<ReservationId>,
    /// Those of them that this takes back.
    forgotten_live: Vec<ReservationId>,
    /// Whether the `judged` audit came.
    judged: bool,
    /// What the `booked` audit said.
    booked: Option<BookedRecord>,
    /// What a `challenged` audit said whose message did not follow yet.
    challenged: Option<Challenged>,
    /// The code that this step judged, until its audit record comes: of which challenge, for which reservation, and whether it was right.
    code: Option<(ChallengeId, ReservationId, bool)>,
    /// The records of changes, declines and confirmations.
    changes: Vec<AuditRecord>,
    /// The step reports an answer that was reported before.
    was_answered: bool,
    /// Legs that went with this step's resync.
    lost_by_input: BTreeSet<LegId>,
    /// The users' legs of which nothing showed, when the step began, that their `dial` was carried out.
    untold: BTreeSet<LegId>,
    /// Those of them that this step's resync leaves out.
    undialled: BTreeSet<LegId>,
    /// Those whose `dial` a record of this step says was taken back.
    withdrawn: BTreeSet<LegId>,
    /// The leg whose `dial` this step reports as not carried out.
    doubted: Option<LegId>,
    /// How often this step follows up the failure of a message that it reports.
    followed_up: u32,
    /// What the step still has to emit about bindings.
    bindings: VecDeque<accounts::Expected>,
    /// What it notes about voice messages.
    voice: voice_messages::Noted,
    /// What it notes about calls whose user was not reached.
    meeting: meeting::Noted,
    /// The step repeats another and may emit only what settling explains (P11), or it was refused (P13).
    only_settling: Option<(Promise, &'static str)>,
}

/// A clock that leapt farther than the policy trusts closes no window: the step is refused and does nothing (P13).
fn refused_clock(step: &Step) -> Judged {
    if !matches!(step.reply, None | Some(Err(Refusal::ClockLeap { .. }))) {
        return Err((Promise::P13, "an instant beyond the leap that the policy trusts is not refused".to_owned()));
    }
    if !step.effects.is_empty() {
        return Err((Promise::P13, "a step with a refused instant emits something".to_owned()));
    }
    Ok(())
}

/// The checker as a fold, for those who judge while a trace grows: after each step of a property test, or in each state of a model.
#[derive(Clone, Debug)]
pub struct Checker {
    books: Books,
    bounds: Bounds,
    summary: Summary,
}

impl Checker {
    /// A checker of a platform under `policy`.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self::of_shard(policy, 0)
    }

    /// A checker of one shard of several.
    #[must_use]
    pub fn of_shard(policy: Policy, shard: u16) -> Self {
        Self { books: Books::new(policy, shard), bounds: Bounds::default(), summary: Summary::default() }
    }

    /// The keys that the codes of the trace are made under, for a trace whose keys everybody may know: then it is judged whether a code was right.
    pub fn knows_keys<'a>(&mut self, keys: impl IntoIterator<Item = (&'a String, &'a Vec<u8>)>) {
        self.books.holders.know_keys(keys);
    }

    /// What was seen so far.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// What the checker remembers, with instants relative to the clock and the ids of calls and legs renumbered: two checkers
    /// with the same bytes judge every future step alike. It is what a model checker needs to tell states apart.
    #[must_use]
    pub fn view(&self) -> Vec<u8> {
        self.books.view()
    }

    /// Judges one step.
    ///
    /// # Errors
    /// The first promise that it breaks. The checker is of no use after that.
    pub fn step(&mut self, step: &Step) -> Result<(), Violation> {
        self.summary.steps += 1;
        let judged = self.judge(step);
        judged.map_err(|(promise, text)| Violation {
            promise,
            step: self.summary.steps,
            line: step.line,
            at: self.books.now,
            text,
        })
    }

    /// Judges the end of a trace with a calm phase, as [`check_closed`] does.
    ///
    /// # Errors
    /// P9, when a leg, a call or a reservation has not ended.
    pub fn closed(&self) -> Result<(), Violation> {
        endings::all_closed(&self.books)
            .and_then(|()| accounts::all_closed(&self.books))
            .and_then(|()| voice_messages::all_closed(&self.books))
            .map_err(|(promise, text)| Violation { promise, step: 0, line: None, at: self.books.now, text })
    }

    /// P11: a repeat under a key that is remembered is answered alike and does nothing; anything else is an input like others.
    fn judge_once(&mut self, key: &Dedup, input: &Input, step: &Step) -> Judged {
        let now = self.books.now.max(step.at);
        if let Some((taken, reply, until)) = self.books.taken.get(key).filter(|(_, _, until)| now < *until) {
            let (is_same, until) = (taken == input, *until);
            let expected = if is_same { Ok(*reply) } else { Err(Refusal::RepeatDiffers) };
            if step.reply != Some(expected) {
                return Err((
                    Promise::P11,
                    format!("an input under a key that is remembered until {until} is answered otherwise"),
                ));
            }
            if !step.effects.is_empty() {
                return Err((Promise::P11, "a repeat emits something".to_owned()));
            }
            self.books.now = now;
            return Ok(());
        }
        self.judge(&Step { doing: Doing::Input(input.clone()), ..step.clone() })?;
        if let Some(Ok(reply)) = step.reply {
            let now = self.books.now;
            let until = now.saturating_add_s(u64::from(self.books.policy.dedup_retention_s));
            if self.books.taken.len().is_multiple_of(256) {
                self.books.taken.retain(|_, (_, _, until)| now < *until);
            }
            self.books.taken.insert(key.clone(), (input.clone(), reply, until));
        }
        Ok(())
    }

    fn judge(&mut self, step: &Step) -> Judged {
        if self.books.is_leap(step) {
            return refused_clock(step);
        }
        if let Doing::Once { key, input } = &step.doing {
            // The clock is confirmed by what is taken, and by nothing else.
            let most_s = u64::from(self.books.policy.clock_leap_max_s);
            let is_far = most_s > 0 && step.at > self.books.now.saturating_add_s(most_s);
            if is_far && matches!((input, &step.reply), (Input::ConfirmClock(_), Some(Err(_)))) {
                let at = self.books.now.min(step.at);
                return self.judge_once(key, input, &Step { at, ..step.clone() });
            }
            return self.judge_once(key, input, step);
        }
        if let Doing::Input(_) | Doing::Advance { .. } = step.doing {
            self.books.now = self.books.now.max(step.at);
        }
        let mut notes = self.open(step);
        self.leave_unseen(step, &notes);
        match (&step.doing, &step.reply) {
            (Doing::Input(input), Some(Ok(reply))) => self.books.take_input(input, reply, &mut notes, &mut self.summary)?,
            (Doing::Confirm { up_to }, None | Some(Ok(_))) => self.books.take_confirm(*up_to),
            (Doing::Restart, _) => self.summary.restarts += 1,
            (Doing::Input(_), Some(Err(_)) | None)
            | (Doing::Once { .. } | Doing::Advance { .. }, _)
            | (Doing::Confirm { .. }, Some(Err(_))) => {}
        }
        for effect in &step.effects {
            if self.books.is_handed_out_again(effect, matches!(step.doing, Doing::Restart))? {
                law::handed_out_again(&self.books, effect)?;
                doubt::handed_out_again(&self.books, effect)?;
                continue;
            }
            self.summary.effects += 1;
            self.bounds.take(effect);
            self.effect(effect, step, &mut notes)?;
        }
        voice_messages::taken(&mut self.books, step, &mut notes)?;
        self.books.take_late_input(step, &mut notes);
        self.books.take_answered_merchants();
        self.books.take_unseen_change(step);
        if self.books.fires_everything(step) {
            let overdue = endings::overdue(&self.books);
            self.books.leave_unseen(&overdue, |_, _| true);
        }
        groups::all_begun(&notes)?;
        self.bounds.judge(&self.books.policy, step)?;
        self.close(step, &mut notes)?;
        if self.books.fires_everything(step) {
            self.books.take_openings();
        }
        Ok(())
    }

    /// What settling ends for whom the step is about, without an effect that shows it.
    fn leave_unseen(&mut self, step: &Step, notes: &Notes) {
        let Doing::Input(input) = &step.doing else { return };
        let (named, _) = self.books.named(input);
        let Some(named) = named else { return };
        // Who asks to call settles the calls in which another merchant is rung for the same phone.
        let number = self.books.reservations.get(&named).map(|known| known.number);
        let asks = matches!(input, Input::RequestCall(_));
        self.books.leave_unseen(&notes.overdue, |known, id| id == named || asks && Some(known.number) == number);
    }

    /// What has to be known before anything of the step is read.
    fn open(&mut self, step: &Step) -> Notes {
        let mut notes = Notes { overdue: endings::overdue(&self.books), grace_over: self.books.grace_over(), ..Notes::default() };
        for overdue in &notes.overdue {
            notes.overdue_legs.extend(endings::affected(&self.books, overdue, &notes.overdue));
            let all = self.books.calls.get(&overdue.call).into_iter().flat_map(|call| &call.parts);
            let users = all.map(|part| part.reservation).filter(|user| overdue.part.is_none_or(|part| part == *user));
            notes.overdue_reservations.extend(users);
        }
        if !notes.overdue.is_empty() {
            self.summary.late_steps += usize::from(matches!(step.doing, Doing::Input(_)));
        }
        notes.taken_back = blocking::withdrawn(&self.books, step, &notes.overdue);
        notes.untold = withdrawn::untold(&self.books);
        notes.duties = endings::duties(&self.books, step, &notes.overdue);
        notes.forgotten = people::forgotten(&self.books, step);
        notes.forgotten_live = people::live(&self.books, step, &notes.forgotten, &notes.overdue);
        notes.duties.extend(people::duties(&self.books, &notes.forgotten, &notes.overdue));
        notes.duties.extend(blocking::duties(&self.books, &notes.taken_back, &notes.overdue));
        notes.meeting = meeting::unreached(&self.books, step);
        notes.only_settling = repeats::only_settling(&self.books, step);
        if let Doing::Input(Input::LegAnswered(report)) = &step.doing {
            notes.was_answered = repeats::was_answered(&self.books, report.leg);
        }
        notes
    }

    fn effect(&mut self, effect: &Effect, step: &Step, notes: &mut Notes) -> Judged {
        repeats::judge(&self.books, effect, step, notes)?;
        voice_messages::before(Some(effect), notes)?;
        match &effect.action {
            Action::Dial(dial) => {
                match dial.party {
                    Party::User => {
                        ringing::user_dial(&self.books, dial)?;
                        ringing::announced(&self.books, dial, notes)?;
                        privacy::user_dial(&self.books, dial)?;
                        self.summary.user_dials += 1;
                    }
                    Party::Merchant => {
                        ringing::merchant_dial(&self.books, dial)?;
                        queue::served(&self.books, dial)?;
                        privacy::merchant_dial(&self.books, dial)?;
                        groups::merchant_dial(&self.books, dial, notes)?;
                        self.summary.merchant_dials += 1;
                    }
                }
                let alone = [dial.reason.reservation];
                let users = notes.grouped.take_if(|grouped| dial.party == Party::Merchant && grouped.call == dial.call);
                self.books.take_dial(dial, users.as_ref().map_or(&alone[..], |grouped| &grouped.reservations))?;
            }
            Action::Answer(answer) => {
                meeting::done(answer.leg, Deed::Answered, notes)?;
                voice_messages::answered(answer, notes);
                self.books.take_answer(answer.leg);
            }
            Action::Reject(reject) => {
                meeting::done(reject.leg, Deed::Rejected(reject.cause), notes)?;
                voice_messages::released(&mut self.books, reject.leg, true, notes);
                self.books.release(reject.leg, reject.cause, LegState::Gone);
            }
            Action::HangUp(hang_up) => {
                meeting::done(hang_up.leg, Deed::HungUp(hang_up.cause, hang_up.prompt), notes)?;
                voice_messages::released(&mut self.books, hang_up.leg, false, notes);
                withdrawn::before_hang_up(&self.books, hang_up.leg, notes)?;
                let releasing = LegState::Releasing { until: self.books.grace_end() };
                self.books.release(hang_up.leg, hang_up.cause, releasing);
            }
            Action::Join(join) => {
                ringing::join(&self.books, join)?;
                self.books.take_join(join, &mut self.summary);
            }
            Action::Send(send) => {
                privacy::send(&self.books, send)?;
                if voice_messages::sent(&mut self.books, effect.sequence, send, step, notes)? {
                    return Ok(());
                }
                accounts::sent(&self.books, send, notes)?;
                if messages::sent(&mut self.books, effect.sequence, send, step, notes)? {
                    return Ok(());
                }
                results::send(&self.books, send, step)?;
                if let Content::Reminder(reminder) = &send.content {
                    messages::reminded(&mut self.books, &send.to, reminder)?;
                }
                if let Content::Missed(notice) = &send.content {
                    law::missed(&self.books, notice)?;
                }
                groups::told(&self.books, send)?;
                if let Content::SlotOver(notice) = &send.content {
                    slots::over(&mut self.books, notice)?;
                }
                if let Content::Challenge(challenge) = &send.content {
                    holders::asked(&mut self.books, &send.to, challenge, notes)?;
                }
                let is_asked_for = matches!(step.doing, Doing::Input(Input::RequestPage(_)));
                if let (false, Content::BookingPage(page)) = (is_asked_for, &send.content) {
                    blocking::page(&self.books, &send.to, page)?;
                }
                self.books.take_send(send);
            }
            Action::Audit(audit) => {
                if audit.at != self.books.now {
                    return Err((Promise::P17, format!("an audit record of {} is made at {}", audit.at, self.books.now)));
                }
                self.books.take_audit(audit)?;
                match &audit.record {
                    AuditRecord::Booked(booked) => notes.booked = Some(booked.clone()),
                    AuditRecord::NumberLeased(leased) => {
                        numbers::leased(&self.books, leased)?;
                        self.books.take_lease(leased);
                    }
                    AuditRecord::Undelivered(record) => messages::undelivered(record, step, notes)?,
                    AuditRecord::PolicySet(_) | AuditRecord::NumbersLow(_) | AuditRecord::KeyRotated(_) => {}
                    AuditRecord::Frozen(record) => law::recorded(record, true, step)?,
                    AuditRecord::Thawed(record) => law::recorded(record, false, step)?,
                    AuditRecord::DoNotCallChanged(record) => law::list_recorded(record, step)?,
                    AuditRecord::Challenged(record) => notes.challenged = Some(record.clone()),
                    AuditRecord::CodeJudged(record) => holders::judged(record, notes)?,
                    AuditRecord::Amended(_) | AuditRecord::Declined(_) | AuditRecord::Acknowledged(_) => {
                        notes.changes.push(audit.record.clone());
                    }
                    AuditRecord::Rebased(rebased) => {
                        self.books.take_rebased(rebased)?;
                        self.summary.rebased += 1;
                    }
                    AuditRecord::Judged(judged) => {
                        verdicts::judged(&self.books, judged, step)?;
                        notes.judged = true;
                        if let (Asked::Group(_), Some(Ok(Reply::Allow(allow)))) = (&judged.target, &step.reply) {
                            self.books.take_users(allow.call, judged.reservation.as_slice());
                        }
                    }
                    AuditRecord::BindingAsked(record) => accounts::asked_recorded(&mut self.books, record, notes)?,
                    AuditRecord::BindingJudged(record) => accounts::judged_recorded(record, notes)?,
                    AuditRecord::BindingEnded(record) => accounts::ended_recorded(&mut self.books, record, notes)?,
                    AuditRecord::FailedCall(record) => match record.call {
                        Some(call) => meeting::judged(&mut self.books, record, call, notes)?,
                        None => voice_messages::judged(&mut self.books, record, step, notes)?,
                    },
                    AuditRecord::VoiceMessageDelivered(record) => voice_messages::delivered(&mut self.books, record, step)?,
                    AuditRecord::VoiceMessageEnded(record) => voice_messages::ended(&mut self.books, record, step, notes)?,
                    AuditRecord::PushMisconfigured(record) => voice_messages::misconfigured(&self.books, record, step)?,
                    AuditRecord::DialWithdrawn(record) => withdrawn::recorded(&self.books, record, notes)?,
                    AuditRecord::Grouped(record) => {
                        groups::recorded(&self.books, record)?;
                        if matches!(step.reply, Some(Ok(Reply::Allow(_)))) {
                            self.books.take_users(record.call, &record.reservations);
                        } else {
                            notes.grouped = Some(record.clone());
                        }
                    }
                    AuditRecord::UserDialled(dialled) => notes.announced.push(dialled.clone()),
                    AuditRecord::Erased(_) => {}
                    AuditRecord::LegLost(lost) => {
                        endings::lost(&self.books, lost, notes)?;
                        self.books.lose(lost.leg);
                    }
                }
            }
            Action::Archive(archive) => {
                endings::archived(&self.books, archive)?;
                self.books.take_archive(archive);
                self.books.media.leaves(archive.reservation);
            }
            Action::Erase(erase) => {
                let rest = voice_messages::erased(&mut self.books, erase, step, notes)?;
                self.books.media.erase(&rest)?;
            }
            Action::Record(record) => {
                meeting::done(record.leg, Deed::Recorded, notes)?;
                voice_messages::record(&mut self.books, record, notes)?;
            }
            Action::Transcribe(transcribe) => {
                voice_messages::transcribe(&mut self.books, effect.sequence, transcribe, step)?;
            }
            Action::ArchiveVoiceMessage(archive) => voice_messages::archived(&mut self.books, archive, step, notes)?,
            Action::Play(_) => {}
        }
        Ok(())
    }

    fn close(&mut self, step: &Step, notes: &mut Notes) -> Judged {
        if let (Some(Ok(Reply::Booked(booked))), Doing::Input(Input::Book(book))) = (&step.reply, &step.doing) {
            let fits = |record: &BookedRecord| {
                // What was asked for, cut to the hours in which phones may ring.
                let window = self.books.reservations.get(&booked.reservation).map(|known| known.window);
                record.reservation == booked.reservation && Some(record.window) == window && record.evidence == book.evidence
            };
            if !notes.booked.as_ref().is_some_and(fits) {
                return Err((
                    Promise::P17,
                    format!("no audit record says that reservation {} was booked, and how", booked.reservation),
                ));
            }
        }
        if let Some(Ok(Reply::Allow(_) | Reply::Deny(_))) = step.reply {
            if !notes.judged {
                return Err((Promise::P17, "a call was judged and no audit record says so".to_owned()));
            }
            self.summary.allowed += usize::from(matches!(step.reply, Some(Ok(Reply::Allow(_)))));
            self.summary.denied += usize::from(matches!(step.reply, Some(Ok(Reply::Deny(_)))));
        }
        if let Some(dialled) = notes.announced.first() {
            return Err((Promise::P17, format!("an audit record says that leg {} was dialled, and it was not", dialled.leg)));
        }
        holders::recorded(&mut self.books, notes)?;
        law::answered(&self.books, step)?;
        self.summary.confirmed += usize::from(matches!(step.reply, Some(Ok(Reply::Confirmed(_)))));
        self.summary.wrong_codes += usize::from(matches!(step.reply, Some(Ok(Reply::WrongCode(_)))));
        verdicts::settled(&self.books, step)?;
        doubt::hung_up(&self.books, step, notes)?;
        withdrawn::all_recorded(&self.books, notes)?;
        endings::performed(&self.books, notes)?;
        amendments::performed(&self.books, step, notes)?;
        self.books.media.all_erased()?;
        people::erased(&self.books, &notes.forgotten, step)?;
        if let Some(user) = &notes.forgets {
            self.books.messages.forget(user);
        }
        let ended = notes.duties.iter().filter(|duty| duty.why == endings::WINDOW_ENDED).count();
        self.summary.window_ended_while_ringing += ended;
        messages::followed_up(&self.books, step, notes)?;
        meeting::performed(step, notes)?;
        voice_messages::performed(&mut self.books, step, notes)?;
        accounts::performed(notes)?;
        queue::none_starves(&self.books, step)?;
        Ok(())
    }
}

/// The rule of a permission, as audit records name it.
const fn permitted(window: ringfence::values::time::Window, mode: ringfence::values::policy::CallMode) -> Rule {
    Rule::Permitted { window, mode }
}
