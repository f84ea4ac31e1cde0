//! Good traces, from the real platform.

use ringfence::values::account::AccountId;
use ringfence::values::code::Code;
use ringfence::values::effect::{Action, Content};
use ringfence::values::id::{ChallengeId, GroupId, MediaId, ReservationId, VoiceMessageId};
use ringfence::values::input::{
    Block, BlockTarget, Book, BookingEvidence, Channel, ChooseMode, ChooseSlot, ConfirmBinding, ConfirmContact, Follow, ForgetMe,
    Freeze, ImportDoNotCall, ImportNumbers, Input, LegAnswered, MerchantReady, MessageReported, MessageStatus, OpenMessage,
    PushPage, RequestBinding, RequestCall, RequestCallBack, RequestCode, RotateKey, Scope, Slot, Thaw, Unbind, Unfollow,
};
use ringfence::values::media::{Attachment, MediaKind};
use ringfence::values::number::Address;
use ringfence::values::policy::{CallMode, ModeChooser, Policy, Transcription};
use ringfence::values::reply::Reply;
use ringfence::values::text::Text;
use ringfence::values::time::Window;
use ringfence_testing::host::{Caller, Delivery, Host, MERCHANT, OFFERING, PAGE, Phone};
use ringfence_testing::trace::Trace;

use crate::altering::{is_cancelled, number, user_leg};

pub(crate) const LINE: &str = "95511";
pub(crate) const ZHANG: &str = "+8613800000001";
pub(crate) const LI: &str = "+8613800000002";
pub(crate) const STRANGER: &str = "+8613900000009";
pub(crate) const WANG: &str = "+8613800000003";

pub(crate) fn shop(mode: CallMode) -> Host {
    let mut host = Host::new(Policy { mode_chosen_by: ModeChooser::Platform(mode), ..Policy::default() });
    host.open_shop(&[LINE], 1);
    host
}

/// Merchant mode: an early call, then busy, too soon, no answer, and a conversation.
pub(crate) fn merchant_calls() -> Trace {
    let mut host = shop(CallMode::MerchantCalls);
    host.phone(ZHANG, &[Phone::busy(), Phone::rings_on(), Phone::answers_after(5).talks_for(60)]);
    let zhang = host.books(ZHANG, 3600, 10_800);
    host.runs_until(host.second(3599));
    let _ = host.calls(LINE, zhang);
    host.runs_for(1);
    for pause in [100, 300, 400, 400] {
        let _ = host.calls(LINE, zhang);
        host.runs_for(pause);
    }
    host.runs_out();
    host.trace().clone()
}

/// One virtual number: it is called too early and in time; when it has rested after that conversation, another user gets it.
pub(crate) fn by_number() -> Trace {
    let chosen = ModeChooser::Platform(CallMode::MerchantCalls);
    let mut host = Host::new(Policy { mode_chosen_by: chosen, number_rest_s: 60, ..Policy::default() });
    host.open_shop(&[LINE], 1);
    let pool = number("+8617000000001");
    let _ = host.input(Input::ImportNumbers(ImportNumbers { numbers: vec![pool] }));
    host.phone(ZHANG, &[Phone::answers_after(5).talks_for(60)]);
    let _ = host.books(ZHANG, 3600, 10_800);
    host.runs_until(host.second(3599));
    let _ = host.input(Input::RequestCall(RequestCall::new(number(LINE), pool)));
    host.runs_for(1);
    let _ = host.input(Input::RequestCall(RequestCall::new(number(LINE), pool)));
    host.runs_until(host.second(5000));
    let _ = host.books(LI, 3600, 10_800);
    host.runs_out();
    host.trace().clone()
}

/// Platform mode: two users on one channel; the first is busy, does not answer, and talks.
pub(crate) fn platform_calls() -> Trace {
    let mut host = shop(CallMode::PlatformCalls);
    host.phone(ZHANG, &[Phone::busy(), Phone::rings_on(), Phone::answers_after(5).talks_for(60)]);
    host.phone(LI, &[Phone::answers_after(5).talks_for(60)]);
    let zhang = host.books(ZHANG, 3600, 10_800);
    let _ = host.books(LI, 3600, 10_800);
    host.runs_until(host.second(3600));
    let _ = host.calls(LINE, zhang);
    host.runs_out();
    host.trace().clone()
}

