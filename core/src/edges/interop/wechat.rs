//! WeChat: template messages out, events in.
//!
//! **Out.** [`template_request`] makes the body of `POST /cgi-bin/message/template/send`. Every field has a kind, which is the word at the front of its name
//! (`thing2` is a `thing`), and every kind its length. What is too long is cut at a whole grapheme and marked with `…`, and the cut fields are named, so
//! nothing is lost silently: the link of the message shows the whole.
//!
//! **In.** [`event`] reads what WeChat posts. WeChat waits five seconds for an answer and then posts again, up to three times, so every event has a
//! [`Dedup`]: a message by its `MsgId`, an event by who sent it and when.
//!
//! Sources: developers.weixin.qq.com (template messages, events); WxJava (`WxMpTemplateMessage`, its tests).

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use quick_xml::Reader;
use quick_xml::events::Event as Xml;
use serde::Serialize;
use thiserror::Error;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::decisions::delivery::Finish;
use crate::values::input::Dedup;
use crate::values::text::Text;

/// The longest client message id (return code 45067 beyond it).
pub const CLIENT_MESSAGE_CHARS_MAX: usize = 32;
/// The longest body that is read. WeChat's are below two thousand.
pub const EVENT_BYTES_MAX: usize = 65_536;

/// A template message to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Template<'a> {
    /// The account: its open id.
    pub account: &'a str,
    /// The template's id.
    pub template: &'a str,
    /// The id by which WeChat knows a repeat.
    pub client_message: &'a str,
    /// Where a tap leads.
    pub url: &'a str,
    /// The fields, such as `("thing3", "语音留言 00:23")`.
    pub fields: &'a [(&'a str, &'a str)],
}

/// The body of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The JSON.
    pub json: String,
    /// The fields that had to be cut.
    pub cut: Vec<String>,
}

/// Why a message cannot be sent as a template message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TemplateError {
    /// A field's name begins with no kind that WeChat knows.
    #[error(
        "field {name}: its name begins with none of thing, character_string, phone_number, car_number, const, time, date, number, amount, name"
    )]
    UnknownKind {
        /// The field.
        name: String,
    },
    /// A field is empty, or holds nothing that may be shown; WeChat refuses it (47003).
    #[error("field {name}: it is empty")]
    Empty {
        /// The field.
        name: String,
    },
    /// A value has a character that its kind does not allow.
    #[error("field {name}: {wrong:?} is not allowed in it")]
    Character {
        /// The field.
        name: String,
        /// The character.
        wrong: char,
    },
    /// A value is too long, and cutting it would make another value of it.
    #[error("field {name}: it has {length} characters, and at most {most} are allowed")]
    TooLong {
        /// The field.
        name: String,
        /// How many it has.
        length: usize,
        /// How many are allowed.
        most: usize,
    },
    /// The client message id is empty or too long.
    #[error("the client message id has {length} characters; 1 to {CLIENT_MESSAGE_CHARS_MAX} are allowed")]
    ClientMessage {
        /// How many it has.
        length: usize,
    },
}

/// A kind of field.
#[derive(Clone, Copy, Debug)]
struct Kind {
    word: &'static str,
    most: usize,
    /// Whether a part of the value still says something true.
    may_be_cut: bool,
    allowed: fn(char) -> bool,
}

const fn any(_: char) -> bool {
    true
}

const fn is_ascii_shown(c: char) -> bool {
    c.is_ascii_graphic() || c == ' '
}

const fn is_of_number(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '+' | '-' | '*' | ' ')
}

/// The kinds and their lengths: thing 20, character_string 32, phone_number 17, car_number 8, const 20; every field at most 20 but those that have
/// more of their own.
const KINDS: [Kind; 10] = [
    Kind { word: "character_string", most: 32, may_be_cut: false, allowed: is_ascii_shown },
    Kind { word: "phone_number", most: 17, may_be_cut: false, allowed: is_of_number },
    Kind { word: "car_number", most: 8, may_be_cut: false, allowed: any },
    Kind { word: "thing", most: 20, may_be_cut: true, allowed: any },
    Kind { word: "const", most: 20, may_be_cut: false, allowed: any },
    Kind { word: "time", most: 20, may_be_cut: false, allowed: any },
    Kind { word: "date", most: 20, may_be_cut: false, allowed: any },
    Kind { word: "number", most: 20, may_be_cut: false, allowed: is_of_number },
    Kind { word: "amount", most: 20, may_be_cut: false, allowed: any },
    Kind { word: "name", most: 20, may_be_cut: true, allowed: any },
];

