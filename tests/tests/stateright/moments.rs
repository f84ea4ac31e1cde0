//! The `sometimes`: what a step can show. Each moment stands beside the `always` of its promise and says that it is not vacuous.
//!
//! A moment is noted as the step is taken and is no part of the state: what a step showed changes nothing that follows. A moment needs something of
//! its scope (somebody who cancels, a fault, a second user). A scope that has what it needs must show it, unless its `lacks` names it.

use std::sync::atomic::{AtomicU64, Ordering};

use ringfence::values::reply::DenyReason;

use crate::scopes::Scope;
use crate::world::{Budget, Sides};

/// A set of moments.
pub(crate) type Moments = u128;

macro_rules! moments {
    ($($name:ident: $text:literal if $needs:expr;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Moment { $($name),* }

        impl Moment {
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];

            /// The promise, and what is shown.
            pub(crate) const fn text(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// Whether a scope has what it takes.
            pub(crate) fn is_in(self, scope: &Scope) -> bool {
                let needs: fn(&Budget, Sides) -> bool = match self { $(Self::$name => $needs),* };
                needs(&scope.budget, scope.sides)
            }
        }
    };
}

moments! {
    DialledInMerchantMode: "P1: a user is dialled in merchant mode" if asks;
    WindowEndsRinging: "P1: the window ends while a phone rings" if |_, sides| sides.is_reserved();
    AnswerInLastMicrosecond: "P1: an answer one microsecond before the end leads to a conversation"
        if |_, sides| sides.is_reserved() && sides != Sides::Crowd;
    DeniedAfterWindow: "P1: a call after the window is denied" if asks;
    DeniedBeforeWindow: "P1: a call before the window is denied" if asks;

    HolderAgrees: "P2: the holder agrees" if |has, sides| has.right > 0 && sides.is_reserved();
    WrongCode: "P2: a wrong code comes" if |has, _| has.wrong > 0;
    LastWrongCode: "P2: a wrong code is the last" if |has, _| has.wrong > 0;
    NoCode: "P2: a code comes when none is out" if |has, sides| has.right > 0 && sides.is_reserved();
    CodeReplaced: "P2: a code is replaced" if |has, _| has.asks > 0;
    DeniedUnverified: "P2: a call is denied, for the holder has not agreed" if |has, sides| has.right > 0 && sides.is_reserved();

    CancelEndsRinging: "P3: a cancel ends ringing" if |has, sides| has.cancels > 0 && sides.is_reserved();
    CancelCrossesAnswer: "P3: a cancel crosses an answer" if |has, sides| has.cancels > 0 && sides.is_reserved();
    CancelLeavesTalk: "P3: a cancel leaves a conversation alone" if |has, sides| has.cancels > 0 && sides.is_reserved();
    DeniedAfterCancel: "P3: a call after the cancel is denied" if |has, sides| has.cancels > 0 && asks(has, sides);
    AmendEndsRinging: "P3: a change ends ringing" if |has, _| has.amends > 0;
    AmendCarries: "P3: a change carries what rings" if |has, _| has.amends > 0;
    AmendWaits: "P3: a change waits for the end of the talk" if |has, _| has.amends > 0;
    DeclineEndsRinging: "P3: a decline ends ringing" if |has, _| has.declines > 0;
    DeclineLeavesTalk: "P3: a decline leaves a conversation alone" if |has, _| has.declines > 0;
    BlockEndsRinging: "P3: a block ends ringing" if |has, _| has.blocks > 0;
    BlockEndsTalk: "P3: a block ends a talk" if |has, _| has.blocks > 0;
    BlockLeavesTheOther: "P3: one blocks in the talk, and the other talks on"
        if |has, sides| has.blocks > 0 && sides == Sides::OneMerchantTwoSharing;
    ForgetEndsRinging: "P3: forgetting ends ringing" if |has, sides| has.forgets > 0 && sides.is_reserved();
    ForgetLeavesTalk: "P3: forgetting leaves a conversation alone" if |has, sides| has.forgets > 0 && sides.is_reserved();

    DialledInPlatformMode: "P4: a user is dialled in platform mode" if |_, sides| sides.is_reserved();

    TalkInMerchantMode: "P5: a conversation in merchant mode" if asks;
    TalkInPlatformMode: "P5: a conversation in platform mode" if |_, sides| sides.is_reserved();
    AnswerTooLate: "P5: an answer comes too late" if |has, sides| (has.odd > 0 || has.late > 0) && sides.is_reserved();
    TwoOnOneBridge: "P5: two users on one bridge" if |_, sides| sides == Sides::OneMerchantTwoSharing;
    OneLeftTheBridge: "P5: one has left, and the other talks on" if |_, sides| sides == Sides::OneMerchantTwoSharing;
    OneFailedToCome: "P5: one failed, and the other talks on" if |_, sides| sides == Sides::OneMerchantTwoSharing;
    JoinsRunningBridge: "P5: a late answer is joined to the bridge that runs" if |_, sides| sides == Sides::OneMerchantTwoSharing;

    DeniedForMode: "P6: a call is denied for the mode" if asks;
    Glare: "P6: glare, the platform is calling already" if asks;
    SlotRefused: "P6: a slot is refused where the merchant calls" if |has, _| has.slots > 0;

    LeasedAnew: "P7: a number is leased anew after its rest" if |has, _| has.bookings > 0;
    PoolEmpty: "P7: a number that rests is leased to nobody" if |has, _| has.bookings > 0;
    NumberMeansNobody: "P7: a number means nobody" if |has, _| has.bookings > 0;
    MessageOfAnother: "P7: a message is not shown to another account" if |_, sides| sides == Sides::Caller;

    NumberBusy: "P8: a call is denied because the user is on another" if |has, sides| has.requests > 1 && sides == Sides::TwoMerchantsOneUser;
    NoChannel: "P8: a call is denied for want of a channel"
        if |has, sides| sides == Sides::OneMerchantTwoUsers && (has.requests > 1 || has.requests > 0 && has.modes > 0);
    BothServed: "P8: both users are served one after the other"
        if |_, sides| matches!(sides, Sides::OneMerchantTwoUsers | Sides::OneNumber | Sides::OneMerchantTwoSharing | Sides::TwoMerchantsOneUser);
    EveryChannel: "P8: calls take every channel of a line" if |_, sides| sides == Sides::Crowd;

    AttemptsUsedUp: "P9: the attempts are used up" if |_, sides| sides.is_reserved();
    Archived: "P9: a reservation leaves" if |_, sides| sides.is_reserved();
    NothingDue: "P9: nothing is due any more" if |_, _| true;
    LegsLost: "P9: the switch loses its legs" if |has, _| has.faults > 0;
    ReleaseLost: "P9: a hang-up that nobody reports is given up" if |_, sides| sides.is_reserved();

    Heard: "P10: a message is heard" if |_, sides| sides == Sides::Caller;
    Delivered: "P10: a message is delivered" if |_, sides| sides == Sides::Caller;
    TakenOverDuringPush: "P10: the number gets another holder while a message is pushed" if |has, sides| has.takeovers > 0 && sides == Sides::Caller;
    Expired: "P10: a message expires" if |_, sides| sides == Sides::Caller;
    CallerGone: "P10: the caller hangs up before he is told to speak" if |_, sides| sides == Sides::Caller;
    OtherRoad: "P10: a message goes by the other road" if |_, sides| sides == Sides::Caller;
    StoredAfterCallerLeft: "P10: what was said is stored after the caller left" if |_, sides| sides == Sides::Caller;
    WaitsToFollow: "P10: a message waits for its account to follow" if |has, sides| has.follows > 0 && sides == Sides::Caller;
    NoRoad: "P10: a message cannot be delivered by any road" if |_, sides| sides == Sides::Caller;
    MerchantOffered: "P10: a merchant is offered the recorder while he waits" if |_, sides| sides == Sides::Recorder;
    MerchantWhoCalledRecords: "P10: a merchant who called leaves a message" if |_, sides| sides == Sides::Recorder;
    MerchantWhoWasCalledRecords: "P10: a merchant who was called leaves a message" if |_, sides| sides == Sides::Recorder;
    MerchantStored: "P10: a merchant's message is stored" if |_, sides| sides == Sides::Recorder;
    MerchantDelivered: "P10: a merchant's message is delivered" if |_, sides| sides == Sides::Recorder;
    MerchantUndelivered: "P10: a merchant's message is not delivered" if |_, sides| sides == Sides::Recorder;
    MerchantLeavesRecording: "P10: a merchant leaves while he records" if |_, sides| sides == Sides::Recorder;
    ClosedWhileRecording: "P10: a reservation closes while its merchant records" if |_, sides| sides == Sides::Recorder;
    CalledAnewAfterRecorder: "P10: a user who was unreachable is called anew" if |_, sides| sides == Sides::Recorder;
    Bound: "P10: an account binds a number" if |_, sides| sides == Sides::TwoAccounts;
    TakenOver: "P10: another account takes the number over" if |_, sides| sides == Sides::TwoAccounts;
    Suspended: "P10: who follows no more has the number for a time" if |_, sides| sides == Sides::TwoAccounts;
    BoundAgain: "P10: who follows again has it again" if |_, sides| sides == Sides::TwoAccounts;
    SuspensionOver: "P10: who stays away has it no more" if |_, sides| sides == Sides::TwoAccounts;
    RequestOver: "P10: nobody gives the code in time" if |_, sides| sides == Sides::TwoAccounts;
    GivenBack: "P10: an account gives the number back" if |_, sides| sides == Sides::TwoAccounts;
    HolderForgotten: "P10: the holder of a bound number is forgotten" if |has, sides| has.forgets > 0 && sides == Sides::TwoAccounts;

    EmptyReport: "P11: a report emits nothing" if |_, sides| sides.is_reserved();
    StaleReport: "P11: a report that comes again, or late, changes nothing" if |has, sides| has.odd > 0 && sides == Sides::Caller;
    RepeatUnderKey: "P11: what comes again under its key gets the same reply, and does nothing" if |has, _| has.again > 0;
    KeyOfAnother: "P11: something else under a known key is refused" if |has, _| has.again > 0;
    LivesAtTheSwitch: "P11: a leg that is gone, and is said to live, is hung up" if |has, sides| has.odd > 0 && sides.is_reserved();

    RestartBeforeDial: "P12: a restart between the log and a dial" if |has, sides| has.faults > 0 && sides.is_reserved();
    RestartBeforePush: "P12: a restart between the log and a push" if |has, sides| has.faults > 0 && sides == Sides::Caller;
    BackTooLate: "P12: a host comes back so late that it may not dial" if |has, sides| has.faults > 0 && has.late > 0 && sides.is_reserved();

    ChoiceRefused: "P13: a choice is refused" if |has, _| has.modes > 0;

    TooSoon: "P14: a call is denied because it comes too soon"
        if |has, sides| asks(has, sides) && (has.requests > 1 || has.modes > 0) && sides != Sides::OneMerchantTwoSharing;
    HostLate: "P14: a host is so late that a call is lost" if |has, sides| has.late > 0 && sides.is_reserved();
    DialFails: "P14: a dial fails" if |has, sides| has.faults > 0 && sides.is_reserved();
    EffectFails: "P14: an answer or a recording fails" if |has, sides| has.faults > 0 && sides == Sides::Caller;
    SlotOver: "P14: a slot ends without a conversation" if |has, _| has.slots > 0;
    SlotEndsRinging: "P14: a slot ends while a user's phone rings" if |has, _| has.slots > 0;
    AnotherSlot: "P14: the platform calls again in another slot" if |has, _| has.slots > 0;
    DeniedForgotten: "P14: a call of who was forgotten means nobody" if |has, sides| has.forgets > 0 && asks(has, sides);
    Frozen: "P14: a call is denied as frozen" if |has, _| has.bars > 0;
    DoNotCall: "P14: a call is denied for the do-not-call list" if |has, _| has.bars > 0;
    OutsideHours: "P14: a call is denied outside the hours" if |has, _| has.bars > 0;
    BarTakesDialBack: "P14: a dial is taken back" if |has, _| has.bars > 0;
    HoursEndRinging: "P14: the hours end while a phone rings" if |has, _| has.bars > 0;
    DialledAfterGap: "P14: a phone rings after the gap" if |has, _| has.bars > 0;

    RecorderFull: "P15: nobody is offered the recorder while as many messages are kept as may be"
        if |has, sides| has.requests > 1 && sides == Sides::Caller;

    SecondServed: "P16: the second is served after the first"
        if |_, sides| matches!(sides, Sides::OneMerchantTwoUsers | Sides::OneNumber | Sides::OneMerchantTwoSharing | Sides::TwoMerchantsOneUser);
    Retry: "P16: a user who was not reached is called again" if |_, sides| sides.is_reserved();
    RetryGoesBehind: "P16: who waits is called before a retry" if |_, sides| matches!(sides, Sides::OneMerchantTwoUsers | Sides::Crowd);
    WaitsForChannel: "P16: somebody waits while every channel is taken" if |_, sides| sides == Sides::Crowd;
    ServedAfterWait: "P16: who waited is called when a channel comes free" if |_, sides| sides == Sides::Crowd;

    Verdict: "P17: a call is denied on record" if asks;
    FailedCallJudged: "P17: a failed call is judged on record" if |_, sides| sides == Sides::Caller;
}

/// Whether a merchant asks for calls of his reservations.
fn asks(has: &Budget, sides: Sides) -> bool {
    has.requests > 0 && sides.is_reserved() && has.slots == 0
}

impl Moment {
    pub(crate) const fn bit(self) -> Moments {
        1 << self as u32
    }

    /// What a denial shows, for those reasons that show something.
    pub(crate) const fn of_denial(reason: DenyReason) -> Option<Self> {
        match reason {
            DenyReason::WindowOver => Some(Self::DeniedAfterWindow),
            DenyReason::BeforeWindow => Some(Self::DeniedBeforeWindow),
            DenyReason::Unverified => Some(Self::DeniedUnverified),
            DenyReason::WrongMode => Some(Self::DeniedForMode),
            DenyReason::PlatformIsCalling => Some(Self::Glare),
            DenyReason::NumberBusy => Some(Self::NumberBusy),
            DenyReason::NoChannel => Some(Self::NoChannel),
            DenyReason::TooSoon => Some(Self::TooSoon),
            DenyReason::Frozen => Some(Self::Frozen),
            DenyReason::DoNotCall => Some(Self::DoNotCall),
            DenyReason::OutsideHours => Some(Self::OutsideHours),
            DenyReason::NotRecognized
            | DenyReason::Closed
            | DenyReason::Unacknowledged
            | DenyReason::InCall
            | DenyReason::DailyLimit
            | DenyReason::WindowClosing => None,
        }
    }
}

/// The interleavings that DESIGN names, each with the moment that shows it: they are mandatory.
pub(crate) const NAMED: [(&str, Moment); 5] = [
    ("answer one microsecond before the end", Moment::AnswerInLastMicrosecond),
    ("cancel crossing answer", Moment::CancelCrossesAnswer),
    ("takeover during push", Moment::TakenOverDuringPush),
    ("restart between log and dial", Moment::RestartBeforeDial),
    ("restart between log and push", Moment::RestartBeforePush),
];

/// The moments that the steps of a scope have shown.
#[derive(Debug, Default)]
pub(crate) struct Shown([AtomicU64; 2]);

impl Shown {
    pub(crate) fn note(&self, moments: Moments) {
        let (low, high) = (moments as u64, (moments >> 64) as u64);
        for (known, new) in self.0.iter().zip([low, high]) {
            if known.load(Ordering::Relaxed) | new != known.load(Ordering::Relaxed) {
                known.fetch_or(new, Ordering::Relaxed);
            }
        }
    }

    pub(crate) fn has(&self, moment: Moment) -> bool {
        let [low, high] = self.0.each_ref().map(|known| u128::from(known.load(Ordering::Relaxed)));
        (low | high << 64) & moment.bit() != 0
    }
}
