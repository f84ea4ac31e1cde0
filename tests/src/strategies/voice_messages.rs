//! Calls that reach nobody, and the messages that their callers leave.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use ringfence::values::account::{AccountId, ConfirmBinding, Follow, RequestBinding, Unbind, Unfollow};
use ringfence::values::cause::{FailureReason, FailureReasons, SEED_REASONS};
use ringfence::values::evidence::{Announcement, DiversionReason, Evidence, OwnTimer, Redirecting, Redirection};
use ringfence::values::id::{BindingId, ChallengeId, MediaId, VoiceMessageId};
use ringfence::values::input::{
    Block, BlockTarget, CallDiverted, CallFailed, EffectFailed, ForgetMe, Input, LegAnswered, LegEnded, LegProgress,
    MessageReported, MessageStatus, OpenMessage, RecordFailed, Recorded, RequestCallBack, Resync, RotateKey, SetPolicy,
    Transcribed,
};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::policy::{Policy, Transcription};
use ringfence::values::text::Text;
use ringfence::{Action, LegId, MerchantId};

use super::accounts::{AccountMove, account};
use super::moves::{Move, Pick, Wait, What, moves_of_calls, one, whats};
use super::worlds::{World, foreign_number, no_users_number, virtual_number, worlds};
use super::{Script, moves};
use crate::codes::{TEST_KEYS, binding_code};
use crate::model::{BindingState, Model, VoiceMessageView, VoiceState};
use crate::trace::Doing;

/// What happens to calls that fail and to messages.
#[derive(Clone, Copy, Debug)]
pub enum VoiceMove {
    /// A call reached nobody: whom, and how.
    Fails(Pick, u32),
    /// The network forwards a call of ours back to us.
    Forwarded(Pick, u32),
    /// Whatever leads on from here.
    Follow(u32),
    /// Something about any message, also one that is gone or never was.
    Any(Pick, u32),
    /// A report on any `send` of a message.
    Report(Pick, u32),
    /// The operator changes what is said of messages.
    Rules(u8),
    /// The switch comes back with those callers' legs that the bits keep.
    Resync(u32),
    /// A callee blocks or a holder is forgotten: whose message, and how.
    Person(Pick, u8),
}

/// Scripts in which calls fail and their callers leave messages, of at most this many moves and at least half as many. Their bounds are reached soon.
pub fn voice_scripts(moves_max: usize) -> impl Strategy<Value = Script> {
    (voice_worlds(), vec(voice_moves(), moves_max / 2..=moves_max)).prop_map(|(world, moves)| Script { world, moves })
}

/// Worlds in which numbers are bound from the start.
pub(super) fn voice_worlds() -> impl Strategy<Value = World> {
    (worlds(), with_delivery(with_recorder(Just(Policy::default())))).prop_map(|(world, voice)| {
        let policy = Policy {
            divert_on: voice.divert_on,
            record_max_s: voice.record_max_s,
            record_min_s: voice.record_min_s,
            record_grace_s: voice.record_grace_s,
            failed_calls_max: voice.failed_calls_max,
            voice_messages_max: voice.voice_messages_max,
            voice_messages_per_callee_max: voice.voice_messages_per_callee_max,
            push_timeout_s: voice.push_timeout_s,
            push_backoff_s: voice.push_backoff_s,
            push_attempts_max: voice.push_attempts_max,
            transcription: voice.transcription,
            transcribe_timeout_s: voice.transcribe_timeout_s,
            transcript_chars_max: voice.transcript_chars_max,
            voice_message_life_s: voice.voice_message_life_s,
            unfollowed_max_s: voice.unfollowed_max_s,
            voice_by_sms: voice.voice_by_sms,
            // Every number of the setup can be asked for its code.
            codes_max: 100,
            codes_per_hour_max: 5,
            ..world.policy
        };
        let mut world = World { policy, ..world };
        world.setup.extend(bound(&world.policy));
        world
    })
}