#[derive(Serialize)]
struct Body<'a> {
    touser: &'a str,
    template_id: &'a str,
    client_msg_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    url: &'a str,
    data: Data<'a>,
}

/// The fields in their order.
struct Data<'a>(Vec<(&'a str, String)>);

#[derive(Serialize)]
struct Value<'a> {
    value: &'a str,
}

impl Serialize for Data<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, Value { value })))
    }
}

/// The body of the request that sends a template message.
///
/// # Errors
/// [`TemplateError`] names the first field that WeChat would refuse, and why.
///
/// # Examples
/// ```
/// use ringfence::edges::interop::wechat::{Template, template_request};
///
/// let sent = template_request(&Template {
///     account: "OPENID",
///     template: "TID",
///     client_message: "RF-7",
///     url: "https://voice.example/7",
///     fields: &[("phone_number1", "+8613*********"), ("time2", "2026年11月20日 15:01"), ("thing3", "语音留言 00:23")],
/// })?;
/// assert!(sent.json.contains(r#""thing3":{"value":"语音留言 00:23"}"#));
/// assert!(sent.cut.is_empty());
/// # Ok::<(), ringfence::edges::interop::wechat::TemplateError>(())
/// ```
pub fn template_request(message: &Template<'_>) -> Result<Rendered, TemplateError> {
    let length = message.client_message.chars().count();
    if length == 0 || length > CLIENT_MESSAGE_CHARS_MAX {
        return Err(TemplateError::ClientMessage { length });
    }
    let mut data = Vec::new();
    let mut cut = Vec::new();
    for (name, value) in message.fields {
        let (value, is_cut) = field(name, value)?;
        if is_cut {
            cut.push((*name).to_string());
        }
        data.push((*name, value));
    }
    let body = Body {
        touser: message.account,
        template_id: message.template,
        client_msg_id: message.client_message,
        url: message.url,
        data: Data(data),
    };
    Ok(Rendered { json: crate::edges::json::write(&body), cut })
}

fn field(name: &str, value: &str) -> Result<(String, bool), TemplateError> {
    let name_of = || name.to_string();
    let is_kind = |kind: &&Kind| {
        name.strip_prefix(kind.word).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let kind = KINDS.iter().find(is_kind).ok_or_else(|| TemplateError::UnknownKind { name: name_of() })?;
    // WeChat strips line ends and emoji; a blank keeps the words apart.
    let blank = |c: char| if c.is_control() { ' ' } else { c };
    let value: String = value.chars().map(blank).collect::<String>().trim().to_string();
    if value.is_empty() {
        return Err(TemplateError::Empty { name: name_of() });
    }
    if let Some(wrong) = value.chars().find(|c| !(kind.allowed)(*c)) {
        return Err(TemplateError::Character { name: name_of(), wrong });
    }
    // WeChat counts characters; a grapheme of several is never cut in two.
    let length = value.chars().count();
    if length <= kind.most {
        return Ok((value, false));
    }
    if !kind.may_be_cut {
        return Err(TemplateError::TooLong { name: name_of(), length, most: kind.most });
    }
    let mut kept = String::new();
    let mut room = kind.most.saturating_sub(1);
    for grapheme in value.graphemes(true) {
        let Some(left) = room.checked_sub(grapheme.chars().count()) else { break };
        room = left;
        kept.push_str(grapheme);
    }
    kept.push('…');
    Ok((kept, true))
}

/// What WeChat posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Who: the account's open id.
    pub account: Text,
    /// To which official account.
    pub official: Text,
    /// When, in seconds since 1970.
    pub created_s: i64,
    /// By what a repeat is known.
    pub dedup: Dedup,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The account follows.
    Follow {
        /// The scene of the code that it scanned, without WeChat's `qrscene_`.
        scene: Option<Text>,
    },
    /// The account follows no longer.
    Unfollow,
    /// A follower scanned a code.
    Scan {
        /// Its scene.
        scene: Text,
    },
    /// A follower touched a menu entry.
    Menu {
        /// Its key.
        key: Text,
    },
    /// A follower wrote.
    Wrote {
        /// What.
        text: Text,
    },
    /// A follower spoke.
    Spoke {
        /// The media's id.
        media: Text,
        /// What WeChat understood, if it is asked to.
        recognized: Option<Text>,
    },
    /// A template message has ended.
    Finished {
        /// WeChat's id of it.
        message: Text,
        /// How.
        finish: Finish,
    },
    /// Something else; the word for it.
    Other {
        /// `MsgType`, or `Event`.
        word: Text,
    },
}

