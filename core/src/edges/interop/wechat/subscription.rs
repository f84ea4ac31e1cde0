//! Subscription notices (订阅通知): for a follower who agreed to messages of one template, where the account has no template messages or they are refused.

use serde::Serialize;

use super::template::{
    Data, Fields, Head, Kind, Kinds, MiniProgram, Rendered, TemplateError, any, is_ascii_shown, is_chinese, is_of_number,
};

/// A subscription notice to be sent. It has no client message id: WeChat does not know a repeat of it, so an answer that was lost leaves open whether it was shown.
#[derive(Clone, Copy, Debug)]
pub struct Subscription<'a> {
    /// The account: its open id.
    pub account: &'a str,
    /// The template's id, which the follower agreed to ([`What::Chose`](super::What::Chose)).
    pub template: &'a str,
    /// Where a tap leads: an address with `http://` or `https://`; empty for nowhere.
    pub url: &'a str,
    /// The mini program that a tap opens where the phone can; else the address.
    pub mini_program: Option<MiniProgram<'a>>,
    /// The fields, such as `("thing3", "语音留言 00:23")`.
    pub fields: &'a [(&'a str, &'a str)],
}

#[derive(Serialize)]
struct Body<'a> {
    touser: &'a str,
    template_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    page: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    miniprogram: Option<MiniProgram<'a>>,
    data: Data<'a>,
}

/// The longest instant or span of two: `2026年11月21日 18:00:00~2026年11月21日 20:00:00`.
const SPAN_CHARS_MAX: usize = 41;

/// The kinds and their lengths (developers.weixin.qq.com, 发送订阅通知, its table of parameters). Two instants may be joined by `~`; a name has 10 characters with a Chinese one in
/// it and 20 without; `enum` has the values that the template lists, and whether it is one of them only WeChat knows.
const KINDS: Kinds = Kinds {
    all: &[
        Kind::whole("character_string", 32, is_ascii_shown),
        Kind::whole("phone_number", 17, is_of_number),
        Kind::whole("car_number", 8, any),
        Kind::cut("thing", 20, any),
        Kind::whole("number", 32, is_of_decimal),
        Kind::whole("letter", 32, is_letter),
        Kind::whole("symbol", 5, is_symbol),
        Kind::whole("time", SPAN_CHARS_MAX, any),
        Kind::whole("date", SPAN_CHARS_MAX, any),
        Kind::whole("amount", 20, any),
        Kind { word: "name", most: 20, most_chinese: 10, may_be_cut: true, allowed: is_of_name },
        Kind::whole("phrase", 5, is_chinese),
        Kind::whole("enum", 20, any),
    ],
    words: "thing, number, letter, symbol, character_string, time, date, amount, phone_number, car_number, name, phrase, enum",
};

const fn is_of_decimal(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '.' | '-')
}

const fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic()
}

fn is_symbol(c: char) -> bool {
    !c.is_alphanumeric() && !c.is_whitespace()
}

const fn is_of_name(c: char) -> bool {
    !c.is_ascii_digit()
}

