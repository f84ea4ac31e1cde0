//! Readers and writers at the edge: what a carrier, a gateway or a journal may say, said badly.

#[cfg(feature = "json")]
use ringfence::edges::json;

#[cfg(feature = "interop")]
mod headers {
    use ringfence::edges::interop::diversion::{redirections, redirections as read_both};
    use ringfence::edges::interop::reason::read;
    use ringfence::values::evidence::{DiversionReason as Why, Redirecting};

    /// The words of RFC 5806 §4, in any case of letters; another says nothing.
    #[test]
    fn every_reason_of_a_diversion_is_known() {
        for (word, reason) in [
            ("user-busy", Why::UserBusy),
            ("no-answer", Why::NoAnswer),
            ("unavailable", Why::Unavailable),
            ("unconditional", Why::Unconditional),
            ("time-of-day", Why::TimeOfDay),
            ("Do-Not-Disturb", Why::DoNotDisturb),
            ("deflection", Why::Deflection),
            ("follow-me", Why::FollowMe),
            ("out-of-service", Why::OutOfService),
            ("away", Why::Away),
            ("on-holiday", Why::Unknown),
        ] {
            let read = redirections(&[], &[&format!("<tel:+8613800000001>;reason={word}")]).unwrap();
            assert_eq!(read[0].reason, Redirecting::Diversion(reason), "{word}");
        }
    }

    /// One of the two kinds of headers that can be read is enough, whichever it is; an empty one says nothing beside a wrong one.
    #[test]
    fn what_can_be_read_counts_beside_what_cannot() {
        let good = "<tel:+8613800000001>;reason=user-busy";
        let history = "<sip:+8613800000002@example.com>;index=1, <sip:+8613800000003@example.com;cause=486>;index=1.1";
        assert!(read_both(&["<"], &["<"]).is_err());
        assert!(read_both(&["<"], &[]).is_err());
        assert!(read_both(&[], &["<"]).is_err());
        assert_eq!(read_both(&["<"], &[good]).unwrap().len(), 1);
        assert_eq!(read_both(&[history], &["<"]).unwrap(), read_both(&[history], &[]).unwrap());
        let endless = "x".repeat(1 << 20);
        assert!(read_both(&[], &[&endless]).is_err(), "a header has a bound");
    }

    /// A URI may have parameters and headers without a value, and a user part of any kind: none of them is a number, and none stops the rest.
    #[test]
    fn a_uri_with_odd_parts_is_read_as_far_as_it_goes() {
        for (uri, is_number) in [
            ("tel:138-0000-0001;isub;phone-context=+86", true),
            ("tel:+8613800000001;ext", true),
            ("tel:+8613800000001?flag&Privacy=none", true),
            ("sip:anonymous@example.com", false),
            ("sip:example.com", false),
            ("sip:;user=phone@example.com", false),
            ("tel:", false),
        ] {
            let read = redirections(&[], &[&format!("<{uri}>;reason=user-busy")]).unwrap();
            assert_eq!(read[0].from.is_some(), is_number, "{uri}");
        }
        let history = "<sip:+8613800000002@example.com;odd;cause=486?flag&Reason=SIP%3Bcause%3D486>;index=1, <sip:13800000003@example.com>;index=1.1";
        assert!(read_both(&[history], &[]).is_ok());
    }

    /// Of more values than are kept, those that decide most are: what analytics blocked and what the user himself did, then any Q.850 cause, then SIP, then
    /// others, then values without a cause.
    #[test]
    fn of_too_many_reasons_those_that_decide_are_kept() {
        let mut headers: Vec<String> = (0..40).map(|number| format!("X{number};text=\"none\"")).collect();
        headers.extend((0..10).map(|number| format!("Y{number};cause=9")));
        headers.push("SIP;cause=608;text=\"rejected\"".into());
        headers.push("Q.850;cause=17".into());
        headers.push("Q.850;cause=21;text=\"v=analytics1\"".into());
        headers.push("Q.850;cause=21;location=U".into());
        let texts: Vec<&str> = headers.iter().map(String::as_str).collect();
        let kept = read(texts).reasons;
        let protocols: Vec<&str> = kept.iter().map(|reason| reason.protocol.as_ref()).collect();
        assert!(kept.len() < headers.len(), "there is a bound");
        assert_eq!(protocols[..4], ["Q.850", "Q.850", "Q.850", "SIP"], "{kept:?}");
        assert!(protocols[4..14].iter().all(|protocol| protocol.starts_with('Y')), "{protocols:?}");
    }

    #[test]
    fn a_text_that_comes_twice_is_the_first_and_what_follows_a_value_breaks_it_off() {
        let twice = read(["SIP;cause=486;text=\"first\";text=\"second\""]);
        assert_eq!(twice.reasons[0].text.as_deref(), Some("first"));
        let broken = read(["Q.850;cause=\"17\" user busy"]);
        assert_eq!((broken.reasons.len(), broken.wrong.len()), (1, 1), "{broken:?}");
        let after_a_quote = read(["SIP;text=\"busy\" here"]);
        assert_eq!(after_a_quote.wrong.len(), 1, "{after_a_quote:?}");
    }
}