/// Why an event cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EventError {
    /// It is too long.
    #[error("the body has {bytes} bytes; at most {EVENT_BYTES_MAX} are read")]
    TooLong {
        /// How many it has.
        bytes: usize,
    },
    /// It is no XML.
    #[error("at byte {at}: {what}")]
    NoXml {
        /// Where.
        at: u64,
        /// What is wrong.
        what: String,
    },
    /// An element is missing, or is not what it must be.
    #[error("<{element}>: {what}")]
    Element {
        /// Which.
        element: &'static str,
        /// What is wrong.
        what: &'static str,
    },
}

/// Reads what WeChat posted, after its signature was checked and, where it was encrypted, after it was decrypted.
///
/// # Errors
/// [`EventError`] says what is wrong and where. Elements that are not known are passed over.
///
/// # Examples
/// ```
/// use ringfence::edges::interop::wechat::{What, event};
///
/// let read = event(
///     "<xml><ToUserName><![CDATA[gh_x]]></ToUserName><FromUserName><![CDATA[OPENID]]></FromUserName>\
///      <CreateTime>123456789</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[subscribe]]></Event></xml>",
/// )?;
/// assert_eq!(read.what, What::Follow { scene: None });
/// # Ok::<(), ringfence::edges::interop::wechat::EventError>(())
/// ```
pub fn event(body: &str) -> Result<Event, EventError> {
    if body.len() > EVENT_BYTES_MAX {
        return Err(EventError::TooLong { bytes: body.len() });
    }
    let elements = elements(body)?;
    let get = |name: &str| elements.iter().find(|(known, _)| known == name).map(|(_, value)| Text::from(value.as_str()));
    let need = |element: &'static str| get(element).ok_or(EventError::Element { element, what: "it is missing" });
    let account = need("FromUserName")?;
    let official = need("ToUserName")?;
    let created = need("CreateTime")?;
    let created_s =
        created.parse().map_err(|_| EventError::Element { element: "CreateTime", what: "it is no number of seconds" })?;
    let kind = need("MsgType")?;
    let what = match kind.as_ref() {
        "event" => of_event(&need("Event")?, &get, &need)?,
        "text" => What::Wrote { text: need("Content")? },
        "voice" => What::Spoke { media: need("MediaId")?, recognized: get("Recognition").filter(|text| !text.is_empty()) },
        _ => What::Other { word: kind.clone() },
    };
    // A message has an id of its own. `MSGID` and `MsgID` of an event name another message.
    let key = match get("MsgId").filter(|_| kind.as_ref() != "event") {
        Some(id) => id,
        None => Text::from([account.as_ref(), "/", created.as_ref(), "/", word_of(&what)].concat()),
    };
    Ok(Event { account, official, created_s, dedup: Dedup { source: Text::from("wechat"), key }, what })
}

fn of_event(
    word: &Text,
    get: &impl Fn(&str) -> Option<Text>,
    need: &impl Fn(&'static str) -> Result<Text, EventError>,
) -> Result<What, EventError> {
    let key = || get("EventKey").filter(|key| !key.is_empty());
    Ok(match word.to_ascii_lowercase().as_str() {
        "subscribe" => What::Follow { scene: key().map(|key| Text::from(key.strip_prefix("qrscene_").unwrap_or(&key))) },
        "unsubscribe" => What::Unfollow,
        "scan" => What::Scan { scene: need("EventKey")? },
        "click" | "view" => What::Menu { key: need("EventKey")? },
        "templatesendjobfinish" => {
            let status = need("Status")?;
            let finish = match status.trim() {
                "success" => Finish::Success,
                status if status.contains("user block") => Finish::UserBlock,
                _ => Finish::Failed,
            };
            What::Finished { message: need("MsgID")?, finish }
        }
        _ => What::Other { word: word.clone() },
    })
}

/// Two events of one account in one second are told apart by what they are.
const fn word_of(what: &What) -> &'static str {
    match what {
        What::Follow { .. } => "follow",
        What::Unfollow => "unfollow",
        What::Scan { .. } => "scan",
        What::Menu { .. } => "menu",
        What::Wrote { .. } => "wrote",
        What::Spoke { .. } => "spoke",
        What::Finished { .. } => "finished",
        What::Other { .. } => "other",
    }
}

