//! The switch, the phones and the gateways: what is carried out, what happens then, and what the host hears of it, late, twice or never.

use ringfence::values::effect::{Action, Content, Dial, Effect, Party, Send};
use ringfence::values::evidence::Evidence;
use ringfence::values::id::{LegId, VoiceMessageId};
use ringfence::values::input::{
    Input, LegAnswered, LegEnded, LegProgress, MessageReported, MessageStatus, PlayFinished, RecordFailed, Recorded, Transcribed,
};
use ringfence::values::number::Address;
use ringfence::values::text::Text;

use super::Actor;
use super::dice::Dice;
use super::running::{Event, SECOND, Simulation};
use super::subject::Subject;
use super::tally::count;
use crate::causes;
use crate::host::{Caller, Delivery, Phone, Rings};

/// A leg as the switch has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct SwitchLeg {
    pub(super) phone: Phone,
    pub(super) answered: bool,
}

/// What happens at the switch.
#[derive(Clone, Copy, Debug)]
pub(super) enum Happening {
    Rings,
    Answers,
    /// The phone fails to be reached, or hangs up.
    Ends(causes::Cause),
    /// The switch has hung it up, as it was told.
    IsGone(u8),
}

/// What fails most often in the field: the four reasons of seed 003.
const FREQUENT: [&str; 6] = [
    "q850 17",
    "sip 486",
    "announcement PoweredOff",
    "announcement OutOfServiceArea",
    "announcement Suspended",
    "aliyun_vms 200010",
];

/// Codes that gateways give for messages that they could not deliver.
const GATEWAY_CODES: [&str; 4] = ["-1", "MK:0001", "UNDELIV", "480"];
/// Codes of the social network: some may be tried again, some never.
const WECHAT_CODES: [&str; 8] = ["-1", "40003", "43004", "45015", "45047", "48001", "failed:user block", "failed: system failed"];

pub(super) fn cause(name: &str) -> causes::Cause {
    causes::named(name).unwrap_or_else(|| panic!("there is no cause {name}"))
}

/// What a phone does when it is rung.
pub(super) fn picks_up(dice: &mut Dice, party: Party, ring_timeout_s: u64) -> Phone {
    let seconds = |dice: &mut Dice, least, most| u32::try_from(dice.between(least, most)).unwrap_or(0);
    let [answers, late, fails, rings_on] = match party {
        Party::User => [560, 60, 280, 70],
        Party::Merchant => [850, 40, 70, 20],
    };
    let roll = dice.below(1_000);
    if roll < answers {
        let after = seconds(dice, 1, 25);
        let phone = Phone::answers_after(after);
        if dice.often(20) { phone } else { phone.talks_for(seconds(dice, 1, 400)) }
    } else if roll < answers + late {
        // Around the end of its ring time.
        Phone::answers_after(seconds(dice, ring_timeout_s.saturating_sub(2), ring_timeout_s + 3)).talks_for(30)
    } else if roll < answers + late + fails {
        Phone::fails_with(fails_so(dice))
    } else if roll < answers + late + fails + rings_on {
        Phone::rings_on()
    } else {
        Phone::says_nothing()
    }
}

/// How a call to somebody fails.
pub(super) fn fails_so(dice: &mut Dice) -> causes::Cause {
    let all = u64::from(*causes::COUNT);
    if dice.often(400) {
        cause(FREQUENT[dice.index(FREQUENT.len())])
    } else {
        causes::Cause::try_from(dice.below(all)).unwrap_or(0)
    }
}

impl<S: Subject> Simulation<S> {
    /// Does what an effect asks for.
    pub(super) fn carries_out(&mut self, effect: &Effect) {
        match &effect.action {
            Action::Dial(dial) => self.dials(dial),
            Action::Answer(answer) => {
                if self.legs.contains_key(&answer.leg) && !self.network.often(20) {
                    let after = self.network.between(0, 2);
                    self.in_s(after, Event::Switch(answer.leg, Happening::Answers));
                }
            }
            Action::Reject(reject) => {
                self.legs.remove(&reject.leg);
            }
            Action::HangUp(hang_up) => {
                if self.legs.contains_key(&hang_up.leg) {
                    let after = self.network.between(0, 2);
                    self.in_s(after, Event::Switch(hang_up.leg, Happening::IsGone(hang_up.q850_cause)));
                }
            }
            Action::Play(play) => {
                let report = Input::PlayFinished(PlayFinished { leg: play.leg });
                self.says(3, "sw", report);
            }
            Action::Record(record) => self.records(record.leg, record.voice_message),
            Action::Transcribe(transcribe) => {
                let text = self.network.often(800).then(|| Text::from("请明天上午回电，谢谢"));
                let voice_message = transcribe.voice_message;
                self.says(5, "asr", Input::Transcribed(Transcribed { voice_message, text }));
            }
            Action::Send(send) => self.delivers(effect.sequence, send),
            Action::Archive(archive) => {
                self.known.remove(&archive.reservation);
            }
            Action::Join(_) | Action::Audit(_) | Action::Erase(_) | Action::ArchiveVoiceMessage(_) => {}
        }
    }