/// The user takes the permission back while his phone rings, and picks up before the hang-up arrives; then once more.
pub(crate) fn cancelled_while_ringing() -> Trace {
    let mut host = shop(CallMode::MerchantCalls);
    host.phone(ZHANG, &[Phone::rings_on()]);
    let zhang = host.books(ZHANG, 3600, 10_800);
    host.runs_until(host.second(3600));
    let _ = host.calls(LINE, zhang);
    host.runs_for(5);
    let _ = host.cancels(ZHANG, zhang);
    let leg = user_leg(host.trace());
    let _ = host.input(Input::LegAnswered(LegAnswered { leg }));
    let _ = host.cancels(ZHANG, zhang);
    let _ = host.cancels(STRANGER, zhang);
    host.runs_for(10);
    let _ = host.calls(LINE, zhang);
    host.runs_out();
    host.trace().clone()
}

/// The window ends while the phone rings.
pub(crate) fn window_ends_while_ringing() -> Trace {
    let mut host = shop(CallMode::MerchantCalls);
    host.phone(ZHANG, &[Phone::rings_on()]);
    let zhang = host.books(ZHANG, 3600, 3700);
    host.runs_until(host.second(3680));
    let _ = host.calls(LINE, zhang);
    host.runs_out();
    host.trace().clone()
}

/// Platform mode, and no report ever comes of the user's leg; merchants' reports do.
pub(crate) fn nothing_is_reported() -> Trace {
    let mut host = shop(CallMode::PlatformCalls);
    host.phone(ZHANG, &[Phone::says_nothing()]);
    let _ = host.books(ZHANG, 3600, 10_800);
    host.runs_out();
    host.trace().clone()
}

/// A host that is a minute late, in both modes, with two channels.
pub(crate) fn late_host() -> Trace {
    let mut host = Host::new(Policy { mode_on_silence: CallMode::PlatformCalls, ..Policy::default() });
    host.open_shop(&[LINE], 2);
    host.phone(ZHANG, &[Phone::rings_on(), Phone::answers_after(5)]);
    host.phone(LI, &[Phone::rings_on()]);
    let _ = host.books(ZHANG, 3600, 10_800);
    let li = host.books(LI, 3600, 10_800);
    let _ = host.input(Input::ChooseMode(ChooseMode { merchant: MERCHANT, reservation: li, mode: CallMode::MerchantCalls }));
    host.is_late_by_us(60_000_000);
    host.runs_until(host.second(5000));
    let _ = host.calls(LINE, li);
    host.runs_for(50);
    let _ = host.calls(LINE, li);
    host.runs_out();
    host.trace().clone()
}

/// The host stops between the log and a dial, comes back, and dials; later the switch stops too.
pub(crate) fn crashes() -> Trace {
    let mut host = shop(CallMode::PlatformCalls);
    host.phone(ZHANG, &[Phone::answers_after(5)]);
    let _ = host.books(ZHANG, 3600, 10_800);
    host.crashes_before_next_dial();
    host.runs_until(host.second(3602));
    host.restarts();
    host.runs_until(host.second(3700));
    host.resyncs();
    host.runs_out();
    host.trace().clone()
}

/// A host that has dialled and does not know it: the phone rings, is hung up, and is answered all the same; then, when the leg counts as gone, it is
/// answered at the switch once more.
pub(crate) fn in_doubt() -> Trace {
    let mut host = shop(CallMode::MerchantCalls);
    host.phone(ZHANG, &[Phone::says_nothing(), Phone::answers_after(5).talks_for(60)]);
    let zhang = host.books(ZHANG, 3600, 10_800);
    host.runs_until(host.second(3600));
    host.is_in_doubt_of_next_dial();
    let _ = host.calls(LINE, zhang);
    let leg = user_leg(host.trace());
    host.runs_for(5);
    let _ = host.input(Input::LegAnswered(LegAnswered { leg }));
    host.runs_for(60);
    let _ = host.input(Input::LegAnswered(LegAnswered { leg }));
    host.runs_for(300);
    let _ = host.calls(LINE, zhang);
    host.runs_out();
    host.trace().clone()
}

