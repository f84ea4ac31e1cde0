//! The line format: what is read, what is written, and what a wrong line is told.
#![cfg(feature = "json")]

use proptest::prelude::*;
use ringfence::edges::journal::{
    Expectation, Header, Line, LineError, effect_from_json, effect_to_json, input_from_json, input_to_json, parse_line,
    refusal_from_json, refusal_to_json, reply_from_json, reply_to_json, write_line,
};
use ringfence::edges::json::{Json, write};
use ringfence::edges::replay::{Options, ReplayError, Replayer, replay};
use ringfence::values::policy::Policy;
use ringfence::values::reply::Reply;
use ringfence::values::time::{Timestamp, Zone};

/// One line of every form, as it is written.
const LINES: [&str; 10] = [
    r#"{"at":"2026-11-21T10:00:00Z","input":{"book":{"user":"rcs:+8613800000001","page":10,"offering":1,"window":{"start":"2026-11-21T10:00:00Z","end":"2026-11-21T12:00:00Z"},"name":"张三","share":false,"attachments":[{"media":501,"kind":"picture","share":true}]}}}"#,
    r#"{"at":"2026-11-20T01:00:00Z","input":{"publish_page":{"page":10,"merchant":1,"offerings":{"1":"车险","2":"寿险"},"windows":[],"hours":[{"label":"non_working","rule":{"days":["sat","sun"],"from":"18:00","to":"20:00"}}],"descriptions":{}}}}"#,
    r#"{"at":"2026-11-21T09:59:59.999999Z","input":{"request_call":{"line":"95511","target":{"reservation":1}}}}"#,
    r#"{"at":"2026-11-21T10:00:00Z","input":{"request_call":{"line":"95511","target":{"number":"+8617000000001"}}}}"#,
    r#"{"at":"2026-11-21T10:00:00Z","advance":{"budget":10}}"#,
    r#"{"confirm":7}"#,
    r#"{"restart":{}}"#,
    r#"{"expect":{"reply":"done"}}"#,
    r#"{"expect":{"refusal":{"code":"unknown","object":"page","id":9}}}"#,
    r#"{"expect":{"effects":[{"sequence":5,"dial":{"leg":2,"retry_at":null}},{}]}}"#,
];