fn with_recorder(policies: impl Strategy<Value = Policy>) -> impl Strategy<Value = Policy> {
    let no_answer = SEED_REASONS.and(FailureReasons::of(&[FailureReason::NoAnswer, FailureReason::Unknown]));
    let reasons = select(vec![SEED_REASONS, SEED_REASONS, SEED_REASONS, no_answer, FailureReasons::NONE]);
    let lengths = (select(vec![60_u32, 60, 5]), select(vec![2_u32, 2, 0]), select(vec![30_u32, 3]));
    let bounds = (
        prop_oneof![6 => Just(100_u32), 1 => 1..3_u32],
        prop_oneof![6 => Just(100_u32), 1 => 1..4_u32],
        prop_oneof![4 => Just(20_u32), 1 => 1..3_u32],
    );
    (policies, reasons, lengths, bounds).prop_map(|(policy, divert_on, lengths, bounds)| Policy {
        divert_on,
        record_max_s: lengths.0,
        record_min_s: lengths.1,
        record_grace_s: lengths.2,
        failed_calls_max: bounds.0,
        voice_messages_max: bounds.1,
        voice_messages_per_callee_max: bounds.2,
        ..policy
    })
}

fn with_delivery(policies: impl Strategy<Value = Policy>) -> impl Strategy<Value = Policy> {
    let pushes = (select(vec![60_u32, 5]), select(vec![30_u32, 2, 3_600]), select(vec![5_u32, 1, 2]));
    let texts = (
        select(vec![Transcription::Never, Transcription::Never, Transcription::Always]),
        select(vec![60_u32, 5]),
        select(vec![2_000_u32, 5, 1]),
    );
    let lives = (select(vec![604_800_u32, 604_800, 120, 30]), select(vec![600_u32, 60, 10]), select(vec![true, true, false]));
    (policies, pushes, texts, lives).prop_map(|(policy, pushes, texts, lives)| Policy {
        push_timeout_s: pushes.0,
        push_backoff_s: pushes.1,
        push_attempts_max: pushes.2,
        transcription: texts.0,
        transcribe_timeout_s: texts.1,
        transcript_chars_max: texts.2,
        voice_message_life_s: lives.0,
        unfollowed_max_s: lives.1,
        voice_by_sms: lives.2,
        ..policy
    })
}

/// The numbers that are bound in the setup, each with the account that has it.
fn holders() -> [(AccountId, PhoneNumber); 3] {
    [(account(0), callee(0)), (account(1), callee(1)), (account(0), callee(2))]
}

