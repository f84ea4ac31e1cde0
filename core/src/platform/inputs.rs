//! One typed method for each input. Each wraps [`Platform::handle`].

use super::Platform;
use crate::values::account::AccountId;
use crate::values::code::Code;
use crate::values::evidence::Evidence;
use crate::values::id::{CalendarId, LegId, MerchantId, PageId, ReservationId, VoiceMessageId};
use crate::values::input::{
    Acknowledge, Amend, Block, BlockTarget, Book, CallDiverted, CallFailed, CallTarget, Cancel, ChooseMode, ChooseSlot,
    ConfirmBinding, ConfirmClock, ConfirmContact, Decline, EffectFailed, Follow, ForgetMe, Freeze, ImportDoNotCall,
    ImportNumbers, Input, LegAnswered, LegEnded, LegProgress, MerchantReady, MessageReported, MessageStatus, OpenMessage, PageOf,
    PlayFinished, PresetMode, PublishPage, PushPage, RecordFailed, Recorded, RegisterMerchant, RequestBinding, RequestCall,
    RequestCallBack, RequestCode, RequestPage, Resync, RotateKey, Scope, Search, SetCalendar, SetPolicy, SetProfile, Slot, Thaw,
    Transcribed, Unbind, Unblock, Unfollow, WithdrawPage,
};
use crate::values::number::{Address, PhoneNumber};
use crate::values::policy::{CallMode, Policy};
use crate::values::refusal::Refusal;
use crate::values::reply::Reply;
use crate::values::text::Text;
use crate::values::time::{DayRule, LocalDate, Timestamp};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

impl Platform {
    /// A merchant signs up, or changes what he registered.
    ///
    /// # Errors
    /// In this order: `limit` (text), `invalid` (name, chatbot, lines, channels), `limit` (channels), `line_taken`, `limit` (merchants); for an update
    /// `line_in_use`, `channels_in_use`; `limit` (outbox).
    pub fn register_merchant(&mut self, now: Timestamp, input: RegisterMerchant) -> Result<Reply, Refusal> {
        self.handle(now, Input::RegisterMerchant(input))
    }

    /// A merchant's chatbot publishes a booking page, or a new version of it. Replies its version.
    ///
    /// # Errors
    /// In this order: `unknown` merchant, `not_the_chatbot`, `invalid` (offerings, windows), `limit` (text, entries), `unknown` page (another
    /// merchant's), `invalid` line, `limit` (pages, outbox).
    pub fn publish_page(&mut self, now: Timestamp, input: PublishPage) -> Result<Reply, Refusal> {
        self.handle(now, Input::PublishPage(input))
    }

    /// A page goes to users: one `send` each, in the order given.
    ///
    /// # Errors
    /// In this order: `unknown` page, `page_withdrawn`, `invalid` (nobody), `limit` (push), `invalid` (no user's address, or a virtual number), `limit` (outbox, pages pushed).
    pub fn push_page(&mut self, now: Timestamp, page: PageId, to: Vec<Address>) -> Result<Reply, Refusal> {
        self.handle(now, Input::PushPage(PushPage { page, to }))
    }

    /// A merchant takes a page back: nothing more is booked on it, and what was booked stands. Again: a no-op. `chatbot`, when given,
    /// must be the registered one.
    ///
    /// # Errors
    /// In this order: `unknown` page (also another merchant's), `not_the_chatbot`.
    pub fn withdraw_page(
        &mut self,
        now: Timestamp,
        merchant: MerchantId,
        page: PageId,
        chatbot: Option<Address>,
    ) -> Result<Reply, Refusal> {
        self.handle(now, Input::WithdrawPage(WithdrawPage { merchant, page, chatbot }))
    }

    /// The operator tells the holidays and moved workdays that the weekly hours of pages follow. The same days again are a no-op.
    ///
    /// # Errors
    /// `limit` (days, calendars).
    pub fn set_calendar(
        &mut self,
        now: Timestamp,
        calendar: CalendarId,
        days: BTreeMap<LocalDate, DayRule>,
    ) -> Result<Reply, Refusal> {
        self.handle(now, Input::SetCalendar(SetCalendar { calendar, days }))
    }