    fn dials(&mut self, dial: &Dial) {
        let ring_timeout_s = u64::from(self.policy.ring_timeout_s);
        let phone = picks_up(self.people.phone_dice(dial.to), dial.party, ring_timeout_s);
        self.legs.insert(dial.leg, SwitchLeg { phone, answered: false });
        match phone.rings() {
            Rings::Answers { after_s } => {
                if self.network.often(900) {
                    self.in_s(1, Event::Switch(dial.leg, Happening::Rings));
                }
                self.in_s(u64::from(after_s), Event::Switch(dial.leg, Happening::Answers));
            }
            Rings::Fails { q850_cause } => {
                self.in_s(2, Event::Switch(dial.leg, Happening::Ends(cause(&format!("q850 {q850_cause}")))));
            }
            Rings::FailsWith { cause } => {
                let after = self.network.between(0, 20);
                self.in_s(after, Event::Switch(dial.leg, Happening::Ends(cause)));
            }
            Rings::KeepsRinging => {
                self.in_s(1, Event::Switch(dial.leg, Happening::Rings));
                // Most switches mind the ring time themselves.
                let rings_s = u64::try_from(dial.ring_until.micros_since(self.now) / SECOND).unwrap_or(0);
                if self.network.often(600) {
                    self.in_s(rings_s, Event::Switch(dial.leg, Happening::Ends(cause("timer Ring"))));
                }
            }
            Rings::SaysNothing => {}
        }
        if dial.party == Party::User {
            self.reacts_to_ringing(dial);
        }
    }

