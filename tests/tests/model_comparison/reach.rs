//! What the scripts came by. A comparison of scripts in which nothing happens would prove nothing.

use std::collections::{BTreeMap, BTreeSet};

use ringfence::values::cause::ReleaseCause;
use ringfence::values::effect::{Asked, AuditRecord, Content, NotOffered, Party, ReservationAction, Rule, Ruling};
use ringfence::values::id::GroupId;
use ringfence::values::input::{Input, Scope};
use ringfence::values::policy::{CallMode, ModeChooser};
use ringfence::values::refusal::{Object, Refusal};
use ringfence::values::reply::{Reply, ReservationState, SlotChosen};
use ringfence::values::time::{DayRule, Window};
use ringfence::{Action, BindingId, CallId, Effect, LegId, PhoneNumber, ReservationId, Timestamp};
use ringfence_testing::model::{BindingState, CallState, Deadline, LegState, LegView, Model, ReservationSummary, VoiceState};
use ringfence_testing::strategies::StepReply;
use ringfence_testing::trace::Doing;

#[path = "meeting.rs"]
mod meeting;

pub(super) use self::meeting::{DEMANDED_OF_MEETINGS, TO_BE_SEEN_OF_MEETINGS};

/// What a user does that ends or changes his part in a call, or has done to him.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Changes,
    TakesBack,
    Blocks,
    IsFrozen,
}

/// How many scripts in a hundred come by it, at least.
pub(super) const DEMANDED: [(&str, usize); 29] = [
    ("window ended while a phone rang", 5),
    ("late host", 5),
    ("closed Missed(HostLate)", 5),
    ("cancelled while a phone rang", 5),
    ("deny NumberBusy", 1),
    ("deny NoChannel", 1),
    ("leg lost without a report", 5),
    ("pool empty", 3),
    ("pool low", 3),
    ("called by number", 3),
    ("number came back to its user", 1),
    ("holder agreed", 10),
    ("holder's phone dialled", 1),
    ("wrong code", 5),
    ("codes used up", 2),
    ("refused 225", 2),
    ("dial in doubt", 5),
    ("answer of a dial in doubt", 1),
    ("leg gone here and alive there", 5),
    ("dial withdrawn", 10),
    ("dial of a lost leg withdrawn", 1),
    ("deny Frozen", 1),
    ("deny OutsideHours", 1),
    ("deny DailyLimit", 1),
    ("slot over without a conversation", 5),
    ("reminded", 5),
    ("sent again by short message", 10),
    ("sent again by e-mail", 1),
    ("undelivered", 10),
];

/// The same for scripts about calls.
pub(super) const DEMANDED_OF_CALLS: [(&str, usize); 19] = [
    ("talking in merchant mode", 20),
    ("talking in platform mode", 25),
    ("second conversation", 3),
    ("queue longer than channels", 5),
    ("changed while a phone rang, and ended", 15),
    ("changed while a phone rang, and kept", 15),
    ("terms that waited were set after the talk", 5),
    ("declined while a phone rang", 1),
    ("group of two talking", 5),
    ("group called in merchant mode", 5),
    ("one left, others talk on", 3),
    ("one failed, others go on", 15),
    ("member skipped because busy", 1),
    ("joined after others talked", 5),
    ("changed in a shared call, others go on", 5),
    ("in another group by a change", 15),
    ("another slot after one that was over", 15),
    ("a merchant's phone rang when the slot ended", 3),
    ("talking in a slot", 5),
];

/// The same for scripts in which accounts bind numbers.
pub(super) const DEMANDED_OF_ACCOUNTS: [(&str, usize); 13] = [
    ("told Bound", 50),
    ("told NotConfirmed", 10),
    ("told TakenOver", 10),
    ("binding ended Unbound", 10),
    ("binding ended TakenOver", 10),
    ("binding ended Forgotten", 10),
    ("binding ended Unfollowed", 10),
    ("suspended and bound again", 10),
    ("an account with two numbers", 20),
    ("refused 148", 20),
    ("refused 225", 10),
    ("refused 240", 20),
    ("wrong code of a binding", 30),
];

/// The same for scripts in which callers leave messages.
pub(super) const DEMANDED_OF_VOICE: [(&str, usize); 24] = [
    ("offered", 50),
    ("not offered Reason", 30),
    ("not offered Unbound", 20),
    ("voice Offered", 50),
    ("voice Recording", 40),
    ("voice Stored", 40),
    ("voice Transcribing", 10),
    ("voice Pushing", 40),
    ("voice Waiting", 30),
    ("voice Delivered", 15),
    ("voice Heard", 10),
    ("voice Abandoned", 30),
    ("voice Expired", 5),
    ("voice Undeliverable", 10),
    ("recorded after the caller left", 5),
    ("by short message", 5),
    ("waits for follow", 10),
    ("pushed again", 10),
    ("went with its words", 3),
    ("sender told", 10),
    ("sender untellable", 2),
    ("called back", 3),
    ("our own leg came back", 1),
    ("a caller's leg gone here and alive there", 1),
];