#[cfg(feature = "wechat")]
mod wechat {
    use ringfence::edges::interop::wechat::{EventError, What, event};

    fn body(inner: &str) -> String {
        format!(
            "<xml><ToUserName>gh_x</ToUserName><FromUserName>OPENID</FromUserName><CreateTime>123456789</CreateTime>{inner}</xml>"
        )
    }

    fn refused(inner: &str) -> &'static str {
        match event(body(inner)) {
            Err(EventError::Element { element, .. }) => element,
            other => panic!("{inner}: {other:?}"),
        }
    }

    #[test]
    fn an_event_that_lacks_an_element_is_refused_by_its_name() {
        let without = |name: &str| body("<MsgType>event</MsgType><Event>subscribe</Event>").replace(name, "Else");
        for name in ["ToUserName", "FromUserName", "CreateTime", "MsgType"] {
            assert!(matches!(event(without(name)), Err(EventError::Element { element, .. }) if element == name), "{name}");
        }
        let late = body("<MsgType>event</MsgType><Event>subscribe</Event>").replace("123456789", "soon");
        assert!(matches!(event(late), Err(EventError::Element { element: "CreateTime", .. })));
        let nobody = body("<MsgType>event</MsgType><Event>subscribe</Event>").replace("OPENID", " ");
        assert!(matches!(event(nobody), Err(EventError::Element { element: "FromUserName", .. })));
        assert_eq!(refused("<MsgType>event</MsgType>"), "Event");
        assert_eq!(refused("<MsgType>text</MsgType><MsgId>1</MsgId>"), "Content");
        assert_eq!(refused("<MsgType>text</MsgType><Content>1</Content>"), "MsgId");
        assert_eq!(refused("<MsgType>voice</MsgType><MsgId>1</MsgId>"), "MediaId");
        assert_eq!(refused("<MsgType>event</MsgType><Event>SCAN</Event>"), "EventKey");
        assert_eq!(refused("<MsgType>event</MsgType><Event>CLICK</Event>"), "EventKey");
        assert_eq!(refused("<MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event><MsgID>1</MsgID>"), "Status");
        assert_eq!(refused("<MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event><Status>success</Status>"), "MsgId");
    }

    #[test]
    fn a_choice_is_of_a_template_and_says_accept_or_reject() {
        let chosen = |list: &str| {
            format!(
                "<MsgType>event</MsgType><Event>subscribe_msg_popup_event</Event><SubscribeMsgPopupEvent>{list}</SubscribeMsgPopupEvent>"
            )
        };
        let said =
            |word: &str| format!("<List><TemplateId>T1</TemplateId><SubscribeStatusString>{word}</SubscribeStatusString></List>");
        assert!(matches!(event(body(&chosen(&said("accept")))).unwrap().what, What::Chose { .. }));
        assert_eq!(refused(&chosen(&said("later"))), "SubscribeStatusString");
        assert_eq!(refused(&chosen("<List><SubscribeStatusString>accept</SubscribeStatusString></List>")), "TemplateId");
        assert_eq!(refused(&chosen("")), "List");
    }

    /// What is not looked at is passed over, however deep it is and whatever stands in it.
    #[test]
    fn other_messages_and_deep_elements_are_passed_over() {
        let location = event(body("<MsgType>location</MsgType><MsgId>7</MsgId>")).unwrap();
        assert!(matches!(location.what, What::Other { word } if &*word == "location"));
        let deep = "<a><b><c><d>x&amp;y<e/><![CDATA[z]]></d></c></b></a>";
        let read = event(body(&format!("{deep}<MsgType>event</MsgType><Event>subscribe</Event>"))).unwrap();
        assert_eq!(read.what, What::Follow { scene: None });
    }
}

#[cfg(feature = "json")]
mod journals {
    use std::collections::BTreeMap;

    use ringfence::edges::journal::{effect_from_json, parse_line};
    use ringfence::edges::replay::{Options, ReplayError, Replayer, replay};
    use ringfence::{Keyring, Timestamp};

    use super::json::{Json, write};

    const HEADER: &str = r#"{"header":{"policy":{},"format":1}}"#;