/// One effect of every kind, as it is written.
const EFFECTS: [&str; 22] = [
    r#"{"sequence":5,"dial":{"leg":2,"call":1,"party":"user","to":"+8613800000001","from":"95511","ring_timeout_ms":45000,"ring_until":"2026-11-21T10:05:45Z","not_after":"2026-11-21T12:00:00Z","reason":{"reservation":1,"merchant_name":"商户1","offering_name":"车险","window":{"start":"2026-11-21T10:00:00Z","end":"2026-11-21T12:00:00Z"},"zone":"Asia/Shanghai"},"bearer":"volte"}}"#,
    r#"{"sequence":6,"answer":{"leg":1,"not_after":"2026-11-21T10:05:18Z"}}"#,
    r#"{"sequence":7,"reject":{"leg":1,"cause":"user_busy","sip_status":486,"q850_cause":17}}"#,
    r#"{"sequence":8,"play":{"leg":1,"prompt":"connecting_user","not_after":"2026-11-21T12:00:00Z"}}"#,
    r#"{"sequence":9,"join":{"bridge":1,"leg":1}}"#,
    r#"{"sequence":10,"hang_up":{"leg":1,"cause":"normal","q850_cause":16}}"#,
    r#"{"sequence":11,"hang_up":{"leg":1,"cause":"user_busy","q850_cause":17,"prompt":"user_unreachable"}}"#,
    r#"{"sequence":12,"send":{"message":1,"to":"rcs:+8613800000001","content":{"booking_page":{"page":10,"version":1,"merchant":1,"merchant_name":"商户1","offerings":{"2":"寿险","10":"车险"},"windows":[],"hours":[],"zone":"Asia/Shanghai","descriptions":{},"days":{"2026-10-01":"closed","2026-10-10":{"as":"wed"}},"actions":["search"]}}}}"#,
    r#"{"sequence":13,"send":{"message":2,"to":"sip:1065000000@chatbot.example","content":{"reservation":{"reservation":1,"revision":1,"page":10,"offering":1,"offering_name":"车险","number":"+8613*********","line":"95511","window":{"start":"2026-11-21T10:00:00Z","end":"2026-11-21T12:00:00Z"},"zone":"Asia/Shanghai","media":[{"media":501,"kind":"picture"}]}}}}"#,
    r#"{"sequence":14,"send":{"message":3,"to":"sip:1065000000@chatbot.example","content":{"mode_options":{"reservation":1,"options":["merchant_calls","platform_calls"],"on_silence":"merchant_calls"}}}}"#,
    r#"{"sequence":15,"audit":{"number":3,"at":"2026-11-21T10:05:00Z","record":{"judged":{"leg":1,"target":{"reservation":1},"reservation":1,"revision":1,"rule":{"permitted":{"window":{"start":"2026-11-21T10:00:00Z","end":"2026-11-21T12:00:00Z"},"mode":"merchant_calls"}}}},"digest":"abababababababababababababababababababababababababababababababab"}}"#,
    r#"{"sequence":16,"audit":{"number":3,"at":"2026-11-21T10:05:00Z","record":{"judged":{"leg":1,"target":{"reservation":9},"rule":{"denied":"not_recognized"}}},"digest":"abababababababababababababababababababababababababababababababab"}}"#,
    r#"{"sequence":17,"audit":{"number":4,"at":"2026-11-21T10:05:00Z","record":{"judged":{"leg":1,"target":{"number":"+8617000000001"},"reservation":1,"revision":1,"rule":{"denied":"before_window"}}},"digest":"abababababababababababababababababababababababababababababababab"}}"#,
    r#"{"sequence":18,"audit":{"number":5,"at":"2026-11-21T10:05:00Z","record":{"judged":{"leg":1,"target":"unknown_number","rule":{"denied":"not_recognized"}}},"digest":"abababababababababababababababababababababababababababababababab"}}"#,
    r#"{"sequence":17,"audit":{"number":3,"at":"2026-11-21T10:05:00Z","record":{"leg_lost":{"leg":1,"call":1}},"digest":"abababababababababababababababababababababababababababababababab"}}"#,
    r#"{"sequence":18,"archive":{"reservation":1,"merchant":1,"revision":1,"outcome":{"missed":"not_called"},"closed_at":"2026-11-21T12:00:00Z","page":10,"offering":1,"window":{"start":"2026-11-21T10:00:00Z","end":"2026-11-21T12:00:00Z"},"zone":"Asia/Shanghai","mode":"merchant_calls","booked_at":"2026-11-21T09:00:00Z","attempts":1,"merchant_failures":0,"platform_failures":0,"conversations":0}}"#,
    r#"{"sequence":19,"erase":{"reservations":[1],"media":[501],"voice_messages":[2]}}"#,
    r#"{"sequence":20,"record":{"leg":1,"voice_message":1,"reason":"powered_off","seconds_max":60,"silence_s":5,"not_after":"2026-11-21T10:00:10Z"}}"#,
    r#"{"sequence":21,"transcribe":{"voice_message":1,"media":70}}"#,
    r#"{"sequence":22,"send":{"message":4,"to":"wechat:oIBUkuN1zZh","content":{"voice_message":{"voice_message":1,"number":"+8613800000001","caller":"95511","merchant_name":"商户1","at":"2026-11-21T10:00:00Z","seconds":23,"is_cut":false}}}}"#,
    r#"{"sequence":23,"audit":{"number":6,"at":"2026-11-21T10:05:00Z","record":{"failed_call":{"leg":1,"reason":"busy","confidence":"high","ruling":{"not_offered":{"why":"unbound"}}}},"digest":"abababababababababababababababababababababababababababababababab"}}"#,
    r#"{"sequence":24,"archive_voice_message":{"voice_message":1,"binding":1,"outcome":{"undeliverable":"holder_changed"},"told":"untellable","at":"2026-11-21T10:00:00Z","stored_at":"2026-11-21T10:00:30Z","ended_at":"2026-11-21T10:05:00Z","seconds":23,"attempts":1}}"#,
];