/// What some of them comes by: every ground, every end, every refusal.
pub(super) const TO_BE_SEEN_OF_VOICE: &[&str] = &[
    "not offered Blocked",
    "not offered Full",
    "voice ended Abandoned(CallerGone)",
    "voice ended Abandoned(TooShort)",
    "voice ended Abandoned(Silent)",
    "voice ended Abandoned(RecordFailed)",
    "voice ended Abandoned(NotAnswered)",
    "voice ended Abandoned(NoReport)",
    "voice ended Abandoned(HolderChanged)",
    "voice ended Abandoned(Unbound)",
    "voice ended Abandoned(Unfollowed)",
    "voice ended Abandoned(Forgotten)",
    "voice ended Expired",
    "voice ended Undeliverable(NoRoad)",
    "voice ended Undeliverable(HolderChanged)",
    "voice ended Undeliverable(Unbound)",
    "voice ended Undeliverable(Unfollowed)",
    "voice ended Undeliverable(Forgotten)",
    "told Told",
    "told Untellable",
    "told NotNeeded",
    "a merchant is told that his message did not arrive",
    "a user is told that his message did not arrive",
    "a merchant is asked to call back",
    "a user is asked to call back",
    "words were cut",
    "misconfigured",
    "shown without a caller",
    "shown with a merchant's name",
    "number of a caller forgotten",
    "messages of a callee forgotten",
    "an unwanted recording erased",
    "prompt UserBusy",
    "prompt UserPoweredOff",
    "prompt UserOutOfArea",
    "prompt UserSuspended",
    "prompt UserUnreachable",
    "prompt MessageTaken",
    "prompt NothingRecorded",
    "prompt RecordFailed",
    "passed on 1",
    "passed on 17",
    "passed on 19",
    "passed on 20",
    "passed on 21",
    "passed on 31",
    "passed on 41",
    "invalid Evidence KnownCauses",
    "limit FailedCalls",
    "unknown voice message",
    "gone voice message",
    "refused 132",
    "refused 150",
    "refused 241",
];

/// What some script comes by: every refusal, verdict, way to close, cause of release and prompt.
pub(super) const TO_BE_SEEN: &[&str] = &[
    "allow",
    "deny NotRecognized",
    "deny WindowOver",
    "deny Closed",
    "deny Unverified",
    "deny BeforeWindow",
    "deny DoNotCall",
    "deny Frozen",
    "deny PlatformIsCalling",
    "deny WrongMode",
    "deny InCall",
    "deny OutsideHours",
    "deny DailyLimit",
    "deny TooSoon",
    "deny WindowClosing",
    "deny NumberBusy",
    "deny NoChannel",
    "refused 100",
    "refused 101",
    "refused 102",
    "refused 103",
    "refused 104",
    "refused 105",
    "refused 106",
    "refused 107",
    "refused 155",
    "refused 230",
    "limit Numbers",
    "refused 145",
    "refused 146",
    "refused 147",
    "refused 130",
    "refused 131",
    "refused 200",
    "refused 201",
    "refused 202",
    "refused 203",
    "refused 210",
    "refused 211",
    "refused 220",
    "refused 280",
    "limit GroupSize",
    "deny of a group",
    "changed in a shared call, and kept",
    "blocked in a shared talk, others talk on",
    "frozen in a shared call, others go on",
    "consent taken back while a phone rang for several",
    "limit BlocksPerUser",
    "limit Blocks",
    "a block ended a conversation",
    "a block cancelled a reservation",
    "limit Merchants",
    "limit LinesPerMerchant",
    "limit Pages",
    "limit PageEntries",
    "limit Reservations",
    "limit ReservationsPerNumber",
    "limit Push",
    "limit Outbox",
    "limit TextChars",
    "limit BookAhead",
    "limit Channels",
    "limit PushedPages",
    "limit ChallengesPerNumber",
    "limit Codes",
    "overlap at a right code",
    "invalid Numbers SubscriberNumber",
    "invalid To NotAVirtualNumber",
    "a confirmation of the clock that confirms nothing",
    "a clock that leapt is confirmed under a key",
    "an import that settles",
    "one number for two addresses of one person",
    "a waiting choice is the platform's",
    "holder agreed inside the window",
    "limit ReservationsPerSender",
    "limit Calendars",
    "limit CalendarDays",
    "search entry",
    "search without a result",
    "search with results",
    "search with more results",
    "window not offered, three nearest",
    "page republished after it was withdrawn",
    "page with a closed day",
    "page with a day that counts as another",
    "closed Completed",
    "closed Cancelled",
    "closed Unverified",
    "closed Missed(NotReached)",
    "closed Missed(MerchantNotReached)",
    "closed Missed(NotCalled)",
    "closed Missed(NumberBusy)",
    "closed Missed(NoChannel)",
    "closed Missed(HostLate)",
    "closed Missed(Frozen)",
    "closed Missed(OutsideHours)",
    "closed Missed(DailyLimit)",
    "refused 291",
    "closed Missed(DoNotCall)",
    "refused 290",
    "a freeze took a user's dial back",
    "a freeze took a merchant's dial back",
    "the list took a user's dial back",
    "the list took a merchant's dial back",
    "limit Freezes",
    "limit DoNotCall",
    "limit DoNotCallImport",
    "release Normal",
    "release WindowEnded",
    "release Withdrawn",
    "release NoAnswer",
    "release UserBusy",
    "release UserUnreachable",
    "release OtherSideGone",
    "release TimeLimit",
    "release NotPermitted",
    "release Unknown",
    "prompt ConnectingUser",
    "prompt MerchantGone",
    "prompt UserUnreachable",
    "deny Unacknowledged",
    "refused 120",
    "refused 206",
    "refused 205",
    "limit PagesPerMerchant",
    "limit Revisions",
    "closed Declined",
    "closed Missed(NotAcknowledged)",
    "release Amended",
    "back to unverified",
    "verified by a change",
    "acknowledged",
    "a change is confirmed by a code",
    "a changed phone leaves its number",
    "terms that waited are asked for",
    "refused 207",
    "a user's phone rang when the slot ended",
    "refused 208",
    "refused 209",
    "a merchant is ready",
    "a slot that has not begun",
    "a slot ended in a conversation",
    "a slot dropped by a change",
    "a slot kept by a change",
    "a call carried on in its slot",
    "a slot dropped with the mode",
    "closed after a slot that was over",
    "slot over HostLate",
    "slot over NotReached",
    "slot over NoChannel",
    "slot over WindowTooShort",
    "slot over NotReachedInTime",
    "slot over Frozen",
    "slot over OutsideHours",
    "refused 132",
    "limit Attachments",
    "invalid Attachments NoRepeats",
    "a merchant was told of media",
    "media was kept from a merchant",
    "media was erased with its reservation",
    "media was erased by a change",
    "closed Forgotten",
    "profile reused",
    "somebody else's phone from the profile",
    "forgotten while ringing",
    "forgotten while talking",
    "forgotten after it closed",
    "messages to somebody who was forgotten",
    "nothing but messages to be forgotten",
    "invalid Name SetOrErased",
    "a page sent again",
    "reminded of what is to be confirmed",
    "reminded of a change",
    "result without buttons",
    "result to be confirmed",
    "result that may not be changed",
    "manage page of a closed one",
    "manage page with terms that wait",
    "manage page of one that is ending",
    "invalid Email Mailbox",
    "invalid ResultBy NumberOfTheSender",
];

