//! Altered twins of the good traces, each with the promise that it breaks.

use ringfence::Chain;
use ringfence::values::account::AccountId;
use ringfence::values::cause::{Confidence, FailureReason, FailureReasons};
use ringfence::values::code::Code;
use ringfence::values::effect::{
    Action, AuditRecord, BindingChange, BindingEnd, Content, DialWithdrawn, Effect, FailedCallRecord, Join, NoOffer, NotOffered,
    Offered, Prompt, Rule, Ruling, Undeliverable, VoiceMessageNotice, VoiceMessageOutcome,
};
use ringfence::values::evidence::Evidence;
use ringfence::values::id::{BindingId, CallId, GroupId, LegId, MessageId, ReservationId, VoiceMessageId};
use ringfence::values::input::{Block, BlockTarget, BookingEvidence, Channel, ChooseMode, ChooseSlot, Input, LegEnded, Slot};
use ringfence::values::number::Address;
use ringfence::values::policy::{CallMode, ModeChooser};
use ringfence::values::refusal::Refusal;
use ringfence::values::reply::{Allow, DenyReason, Missed, NumberBound, Reply, ReservationState, SlotChosen};
use ringfence::values::text::{MaskedText, Text};
use ringfence::values::time::{TimeOfDay, Timestamp, Weekdays, WeeklyRule, Window};
use ringfence_testing::checker::{Promise, check};
use ringfence_testing::host::MERCHANT;
use ringfence_testing::trace::{Doing, Step, Trace};

use crate::altering::*;
use crate::stories::{
    LI, LINE, STRANGER, Story, WANG, ZHANG, bindings, bindings_forgotten, blocked_while_talking, by_number,
    cancelled_while_ringing, confirmed, crashes, failed_messages, forgotten, frozen_while_dialling, group_called, in_doubt,
    kept_from_ringing, merchant_calls, nothing_is_reported, platform_calls, reserved_messages, reserved_recorder, shared_call,
    slots, unverified, voice_forgotten, voice_heard, voice_undelivered, window_ends_while_ringing,
};

/// An altered twin of a good trace, and the promise that it must fall by.
pub(crate) struct Twin {
    pub(crate) promise: Promise,
    pub(crate) name: &'static str,
    pub(crate) story: Story,
    pub(crate) alter: fn(&mut Trace),
}

macro_rules! twins {
    ($($promise:ident $name:literal $story:ident $alter:expr;)*) => {
        [$(Twin { promise: Promise::$promise, name: $name, story: $story, alter: $alter }),*]
    };
}