/// The body of `POST /cgi-bin/message/subscribe/bizsend`. Its answer is read by [`answer`](super::answer); 43101 says that the follower has not agreed, or that what he agreed
/// to is used up.
///
/// # Errors
/// [`TemplateError`] names the first field that WeChat would refuse, and why.
///
/// # Examples
/// ```
/// use ringfence::edges::interop::wechat::{Subscription, subscription_request};
///
/// let sent = subscription_request(&Subscription {
///     account: "OPENID",
///     template: "TID",
///     url: "https://voice.example/7",
///     mini_program: None,
///     fields: &[("name1", "东方保险客户服务中心北京分部"), ("date2", "2026年11月20日 15:01"), ("phrase3", "已关机")],
/// })?;
/// assert!(sent.json.contains(r#""page":"https://voice.example/7""#));
/// assert_eq!(sent.cut, ["name1"]);
/// # Ok::<(), ringfence::edges::interop::wechat::TemplateError>(())
/// ```
pub fn subscription_request(message: &Subscription<'_>) -> Result<Rendered, TemplateError> {
    let Subscription { account, template, url, mini_program, .. } = *message;
    let Fields { data, cut, stripped } = Head { account, template, url, mini_program }.fields(KINDS, message.fields)?;
    let body = Body { touser: account, template_id: template, page: url, miniprogram: mini_program, data };
    Ok(Rendered { json: crate::edges::json::write(&body), cut, stripped })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn send(url: &str, fields: &[(&str, &str)]) -> Result<Rendered, TemplateError> {
        subscription_request(&Subscription { account: "O", template: "T", url, mini_program: None, fields })
    }

    #[test]
    fn the_request_is_the_one_of_the_documentation() {
        let sent =
            send("https://v.example/1", &[("name1", "张三"), ("thing8", "语音留言 00:23"), ("time7", "2026年11月20日 15:01")]);
        assert_eq!(
            sent.unwrap().json,
            r#"{"touser":"O","template_id":"T","page":"https://v.example/1","data":{"name1":{"value":"张三"},"thing8":{"value":"语音留言 00:23"},"time7":{"value":"2026年11月20日 15:01"}}}"#
        );
        let program = Some(MiniProgram { app: "wx1", page: "voice?id=7" });
        let message = Subscription { account: "O", template: "T", url: "", mini_program: program, fields: &[("thing1", "x")] };
        let sent = subscription_request(&message).unwrap();
        assert!(sent.json.contains(r#""template_id":"T","miniprogram":{"appid":"wx1","pagepath":"voice?id=7"},"data""#));
    }

    #[test]
    fn each_kind_has_its_length_and_its_characters() {
        let link = "https://v.example/1";
        // What fits, what is one too long, and a character that it does not take.
        let kinds = [
            ("character_string1", "a".repeat(32), Some('张')),
            ("phone_number1", "1".repeat(17), Some('a')),
            ("car_number1", "粤A8Z888挂".into(), None),
            ("number1", "1".repeat(32), Some('a')),
            ("letter1", "a".repeat(32), Some('1')),
            ("symbol1", "+".repeat(5), Some('a')),
            ("time1", "1".repeat(SPAN_CHARS_MAX), None),
            ("date1", "1".repeat(SPAN_CHARS_MAX), None),
            ("amount1", "1".repeat(20), None),
            ("phrase1", "关".repeat(5), Some('a')),
            ("enum1", "关".repeat(20), None),
        ];
        for (name, fits, wrong) in kinds {
            let sent = send("", &[(name, &fits)]).unwrap();
            assert!(sent.cut.is_empty() && sent.json.contains(&*fits), "{name}");
            let (length, most) = (fits.chars().count() + 1, fits.chars().count());
            let longer: String = fits.chars().chain(fits.chars().last()).collect();
            assert_eq!(send(link, &[(name, &longer)]), Err(TemplateError::TooLong { name: name.into(), length, most }));
            if let Some(wrong) = wrong {
                let refused = Err(TemplateError::Character { name: name.into(), wrong });
                assert_eq!(send(link, &[(name, &String::from(wrong))]), refused, "{name}");
            }
        }
        assert!(KINDS.all.iter().all(|kind| KINDS.words.split(", ").any(|word| word == kind.word)));
        assert_eq!(KINDS.words.split(", ").count(), KINDS.all.len());
    }

    #[test]
    fn a_name_is_shorter_when_it_is_chinese() {
        let link = "https://v.example/1";
        let sent = send(link, &[("name1", &"张".repeat(11)), ("name2", &"a".repeat(20)), ("name3", &"张".repeat(10))]).unwrap();
        assert_eq!(sent.cut, ["name1"]);
        assert!(sent.json.contains(&[&"张".repeat(9), "…"].concat()));
        assert_eq!(send(link, &[("name1", &"b".repeat(21))]).unwrap().cut, ["name1"]);
        assert_eq!(send("", &[("name1", &"张".repeat(11))]), Err(TemplateError::NoLink { name: "name1".into() }));
        assert_eq!(send(link, &[("name1", "张3")]), Err(TemplateError::Character { name: "name1".into(), wrong: '3' }));
    }

    #[test]
    fn what_a_notice_does_not_know_is_named() {
        let refused = send("", &[("const1", "x")]).unwrap_err();
        assert_eq!(refused, TemplateError::UnknownKind { name: "const1".into(), known: KINDS.words });
        assert_eq!(send("v.example", &[]), Err(TemplateError::Url));
    }
}
