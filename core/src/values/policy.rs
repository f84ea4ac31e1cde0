//! The operator's rules and bounds.
//!
//! Every duration is in whole seconds and ends in `_s`. The manual gives the reason for every default.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::called_zone::CalledZone;
use super::cause::{FailureReasons, SEED_REASONS};
use super::number::PhoneNumber;
use super::time::{WeeklyRule, Zone};

/// Who starts the call of a reservation (通话方式; seed 000, S106).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallMode {
    /// The merchant dials; the gate judges the instant (the first way of S106, claim 2).
    MerchantCalls,
    /// The platform dials the merchant, and the user once the merchant has answered (the second way of S106, claim 3).
    PlatformCalls,
}

impl CallMode {
    /// Both ways, in the order in which the merchant is offered them.
    pub const ALL: [Self; 2] = [Self::MerchantCalls, Self::PlatformCalls];
}

/// Who decides between the two call modes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModeChooser {
    /// The merchant is sent both options (claim 5).
    #[default]
    Merchant,
    /// The platform decides for every reservation; no options are sent.
    Platform(CallMode),
}

/// What happens to a conversation that is still alive when the window ends. It began inside, so it may run on by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnWindowClose {
    /// It runs on, for `conversation_max_s` at most.
    #[default]
    Continue,
    /// It ends with the window.
    HangUp,
}

/// What counts as the user's confirmation of the result of his booking (claim 4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirmation {
    /// Silence: the booking itself was his word.
    #[default]
    Silence,
    /// An `acknowledge`; nothing rings before it.
    Acknowledgement,
}

/// Where a user finds what he may do with his reservation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionsIn {
    /// On the result itself.
    #[default]
    Result,
    /// On a manage page of its own, which follows each result.
    ManagePage,
}

/// What carries the voice of a call, as the host is asked for it. A hint: a host that has no such network dials as it can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bearer {
    /// Whatever the host has.
    Any,
    /// The voice network of 2G, 3G and VoLTE, for its sound (seed 000, figure 4).
    #[default]
    Volte,
}

/// A way by which a message goes that failed on the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FallbackChannel {
    /// A short message to the receiver's phone.
    Sms,
    /// An e-mail to the mailbox that he named.
    Email,
}

/// Whether voice messages are made into text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transcription {
    /// They go as voice.
    #[default]
    Never,
    /// Each is, and goes as text with its voice behind the link; as voice where that fails.
    Always,
}

