//! What an announcement says, from its transcript.
//!
//! Mobile networks in China tell the caller in words, in Chinese and then in English, what the release cause does not: 您拨打的电话已关机 ... A host that transcribes early
//! media hands the words to [`classify`] and the result to the platform, as evidence. The phrases are those of the three carriers and of
//! their English versions; what else is said around them does not matter.
//!
//! A transcript is a machine's: blanks, punctuation, fillers (呃, uh) and stutters stand anywhere, and traditional characters (關機) count as simplified ones. What is denied
//! (未关机, not powered off), what is only supposed (如果对方关机), and what is said of the caller's own number (您的电话已欠费) is not said of the callee.

use alloc::string::String;
use alloc::vec::Vec;

use crate::values::evidence::Announcement;

/// The longest transcript that is looked at, in characters; what follows is left out. An announcement is over in half a minute, which is some two hundred.
pub const TRANSCRIPT_CHARS_MAX: usize = 4_096;

/// The phrases, in lower case, in simplified characters and without blanks in Chinese. Of two where one contains the other, the longer stands first: what it covers is
/// not looked at again.
const PHRASES: [(&[Announcement], &[&str]); 12] = [
    (
        &[Announcement::OutOfServiceArea],
        &[
            "不在服务区",
            "未在服务区",
            "不在通信服务区",
            "不在网络服务区",
            "不在网络覆盖",
            "不在覆盖区",
            "超出服务区",
            "out of the service area",
            "out of service area",
            "not in the service area",
            "not within the service area",
            "not in service area",
            "outside the service area",
            "out of the coverage",
            "out of coverage",
            "outside the coverage",
        ],
    ),
    (
        &[Announcement::NetworkBusy],
        &[
            "线路正忙",
            "线路忙",
            "线路繁忙",
            "网络正忙",
            "网络忙",
            "网络繁忙",
            "系统忙",
            "系统繁忙",
            "network is busy",
            "network busy",
            "circuits are busy",
            "lines are busy",
        ],
    ),
    (
        &[Announcement::PoweredOff],
        &[
            "关机",
            "未开机",
            "没有开机",
            "没开机",
            "关闭手机",
            "手机已关闭",
            "powered off",
            "power off",
            "switched off",
            "turned off",
        ],
    ),
    (
        &[Announcement::InvalidNumber],
        &[
            "空号",
            "注销",
            "未注册",
            "号码不存在",
            "号码有误",
            "号码错误",
            "不存在",
            "未启用",
            "does not exist",
            "doesn't exist",
            "not exist",
            "no longer in service",
            "not in service",
            "no longer in use",
            "not in use",
            "invalid number",
            "number is invalid",
            "not been assigned",
            "not assigned",
            "unassigned",
        ],
    ),
    (
        &[Announcement::Suspended],
        &["停机", "欠费", "暂停服务", "暂停使用", "停止服务", "out of service", "suspended", "in arrears"],
    ),
    // Carriers play it for a phone that nobody takes up, and for one whose holder declined.
    (
        &[Announcement::NoAnswer, Announcement::Rejected],
        &[
            "无法接听",
            "不能接听",
            "不方便接听",
            "不便接听",
            "unable to answer",
            "can't take your call",
            "cannot take your call",
            "can not take your call",
            "unable to take your call",
            "cannot answer",
            "can not answer",
            "can't answer",
        ],
    ),
    (
        &[Announcement::CannotBeReached],
        &[
            "无法接通",
            "不能接通",
            "未能接通",
            "无法连接",
            "cannot be reached",
            "can not be reached",
            "can't be reached",
            "cannot be connected",
            "can not be connected",
            "can't be connected",
            "not reachable",
            "not available",
            "unreachable",
            "temporarily unavailable",
        ],
    ),
    (
        &[Announcement::NoAnswer],
        &[
            "无人接听",
            "没有人接听",
            "没人接听",
            "无人应答",
            "没有应答",
            "未应答",
            "无应答",
            "no answer",
            "not answered",
            "does not answer",
            "doesn't answer",
            "is not answering",
            "isn't answering",
            "no one answers",
            "nobody answers",
        ],
    ),
    (
        &[Announcement::Barred],
        &[
            "呼入限制",
            "限制呼入",
            "限制呼叫",
            "呼叫限制",
            "被限制",
            "无权拨打",
            "incoming calls are barred",
            "call is barred",
            "calls are restricted",
            "call is restricted",
        ],
    ),
    (&[Announcement::Rejected], &["拒接", "拒绝接听", "拒绝", "declined", "rejected", "not accepting calls"]),
    // A line of whom, it does not say.
    (&[Announcement::Busy, Announcement::NetworkBusy], &["line is busy"]),
    (
        &[Announcement::Busy],
        &[
            "正在通话中",
            "通话中",
            "正在通话",
            "用户忙",
            "正忙",
            "占线",
            "is busy",
            "busy now",
            "on another call",
            "on the phone",
            "engaged",
            "in a call",
            "line busy",
        ],
    ),
];