/// The elements below the root and what they hold. Those further below are passed over; entities other than XML's own are refused.
fn elements(body: &str) -> Result<Vec<(String, String)>, EventError> {
    let mut reader = Reader::from_str(body);
    let mut found: Vec<(String, String)> = Vec::new();
    let mut depth = 0_usize;
    loop {
        let read = reader.read_event();
        let at = reader.buffer_position();
        let wrong = |what: String| EventError::NoXml { at, what };
        match read.map_err(|error| wrong(error.to_string()))? {
            Xml::Start(start) => {
                depth = depth.saturating_add(1);
                if depth == 2 {
                    found.push((start.local_name().as_ref().to_string(), String::new()));
                }
            }
            Xml::End(_) => depth = depth.saturating_sub(1),
            Xml::Empty(empty) if depth == 1 => {
                found.push((empty.local_name().as_ref().to_string(), String::new()));
            }
            Xml::Text(text) if depth == 2 => push(&mut found, &text.xml10_content()),
            Xml::CData(text) if depth == 2 => push(&mut found, &text.xml10_content()),
            Xml::GeneralRef(reference) => {
                let resolved = quick_xml::escape::unescape(&["&", reference.as_ref(), ";"].concat())
                    .map(alloc::borrow::Cow::into_owned)
                    .map_err(|error| wrong(error.to_string()))?;
                if depth == 2 {
                    push(&mut found, &resolved);
                }
            }
            Xml::DocType(_) => return Err(wrong("a document type is not allowed".to_string())),
            Xml::Eof if depth == 0 && !found.is_empty() => return Ok(found),
            Xml::Eof => return Err(wrong("the document ends too early".to_string())),
            Xml::Empty(_) | Xml::Text(_) | Xml::CData(_) | Xml::Comment(_) | Xml::Decl(_) | Xml::PI(_) => {}
        }
    }
}

fn push(found: &mut [(String, String)], text: &str) {
    if let Some((_, value)) = found.last_mut() {
        value.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn send(fields: &[(&str, &str)]) -> Result<Rendered, TemplateError> {
        template_request(&Template { account: "O", template: "T", client_message: "RF-1", url: "https://v.example/1", fields })
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
        // A family of four is one grapheme of seven characters: it goes as a whole.
        let family = "👨‍👩‍👧‍👦";
        let sent = send(&[("thing1", &format!("{}{family}尾", "字".repeat(14)))]).unwrap();
        assert!(sent.json.contains(&format!("\"{}…\"", "字".repeat(14))), "{}", sent.json);
    }

    #[test]
    fn what_wechat_would_refuse_is_named() {
        let name = |name: &str| String::from(name);
        assert_eq!(send(&[("remark", "x")]), Err(TemplateError::UnknownKind { name: name("remark") }));
        assert_eq!(send(&[("thing", "x")]), Err(TemplateError::UnknownKind { name: name("thing") }));
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
        let long =
            template_request(&Template { account: "O", template: "T", client_message: &"x".repeat(33), url: "", fields: &[] });
        assert_eq!(long, Err(TemplateError::ClientMessage { length: 33 }));
    }

    fn posted(inside: &str) -> String {
        format!(
            "<xml><ToUserName><![CDATA[gh_x]]></ToUserName><FromUserName><![CDATA[OPENID]]></FromUserName><CreateTime>123456789</CreateTime>{inside}</xml>"
        )
    }

    fn what(inside: &str) -> What {
        event(&posted(inside)).unwrap().what
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
            |id: u32| event(&posted(&format!("<MsgType>text</MsgType><Content>x</Content><MsgId>{id}</MsgId>"))).unwrap().dedup;
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
        let follow = || event(&posted("<MsgType>event</MsgType><Event>subscribe</Event>")).unwrap().dedup;
        assert_eq!(follow(), follow());
        assert_ne!(follow(), event(&posted("<MsgType>event</MsgType><Event>unsubscribe</Event>")).unwrap().dedup);
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
        assert_eq!(wrong(&" ".repeat(EVENT_BYTES_MAX + 1)), "the body has 65537 bytes; at most 65536 are read");
    }

    proptest::proptest! {
        #[test]
        fn no_body_panics(body in "[<>/a-zA-Z&;!\\[\\] ]{0,80}") {
            let _ = event(&body);
            let _ = event(&posted(&body));
        }

        #[test]
        fn no_field_is_longer_than_it_may_be(value in ".{1,60}") {
            if let Ok((kept, is_cut)) = field("thing1", &value) {
                proptest::prop_assert!(kept.chars().count() <= 20);
                proptest::prop_assert_eq!(is_cut, kept.ends_with('…') && value.trim().chars().count() > 20);
            }
        }
    }
}