/// What a script came by, in the words of the tables above.
#[derive(Debug, Default)]
pub(super) struct Seen {
    kinds: BTreeSet<String>,
    ringing: BTreeSet<LegId>,
    /// The legs whose dial was reported failed.
    doubted: BTreeSet<LegId>,
    /// The step reports an answer.
    reports_answer: bool,
    /// The legs that are not gone.
    alive: BTreeSet<LegId>,
    /// The leg that the step says is alive.
    said_to_live: Option<LegId>,
    /// The step reports an effect that was not carried out.
    reports_failure: bool,
    /// The last record was of a `dial` that was taken back.
    after_withdrawn: bool,
    /// The step gives a code.
    gives_code: bool,
    /// The step confirms a clock that leapt, under a key.
    confirms_leap: bool,
    /// The step imports numbers.
    imports: bool,
    /// The reservations whose contact's holder agreed.
    agreed: BTreeSet<ReservationId>,
    /// The page that is published has been withdrawn before.
    was_withdrawn: bool,
    joined: BTreeSet<LegId>,
    is_block: bool,
    /// The calls that several shared before the step, and who was in them still.
    shared: BTreeMap<CallId, BTreeSet<ReservationId>>,
    /// The groups before it.
    groups: BTreeMap<ReservationId, GroupId>,
    /// What one user did in it that may touch a shared call.
    deed: Option<(ReservationId, Deed)>,
    /// Who was joined on which bridge.
    bridged: BTreeSet<(CallId, ReservationId)>,
    is_change: bool,
    /// The step books with a name, or a phone, from the profile.
    recalls: (bool, bool),
    /// How much is attached to what the step books.
    attaches: usize,
    /// What the step keeps from ringing: the word for it.
    bars: Option<&'static str>,
    waiting: BTreeSet<(ReservationId, u32)>,
    numbers: BTreeMap<ReservationId, PhoneNumber>,
    unverified: BTreeSet<ReservationId>,
    declines: bool,
    /// The slots, and who waits for another one.
    slots: BTreeMap<ReservationId, Option<Window>>,
    /// The step chooses a mode, or a merchant is ready.
    chooses_mode: bool,
    is_ready: bool,
    users_ringing: BTreeSet<LegId>,
    /// The step reports what became of a message.
    reports_message: bool,
    /// The callers' legs that were seen.
    callers: BTreeSet<LegId>,
    /// The bindings whose accounts do not follow.
    suspended: BTreeSet<BindingId>,
    meeting: meeting::Meeting,
}

impl Seen {
    /// To be called with the model as it is before a step.
    pub(super) fn before(&mut self, model: &Model, at: Timestamp, doing: &Doing) {
        let rings = |state| matches!(state, LegState::Dialled | LegState::Ringing);
        self.ringing = model.legs().into_iter().filter(|leg| !leg.inbound && rings(leg.state)).map(|leg| leg.leg).collect();
        self.alive = model.legs().into_iter().map(|leg| leg.leg).collect();
        (self.said_to_live, self.reports_answer) = match doing {
            Doing::Input(Input::LegProgress(report)) => (Some(report.leg), false),
            Doing::Input(Input::LegAnswered(report)) => (Some(report.leg), true),
            Doing::Input(_) | Doing::Once { .. } | Doing::Advance { .. } | Doing::Confirm { .. } | Doing::Restart => {
                (None, false)
            }
        };
        self.meeting.before(model, doing);
        self.reports_failure = matches!(doing, Doing::Input(Input::EffectFailed(_)));
        self.gives_code = matches!(doing, Doing::Input(Input::ConfirmContact(_)));
        let most_s = model.policy().clock_leap_max_s;
        let leaps = most_s > 0 && at > model.latest().saturating_add_s(most_s.into());
        self.confirms_leap = leaps && matches!(doing, Doing::Once { input: Input::ConfirmClock(_), .. });
        self.imports = matches!(doing, Doing::Input(Input::ImportNumbers(_)));
        self.before_groups(doing, model);
        let is_joined = |leg: &LegView| leg.state == LegState::Joined;
        self.joined = model.legs().into_iter().filter(is_joined).map(|leg| leg.leg).collect();
        self.is_block = matches!(doing, Doing::Input(Input::Block(_)) | Doing::Once { input: Input::Block(_), .. });
        self.recalls = match doing {
            Doing::Input(Input::Book(book)) if book.remember.unwrap_or(model.policy().profiles_remembered) => {
                let profile = model.profile(&book.user);
                let named = book.name.is_none() && profile.is_some_and(|kept| kept.name.is_some());
                (named, book.contact.is_none() && profile.is_some_and(|kept| kept.contact.is_some()))
            }
            Doing::Input(_) | Doing::Once { .. } | Doing::Advance { .. } | Doing::Confirm { .. } | Doing::Restart => {
                (false, false)
            }
        };
        self.is_change = matches!(doing, Doing::Input(Input::Amend(_)) | Doing::Once { input: Input::Amend(_), .. });
        self.attaches = match doing {
            Doing::Input(Input::Book(book)) => book.attachments.len(),
            Doing::Input(_) | Doing::Once { .. } | Doing::Advance { .. } | Doing::Confirm { .. } | Doing::Restart => 0,
        };
        self.bars = match doing {
            Doing::Input(Input::Freeze(_)) => Some("a freeze"),
            Doing::Input(Input::ImportDoNotCall(_)) => Some("the list"),
            Doing::Input(_) | Doing::Once { .. } | Doing::Advance { .. } | Doing::Confirm { .. } | Doing::Restart => None,
        };
        let number = |kept: ReservationSummary| Some((kept.reservation, model.number_of(kept.reservation)?));
        self.numbers = model.reservations().into_iter().filter_map(number).collect();
        self.waiting = model.reservations().iter().filter_map(|kept| Some((kept.reservation, kept.waiting?.0))).collect();
        let unverified = |kept: &ReservationSummary| kept.state == ReservationState::Unverified;
        self.unverified = model.reservations().iter().filter(|kept| unverified(kept)).map(|kept| kept.reservation).collect();
        self.declines = matches!(doing, Doing::Input(Input::Decline(_)));
        self.slots_before(model, doing);
        self.reports_message = matches!(doing, Doing::Input(Input::MessageReported(_)));
        // A line is due from when its first became eligible, be that long ago; that is not the host's lateness.
        let late = |(due, what): (Timestamp, Deadline)| !matches!(what, Deadline::Line(_)) && at.micros_since(due) >= 1_000_000;
        let tells_time = matches!(doing, Doing::Input(_) | Doing::Advance { .. });
        self.was_withdrawn = matches!(doing, Doing::Input(Input::PublishPage(input)) if model.is_withdrawn(input.page));
        self.note(tells_time && model.deadlines().into_iter().any(late), "late host");
    }