/// Traditional characters in the phrases and around them, with the simplified ones.
const TRADITIONAL: [(char, char); 48] = [
    ('關', '关'),
    ('機', '机'),
    ('務', '务'),
    ('區', '区'),
    ('號', '号'),
    ('碼', '码'),
    ('無', '无'),
    ('話', '话'),
    ('線', '线'),
    ('網', '网'),
    ('絡', '络'),
    ('統', '统'),
    ('戶', '户'),
    ('撥', '拨'),
    ('電', '电'),
    ('暫', '暂'),
    ('時', '时'),
    ('聽', '听'),
    ('應', '应'),
    ('絕', '绝'),
    ('佔', '占'),
    ('費', '费'),
    ('誤', '误'),
    ('錯', '错'),
    ('權', '权'),
    ('連', '连'),
    ('蓋', '盖'),
    ('圍', '围'),
    ('啟', '启'),
    ('啓', '启'),
    ('沒', '没'),
    ('並', '并'),
    ('會', '会'),
    ('將', '将'),
    ('過', '过'),
    ('開', '开'),
    ('對', '对'),
    ('處', '处'),
    ('於', '于'),
    ('經', '经'),
    ('請', '请'),
    ('還', '还'),
    ('裡', '里'),
    ('裏', '里'),
    ('門', '门'),
    ('樣', '样'),
    ('萬', '万'),
    ('們', '们'),
];

/// Sounds of somebody who thinks, in a transcript: they stand in no phrase.
const FILLERS: [char; 9] = ['呃', '嗯', '额', '啊', '哦', '噢', '诶', '哎', '唉'];
const FILLER_WORDS: [&str; 7] = ["uh", "um", "er", "erm", "hmm", "mm", "ah"];

/// What denies or only supposes what follows it.
const DENIED: [&str; 12] = ["未", "没有", "没", "不是", "并非", "绝非", "不会", "不要", "请勿", "切勿", "尚无", "从不"];
/// What may stand between a denial and what it denies.
const BETWEEN: [&str; 15] =
    ["已经", "曾经", "正在", "处于", "办理", "因为", "已", "被", "在", "曾", "因", "是", "于", "有", "的"];
const SUPPOSED: [&str; 8] = ["如果", "如遇", "假如", "倘若", "若是", "若", "一旦", "万一"];
/// How far before a phrase a supposition still covers it, in characters: 如果您拨打的用户关机.
const SUPPOSED_CHARS: usize = 10;

const DENIED_WORDS: [&str; 4] = ["not", "never", "without", "nor"];
const BETWEEN_WORDS: [&str; 14] = [
    "been",
    "being",
    "yet",
    "currently",
    "now",
    "actually",
    "temporarily",
    "really",
    "already",
    "longer",
    "ever",
    "the",
    "a",
    "be",
];
const SUPPOSED_WORDS: [&str; 4] = ["if", "unless", "whether", "when"];
/// The same in English, in words: if the subscriber you dialed is powered off.
const SUPPOSED_WORDS_BEFORE: usize = 7;