/// A booking for somebody else's phone, which nobody confirmed.
pub(crate) fn unverified() -> Trace {
    let mut host = shop(CallMode::MerchantCalls);
    let window = Window::new(host.second(3600), host.second(7200)).expect("a window");
    let user = Address::Rcs(number(ZHANG));
    let book = Book { contact: Some(number(LI)), ..Book::new(user, PAGE, OFFERING, window) };
    let booked = host.input(Input::Book(book));
    assert!(matches!(booked, Ok(Reply::Booked(_))), "{booked:?}");
    host.runs_until(host.second(3600));
    let _ = host.calls(LINE, ReservationId::new(1));
    host.runs_out();
    host.trace().clone()
}

/// A booking for somebody else's phone: he is asked twice, a wrong code is given, then the right one, and his phone rings.
pub(crate) fn confirmed() -> Trace {
    let mut host = shop(CallMode::MerchantCalls);
    host.phone(LI, &[Phone::answers_after(5).talks_for(60)]);
    let _ = host.input(Input::RotateKey(RotateKey { id: "k1".into() }));
    let window = Window::new(host.second(3600), host.second(7200)).expect("a window");
    let (user, holder) = (Address::Rcs(number(ZHANG)), Address::Sms(number(LI)));
    let contact = Some(number(LI));
    let book = Book { contact, ..Book::new(user.clone(), PAGE, OFFERING, window) };
    let _ = host.input(Input::Book(book));
    let reservation = ReservationId::new(1);
    host.runs_for(60);
    let _ = host.input(Input::RequestCode(RequestCode { user: user.clone(), reservation }));
    let code = host.platform().code(ChallengeId::new(2)).expect("a code that is out");
    let wrong = Code::parse(if code.digits() == "000000" { "000001" } else { "000000" }).expect("a code");
    let _ = host.input(Input::ConfirmContact(ConfirmContact { user, reservation, code: wrong }));
    let _ = host.input(Input::ConfirmContact(ConfirmContact { user: holder, reservation, code }));
    host.runs_until(host.second(3600));
    let _ = host.calls(LINE, reservation);
    host.runs_out();
    host.trace().clone()
}

/// Two pages; the user blocks the merchant while they talk.
pub(crate) fn blocked_while_talking() -> Trace {
    let mut host = shop(CallMode::PlatformCalls);
    host.phone(ZHANG, &[Phone::answers_after(5).talks_for(600)]);
    let user = Address::Rcs(number(ZHANG));
    let push = Input::PushPage(PushPage { page: PAGE, to: vec![user] });
    let _ = host.input(push.clone());
    let _ = host.books(ZHANG, 3600, 10_800);
    host.runs_until(host.second(3700));
    let block = Block { user: Address::Sms(number(ZHANG)), what: BlockTarget::Merchant(MERCHANT) };
    assert_eq!(host.input(Input::Block(block)), Ok(Reply::Done));
    let _ = host.input(push);
    host.runs_out();
    host.trace().clone()
}

/// The merchant is frozen when the window begins, and a user is put on the do-not-call list; after the thaw the other one is called.
pub(crate) fn kept_from_ringing() -> Trace {
    let mut host = shop(CallMode::PlatformCalls);
    host.phone(ZHANG, &[Phone::answers_after(5).talks_for(60)]);
    let zhang = host.books(ZHANG, 3600, 10_800);
    let li = host.books(LI, 3600, 7200);
    let (scope, by, why): (_, Text, Text) = (Scope::Merchant(MERCHANT), "duty officer".into(), "complaints".into());
    let _ = host.input(Input::Freeze(Freeze { scope, by: by.clone(), why: why.clone() }));
    let _ = host.input(Input::ImportDoNotCall(ImportDoNotCall { add: vec![number(LI)], remove: Vec::new() }));
    host.runs_until(host.second(3700));
    let _ = host.calls(LINE, zhang);
    host.runs_for(10);
    let _ = host.input(Input::Thaw(Thaw { scope, by, why }));
    host.runs_until(host.second(5000));
    let _ = host.calls(LINE, li);
    host.runs_out();
    host.trace().clone()
}

