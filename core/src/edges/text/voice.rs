//! Voice messages (语音微信).

use alloc::format;
use alloc::string::String;

use super::{Language, Lines, day, plain, zone_note};
use crate::values::cause::FailureReason;
use crate::values::effect::{VoiceMessageNote, VoiceMessageNotice};
use crate::values::time::{Timestamp, Zone};

/// Why somebody could not be reached.
#[must_use]
pub const fn failure_reason(reason: FailureReason, language: Language) -> &'static str {
    match reason {
        FailureReason::Busy => language.pick("正在通话中", "busy"),
        FailureReason::PoweredOff => language.pick("已关机", "switched off"),
        FailureReason::OutOfServiceArea => language.pick("不在服务区", "out of the service area"),
        FailureReason::Suspended => language.pick("已停机", "suspended"),
        FailureReason::NoAnswer => language.pick("无人接听", "no answer"),
        FailureReason::Rejected => language.pick("已拒接", "declined"),
        FailureReason::InvalidNumber => language.pick("号码不存在", "no such number"),
        FailureReason::CallerGaveUp => language.pick("主叫已挂断", "the caller hung up"),
        FailureReason::NetworkFault => language.pick("网络故障", "a fault of the network"),
        FailureReason::Blocked => language.pick("呼叫被限制", "blocked by the network"),
        FailureReason::Unknown => language.pick("暂时无法接通", "cannot be reached"),
    }
}

impl Lines {
    pub(super) fn voice_message(&mut self, message: &VoiceMessageNotice) {
        let caller = match (&message.merchant_name, message.caller) {
            (Some(name), Some(number)) => format!("{} {}", plain(name), number.dialable()),
            (Some(name), None) => plain(name),
            (None, Some(number)) => number.dialable(),
            (None, None) => String::from(self.language.pick("未显示号码", "a number that is withheld")),
        };
        let seconds = message.seconds;
        match self.language {
            Language::Chinese => self.line(format_args!("您有一条来自{caller}的语音留言（{seconds}秒）")),
            Language::English => self.line(format_args!("You have a voice message from {caller} ({seconds} s)")),
        }
        self.detail("呼叫号码", "Called", &message.number.dialable());
        self.called_at(message.at);
        if let Some(text) = &message.text {
            let more = if message.is_cut { "…" } else { "" };
            self.detail("内容", "Text", &format!("{}{more}", plain(text)));
        }
    }

    pub(super) fn voice_message_undelivered(&mut self, note: &VoiceMessageNote) {
        let words = self.language.pick("您的语音留言未能送达", "Your voice message could not be delivered.");
        self.line(format_args!("{words}"));
        self.note(note)
    }

    pub(super) fn call_back_requested(&mut self, note: &VoiceMessageNote) {
        let words = self.language.pick("对方已收听您的语音留言，请您回电", "Your voice message was heard: please call back.");
        self.line(format_args!("{words}"));
        self.note(note)
    }

    fn note(&mut self, note: &VoiceMessageNote) {
        if let Some(reservation) = note.reservation {
            self.detail("预约编号", "Reservation", &format!("{reservation}"));
        }
        self.detail("呼叫号码", "Called", &format!("{}", note.number));
        self.called_at(note.at)
    }

    /// Neither side of a call has told its zone: it stands on the clock of the network of the public accounts.
    fn called_at(&mut self, at: Timestamp) {
        let Ok(zone) = Zone::parse("Asia/Shanghai") else { return };
        let time = zone.local(at);
        let (date, note) = (day(&time, self.language), zone_note(zone, self.language));
        self.detail("来电时间", "When", &format!("{date} {:02}:{:02}{note}", time.hour, time.minute))
    }
}

#[cfg(test)]
mod tests {
    use super::super::content;
    use super::*;
    use crate::values::effect::Content;
    use crate::values::id::{ReservationId, VoiceMessageId};
    use crate::values::number::PhoneNumber;

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::parse(text).unwrap()
    }

    fn at() -> Timestamp {
        Timestamp::parse("2026-11-21T10:05:30+08:00").unwrap()
    }

    #[test]
    fn a_voice_message_says_who_called_whom_and_when_and_what_it_says() {
        let message = VoiceMessageNotice {
            voice_message: VoiceMessageId::new(1),
            number: number("+8613800000009"),
            caller: Some(number("95511")),
            merchant_name: Some("商户1".into()),
            at: at(),
            seconds: 23,
            text: Some("请回电\n谢谢".into()),
            is_cut: true,
        };
        assert_eq!(
            content(&Content::VoiceMessage(message.clone()), Language::Chinese),
            "您有一条来自商户1 95511的语音留言（23秒）\n呼叫号码：+8613800000009\n来电时间：2026年11月21日（周六） 10:05，北京时间\n内容：请回电 谢谢…"
        );
        let withheld = VoiceMessageNotice { caller: None, merchant_name: None, text: None, is_cut: false, ..message };
        assert_eq!(
            content(&Content::VoiceMessage(withheld), Language::English),
            "You have a voice message from a number that is withheld (23 s)\nCalled: +8613800000009\nWhen: Sat 21 Nov 2026 10:05 (Asia/Shanghai)"
        );
    }

    #[test]
    fn its_sender_is_told_by_a_number_whose_tail_is_hidden() {
        let note = VoiceMessageNote {
            voice_message: VoiceMessageId::new(1),
            number: number("+8613800000009").masked(),
            at: at(),
            reservation: None,
        };
        for told in [Content::VoiceMessageUndelivered(note), Content::CallBackRequestedForMerchant(note)] {
            for language in [Language::Chinese, Language::English] {
                let text = content(&told, language);
                assert!(text.contains("+8613*********") || text.contains("+86138"), "{text}");
                assert!(!text.contains("00009"), "{text}");
                assert!(!text.contains("Reservation") && !text.contains("预约编号"), "{text}");
            }
        }
    }

    #[test]
    fn a_merchant_reads_which_reservation_his_message_is_about() {
        let reservation = Some(ReservationId::new(7));
        let number = number("+8613800000009").masked();
        let note = VoiceMessageNote { voice_message: VoiceMessageId::new(1), number, at: at(), reservation };
        assert_eq!(
            content(&Content::CallBackRequestedForMerchant(note), Language::English),
            format!(
                "Your voice message was heard: please call back.\nReservation: 7\nCalled: {number}\nWhen: Sat 21 Nov 2026 10:05 (Asia/Shanghai)"
            )
        );
    }
}