    /// What happens at the switch happens, whatever the host hears of it.
    pub(super) fn at_the_switch(&mut self, id: LegId, what: Happening) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        match what {
            Happening::Rings if leg.answered => {}
            Happening::Rings => self.says(0, "sw", Input::LegProgress(LegProgress { leg: id })),
            Happening::Answers if leg.answered => {}
            Happening::Answers => {
                leg.answered = true;
                if let Some(seconds) = leg.phone.hangs_up_after_s() {
                    self.in_s(u64::from(seconds), Event::Switch(id, Happening::Ends(cause("q850 16"))));
                }
                self.says(0, "sw", Input::LegAnswered(LegAnswered { leg: id }));
            }
            Happening::Ends(cause) => {
                self.legs.remove(&id);
                self.tally.causes.insert(cause);
                self.says(0, "sw", Input::LegEnded(LegEnded { leg: id, evidence: causes::evidence(cause) }));
            }
            Happening::IsGone(q850_cause) => {
                let says_nothing = leg.phone.rings() == Rings::SaysNothing;
                self.legs.remove(&id);
                if !says_nothing || self.is_calm {
                    let evidence = Evidence { q850_cause: Some(q850_cause), ..Evidence::default() };
                    self.says(0, "sw", Input::LegEnded(LegEnded { leg: id, evidence }));
                }
            }
        }
    }

    /// A report sets out for the host. What becomes of it on the way is the network's affair.
    pub(super) fn says(&mut self, after_s: u64, source: &str, input: Input) {
        let key = self.network.often(500).then(|| self.next_key(source));
        let micros = |seconds: u64| i64::try_from(seconds).unwrap_or(0) * SECOND;
        let mut at = self.now.saturating_add_micros(micros(after_s));
        if !self.is_calm && self.config.has(Actor::Webhooks) {
            let wanders = i64::try_from(self.network.below(400_000)).unwrap_or(0);
            at = at.saturating_add_micros(wanders);
            match self.network.below(1_000) {
                0..=19 => {
                    count(&mut self.tally.faults, "webhook lost");
                    return;
                }
                20..=44 => {
                    count(&mut self.tally.faults, "webhook late");
                    at = at.saturating_add_s(self.network.between(20, 900));
                }
                45..=74 => {
                    count(&mut self.tally.faults, "webhook doubled");
                    let again = at.saturating_add_s(self.network.between(0, 300));
                    self.at(again, Event::Arrives(key.clone(), Box::new(input.clone())));
                }
                75..=99 => {
                    // What was said after it comes before it.
                    count(&mut self.tally.faults, "webhook reordered");
                    at = at.saturating_add_s(self.network.between(2, 12));
                }
                _ => {}
            }
        }
        self.at(at, Event::Arrives(key, Box::new(input)));
    }

    fn records(&mut self, leg: LegId, voice_message: VoiceMessageId) {
        let media = self.next_media();
        let speaks = u32::try_from(self.network.between(1, 40)).unwrap_or(10);
        let caller = match self.network.below(10) {
            0 => Caller::IsSilent(5),
            1 => Caller::CannotBeRecorded,
            2 | 3 => Caller::SpeaksAndHangsUp(speaks),
            4 => Caller::Speaks(1),
            _ => Caller::Speaks(speaks),
        };
        let recorded = |seconds, is_silent| Input::Recorded(Recorded { voice_message, media, seconds, is_silent });
        match caller {
            Caller::Speaks(seconds) => self.says(u64::from(seconds), "rec", recorded(seconds, false)),
            Caller::SpeaksAndHangsUp(seconds) => {
                self.in_s(u64::from(seconds), Event::Switch(leg, Happening::Ends(cause("q850 16"))));
                self.says(u64::from(seconds), "rec", recorded(seconds, false));
            }
            Caller::IsSilent(seconds) => self.says(u64::from(seconds), "rec", recorded(seconds, true)),
            Caller::CannotBeRecorded => self.says(0, "rec", Input::RecordFailed(RecordFailed { voice_message })),
        }
    }

    /// A message goes out; a gateway may say what became of it, and whoever gets it may do something.
    fn delivers(&mut self, message: u64, send: &Send) {
        let (codes, fails) = match &send.to {
            Address::WeChat(_) => (&WECHAT_CODES[..], 150),
            Address::Rcs(_) => (&GATEWAY_CODES[..], 80),
            Address::Sms(_) | Address::Mms(_) | Address::Email(_) | Address::Chatbot(_) => (&GATEWAY_CODES[..], 25),
        };
        let roll = self.network.below(1_000);
        let delivery = if roll < fails {
            Delivery::Fails(self.network.one(codes).copied().unwrap_or("-1"))
        } else if roll < fails + 40 {
            Delivery::IsLost
        } else {
            Delivery::Arrives
        };
        let after = self.network.between(1, 15);
        let reported = |status| Input::MessageReported(MessageReported { message, status });
        match delivery {
            Delivery::Arrives => {
                if self.network.often(600) || matches!(send.content, Content::VoiceMessage(_)) {
                    self.says(after, "mg", reported(MessageStatus::Delivered));
                }
                if self.network.often(60) {
                    self.says(after + 30, "mg", reported(MessageStatus::Read));
                }
                self.reads(after, send);
            }
            Delivery::Fails(code) => {
                count(&mut self.tally.faults, "message fails");
                self.says(after, "mg", reported(MessageStatus::Failed { code: code.into() }));
            }
            // It may have come all the same.
            Delivery::IsLost => {
                count(&mut self.tally.faults, "message unreported");
                self.reads(after, send);
            }
        }
    }

    /// A call outside any reservation that reached nobody is at our switch: its caller waits, and gives up some time.
    pub(super) fn waits_at_the_switch(&mut self, leg: LegId, is_answered: bool, waits_s: u64) {
        self.legs.insert(leg, SwitchLeg { phone: Phone::answers_after(0), answered: is_answered });
        self.in_s(waits_s, Event::Switch(leg, Happening::Ends(cause("sip 487"))));
    }

    /// A merchant's own phone calls in, and waits while it rings.
    pub(super) fn calls_in(&mut self, leg: LegId) {
        let talks = u32::try_from(self.network.between(20, 600)).unwrap_or(60);
        self.legs.insert(leg, SwitchLeg { phone: Phone::answers_after(0).talks_for(talks), answered: false });
        if self.network.often(120) {
            let patience = self.network.between(2, 40);
            self.in_s(patience, Event::Switch(leg, Happening::Ends(cause("sip 487"))));
        }
    }
}