/// A merchant is frozen while the dial of his user is not confirmed and nobody heard of the phone; the host restarts, and after the thaw he calls again.
pub(crate) fn frozen_while_dialling() -> Trace {
    let mut host = shop(CallMode::MerchantCalls);
    host.never_confirms();
    host.phone(ZHANG, &[Phone::says_nothing(), Phone::answers_after(5).talks_for(60)]);
    let zhang = host.books(ZHANG, 3600, 10_800);
    host.runs_until(host.second(3600));
    let _ = host.calls(LINE, zhang);
    let (scope, by, why): (_, Text, Text) = (Scope::Merchant(MERCHANT), "duty officer".into(), "complaints".into());
    let _ = host.input(Input::Freeze(Freeze { scope, by: by.clone(), why: why.clone() }));
    host.restarts();
    host.runs_for(600);
    let _ = host.input(Input::Thaw(Thaw { scope, by, why }));
    let _ = host.calls(LINE, zhang);
    host.runs_out();
    host.trace().clone()
}

/// Three users share a call of the platform: two talk with the merchant, the third is joined later, one leaves, one blocks the merchant, and one is left. A fourth,
/// who booked after it began, is called alone.
pub(crate) fn shared_call() -> Trace {
    let mut host = shop(CallMode::PlatformCalls);
    host.offers_shared_calls(3);
    host.phone(ZHANG, &[Phone::answers_after(5).talks_for(60)]);
    host.phone(LI, &[Phone::answers_after(5).talks_for(600)]);
    host.phone(STRANGER, &[Phone::answers_after(20).talks_for(90)]);
    host.phone(WANG, &[Phone::answers_after(5).talks_for(60)]);
    for user in [ZHANG, LI, STRANGER] {
        let _ = host.shares(user, 3600, 10_800);
    }
    host.runs_until(host.second(3603));
    let _ = host.shares(WANG, 3600, 10_800);
    host.runs_until(host.second(3700));
    let block = Block { user: Address::Sms(number(LI)), what: BlockTarget::Merchant(MERCHANT) };
    assert_eq!(host.input(Input::Block(block)), Ok(Reply::Done));
    host.runs_out();
    host.trace().clone()
}

/// A merchant calls a group: one is busy, one does not answer, one cancels while his phone rings; then those who are left.
pub(crate) fn group_called() -> Trace {
    let mut host = shop(CallMode::MerchantCalls);
    host.offers_shared_calls(3);
    host.phone(ZHANG, &[Phone::busy(), Phone::answers_after(5).talks_for(60)]);
    host.phone(LI, &[Phone::rings_on(), Phone::answers_after(10).talks_for(60)]);
    host.phone(STRANGER, &[Phone::rings_on()]);
    let mut last = None;
    for user in [ZHANG, LI, STRANGER] {
        last = Some(host.shares(user, 3600, 10_800));
    }
    let request = |host: &mut Host| {
        let _ = host.input(Input::RequestCall(RequestCall::new(number(LINE), GroupId::new(1))));
    };
    host.runs_until(host.second(3599));
    request(&mut host);
    host.runs_for(1);
    request(&mut host);
    host.runs_for(5);
    let _ = last.map(|last| host.cancels(STRANGER, last));
    host.runs_for(500);
    request(&mut host);
    host.runs_out();
    host.trace().clone()
}

/// Platform mode, in slots: the user's phone rings when the first one ends; the merchant is told, and is ready later.
pub(crate) fn slots() -> Trace {
    let mut host = shop(CallMode::PlatformCalls);
    host.phone(ZHANG, &[Phone::rings_on(), Phone::answers_after(5).talks_for(60)]);
    let reservation = host.books(ZHANG, 3600, 10_800);
    let slot = Slot::Window(Window::new(host.second(5400), host.second(5420)).expect("a window"));
    let _ = host.input(Input::ChooseSlot(ChooseSlot { merchant: MERCHANT, reservation, slot }));
    host.runs_until(host.second(7000));
    let _ = host.input(Input::MerchantReady(MerchantReady { merchant: MERCHANT, reservation }));
    host.runs_out();
    host.trace().clone()
}