    /// A user is sent what his keyword finds, or, without one, the search entry.
    ///
    /// # Errors
    /// In this order: `invalid` user, `limit` (text, outbox).
    pub fn search(&mut self, now: Timestamp, user: Address, keyword: Option<Text>) -> Result<Reply, Refusal> {
        self.handle(now, Input::Search(Search { user, keyword }))
    }

    /// A user is sent a page that he asks for.
    ///
    /// # Errors
    /// In this order: `invalid` user, `unknown` merchant, `no_page`, `unknown` page, `page_withdrawn`, `limit` (outbox).
    pub fn request_page(&mut self, now: Timestamp, user: Address, of: PageOf) -> Result<Reply, Refusal> {
        self.handle(now, Input::RequestPage(RequestPage { user, of }))
    }

    /// A merchant's standing choice for later reservations; `None` clears it. The same choice again is a no-op.
    ///
    /// # Errors
    /// `unknown` merchant.
    pub fn preset_mode(&mut self, now: Timestamp, merchant: MerchantId, mode: Option<CallMode>) -> Result<Reply, Refusal> {
        self.handle(now, Input::PresetMode(PresetMode { merchant, mode }))
    }

    /// A merchant's choice for one reservation, until a call lives (claim 5). The mode in force again is a no-op.
    ///
    /// # Errors
    /// `unknown` or `gone` reservation, also for another merchant's; `wrong_state`.
    pub fn choose_mode(
        &mut self,
        now: Timestamp,
        merchant: MerchantId,
        reservation: ReservationId,
        mode: CallMode,
    ) -> Result<Reply, Refusal> {
        self.handle(now, Input::ChooseMode(ChooseMode { merchant, reservation, mode }))
    }

    /// A merchant's line calls the platform and asks for a user (claim 2). Replies `allow` or `deny`; both are audited.
    ///
    /// # Errors
    /// Only `limit` (outbox), whatever the gate would say: answer the inbound call with 503.
    pub fn request_call(&mut self, now: Timestamp, line: PhoneNumber, target: impl Into<CallTarget>) -> Result<Reply, Refusal> {
        self.handle(now, Input::RequestCall(RequestCall::new(line, target)))
    }

    /// A user books (claim 1). Replies the reservation and its state.
    ///
    /// # Errors
    /// In the order of the manual: `unknown` page or offering, `invalid` (user, contact), `limit` (text), `window_over`, `limit` (ahead),
    /// `window_not_offered`, `overlap`, `limit` (reservations, per number, outbox).
    pub fn book(&mut self, now: Timestamp, input: Book) -> Result<Reply, Refusal> {
        self.handle(now, Input::Book(input))
    }

    /// A user takes a reservation back. What rings is ended at once; a conversation is left alone. Twice is a no-op.
    ///
    /// # Errors
    /// `unknown` or `gone` reservation, also for another user's; `wrong_state` when it closed otherwise.
    pub fn cancel(&mut self, now: Timestamp, user: Address, reservation: ReservationId) -> Result<Reply, Refusal> {
        self.handle(now, Input::Cancel(Cancel { user, reservation }))
    }

    /// A user wants nothing more of a merchant. His live reservations with him are cancelled, what rings or talks for them ends at once; no page of the
    /// merchant comes any more, and no booking with him is taken. Twice is a no-op.
    ///
    /// # Errors
    /// In this order: `invalid` user, `unknown` merchant, `limit` (blocks of the user, of all).
    pub fn block(&mut self, now: Timestamp, user: Address, what: BlockTarget) -> Result<Reply, Refusal> {
        self.handle(now, Input::Block(Block { user, what }))
    }

    /// A user takes a block back. It brings back the right to book and nothing else. One that is not there is a no-op.
    ///
    /// # Errors
    /// In this order: `invalid` user, `unknown` merchant.
    pub fn unblock(&mut self, now: Timestamp, user: Address, what: BlockTarget) -> Result<Reply, Refusal> {
        self.handle(now, Input::Unblock(Unblock { user, what }))
    }

