//! WeChat: template messages out, events in.
//!
//! **Out.** [`template_request`] makes the body of `POST /cgi-bin/message/template/send`. Every field has a kind, which is the word at the front of its name
//! (`thing2` is a `thing`), and every kind its length. What is too long is cut at a whole grapheme and marked with `…`; emoji, which WeChat strips, are taken out here.
//! The fields are named ([`Rendered::cut`], [`Rendered::stripped`]), and a message with such a field must have a link that shows the whole: nothing is lost silently.
//! [`answer`] reads what WeChat says to the request.
//!
//! **In.** [`event`] reads what WeChat posts. WeChat waits five seconds for an answer and then posts again, up to three times, so every event has a
//! [`Dedup`]: who sent it, when, and the message or the matter that it is about. `MsgId` alone is not unique, and two template messages may end in one second.
//!
//! Sources: developers.weixin.qq.com (template messages, events); WxJava (`WxMpTemplateMessage`, its tests).

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use quick_xml::Reader;
use quick_xml::events::Event as Xml;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::decisions::delivery::{Finish, Next, after_code};
use crate::values::input::Dedup;
use crate::values::text::Text;

/// The longest client message id (return code 45067 beyond it).
pub const CLIENT_MESSAGE_CHARS_MAX: usize = 32;
/// The longest body that is read, in bytes. WeChat's are below two thousand.
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
    /// Where a tap leads: an address with `http://` or `https://`; empty for nowhere.
    pub url: &'a str,
    /// The mini program that a tap opens where the phone can; else the address.
    pub mini_program: Option<MiniProgram<'a>>,
    /// The fields, such as `("thing3", "语音留言 00:23")`.
    pub fields: &'a [(&'a str, &'a str)],
}

/// A mini program that belongs to the official account.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MiniProgram<'a> {
    /// Its id.
    #[serde(rename = "appid")]
    pub app: &'a str,
    /// The page, with its query.
    #[serde(rename = "pagepath")]
    pub page: &'a str,
}

/// The body of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The JSON.
    pub json: String,
    /// The fields that had to be cut.
    pub cut: Vec<String>,
    /// The fields that had emoji, which WeChat does not show.
    pub stripped: Vec<String>,
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
    /// A field stands twice; one of the two would be lost.
    #[error("field {name}: it stands twice")]
    Repeated {
        /// The field.
        name: String,
    },
    /// A field does not show all that it should, and there is no link that does.
    #[error("field {name}: a part of it is not shown, and the message has no link to the whole")]
    NoLink {
        /// The field.
        name: String,
    },
    /// An account, a template or a page is missing.
    #[error("{what} is empty")]
    Missing {
        /// What.
        what: &'static str,
    },
    /// The address is none that a phone opens.
    #[error("the address begins with neither http:// nor https://, or holds a blank")]
    Url,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    miniprogram: Option<MiniProgram<'a>>,
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
///     mini_program: None,
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
    let app = message.mini_program.map(|program| ("the id of the mini program", program.app));
    let needed = [("the account", message.account), ("the template", message.template)].into_iter().chain(app);
    if let Some((what, _)) = needed.into_iter().find(|(_, text)| text.is_empty()) {
        return Err(TemplateError::Missing { what });
    }
    let is_address = message.url.starts_with("https://") || message.url.starts_with("http://");
    if !message.url.is_empty() && (!is_address || message.url.contains(char::is_whitespace)) {
        return Err(TemplateError::Url);
    }
    let has_link = !message.url.is_empty() || message.mini_program.is_some();
    let mut data: Vec<(&str, String)> = Vec::new();
    let mut cut = Vec::new();
    let mut stripped = Vec::new();
    for (name, value) in message.fields {
        let shown = field(name, value)?;
        let name_of = || (*name).to_string();
        if data.iter().any(|(known, _)| known == name) {
            return Err(TemplateError::Repeated { name: name_of() });
        }
        if (shown.is_cut || shown.is_stripped) && !has_link {
            return Err(TemplateError::NoLink { name: name_of() });
        }
        cut.extend(shown.is_cut.then(name_of));
        stripped.extend(shown.is_stripped.then(name_of));
        data.push((*name, shown.text));
    }
    let body = Body {
        touser: message.account,
        template_id: message.template,
        client_msg_id: message.client_message,
        url: message.url,
        miniprogram: message.mini_program,
        data: Data(data),
    };
    Ok(Rendered { json: crate::edges::json::write(&body), cut, stripped })
}

/// A value as WeChat will show it.
#[derive(Debug)]
struct Shown {
    text: String,
    is_cut: bool,
    is_stripped: bool,
}