    /// To be called with the model as it is after the step, and with what came of it.
    pub(super) fn after(&mut self, model: &Model, reply: &StepReply, effects: &[Effect]) {
        let talks = |wanted| model.calls().iter().any(|(_, state, mode)| *state == CallState::Talking && *mode == wanted);
        self.note(talks(CallMode::MerchantCalls), "talking in merchant mode");
        self.note(talks(CallMode::PlatformCalls), "talking in platform mode");
        self.note(model.reservations().iter().any(|kept| kept.conversations > 1), "second conversation");
        self.note(model.has_queue_longer_than_channels(), "queue longer than channels");
        self.bindings_after(model);
        self.kinds.extend(self.meeting.after(model, reply, effects));
        self.voice_after(model, reply, effects);
        self.groups(model, effects);
        let live = |kept: &&ReservationSummary| kept.outcome.is_none();
        let reservations = model.reservations();
        let unnumbered =
            |kept: &ReservationSummary| model.number_of(kept.reservation).is_none() && kept.state != ReservationState::Unverified;
        self.note(!model.pool().is_empty() && reservations.iter().filter(live).any(unnumbered), "pool empty");
        let came_back = reservations.iter().filter(live).any(|kept| {
            let number = model.number_of(kept.reservation);
            let before = |old: &ReservationSummary| {
                old.outcome.is_some() && old.merchant == kept.merchant && model.number_of(old.reservation) == number
            };
            number.is_some() && reservations.iter().any(before)
        });
        self.note(came_back, "number came back to its user");
        for kept in model.reservations() {
            let set = self.waiting.contains(&(kept.reservation, kept.revision)) && kept.state != ReservationState::Closed;
            self.note(set, "terms that waited were set after the talk");
            let is_asked = model.challenges().iter().any(|out| out.reservation == kept.reservation);
            self.note(set && is_asked, "terms that waited are asked for");
            let (old, new) = (self.numbers.get(&kept.reservation).copied(), model.number_of(kept.reservation));
            self.note(old.is_some() && old != new, "a changed phone leaves its number");
            let confirmed = matches!(reply, Some(Ok(Reply::Confirmed(confirmed))) if confirmed.reservation == kept.reservation);
            self.note(confirmed && kept.revision > 1, "a change is confirmed by a code");
            let (was, is) = (self.unverified.contains(&kept.reservation), kept.state == ReservationState::Unverified);
            let amended = matches!(reply, Some(Ok(Reply::Amended(_))));
            self.note(amended && !was && is && kept.revision > 1, "back to unverified");
            self.note(amended && was && !is && kept.state != ReservationState::Closed, "verified by a change");
        }
        self.slots_after(model, reply, effects);
        let is_shared = |one: &ReservationSummary| {
            reservations.iter().filter(live).any(|other| {
                let same = (other.merchant, other.contact) == (one.merchant, one.contact) && other.user != one.user;
                same && model.number_of(one.reservation).is_some_and(|number| model.number_of(other.reservation) == Some(number))
            })
        };
        self.note(reservations.iter().filter(live).any(is_shared), "one number for two addresses of one person");
        let waits = |kept: &ReservationSummary| kept.state == ReservationState::AwaitingMode;
        let by_platform = matches!(model.policy().mode_chosen_by, ModeChooser::Platform(_));
        self.note(by_platform && reservations.iter().any(waits), "a waiting choice is the platform's");
        let leap = matches!(reply, Some(Err(Refusal::ClockLeap { .. })));
        self.note(self.confirms_leap && leap, "a confirmation of the clock that confirms nothing");
        self.note(self.confirms_leap && matches!(reply, Some(Ok(_))), "a clock that leapt is confirmed under a key");
        self.note(self.imports && !effects.is_empty(), "an import that settles");
        if let Some(Err(Refusal::Invalid { field, allowed })) = reply {
            self.kinds.insert(format!("invalid {field:?} {allowed:?}"));
        }
        let outcomes = model.reservations().into_iter().filter_map(|kept| kept.outcome);
        self.kinds.extend(outcomes.map(|outcome| format!("closed {outcome:?}")));
        if let Some(Ok(Reply::Booked(_))) = reply {
            self.note(self.recalls.0, "profile reused");
            self.note(self.recalls.1, "somebody else's phone from the profile");
        }
        if let Some(Ok(Reply::Forgotten(forgotten))) = reply {
            let ends =
                effects.iter().any(|effect| matches!(&effect.action, Action::HangUp(up) if self.ringing.contains(&up.leg)));
            self.note(forgotten.cancelled > 0 && ends, "forgotten while ringing");
            self.note(forgotten.ending > 0, "forgotten while talking");
            self.note(forgotten.messages > 0, "messages to somebody who was forgotten");
            self.note(forgotten.erased == 0 && forgotten.messages > 0, "nothing but messages to be forgotten");
            self.note(forgotten.erased > forgotten.cancelled + forgotten.ending, "forgotten after it closed");
        }
        for effect in effects {
            if let Action::Archive(archive) = &effect.action {
                self.note(archive.outcome == ringfence::values::reply::Outcome::Forgotten, "closed Forgotten");
            }
        }
        if let Some(Ok(Reply::Confirmed(confirmed))) = reply {
            self.note(true, "holder agreed");
            self.note(confirmed.state == ReservationState::Open, "holder agreed inside the window");
            self.agreed.insert(confirmed.reservation);
        }
        if let Some(Ok(Reply::WrongCode(wrong))) = reply {
            self.note(true, "wrong code");
            self.note(wrong.left == 0, "codes used up");
        }
        let is_published = matches!(reply, Some(Ok(Reply::Published(_))));
        self.note(self.was_withdrawn && is_published, "page republished after it was withdrawn");
        if let Some(Err(Refusal::WindowNotOffered { nearest })) = reply {
            self.note(nearest.len() == 3, "window not offered, three nearest");
        }
        self.kinds.extend(match reply {
            Some(Ok(Reply::Allow(_))) => Some("allow".to_owned()),
            Some(Ok(Reply::Deny(deny))) => Some(format!("deny {:?}", deny.reason)),
            Some(Err(Refusal::Limit { bound, .. })) => Some(format!("limit {bound:?}")),
            Some(Err(refusal)) => Some(format!("refused {}", refusal.code())),
            Some(Ok(_)) | None => None,
        });
        self.note(self.gives_code && matches!(reply, Some(Err(Refusal::Overlap { .. }))), "overlap at a right code");
        for effect in effects {
            if let Action::Dial(dial) = &effect.action {
                self.note(dial.party == Party::User && self.agreed.contains(&dial.reason.reservation), "holder's phone dialled");
            }
            self.effect(&effect.action);
        }
    }