/// The rules and bounds of a [`Platform`](crate::Platform).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// How long a phone rings at most. Default 45 s, as Asterisk's call files wait.
    pub ring_timeout_s: u32,
    /// How much of the window must be left for a phone to begin to ring. Default 0: the last microsecond counts.
    pub min_ring_s: u32,
    /// How long a caller's leg may take to report that it was answered, after the user picked up. Default 10 s.
    pub answer_timeout_s: u32,
    /// The longest conversation. Default 2 h.
    pub conversation_max_s: u32,
    /// How long after a hang-up without a report a leg still counts as alive. Default 30 s.
    pub release_grace_s: u32,
    /// How long to wait before the same user is called again. Default 5 min.
    pub retry_spacing_s: u32,
    /// How often a user is rung for one reservation at most. Default 3.
    pub attempts_max: u32,
    /// How often the merchant's own leg may fail for one reservation. These use no attempt of the user. Default 3.
    pub merchant_attempts_max: u32,
    /// How often a `dial` of one reservation may fail to be carried out. These use no attempt of the user. Default 10: trouble at the host often passes
    /// soon, and nobody is rung by it.
    pub platform_attempts_max: u32,
    /// How many conversations a reservation is good for. Default 1.
    pub conversations_max: u32,
    /// Who chooses the call mode. Default: the merchant.
    pub mode_chosen_by: ModeChooser,
    /// The mode of a reservation whose merchant has chosen none when the window opens. Default `MerchantCalls`.
    pub mode_on_silence: CallMode,
    /// What becomes of a conversation when its window ends. Default: it continues.
    pub on_window_close: OnWindowClose,
    /// How long a closed reservation is kept before it is archived. Default 30 days.
    pub retention_s: u32,
    /// How far ahead a window may end. Default 366 days.
    pub book_ahead_max_s: u32,
    /// The most merchants. Default 100,000.
    pub merchants_max: u32,
    /// The most lines of one merchant. Default 100.
    pub lines_per_merchant_max: u32,
    /// The most booking pages. Default 1,000,000.
    pub pages_max: u32,
    /// The most offerings, and the most windows and hours together, on one page. Default 200.
    pub page_entries_max: u32,
    /// The most reservations that are kept, closed ones in retention included. Default 20,000,000.
    pub reservations_max: u32,
    /// The most live reservations of one contact number. Default 50.
    pub reservations_per_number_max: u32,
    /// The most users that one `push_page` reaches. Default 1,000.
    pub push_max: u32,
    /// The most unconfirmed effects: an input that creates is refused unless all that it emits has room, and `advance` starts nothing while
    /// there is none. What closes comes on top, bounded by what is alive. At least 7, which an agreement needs. Default 100,000.
    pub outbox_max: u32,
    /// The longest text, in characters. Default 200.
    pub text_chars_max: u32,
    /// How long an input that was taken with a key is remembered. Default 3 days.
    pub dedup_retention_s: u32,
    /// The most inputs that are remembered by a key. Default 1,000,000.
    pub dedup_max: u32,
    /// How far the clock may leap forward between two inputs; a longer leap is refused until `confirm_clock`. 0, the default: any leap is taken.
    pub clock_leap_max_s: u32,
    /// The most channels of one line. Default 10,000.
    pub channels_max: u32,
    /// The most different page contents that wait in unconfirmed effects of `push_page`. Default 1,000.
    pub pushed_pages_max: u32,
    /// How long a virtual number rests before it means another user to the same merchant. Default 30 days: a call that comes late reaches nobody, not a
    /// stranger.
    pub number_rest_s: u32,
    /// The audit `numbers_low` says so when fewer virtual numbers than this are left for new users of a merchant. Default 10; 0 is never.
    pub numbers_low: u32,
    /// The most virtual numbers in the pool. Default 1,000,000.
    pub numbers_max: u32,
    /// How many digits a code has. Default 6: the least that NIST SP 800-63B (5.1.3.2) takes.
    pub code_digits: u32,
    /// How long a code may be used. Default 10 min: the longest that NIST SP 800-63B (5.1.3.2) takes.
    pub code_life_s: u32,
    /// How many wrong codes are taken for one that was sent; with the last of them the reservation closes. Default 3.
    pub code_tries_max: u32,
    /// How many codes go to one number within an hour. Default 5: booking is no way to flood a phone, nor to guess.
    pub codes_per_hour_max: u32,
    /// The most codes to one number that may be used at the same time. Default 3.
    pub challenges_per_number_max: u32,
    /// The most codes that are sent within an hour, to all numbers together. Default 1,000,000.
    pub codes_max: u32,
    /// The most reservations of one sender that are kept, closed ones in retention included. Default 500.
    pub reservations_per_sender_max: u32,
    /// The most calendars. Default 1,000.
    pub calendars_max: u32,
    /// The most days of one calendar. Default 1,000.
    pub calendar_days_max: u32,
    /// The most results of one search. Default 20.
    pub search_results_max: u32,
    /// The most merchants and numbers that one user may have blocked. Default 1,000.
    pub blocks_per_user_max: u32,
    /// The most blocks of all users. Default 10,000,000.
    pub blocks_max: u32,
    /// What confirms the result of a booking, and of every change of it. Default: silence.
    pub confirmation: Confirmation,
    /// How often the terms of a reservation may be set, the booking included. Default 20.
    pub revisions_max: u32,
    /// The most merchants and numbers that are frozen at the same time. Default 10,000.
    pub freezes_max: u32,
    /// The most numbers on the do-not-call list. Default 10,000,000.
    pub do_not_call_max: u32,
    /// The most numbers that one change of the do-not-call list names. Default 10,000.
    pub do_not_call_import_max: u32,
    /// The hours in which a user's phone may ring, on the clock of his number (`called_zones`), or else of his reservation's zone. Default: none are set, and
    /// every hour is callable. At most 50.
    pub callable_hours: Vec<WeeklyRule>,
    /// How often one number is rung within any 24 hours, for all its reservations together. Default 0: as often as each of them allows. It needs a
    /// `retention_s` of a day: what is counted is bounded by the reservations that are kept.
    pub rings_per_day_max: u32,
    /// The most users of one shared call that a page may offer. Default 20: more cannot talk with each other.
    pub group_size_max: u32,
    /// The most pictures, voice notes and videos that are attached to one reservation. Default 10.
    pub attachments_max: u32,
    /// Whether a booking has to do with its sender's profile when it does not say. Default: it has; the seed asks for it.
    pub profiles_remembered: bool,
    /// The most profiles. The one that would be forgotten first leaves for a new one. Default 10,000,000.
    pub profiles_max: u32,
    /// How long a profile is remembered after its last booking. Default 365 days.
    pub profile_life_s: u32,
    /// The most booking pages of one merchant, withdrawn ones included. Default 1,000.
    pub pages_per_merchant_max: u32,
    /// How many pages one search ranks at most. Default 10,000.
    pub search_candidates_max: u32,
    /// How many wrong codes are taken for one number within any 24 hours; then no code goes to it until fewer are that young. Default 20: NIST SP 800-63B
    /// (5.2.2) asks for at most 100 in a row.
    pub wrong_codes_per_day_max: u32,
    /// Where a user finds the buttons to confirm, to amend and to cancel. Default: on the result. A manage page makes `outbox_max` at least 9.
    pub actions_in: ActionsIn,
    /// What a `dial` asks to be carried by. Default: `Volte`.
    pub bearer: Bearer,
    /// How long before the window its user is reminded of it. Default 0: he is not; the booking is his own word.
    pub reminder_before_s: u32,
    /// The ways by which a message to a user is tried again when it failed, in this order, each once. Default: a short message, then an e-mail.
    pub fallback: Vec<FallbackChannel>,
    /// How long after it was sent a message may be reported on. Default 1 h.
    pub fallback_wait_s: u32,
    /// The most messages that are kept for their reports; the oldest give way to new ones. Default 1,000,000; 0: none is tried again.
    pub messages_max: u32,
    /// The most accounts that follow. Default 100,000,000.
    pub accounts_max: u32,
    /// The most numbers that one account has or has asked for. Default 10.
    pub bindings_per_account_max: u32,
    /// The most bindings of all accounts. Default 100,000,000.
    pub bindings_max: u32,
    /// How long a number stays with an account that does not follow any more. Default 180 days: it may come back; but
    /// not for ever, since the number may be somebody else's by then.
    pub unfollowed_max_s: u32,
    /// For which reasons of a failed call its caller is offered the recorder. Default: the four of seed 003.
    pub divert_on: FailureReasons,
    /// The longest voice message. Default 60 s, as long as WeChat's own voice messages.
    pub record_max_s: u32,
    /// How long a silence ends a recording. Default 5 s.
    pub record_silence_s: u32,
    /// The shortest recording that is a message. Default 2 s: a shorter one is a receiver put down.
    pub record_min_s: u32,
    /// How long after its longest a recording may be reported, and after the caller is gone. Default 30 s.
    pub record_grace_s: u32,
    /// The most callers of failed calls who are connected at the same time. Default 100,000.
    pub failed_calls_max: u32,
    /// The most voice messages that are kept, those that are over included. Default 10,000,000.
    pub voice_messages_max: u32,
    /// The most voice messages for one callee that are not over. Default 20: nobody's account is flooded.
    pub voice_messages_per_callee_max: u32,
    /// How long after it was stored a voice message is delivered, and can be listened to. Default 7 days.
    pub voice_message_life_s: u32,
    /// How long a report on a push is waited for. Default 60 s.
    pub push_timeout_s: u32,
    /// How long after a failed push the next one comes; doubled with each, up to an hour. Default 30 s.
    pub push_backoff_s: u32,
    /// How often a voice message is pushed by one road. Default 5.
    pub push_attempts_max: u32,
    /// Whether voice messages are made into text. Default: never.
    pub transcription: Transcription,
    /// How long a text is waited for. Default 60 s.
    pub transcribe_timeout_s: u32,
    /// The longest text of a voice message, in characters. Default 2,000.
    pub transcript_chars_max: u32,
    /// Whether a voice message that its account cannot get goes to the callee's phone by SMS. Default: it does.
    pub voice_by_sms: bool,
    /// Which zone the numbers are in that begin so, for `callable_hours`: of several that cover a number the longest, of equal ones the first. Default: none, and
    /// the hours are on the clock of the reservation's zone. At most 1,000.
    pub called_zones: Vec<CalledZone>,
    /// The most live reservations of one group. Who comes later is in another. Default 200: whoever asks for a group is answered within half a millisecond.
    pub group_members_max: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            ring_timeout_s: 45,
            min_ring_s: 0,
            answer_timeout_s: 10,
            conversation_max_s: 7_200,
            release_grace_s: 30,
            retry_spacing_s: 300,
            attempts_max: 3,
            merchant_attempts_max: 3,
            platform_attempts_max: 10,
            conversations_max: 1,
            mode_chosen_by: ModeChooser::Merchant,
            mode_on_silence: CallMode::MerchantCalls,
            on_window_close: OnWindowClose::Continue,
            retention_s: 30 * DAY_S,
            book_ahead_max_s: 366 * DAY_S,
            merchants_max: 100_000,
            lines_per_merchant_max: 100,
            pages_max: 1_000_000,
            page_entries_max: 200,
            reservations_max: 20_000_000,
            reservations_per_number_max: 50,
            push_max: 1_000,
            outbox_max: 100_000,
            text_chars_max: 200,
            dedup_retention_s: 3 * DAY_S,
            dedup_max: 1_000_000,
            clock_leap_max_s: 0,
            channels_max: 10_000,
            pushed_pages_max: 1_000,
            number_rest_s: 30 * DAY_S,
            numbers_low: 10,
            numbers_max: 1_000_000,
            code_digits: 6,
            code_life_s: 600,
            code_tries_max: 3,
            codes_per_hour_max: 5,
            challenges_per_number_max: 3,
            codes_max: 1_000_000,
            reservations_per_sender_max: 500,
            calendars_max: 1_000,
            calendar_days_max: 1_000,
            search_results_max: 20,
            blocks_per_user_max: 1_000,
            blocks_max: 10_000_000,
            confirmation: Confirmation::Silence,
            revisions_max: 20,
            freezes_max: 10_000,
            do_not_call_max: 10_000_000,
            do_not_call_import_max: 10_000,
            callable_hours: Vec::new(),
            rings_per_day_max: 0,
            group_size_max: 20,
            attachments_max: 10,
            profiles_remembered: true,
            profiles_max: 10_000_000,
            profile_life_s: 365 * DAY_S,
            pages_per_merchant_max: 1_000,
            search_candidates_max: 1_000,
            wrong_codes_per_day_max: 20,
            actions_in: ActionsIn::Result,
            bearer: Bearer::Volte,
            reminder_before_s: 0,
            fallback: Vec::from([FallbackChannel::Sms, FallbackChannel::Email]),
            fallback_wait_s: 3_600,
            messages_max: 1_000_000,
            accounts_max: 100_000_000,
            bindings_per_account_max: 10,
            bindings_max: 100_000_000,
            unfollowed_max_s: 180 * DAY_S,
            divert_on: SEED_REASONS,
            record_max_s: 60,
            record_silence_s: 5,
            record_min_s: 2,
            record_grace_s: 30,
            failed_calls_max: 100_000,
            voice_messages_max: 10_000_000,
            voice_messages_per_callee_max: 20,
            voice_message_life_s: 7 * DAY_S,
            push_timeout_s: 60,
            push_backoff_s: 30,
            push_attempts_max: 5,
            transcription: Transcription::Never,
            transcribe_timeout_s: 60,
            transcript_chars_max: 2_000,
            voice_by_sms: true,
            called_zones: Vec::new(),
            group_members_max: 200,
        }
    }
}