/// A user wants to be forgotten while his phone rings; the word that his reservation is cancelled fails, and is not sent again.
pub(crate) fn forgotten() -> Trace {
    let mut host = shop(CallMode::MerchantCalls);
    host.phone(ZHANG, &[Phone::rings_on()]);
    let window = Window::new(host.second(3600), host.second(10_800)).expect("a window");
    let user = Address::Rcs(number(ZHANG));
    let evidence = BookingEvidence { channel: Channel::Rcs, message: Some("M1".into()), body_hash: None, agent: None };
    let attachments = vec![Attachment { media: MediaId::new(501), kind: MediaKind::Picture, share: true }];
    let book = Book::new(user.clone(), PAGE, OFFERING, window);
    let booked = host.input(Input::Book(Book { name: Some("张三".into()), evidence: Some(evidence), attachments, ..book }));
    assert!(matches!(booked, Ok(Reply::Booked(_))), "{booked:?}");
    let _ = host.books(LI, 3600, 10_800);
    host.runs_until(host.second(3600));
    let _ = host.calls(LINE, ReservationId::new(1));
    host.runs_for(5);
    let _ = host.input(Input::ForgetMe(ForgetMe { user: Address::Sms(number(ZHANG)) }));
    let told = host.trace().steps.iter().flat_map(|step| &step.effects).find(|effect| is_cancelled(&effect.action));
    let message = told.expect("he is told").sequence;
    let status = MessageStatus::Failed { code: "404".into() };
    let _ = host.input(Input::MessageReported(MessageReported { message, status }));
    host.runs_out();
    host.trace().clone()
}

/// A shop, and an account that has a number.
fn with_an_account(policy: Policy) -> Host {
    let mut host = Host::new(policy);
    host.open_shop(&[LINE], 1);
    let _ = host.input(Input::RotateKey(RotateKey { id: "k1".into() }));
    host.binds("oA1-zhang", ZHANG);
    host
}

/// The last message that was offered.
fn last_message(host: &Host) -> VoiceMessageId {
    host.platform().voice_messages().last().copied().expect("a message was left")
}

/// A busy callee: his caller speaks, the first push fails, the second arrives; he opens it and asks to be called back. A merchant leaves one too, as text.
pub(crate) fn voice_heard() -> Trace {
    let mut host = with_an_account(Policy { transcription: Transcription::Always, ..Policy::default() });
    host.callers(&[Caller::Speaks(23), Caller::SpeaksAndHangsUp(9)]);
    host.deliveries(&[Delivery::Fails("-1"), Delivery::Arrives]);
    host.hears("请回电");
    let _ = host.call_fails(LI, ZHANG);
    host.runs_for(120);
    let (account, voice_message) = (AccountId::parse("oA1-zhang").expect("an account"), last_message(&host));
    let _ = host.input(Input::OpenMessage(OpenMessage { account: account.clone(), voice_message }));
    let _ = host.input(Input::OpenMessage(OpenMessage { account: account.clone(), voice_message }));
    let _ = host.input(Input::RequestCallBack(RequestCallBack { account, voice_message }));
    let _ = host.call_fails(LINE, ZHANG);
    host.runs_out();
    host.trace().clone()
}

/// Every road fails, and the merchant who left it is told; another's number is taken over meanwhile; a callee without an account; and nothing is said.
pub(crate) fn voice_undelivered() -> Trace {
    let mut host = with_an_account(Policy { push_attempts_max: 1, ..Policy::default() });
    host.deliveries(&[Delivery::Fails("43101"), Delivery::Fails("404"), Delivery::IsLost]);
    let _ = host.call_fails(LINE, ZHANG);
    host.runs_for(120);
    let _ = host.call_fails(LI, ZHANG);
    host.runs_for(30);
    host.binds("oB2-li", ZHANG);
    let _ = host.call_fails(LI, STRANGER);
    host.callers(&[Caller::IsSilent(9), Caller::CannotBeRecorded]);
    let _ = host.call_fails(WANG, ZHANG);
    host.runs_for(60);
    let _ = host.call_fails(WANG, ZHANG);
    host.runs_out();
    host.trace().clone()
}

/// Somebody who left a message is forgotten, then the one whom others left theirs.
pub(crate) fn voice_forgotten() -> Trace {
    let mut host = with_an_account(Policy::default());
    host.deliveries(&[Delivery::IsLost]);
    for caller in [LI, WANG] {
        let _ = host.call_fails(caller, ZHANG);
        host.runs_for(20);
    }
    let _ = host.input(Input::ForgetMe(ForgetMe { user: Address::Sms(number(WANG)) }));
    host.runs_for(200);
    let _ = host.input(Input::ForgetMe(ForgetMe { user: Address::Sms(number(ZHANG)) }));
    host.runs_out();
    host.trace().clone()
}