    /// A user changes a reservation. A phone that rings goes on only if the new terms carry it; during a conversation the change waits for the
    /// end of the call. One that changes nothing is a no-op. Replies the revision and the state.
    ///
    /// # Errors
    /// In the order of the manual: `unknown` or `gone` reservation, also for another user's; `wrong_state`, `ending`; `last_conversation`; then as
    /// `book`, for what is changed: `unknown` or `page_withdrawn` page, `unknown` offering, `invalid` (contact), `limit` (text), `blocked`, `window_over`, `limit` (ahead),
    /// `window_not_offered`, `overlap`, `limit` (revisions, per number, outbox).
    pub fn amend(&mut self, now: Timestamp, input: Amend) -> Result<Reply, Refusal> {
        self.handle(now, Input::Amend(input))
    }

    /// A merchant will not call. The user is told; what rings is ended at once, a conversation is left alone. Twice is a no-op.
    ///
    /// # Errors
    /// `unknown` or `gone` reservation, also for another merchant's; `limit` (text); `wrong_state`; `ending`.
    pub fn decline(
        &mut self,
        now: Timestamp,
        merchant: MerchantId,
        reservation: ReservationId,
        reason: Option<Text>,
    ) -> Result<Reply, Refusal> {
        self.handle(now, Input::Decline(Decline { merchant, reservation, reason }))
    }

    /// A user confirms the result of his booking, or of his last change. It matters only where the policy asks for it; otherwise, and twice, it
    /// is a no-op.
    ///
    /// # Errors
    /// `unknown` or `gone` reservation, also for another user's; `wrong_state`.
    pub fn acknowledge(&mut self, now: Timestamp, user: Address, reservation: ReservationId) -> Result<Reply, Refusal> {
        self.handle(now, Input::Acknowledge(Acknowledge { user, reservation }))
    }

    /// Platform mode: a merchant chooses when inside the window he is called. Another choice replaces it; the same again is a no-op. Replies the slot and the state.
    ///
    /// # Errors
    /// In this order: `unknown` or `gone` reservation, also for another merchant's; `wrong_state`; `not_platform_mode`; `slot_outside`; `slot_over`; `limit` (outbox).
    pub fn choose_slot(
        &mut self,
        now: Timestamp,
        merchant: MerchantId,
        reservation: ReservationId,
        slot: Slot,
    ) -> Result<Reply, Refusal> {
        self.handle(now, Input::ChooseSlot(ChooseSlot { merchant, reservation, slot }))
    }

    /// Platform mode: a merchant is ready, and is called from now until the window's end, as soon as his turn comes. A no-op while he is anyway.
    ///
    /// # Errors
    /// In this order: `unknown` or `gone` reservation, also for another merchant's; `wrong_state`; `not_platform_mode`; `slot_outside` before the window; `limit` (outbox).
    pub fn merchant_ready(&mut self, now: Timestamp, merchant: MerchantId, reservation: ReservationId) -> Result<Reply, Refusal> {
        self.handle(now, Input::MerchantReady(MerchantReady { merchant, reservation }))
    }

    /// A dialled phone rings. One of a leg that is gone is hung up.
    ///
    /// # Errors
    /// `unknown` leg; `limit` (outbox) when the leg is gone and its `hang_up` has no room.
    pub fn leg_progress(&mut self, now: Timestamp, leg: LegId) -> Result<Reply, Refusal> {
        self.handle(now, Input::LegProgress(LegProgress { leg }))
    }

    /// A leg was answered. One that was hung up meanwhile is hung up once more, and never joined (P3); so is one that is gone.
    ///
    /// # Errors
    /// `unknown` leg; `limit` (outbox) when the leg is gone and its `hang_up` has no room.
    pub fn leg_answered(&mut self, now: Timestamp, leg: LegId) -> Result<Reply, Refusal> {
        self.handle(now, Input::LegAnswered(LegAnswered { leg }))
    }

    /// A leg is gone. Twice is a no-op.
    ///
    /// # Errors
    /// `unknown` leg.
    pub fn leg_ended(&mut self, now: Timestamp, leg: LegId, evidence: Evidence) -> Result<Reply, Refusal> {
        self.handle(now, Input::LegEnded(LegEnded { leg, evidence }))
    }