    /// An effect of which only the outside is right.
    #[test]
    fn an_effect_of_any_kind_is_refused_when_what_is_in_it_is_wrong() {
        for kind in [
            "dial",
            "answer",
            "reject",
            "play",
            "join",
            "hang_up",
            "send",
            "audit",
            "archive",
            "erase",
            "record",
            "transcribe",
            "archive_voice_message",
        ] {
            let wrong = format!(r#"{{"sequence":5,"{kind}":7}}"#);
            assert!(effect_from_json(&wrong).is_err(), "{kind}");
        }
        assert!(effect_from_json(r#"{"sequence":"five","join":{"bridge":1,"leg":1}}"#).is_err());
    }

    #[test]
    fn a_line_says_one_thing_at_one_instant() {
        for line in [
            r#"{"input":{"resync":{"legs":[]}}}"#,
            r#"{"at":"2026-11-21T10:00:00Z","dedup":{"source":"maap","key":"1"},"advance":{"budget":1}}"#,
            r#"{"dedup":{"source":"maap","key":"1"},"restart":{}}"#,
            r#"{"header":{"policy":{},"keyring":7,"format":1}}"#,
            r#"{"header":{"policy":{},"keyring":{"k1":},"format":1}}"#,
            r#"{"header":{"policy":{},"keyring":[7],"format":1}}"#,
            r#"{"header":{"policy":{},"test_keys":{"k1":"abc"},"format":1}}"#,
            r#"{"header":{"policy":{},"test_keys":{"k1":"zz"},"format":1}}"#,
            r#"{"header":{"policy":{},"test_keys":{"k1":7},"format":1}}"#,
        ] {
            assert!(parse_line(line).is_err(), "{line}");
        }
    }

    fn wrong_line(text: &str) -> usize {
        match replay(text, Options::default()) {
            Err(ReplayError::Malformed { line, .. }) => line,
            other => panic!("{text}: {other:?}"),
        }
    }

    /// A journal that was kept with a key cannot be replayed without it, and says so where the key is needed.
    #[test]
    fn a_journal_needs_the_keys_that_it_was_kept_with() {
        let rotate = r#"{"at":"2026-11-21T10:00:00Z","input":{"rotate_key":{"id":"k1"}}}"#;
        let kept = format!("{}\n{rotate}\n", r#"{"header":{"policy":{},"keyring":["k1"],"format":1}}"#);
        assert_eq!(wrong_line(&kept), 2);
        let mut keyring = Keyring::new();
        keyring.load("k1", &[7; 16]).unwrap();
        let mut replayer = Replayer::with_keyring(Options::default(), keyring);
        assert!(replayer.platform().is_none(), "before the header");
        for (number, line) in (1..).zip(kept.lines()) {
            replayer.feed(number, line).unwrap();
        }
        let platform = replayer.platform().expect("after the header");
        assert_eq!((platform.key(), platform.latest()), (Some("k1"), Timestamp::parse("2026-11-21T10:00:00Z").unwrap()));
        // Without the key it was refused when the journal was kept, and so it is again.
        let never = format!("{HEADER}\n{rotate}\n");
        assert!(replay(&never, Options::default()).is_ok());
        let short = r#"{"header":{"policy":{},"test_keys":{"k1":"0102"},"format":1}}"#;
        assert_eq!(wrong_line(short), 1, "a key has a least length");
    }

    #[test]
    fn a_tree_of_json_is_written_as_any_other_writer_writes_it() {
        let text = r#"{"a":[null,true,7,-7,"x"],"b":{"c":{}}}"#;
        let tree: Json = serde_json::from_str(text).unwrap();
        assert_eq!((write(&tree), serde_json::to_string(&tree).unwrap()), (text.to_owned(), text.to_owned()));
        assert_eq!(tree.field("b").and_then(|b| b.field("c")), Some(&Json::Object(Vec::new())));
        assert_eq!((tree.field("d"), Json::Null.field("a"), Json::List(Vec::new()).field("a")), (None, None, None));
    }

    #[derive(serde::Serialize)]
    struct Unit;

    #[derive(serde::Serialize)]
    struct New(i8);

    #[derive(serde::Serialize)]
    struct Two(i16, i32);

    #[derive(serde::Serialize)]
    enum Kind {
        Bare(f32),
    }

    struct Raw;

    impl serde::Serialize for Raw {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(&[1, 2])
        }
    }

    struct Failing;

    impl serde::Serialize for Failing {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("it will not be written"))
        }
    }

    #[derive(serde::Serialize)]
    struct Holder<T> {
        it: T,
    }

    /// What the form has no room for makes the whole value `null`, wherever it stands.
    #[test]
    fn a_value_without_a_form_is_null() {
        assert_eq!((write(&Unit), write(&New(-1)), write(&Two(-2, 3))), ("null".into(), "-1".into(), "[-2,3]".into()));
        assert_eq!((write(&1.5_f32), write(&Kind::Bare(1.5)), write(&Raw), write(&Failing)), four_nulls());
        assert_eq!((write(&Holder { it: Raw }), write(&Some(Raw)), write(&vec![Raw]), write(&(1, Failing))), four_nulls());
        assert_eq!(write(&BTreeMap::from([(vec![1], 1)])), "null", "a key is a text or a number");
    }

    fn four_nulls() -> (String, String, String, String) {
        let null = || "null".to_owned();
        (null(), null(), null(), null())
    }
}