    /// What stands before a step, of calls that several share.
    fn before_groups(&mut self, doing: &Doing, model: &Model) {
        let parts = model
            .parts()
            .into_iter()
            .map(|(call, parts)| (call, parts.into_iter().filter(|(_, over)| !over).map(|(id, _)| id).collect::<BTreeSet<_>>()));
        self.shared = parts.filter(|(_, parts)| parts.len() > 1).collect();
        let kept = model.reservations();
        self.groups = kept.iter().filter_map(|one| Some((one.reservation, model.group_of(one.reservation)?))).collect();
        let holder = |address: &ringfence::Address| {
            kept.iter().find(|one| address.number() == Some(one.contact) && one.state == ReservationState::InCall)
        };
        let Doing::Input(input) = doing else {
            self.deed = None;
            return;
        };
        self.deed = if let Input::Amend(input) = input {
            let deed = if input.share == Some(false) { Deed::TakesBack } else { Deed::Changes };
            Some((input.reservation, deed))
        } else if let Input::Block(input) = input {
            holder(&input.user).map(|one| (one.reservation, Deed::Blocks))
        } else if let Input::Freeze(input) = input
            && let Scope::Number(number) = input.scope
        {
            let his = |one: &&ReservationSummary| one.contact == number && one.state == ReservationState::InCall;
            kept.iter().find(his).map(|one| (one.reservation, Deed::IsFrozen))
        } else {
            None
        };
    }

    /// What one user did in a shared call, or had done to him.
    fn deeds(&mut self, model: &Model, effects: &[Effect]) {
        let Some((id, deed)) = self.deed else { return };
        let live = |one: ReservationId| model.reservations().iter().any(|kept| kept.reservation == one && kept.outcome.is_none());
        let found = model.group_of(id).filter(|group| self.groups.get(&id).is_some_and(|before| before != group));
        self.note(found.is_some() && live(id), "in another group by a change");
        let Some(call) = self.shared.iter().find(|(_, users)| users.contains(&id)).map(|(call, _)| *call) else { return };
        let parts = model.parts().into_iter().find(|(of, _)| *of == call).map(|(_, parts)| parts).unwrap_or_default();
        let is_out = parts.iter().any(|(user, over)| *user == id && *over);
        let others = parts.iter().any(|(user, over)| *user != id && !over);
        let talks = |leg: &LegView| leg.call == call && leg.party == Party::User && leg.state == LegState::Joined;
        let record = |is: fn(&AuditRecord) -> bool| {
            effects.iter().any(|effect| matches!(&effect.action, Action::Audit(audit) if is(&audit.record)))
        };
        let amended = record(|record| matches!(record, AuditRecord::Amended(_)));
        match deed {
            Deed::Changes | Deed::TakesBack => {
                self.note(amended && is_out && others, "changed in a shared call, others go on");
                let is_taken_back = amended && is_out && deed == Deed::TakesBack;
                self.note(is_taken_back, "consent taken back while a phone rang for several");
                let kept = record(|record| matches!(record, AuditRecord::Rebased(_)));
                self.note(kept && !is_out, "changed in a shared call, and kept");
            }
            Deed::Blocks => {
                let talk_on = is_out && others && model.legs().iter().any(talks);
                self.note(talk_on, "blocked in a shared talk, others talk on");
            }
            Deed::IsFrozen => self.note(is_out && others, "frozen in a shared call, others go on"),
        }
    }