    /// A prompt was played to its end. Changes nothing so far.
    ///
    /// # Errors
    /// `unknown` leg.
    pub fn play_finished(&mut self, now: Timestamp, leg: LegId) -> Result<Reply, Refusal> {
        self.handle(now, Input::PlayFinished(PlayFinished { leg }))
    }

    /// An at-most-once effect was not carried out, or the host does not know whether it was. Report it before confirming it. The leg of a `dial` is hung up, since
    /// it may ring all the same; report `leg_ended` if it is not there.
    ///
    /// # Errors
    /// `unknown` effect: that number was never emitted.
    pub fn effect_failed(&mut self, now: Timestamp, sequence: u64) -> Result<Reply, Refusal> {
        self.handle(now, Input::EffectFailed(EffectFailed { sequence }))
    }

    /// The operator sets the rules anew, from this input on. Instants that were fixed before stay. The same rules again are a no-op.
    ///
    /// # Errors
    /// `invalid_policy` names the first field that is out of its range; `limit` (outbox, under the old and the new rules).
    pub fn set_policy(&mut self, now: Timestamp, policy: Policy) -> Result<Reply, Refusal> {
        self.handle(now, Input::SetPolicy(SetPolicy { policy }))
    }

    /// The clock is right: `now` is taken however far it leapt.
    ///
    /// # Errors
    /// None.
    pub fn confirm_clock(&mut self, now: Timestamp) -> Result<Reply, Refusal> {
        self.handle(now, Input::ConfirmClock(ConfirmClock {}))
    }

    /// The operator puts virtual numbers into the pool. Replies how many were not in it.
    ///
    /// # Errors
    /// In this order: `invalid` (no number, or one that is not in E.164 form), `number_in_use`, `limit` (numbers, outbox).
    pub fn import_numbers(&mut self, now: Timestamp, numbers: Vec<PhoneNumber>) -> Result<Reply, Refusal> {
        self.handle(now, Input::ImportNumbers(ImportNumbers { numbers }))
    }

    /// The code that went to a contact number comes back (P2). Replies `confirmed`, and the booking is accepted; or `wrong_code`, which counts.
    ///
    /// # Errors
    /// In this order: `unknown` or `gone` reservation, also for another user's; `wrong_state`, `no_code`, `limit` (outbox). For a right code also
    /// `invalid` (the contact is a merchant's line or a virtual number now), `overlap`, `limit` (per number); it may be given again then.
    pub fn confirm_contact(
        &mut self,
        now: Timestamp,
        user: Address,
        reservation: ReservationId,
        code: Code,
    ) -> Result<Reply, Refusal> {
        self.handle(now, Input::ConfirmContact(ConfirmContact { user, reservation, code }))
    }

    /// A new code is asked for; the one that is out ends.
    ///
    /// # Errors
    /// In this order: `unknown` or `gone` reservation, also for another user's; `wrong_state`, `no_key`, `code_limit`, `limit` (challenges of the number,
    /// codes, outbox).
    pub fn request_code(&mut self, now: Timestamp, user: Address, reservation: ReservationId) -> Result<Reply, Refusal> {
        self.handle(now, Input::RequestCode(RequestCode { user, reservation }))
    }

    /// Nothing new rings in this scope until it is thawed; what rings or talks goes on. A scope that is frozen already: a no-op. It comes
    /// through while the outbox is full.
    ///
    /// # Errors
    /// In this order: `limit` (text), `invalid` (`by` or `why` is empty), `unknown` merchant or `invalid` (the number is no subscriber's), `limit` (freezes).
    pub fn freeze(&mut self, now: Timestamp, scope: Scope, by: &str, why: &str) -> Result<Reply, Refusal> {
        self.handle(now, Input::Freeze(Freeze { scope, by: by.into(), why: why.into() }))
    }

    /// This scope may ring again. One that is not frozen: a no-op.
    ///
    /// # Errors
    /// In this order: `limit` (text), `invalid` (`by` or `why` is empty), `unknown` merchant or `invalid` (the number is no subscriber's), `limit` (outbox).
    pub fn thaw(&mut self, now: Timestamp, scope: Scope, by: &str, why: &str) -> Result<Reply, Refusal> {
        self.handle(now, Input::Thaw(Thaw { scope, by: by.into(), why: why.into() }))
    }

