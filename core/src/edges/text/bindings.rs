//! Numbers bound to accounts (绑定).

use alloc::string::String;

use super::{Language, Lines};
use crate::values::code::Code;
use crate::values::effect::{BindingChallenge, BindingChange, BindingChanged};

/// A [`BindingChallenge`] with its code: what the host sends, once it has asked the platform for the code.
#[must_use]
pub fn binding_challenge(challenge: &BindingChallenge, code: Code, language: Language) -> String {
    let mut text = Lines { out: String::new(), language };
    text.binding_challenge(challenge);
    text.detail("验证码", "Code", &code.digits());
    text.out
}

/// What became of a number that an account had, or asked for.
#[must_use]
pub const fn binding_change(change: BindingChange, language: Language) -> &'static str {
    match change {
        BindingChange::Bound => language.pick(
            "号码已绑定：无法接通时的留言将发送到这里",
            "The number is bound: messages that callers leave for it come here.",
        ),
        BindingChange::NotConfirmed => {
            language.pick("绑定未成功：验证码多次错误", "The number is not bound: too many wrong codes were given.")
        }
        BindingChange::TakenOver => language.pick(
            "号码已被另一账号验证绑定，其留言不再发送到这里",
            "Another account proved that it has the number now. Its messages do not come here any more.",
        ),
        BindingChange::Forgotten => language.pick(
            "机主要求删除其资料，号码已解除绑定，其留言不再发送到这里",
            "The number's holder wanted to be forgotten: it is bound no more, and its messages do not come here.",
        ),
    }
}

impl Lines {
    /// It does not say until when the code is good: a number that nobody has bound yet has no zone.
    pub(super) fn binding_challenge(&mut self, _: &BindingChallenge) {
        let words = self.language.pick(
            "有人请求将本号码绑定到其账号，以接收无法接通时的留言。如是您本人，请输入验证码；如不是，请勿将验证码告诉任何人",
            "Somebody asked to bind this number to his account, for the messages that callers leave. If it was you, give the code; if it was not, tell it to nobody.",
        );
        self.line(format_args!("{words}"))
    }

    pub(super) fn binding_changed(&mut self, changed: &BindingChanged) {
        self.line(format_args!("{}", binding_change(changed.change, self.language)));
        self.detail("号码", "Number", &changed.number.dialable())
    }
}