fn field(name: &str, value: &str) -> Result<Shown, TemplateError> {
    let name_of = || name.to_string();
    let is_kind = |kind: &&Kind| {
        name.strip_prefix(kind.word).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let kind = KINDS.iter().find(is_kind).ok_or_else(|| TemplateError::UnknownKind { name: name_of() })?;
    let (text, is_stripped) = plain(value);
    if text.is_empty() {
        return Err(TemplateError::Empty { name: name_of() });
    }
    if let Some(wrong) = text.chars().find(|c| !(kind.allowed)(*c)) {
        return Err(TemplateError::Character { name: name_of(), wrong });
    }
    // WeChat counts characters; a grapheme of several is never cut in two.
    let length = text.chars().count();
    if length <= kind.most {
        return Ok(Shown { text, is_cut: false, is_stripped });
    }
    if !kind.may_be_cut {
        return Err(TemplateError::TooLong { name: name_of(), length, most: kind.most });
    }
    let mut kept = String::new();
    let mut room = kind.most.saturating_sub(1);
    for grapheme in text.graphemes(true) {
        let Some(left) = room.checked_sub(grapheme.chars().count()) else { break };
        room = left;
        kept.push_str(grapheme);
    }
    kept.push('…');
    Ok(Shown { text: kept, is_cut: true, is_stripped })
}

/// A value without what WeChat strips, and whether it had any: emoji are left out; a line's end becomes a blank, which keeps the words apart. Composed characters, so that
/// an accent does not count as a character of its own.
fn plain(value: &str) -> (String, bool) {
    let mut out = String::with_capacity(value.len());
    let mut is_stripped = false;
    let composed: String = value.nfc().collect();
    for grapheme in composed.graphemes(true) {
        if grapheme.contains(is_of_emoji) {
            is_stripped = true;
            // A key of a phone (1️⃣) is its digit.
            out.extend(grapheme.chars().find(char::is_ascii_graphic));
        } else {
            out.extend(grapheme.chars().map(|c| if c.is_control() { ' ' } else { c }));
        }
    }
    (out.trim().to_string(), is_stripped)
}

/// Pictures, flags, skin tones, and the marks that turn a sign into a picture.
const fn is_of_emoji(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{fe0f}' | '\u{20e3}' | '\u{e0020}'..='\u{e007f}')
}

/// What WeChat said to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its return code; 0 for success.
    pub code: i32,
    /// What follows ([`after_code`]).
    pub next: Next,
    /// WeChat's id of the message, when it was taken. The event that reports its end ([`What::Finished`]) names it.
    pub message: Option<Text>,
    /// WeChat's words, for the operator. They may name the account.
    pub text: Text,
}

/// Why an answer cannot be read. It is then not known whether the message was taken: send it again under the same client message id.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AnswerError {
    /// It is too long.
    #[error("the answer has {bytes} bytes; at most {EVENT_BYTES_MAX} are read")]
    TooLong {
        /// How many it has.
        bytes: usize,
    },
    /// It is no JSON object with an `errcode`.
    #[error("at line {line}, column {column}: it is no answer of WeChat")]
    NoAnswer {
        /// The line, from 1.
        line: usize,
        /// The column, from 1; 0 before the first character.
        column: usize,
    },
}

#[derive(Deserialize)]
struct Said {
    errcode: i32,
    #[serde(default)]
    errmsg: String,
    #[serde(default)]
    msgid: Option<Id>,
}

/// A number in most answers, a text in some.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Number(u64),
    Text(String),
}

/// Reads the answer to `message/template/send`.
///
/// # Errors
/// [`AnswerError`] says what is wrong and where.
///
/// # Examples
/// ```
/// use ringfence::decisions::delivery::Next;
/// use ringfence::edges::interop::wechat::answer;
///
/// let read = answer(r#"{"errcode":0,"errmsg":"ok","msgid":200228332}"#)?;
/// assert_eq!((read.next, read.message.as_deref()), (Next::Taken, Some("200228332")));
/// assert_eq!(answer(r#"{"errcode":43004,"errmsg":"require subscribe"}"#)?.next, Next::AwaitFollow);
/// # Ok::<(), ringfence::edges::interop::wechat::AnswerError>(())
/// ```
pub fn answer(body: impl AsRef<[u8]>) -> Result<Answer, AnswerError> {
    let body = body.as_ref();
    if body.len() > EVENT_BYTES_MAX {
        return Err(AnswerError::TooLong { bytes: body.len() });
    }
    let said: Said = serde_json::from_slice(body)
        .map_err(|error| AnswerError::NoAnswer { line: error.line().max(1), column: error.column() })?;
    let message = said.msgid.map(|id| match id {
        Id::Number(id) => Text::from(id.to_string()),
        Id::Text(id) => Text::from(id),
    });
    Ok(Answer { code: said.errcode, next: after_code(said.errcode), message, text: Text::from(said.errmsg) })
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
    /// A follower answered the question whether he wants messages of these templates, or changed his mind.
    Chose {
        /// What he chose for each.
        choices: Vec<Choice>,
    },
    /// Something else; the word for it.
    Other {
        /// `MsgType`, or `Event`.
        word: Text,
    },
}