const DAY_S: u32 = 86_400;
const TEN_YEARS_S: u32 = 3_653 * DAY_S;

/// The most that a policy may set: no instant that the platform fixes lies farther ahead.
pub(crate) mod most {
    use super::{DAY_S, TEN_YEARS_S};

    pub(crate) const RING_TIMEOUT_S: u32 = 600;
    pub(crate) const ANSWER_TIMEOUT_S: u32 = 120;
    pub(crate) const CONVERSATION_S: u32 = 7 * DAY_S;
    pub(crate) const RELEASE_GRACE_S: u32 = 3_600;
    pub(crate) const RETENTION_S: u32 = TEN_YEARS_S;
    pub(crate) const BOOK_AHEAD_S: u32 = TEN_YEARS_S;
    pub(crate) const DEDUP_RETENTION_S: u32 = 366 * DAY_S;
    pub(crate) const CODE_LIFE_S: u32 = DAY_S;
    pub(crate) const MIN_RING_S: u32 = 600;
    pub(crate) const NUMBER_REST_S: u32 = TEN_YEARS_S;
    pub(crate) const PROFILE_LIFE_S: u32 = TEN_YEARS_S;
    pub(crate) const GROUP_SIZE: u32 = 1_000;
    pub(crate) const REMINDER_S: u32 = 30 * DAY_S;
    pub(crate) const UNFOLLOWED_S: u32 = TEN_YEARS_S;
    pub(crate) const FALLBACK_WAIT_S: u32 = 7 * DAY_S;
    pub(crate) const RECORD_S: u32 = 3_600;
    pub(crate) const RECORD_GRACE_S: u32 = 3_600;
    pub(crate) const VOICE_MESSAGE_LIFE_S: u32 = 366 * DAY_S;
    pub(crate) const PUSH_TIMEOUT_S: u32 = DAY_S;
    pub(crate) const TRANSCRIBE_TIMEOUT_S: u32 = DAY_S;
    pub(crate) const PUSH_ATTEMPTS: u32 = 100;
    pub(crate) const TRANSCRIPT_CHARS: u32 = 100_000;
}