/// The stories of messages that callers leave.
pub(crate) const VOICE_STORIES: [(&str, Story); 5] = [
    ("voice_heard", voice_heard),
    ("voice_undelivered", voice_undelivered),
    ("voice_forgotten", voice_forgotten),
    ("reserved_messages", reserved_messages),
    ("reserved_recorder", reserved_recorder),
];

/// A result that fails by both ways, and a reminder that fails by one.
pub(crate) fn failed_messages() -> Trace {
    let mode_chosen_by = ModeChooser::Platform(CallMode::MerchantCalls);
    let mut host = Host::new(Policy { mode_chosen_by, reminder_before_s: 600, ..Policy::default() });
    host.open_shop(&[LINE], 1);
    let _ = host.books(ZHANG, 3600, 10_800);
    let status = || MessageStatus::Failed { code: "404".into() };
    let sent = |host: &Host, fits: fn(&Content) -> bool| {
        let effects = host.trace().steps.iter().flat_map(|step| &step.effects);
        let mut of_it = effects.filter(|effect| matches!(&effect.action, Action::Send(send) if fits(&send.content)));
        of_it.next_back().expect("it was sent").sequence
    };
    for _ in 0..2 {
        let message = sent(&host, |content| matches!(content, Content::Result(_)));
        let _ = host.input(Input::MessageReported(MessageReported { message, status: status() }));
    }
    host.runs_until(host.second(3300));
    let message = sent(&host, |content| matches!(content, Content::Reminder(_)));
    let _ = host.input(Input::MessageReported(MessageReported { message, status: status() }));
    host.runs_out();
    host.trace().clone()
}

pub(crate) type Story = fn() -> Trace;

pub(crate) const STORIES: [(&str, Story); 18] = [
    ("merchant_calls", merchant_calls),
    ("platform_calls", platform_calls),
    ("cancelled_while_ringing", cancelled_while_ringing),
    ("window_ends_while_ringing", window_ends_while_ringing),
    ("nothing_is_reported", nothing_is_reported),
    ("late_host", late_host),
    ("crashes", crashes),
    ("unverified", unverified),
    ("by_number", by_number),
    ("confirmed", confirmed),
    ("blocked_while_talking", blocked_while_talking),
    ("in_doubt", in_doubt),
    ("kept_from_ringing", kept_from_ringing),
    ("frozen_while_dialling", frozen_while_dialling),
    ("shared_call", shared_call),
    ("group_called", group_called),
    ("slots", slots),
    ("forgotten", forgotten),
];

/// Two accounts want one number: the first is asked twice, gives a wrong code and the right one; the second takes it over, stops following for too long,
/// and a third number is given back.
pub(crate) fn bindings_forgotten() -> Trace {
    let mut host = Host::new(Policy::default());
    let _ = host.input(Input::RotateKey(RotateKey { id: "k1".into() }));
    let account = AccountId::parse("oA1-zhang").expect("an account");
    let _ = host.input(Input::Follow(Follow { account: account.clone() }));
    let _ = host.input(Input::RequestBinding(RequestBinding { account: account.clone(), number: number(ZHANG) }));
    let code = host.platform().code(ChallengeId::new(1)).expect("a code that is out");
    let _ = host.input(Input::ConfirmBinding(ConfirmBinding { account, number: number(ZHANG), code }));
    let _ = host.input(Input::ForgetMe(ForgetMe { user: Address::Sms(number(ZHANG)) }));
    host.runs_out();
    host.trace().clone()
}

