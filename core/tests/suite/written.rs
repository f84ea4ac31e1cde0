//! What is read from text and bytes: a value is written as it was read, and anything else is refused (P13).
#![cfg(feature = "json")]

use std::fmt::Debug;

use ringfence::values::called_zone::Prefix;
use ringfence::values::effect::Digest;
use ringfence::values::id::MediaId;
use ringfence::values::input::{Book, Input, Line, PublishPage, RegisterMerchant, SetCalendar};
use ringfence::values::media::{Attachment, MediaKind};
use ringfence::values::time::{DayRule, LocalDate, TimeOfDay, Weekday, Weekdays, WeeklyRule};
use ringfence::{AccountId, Address, Code, MaskedNumber, PhoneNumber, Timestamp, Window, Zone};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// These texts are read and written alike; those, and what is no text, are refused.
fn assert_texts<T: Serialize + DeserializeOwned + PartialEq + Debug>(right: &[&str], wrong: &[&str]) {
    for text in right {
        let json = serde_json::to_string(text).unwrap();
        let value: T = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(serde_json::to_string(&value).unwrap(), json);
        let bytes = postcard::to_allocvec(&value).unwrap();
        assert_eq!(postcard::from_bytes::<T>(&bytes).as_ref(), Ok(&value));
        for cut in 0..bytes.len() {
            assert!(postcard::from_bytes::<T>(&bytes[..cut]).is_err(), "{text} cut to {cut} bytes");
        }
    }
    for text in wrong {
        let json = serde_json::to_string(text).unwrap();
        assert!(serde_json::from_str::<T>(&json).is_err(), "{text}");
    }
    for other in ["7", "null", "[]", "{}", "true"] {
        assert!(serde_json::from_str::<T>(other).is_err(), "{other}");
    }
}

#[test]
fn a_value_is_written_as_it_was_read_and_anything_else_is_refused() {
    assert_texts::<Timestamp>(
        &["2026-11-21T10:00:00Z", "2026-11-21T10:00:00.000001Z"],
        &[
            "",
            "2026",
            "2026-11-21",
            "2026-11-21 10:00:00Z",
            "2026-11-21T10",
            "2026-11-21T10-00:00Z",
            "2026-11-21T10:00-00Z",
            "2026-11-21T10:00:00",
            "2026-11-21T10:00:00.",
            "2026-11-21T10:00:00,5Z",
            "2026-11-21T10:00:00.0000001Z",
            "2026-13-21T10:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T10:60:00Z",
            "2026-11-21T10:00:00+8",
            "2026-11-21T10:00:00+08:00x",
            "2026-11-21T10:00:00+08-00",
            "2026-11-21T10:00:00+24:00",
        ],
    );
    assert_texts::<LocalDate>(
        &["2026-10-01", "2028-02-29"],
        &[
            "",
            "26-10-01",
            "2026",
            "2026/10-01",
            "2026-1",
            "2026-10/01",
            "2026-10",
            "2026-10-1",
            "2026-10-01x",
            "2026-02-29",
            "2026-13-01",
        ],
    );
    assert_texts::<TimeOfDay>(
        &["18:00", "00:00", "24:00"],
        &["", "1", "18", "18-00", "18:", "18:6", "18:60", "24:01", "25:00", "18:00x"],
    );
    assert_texts::<MaskedNumber>(
        &["+8613*********", "95*", "*****"],
        &["+123456*", "+8613****************", "86a3**", "+86*13*", "++86**"],
    );
    assert_texts::<Digest>(
        &["abababababababababababababababababababababababababababababababab"],
        &[
            "",
            "abab",
            "ABababababababababababababababababababababababababababababababab",
            "gbababababababababababababababababababababababababababababababab",
        ],
    );
    assert_texts::<Prefix>(&["+86", "+1808"], &["", "86", "+", "+086", "+8a", "+1234567890123456"]);
    assert_texts::<Code>(&["042042"], &["", "04204a", "0420420420420420"]);
    assert_texts::<AccountId>(&["oIBUkuN1zZh_3FvGB-wAXMzRzxE4"], &["", "o I"]);
    assert_texts::<Address>(
        &["rcs:+8613800000001", "mailto:zhang@example.com", "sip:1065@bot.example", "wechat:oIBUkuN1zZh"],
        &["", "rcs", "rcs:", "fax:+8613800000001", "mailto:zhang", "mailto:a@b@c", "sip:a b@c", "wechat:"],
    );
    assert_texts::<Zone>(&["Asia/Shanghai", "UTC"], &["", "Asia/Nowhere"]);
}

