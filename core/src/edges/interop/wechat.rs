//! WeChat: template messages out, events in.
//!
//! **Out.** [`template_request`] makes the body of `POST /cgi-bin/message/template/send`, [`subscription_request`] that of `POST /cgi-bin/message/subscribe/bizsend`. Every field has a kind, which is the word at the front of its name
//! (`thing2` is a `thing`), and every kind its length. What is too long is cut at a whole grapheme and marked with `…`; emoji, which WeChat strips, are taken out here.
//! The fields are named ([`Rendered::cut`], [`Rendered::stripped`]), and a message with such a field must have a link that shows the whole: nothing is lost silently.
//! [`answer`] reads what WeChat says to the request.
//!
//! **In.** [`event`] reads what WeChat posts. WeChat waits five seconds for an answer and then posts again, up to three times, so every event has a
//! [`Dedup`](crate::values::input::Dedup): who sent it, when, and the message or the matter that it is about. `MsgId` alone is not unique, and two template messages may end in one second.
//!
//! Sources: developers.weixin.qq.com (template messages, subscription notices, events); WxJava (`WxMpTemplateMessage`, its tests).

mod answer;
mod event;
mod subscription;
mod template;

pub use answer::{Answer, AnswerError, answer};
pub use event::{Choice, Event, EventError, What, event};
pub use subscription::{Subscription, subscription_request};
pub use template::{CLIENT_MESSAGE_CHARS_MAX, MiniProgram, Rendered, Template, TemplateError, template_request};