/// Whether a follower wants the messages of one template (订阅通知).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The template's id.
    pub template: Text,
    /// Whether he accepts them.
    pub is_accepted: bool,
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
    /// It is no UTF-8.
    #[error("at byte {at}: it is no UTF-8")]
    NoUtf8 {
        /// Where, from 0.
        at: usize,
    },
    /// It is no XML.
    #[error("at byte {at}: {what}")]
    NoXml {
        /// Where, from 0.
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

/// Reads what WeChat posted, after its signature was checked and, where it was encrypted, after it was decrypted. Names of elements are read in any case of letters: the id
/// of a template message is `MsgID` in some events and `MsgId` in others.
///
/// # Errors
/// [`EventError`] says what is wrong and where. Elements that are not known are passed over. A document type, and with it every entity of one, is refused.
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
pub fn event(body: impl AsRef<[u8]>) -> Result<Event, EventError> {
    let body = body.as_ref();
    if body.len() > EVENT_BYTES_MAX {
        return Err(EventError::TooLong { bytes: body.len() });
    }
    let body = core::str::from_utf8(body).map_err(|error| EventError::NoUtf8 { at: error.valid_up_to() })?;
    let elements = elements(body)?;
    let get = |name: &str| {
        let found = |element: &&Element| element.depth == 2 && element.name.eq_ignore_ascii_case(name);
        elements.iter().find(found).map(|element| Text::from(element.text.trim()))
    };
    let need = |element: &'static str| get(element).ok_or(EventError::Element { element, what: "it is missing" });
    let named = |element: &'static str| match need(element)? {
        name if name.is_empty() => Err(EventError::Element { element, what: "it is empty" }),
        name => Ok(name),
    };
    let account = named("FromUserName")?;
    let official = named("ToUserName")?;
    let created = need("CreateTime")?;
    let created_s: i64 =
        created.parse().map_err(|_| EventError::Element { element: "CreateTime", what: "it is no number of seconds" })?;
    let kind = need("MsgType")?;
    let what = match kind.as_ref() {
        "event" => of_event(&need("Event")?, &elements, &get, &named)?,
        "text" => What::Wrote { text: need("Content")? },
        "voice" => What::Spoke { media: named("MediaId")?, recognized: get("Recognition").filter(|text| !text.is_empty()) },
        _ => What::Other { word: kind.clone() },
    };
    let about = match &what {
        What::Follow { .. } | What::Unfollow => Text::from(""),
        What::Scan { scene } => scene.clone(),
        What::Menu { key } => key.clone(),
        What::Finished { message, .. } => message.clone(),
        What::Chose { choices } => choices.first().map(|choice| choice.template.clone()).unwrap_or(Text::from("")),
        What::Wrote { .. } | What::Spoke { .. } => named("MsgId")?,
        What::Other { word } => Text::from([word.as_ref(), "/", get("MsgId").as_deref().unwrap_or_default()].concat()),
    };
    let key = Text::from([account.as_ref(), "/", &created_s.to_string(), "/", word_of(&what), "/", about.as_ref()].concat());
    Ok(Event { account, official, created_s, dedup: Dedup { source: Text::from("wechat"), key }, what })
}