/// A full-width digit is a digit, whichever it is, and a space is nothing.
#[test]
fn a_code_may_be_typed_in_full_width() {
    assert_eq!(Code::parse("０１２３４５６７８９").ok(), Code::parse("0123456789").ok());
    assert_eq!(Code::parse("０４２０４２"), Code::parse("042042"));
    assert_eq!(Code::parse("６７８９７８"), Code::parse("678978"));
    let typed = ringfence::values::text::Text::from("042042");
    assert!(typed == *"042042");
}

#[test]
fn weekdays_are_named_in_order_and_read_by_their_names() {
    let names: Vec<&str> = Weekday::ALL.iter().map(|day| day.name()).collect();
    assert_eq!(names, ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]);
    for day in Weekday::ALL {
        let one = Weekdays::new(&[day]).unwrap();
        assert_eq!(format!("{one:?}"), format!("{{{day:?}}}"));
        let bytes = postcard::to_allocvec(&one).unwrap();
        assert_eq!(postcard::from_bytes::<Weekdays>(&bytes), Ok(one));
    }
    for forged in [128_u8, 255] {
        assert!(postcard::from_bytes::<Weekdays>(&[forged]).is_err(), "{forged}");
    }
    assert!(postcard::from_bytes::<Weekdays>(&[]).is_err());
    let later = TimeOfDay::parse("20:00").unwrap();
    assert_eq!(format!("{later:?}"), "20:00");
    assert_eq!(format!("{:?}", LocalDate::parse("2026-10-01").unwrap()), "2026-10-01");
    assert_eq!(format!("{:?}", Prefix::parse("+86").unwrap()), "Prefix(+86)");
    assert!(Zone::parse("Asia/Shanghai").unwrap() < Zone::UTC);
    assert!(TimeOfDay::new(25, 0).is_err() && TimeOfDay::new(18, 60).is_err() && TimeOfDay::new(24, 1).is_err());
}

/// Inputs with a value of every kind in them.
fn inputs() -> Vec<Input> {
    let number = |text: &str| PhoneNumber::parse(text).unwrap();
    let at = |time: &str| Timestamp::parse(&format!("2026-11-21T{time}Z")).unwrap();
    let zone = Zone::parse("Asia/Shanghai").unwrap();
    let merchant = RegisterMerchant {
        chatbot: Some(Address::parse("sip:1065@bot.example").unwrap()),
        ..RegisterMerchant::new(1.into(), "商户1", vec![Line { number: number("95511"), channels: 2 }], zone)
    };
    let window = Window::new(at("10:00:00"), at("12:00:00")).unwrap();
    let rule = WeeklyRule::new(
        Weekdays::new(&[Weekday::Mon, Weekday::Sun]).unwrap(),
        TimeOfDay::parse("18:00").unwrap(),
        TimeOfDay::parse("20:00").unwrap(),
    );
    let hours = ringfence::values::input::Hours { label: ringfence::values::input::HoursLabel::Working, rule: rule.unwrap() };
    let page = PublishPage {
        windows: vec![window],
        hours: vec![hours],
        ..PublishPage::new(10.into(), 1.into(), [(1.into(), "车险".into())].into())
    };
    let picture = Attachment { media: MediaId::new(7), kind: MediaKind::Picture, share: true };
    let book = Book {
        contact: Some(number("+8613800000009")),
        name: Some("张三".into()),
        attachments: vec![picture],
        zone: Some(zone),
        ..Book::new(Address::parse("rcs:+8613800000001").unwrap(), 10.into(), 1.into(), window)
    };
    let days = [
        (LocalDate::parse("2026-10-01").unwrap(), DayRule::Closed),
        (LocalDate::parse("2026-10-10").unwrap(), DayRule::As(Weekday::Wed)),
    ];
    vec![
        Input::RegisterMerchant(merchant),
        Input::PublishPage(page),
        Input::Book(book),
        Input::SetCalendar(SetCalendar { calendar: 3.into(), days: days.into() }),
    ]
}

/// Bytes that end too early are no input, wherever they end; nor is one in which a byte is out of its range.
#[test]
fn an_input_that_was_cut_is_refused_wherever_it_was() {
    for input in inputs() {
        let bytes = postcard::to_allocvec(&input).unwrap();
        assert_eq!(postcard::from_bytes::<Input>(&bytes).as_ref(), Ok(&input));
        for cut in 0..bytes.len() {
            assert!(postcard::from_bytes::<Input>(&bytes[..cut]).is_err(), "{input:?} cut to {cut} bytes");
        }
        for place in 0..bytes.len() {
            for other in [0_u8, 1, 127, 255] {
                let mut altered = bytes.clone();
                altered[place] = other;
                // It may be another input; then it is written as it was read, but for a longer form of a number.
                if let Ok(read) = postcard::from_bytes::<Input>(&altered) {
                    let again = postcard::to_allocvec(&read).unwrap();
                    assert_eq!(postcard::from_bytes::<Input>(&again), Ok(read));
                }
            }
        }
    }
}