    /// What came of calls that several share.
    fn groups(&mut self, model: &Model, effects: &[Effect]) {
        self.deeds(model, effects);
        let legs = model.legs();
        let calls = model.calls();
        for (call, parts) in model.parts().into_iter().filter(|(_, parts)| parts.len() > 1) {
            let lives = calls.iter().any(|(id, state, _)| *id == call && *state != CallState::Ended);
            let talking = |leg: &&LegView| leg.call == call && leg.party == Party::User && leg.state == LegState::Joined;
            let talking = legs.iter().filter(talking).count();
            self.note(talking > 1, "group of two talking");
            let has_left = |id: ReservationId| self.bridged.contains(&(call, id));
            let left = parts.iter().any(|(id, over)| *over && has_left(*id));
            let failed = parts.iter().any(|(id, over)| *over && !has_left(*id));
            self.note(lives && left && talking > 0, "one left, others talk on");
            self.note(lives && failed, "one failed, others go on");
        }
        for effect in effects {
            if let Action::Join(join) = &effect.action {
                let others = self.bridged.iter().any(|(call, _)| *call == join.bridge);
                if let Some(leg) = legs.iter().find(|leg| leg.leg == join.leg && leg.party == Party::User) {
                    self.note(others && effects.len() == 1, "joined after others talked");
                    self.bridged.insert((join.bridge, leg.reservation));
                }
            }
            if let Action::Audit(audit) = &effect.action {
                if let AuditRecord::Grouped(record) = &audit.record {
                    let merchants = calls.iter().any(|(id, _, mode)| *id == record.call && *mode == CallMode::MerchantCalls);
                    self.note(merchants, "group called in merchant mode");
                }
                if let AuditRecord::Judged(judged) = &audit.record {
                    let denied = matches!(judged.rule, Rule::Denied(_));
                    let of_group = matches!(judged.target, Asked::Group(_));
                    self.note(denied && of_group && judged.reservation.is_some(), "deny of a group");
                }
            }
            if let Action::Dial(dial) = &effect.action
                && dial.party == Party::Merchant
            {
                let group = model.group_of(dial.reason.reservation);
                let is_skipped = |kept: &ReservationSummary| {
                    let on_a_leg = legs.iter().any(|leg| leg.number == kept.contact && leg.call != dial.call);
                    kept.state == ReservationState::Open
                        && group.is_some()
                        && model.group_of(kept.reservation) == group
                        && kept.eligible <= model.latest()
                        && on_a_leg
                };
                self.note(model.reservations().iter().any(is_skipped), "member skipped because busy");
            }
        }
    }

    /// Everything that was noted.
    pub(super) fn into_kinds(self) -> BTreeSet<String> {
        self.kinds
    }

    fn effect(&mut self, action: &Action) {
        let (cause, prompt) = match action {
            Action::HangUp(hang_up) => {
                let rang = self.ringing.contains(&hang_up.leg);
                if let Some(bar) = self.bars.filter(|_| rang) {
                    // The record of a user's comes right before.
                    let whose = if self.after_withdrawn { "user" } else { "merchant" };
                    self.kinds.insert(format!("{bar} took a {whose}'s dial back"));
                }
                if self.reports_failure && hang_up.cause == ReleaseCause::Unknown {
                    self.doubted.insert(hang_up.leg);
                    self.note(true, "dial in doubt");
                }
                let is_told = self.said_to_live == Some(hang_up.leg);
                let is_crossing = is_told && self.reports_answer && self.doubted.contains(&hang_up.leg);
                self.note(is_crossing && self.alive.contains(&hang_up.leg), "answer of a dial in doubt");
                self.note(is_told && !self.alive.contains(&hang_up.leg), "leg gone here and alive there");
                self.note(rang && hang_up.cause == ReleaseCause::WindowEnded, "window ended while a phone rang");
                let joined = self.joined.contains(&hang_up.leg);
                self.note(self.is_block && joined && hang_up.cause == ReleaseCause::Withdrawn, "a block ended a conversation");
                let withdrawn = rang && hang_up.cause == ReleaseCause::Withdrawn;
                self.note(withdrawn && !self.declines, "cancelled while a phone rang");
                self.note(withdrawn && self.declines, "declined while a phone rang");
                self.note(rang && hang_up.cause == ReleaseCause::Amended, "changed while a phone rang, and ended");
                (Some(hang_up.cause), hang_up.prompt)
            }
            Action::Reject(reject) => {
                self.kinds.insert(format!("passed on {}", reject.q850_cause));
                (Some(reject.cause), None)
            }
            Action::Play(play) => (None, Some(play.prompt)),
            Action::Audit(audit) => {
                let lost = matches!(audit.record, AuditRecord::LegLost(_));
                self.note(lost, "leg lost without a report");
                let withdrawn = matches!(audit.record, AuditRecord::DialWithdrawn(_));
                self.note(withdrawn, "dial withdrawn");
                self.note(lost && self.after_withdrawn, "dial of a lost leg withdrawn");
                self.after_withdrawn = withdrawn;
                let low = matches!(audit.record, AuditRecord::NumbersLow(_));
                self.note(low, "pool low");
                if let AuditRecord::Judged(judged) = &audit.record {
                    let by_number = matches!(judged.target, Asked::Number(_));
                    let allowed = matches!(judged.rule, Rule::Permitted { .. });
                    self.note(by_number && allowed, "called by number");
                }
                let rebased = matches!(audit.record, AuditRecord::Rebased(_));
                self.note(rebased, "changed while a phone rang, and kept");
                let acknowledged = matches!(audit.record, AuditRecord::Acknowledged(_));
                self.note(acknowledged, "acknowledged");
                let undelivered = matches!(audit.record, AuditRecord::Undelivered(_));
                self.note(undelivered, "undelivered");
                if let AuditRecord::VoiceMessageEnded(ended) = &audit.record {
                    self.kinds.insert(format!("voice ended {:?}", ended.outcome));
                }
                let misconfigured = matches!(audit.record, AuditRecord::PushMisconfigured(_));
                self.note(misconfigured, "misconfigured");
                if let AuditRecord::BindingEnded(ended) = &audit.record {
                    self.kinds.insert(format!("binding ended {:?}", ended.why));
                }
                if let AuditRecord::BindingJudged(judged) = &audit.record {
                    self.note(!judged.is_right, "wrong code of a binding");
                }
                (None, None)
            }
            Action::Send(send) => {
                self.message(&send.content);
                self.note(self.reports_message && send.to.number().is_some(), "sent again by short message");
                self.note(self.reports_message && send.to.number().is_none(), "sent again by e-mail");
                let is_page = matches!(send.content, Content::BookingPage(_));
                self.note(self.reports_message && is_page, "a page sent again");
                let cancelled = matches!(send.content, Content::Cancelled(_));
                self.note(self.is_block && cancelled, "a block cancelled a reservation");
                (None, None)
            }
            Action::ArchiveVoiceMessage(archive) => {
                self.kinds.insert(format!("told {:?}", archive.told));
                (None, None)
            }
            Action::Dial(_)
            | Action::Answer(_)
            | Action::Join(_)
            | Action::Archive(_)
            | Action::Record(_)
            | Action::Transcribe(_) => (None, None),
            Action::Erase(erase) => {
                self.note(!self.is_change && !erase.media.is_empty(), "media was erased with its reservation");
                self.note(self.is_change && !erase.media.is_empty(), "media was erased by a change");
                (None, None)
            }
        };
        self.kinds.extend(cause.map(|cause| format!("release {cause:?}")));
        self.kinds.extend(prompt.map(|prompt| format!("prompt {prompt:?}")));
    }