pub(crate) fn twins() -> Vec<Twin> {
    Vec::from(twins! {
        P1 "a user is dialled one microsecond after the window's end" platform_calls |t| {
            // The merchant answers a microsecond before the end in one twin and at the end in the other; only the latter is wrong.
            set_end_to_first_user_dial(t, 1);
            assert_eq!(check(t).map_err(|v| v.promise).err(), None, "up to the last microsecond it is allowed");
            set_end_to_first_user_dial(t, 0);
        };
        P1 "a merchant's call is allowed a microsecond early" merchant_calls |t| {
            let step = nth_step(t, 1, is_allow);
            let start = t.steps[step].at.saturating_add_micros(1);
            let end = t.steps[step].at.saturating_add_s(9_000);
            set_window(t, Window::new(start, end).expect("a window"));
            // The denied call before it is right under the new window too.
            set_retry_at(t, start);
        };
        P1 "a dial may be carried out after the window" window_ends_while_ringing |t| {
            dial(t, 0).not_after = dial(t, 0).not_after.saturating_add_micros(1);
        };
        P1 "a phone may ring past the window" window_ends_while_ringing |t| dial(t, 0).ring_timeout_ms += 1;
        P1 "a phone that is dialled late may ring past the window" window_ends_while_ringing |t| {
            dial(t, 0).ring_until = dial(t, 0).ring_until.saturating_add_micros(1);
        };
        P1 "the phone rings on when the window ends" window_ends_while_ringing |t| drop_effect(t, 0, is_hang_up);
        P1 "an answer at the window's end is joined" merchant_calls |t| {
            let step = nth_step(t, 0, |step| matches!(&step.doing, Doing::Input(Input::LegAnswered(_))));
            let end = t.steps[step].at;
            t.steps.truncate(step + 4);
            let start = end.saturating_add_s(0).saturating_add_micros(-7_200_000_000);
            set_window(t, Window::new(start, end).expect("a window"));
            // Everything before is made to fit the shorter window.
            t.steps.retain(|step| !matches!(step.reply, Some(Ok(Reply::Deny(_)))));
            for n in 0..3 {
                dial(t, n).not_after = end;
                dial(t, n).ring_timeout_ms = 5_000;
            }
        };
        P1 "the dial is for another merchant's line" merchant_calls |t| dial(t, 0).from = number("95522");
        P1 "the phone shows another window" merchant_calls |t| {
            dial(t, 0).reason.window = Window::new(Timestamp::MIN, Timestamp::MAX).expect("a window");
        };

        P1 "a slot reaches beyond the user's window" slots |t| set_slot(t, 7200, 1);

        P2 "a number that nobody booked is dialled" merchant_calls |t| dial(t, 0).to = number(STRANGER);
        P2 "a contact that is not the sender's own is allowed" unverified |t| allow_instead_of_deny(t, 0);
        P2 "a contact that is not the sender's own is dialled" platform_calls |t| {
            each_input(t, |input| {
                if let Input::Book(book) = input && book.user.number() == Some(number(ZHANG)) {
                    (book.user, book.contact) = (Address::Rcs(number(STRANGER)), Some(number(ZHANG)));
                }
            });
        };
        P2 "a wrong code is taken for the right one" confirmed |t| {
            each_input(t, |input| {
                if let Input::ConfirmContact(given) = input && given.user.number() == Some(number(LI)) {
                    given.code = Code::parse("0000000").expect("a code");
                }
            });
        };
        P2 "the code goes to the one who booked" confirmed |t| {
            for effect in t.steps.iter_mut().flat_map(|step| &mut step.effects) {
                if let Action::Send(send) = &mut effect.action && matches!(send.content, Content::Challenge(_)) {
                    send.to = Address::Sms(number(ZHANG));
                }
            }
        };
        P2 "a code lives longer than the policy says" confirmed |t| t.header.policy.code_life_s = 599;
        P2 "more codes go to one number than the policy says" confirmed |t| t.header.policy.codes_per_hour_max = 1;
        P2 "a merchant's leg rings a stranger" platform_calls |t| dial(t, 0).to = number(STRANGER);

        P3 "the cancelled call rings on" cancelled_while_ringing |t| drop_effect(t, 0, is_hang_up);
        P3 "the merchant's own leg waits on after the cancel" cancelled_while_ringing |t| {
            let step = nth_step(t, 0, is_cancel);
            t.steps[step].effects.retain(|effect| !matches!(effect.action, Action::Reject(_)));
        };
        P3 "a call is allowed after the cancel" merchant_calls |t| insert_cancel(t, 0, is_allow);
        P3 "the platform dials after the cancel" platform_calls |t| insert_cancel(t, 0, |step| has(step, is_merchant_dial));
        P3 "a late answer is joined" cancelled_while_ringing |t| {
            let step = nth_step(t, 0, is_answered);
            let (leg, sequence) = (user_leg(t), t.steps[step].effects[0].sequence);
            t.steps[step].effects = vec![Effect { sequence, action: Action::Join(Join { bridge: CallId::new(1), leg }) }];
        };

        P3 "a phone rings on though its user wanted to be forgotten" forgotten |t| drop_effect(t, 0, is_hang_up);
        P3 "the conversation goes on after the block" blocked_while_talking |t| {
            let step = nth_step(t, 0, is_block);
            t.steps[step].effects.retain(|effect| !is_hang_up(&effect.action));
        };
        P3 "a page goes to a user who blocked its merchant" blocked_while_talking |t| {
            let is_push = |step: &Step| matches!(step.doing, Doing::Input(Input::PushPage(_)));
            let page = t.steps[nth_step(t, 0, is_push)].effects.clone();
            let second = nth_step(t, 1, is_push);
            t.steps.truncate(second + 1);
            t.steps[second].effects = page;
            renumber(t, second);
        };
        P3 "a booking with a blocked merchant is taken" merchant_calls |t| {
            let step = nth_step(t, 0, |step| matches!(step.doing, Doing::Input(Input::Book(_))));
            let block = Block { user: Address::Mms(number(ZHANG)), what: BlockTarget::Number(number(LINE)) };
            insert(t, step, Input::Block(block), Ok(Reply::Done));
        };
    P3 "a restart hands out the dial of a cancelled call" cancelled_while_ringing |t| {
            let cancel = nth_step(t, 0, is_cancel);
            let dialled = t.steps[nth_step(t, 0, |step| has(step, is_user_dial))].effects.clone();
            t.steps.truncate(cancel + 1);
            t.steps.retain(|step| !matches!(step.doing, Doing::Confirm { .. }));
            t.steps.push(Step { doing: Doing::Restart, reply: None, effects: dialled, ..t.steps[0].clone() });
        };

        P4 "the user is dialled with the merchant" platform_calls |t| {
            let from = nth_step(t, 0, |step| has(step, is_user_dial));
            let to = nth_step(t, 0, |step| has(step, is_merchant_dial));
            let mut moved = std::mem::take(&mut t.steps[from].effects);
            let at = t.steps[to].at;
            moved.iter_mut().for_each(|effect| set_audit_at(effect, at));
            t.steps[to].effects.extend(moved);
            for n in 0..2 {
                dial(t, n).ring_until = at.saturating_add_s(45);
            }
        };
        P4 "the user is dialled though the merchant said nothing" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_user_dial));
            (t.steps[step].doing, t.steps[step].reply) = (Doing::Advance { budget: 0 }, None);
        };
        P4 "the user is dialled though the merchant hung up" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_user_dial));
            let leg = dial(t, 0).leg;
            t.steps[step].doing = Doing::Input(Input::LegEnded(LegEnded { leg, evidence: Evidence::default() }));
        };

        P5 "the user is put on the bridge first" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_join));
            let effects = &mut t.steps[step].effects;
            let (Action::Join(a), Action::Join(b)) = (effects[0].action.clone(), effects[1].action.clone()) else { panic!("two joins") };
            (effects[0].action, effects[1].action) = (Action::Join(b), Action::Join(a));
        };
        P5 "the merchant never comes on the bridge" merchant_calls |t| drop_effect(t, 0, is_join);
        P5 "a leg is joined before it answered" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_join));
            (t.steps[step].doing, t.steps[step].reply) = (Doing::Advance { budget: 0 }, None);
        };
        P5 "an inbound leg is joined before it reports its answer" merchant_calls |t| {
            let from = nth_step(t, 0, |step| has(step, is_join));
            let to = nth_step(t, 0, |step| has(step, |action| matches!(action, Action::Answer(_))));
            let joins = std::mem::take(&mut t.steps[from].effects);
            t.steps.truncate(to + 1);
            t.steps[to].effects.extend(joins);
        };
        P5 "a leg comes on another call's bridge" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_join));
            if let Action::Join(join) = &mut t.steps[step].effects[1].action { join.bridge = CallId::new(1) }
        };
        P5 "a leg is joined after it was hung up" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_hang_up) && is_ended(step));
            let sequence = t.steps[step].effects.last().expect("it has effects").sequence + 1;
            t.steps.truncate(step + 1);
            t.steps[step].effects.push(Effect { sequence, action: Action::Join(Join { bridge: CallId::new(1), leg: LegId::new(2) }) });
        };

        P6 "a slot is taken though the merchant calls himself" merchant_calls |t| {
            let step = nth_step(t, 0, is_allow);
            let (merchant, reservation, from) = (MERCHANT, ReservationId::new(1), t.steps[step].at);
            let booked = t.steps.iter().find_map(|step| {
                let Doing::Input(Input::Book(book)) = &step.doing else { return None };
                Some(book.window)
            });
            let Some(booked) = booked else { panic!("the story has a booking") };
            let slot = Window::new(from, booked.end()).expect("a window");
            let chosen = Reply::SlotChosen(SlotChosen { slot, state: ReservationState::Open });
            insert(t, step, Input::ChooseSlot(ChooseSlot { merchant, reservation, slot: Slot::From(from) }), Ok(chosen));
        };
        P6 "the platform calls in merchant mode" platform_calls |t| {
            t.steps.retain(|step| !matches!(step.reply, Some(Ok(Reply::Deny(_)))));
            t.header.policy.mode_chosen_by = ModeChooser::Platform(CallMode::MerchantCalls);
        };
        P6 "the merchant calls in platform mode" merchant_calls |t| {
            t.steps.retain(|step| !matches!(step.doing, Doing::Advance { .. }));
            t.header.policy.mode_chosen_by = ModeChooser::Platform(CallMode::PlatformCalls);
        };
        P6 "the mode changes while a call lives" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_user_dial));
            let choose = ChooseMode { merchant: MERCHANT, reservation: ReservationId::new(1), mode: CallMode::MerchantCalls };
            insert(t, step, Input::ChooseMode(choose), Ok(Reply::Done));
        };
        P6 "the user is dialled in the other mode after a choice" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_merchant_dial));
            let choose = ChooseMode { merchant: MERCHANT, reservation: ReservationId::new(1), mode: CallMode::MerchantCalls };
            insert(t, step, Input::ChooseMode(choose), Ok(Reply::Done));
        };

        P7 "the merchant is sent the user's number as his name" merchant_calls |t| in_text(t, r#""name":"用户01","line""#, r#""name":"+8613800000001","line""#);
        P7 "the merchant is sent it without its country code" merchant_calls |t| in_text(t, r#""name":"用户01","line""#, r#""name":"13800000001","line""#);
        P7 "the merchant is sent some other number in the name" merchant_calls |t| in_text(t, r#""name":"用户01","line""#, r#""name":"call 021-5888 12","line""#);
        P7 "the masked number shows too much" merchant_calls |t| in_text(t, "+8613*********", "+86138********");
        P7 "the merchant's phone shows the user's number" platform_calls |t| dial(t, 0).from = number(ZHANG);
        P7 "a user is sent another user's number" platform_calls |t| to_user(t, LI, "+8613800000001");
        P7 "a user is sent another user's name" platform_calls |t| to_user(t, LI, "用户01");
        P7 "a result goes to another address than was asked for" platform_calls |t| {
            let result = first_send(t, |send| matches!(send.content, Content::Result(_)));
            result.to = Address::Email(Text::from("zhang@example.com"));
        };
        P7 "a merchant is sent what only users get" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, |action| matches!(action, Action::Send(_))));
            let [_, first, second] = &mut t.steps[step].effects[..] else { panic!("a record and two messages") };
            if let (Action::Send(user), Action::Send(merchant)) = (&first.action, &mut second.action) { merchant.content = user.content.clone() }
        };

        P7 "a number means another user before it has rested" by_number |t| t.header.policy.number_rest_s = 10_000;
        P7 "the merchant is told another virtual number than was leased" by_number |t| {
            in_text(t, r#""virtual_number":"+8617000000001""#, r#""virtual_number":"+8617000000002""#);
        };
        P7 "a number is leased that is not in the pool" by_number |t| {
            in_text(t, r#""number_leased":{"reservation":1,"number":"+8617000000001"}"#, r#""number_leased":{"reservation":1,"number":"+8617000000002"}"#);
        };
        P7 "a booking goes without a number though one is left" by_number |t| {
            in_text(t, r#""number_leased":{"reservation":1,"number":"+8617000000001"}"#, r#""number_leased":{"reservation":1}"#);
        };

        P7 "a user's phone shows the number of another on the call" shared_call |t| {
            let dial = user_dial(t, 1);
            dial.reason.offering_name = Text::from("+8613800000001");
        };
        P7 "a user's phone shows the name of another on the call" shared_call |t| user_dial(t, 1).reason.merchant_name = Text::from("用户01");
        P5 "one who did not agree is on a shared call" shared_call |t| {
            each_input(t, |input| {
                if let Input::Book(book) = input && book.user.number() == Some(number(LI)) {
                    book.share = false;
                }
            });
            each_notice(t, ReservationId::new(2), false);
        };
        P5 "more share a call than the page offers" shared_call |t| {
            each_input(t, |input| {
                if let Input::PublishPage(page) = input {
                    page.group_size_max = page.group_size_max.map(|_| 2);
                }
            });
        };
        P5 "a page offers no shared calls" group_called |t| {
            each_input(t, |input| {
                if let Input::PublishPage(page) = input {
                    page.group_size_max = None;
                }
            });
        };
        P5 "users who booked another offering share a call" shared_call |t| {
            each_input(t, |input| {
                if let Input::Book(book) = input && book.user.number() == Some(number(LI)) {
                    book.offering = 2.into();
                }
            });
        };
        P5 "a user is told that he is alone, and is not" shared_call |t| {
            each_notice(t, ReservationId::new(2), false);
        };
        P5 "a user is joined who has not answered" shared_call |t| {
            // The one who answers last is put on the bridge with the first.
            let step = nth_step(t, 0, |step| has(step, is_join));
            let sequence = t.steps[step].effects.last().expect("a join").sequence;
            let leg = user_dial(t, 2).leg;
            t.steps[step].effects.push(Effect { sequence: sequence + 1, action: Action::Join(Join { bridge: CallId::new(1), leg }) });
            renumber(t, step);
        };
        P1 "a user is on the call whom no record names" shared_call |t| each_audit(t, |record| {
            if let AuditRecord::Grouped(grouped) = record {
                grouped.reservations.pop();
            }
        });
        P17 "the record names a group that the merchant was not told" shared_call |t| each_audit(t, |record| {
            if let AuditRecord::Grouped(grouped) = record {
                grouped.group = GroupId::new(2);
            }
        });
        P17 "a shared call is rung for another than the first" shared_call |t| each_audit(t, |record| {
            if let AuditRecord::Grouped(grouped) = record {
                grouped.reservations.reverse();
            }
        });
        P3 "who blocked the merchant stays on the bridge" shared_call |t| {
            let step = nth_step(t, 0, is_block);
            t.steps[step].effects.retain(|effect| !is_hang_up(&effect.action));
        };
        P9 "the merchant waits on when the last has left" shared_call |t| {
            let step = nth_step(t, 2, |step| has(step, is_hang_up));
            t.steps[step].effects.retain(|effect| !is_hang_up(&effect.action));
        };
        P3 "who cancelled is rung on beside the others" group_called |t| {
            let step = nth_step(t, 0, is_cancel);
            t.steps[step].effects.retain(|effect| !is_hang_up(&effect.action));
        };
        P8 "one phone is rung twice for a group" group_called |t| {
            each_input(t, |input| {
                if let Input::Book(book) = input && book.user.number() == Some(number(LI)) {
                    book.user = Address::Rcs(number(ZHANG));
                }
            });
            for effect in t.steps.iter_mut().flat_map(|step| &mut step.effects) {
                if let Action::Send(send) = &mut effect.action && send.to.number() == Some(number(LI)) {
                    send.to = Address::Rcs(number(ZHANG));
                }
            }
            user_dial(t, 1).to = number(ZHANG);
        };

        P8 "a user is dialled twice" merchant_calls |t| dial_again(t, is_user_dial, true);
        P8 "a call gets a second user's leg" platform_calls |t| dial_again(t, is_user_dial, false);
        P8 "a line of one channel rings twice" platform_calls |t| dial_again(t, is_merchant_dial, true);
        P8 "a call starts while a leg of the last one may live" platform_calls |t| {
            t.steps.retain(|step| !matches!(&step.doing, Doing::Input(Input::LegEnded(ended)) if ended.leg == LegId::new(1)));
        };
        P8 "a leg is counted as lost before its grace is over" nothing_is_reported |t| {
            // The channel would come free a second early.
            let step = nth_step(t, 0, |step| has(step, is_lost));
            let at = t.steps[step].at.saturating_add_micros(-1_000_000);
            t.steps[step].at = at;
            t.steps[step].effects.iter_mut().for_each(|effect| set_audit_at(effect, at));
        };
        P8 "a line loses the channel that a call is on" platform_calls |t| {
            let register = t.steps[0].clone();
            let Doing::Input(Input::RegisterMerchant(mut merchant)) = register.doing else { panic!("the merchant registers first") };
            merchant.lines[0].channels = 0;
            let step = nth_step(t, 0, |step| has(step, is_user_dial));
            insert(t, step, Input::RegisterMerchant(merchant), Ok(Reply::Done));
        };

        P17 "a dial is taken back without a record" in_doubt |t| drop_effect(t, 0, is_withdrawn);
        P17 "a record takes back a dial that was taken back before" in_doubt |t| {
            each_audit(t, |record| {
                if let AuditRecord::LegLost(lost) = record {
                    *record = AuditRecord::DialWithdrawn(DialWithdrawn { leg: lost.leg, call: lost.call });
                }
            });
        };
        P8 "a dial in doubt rings on" in_doubt |t| drop_effect(t, 0, is_hang_up);
        P8 "a leg in doubt is counted as lost before its grace is over" in_doubt |t| {
            let step = nth_step(t, 0, |step| has(step, is_lost));
            let at = t.steps[step].at.saturating_add_micros(-1_000_000);
            t.steps[step].at = at;
            t.steps[step].effects.iter_mut().for_each(|effect| set_audit_at(effect, at));
        };
        P8 "a restart hands out the dial of a leg that was answered" merchant_calls |t| {
            let answered = nth_step(t, 0, is_answered);
            let dialled = t.steps[nth_step(t, 2, |step| has(step, is_user_dial))].effects.clone();
            t.steps.truncate(answered + 1);
            t.steps.retain(|step| !matches!(step.doing, Doing::Confirm { .. }));
            t.steps.push(Step { doing: Doing::Restart, reply: None, effects: dialled, ..t.steps[0].clone() });
        };
        P8 "a restart hands out the answer of a leg that was answered" merchant_calls |t| {
            let (first, second) = (nth_step(t, 0, is_answered), nth_step(t, 1, is_answered));
            let answer = t.steps[first].effects.clone();
            t.steps.truncate(second + 1);
            t.steps.retain(|step| !matches!(step.doing, Doing::Confirm { .. }));
            t.steps.push(Step { doing: Doing::Restart, reply: None, effects: answer, ..t.steps[0].clone() });
        };

        P9 "a leg that is gone is answered and goes on" in_doubt |t| {
            let step = nth_step(t, 1, is_answered);
            t.steps[step].effects.clear();
        };
        P9 "an answer of a leg that is gone is passed over" in_doubt |t| {
            let step = nth_step(t, 1, is_answered);
            t.steps[step].effects.clear();
            t.steps[step].reply = Some(Ok(Reply::NoOp));
        };
        P9 "the merchant's leg goes on after the user hung up" merchant_calls |t| drop_effect(t, 1, is_hang_up);
        P9 "a phone rings on after its ring time" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_hang_up) && matches!(step.doing, Doing::Advance { .. }));
            t.steps[step].effects.clear();
        };
        P9 "a denied call is not rejected" merchant_calls |t| drop_effect(t, 0, |action| matches!(action, Action::Reject(_)));
        P9 "a user is rung more often than the policy allows" platform_calls |t| t.header.policy.attempts_max = 2;
        P9 "a user is rung after his last conversation" platform_calls |t| {
            // The first conversation becomes the second user's first call, and he is rung again.
            let step = nth_step(t, 2, |step| has(step, is_merchant_dial));
            if let Some(dial) = merchant_dial_of(&mut t.steps[step]) { dial.reason.reservation = ReservationId::new(2) }
        };
        P9 "a lost leg is never counted as gone" nothing_is_reported |t| drop_effect(t, 0, is_lost);
        P9 "the user is not told that he was missed" nothing_is_reported |t| drop_effect(t, 0, is_missed);
        P9 "the user has no word of the cancel" cancelled_while_ringing |t| drop_effect(t, 0, |action| {
            matches!(action, Action::Send(send) if matches!(send.content, Content::Cancelled(_)))
        });
        P9 "the trace ends before its windows do" nothing_is_reported |t| t.steps.truncate(4);
        P9 "a reservation leaves before its retention is over" merchant_calls |t| {
            let step = t.steps.iter().rposition(|step| has(step, is_archive)).expect("an archive");
            t.steps[step].at = t.steps[step].at.saturating_add_micros(-1);
        };

        P11 "a repeated answer joins again" merchant_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_join));
            repeat(t, step, Reply::Done);
        };
        P11 "a repeated end hangs up again" merchant_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_hang_up) && is_ended(step));
            repeat(t, step, Reply::NoOp);
        };
        P11 "a second cancel tells everybody again" cancelled_while_ringing |t| {
            let sends: Vec<Effect> = t.steps[nth_step(t, 0, is_cancel)].effects.clone();
            let second = nth_step(t, 1, is_cancel);
            t.steps.truncate(second + 1);
            t.steps[second].effects = sends.into_iter().filter(|effect| matches!(effect.action, Action::Send(_))).collect();
            renumber(t, second);
        };
        P11 "a leg that is gone is hung up twice at one report" in_doubt |t| {
            let step = nth_step(t, 1, is_answered);
            let effect = t.steps[step].effects[0].clone();
            t.steps.truncate(step + 1);
            t.steps[step].effects.push(effect);
            renumber(t, step);
        };
        P11 "a report of progress dials" merchant_calls |t| {
            let step = nth_step(t, 0, |step| matches!(step.doing, Doing::Input(Input::LegProgress(_))));
            let effect = Effect { sequence: 0, action: reject(9) };
            t.steps.truncate(step + 1);
            t.steps[step].effects.push(effect);
            renumber(t, step);
        };

        P12 "an effect is handed out twice without a restart" merchant_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_user_dial));
            let effects = t.steps[step].effects.clone();
            t.steps[step + 1].effects = effects;
            t.steps[step + 1].doing = Doing::Advance { budget: 0 };
        };
        P12 "a restart hands out something else" crashes |t| {
            let step = nth_step(t, 0, |step| step.doing == Doing::Restart && has(step, is_merchant_dial));
            merchant_dial_of(&mut t.steps[step]).expect("a dial").ring_timeout_ms -= 1;
        };
        P12 "a restart hands out what was confirmed" crashes |t| {
            let effect = t.steps[nth_step(t, 0, |step| has(step, is_user_dial))].effects[0].clone();
            let step = nth_step(t, 1, |step| step.doing == Doing::Restart);
            t.steps[step].effects = vec![Effect { sequence: 1, ..effect }];
        };
        P12 "a leg's number is given twice" merchant_calls |t| {
            let step = nth_step(t, 1, is_allow);
            t.steps[step].reply = Some(Ok(Reply::Allow(Allow { leg: LegId::new(1), call: CallId::new(2) })));
        };

        P13 "a refused cancel hangs up" cancelled_while_ringing |t| {
            let step = nth_step(t, 0, is_cancel);
            t.steps[step].reply = Some(Err(Refusal::NotTheChatbot));
        };
        P13 "a refused call is rejected" merchant_calls |t| {
            let step = nth_step(t, 0, |step| matches!(step.reply, Some(Ok(Reply::Deny(_)))));
            t.steps[step].reply = Some(Err(Refusal::NotTheChatbot));
        };

        P9 "a user is forgotten, and the host is not told what to erase" forgotten |t| drop_effect(t, 0, is_erase);
        P9 "what another booked is erased too" forgotten |t| each_effect(t, |action| {
            if let Action::Erase(erase) = action { erase.reservations.push(ReservationId::new(2)) }
        });
        P9 "a message to a user who was forgotten goes out again" forgotten |t| {
            let places = every_effect(t);
            let mut cancelled = places.iter().map(|(step, effect)| &t.steps[*step].effects[*effect].action);
            let Some(Action::Send(mut again)) = cancelled.find(|action| is_cancelled(action)).cloned() else { panic!("he is told") };
            again.to = Address::Sms(number(ZHANG));
            let (step, effect) = places.into_iter().find(|(step, effect)| is_undelivered(&t.steps[*step].effects[*effect].action)).expect("it fails");
            t.steps[step].effects[effect].action = Action::Send(again);
        };
        P9 "the evidence of a user who was forgotten is archived" forgotten |t| {
            each_effect(t, |action| {
                let evidence = BookingEvidence { channel: Channel::Rcs, message: Some("M1".into()), body_hash: None, agent: None };
                if let Action::Archive(archive) = action && archive.reservation == ReservationId::new(1) { archive.evidence = Some(evidence) }
            });
        };
        P11 "a result goes out again, and nothing failed" failed_messages |t| {
            let report = nth_step(t, 0, is_reported);
            t.steps[report].doing = Doing::Advance { budget: 1 };
            t.steps[report].reply = None;
        };
        P11 "a result goes out again by the way that failed" failed_messages |t| sent_again(t).to = Address::Rcs(number(ZHANG));
        P7 "a result goes out again to somebody else" failed_messages |t| sent_again(t).to = Address::Sms(number(LI));
        P17 "a result that failed by every way leaves no record" failed_messages |t| drop_effect(t, 0, is_undelivered);
        P17 "a record tells of a failure that nobody reported" failed_messages |t| each_audit(t, |record| {
            if let AuditRecord::Undelivered(undelivered) = record { undelivered.message += 1 }
        });
        P11 "a second report on a message is taken" failed_messages |t| {
            let report = nth_step(t, 0, is_reported);
            let again = Step { effects: Vec::new(), ..t.steps[report].clone() };
            t.steps.truncate(report + 1);
            t.steps.push(again);
        };
        P14 "a user is reminded when the window has begun" failed_messages |t| {
            let step = nth_step(t, 0, |step| has(step, is_reminder));
            t.steps[step].at = t.steps[step].at.saturating_add_s(600);
            t.steps.truncate(step + 1);
        };
        P3 "a user is reminded of another window" failed_messages |t| {
            let send = first_send(t, |send| matches!(send.content, Content::Reminder(_)));
            if let Content::Reminder(reminder) = &mut send.content {
                let (start, end) = (reminder.window.start(), reminder.window.end());
                reminder.window = Window::new(start, end.saturating_add_micros(1)).expect("a window");
            }
        };
        P11 "a user is reminded twice" failed_messages |t| {
            let step = nth_step(t, 0, |step| has(step, is_reminder));
            let mut again = t.steps[step].effects.iter().find(|effect| is_reminder(&effect.action)).cloned().expect("it reminds");
            if let Action::Send(send) = &mut again.action {
                send.message = MessageId::new(99);
            }
            t.steps.truncate(step + 1);
            t.steps[step].effects.push(again);
            renumber(t, step);
        };
        P14 "a call is denied inside the window without a reason" merchant_calls |t| deny_instead_of_allow(t, DenyReason::NumberBusy);
        P14 "the platform calls before the slot" slots |t| set_slot(t, 0, 0);
        P14 "a dial may be carried out after the slot" slots |t| dial(t, 1).not_after = dial(t, 1).not_after.saturating_add_micros(1);
        P14 "a phone may ring past the slot" slots |t| dial(t, 1).ring_until = dial(t, 1).ring_until.saturating_add_micros(1);
        P14 "the phone rings on when the slot ends" slots |t| drop_effect(t, 0, is_hang_up);
        P14 "the platform calls again after a slot that was over" slots |t| {
            t.steps.retain(|step| !matches!(step.doing, Doing::Input(Input::MerchantReady(_))));
        };
        P14 "another slot is taken than was chosen" slots |t| each_input(t, |input| {
            if let Input::ChooseSlot(input) = input { input.slot = Slot::From(Timestamp::MIN) }
        });
        P14 "a merchant is told that his slot is over, and it is not" slots |t| {
            for effect in t.steps.iter_mut().flat_map(|step| &mut step.effects) {
                if let Action::Send(send) = &mut effect.action && let Content::SlotOver(notice) = &mut send.content {
                    let (start, end) = (notice.slot.start(), notice.slot.end());
                    notice.slot = Window::new(start, end.saturating_add_micros(1)).expect("a window");
                }
            }
        };
        P14 "an early call is told a wrong time" merchant_calls |t| set_retry_at(t, Timestamp::MAX);
        P14 "a call is denied for a reason that does not come first" cancelled_while_ringing |t| {
            let step = nth_step(t, 0, |step| matches!(step.reply, Some(Ok(Reply::Deny(_)))));
            let at = t.steps[step].at.saturating_add_s(86_400);
            t.steps.truncate(step + 1);
            t.steps[step].at = at;
            t.steps[step].effects.iter_mut().for_each(|effect| set_audit_at(effect, at));
        };
        P14 "a call is allowed before the spacing is over" merchant_calls |t| t.header.policy.retry_spacing_s = 500;
        P14 "the platform rings the merchant before the spacing is over" platform_calls |t| t.header.policy.retry_spacing_s = 301;
        P14 "the platform rings the merchant before the window" platform_calls |t| {
            let window = Window::new(t.steps[nth_step(t, 0, |step| has(step, is_merchant_dial))].at.saturating_add_micros(1), Timestamp::MAX);
            set_window(t, window.expect("a window"));
        };
        P14 "an unknown reservation is allowed" merchant_calls |t| each_input(t, |input| {
            if let Input::RequestCall(request) = input { request.target = ReservationId::new(7).into() }
        });

        P14 "a phone rings though its merchant is frozen" kept_from_ringing |t| {
            t.steps.retain(|step| !matches!(&step.doing, Doing::Input(Input::Thaw(_))));
        };
        P14 "a number on the do-not-call list is rung" kept_from_ringing |t| each_input(t, |input| {
            if let Input::ImportDoNotCall(input) = input { input.add = vec![number(ZHANG)] }
        });
        P14 "a call is denied for a freeze that was thawed" kept_from_ringing |t| {
            let step = nth_step(t, 1, |step| matches!(step.reply, Some(Ok(Reply::Deny(_)))));
            if let Some(Ok(Reply::Deny(deny))) = &mut t.steps[step].reply { deny.reason = DenyReason::Frozen }
        };
        P14 "who was kept from ringing is told that the host was late" kept_from_ringing |t| {
            for effect in t.steps.iter_mut().flat_map(|step| &mut step.effects) {
                if let Action::Send(send) = &mut effect.action && let Content::Missed(notice) = &mut send.content {
                    notice.why = Missed::HostLate;
                }
            }
        };

        P14 "a dial that nothing shows to have begun is left to begin after a freeze" frozen_while_dialling |t| {
            let step = nth_step(t, 0, |step| has(step, is_frozen));
            t.steps.truncate(step + 1);
            t.steps[step].effects.retain(|effect| is_frozen(&effect.action));
        };
        P14 "a dial is handed out again after a freeze" frozen_while_dialling |t| {
            let dial = t.steps[nth_step(t, 0, |step| has(step, is_user_dial))].effects.iter().find(|effect| is_user_dial(&effect.action)).cloned();
            let step = nth_step(t, 0, |step| step.doing == Doing::Restart);
            t.steps[step].effects.extend(dial);
            t.steps[step].effects.sort_by_key(|effect| effect.sequence);
        };

        P14 "a phone rings between the callable hours" merchant_calls |t| {
            let rule = |from: &str, to: &str| {
                let time = |text: &str| TimeOfDay::parse(text).expect("a time of day");
                WeeklyRule::new(Weekdays::ALL, time(from), time(to)).expect("a rule")
            };
            t.header.policy.callable_hours = vec![rule("09:00", "10:05"), rule("11:00", "13:00")];
        };
        P14 "the merchant is rung for a user between the callable hours" platform_calls |t| {
            let time = |text: &str| TimeOfDay::parse(text).expect("a time of day");
            let rule = |from: &str, to: &str| WeeklyRule::new(Weekdays::ALL, time(from), time(to)).expect("a rule");
            t.header.policy.callable_hours = vec![rule("09:00", "10:01"), rule("11:00", "13:00")];
        };
        P14 "a phone rings more often in a day than the operator lets it" merchant_calls |t| {
            t.header.policy.rings_per_day_max = 2;
        };

        P15 "more reservations are kept than the rules let be" platform_calls |t| t.header.policy.reservations_max = 1;
        P15 "a merchant has more lines than the rules let be" merchant_calls |t| t.header.policy.lines_per_merchant_max = 0;
        P15 "more effects wait than the rules let be" merchant_calls |t| t.header.policy.outbox_max = 1;
        P15 "more numbers are listed than the rules let be" kept_from_ringing |t| t.header.policy.do_not_call_max = 0;
        P15 "more is frozen than the rules let be" kept_from_ringing |t| t.header.policy.freezes_max = 0;

        P16 "the second in the queue is served first" platform_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_merchant_dial));
            merchant_dial_of(&mut t.steps[step]).expect("a dial").reason.reservation = ReservationId::new(2);
        };
        P16 "the first in the queue starves" platform_calls |t| drop_effect(t, 0, is_merchant_dial);
        P16 "the second starves when the channel comes free" platform_calls |t| drop_effect(t, 1, is_merchant_dial);

        P17 "a verdict leaves no record" merchant_calls |t| drop_effect(t, 1, is_judged);
        P2 "a wrong code binds a number" bindings |t| {
            let step = nth_step(t, 0, |step| matches!(step.reply, Some(Ok(Reply::WrongCode(_)))));
            t.steps[step].reply = Some(Ok(Reply::Bound(NumberBound { binding: BindingId::new(2) })));
        };
        P2 "a code that is over binds a number" bindings |t| {
            let step = nth_step(t, 0, |step| matches!(step.reply, Some(Ok(Reply::Bound(_)))));
            t.steps[step].at = t.steps[step].at.saturating_add_s(600);
            t.steps.truncate(step + 1);
        };
        P2 "the code of a binding goes to another number" bindings |t| {
            first_send(t, |send| matches!(send.content, Content::BindingChallenge(_))).to = Address::Sms(number(LI));
        };
        P2 "the code of a binding is good for too long" bindings |t| {
            let step = nth_step(t, 0, is_asked_to_bind);
            if let Some(Ok(Reply::BindingRequested(asked))) = &mut t.steps[step].reply {
                asked.until = asked.until.saturating_add_micros(1);
            }
        };
        P10 "an account that does not follow asks for a number" bindings |t| {
            let follows = nth_step(t, 0, |step| matches!(step.doing, Doing::Input(Input::Follow(_))));
            t.steps.remove(follows);
        };
        P10 "a number goes to two accounts" bindings |t| drop_effect(t, 0, is_taken_over);
        P10 "who loses a number is not told" bindings |t| {
            let told = |action: &Action| matches!(action, Action::Send(send) if matches!(&send.content,
                Content::BindingChanged(changed) if changed.change == BindingChange::TakenOver));
            drop_effect(t, 0, told);
        };
        P10 "another account is told" bindings |t| {
            let send = first_send(t, |send| matches!(send.content, Content::BindingChanged(_)));
            send.to = Address::parse("wechat:oB2-li").expect("an address");
        };
        P10 "a number leaves an account a microsecond early" bindings |t| {
            let step = nth_step(t, 0, |step| has(step, is_unfollowed));
            t.steps[step].at = t.steps[step].at.saturating_add_micros(-1);
            let at = t.steps[step].at;
            t.steps[step].effects.iter_mut().for_each(|effect| set_audit_at(effect, at));
        };
        P9 "a suspended number stays for ever" bindings |t| drop_effect(t, 0, is_unfollowed);
        P10 "a number is given back without a record" bindings |t| drop_effect(t, 0, |action| {
            matches!(action, Action::Audit(audit) if matches!(&audit.record, AuditRecord::BindingEnded(ended) if ended.why == BindingEnd::Unbound))
        });
        P10 "a forgotten holder's number stays an account's" bindings_forgotten |t| drop_effect(t, 0, is_forgotten_binding);
        P10 "an account is not told that its number was forgotten" bindings_forgotten |t| {
            let told = |action: &Action| matches!(action, Action::Send(send) if matches!(&send.content,
                Content::BindingChanged(changed) if changed.change == BindingChange::Forgotten));
            drop_effect(t, 0, told);
        };
        P9 "the reply counts a binding too few" bindings_forgotten |t| {
            let step = nth_step(t, 0, |step| matches!(step.reply, Some(Ok(Reply::Forgotten(_)))));
            if let Some(Ok(Reply::Forgotten(said))) = &mut t.steps[step].reply {
                said.bindings = 0;
            }
        };
        P10 "the recorder is offered though the callee has no account" voice_heard |t| each_input(t, |input| {
            if let Input::CallFailed(failed) = input { failed.callee = number(STRANGER) }
        });
        P10 "the recorder is offered for a reason that the rules leave out" voice_heard |t| {
            t.header.policy.divert_on = FailureReasons::NONE;
        };
        P10 "the recorder is offered to a caller whom the callee blocked" voice_heard |t| {
            let step = nth_step(t, 0, |step| matches!(step.doing, Doing::Input(Input::CallFailed(_))));
            let block = Block { user: Address::Sms(number(ZHANG)), what: BlockTarget::Number(number(LI)) };
            insert(t, step, Input::Block(block), Ok(Reply::Done));
        };
        P10 "the recorder is not offered though nothing is against it" voice_undelivered |t| each_input(t, |input| {
            if let Input::CallFailed(failed) = input && failed.callee == number(STRANGER) { failed.callee = number(ZHANG) }
        });
        P10 "a message goes to another account" voice_heard |t| {
            push(t, 0).0.to = Address::parse("wechat:oB2-li").expect("an address");
        };
        P10 "a message goes to another phone than that it was left for" voice_undelivered |t| {
            push(t, 1).0.to = Address::Sms(number(LI));
        };
        P10 "a message goes out under two ids" voice_heard |t| {
            let (send, _) = push(t, 1);
            send.message = MessageId::new(send.message.get() + 1_000);
        };
        P10 "a message arrives and nobody says so" voice_heard |t| drop_effect(t, 0, |action| {
            matches!(action, Action::Audit(audit) if matches!(audit.record, AuditRecord::VoiceMessageDelivered(_)))
        });
        P10 "a message is opened by another account" voice_heard |t| each_input(t, |input| {
            if let Input::OpenMessage(open) = input { open.account = AccountId::parse("oB2-li").expect("an account") }
        });
        P10 "a message is shown with words that nobody said" voice_heard |t| {
            let (send, shown) = push(t, 0);
            send.content = Content::VoiceMessage(VoiceMessageNotice { text: Some("明天见".into()), ..shown });
        };
        P10 "the sender of a message that was not delivered is not told" voice_undelivered |t| drop_effect(t, 0, is_told_undelivered);
        P10 "another than the sender is told" voice_undelivered |t| {
            let told = first_send(t, |send| matches!(send.content, Content::VoiceMessageUndelivered(_)));
            told.to = Address::Sms(number(WANG));
        };
        P10 "a message stands though its number has another holder" voice_undelivered |t| {
            let end = VoiceMessageOutcome::Undeliverable(Undeliverable::HolderChanged);
            let step = nth_step(t, 0, |step| step.effects.iter().any(|effect| is_ended_as(&effect.action,
                VoiceMessageOutcome::Undeliverable(Undeliverable::HolderChanged))));
            t.steps[step].effects.retain(|effect| !is_ended_as(&effect.action, end) && !is_told_undelivered(&effect.action));
        };
        P10 "a message is lost" voice_undelivered |t| {
            let is_archive = |action: &Action| matches!(action, Action::ArchiveVoiceMessage(_));
            let (step, effect) = every_effect(t).into_iter()
                .find(|(step, effect)| is_archive(&t.steps[*step].effects[*effect].action)).expect("a message leaves");
            let archive = t.steps[step].effects[effect].clone();
            let pushed = nth_step(t, 0, |step| step.effects.iter().any(|effect| {
                matches!(&effect.action, Action::Send(send) if matches!(send.content, Content::VoiceMessage(_)))
            }));
            t.steps[pushed].effects.push(archive);
            t.steps.truncate(pushed + 1);
            renumber(t, pushed);
        };
        P10 "a merchant is asked for a message for a reason that the rules leave out" reserved_messages |t| {
            t.header.policy.divert_on = FailureReasons::NONE;
        };
        P10 "a merchant is hung up though his user was unreachable" reserved_messages |t| reject_instead_of_asking(t);
        P10 "a merchant is not offered the recorder though nothing is against it" reserved_messages |t| each_merchant_judged(t, |record| {
            if let Ruling::Offered(_) = record.ruling { record.ruling = Ruling::NotOffered(NotOffered { why: NoOffer::Unbound }) }
        });
        P10 "a merchant is offered the recorder though his user has no account" reserved_messages |t| each_merchant_judged(t, |record| {
            if let Ruling::NotOffered(_) = record.ruling {
                record.ruling = Ruling::Offered(Offered { voice_message: VoiceMessageId::new(99) });
            }
        });
        P10 "a merchant who waits is rejected instead of being recorded" reserved_recorder |t| {
            let step = nth_step(t, 0, |step| has(step, is_merchant_judged));
            for effect in &mut t.steps[step].effects {
                if let Action::Record(record) = &effect.action { effect.action = reject(record.leg.get()) }
            }
            t.steps.truncate(step + 1);
        };
        P10 "a merchant in a shared call is asked for a message" shared_call |t| {
            let step = nth_step(t, 0, |step| has(step, is_user_dial));
            let dialled = |effect: &Effect| {
                if let Action::Dial(dial) = &effect.action { Some((dial.call, dial.leg)) } else { None }
            };
            let (call, leg) = t.steps[step].effects.iter().find_map(dialled).expect("a user is dialled");
            let at = t.steps[step].at;
            let ruling = Ruling::NotOffered(NotOffered { why: NoOffer::Unbound });
            let (reason, confidence) = (FailureReason::Busy, Confidence::High);
            let record = AuditRecord::FailedCall(FailedCallRecord { leg, call: Some(call), reason, confidence, ruling });
            let action = Action::Audit(Chain::new(0).add(at, record));
            t.steps[step].effects.push(Effect { sequence: 1_000_000, action });
            t.steps.truncate(step + 1);
        };
        P10 "a merchant is told of another reservation than that of his message" reserved_messages |t| {
            let told = first_send(t, |send| matches!(send.content, Content::VoiceMessageUndeliveredForMerchant(_)));
            if let Content::VoiceMessageUndeliveredForMerchant(note) = &mut told.content {
                note.reservation = Some(ReservationId::new(2));
            }
        };
        P8 "a second call on the channel whose merchant leaves a message" reserved_recorder |t| {
            let second = nth_step(t, 1, |step| has(step, is_merchant_dial));
            let found = t.steps[second].effects.iter().find(|effect| is_merchant_dial(&effect.action));
            let mut dial = found.cloned().expect("a dial");
            let step = nth_step(t, 0, |step| has(step, |action| matches!(action, Action::Record(_))));
            let at = t.steps[step].at;
            t.steps.truncate(step + 1);
            dial.sequence = 1_000_000;
            if let Action::Dial(dial) = &mut dial.action { dial.ring_until = at.saturating_add_s(45) }
            t.steps.push(Step { line: None, at, doing: Doing::Advance { budget: 1 }, reply: None, effects: vec![dial] });
        };
        P9 "a merchant who was judged is left waiting" reserved_messages |t| drop_effect(t, 0, |action| matches!(action, Action::Answer(_)));
        P9 "a merchant whose message is stored is not hung up" reserved_messages |t| drop_effect(t, 0, |action| {
            matches!(action, Action::HangUp(up) if up.prompt == Some(Prompt::MessageTaken))
        });
        P17 "of a merchant who was judged the record names another reason" reserved_messages |t| each_merchant_judged(t, |record| {
            record.reason = FailureReason::PoweredOff;
        });
        P17 "what is kept of a merchant's message names another reservation" reserved_messages |t| {
            for effect in t.steps.iter_mut().flat_map(|step| &mut step.effects) {
                if let Action::ArchiveVoiceMessage(archive) = &mut effect.action { archive.reservation = None }
            }
        };
        P7 "a message shows another's number" voice_heard |t| {
            let (send, shown) = push(t, 0);
            send.content = Content::VoiceMessage(VoiceMessageNotice { caller: Some(number(STRANGER)), ..shown });
        };
        P7 "a message shows the number of somebody who was forgotten" voice_forgotten |t| {
            let last = every_push(t) - 1;
            let (send, shown) = push(t, last);
            send.content = Content::VoiceMessage(VoiceMessageNotice { caller: Some(number(WANG)), ..shown });
        };
        P7 "a merchant is told of another number" voice_undelivered |t| {
            let told = first_send(t, |send| matches!(send.content, Content::VoiceMessageUndeliveredForMerchant(_)));
            if let Content::VoiceMessageUndeliveredForMerchant(note) = &mut told.content {
                note.number = number("+4930123456").masked();
            }
        };
        P9 "a caller who was recorded is not hung up" voice_heard |t| drop_effect(t, 0, is_hang_up);
        P9 "a caller is recorded for longer than the rules say" voice_heard |t| {
            for effect in t.steps.iter_mut().flat_map(|step| &mut step.effects) {
                if let Action::Record(record) = &mut effect.action { record.seconds_max += 1 }
            }
        };
        P9 "a message leaves before its time" voice_heard |t| t.header.policy.retention_s += 1;
        P9 "what was left for somebody who was forgotten stays" voice_forgotten |t| {
            let step = nth_step(t, 1, |step| matches!(step.doing, Doing::Input(Input::ForgetMe(_))));
            t.steps[step].effects.retain(|effect| !matches!(&effect.action, Action::ArchiveVoiceMessage(_))
                && !matches!(&effect.action, Action::Erase(erase) if !erase.voice_messages.is_empty()));
        };
        P9 "what left is not erased" voice_heard |t| drop_effect(t, 0, |action| {
            matches!(action, Action::Erase(erase) if !erase.voice_messages.is_empty())
        });
        P11 "a message is pushed again too soon" voice_heard |t| t.header.policy.push_backoff_s = 3_600;
        P11 "a call back is asked for twice" voice_heard |t| {
            let step = nth_step(t, 0, |step| matches!(step.doing, Doing::Input(Input::RequestCallBack(_))));
            let again = t.steps[step].clone();
            t.steps.truncate(step + 1);
            t.steps.push(again);
            renumber(t, step + 1);
        };
        P17 "a failed call leaves no record" voice_heard |t| drop_effect(t, 0, |action| {
            matches!(action, Action::Audit(audit) if matches!(audit.record, AuditRecord::FailedCall(_)))
        });
        P17 "what is kept of a message says otherwise than it was" voice_heard |t| {
            for effect in t.steps.iter_mut().flat_map(|step| &mut step.effects) {
                if let Action::ArchiveVoiceMessage(archive) = &mut effect.action { archive.attempts += 1 }
            }
        };
        P17 "a denied call leaves no record" merchant_calls |t| drop_effect(t, 0, is_judged);
        P17 "a dialled user leaves no record" platform_calls |t| drop_effect(t, 0, is_user_dialled);
        P17 "a booking leaves no record" merchant_calls |t| drop_effect(t, 0, is_booked);
        P17 "a booking's record has another window" merchant_calls |t| each_audit(t, |record| {
            if let AuditRecord::Booked(booked) = record { booked.window = Window::new(Timestamp::MIN, Timestamp::MAX).expect("a window") }
        });
        P17 "a record is of another revision" merchant_calls |t| each_audit(t, |record| {
            if let AuditRecord::Judged(judged) = record { judged.revision = Some(2) }
        });
        P17 "a record names another rule" platform_calls |t| each_audit(t, |record| {
            if let AuditRecord::UserDialled(dialled) = record { dialled.rule = Rule::Denied(DenyReason::Closed) }
        });
        P17 "a record has another time" merchant_calls |t| {
            let step = nth_step(t, 0, |step| has(step, is_judged));
            t.steps[step].effects.iter_mut().for_each(|effect| set_audit_at(effect, Timestamp::MAX));
        };
        P17 "a freeze leaves no record" kept_from_ringing |t| drop_effect(t, 0, is_frozen);
        P17 "a record names another who froze" kept_from_ringing |t| each_audit(t, |record| {
            if let AuditRecord::Frozen(record) = record { record.by = MaskedText::new("nobody") }
        });
        P17 "a user is forgotten without a record" forgotten |t| drop_effect(t, 0, is_erased);
        P17 "a record says that nothing of a message is forgotten" forgotten |t| each_audit(t, |record| {
            if let AuditRecord::Erased(record) = record { record.messages = 0 }
        });
        P17 "a record speaks of a dial that was not made" merchant_calls |t| drop_effect(t, 0, is_user_dial);
        P17 "a record speaks of a verdict that nobody asked for" merchant_calls |t| {
            let judged = t.steps[nth_step(t, 0, |step| has(step, is_judged))].effects[0].clone();
            t.steps[1].effects.insert(0, Effect { sequence: 1, ..judged });
            let at = t.steps[1].at;
            set_audit_at(&mut t.steps[1].effects[0], at);
            t.steps.truncate(2);
        };
        })
}