fn fault(line: &str) -> LineError {
    parse_line(line).expect_err(line)
}

#[test]
fn every_form_is_written_as_it_was_read() {
    for line in LINES {
        assert_eq!(write_line(&parse_line(line).unwrap()), line);
    }
}

#[test]
fn every_effect_is_written_as_it_was_read() {
    for effect in EFFECTS {
        assert_eq!(effect_to_json(&effect_from_json(effect).unwrap()), effect);
    }
}

#[test]
fn an_effect_is_read_in_any_order_of_its_fields() {
    let effect = effect_from_json(r#"{"join":{"leg":1,"bridge":2},"sequence":9}"#).unwrap();
    assert_eq!(effect_to_json(&effect), r#"{"sequence":9,"join":{"bridge":2,"leg":1}}"#);
    for wrong in [
        r#"{"sequence":9}"#,
        r#"{"join":{"leg":1,"bridge":2}}"#,
        r#"{"sequence":9,"sequence":9,"join":{"leg":1,"bridge":2}}"#,
        r#"{"sequence":9,"join":{"leg":1,"bridge":2},"join":{"leg":1,"bridge":2}}"#,
    ] {
        assert_eq!(effect_from_json(wrong).unwrap_err().allowed.as_deref(), Some("`sequence` once and one action"));
    }
}

#[test]
fn replies_and_refusals_are_written_as_they_were_read() {
    for reply in [
        r#""done""#,
        r#""no_op""#,
        r#"{"published":{"version":1}}"#,
        r#"{"booked":{"reservation":1,"state":"awaiting_mode"}}"#,
        r#"{"allow":{"leg":1,"call":1}}"#,
        r#"{"deny":{"leg":1,"reason":"window_over"}}"#,
        r#"{"deny":{"leg":1,"reason":"before_window","retry_at":"2026-11-21T10:00:00Z"}}"#,
    ] {
        assert_eq!(reply_to_json(&reply_from_json(reply).unwrap()), reply);
    }
    for refusal in [
        r#"{"code":"unknown","object":"page","id":9}"#,
        r#"{"code":"wrong_state","reservation":1,"state":"closed","legal":["awaiting_mode","open"]}"#,
        r#"{"code":"invalid","field":"lines","allowed":"at_least_one"}"#,
        r#"{"code":"not_the_chatbot"}"#,
        r#"{"code":"mode_by_platform"}"#,
        r#"{"code":"window_not_offered","nearest":[]}"#,
        r#"{"code":"window_not_offered","nearest":[{"start":"2026-11-21T10:00:00Z","end":"2026-11-21T12:00:00Z"}]}"#,
        r#"{"code":"overlap"}"#,
        r#"{"code":"limit","bound":"push","most":1000}"#,
    ] {
        assert_eq!(refusal_to_json(&refusal_from_json(refusal).unwrap()), refusal);
    }
    assert_eq!(reply_to_json(&Reply::NoOp), r#""no_op""#);
}

#[test]
fn times_are_read_with_any_offset_and_written_in_utc() {
    let line = parse_line(r#"{"advance":{"budget":10},"at":"2026-11-21T18:00:00.25+08:00"}"#).unwrap();
    assert_eq!(write_line(&line), r#"{"at":"2026-11-21T10:00:00.250000Z","advance":{"budget":10}}"#);
    assert_eq!(line, Line::Advance { at: Timestamp::parse("2026-11-21T10:00:00.25Z").unwrap(), budget: 10 });
}

#[test]
fn a_header_has_defaults_for_all_but_its_format() {
    let short = parse_line(r#"{"header":{"format":1}}"#).unwrap();
    let policy = Policy::default();
    assert_eq!(
        short,
        Line::Header(Header { format: 1, policy, keyring: Vec::new(), test_keys: [].into(), tzdb: None, shard: 0 })
    );
    // Written in full, so that another version's defaults change nothing.
    let full = write_line(&short);
    assert!(full.starts_with(r#"{"header":{"format":1,"policy":{"ring_timeout_s":45,"min_ring_s":0,"#), "{full}");
    assert!(full.contains(r#""clock_leap_max_s":0,"#), "{full}");
    let numbers = r#""pushed_pages_max":1000,"number_rest_s":2592000,"numbers_low":10,"numbers_max":1000000,"code_digits":6,"#;
    assert!(full.contains(numbers), "{full}");
    assert!(
        full.ends_with(
            r#""rings_per_day_max":0,"group_size_max":20,"attachments_max":10,"profiles_remembered":true,"profiles_max":10000000,"profile_life_s":31536000,"pages_per_merchant_max":1000,"search_candidates_max":1000,"wrong_codes_per_day_max":20,"actions_in":"result","bearer":"volte","reminder_before_s":0,"fallback":["sms","email"],"fallback_wait_s":3600,"messages_max":1000000,"accounts_max":100000000,"bindings_per_account_max":10,"bindings_max":100000000,"unfollowed_max_s":15552000,"divert_on":["busy","powered_off","out_of_service_area","suspended"],"record_max_s":60,"record_silence_s":5,"record_min_s":2,"record_grace_s":30,"failed_calls_max":100000,"voice_messages_max":10000000,"voice_messages_per_callee_max":20,"voice_message_life_s":604800,"push_timeout_s":60,"push_backoff_s":30,"push_attempts_max":5,"transcription":"never","transcribe_timeout_s":60,"transcript_chars_max":2000,"voice_by_sms":true,"called_zones":[],"group_members_max":200},"keyring":[]}}"#
        ),
        "{full}"
    );
    assert_eq!(parse_line(&full).unwrap(), short);
    let made = Header::new(Policy::default());
    assert_eq!(made.tzdb.as_deref(), Some(Zone::tzdb_version()));
    assert_eq!(parse_line(&write_line(&Line::Header(made.clone()))), Ok(Line::Header(made)));
}

#[test]
fn a_keyring_holds_ids_and_never_a_key() {
    for line in
        [r#"{"header":{"format":1,"keyring":["k1","k2"]}}"#, r#"{"header":{"format":1,"keyring":{"k1":"secret","k2":{}}}}"#]
    {
        let Line::Header(header) = parse_line(line).unwrap() else { panic!("{line}") };
        assert_eq!(header.keyring, ["k1", "k2"]);
        assert!(!write_line(&Line::Header(header)).contains("secret"));
    }
}

#[test]
fn a_scenario_may_carry_keys_that_everybody_knows() {
    let key = "6b6579206f6620736978746565";
    let line = format!(r#"{{"header":{{"format":1,"keyring":["k1"],"test_keys":{{"k1":"{key}"}}}}}}"#);
    let Line::Header(header) = parse_line(&line).unwrap() else { panic!("{line}") };
    assert_eq!(header.test_keys["k1"].0, b"key of sixtee");
    assert!(write_line(&Line::Header(header)).contains(&format!(r#""test_keys":{{"k1":"{key}"}}"#)));
    for wrong in ["6b6", "6g"] {
        let error = parse_line(&line.replace(key, wrong)).unwrap_err();
        assert_eq!(error.allowed.as_deref(), Some("an even number of hexadecimal digits"));
    }
}

#[test]
fn a_wrong_line_is_told_where_what_and_what_is_allowed() {
    let mut faults = Vec::new();
    for (line, column, wrong, allowed) in [
        ("", 1, "the line is empty", Some("one JSON object a line")),
        ("   ", 4, "the line is empty", Some("one JSON object a line")),
        ("[", 1, "invalid type: sequence", None),
        ("{}", 2, "an object that says nothing", None),
        ("x", 1, "another character", Some("value")),
        (r#"{"confirm":7} x"#, 15, "more text after the object", Some("nothing")),
        (r#"{"confirm":"7"}"#, 14, "invalid type: string \"…\"", Some("u64")),
        (r#"{"confirm":-7}"#, 13, "invalid value: integer `-7`", Some("u64")),
        (
            r#"{"confrim":7}"#,
            10,
            "unknown field `confrim`",
            Some("one of `header`, `at`, `dedup`, `input`, `advance`, `confirm`, `restart`, `expect`"),
        ),
        (r#"{"confirm":7,"restart":{}}"#, 22, "one field too many", None),
        (r#"{"at":"2026-11-21T10:00:00Z","confirm":7}"#, 41, "a needless `at`", Some("only beside `input` and `advance`")),
        (r#"{"at":"2026-11-21T10:00:00Z"}"#, 29, "an object that says nothing", None),
        (r#"{"advance":{"budget":1}}"#, 24, "no `at`", Some("it beside `input` and `advance`")),
        (r#"{"at":"2026-11-21T10:00:00","advance":{"budget":1}}"#, 27, "the text ends after 19 characters", None),
        (r#"{"at":"2026-13-21T10:00:00Z","advance":{"budget":1}}"#, 28, "the month is 13", Some("1 to 12")),
        (r#"{"restart":{"now":1}}"#, 17, "unknown field `now`", Some("no fields")),
        (r#"{"expect":{"relpy":"done"}}"#, 18, "unknown variant `relpy`", Some("one of `reply`, `refusal`, `effects`")),
        (r#"{"expect":{"effects":{}}}"#, 21, "invalid type: map", Some("a sequence")),
        (r#"{"expect":{"effects":[{"a":1.5}]}}"#, 30, "invalid type: floating point `1.5`", None),
        (r#"{"expect":{"reply":{"a":1,"a":2}}}"#, 29, "duplicate field `a`", Some("every field once")),
        (r#"{"header":{"format":2}}"#, 22, "format 2", Some("1")),
        (r#"{"header":{}}"#, 12, "missing field `format`", None),
        (r#"{"header":{"format":1,"policy":{"ring_time_s":4}}}"#, 45, "unknown field `ring_time_s`", None),
        (r#"{"at":"2026-11-21T10:00:00Z","input":{"dance":{}}}"#, 45, "unknown variant `dance`", None),
        (
            r#"{"at":"2026-11-21T10:00:00Z","input":{"cancel":{"user":"rcs:+8613800000001"}}}"#,
            76,
            "missing field `reservation`",
            None,
        ),
        (
            r#"{"at":"2026-11-21T10:00:00Z","input":{"cancel":{"user":"张三","reservation":1}}}"#,
            59,
            "an address begins with rcs:, sms:, mms:, mailto:, sip: or wechat:",
            None,
        ),
    ] {
        let error = fault(line);
        let is_right = error.wrong.starts_with(wrong)
            && error.column == column
            && (allowed.is_none() || error.allowed.as_deref() == allowed)
            && error.to_string().starts_with(&format!("column {column}: "));
        if !is_right {
            faults.push(format!("{line}\n    {error}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn columns_count_characters_not_bytes() {
    assert_eq!(fault(r#"{"expect":{"reply":{"姓名":"张三"}},"x":1}"#).column, 35);
    assert_eq!(fault(r#"{"expect":{"reply":{"姓名":"张三"}"#).column, 31);
}

#[test]
fn a_line_cut_anywhere_ends_one_column_too_early() {
    for line in LINES {
        let length = line.chars().count();
        for cut in 1..length {
            let short: String = line.chars().take(cut).collect();
            let error = fault(&short);
            assert_eq!(error.column, cut + 1, "{short}: {error}");
            assert!(error.wrong.starts_with("the line ends inside "), "{short}: {error}");
        }
    }
}

#[test]
fn a_line_break_is_part_of_no_line_but_may_end_one() {
    assert_eq!(parse_line("{\"confirm\":7}\n"), Ok(Line::Confirm(7)));
    assert_eq!(parse_line("{\"confirm\":7}\r\n"), Ok(Line::Confirm(7)));
    let error = fault("{\"confirm\":\n7}");
    assert_eq!((error.column, error.wrong.as_str()), (12, "a line break"));
}

#[test]
fn expectations_keep_the_order_in_which_they_were_written() {
    let line = r#"{"expect":{"effects":[{"send":{"to":"x","content":{"b":1,"a":2}},"sequence":1}]}}"#;
    let parsed = parse_line(line).unwrap();
    assert!(matches!(&parsed, Line::Expect(Expectation::Effects(effects)) if effects.len() == 1));
    assert_eq!(write_line(&parsed), line);
}

const HEADER: &str = r#"{"header":{"format":1,"policy":{}}}"#;

#[test]
fn the_header_stands_first_and_once() {
    let mut replayer = Replayer::new(Options::default());
    let error = replayer.feed(1, r#"{"confirm":0}"#).unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 1: a line before the header; allowed: the header");
    assert_eq!(error.exit_code(), 2);

    let error = replay(&format!("{HEADER}\n{HEADER}"), Options::default()).unwrap_err();
    assert_eq!(error.to_string(), "line 2, column 2: a second header; allowed: one, as the first line");
    assert_eq!(replay("", Options::default()).unwrap_err().exit_code(), 2);
    assert_eq!(replay(HEADER, Options::default()), Ok(Vec::new()));
}

#[test]
fn a_header_that_cannot_be_had_names_the_field() {
    let error = replay(r#"{"header":{"format":1,"policy":{"ring_timeout_s":0}}}"#, Options::default()).unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 33: policy field ring_timeout_s is 0; allowed: 1 to 600");
    let old = r#"{"header":{"format":1,"tzdb":"1999a"}}"#;
    let error = replay(old, Options::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "line 1, column 23: the journal was kept with tz database 1999a; allowed: {}, which this library has",
            Zone::tzdb_version()
        )
    );
    assert_eq!(replay(old, Options { any_tzdb: true, ..Options::default() }), Ok(Vec::new()));
}

#[test]
fn an_unknown_id_is_a_refusal_in_the_journal_too() {
    let text = format!(
        "{HEADER}\n{}\n{}",
        r#"{"at":"2026-11-21T10:00:00Z","input":{"push_page":{"page":9,"to":["rcs:+8613800000001"]}}}"#,
        r#"{"expect":{"reply":"done"}}"#
    );
    let error = replay(&text, Options::default()).unwrap_err();
    assert_eq!(error.to_string(), r#"line 3: reply: expected "done", got the refusal {"code":"unknown","object":"page","id":9}"#);
    assert_eq!((error.exit_code(), error.line()), (1, 3));
}

#[test]
fn an_answer_is_expected_of_what_was_asked_only() {
    for before in [r#"{"at":"2026-11-21T10:00:00Z","advance":{"budget":10}}"#, r#"{"confirm":0}"#, r#"{"restart":{}}"#] {
        let text = format!("{HEADER}\n{before}\n{}", r#"{"expect":{"reply":"done"}}"#);
        assert_eq!(
            replay(&text, Options::default()).unwrap_err().to_string(),
            r#"line 3: reply: expected "done", got nothing: the line before was not answered"#
        );
    }
}

#[test]
fn a_confirm_of_what_was_never_emitted_is_refused() {
    let text = format!("{HEADER}\n{}\n{}", r#"{"confirm":3}"#, r#"{"expect":{"refusal":{"code":"not_emitted","last":0}}}"#);
    let outputs = replay(&text, Options::default()).unwrap();
    let lines: Vec<String> = outputs.iter().map(|(number, output)| format!("{number} {}", output.to_line())).collect();
    assert_eq!(lines, [r#"2 {"expect":{"refusal":{"code":"not_emitted","sequence":3,"last":0}}}"#]);
}

#[test]
fn ids_carry_the_shard_of_the_header() {
    let text = [
        r#"{"header":{"format":1,"shard":2}}"#,
        r#"{"at":"2026-11-20T10:00:00Z","input":{"request_call":{"line":"95511","target":{"reservation":1}}}}"#,
        r#"{"expect":{"reply":{"deny":{"leg":562949953421313,"reason":"not_recognized"}}}}"#,
        r#"{"restart":{}}"#,
        r#"{"at":"2026-11-20T10:00:00Z","input":{"request_call":{"line":"95511","target":{"reservation":1}}}}"#,
        r#"{"expect":{"reply":{"deny":{"leg":562949953421314}}}}"#,
    ];
    assert_eq!(replay(&text.join("\n"), Options::default()).err(), None);
}

#[test]
fn a_mismatch_names_the_line_the_path_and_both_sides() {
    let text = [
        HEADER,
        r#"{"at":"2026-11-20T10:00:00Z","input":{"request_call":{"line":"95511","target":{"reservation":1}}}}"#,
        r#"{"expect":{"effects":[{"audit":{}},{"reject":{"leg":1,"sip_status":486}}]}}"#,
    ];
    assert_eq!(
        replay(&text.join("\n"), Options::default()),
        Err(ReplayError::Mismatch {
            line: 3,
            path: "effects[1].reject.sip_status".to_owned(),
            expected: "486".to_owned(),
            actual: "403".to_owned(),
        })
    );
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<u64>().prop_map(Json::Unsigned),
        (i64::MIN..0).prop_map(Json::Negative),
        any::<String>().prop_map(Json::Text),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::List),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|fields| Json::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_document_survives_being_written_and_read(document in json()) {
        let line = Line::Expect(Expectation::Reply(document));
        let text = write_line(&line);
        prop_assert_eq!(parse_line(&text), Ok(line.clone()));
        let escaped: serde_json::Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(parse_line(&escaped.to_string()).is_ok(), true);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        let _ = parse_line(&text);
        let _ = effect_from_json(&text);
    }

    #[test]
    fn no_damage_to_a_line_makes_the_reader_panic(index in 0..LINES.len(), at in any::<prop::sample::Index>(), put in any::<char>()) {
        let mut characters: Vec<char> = LINES[index].chars().collect();
        let at = at.index(characters.len());
        characters[at] = put;
        let damaged: String = characters.into_iter().collect();
        match parse_line(&damaged) {
            // Damage inside a string may leave a line that says something else; it is canonical again when written.
            Ok(line) => prop_assert_eq!(parse_line(&write_line(&line)), Ok(line)),
            Err(error) => prop_assert!((1..=damaged.chars().count() + 1).contains(&error.column), "{}: {}", damaged, error),
        }
    }

    #[test]
    fn every_instant_survives_a_line(micros in Timestamp::MIN.as_micros()..=Timestamp::MAX.as_micros(), budget in any::<u32>()) {
        let line = Line::Advance { at: Timestamp::from_micros(micros).unwrap(), budget };
        prop_assert_eq!(parse_line(&write_line(&line)), Ok(line));
    }
}

#[test]
fn an_input_alone_is_written_as_it_stands_in_its_line() {
    let Line::Input { input, .. } = parse_line(LINES[0]).unwrap() else { panic!("an input is needed") };
    let text = input_to_json(&input);
    assert!(LINES[0].contains(&text), "{text}");
    assert_eq!(input_from_json(&text), Ok(input.clone()));
    assert_eq!(write(&input), text);
}