    fn slots_before(&mut self, model: &Model, doing: &Doing) {
        let all = model.reservations();
        self.slots = all
            .iter()
            .filter(|kept| kept.slot.is_some() || kept.spent.is_some())
            .map(|kept| (kept.reservation, kept.slot))
            .collect();
        let input = match doing {
            Doing::Input(input) | Doing::Once { input, .. } => Some(input),
            Doing::Advance { .. } | Doing::Confirm { .. } | Doing::Restart => None,
        };
        self.chooses_mode = matches!(input, Some(Input::ChooseMode(_)));
        self.is_ready = matches!(input, Some(Input::MerchantReady(_)));
        let rings = |leg: &LegView| matches!(leg.state, LegState::Dialled | LegState::Ringing) && leg.party == Party::User;
        self.users_ringing = model.legs().into_iter().filter(rings).map(|leg| leg.leg).collect();
    }

    fn slots_after(&mut self, model: &Model, reply: &StepReply, effects: &[Effect]) {
        let amended = matches!(reply, Some(Ok(Reply::Amended(_))));
        let chosen = matches!(reply, Some(Ok(Reply::SlotChosen(_))));
        self.note(chosen && self.is_ready, "a merchant is ready");
        let early = |chosen: &SlotChosen| chosen.state == ReservationState::Scheduled;
        self.note(matches!(reply, Some(Ok(Reply::SlotChosen(chosen))) if early(chosen)), "a slot that has not begun");
        let talks = |kept: &ReservationSummary| {
            let joined = |leg: &LegView| leg.reservation == kept.reservation && leg.state == LegState::Joined;
            model.legs().iter().any(joined)
        };
        for kept in model.reservations() {
            self.note(kept.slot.is_some() && talks(&kept), "talking in a slot");
            self.note(kept.spent.is_some() && talks(&kept), "a slot ended in a conversation");
            let Some(before) = self.slots.get(&kept.reservation).copied() else { continue };
            self.note(chosen && before.is_none() && kept.slot.is_some(), "another slot after one that was over");
            let gone = before.is_some() && kept.slot.is_none() && kept.spent.is_none();
            self.note(gone && amended, "a slot dropped by a change");
            self.note(gone && self.chooses_mode, "a slot dropped with the mode");
            self.note(before.is_some() && before == kept.slot && amended, "a slot kept by a change");
            let rebased = |effect: &Effect| {
                let Action::Audit(audit) = &effect.action else { return false };
                matches!(&audit.record, AuditRecord::Rebased(rebased) if rebased.reservation == kept.reservation)
            };
            self.note(before.is_some() && effects.iter().any(rebased), "a call carried on in its slot");
            self.note(before.is_none() && kept.outcome.is_some(), "closed after a slot that was over");
        }
        let told = |wanted: LegId| {
            effects.iter().any(|effect| matches!(&effect.action, Action::HangUp(hang_up) if hang_up.leg == wanted && hang_up.cause == ReleaseCause::WindowEnded))
        };
        let slot_over = effects
            .iter()
            .any(|effect| matches!(&effect.action, Action::Send(send) if matches!(send.content, Content::SlotOver(_))));
        let users = self.users_ringing.iter().any(|leg| told(*leg));
        let merchants = self.ringing.difference(&self.users_ringing).any(|leg| told(*leg));
        self.note(slot_over && users, "a user's phone rang when the slot ended");
        self.note(slot_over && merchants && !users, "a merchant's phone rang when the slot ended");
    }

