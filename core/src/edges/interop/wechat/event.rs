//! What WeChat posts.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use quick_xml::Reader;
use quick_xml::events::Event as Xml;
use serde::Serialize;
use thiserror::Error;

use super::EVENT_BYTES_MAX;
use crate::decisions::delivery::Finish;
use crate::values::input::Dedup;
use crate::values::text::Text;

/// What WeChat posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