/// A field of a [`Policy`] that is out of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("policy field {field} is {given}; allowed is {least} to {most}")]
pub struct PolicyError {
    /// The field's name.
    pub field: &'static str,
    /// What it was set to.
    pub given: u32,
    /// The least value allowed.
    pub least: u32,
    /// The largest value allowed.
    pub most: u32,
}

impl PolicyError {
    /// The number of this error: that of the refusal `invalid_policy`. One numbering for all, see [`Refusal::code`](super::refusal::Refusal::code).
    #[must_use]
    pub const fn code(&self) -> u32 {
        110
    }
}

impl Policy {
    /// The mode of a reservation whose window begins before anybody has chosen: the platform's, when the mode is the platform's to choose now.
    #[must_use]
    pub const fn mode_unless_chosen(&self) -> CallMode {
        match self.mode_chosen_by {
            ModeChooser::Merchant => self.mode_on_silence,
            ModeChooser::Platform(mode) => mode,
        }
    }

    /// Whether a manage page follows each result.
    #[must_use]
    pub const fn has_manage_pages(&self) -> bool {
        match self.actions_in {
            ActionsIn::Result => false,
            ActionsIn::ManagePage => true,
        }
    }

    /// How many different ways there are to try a message again: none stands twice.
    fn fallback_kinds(&self) -> u32 {
        let has = |channel| u32::from(self.fallback.contains(&channel));
        has(FallbackChannel::Sms).saturating_add(has(FallbackChannel::Email))
    }