    fn message(&mut self, content: &Content) {
        match content {
            Content::SearchEntry(_) => self.note(true, "search entry"),
            Content::SearchResults(results) => {
                self.note(results.results.is_empty(), "search without a result");
                self.note(!results.results.is_empty(), "search with results");
                self.note(results.more, "search with more results");
            }
            Content::BookingPage(page) => {
                self.note(page.days.values().any(|rule| *rule == DayRule::Closed), "page with a closed day");
                let counts = page.days.values().any(|rule| matches!(rule, DayRule::As(_)));
                self.note(counts, "page with a day that counts as another");
            }
            Content::Reservation(told) => {
                self.note(!told.media.is_empty(), "a merchant was told of media");
                self.note(self.attaches > told.media.len(), "media was kept from a merchant");
            }
            Content::Result(result) => {
                self.note(result.actions.is_empty(), "result without buttons");
                self.note(result.actions.first() == Some(&ReservationAction::Acknowledge), "result to be confirmed");
                self.note(result.actions == [ReservationAction::Cancel], "result that may not be changed");
            }
            Content::Reminder(result) => {
                self.note(true, "reminded");
                self.note(result.actions.first() == Some(&ReservationAction::Acknowledge), "reminded of what is to be confirmed");
                self.note(result.revision > 1, "reminded of a change");
            }
            Content::ManagePage(page) => {
                self.note(page.outcome.is_some(), "manage page of a closed one");
                self.note(page.waiting.is_some(), "manage page with terms that wait");
                self.note(page.state == ReservationState::InCall && page.actions.is_empty(), "manage page of one that is ending");
            }
            Content::BindingChanged(changed) => {
                self.kinds.insert(format!("told {:?}", changed.change));
            }
            Content::VoiceMessage(notice) => {
                self.note(notice.text.is_some(), "went with its words");
                self.note(notice.is_cut, "words were cut");
                self.note(notice.caller.is_none(), "shown without a caller");
                self.note(notice.merchant_name.is_some(), "shown with a merchant's name");
            }
            Content::VoiceMessageUndelivered(_) => {
                self.note(true, "a user is told that his message did not arrive");
                self.note(true, "sender told");
            }
            Content::VoiceMessageUndeliveredForMerchant(_) => {
                self.note(true, "a merchant is told that his message did not arrive");
                self.note(true, "sender told");
            }
            Content::CallBackRequested(_) => {
                self.note(true, "a user is asked to call back");
                self.note(true, "called back");
            }
            Content::CallBackRequestedForMerchant(_) => {
                self.note(true, "a merchant is asked to call back");
                self.note(true, "called back");
            }
            Content::BindingChallenge(_)
            | Content::ContactUnconfirmed(_)
            | Content::Challenge(_)
            | Content::ContactNotConfirmed(_)
            | Content::ModeOptions(_)
            | Content::Cancelled(_)
            | Content::Missed(_)
            | Content::CancelledForMerchant(_)
            | Content::MissedForMerchant(_)
            | Content::Amended(_)
            | Content::OnHold(_)
            | Content::Declined(_) => {}
            Content::SlotOver(notice) => {
                self.note(true, "slot over without a conversation");
                self.kinds.insert(format!("slot over {:?}", notice.why));
            }
        }
    }

    fn voice_after(&mut self, model: &Model, reply: &StepReply, effects: &[Effect]) {
        for kept in model.voice_messages() {
            self.kinds.insert(format!("voice {:?}", kept.state));
            self.note(kept.state == VoiceState::Recording && kept.leg.is_none(), "recorded after the caller left");
            self.note(kept.by_sms && kept.state == VoiceState::Pushing, "by short message");
            self.note(kept.waits_for_follow, "waits for follow");
            self.note(kept.pushes > 1, "pushed again");
            let ends = matches!(kept.state, VoiceState::Expired | VoiceState::Undeliverable);
            self.note(ends && !kept.is_tellable, "sender untellable");
        }
        match reply {
            Some(Ok(Reply::FailedCall(judged))) => match judged.ruling {
                Ruling::Offered(_) => self.note(true, "offered"),
                Ruling::NotOffered(NotOffered { why }) => {
                    self.kinds.insert(format!("not offered {why:?}"));
                }
            },
            Some(Ok(Reply::OwnLeg(_))) => self.note(true, "our own leg came back"),
            Some(Err(Refusal::Unknown { object: Object::VoiceMessage, .. })) => self.note(true, "unknown voice message"),
            Some(Err(Refusal::Gone { object: Object::VoiceMessage, .. })) => self.note(true, "gone voice message"),
            Some(Ok(Reply::Forgotten(said))) => {
                let erased = effects.iter().any(|effect| matches!(effect.action, Action::ArchiveVoiceMessage(_)));
                self.note(said.voice_messages > 0 && erased, "messages of a callee forgotten");
                self.note(said.voice_messages > 0 && !erased, "number of a caller forgotten");
            }
            _ => {}
        }
        let unwanted = |effect: &Effect| matches!(&effect.action, Action::Erase(erase) if erase.reservations.is_empty() && !erase.media.is_empty());
        self.note(effects.len() == 1 && effects.iter().any(unwanted), "an unwanted recording erased");
        let is_told = |leg: LegId| self.said_to_live == Some(leg) && self.callers.contains(&leg);
        let gone = effects
            .iter()
            .any(|effect| matches!(&effect.action, Action::HangUp(up) if up.cause == ReleaseCause::Unknown && is_told(up.leg)));
        self.note(gone, "a caller's leg gone here and alive there");
        self.callers.extend(model.voice_messages().into_iter().filter_map(|kept| kept.leg));
    }

    fn bindings_after(&mut self, model: &Model) {
        let bindings = model.bindings();
        let of = |wanted: BindingState| bindings.iter().filter(move |kept| kept.state == wanted);
        let again = of(BindingState::Bound).any(|kept| self.suspended.contains(&kept.binding));
        let shared =
            of(BindingState::Bound).any(|kept| of(BindingState::Bound).filter(|two| two.account == kept.account).count() > 1);
        self.note(again, "suspended and bound again");
        self.note(shared, "an account with two numbers");
        self.suspended = of(BindingState::Suspended).map(|kept| kept.binding).collect();
    }

    fn note(&mut self, holds: bool, kind: &str) {
        if holds && !self.kinds.contains(kind) {
            self.kinds.insert(kind.to_owned());
        }
    }
}