/// The classes that the words of an announcement have, in their order and each once; none when nothing is recognized. Several when the words leave
/// it open (暂时无法接通或已关机).
///
/// # Examples
/// ```
/// use ringfence::edges::interop::announcement::classify;
/// use ringfence::values::evidence::Announcement;
///
/// let heard = "您好，您拨打的电话 已关机，请稍后再拨。Sorry, the subscriber you dialed is powered off.";
/// assert_eq!(classify(heard), [Announcement::PoweredOff]);
/// assert_eq!(classify("您撥打的電話暫時無法接通"), [Announcement::CannotBeReached]);
/// assert_eq!(classify("您拨打的电话未关机"), []);
/// assert_eq!(classify("请按一"), []);
/// ```
#[must_use]
pub fn classify(transcript: &str) -> Vec<Announcement> {
    let mut text = normalized(transcript);
    let mut found = Vec::new();
    for (classes, phrases) in PHRASES {
        for phrase in phrases {
            let (rest, is_said) = taken(&text, phrase, classes);
            if is_said {
                found.extend(classes);
            }
            text = rest;
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The text with `|` in place of each phrase, and whether the phrase is said there of the callee.
fn taken(text: &str, phrase: &str, classes: &[Announcement]) -> (String, bool) {
    let mut out = String::with_capacity(text.len());
    let mut is_said = false;
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(phrase) {
        out.push_str(before);
        if is_word(phrase, &out, after) {
            is_said |= !(is_denied(&out) || classes == [Announcement::Suspended] && is_of_caller(&out));
            out.push('|');
        } else {
            out.push_str(phrase);
        }
        rest = after;
    }
    out.push_str(rest);
    (out, is_said)
}

/// A Latin phrase is whole words; a Chinese one stands anywhere.
fn is_word(phrase: &str, before: &str, after: &str) -> bool {
    let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    !phrase.is_ascii() || !is_letter(before.chars().next_back()) && !is_letter(after.chars().next())
}

/// Whether what stands before a phrase takes it back.
fn is_denied(before: &str) -> bool {
    let before = before.trim_end();
    if before.chars().next_back().is_some_and(|c| c.is_ascii() && c != '|') {
        is_denied_in_english(before)
    } else {
        is_denied_in_chinese(before)
    }
}

fn is_denied_in_chinese(before: &str) -> bool {
    let mut rest = before;
    loop {
        if DENIED.iter().any(|word| rest.ends_with(word)) {
            return true;
        }
        match BETWEEN.iter().find_map(|word| rest.strip_suffix(word)) {
            Some(shorter) => rest = shorter,
            None => break,
        }
    }
    // Up to the last phrase that was taken: 如果 before it covers that one.
    let clause = before.rsplit('|').next().unwrap_or_default();
    let from = clause.char_indices().rev().nth(SUPPOSED_CHARS.saturating_sub(1)).map_or(0, |(at, _)| at);
    let near = clause.get(from..).unwrap_or_default();
    SUPPOSED.iter().any(|word| near.contains(word))
}

fn is_denied_in_english(before: &str) -> bool {
    let clause = before.rsplit('|').next().unwrap_or_default();
    let mut words = clause.rsplit([' ']).filter(|word| !word.is_empty());
    let last = words.by_ref().find(|word| !BETWEEN_WORDS.contains(word)).unwrap_or_default();
    let is_denial = DENIED_WORDS.contains(&last) || last.ends_with("n't") || last == "no" || last == "cannot";
    is_denial || clause.rsplit([' ']).take(SUPPOSED_WORDS_BEFORE).any(|word| SUPPOSED_WORDS.contains(&word))
}

/// Whether it is the caller whose number is spoken of: 您的电话, and not 您拨打的电话.
fn is_of_caller(before: &str) -> bool {
    let clause = before.rsplit('|').next().unwrap_or_default();
    let own =
        ["您的", "你的", "本机", "your phone", "your number", "your account"].iter().filter_map(|word| clause.rfind(word)).max();
    let callee = ["拨打的", "拨的", "呼叫的", "you dialed", "you dialled", "you have dialed", "you called"];
    let callee = callee.iter().filter_map(|word| clause.rfind(word)).max();
    own.is_some_and(|own| callee.is_none_or(|callee| callee < own))
}

/// The longest run of words or characters that counts as said twice.
const STUTTER_MAX: usize = 3;

/// Lower case, simplified characters, one blank between Latin words, none beside Chinese, no punctuation but apostrophes, no fillers, nothing said twice in a row.
fn normalized(transcript: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut latin = String::new();
    for c in transcript.chars().take(TRANSCRIPT_CHARS_MAX).map(halfwidth).flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() || c == '\'' {
            latin.push(c);
            continue;
        }
        said(&mut words, core::mem::take(&mut latin));
        if c.is_alphanumeric() && !FILLERS.contains(&c) {
            let c = TRADITIONAL.iter().find(|(traditional, _)| *traditional == c).map_or(c, |(_, simplified)| *simplified);
            said(&mut words, String::from(c));
        }
    }
    said(&mut words, latin);
    let mut out = String::with_capacity(transcript.len());
    for word in words {
        if word.is_ascii() && out.chars().next_back().is_some_and(|last| last.is_ascii()) {
            out.push(' ');
        }
        out.push_str(&word);
    }
    out
}

/// One more word, unless it is a filler or ends what was just said once more.
fn said(words: &mut Vec<String>, word: String) {
    if word.is_empty() || FILLER_WORDS.contains(&word.as_str()) {
        return;
    }
    words.push(word);
    for run in 1..=STUTTER_MAX {
        let Some((before, last)) = words.len().checked_sub(run).and_then(|at| words.split_at_checked(at)) else { return };
        if before.ends_with(last) {
            words.truncate(before.len());
            return;
        }
    }
}

/// Letters of full width as ASCII, and the typographic apostrophe as the plain one.
fn halfwidth(c: char) -> char {
    match c {
        '’' | '‘' | '＇' => '\'',
        '！'..='～' => u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c),
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use Announcement as A;

    #[test]
    fn the_announcements_of_the_carriers_are_recognized_in_both_languages() {
        for (heard, classes) in [
            ("您好，您拨打的电话已关机。", &[A::PoweredOff][..]),
            ("Sorry! The subscriber you dialed is power off.", &[A::PoweredOff]),
            ("您拨打的用户不在服务区，请稍后再拨", &[A::OutOfServiceArea]),
            ("The subscriber you dialed is not in the service area", &[A::OutOfServiceArea]),
            ("您拨打的用户已停机", &[A::Suspended]),
            ("您拨打的号码已暂停使用", &[A::Suspended]),
            ("您拨打的号码已被注销", &[A::InvalidNumber]),
            ("The number you have dialed is out of service.", &[A::Suspended]),
            ("您拨打的电话正在通话中，请稍后再拨", &[A::Busy]),
            ("Sorry, the subscriber you dialed is busy now, please redial later.", &[A::Busy]),
            ("您拨打的用户正忙", &[A::Busy]),
            ("您拨打的号码是空号，请核对后再拨", &[A::InvalidNumber]),
            ("The number you dialed does not exist, please check it and dial later", &[A::InvalidNumber]),
            ("您拨打的电话暂时无法接通", &[A::CannotBeReached]),
            ("the subscriber you dialed can not be connected for the moment", &[A::CannotBeReached]),
            ("您拨打的电话暂时无人接听", &[A::NoAnswer]),
            ("对不起，线路忙，请稍后再拨", &[A::NetworkBusy]),
            ("您呼叫的用户已呼入限制", &[A::Barred]),
            ("您拨打的用户拒接", &[A::Rejected]),
            ("您拨打的用户暂时无法接通或已关机", &[A::PoweredOff, A::CannotBeReached]),
            ("欢迎致电，请按一", &[]),
            ("", &[]),
        ] {
            assert_eq!(classify(heard), classes, "{heard}");
        }
    }

    #[test]
    fn blanks_punctuation_and_case_do_not_matter() {
        assert_eq!(classify("您拨打的 电话, 已 关 机"), [A::PoweredOff]);
        assert_eq!(classify("THE SUBSCRIBER YOU DIALED IS\nPOWERED-OFF"), [A::PoweredOff]);
        assert_eq!(classify("The subscriber can’t be reached"), [A::CannotBeReached]);
    }

    #[test]
    fn a_phrase_inside_a_longer_one_is_not_seen_twice() {
        assert_eq!(classify("out of service area"), [A::OutOfServiceArea]);
        assert_eq!(classify("线路正忙"), [A::NetworkBusy]);
        assert_eq!(classify("not in service area"), [A::OutOfServiceArea]);
    }

    #[test]
    fn traditional_characters_count_as_simplified_ones() {
        for (heard, classes) in [
            ("您撥打的電話已關機", &[A::PoweredOff][..]),
            ("您所撥打的用戶不在服務區", &[A::OutOfServiceArea]),
            ("您撥的號碼是空號", &[A::InvalidNumber]),
            ("您撥打的電話正在通話中", &[A::Busy]),
            ("電話暫時無法接通", &[A::CannotBeReached]),
            ("您撥打的用戶已停機", &[A::Suspended]),
            ("對方無人接聽", &[A::NoAnswer]),
            ("用戶拒絕接聽", &[A::Rejected]),
            ("線路繁忙", &[A::NetworkBusy]),
            ("沒有關機", &[]),
        ] {
            assert_eq!(classify(heard), classes, "{heard}");
        }
    }

    #[test]
    fn what_a_recognizer_adds_does_not_matter() {
        for (heard, classes) in [
            ("您 拨 打 的 电 话 已 关 机", &[A::PoweredOff][..]),
            ("呃 您拨打的电话 嗯 已 啊 关 呃 机", &[A::PoweredOff]),
            ("您您拨打的的电话已关关机", &[A::PoweredOff]),
            ("已关机。已关机。已关机。", &[A::PoweredOff]),
            ("不在 不在服务服务区", &[A::OutOfServiceArea]),
            ("the the subscriber is uh powered um powered off", &[A::PoweredOff]),
            ("the subscriber you dialed can not, can not be, be reached", &[A::CannotBeReached]),
            ("ＴＨＥ ＳＵＢＳＣＲＩＢＥＲ ＩＳ ＰＯＷＥＲ ＯＦＦ", &[A::PoweredOff]),
            ("关机sorry the subscriber is powered off关机", &[A::PoweredOff]),
        ] {
            assert_eq!(classify(heard), classes, "{heard}");
        }
    }

    #[test]
    fn what_is_denied_or_supposed_is_not_said() {
        for heard in [
            "电话未关机",
            "您拨打的电话没有关机",
            "您的朋友并没有被停机",
            "这个号码不是空号",
            "用户没有正在通话中",
            "请不要关机",
            "请勿关机",
            "如果您拨打的用户关机请留言",
            "若对方不在服务区请稍后再拨",
            "the subscriber is not powered off",
            "the phone isn't switched off",
            "the line has not been suspended",
            "the subscriber is not currently busy now",
            "if the subscriber you dialed is powered off, please leave a message",
            "the door is disengaged",
            "power office",
        ] {
            assert_eq!(classify(heard), [], "{heard}");
        }
        // What comes after a denial that stands elsewhere is said.
        assert_eq!(classify("没有人接听，您拨打的电话已关机"), [A::PoweredOff, A::NoAnswer]);
        assert_eq!(classify("您拨打的电话未关机，正在通话中"), [A::Busy]);
        assert_eq!(classify("不是空号，已停机"), [A::Suspended]);
        assert_eq!(classify("the number is not in service"), [A::InvalidNumber]);
        assert_eq!(classify("the phone is not off, it is busy now"), [A::Busy]);
    }

    #[test]
    fn a_suspended_caller_says_nothing_about_the_callee() {
        assert_eq!(classify("您的电话已欠费停机，请充值"), []);
        assert_eq!(classify("your account is suspended"), []);
        assert_eq!(classify("您拨打的电话已欠费停机"), [A::Suspended]);
        assert_eq!(classify("您好，您所呼叫的用户已停机"), [A::Suspended]);
        assert_eq!(classify("您的电话正在接通，您拨打的用户已停机"), [A::Suspended]);
    }

    #[test]
    fn words_that_leave_it_open_have_each_class() {
        assert_eq!(classify("您拨打的用户暂时无法接听"), [A::NoAnswer, A::Rejected]);
        assert_eq!(classify("sorry, the line is busy"), [A::Busy, A::NetworkBusy]);
        assert_eq!(classify("您拨打的用户已关机或不在服务区"), [A::PoweredOff, A::OutOfServiceArea]);
    }

    #[test]
    fn every_phrase_is_recognized_as_itself_and_is_in_its_normal_form() {
        for (classes, phrases) in PHRASES {
            for phrase in phrases {
                assert_eq!(normalized(phrase), *phrase);
                let found = classify(phrase);
                assert!(classes.iter().all(|class| found.contains(class)), "{phrase}: {found:?}");
                assert_eq!(found.len(), classes.len(), "{phrase}: {found:?}");
            }
        }
    }

    #[test]
    fn a_transcript_without_end_is_cut() {
        let long = ["说".repeat(3), "话".repeat(3)].concat().repeat(2_000);
        assert_eq!(classify(&[long.as_str(), "已关机"].concat()), []);
        assert_eq!(classify(&["已关机", long.as_str()].concat()), [A::PoweredOff]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics_and_each_class_comes_once(text in "(已关机|未|如果|不在服务区|is busy|not |n't|您的|停机|[a-z ,，|。']|\\PC){0,30}") {
            let found = classify(&text);
            proptest::prop_assert!(found.is_sorted_by(|one, next| one < next));
        }

        #[test]
        fn blanks_and_punctuation_anywhere_in_chinese_change_nothing(
            gaps in proptest::collection::vec(proptest::sample::select(vec!["", " ", "，", "。 ", "呃", "\n"]), 40),
        ) {
            for (heard, class) in [("您拨打的电话已关机", A::PoweredOff), ("您拨打的用户不在服务区", A::OutOfServiceArea), ("您撥打的號碼是空號", A::InvalidNumber)] {
                let noisy: String = heard.chars().zip(&gaps).flat_map(|(c, gap)| [String::from(c), String::from(*gap)]).collect();
                proptest::prop_assert_eq!(classify(&noisy), [class]);
            }
        }
    }
}