/// The longest body that is read, in bytes. WeChat's are below two thousand.
pub const EVENT_BYTES_MAX: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::{String, ToString as _};
    use alloc::vec::Vec;

    use super::template::{KINDS, field, is_of_emoji};
    use crate::decisions::delivery::{Finish, Next};
    use crate::values::text::Text;
    use unicode_normalization::UnicodeNormalization as _;

    fn message<'a>(fields: &'a [(&'a str, &'a str)]) -> Template<'a> {
        let url = "https://v.example/1";
        Template { account: "O", template: "T", client_message: "RF-1", url, mini_program: None, fields }
    }

    fn send(fields: &[(&str, &str)]) -> Result<Rendered, TemplateError> {
        template_request(&message(fields))
    }

    #[test]
    fn the_request_is_the_one_of_the_documentation() {
        let sent = send(&[("phone_number1", "+8613*********"), ("time2", "2026年11月20日 15:01"), ("thing3", "语音留言 00:23")]);
        assert_eq!(
            sent.unwrap().json,
            r#"{"touser":"O","template_id":"T","client_msg_id":"RF-1","url":"https://v.example/1","data":{"phone_number1":{"value":"+8613*********"},"time2":{"value":"2026年11月20日 15:01"},"thing3":{"value":"语音留言 00:23"}}}"#
        );
    }

    #[test]
    fn what_is_too_long_is_cut_at_a_grapheme_and_named() {
        let sent = send(&[("thing1", &"语".repeat(21)), ("thing2", &"音".repeat(20))]).unwrap();
        assert!(sent.json.contains(&format!("\"{}…\"", "语".repeat(19))));
        assert!(sent.json.contains(&format!("\"{}\"", "音".repeat(20))));
        assert_eq!(sent.cut, ["thing1"]);
        // A syllable of two characters is one grapheme: it goes as a whole.
        let sent = send(&[("thing1", &format!("{}நி尾", "字".repeat(18)))]).unwrap();
        assert!(sent.json.contains(&format!("\"{}…\"", "字".repeat(18))), "{}", sent.json);
        // An accent that is written by itself is no character of its own.
        assert_eq!(send(&[("thing1", &"e\u{301}".repeat(20))]).unwrap().cut, Vec::<String>::new());
    }

    #[test]
    fn emoji_are_taken_out_and_the_field_is_named() {
        let sent = send(&[("thing1", "👨‍👩‍👧‍👦来电☎️ 1️⃣"), ("thing2", "来电")]).unwrap();
        assert!(sent.json.contains("\"来电 1\""), "{}", sent.json);
        assert_eq!((sent.stripped.as_slice(), sent.cut.len()), (&[String::from("thing1")][..], 0));
        assert_eq!(send(&[("thing1", "👍🏽")]), Err(TemplateError::Empty { name: "thing1".into() }));
    }

    #[test]
    fn what_is_not_shown_stands_behind_a_link_or_is_not_sent() {
        let long = "语".repeat(21);
        let fields = [("thing1", long.as_str())];
        let bare = Template { url: "", ..message(&fields) };
        assert_eq!(template_request(&bare), Err(TemplateError::NoLink { name: "thing1".into() }));
        let program = Template { mini_program: Some(MiniProgram { app: "wx1", page: "voice?id=7" }), ..bare };
        let sent = template_request(&program).unwrap();
        assert!(sent.json.contains(r#""miniprogram":{"appid":"wx1","pagepath":"voice?id=7"},"data""#), "{}", sent.json);
        assert_eq!(sent.cut, ["thing1"]);
        let fields = [("thing1", "短")];
        assert!(!template_request(&Template { url: "", ..message(&fields) }).unwrap().json.contains("url"));
    }

    #[test]
    fn what_wechat_would_refuse_is_named() {
        let name = |name: &str| String::from(name);
        for unknown in ["remark", "thing", "phrase1"] {
            let refused = Err(TemplateError::UnknownKind { name: name(unknown), known: KINDS.words });
            assert_eq!(send(&[(unknown, "关机")]), refused);
        }
        assert_eq!(KINDS.words.split(", ").count(), KINDS.all.len());
        assert_eq!(send(&[("thing1", " \n ")]), Err(TemplateError::Empty { name: name("thing1") }));
        assert_eq!(
            send(&[("phone_number1", "张三")]),
            Err(TemplateError::Character { name: name("phone_number1"), wrong: '张' })
        );
        assert_eq!(
            send(&[("phone_number1", "+86138000000010000")]),
            Err(TemplateError::TooLong { name: name("phone_number1"), length: 18, most: 17 })
        );
        assert!(send(&[("thing1", "a\nb")]).unwrap().json.contains("\"a b\""));
        assert_eq!(send(&[("thing1", "x"), ("thing1", "y")]), Err(TemplateError::Repeated { name: name("thing1") }));
        let wrong = |message: Template<'_>| template_request(&message).unwrap_err().to_string();
        assert_eq!(wrong(Template { account: "", ..message(&[]) }), "the account is empty");
        assert_eq!(wrong(Template { template: "", ..message(&[]) }), "the template is empty");
        for url in ["javascript:alert(1)", "v.example", "https://v.example/ 1"] {
            assert!(wrong(Template { url, ..message(&[]) }).starts_with("the address"), "{url}");
        }
        let long = template_request(&Template { client_message: &"x".repeat(33), ..message(&[]) });
        assert_eq!(long, Err(TemplateError::ClientMessage { length: 33 }));
    }

    fn posted(inside: &str) -> String {
        format!(
            "<xml><ToUserName><![CDATA[gh_x]]></ToUserName><FromUserName><![CDATA[OPENID]]></FromUserName><CreateTime>123456789</CreateTime>{inside}</xml>"
        )
    }

    fn what(inside: &str) -> What {
        event(posted(inside)).unwrap().what
    }

    #[test]
    fn each_event_is_read() {
        let of =
            |event: &str, more: &str| format!("<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{event}]]></Event>{more}");
        assert_eq!(
            what(&of("subscribe", "<EventKey><![CDATA[qrscene_123123]]></EventKey><Ticket><![CDATA[T]]></Ticket>")),
            What::Follow { scene: Some("123123".into()) }
        );
        assert_eq!(what(&of("subscribe", "<EventKey><![CDATA[]]></EventKey>")), What::Follow { scene: None });
        assert_eq!(what(&of("SCAN", "<EventKey>123123</EventKey>")), What::Scan { scene: "123123".into() });
        assert_eq!(what(&of("unsubscribe", "")), What::Unfollow);
        assert_eq!(what(&of("CLICK", "<EventKey>bind</EventKey>")), What::Menu { key: "bind".into() });
        let list = |template: &str, status: &str| {
            format!(
                "<List><TemplateId>{template}</TemplateId><SubscribeStatusString>{status}</SubscribeStatusString><PopupScene>2</PopupScene></List>"
            )
        };
        let both = format!("<SubscribeMsgPopupEvent>{}{}</SubscribeMsgPopupEvent>", list("T1", "accept"), list("T2", "reject"));
        let choice = |template: &str, is_accepted| Choice { template: template.into(), is_accepted };
        assert_eq!(
            what(&of("subscribe_msg_popup_event", &both)),
            What::Chose { choices: Vec::from([choice("T1", true), choice("T2", false)]) }
        );
        // WeChat writes the id's name in two ways.
        let finished = what(&of("TEMPLATESENDJOBFINISH", "<MsgId>7</MsgId><Status>success</Status>"));
        assert_eq!(finished, What::Finished { message: "7".into(), finish: Finish::Success });
        for (status, finish) in
            [("success", Finish::Success), ("failed:user block", Finish::UserBlock), ("failed: system failed", Finish::Failed)]
        {
            let read =
                what(&of("TEMPLATESENDJOBFINISH", &format!("<MsgID>200163836</MsgID><Status><![CDATA[{status}]]></Status>")));
            assert_eq!(read, What::Finished { message: "200163836".into(), finish });
        }
        assert_eq!(what(&of("LOCATION", "<Latitude>1</Latitude>")), What::Other { word: "LOCATION".into() });
        assert_eq!(
            what("<MsgType>text</MsgType><Content>a &amp; b</Content><MsgId>7</MsgId>"),
            What::Wrote { text: "a & b".into() }
        );
        assert_eq!(
            what(
                "<MsgType>voice</MsgType><MediaId>M</MediaId><Format>amr</Format><Recognition>你好</Recognition><MsgId>8</MsgId>"
            ),
            What::Spoke { media: "M".into(), recognized: Some("你好".into()) }
        );
    }

    #[test]
    fn a_repeat_has_the_same_key_and_another_event_has_not() {
        let text =
            |id: u32| event(posted(&format!("<MsgType>text</MsgType><Content>x</Content><MsgId>{id}</MsgId>"))).unwrap().dedup;
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
        let follow = || event(posted("<MsgType>event</MsgType><Event>subscribe</Event>")).unwrap().dedup;
        assert_eq!(follow(), follow());
        assert_ne!(follow(), event(posted("<MsgType>event</MsgType><Event>unsubscribe</Event>")).unwrap().dedup);
        // Two messages of one account that end in one second.
        let finished = |id: u32| {
            let about = format!("<MsgID>{id}</MsgID><Status>success</Status>");
            event(posted(&format!("<MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event>{about}"))).unwrap().dedup
        };
        assert_eq!(finished(1), finished(1));
        assert_ne!(finished(1), finished(2));
        // A MsgId is not unique over accounts.
        let of_another = event(posted("<MsgType>text</MsgType><Content>x</Content><MsgId>7</MsgId>").replace("OPENID", "OTHER"));
        assert_ne!(text(7), of_another.unwrap().dedup);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let wrong = |body: &str| event(body).unwrap_err().to_string();
        assert_eq!(wrong("<xml><FromUserName>O</FromUserName></xml>"), "<ToUserName>: it is missing");
        assert_eq!(wrong(&posted("<MsgType>event</MsgType>")), "<Event>: it is missing");
        assert!(wrong("<xml><a>").contains("too early"), "{}", wrong("<xml><a>"));
        assert!(wrong("").contains("too early"));
        assert!(wrong("<!DOCTYPE x [<!ENTITY a \"b\">]><xml><a>&a;</a></xml>").contains("document type"));
        assert!(wrong(&posted("<MsgType>&what;</MsgType>")).starts_with("at byte"));
        assert_eq!(event(b"<xml>\xff</xml>").unwrap_err().to_string(), "at byte 5: it is no UTF-8");
        assert_eq!(wrong(&posted("<MsgType>text</MsgType><Content>x</Content>")), "<MsgId>: it is missing");
        assert_eq!(wrong(&posted("<MsgType>event</MsgType><Event>SCAN</Event><EventKey/>")), "<EventKey>: it is empty");
        let choice = "<MsgType>event</MsgType><Event>subscribe_msg_popup_event</Event>";
        assert_eq!(wrong(&posted(choice)), "<List>: it is missing");
        assert!(wrong(&posted(&"<a/>".repeat(600))).contains("more than 512 elements"));
        // However deep: what is too deep is passed over.
        let deep = format!("{}{}", "<a>".repeat(5_000), "</a>".repeat(5_000));
        assert_eq!(wrong(&posted(&deep)), "<MsgType>: it is missing");
        assert_eq!(wrong(&" ".repeat(EVENT_BYTES_MAX + 1)), "the body has 65537 bytes; at most 65536 are read");
    }

    #[test]
    fn each_answer_is_read() {
        let read = |body: &str| answer(body).unwrap();
        let taken = read(r#"{"errcode":0,"errmsg":"ok","msgid":200228332}"#);
        assert_eq!((taken.code, taken.next, taken.message.as_deref()), (0, Next::Taken, Some("200228332")));
        assert_eq!(read(r#"{"errcode":0,"msgid":"7"}"#).message.as_deref(), Some("7"));
        // Sent already: the same message, taken.
        assert_eq!(read(r#"{"errcode":45065,"errmsg":"clientmsgid exist","clientmsgid":"RF-1"}"#).next, Next::Taken);
        for code in [40001, 40014, 42001] {
            assert_eq!(read(&format!(r#"{{"errcode":{code}}}"#)).next, Next::RefreshToken);
        }
        assert_eq!(read(r#"{"errcode":-1,"errmsg":"system error"}"#).next, Next::Retry);
        let wrong = |body: &str| answer(body).unwrap_err().to_string();
        assert_eq!(wrong("<html>502</html>"), "at line 1, column 1: it is no answer of WeChat");
        assert_eq!(wrong("{\"errmsg\":\"ok\"}"), "at line 1, column 15: it is no answer of WeChat");
        assert_eq!(wrong(""), "at line 1, column 0: it is no answer of WeChat");
        assert!(answer([b'{', 0xff]).is_err());
        assert!(wrong(&" ".repeat(EVENT_BYTES_MAX + 1)).starts_with("the answer has 65537 bytes"));
    }

    fn text() -> impl proptest::strategy::Strategy<Value = String> {
        use proptest::strategy::Strategy as _;
        "[!-~\u{4e00}-\u{4e40}😀<>&\\]]{1,20}".prop_map(|text| text)
    }

    /// Text in XML, as a section or with escapes. A section cannot hold its own end.
    fn xml(text: &str, is_section: bool) -> String {
        if is_section && !text.contains("]]>") {
            return format!("<![CDATA[{text}]]>");
        }
        quick_xml::escape::escape(text).into_owned()
    }

    /// An event as WeChat writes it.
    fn written(what: &What, is_section: bool) -> String {
        let x = |text: &str| xml(text, is_section);
        let event = |word: &str, more: String| format!("<MsgType>event</MsgType><Event>{}</Event>{more}", x(word));
        match what {
            What::Follow { scene: Some(scene) } => {
                event("subscribe", format!("<EventKey>{}</EventKey>", x(&format!("qrscene_{scene}"))))
            }
            What::Follow { scene: None } => event("subscribe", String::from("<EventKey></EventKey>")),
            What::Unfollow => event("unsubscribe", String::new()),
            What::Scan { scene } => event("SCAN", format!("<EventKey>{}</EventKey>", x(scene))),
            What::Menu { key } => event("CLICK", format!("<EventKey>{}</EventKey>", x(key))),
            What::Wrote { text } => format!("<MsgType>text</MsgType><Content>{}</Content><MsgId>1</MsgId>", x(text)),
            What::Spoke { media, recognized } => {
                let recognized = recognized.as_deref().map(|text| format!("<Recognition>{}</Recognition>", x(text)));
                let media = x(media);
                format!("<MsgType>voice</MsgType><MediaId>{media}</MediaId>{}<MsgId>1</MsgId>", recognized.unwrap_or_default())
            }
            What::Finished { message, finish } => {
                let status = match finish {
                    Finish::Success => "success",
                    Finish::UserBlock => "failed:user block",
                    Finish::Failed => "failed: system failed",
                };
                event("TEMPLATESENDJOBFINISH", format!("<MsgID>{}</MsgID><Status>{}</Status>", x(message), x(status)))
            }
            What::Chose { choices } => {
                let one = |choice: &Choice| {
                    let status = if choice.is_accepted { "accept" } else { "reject" };
                    let template = x(&choice.template);
                    format!(
                        "<List><TemplateId>{template}</TemplateId><SubscribeStatusString>{status}</SubscribeStatusString></List>"
                    )
                };
                let lists: String = choices.iter().map(one).collect();
                event("subscribe_msg_popup_event", format!("<SubscribeMsgPopupEvent>{lists}</SubscribeMsgPopupEvent>"))
            }
            What::Other { word } => event(word, String::new()),
        }
    }

    fn any_what() -> impl proptest::strategy::Strategy<Value = What> {
        use proptest::prelude::*;
        let short = || text().prop_map(Text::from);
        let choice = (short(), any::<bool>()).prop_map(|(template, is_accepted)| Choice { template, is_accepted });
        prop_oneof![
            proptest::option::of(short()).prop_map(|scene| What::Follow { scene }),
            Just(What::Unfollow),
            short().prop_map(|scene| What::Scan { scene }),
            short().prop_map(|key| What::Menu { key }),
            short().prop_map(|text| What::Wrote { text }),
            (short(), proptest::option::of(short())).prop_map(|(media, recognized)| What::Spoke { media, recognized }),
            (short(), proptest::sample::select(Vec::from([Finish::Success, Finish::UserBlock, Finish::Failed])))
                .prop_map(|(message, finish)| What::Finished { message, finish }),
            proptest::collection::vec(choice, 1..4).prop_map(|choices| What::Chose { choices }),
            "[A-Z]{3}_other".prop_map(|word| What::Other { word: word.into() }),
        ]
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_back(happened in any_what(), is_section: bool) {
            proptest::prop_assert_eq!(what(&written(&happened, is_section)), happened);
        }

        #[test]
        fn a_request_holds_what_it_was_given(values in proptest::collection::vec("[ -~\u{4e00}-\u{4e40}]{1,20}", 1..6)) {
            let named: Vec<(String, String)> =
                values.iter().enumerate().map(|(at, value)| (format!("thing{at}"), format!("x{}y", &value.trim()))).collect();
            let fields: Vec<(&str, &str)> = named.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let sent = send(&fields).unwrap();
            let read: serde_json::Value = serde_json::from_str(&sent.json).unwrap();
            for (name, value) in fields {
                let shown = read["data"][name]["value"].as_str().unwrap();
                if sent.cut.iter().any(|cut| cut == name) {
                    proptest::prop_assert!(value.starts_with(shown.strip_suffix('…').unwrap()));
                } else {
                    proptest::prop_assert_eq!(shown, value);
                }
            }
            proptest::prop_assert!(sent.stripped.is_empty());
        }

        #[test]
        fn no_body_panics(body in "(<[/!?]?[a-zA-Z]{0,9}>|&|;|!\\[CDATA\\[|\\]\\]>|[<>/a-z ]){0,40}", bytes: Vec<u8>) {
            let _ = event(&body);
            let _ = event(posted(&body));
            let _ = event(&bytes);
            let _ = answer(&bytes);
            let _ = answer(&body);
        }

        #[test]
        fn no_field_is_longer_than_it_may_be(value in ".{1,60}") {
            if let Ok(shown) = field(KINDS, "thing1", &value) {
                proptest::prop_assert!(shown.text.chars().count() <= 20);
                proptest::prop_assert!(!shown.text.contains(is_of_emoji));
                proptest::prop_assert!(!shown.is_cut || shown.text.ends_with('…'));
                // What is not named is shown whole.
                let whole: String = value.nfc().map(|c| if c.is_control() { ' ' } else { c }).collect();
                proptest::prop_assert!(shown.is_cut || shown.is_stripped || shown.text == whole.trim());
            }
        }
    }
}