    /// The zone on whose clock the hours of this number's phone are.
    #[must_use]
    pub fn zone_of(&self, number: PhoneNumber, of_reservation: Zone) -> Zone {
        let covering = self.called_zones.iter().filter(|known| known.prefix.covers(number));
        // Of equal ones the first is kept.
        let longest = covering.reduce(|best, other| if other.prefix.digits() > best.prefix.digits() { other } else { best });
        longest.map_or(of_reservation, |known| known.zone)
    }

    /// Checks every field against its range.
    ///
    /// # Errors
    /// [`PolicyError`] for the first field, in the order of the struct, that is out of range.
    pub fn check(&self) -> Result<(), PolicyError> {
        let fields = [
            ("ring_timeout_s", self.ring_timeout_s, 1, most::RING_TIMEOUT_S),
            ("min_ring_s", self.min_ring_s, 0, most::MIN_RING_S),
            ("answer_timeout_s", self.answer_timeout_s, 1, most::ANSWER_TIMEOUT_S),
            ("conversation_max_s", self.conversation_max_s, 1, most::CONVERSATION_S),
            ("release_grace_s", self.release_grace_s, 1, most::RELEASE_GRACE_S),
            ("retry_spacing_s", self.retry_spacing_s, 0, 7 * DAY_S),
            ("attempts_max", self.attempts_max, 1, 100),
            ("merchant_attempts_max", self.merchant_attempts_max, 1, 100),
            ("platform_attempts_max", self.platform_attempts_max, 1, 100),
            ("conversations_max", self.conversations_max, 1, 100),
            ("retention_s", self.retention_s, if self.rings_per_day_max > 0 { DAY_S } else { 1 }, most::RETENTION_S),
            ("book_ahead_max_s", self.book_ahead_max_s, 1, most::BOOK_AHEAD_S),
            ("merchants_max", self.merchants_max, 1, u32::MAX),
            ("lines_per_merchant_max", self.lines_per_merchant_max, 1, 10_000),
            ("pages_max", self.pages_max, 1, u32::MAX),
            ("page_entries_max", self.page_entries_max, 1, 10_000),
            ("reservations_max", self.reservations_max, 1, u32::MAX),
            ("reservations_per_number_max", self.reservations_per_number_max, 1, 10_000),
            ("push_max", self.push_max, 1, 100_000),
            ("outbox_max", self.outbox_max, if self.has_manage_pages() { 9 } else { 7 }, u32::MAX),
            ("text_chars_max", self.text_chars_max, 1, 10_000),
            ("dedup_retention_s", self.dedup_retention_s, 1, most::DEDUP_RETENTION_S),
            ("dedup_max", self.dedup_max, 1, u32::MAX),
            ("clock_leap_max_s", self.clock_leap_max_s, 0, TEN_YEARS_S),
            ("channels_max", self.channels_max, 1, 1_000_000),
            ("pushed_pages_max", self.pushed_pages_max, 1, 1_000_000),
            ("number_rest_s", self.number_rest_s, 0, most::NUMBER_REST_S),
            ("numbers_low", self.numbers_low, 0, 10_000),
            ("numbers_max", self.numbers_max, 1, u32::MAX),
            ("code_digits", self.code_digits, 6, 10),
            ("code_life_s", self.code_life_s, 1, most::CODE_LIFE_S),
            ("code_tries_max", self.code_tries_max, 1, 10),
            ("codes_per_hour_max", self.codes_per_hour_max, 1, 1_000),
            ("challenges_per_number_max", self.challenges_per_number_max, 1, 1_000),
            ("codes_max", self.codes_max, 1, u32::MAX),
            ("reservations_per_sender_max", self.reservations_per_sender_max, 1, 1_000_000),
            ("calendars_max", self.calendars_max, 1, 1_000_000),
            ("calendar_days_max", self.calendar_days_max, 1, 100_000),
            ("search_results_max", self.search_results_max, 1, 1_000),
            ("pages_per_merchant_max", self.pages_per_merchant_max, 1, 100_000),
            ("search_candidates_max", self.search_candidates_max, 1, 1_000_000),
            ("wrong_codes_per_day_max", self.wrong_codes_per_day_max, 1, 1_000),
            ("blocks_per_user_max", self.blocks_per_user_max, 1, 100_000),
            ("blocks_max", self.blocks_max, 1, u32::MAX),
            ("revisions_max", self.revisions_max, 1, 10_000),
            ("freezes_max", self.freezes_max, 1, u32::MAX),
            ("do_not_call_max", self.do_not_call_max, 1, u32::MAX),
            ("do_not_call_import_max", self.do_not_call_import_max, 1, 1_000_000),
            ("callable_hours", u32::try_from(self.callable_hours.len()).unwrap_or(u32::MAX), 0, 50),
            ("rings_per_day_max", self.rings_per_day_max, 0, 1_000),
            ("group_size_max", self.group_size_max, 1, most::GROUP_SIZE),
            ("attachments_max", self.attachments_max, 0, 1_000),
            ("profiles_max", self.profiles_max, 1, u32::MAX),
            ("profile_life_s", self.profile_life_s, 1, most::PROFILE_LIFE_S),
            ("reminder_before_s", self.reminder_before_s, 0, most::REMINDER_S),
            ("fallback", u32::try_from(self.fallback.len()).unwrap_or(u32::MAX), 0, self.fallback_kinds()),
            ("fallback_wait_s", self.fallback_wait_s, 1, most::FALLBACK_WAIT_S),
            ("messages_max", self.messages_max, 0, u32::MAX),
            ("accounts_max", self.accounts_max, 1, u32::MAX),
            ("bindings_per_account_max", self.bindings_per_account_max, 1, 10_000),
            ("bindings_max", self.bindings_max, 1, u32::MAX),
            ("unfollowed_max_s", self.unfollowed_max_s, 1, most::UNFOLLOWED_S),
            ("record_max_s", self.record_max_s, 1, most::RECORD_S),
            ("record_silence_s", self.record_silence_s, 1, most::RECORD_S),
            ("record_min_s", self.record_min_s, 0, self.record_max_s),
            ("record_grace_s", self.record_grace_s, 1, most::RECORD_GRACE_S),
            ("failed_calls_max", self.failed_calls_max, 1, u32::MAX),
            ("voice_messages_max", self.voice_messages_max, 1, u32::MAX),
            ("voice_messages_per_callee_max", self.voice_messages_per_callee_max, 1, 10_000),
            ("voice_message_life_s", self.voice_message_life_s, 1, most::VOICE_MESSAGE_LIFE_S),
            ("push_timeout_s", self.push_timeout_s, 1, most::PUSH_TIMEOUT_S),
            ("push_backoff_s", self.push_backoff_s, 1, 3_600),
            ("push_attempts_max", self.push_attempts_max, 1, most::PUSH_ATTEMPTS),
            ("transcribe_timeout_s", self.transcribe_timeout_s, 1, most::TRANSCRIBE_TIMEOUT_S),
            ("transcript_chars_max", self.transcript_chars_max, 1, most::TRANSCRIPT_CHARS),
            ("called_zones", u32::try_from(self.called_zones.len()).unwrap_or(u32::MAX), 0, 1_000),
            ("group_members_max", self.group_members_max, 2, 10_000),
        ];
        for (field, given, least, most) in fields {
            if !(least..=most).contains(&given) {
                return Err(PolicyError { field, given, least, most });
            }
        }
        Ok(())
    }
}
