//! What scripts came by of calls under a reservation whose merchant is offered the recorder.

use std::collections::{BTreeMap, BTreeSet};

use ringfence::values::effect::{AuditRecord, Content, NotOffered, Party, Ruling};
use ringfence::values::input::Input;
use ringfence::values::policy::CallMode;
use ringfence::values::reply::{DenyReason, Reply, ReservationState};
use ringfence::{Action, CallId, Effect, LegId, PhoneNumber, ReservationId, VoiceMessageId};
use ringfence_testing::model::{CallState, LegState, Model, VoiceState};
use ringfence_testing::strategies::StepReply;
use ringfence_testing::trace::Doing;

/// How many scripts in a hundred come by it, at least.
pub(crate) const DEMANDED_OF_MEETINGS: [(&str, usize); 20] = [
    ("offered under a reservation", 45),
    ("recording in merchant mode", 15),
    ("recording in platform mode", 22),
    ("stored under a reservation", 25),
    ("delivered under a reservation", 9),
    ("heard under a reservation", 11),
    ("closed while its merchant is at the recorder", 20),
    ("its window ended while its merchant is at the recorder", 3),
    ("called anew while its merchant is at the recorder", 3),
    ("a recording took the channel", 3),
    ("leg lost while recording", 2),
    ("leg lost while offered", 2),
    ("not offered under a reservation: Unbound", 10),
    ("not offered under a reservation: Full", 1),
    ("not offered under a reservation: Blocked", 1),
    ("asked when a deadline fired", 4),
    ("asked when another input settled", 20),
    ("asked when our own leg came back", 12),
    ("a merchant is told of which reservation his message was lost", 13),
    ("a merchant is asked to call back of which reservation", 8),
];

/// What some of them comes by.
pub(crate) const TO_BE_SEEN_OF_MEETINGS: &[&str] = &[
    "asked at a resync",
    "asked for two at once",
    "asked when an input was refused",
    "two merchants at recorders",
    "recorded on after the merchant left",
    "offered in merchant mode",
    "under a reservation ended Abandoned(CallerGone)",
    "under a reservation ended Abandoned(Forgotten)",
    "under a reservation ended Abandoned(HolderChanged)",
    "under a reservation ended Abandoned(NoReport)",
    "under a reservation ended Abandoned(NotAnswered)",
    "under a reservation ended Abandoned(RecordFailed)",
    "under a reservation ended Abandoned(Silent)",
    "under a reservation ended Abandoned(TooShort)",
    "under a reservation ended Abandoned(Unbound)",
    "under a reservation ended Abandoned(Unfollowed)",
    "under a reservation ended Expired",
    "under a reservation ended Undeliverable(Forgotten)",
    "under a reservation ended Undeliverable(HolderChanged)",
    "under a reservation ended Undeliverable(NoRoad)",
    "under a reservation ended Undeliverable(Unbound)",
    "under a reservation ended Undeliverable(Unfollowed)",
];

/// What stood before a step.
#[derive(Debug, Default)]
pub(super) struct Meeting {
    /// The legs of merchants who are offered the recorder, or leave a message, and whether these record.
    recorders: BTreeMap<LegId, (ReservationId, bool)>,
    under: BTreeSet<VoiceMessageId>,
    /// The lines that a recording has a channel of.
    lines: BTreeSet<PhoneNumber>,
    users_ringing: BTreeSet<LegId>,
    is_advance: bool,
    is_resync: bool,
    asks_from: Option<PhoneNumber>,
    reports: Option<LegId>,
}

impl Meeting {
    pub(super) fn before(&mut self, model: &Model, doing: &Doing) {
        let messages = model.voice_messages();
        let recorder = |kept: &ringfence_testing::model::VoiceMessageView| {
            let (_, reservation) = kept.under?;
            Some((kept.leg?, (reservation, kept.state == VoiceState::Recording)))
        };
        self.recorders = messages.iter().filter_map(recorder).collect();
        self.under = messages.iter().filter(|kept| kept.under.is_some()).map(|kept| kept.voice_message).collect();
        let legs = model.legs();
        self.lines = legs.iter().filter(|leg| self.recorders.contains_key(&leg.leg)).map(|leg| leg.number).collect();
        let rings = |state| matches!(state, LegState::Dialled | LegState::Ringing);
        self.users_ringing = legs.iter().filter(|leg| leg.party == Party::User && rings(leg.state)).map(|leg| leg.leg).collect();
        let input = match doing {
            Doing::Input(input) | Doing::Once { input, .. } => Some(input),
            Doing::Advance { .. } | Doing::Confirm { .. } | Doing::Restart => None,
        };
        self.is_advance = matches!(doing, Doing::Advance { .. });
        self.is_resync = matches!(input, Some(Input::Resync(_)));
        self.asks_from = if let Some(Input::RequestCall(request)) = input { Some(request.line) } else { None };
        self.reports = match input {
            Some(Input::LegEnded(report)) => Some(report.leg),
            Some(Input::LegAnswered(report)) => Some(report.leg),
            _ => None,
        };
    }