pub(crate) fn bindings() -> Trace {
    let mut host = Host::new(Policy { unfollowed_max_s: 600, ..Policy::default() });
    let _ = host.input(Input::RotateKey(RotateKey { id: "k1".into() }));
    let account = |name: &str| AccountId::parse(name).expect("an account");
    let (zhang, li) = (account("oA1-zhang"), account("oB2-li"));
    for account in [&zhang, &li] {
        let _ = host.input(Input::Follow(Follow { account: account.clone() }));
    }
    let asks = |host: &mut Host, account: &AccountId, phone: &str, challenge: u64| {
        let _ = host.input(Input::RequestBinding(RequestBinding { account: account.clone(), number: number(phone) }));
        host.platform().code(ChallengeId::new(challenge)).expect("a code that is out")
    };
    let gives = |host: &mut Host, account: &AccountId, phone: &str, code: Code| {
        host.input(Input::ConfirmBinding(ConfirmBinding { account: account.clone(), number: number(phone), code }))
            .expect("a code that is judged")
    };
    let _ = asks(&mut host, &zhang, ZHANG, 1);
    let code = asks(&mut host, &zhang, ZHANG, 2);
    let wrong = Code::parse(if code.digits() == "000000" { "000001" } else { "000000" }).expect("a code");
    let _ = gives(&mut host, &zhang, ZHANG, wrong);
    let _ = gives(&mut host, &zhang, ZHANG, code);
    host.runs_for(60);
    let code = asks(&mut host, &li, ZHANG, 3);
    let _ = gives(&mut host, &li, ZHANG, code);
    let code = asks(&mut host, &zhang, LI, 4);
    let _ = gives(&mut host, &zhang, LI, code);
    let _ = host.input(Input::Unbind(Unbind { account: zhang, number: number(LI) }));
    let _ = host.input(Input::Unfollow(Unfollow { account: li }));
    host.runs_for(601);
    host.runs_out();
    host.trace().clone()
}

/// A merchant calls for two users on his one channel. The first is busy: he leaves a message that is heard, and calls anew. The second has no account. Then
/// the first is busy again, and what is left for him does not arrive.
pub(crate) fn reserved_messages() -> Trace {
    let mode_chosen_by = ModeChooser::Platform(CallMode::MerchantCalls);
    let mut host = with_an_account(Policy { mode_chosen_by, retry_spacing_s: 60, voice_by_sms: false, ..Policy::default() });
    host.phone(ZHANG, &[Phone::busy(), Phone::answers_after(5).talks_for(30), Phone::busy()]);
    host.phone(LI, &[Phone::busy()]);
    host.phone(WANG, &[Phone::rings_on()]);
    host.deliveries(&[Delivery::Arrives, Delivery::Fails("40037")]);
    let (zhang, li) = (host.books(ZHANG, 3600, 10_800), host.books(LI, 3600, 10_800));
    let wang = host.books(WANG, 3600, 10_800);
    host.runs_until(host.second(3700));
    let _ = host.calls(LINE, zhang);
    host.runs_for(5);
    // His only channel is taken while he speaks.
    let _ = host.calls(LINE, li);
    host.runs_for(200);
    let (account, voice_message) = (AccountId::parse("oA1-zhang").expect("an account"), last_message(&host));
    let _ = host.input(Input::OpenMessage(OpenMessage { account: account.clone(), voice_message }));
    let _ = host.input(Input::RequestCallBack(RequestCallBack { account, voice_message }));
    for reservation in [zhang, li, wang] {
        let _ = host.calls(LINE, reservation);
        host.runs_for(200);
    }
    // A second reservation of the first user, when the first is over.
    let zhang = host.books(ZHANG, 11_000, 14_000);
    host.runs_until(host.second(11_000));
    let _ = host.calls(LINE, zhang);
    host.runs_out();
    host.trace().clone()
}

/// The platform rings the merchant, who is there when his user turns out to be busy: he speaks at once; the other user has no account, and he is hung up.
pub(crate) fn reserved_recorder() -> Trace {
    let mode_chosen_by = ModeChooser::Platform(CallMode::PlatformCalls);
    let mut host = with_an_account(Policy { mode_chosen_by, attempts_max: 1, ..Policy::default() });
    host.phone(LINE, &[Phone::answers_after(2)]);
    host.phone(ZHANG, &[Phone::busy()]);
    host.phone(LI, &[Phone::unreachable()]);
    host.callers(&[Caller::SpeaksAndHangsUp(9)]);
    let _ = host.books(ZHANG, 3600, 10_800);
    let _ = host.books(LI, 3600, 10_800);
    host.runs_out();
    host.trace().clone()
}