    /// Changes the list of numbers that are never rung: `remove` leaves it, `add` comes. Replies how many did.
    ///
    /// # Errors
    /// In this order: `invalid` (no number), `limit` (numbers of one import), `invalid` (one is no subscriber's), `limit` (numbers on the list, outbox).
    pub fn import_do_not_call(
        &mut self,
        now: Timestamp,
        add: Vec<PhoneNumber>,
        remove: Vec<PhoneNumber>,
    ) -> Result<Reply, Refusal> {
        self.handle(now, Input::ImportDoNotCall(ImportDoNotCall { add, remove }))
    }

    /// A user changes what is remembered of him for his next booking. What is neither given nor erased stays; a contact is remembered by bookings only.
    ///
    /// # Errors
    /// In this order: `invalid` (user), `limit` (text), `invalid` (the name is empty), `invalid` (no mailbox), `limit` (text), `invalid` (set and erased).
    pub fn set_profile(&mut self, now: Timestamp, input: SetProfile) -> Result<Reply, Refusal> {
        self.handle(now, Input::SetProfile(input))
    }

    /// A user wants to be forgotten, as one who booked and as the holder of a phone. What is live is cancelled, a conversation is left alone, and what is
    /// kept of him leaves. It comes through while the outbox is full. Replies how much was done.
    ///
    /// # Errors
    /// `invalid` (user).
    pub fn forget_me(&mut self, now: Timestamp, user: Address) -> Result<Reply, Refusal> {
        self.handle(now, Input::ForgetMe(ForgetMe { user }))
    }

    /// A gateway says what became of a message, by the sequence number of its `send`. One that failed is sent again by the next way that the policy names;
    /// when none is left, an `undelivered` audit says so. A message that is not kept, or was reported on before, is a no-op.
    ///
    /// # Errors
    /// In this order: `limit` (text), `not_emitted`; for a failure `limit` (outbox, pages pushed): report it again once effects are confirmed.
    pub fn message_reported(&mut self, now: Timestamp, message: u64, status: MessageStatus) -> Result<Reply, Refusal> {
        self.handle(now, Input::MessageReported(MessageReported { message, status }))
    }

    /// Codes are made under this key from now on; those that are out keep theirs. The same key again is a no-op.
    ///
    /// # Errors
    /// `invalid` (empty), `limit` (text), `key_not_loaded`, `limit` (outbox).
    pub fn rotate_key(&mut self, now: Timestamp, id: &str) -> Result<Reply, Refusal> {
        self.handle(now, Input::RotateKey(RotateKey { id: id.into() }))
    }

    /// The switch came back after a crash, and these legs live there. Ends the others as lost, voids the unconfirmed at-most-once effects, and
    /// hangs up what the platform does not know, as far as the outbox has room.
    ///
    /// # Errors
    /// None.
    pub fn resync(&mut self, now: Timestamp, legs: Vec<LegId>) -> Result<Reply, Refusal> {
        self.handle(now, Input::Resync(Resync { legs }))
    }

    /// An account follows the operator's public account (seed 003, step 101). What it had bound before, and is not over, is bound again. Twice is a no-op.
    ///
    /// # Errors
    /// `limit` (accounts).
    pub fn follow(&mut self, now: Timestamp, account: AccountId) -> Result<Reply, Refusal> {
        self.handle(now, Input::Follow(Follow { account }))
    }

    /// An account does not follow any more. Its requests end; its numbers wait for it, `unfollowed_max_s` at most. Twice is a no-op.
    ///
    /// # Errors
    /// None.
    pub fn unfollow(&mut self, now: Timestamp, account: AccountId) -> Result<Reply, Refusal> {
        self.handle(now, Input::Unfollow(Unfollow { account }))
    }