/// Those who are called: two who book too, and one who does not.
pub(super) fn callee(pick: Pick) -> PhoneNumber {
    let texts = ["+8613800000001", "+8613800000002", "+8613700000007"];
    let text = texts[usize::from(pick) % texts.len()];
    PhoneNumber::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn bound(policy: &Policy) -> Vec<Input> {
    let (key, secret) = TEST_KEYS[0];
    let mut setup = vec![Input::RotateKey(RotateKey { id: Text::from(key) })];
    setup.extend([0, 1, 2].map(|who| Input::Follow(Follow { account: account(who) })));
    for ((account, number), id) in holders().into_iter().zip(1..) {
        let code = binding_code(secret, ChallengeId::new(id), BindingId::new(id), policy.code_digits);
        setup.push(Input::RequestBinding(RequestBinding { account: account.clone(), number }));
        setup.push(Input::ConfirmBinding(ConfirmBinding { account, number, code }));
    }
    setup
}

pub(super) fn voice_moves() -> impl Strategy<Value = Move> {
    let of_voice = prop_oneof![
        14 => any::<(Pick, u32)>().prop_map(|(whom, how)| VoiceMove::Fails(whom, how)),
        3 => any::<(Pick, u32)>().prop_map(|(whom, how)| VoiceMove::Forwarded(whom, how)),
        60 => any::<u32>().prop_map(VoiceMove::Follow),
        6 => any::<(Pick, u32)>().prop_map(|(which, how)| VoiceMove::Any(which, how)),
        5 => any::<(Pick, u32)>().prop_map(|(which, how)| VoiceMove::Report(which, how)),
        2 => any::<u8>().prop_map(VoiceMove::Rules),
        2 => any::<u32>().prop_map(VoiceMove::Resync),
        2 => any::<(Pick, u8)>().prop_map(|(which, how)| VoiceMove::Person(which, how)),
    ];
    let of_account = prop_oneof![
        2 => any::<Pick>().prop_map(AccountMove::Follow),
        1 => any::<Pick>().prop_map(AccountMove::Unfollow),
        2 => any::<(Pick, Pick)>().prop_map(|(who, number)| AccountMove::Request(who, number)),
        4 => any::<(Pick, u8)>().prop_map(|(which, wrong)| AccountMove::Confirm(which, wrong)),
        1 => any::<(Pick, Pick)>().prop_map(|(who, number)| AccountMove::Unbind(who, number)),
    ];
    let waits = || {
        prop_oneof![
            30 => Just(Wait::Nothing),
            6 => (1..30_u32).prop_map(Wait::Seconds),
            8 => Just(Wait::UntilDeadline),
            2 => Just(Wait::BeforeDeadline),
            1 => (1..90_u32).prop_map(Wait::Minutes),
            1 => Just(Wait::Microsecond),
        ]
    };
    let own = (waits(), of_voice.prop_map(What::Voice), proptest::option::weighted(0.06, 0..12_u8));
    let own = own.prop_map(|(wait, what, key)| Move { wait, what, key });
    let accounts = (waits(), of_account.prop_map(What::Account)).prop_map(|(wait, what)| Move { wait, what, key: None });
    let step =
        (waits(), select(vec![1_000_u32, 1])).prop_map(|(wait, budget)| Move { wait, what: What::Advance(budget), key: None });
    let host = prop_oneof![4 => (0..=255_u16).prop_map(What::Confirm), 1 => Just(What::Restart), 2 => any::<Pick>().prop_map(What::Failed)];
    let host = host.prop_map(|what| Move { wait: Wait::Nothing, what, key: None });
    let other = whats().prop_map(|what| Move { wait: Wait::Nothing, what, key: None });
    prop_oneof![20 => own, 3 => accounts, 5 => step, 2 => host, 6 => moves_of_calls(), 1 => moves(), 1 => other]
}

/// What the network says, by the dice: mostly that the callee is busy, off, out of area or suspended.
pub(super) fn evidence(dice: u32) -> Evidence {
    let nothing = Evidence::default();
    let said = |class| Evidence { announcements: vec![class], ..Evidence::default() };
    let status = |sip_status| Evidence { sip_status: Some(sip_status), ..Evidence::default() };
    let cause = |q850_cause| Evidence { q850_cause: Some(q850_cause), ..Evidence::default() };
    match dice % 24 {
        0..=4 => status(486),
        5..=7 => said(Announcement::PoweredOff),
        8 => said(Announcement::OutOfServiceArea),
        9 => said(Announcement::CannotBeReached),
        10 => said(Announcement::Suspended),
        11 => Evidence { announcements: vec![Announcement::Busy, Announcement::PoweredOff], ..nothing },
        12 => Evidence { announcements: vec![Announcement::Busy, Announcement::NoAnswer], ..nothing },
        13 => cause(17),
        14 => cause([1, 19, 21, 20, 34, 38, 41, 127][dice as usize / 24 % 8]),
        15 => Evidence { timer: Some(OwnTimer::Ring), ..nothing },
        16 => status([404, 403, 480, 503, 603, 487][dice as usize / 24 % 6]),
        17 => said(
            [Announcement::Rejected, Announcement::InvalidNumber, Announcement::NetworkBusy, Announcement::Barred]
                [dice as usize / 24 % 4],
        ),
        18 => nothing,
        19 if (dice / 24).is_multiple_of(2) => status(700),
        _ => {
            let reason =
                [DiversionReason::UserBusy, DiversionReason::UserBusy, DiversionReason::Unavailable, DiversionReason::NoAnswer];
            let reason = Redirecting::Diversion(reason[dice as usize / 24 % 4]);
            Evidence { redirections: vec![Redirection { reason, from: None, is_restricted: false }], ..nothing }
        }
    }
}

/// What is wrong with the host's or the network's way to an account.
const CODES: [&str; 13] = [
    "-1",
    "43004",
    "45009",
    "43101",
    "40037",
    "0",
    "45065",
    "40001",
    "failed:user block",
    "failed: system failed",
    "404 +8613800000001",
    "48002",
    "50005",
];
const TEXTS: [&str; 6] = ["请回电", "明天下午三点", " ", "", "👨‍👩‍👧👨‍👩‍👧", "call me back please"];

/// A recording's id: the next one, mostly, whatever was used before.
fn media(dice: u32, model: &Model) -> MediaId {
    let kept: Vec<_> = model.voice_messages().into_iter().filter_map(|kept| kept.media).collect();
    match dice % 12 {
        0 => MediaId::new(u64::from(dice / 12 % 40) + 1),
        1 => one(&kept, (dice / 12) as Pick).unwrap_or(MediaId::new(1)),
        _ => MediaId::new(1_000 + model.effects_given()),
    }
}

fn status(dice: u32) -> MessageStatus {
    match dice % 6 {
        0 => MessageStatus::Delivered,
        1 => MessageStatus::Read,
        _ => MessageStatus::Failed { code: Text::from(CODES[dice as usize / 6 % CODES.len()]) },
    }
}

fn text(dice: u32) -> Option<Text> {
    let said = TEXTS.get(dice as usize % 7).map(|text| Text::from(*text));
    if dice % 29 == 28 { Some(Text::from("好".repeat(2_001))) } else { said }
}

impl World {
    /// Who calls: anybody, also whoever withholds his number.
    fn caller(&self, dice: u32) -> Option<PhoneNumber> {
        let pick = (dice / 12) as Pick;
        match dice % 12 {
            0 => None,
            1..=3 => Some(self.any_line(pick)),
            4 => Some(virtual_number(usize::from(pick))),
            5 => Some(no_users_number(pick)),
            6 => Some(foreign_number()),
            _ => one(&self.users, pick).and_then(|user| user.number()).or(Some(foreign_number())),
        }
    }

    fn failed_call(&self, whom: Pick, dice: u32, model: &Model) -> Input {
        let bound: Vec<_> = model.bindings().into_iter().map(|kept| kept.number).collect();
        let callee = match whom % 12 {
            0 => foreign_number(),
            1 => self.any_line(whom / 12),
            2 => callee(whom / 12),
            _ => one(&bound, whom / 12).unwrap_or_else(|| callee(whom / 12)),
        };
        let [how, who, what, more] = dice.to_le_bytes().map(u32::from);
        let (caller, evidence, is_answered) = (self.caller(who + 256 * more), evidence(what + 256 * more), how % 4 == 3);
        if how / 4 % 4 == 3 {
            Input::CallDiverted(CallDiverted { caller, callee, evidence, is_answered })
        } else {
            Input::CallFailed(CallFailed { caller, callee, evidence, is_answered })
        }
    }

    pub(super) fn of_voice(&self, made: VoiceMove, model: &Model) -> Doing {
        let input = match made {
            VoiceMove::Fails(whom, how) => self.failed_call(whom, how, model),
            VoiceMove::Forwarded(whom, how) => match one(&model.ringing_users(), whom) {
                Some((callee, line)) => {
                    let caller = Some(line).filter(|_| how % 8 != 7);
                    Input::CallDiverted(CallDiverted { caller, callee, evidence: evidence(how / 8), is_answered: false })
                }
                None => self.failed_call(whom, how, model),
            },
            VoiceMove::Follow(dice) => return self.follow_voice(dice, model),
            VoiceMove::Any(which, how) => self.about_any(which, how, model),
            VoiceMove::Report(which, how) => {
                let sends: Vec<_> = model.voice_messages().into_iter().flat_map(|kept| kept.sends).collect();
                let message = one(&sends, which).unwrap_or(u64::from(which) % (model.effects_given() + 2));
                Input::MessageReported(MessageReported { message, status: status(how) })
            }
            VoiceMove::Rules(change) => Input::SetPolicy(SetPolicy { policy: changed(model.policy(), change) }),
            VoiceMove::Resync(bits) => {
                let callers = model.voice_messages().into_iter().filter_map(|kept| kept.leg);
                let legs = model.legs().into_iter().map(|leg| leg.leg).chain(callers).zip(0_u32..);
                let kept = legs.filter(|(_, index)| bits >> (index % 30) & 3 != 0).map(|(leg, _)| leg);
                let stray = Some(LegId::new(u64::from(bits) % (model.legs_given() + 2))).filter(|_| bits % 5 == 4);
                Input::Resync(Resync { legs: kept.chain(stray).collect() })
            }
            VoiceMove::Person(which, how) => {
                let kept = one(&model.voice_messages(), which);
                let (callee, caller) = kept.map_or((callee(which), None), |kept| (kept.callee, kept.caller));
                match how % 4 {
                    0 => Input::ForgetMe(ForgetMe { user: Address::Sms(callee) }),
                    1 => Input::ForgetMe(ForgetMe { user: Address::Sms(caller.unwrap_or(callee)) }),
                    2 => {
                        let what = BlockTarget::Merchant(MerchantId::new(1));
                        Input::Block(Block { user: Address::Sms(callee), what })
                    }
                    _ => {
                        let what = BlockTarget::Number(caller.unwrap_or_else(|| self.any_line(which)));
                        Input::Block(Block { user: Address::Sms(callee), what })
                    }
                }
            }
        };
        Doing::Input(input)
    }

    /// Something about any message, as it comes.
    fn about_any(&self, which: Pick, dice: u32, model: &Model) -> Input {
        let any = VoiceMessageId::new(u64::from(which / 8) % (model.voice_messages_given() + 2));
        let kept = one(&model.voice_messages(), which / 8).filter(|_| !which.is_multiple_of(8));
        let voice_message = kept.as_ref().map_or(any, |kept| kept.voice_message);
        let account = kept.filter(|_| dice % 4 != 3).map_or_else(|| account(which), |kept| kept.account);
        match dice / 4 % 6 {
            0 | 1 => Input::Recorded(Recorded {
                voice_message,
                media: media(dice / 24, model),
                seconds: dice / 24 % 4,
                is_silent: (dice / 24).is_multiple_of(5),
            }),
            2 => Input::RecordFailed(RecordFailed { voice_message }),
            3 => Input::Transcribed(Transcribed { voice_message, text: text(dice / 24) }),
            4 => Input::OpenMessage(OpenMessage { account, voice_message }),
            _ => Input::RequestCallBack(RequestCallBack { account, voice_message }),
        }
    }

    /// What leads on from here: every sensible next thing with its weight, and the dice between them.
    fn follow_voice(&self, dice: u32, model: &Model) -> Doing {
        let mut choices: Vec<(u32, Doing)> = Vec::new();
        let unconfirmed: Vec<u64> = model
            .unconfirmed()
            .iter()
            .filter(|effect| matches!(effect.action, Action::Answer(_) | Action::Record(_) | Action::Transcribe(_)))
            .map(|effect| effect.sequence)
            .collect();
        for kept in model.voice_messages() {
            choices.extend(next_of_message(&kept, dice / 1_024, model));
        }
        for (callee, line) in model.ringing_users() {
            let (caller, evidence) = (Some(line), evidence(dice / 64));
            let forwarded = Input::CallDiverted(CallDiverted { caller, callee, evidence, is_answered: false });
            choices.push((4, Doing::Input(forwarded)));
        }
        choices.extend(unconfirmed.into_iter().map(|sequence| (1, Doing::Input(Input::EffectFailed(EffectFailed { sequence })))));
        let [whom, ..] = (dice / 7).to_le_bytes().map(u16::from);
        choices.push((2, Doing::Input(self.failed_call(whom * 12 + 3, dice.rotate_left(7), model))));
        let total: u32 = choices.iter().map(|(weight, _)| weight).sum();
        let mut left = dice % total.max(1);
        for (weight, doing) in choices {
            if left < weight {
                return doing;
            }
            left -= weight;
        }
        Doing::Advance { budget: 1_000 }
    }
}

pub(super) fn next_of_message(kept: &VoiceMessageView, dice: u32, model: &Model) -> Vec<(u32, Doing)> {
    let VoiceMessageView { voice_message, account, callee, .. } = kept.clone();
    let input = |weight: u32, input: Input| (weight, Doing::Input(input));
    let recorded =
        |seconds, is_silent| Input::Recorded(Recorded { voice_message, media: media(dice, model), seconds, is_silent });
    let reported = |message: u64, status| Input::MessageReported(MessageReported { message, status });
    let failed = |dice: u32| MessageStatus::Failed { code: Text::from(CODES[dice as usize % CODES.len()]) };
    let open = || Input::OpenMessage(OpenMessage { account: account.clone(), voice_message });
    let call_back = || Input::RequestCallBack(RequestCallBack { account: account.clone(), voice_message });
    let ended = |leg| Input::LegEnded(LegEnded { leg, evidence: Evidence { q850_cause: Some(16), ..Evidence::default() } });
    let mut next = Vec::new();
    match kept.state {
        VoiceState::Offered => {
            next.extend([input(1, recorded(9, false)), input(1, Input::RecordFailed(RecordFailed { voice_message }))]);
            if let Some(leg) = kept.leg {
                next.extend([
                    input(12, Input::LegAnswered(LegAnswered { leg })),
                    input(2, ended(leg)),
                    input(1, Input::LegProgress(LegProgress { leg })),
                ]);
            }
        }
        VoiceState::Recording => {
            next.extend([
                input(18, recorded(12 + dice % 50, false)),
                input(1, recorded(12, true)),
                input(1, recorded(1, false)),
                input(1, Input::RecordFailed(RecordFailed { voice_message })),
            ]);
            next.extend(kept.leg.map(|leg| input(4, ended(leg))));
            next.extend(kept.leg.map(|leg| input(1, Input::LegAnswered(LegAnswered { leg }))));
        }
        VoiceState::Stored => next.push((12, Doing::Advance { budget: 1_000 })),
        VoiceState::Waiting => {
            next.push((8, Doing::Advance { budget: 1_000 }));
            if kept.waits_for_follow {
                next.push(input(6, Input::Follow(Follow { account: account.clone() })));
            }
            next.extend(kept.sends.last().map(|sent| input(1, reported(*sent, MessageStatus::Delivered))));
            if kept.pushes > 0 {
                next.push(input(1, open()));
            }
        }
        VoiceState::Transcribing => next.extend([
            input(12, Input::Transcribed(Transcribed { voice_message, text: text(dice) })),
            input(1, Input::Unfollow(Unfollow { account: account.clone() })),
        ]),
        VoiceState::Pushing => {
            let last = kept.sends.last().copied().unwrap_or(0);
            next.extend([
                input(7, reported(last, MessageStatus::Delivered)),
                input(9, reported(last, failed(dice))),
                input(3, open()),
                input(1, call_back()),
                input(1, Input::EffectFailed(EffectFailed { sequence: last })),
                input(1, reported(kept.sends.first().copied().unwrap_or(0), failed(dice))),
            ]);
        }
        VoiceState::Delivered => next.extend([input(4, open()), input(2, call_back())]),
        VoiceState::Heard => next.extend([input(2, call_back()), input(1, open())]),
        VoiceState::Abandoned => next.push(input(1, recorded(12, false))),
        VoiceState::Expired | VoiceState::Undeliverable => next.push(input(1, open())),
    }
    if !matches!(kept.state, VoiceState::Abandoned | VoiceState::Expired | VoiceState::Undeliverable) {
        next.extend(taken_over(kept, dice, model).map(|taken| (2, Doing::Input(taken))));
    }
    if matches!(kept.state, VoiceState::Stored | VoiceState::Pushing | VoiceState::Waiting | VoiceState::Recording) {
        next.push(input(1, Input::Unfollow(Unfollow { account: account.clone() })));
        if dice.is_multiple_of(3) {
            next.push(input(1, Input::Unbind(Unbind { account, number: callee })));
        }
    }
    next
}

/// Another account wants the number that a message was left for: it asks, or gives the code.
pub(super) fn taken_over(kept: &VoiceMessageView, dice: u32, model: &Model) -> Option<Input> {
    let number = kept.callee;
    let others = model.bindings().into_iter().filter(|other| other.number == number && other.account != kept.account);
    let asked = others.filter_map(|other| match other.state {
        BindingState::Requested(challenge) => Some((other.account, model.code(challenge).ok()?)),
        BindingState::Bound | BindingState::Suspended => None,
    });
    if let Some((account, code)) = asked.last() {
        return Some(Input::ConfirmBinding(ConfirmBinding { account, number, code }));
    }
    let account = account((dice / 5) as Pick);
    let wants = account != kept.account && dice.is_multiple_of(2);
    wants.then_some(Input::RequestBinding(RequestBinding { account, number }))
}

/// The rules with one of them changed.
fn changed(policy: &Policy, change: u8) -> Policy {
    let mut policy = policy.clone();
    match change % 6 {
        0 => policy.voice_by_sms = !policy.voice_by_sms,
        1 => policy.transcription = [Transcription::Never, Transcription::Always][usize::from(change / 6 % 2)],
        2 => policy.push_attempts_max = 1 + u32::from(change / 6) % 4,
        3 => policy.divert_on = SEED_REASONS,
        4 => policy.voice_message_life_s = [30, 120, 604_800][usize::from(change / 6 % 3)],
        _ => policy.push_timeout_s = 5 + u32::from(change),
    }
    policy
}