fn of_event(
    word: &Text,
    elements: &[Element],
    get: &impl Fn(&str) -> Option<Text>,
    named: &impl Fn(&'static str) -> Result<Text, EventError>,
) -> Result<What, EventError> {
    let key = || get("EventKey").filter(|key| !key.is_empty());
    Ok(match word.to_ascii_lowercase().as_str() {
        "subscribe" => What::Follow { scene: key().map(|key| Text::from(key.strip_prefix("qrscene_").unwrap_or(&key))) },
        "unsubscribe" => What::Unfollow,
        "scan" => What::Scan { scene: named("EventKey")? },
        "click" | "view" => What::Menu { key: named("EventKey")? },
        "templatesendjobfinish" => {
            let finish = match named("Status")?.to_ascii_lowercase().as_str() {
                "success" => Finish::Success,
                status if status.contains("user block") => Finish::UserBlock,
                _ => Finish::Failed,
            };
            What::Finished { message: named("MsgId")?, finish }
        }
        "subscribe_msg_popup_event" | "subscribe_msg_change_event" => What::Chose { choices: choices(elements)? },
        _ => What::Other { word: word.clone() },
    })
}

/// Each `List` holds one choice.
fn choices(elements: &[Element]) -> Result<Vec<Choice>, EventError> {
    let mut read: Vec<Choice> = Vec::new();
    let mut template = None;
    for element in elements.iter().filter(|element| element.depth == 4) {
        match element.name.as_str() {
            "TemplateId" => template = Some(Text::from(element.text.trim())),
            "SubscribeStatusString" => {
                let missing = EventError::Element { element: "TemplateId", what: "it is missing" };
                let is_accepted = match element.text.trim() {
                    "accept" => true,
                    "reject" => false,
                    _ => {
                        let what = "it is neither accept nor reject";
                        return Err(EventError::Element { element: "SubscribeStatusString", what });
                    }
                };
                read.push(Choice { template: template.take().ok_or(missing)?, is_accepted });
            }
            _ => {}
        }
    }
    if read.is_empty() { Err(EventError::Element { element: "List", what: "it is missing" }) } else { Ok(read) }
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
        What::Chose { .. } => "chose",
        What::Other { .. } => "other",
    }
}

/// An element and the text in it.
struct Element {
    name: String,
    /// 2 for those right below the root.
    depth: usize,
    text: String,
}

/// The deepest element that is looked at: the parts of a list of choices.
const DEPTH_MAX: usize = 4;
/// The most elements that an event may have; WeChat's have a dozen.
const ELEMENTS_MAX: usize = 512;

/// The elements below the root and what they hold, in their order. Those that are too deep are passed over; entities other than XML's own are refused.
fn elements(body: &str) -> Result<Vec<Element>, EventError> {
    let mut reader = Reader::from_str(body);
    let mut found: Vec<Element> = Vec::new();
    // Of each open element that is looked at, its place in `found`.
    let mut open: Vec<usize> = Vec::new();
    let mut depth = 0_usize;
    loop {
        let read = reader.read_event();
        let at = reader.buffer_position();
        let wrong = |what: &str| EventError::NoXml { at, what: what.to_string() };
        if found.len() > ELEMENTS_MAX {
            return Err(wrong("it has more than 512 elements"));
        }
        match read.map_err(|error| wrong(&error.to_string()))? {
            Xml::Start(start) => {
                depth = depth.saturating_add(1);
                if (2..=DEPTH_MAX).contains(&depth) {
                    open.push(found.len());
                    found.push(Element { name: start.local_name().as_ref().to_string(), depth, text: String::new() });
                }
            }
            Xml::End(_) => {
                if (2..=DEPTH_MAX).contains(&depth) {
                    open.pop();
                }
                depth = depth.saturating_sub(1);
            }
            Xml::Empty(empty) => {
                let depth = depth.saturating_add(1);
                if (2..=DEPTH_MAX).contains(&depth) {
                    found.push(Element { name: empty.local_name().as_ref().to_string(), depth, text: String::new() });
                }
            }
            Xml::Text(text) if depth <= DEPTH_MAX => push(&mut found, &open, &text.xml10_content()),
            Xml::CData(text) if depth <= DEPTH_MAX => push(&mut found, &open, &text.xml10_content()),
            Xml::GeneralRef(reference) => {
                let resolved = quick_xml::escape::unescape(&["&", reference.as_ref(), ";"].concat())
                    .map(alloc::borrow::Cow::into_owned)
                    .map_err(|error| wrong(&error.to_string()))?;
                if depth <= DEPTH_MAX {
                    push(&mut found, &open, &resolved);
                }
            }
            Xml::DocType(_) => return Err(wrong("a document type is not allowed")),
            Xml::Eof if depth == 0 && !found.is_empty() => return Ok(found),
            Xml::Eof => return Err(wrong("the document ends too early")),
            Xml::Text(_) | Xml::CData(_) | Xml::Comment(_) | Xml::Decl(_) | Xml::PI(_) => {}
        }
    }
}

/// Text belongs to the innermost open element.
fn push(found: &mut [Element], open: &[usize], text: &str) {
    if let Some(element) = open.last().and_then(|at| found.get_mut(*at)) {
        element.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

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
            if let Ok(shown) = field("thing1", &value) {
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