    /// A follower asks for a number to be bound to his account: its holder is sent a code. Asked again, the older code ends. A number that is his already: a
    /// no-op. Replies the binding, and until when its code may be given.
    ///
    /// # Errors
    /// In this order: `invalid` (the number is no subscriber's, a merchant's line or a virtual number), `not_following`, `no_key`, `wrong_code_limit`,
    /// `code_limit`, `limit` (codes, bindings of the account, bindings, outbox).
    pub fn request_binding(&mut self, now: Timestamp, account: AccountId, number: PhoneNumber) -> Result<Reply, Refusal> {
        self.handle(now, Input::RequestBinding(RequestBinding { account, number }))
    }

    /// The code that went to a number comes back from the account that asked. Replies `bound`; whoever had the number before has it no more, and is told. Or
    /// `wrong_code`, which counts.
    ///
    /// # Errors
    /// In this order: `not_requested`, `limit` (outbox); for a right code also `invalid` (the number is a merchant's line or a virtual number now).
    pub fn confirm_binding(
        &mut self,
        now: Timestamp,
        account: AccountId,
        number: PhoneNumber,
        code: Code,
    ) -> Result<Reply, Refusal> {
        self.handle(now, Input::ConfirmBinding(ConfirmBinding { account, number, code }))
    }

    /// An account gives a number back, or its request for one. One that it does not have: a no-op.
    ///
    /// # Errors
    /// None.
    pub fn unbind(&mut self, now: Timestamp, account: AccountId, number: PhoneNumber) -> Result<Reply, Refusal> {
        self.handle(now, Input::Unbind(Unbind { account, number }))
    }

    /// A call outside any reservation reached nobody, and the switch holds its caller's leg. Replies its id and whether he is offered the recorder.
    ///
    /// # Errors
    /// In this order: `invalid` (evidence), `limit` (callers that are connected, outbox).
    pub fn call_failed(&mut self, now: Timestamp, input: CallFailed) -> Result<Reply, Refusal> {
        self.handle(now, Input::CallFailed(input))
    }

    /// The network forwarded a call to us. One of our own ends the leg that it was; any other is a failed call.
    ///
    /// # Errors
    /// As `call_failed`.
    pub fn call_diverted(&mut self, now: Timestamp, input: CallDiverted) -> Result<Reply, Refusal> {
        self.handle(now, Input::CallDiverted(input))
    }

    /// What a caller said was recorded. Too short or silent, it is no message. The same again is a no-op; another recording of the same message is to be erased.
    ///
    /// # Errors
    /// In this order: `unknown` message, `media_in_use`, `limit` (outbox).
    pub fn recorded(&mut self, now: Timestamp, input: Recorded) -> Result<Reply, Refusal> {
        self.handle(now, Input::Recorded(input))
    }

    /// Nothing could be recorded. A caller who is still there is told.
    ///
    /// # Errors
    /// `unknown` message.
    pub fn record_failed(&mut self, now: Timestamp, voice_message: VoiceMessageId) -> Result<Reply, Refusal> {
        self.handle(now, Input::RecordFailed(RecordFailed { voice_message }))
    }

    /// What a voice message says, in words; none when they could not be made out.
    ///
    /// # Errors
    /// `unknown` message.
    pub fn transcribed(&mut self, now: Timestamp, voice_message: VoiceMessageId, text: Option<Text>) -> Result<Reply, Refusal> {
        self.handle(now, Input::Transcribed(Transcribed { voice_message, text }))
    }

    /// An account opens a voice message. Replies its recording, as often as it is asked.
    ///
    /// # Errors
    /// `unknown` or `gone` message, also for another account's.
    pub fn open_message(&mut self, now: Timestamp, account: AccountId, voice_message: VoiceMessageId) -> Result<Reply, Refusal> {
        self.handle(now, Input::OpenMessage(OpenMessage { account, voice_message }))
    }

    /// Whoever listened asks to be called back: the sender of the message is told. Twice is a no-op.
    ///
    /// # Errors
    /// In this order: `unknown` or `gone` message, `not_delivered`, `no_caller`, `limit` (outbox).
    pub fn request_call_back(
        &mut self,
        now: Timestamp,
        account: AccountId,
        voice_message: VoiceMessageId,
    ) -> Result<Reply, Refusal> {
        self.handle(now, Input::RequestCallBack(RequestCallBack { account, voice_message }))
    }
}