    /// What the step came by.
    pub(super) fn after(&mut self, model: &Model, reply: &StepReply, effects: &[Effect]) -> BTreeSet<String> {
        let mut kinds = BTreeSet::new();
        let mut note = |holds: bool, kind: &str| {
            if holds {
                kinds.insert(kind.to_owned());
            }
        };
        let calls = model.calls();
        let reservations = model.reservations();
        let closed = |id| reservations.iter().any(|kept| kept.reservation == id && kept.state == ReservationState::Closed);
        for kept in model.voice_messages() {
            let Some((call, reservation)) = kept.under else { continue };
            let mode = calls.iter().find(|(id, ..)| *id == call).map(|(.., mode)| *mode);
            let of = if mode == Some(CallMode::PlatformCalls) { "platform" } else { "merchant" };
            note(kept.state == VoiceState::Offered && mode.is_some(), &format!("offered in {of} mode"));
            note(kept.state == VoiceState::Recording && mode.is_some(), &format!("recording in {of} mode"));
            note(kept.state == VoiceState::Recording && mode.is_none(), "recorded on after the merchant left");
            note(kept.state == VoiceState::Stored, "stored under a reservation");
            note(kept.state == VoiceState::Delivered, "delivered under a reservation");
            note(kept.state == VoiceState::Heard, "heard under a reservation");
            let lives = kept.leg.is_some();
            note(lives && closed(reservation), "closed while its merchant is at the recorder");
            let again = |(id, parts): (CallId, Vec<(ReservationId, bool)>)| {
                id != call && parts.iter().any(|(user, over)| *user == reservation && !over)
            };
            note(lives && model.parts().into_iter().any(again), "called anew while its merchant is at the recorder");
            let over = reservations.iter().any(|kept| kept.reservation == reservation && model.latest() >= kept.window.end());
            note(lives && over, "its window ended while its merchant is at the recorder");
        }
        note(calls.iter().filter(|(_, state, _)| *state == CallState::Recording).count() > 1, "two merchants at recorders");
        let mut asked = 0;
        for effect in effects {
            if let Action::Send(send) = &effect.action {
                if let Content::VoiceMessageUndeliveredForMerchant(said) = &send.content {
                    note(said.reservation.is_some(), "a merchant is told of which reservation his message was lost");
                }
                if let Content::CallBackRequestedForMerchant(said) = &send.content {
                    note(said.reservation.is_some(), "a merchant is asked to call back of which reservation");
                }
            }
            let Action::Audit(audit) = &effect.action else { continue };
            if let AuditRecord::LegLost(lost) = &audit.record {
                let was = self.recorders.get(&lost.leg).map(|(_, records)| *records);
                note(was == Some(true), "leg lost while recording");
                note(was == Some(false), "leg lost while offered");
            }
            if let AuditRecord::VoiceMessageEnded(ended) = &audit.record {
                let is_its = self.under.contains(&ended.voice_message);
                note(is_its, &format!("under a reservation ended {:?}", ended.outcome));
            }
            if let AuditRecord::FailedCall(record) = &audit.record
                && record.call.is_some()
            {
                asked += 1;
                match record.ruling {
                    Ruling::Offered(_) => note(true, "offered under a reservation"),
                    Ruling::NotOffered(NotOffered { why }) => note(true, &format!("not offered under a reservation: {why:?}")),
                }
            }
        }
        note(asked > 0 && self.is_advance, "asked when a deadline fired");
        note(asked > 1, "asked for two at once");
        note(asked > 0 && self.is_resync, "asked at a resync");
        let is_own = matches!(reply, Some(Ok(Reply::OwnLeg(_))));
        note(asked > 0 && is_own, "asked when our own leg came back");
        let reports_it = self.reports.is_some_and(|leg| self.users_ringing.contains(&leg));
        note(asked > 0 && !reports_it && !is_own && !self.is_advance && !self.is_resync, "asked when another input settled");
        note(asked > 0 && matches!(reply, Some(Err(_))), "asked when an input was refused");
        let no_channel = matches!(reply, Some(Ok(Reply::Deny(deny))) if deny.reason == DenyReason::NoChannel);
        note(no_channel && self.asks_from.is_some_and(|line| self.lines.contains(&line)), "a recording took the channel");
        kinds
    }
}
