//! Short texts: names, addresses, offerings.

use alloc::string::String;
use alloc::sync::Arc;
use core::borrow::Borrow;
use core::fmt;
use core::ops::Deref;

use serde::{Deserialize, Serialize};

/// A shared, unchangeable text. Cloning it allocates nothing. `Debug` shows how long it is and not what it says: it may be a name, an
/// address, or a number that somebody typed there, and logs are full of `{:?}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(Arc<str>);

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Arc::from(text))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Arc::from(text))
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} characters)", self.chars().count())
    }
}

/// A text that may stand before a merchant: every run of seven or more digits in it is replaced by stars.
///
/// A user types his number into the name or the note more often than one would think; promise P7 does not depend on
/// his care. Digits count in any script (`８６`, `٨`), and what is no letter (blanks, punctuation, symbols, marks, characters that nobody sees)
/// neither breaks a run nor saves it. A letter O that stands beside a digit, or by itself, is a zero. Meaningful
/// short numbers (a floor, an hour, `95511`) stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MaskedText(Text);

/// The most Chinese numerals at the end of a name that are taken for a part of it.
const NAME_NUMERALS_MAX: usize = 2;

/// The shortest run of digits that is taken for a phone number (promise P7).
pub const DIGIT_RUN_MIN: usize = 7;

impl MaskedText {
    /// Masks `text`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut out = String::with_capacity(text.len());
        let mut run = String::new();
        let mut digits = 0_usize;
        let mut before = None;
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            let is_zero = looks_like_zero(c) && stands_for_zero(before, rest.as_str());
            before = Some((c, is_zero));
            if is_digit(c) || is_zero {
                digits = digits.saturating_add(1);
                run.push(c);
            } else if digits > 0 && is_separator(c) {
                run.push(c);
            } else {
                flush(&mut out, &mut run, &mut digits);
                out.push(c);
            }
        }
        flush(&mut out, &mut run, &mut digits);
        Self(Text::from(out))
    }

    /// The masked text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Ends a run: short ones are kept as they are, long ones lose every digit. A first word of Chinese numerals is part of a name, as
/// in 张三, as long as what follows is long enough by itself.
fn flush(out: &mut String, run: &mut String, digits: &mut usize) {
    if *digits < DIGIT_RUN_MIN {
        out.push_str(run);
    } else {
        let (word, rest) = run.split_at(run.find(is_separator).unwrap_or(0));
        let rest_digits = rest.chars().filter(|c| stands_for_digit(*c)).count();
        let is_short = word.chars().count() <= NAME_NUMERALS_MAX;
        let keeps_word = is_short && word.chars().all(is_chinese_numeral) && rest_digits >= DIGIT_RUN_MIN;
        let (kept, masked) = if keeps_word { (word, rest) } else { ("", run.as_str()) };
        out.push_str(kept);
        out.extend(masked.chars().map(|c| if stands_for_digit(c) { '*' } else { c }));
    }
    run.clear();
    *digits = 0;
}

/// Letters that are typed for a zero: Latin, Greek, Cyrillic, full-width.
const fn looks_like_zero(c: char) -> bool {
    matches!(c, 'O' | 'o' | 'Ο' | 'ο' | 'О' | 'о' | 'Ｏ' | 'ｏ')
}

/// Whether a letter that looks like a zero is meant for one: it stands behind a digit or another such letter, or what stands before it is no letter, and the
/// letters of its kind that follow it are followed by none other.
fn stands_for_zero(before: Option<(char, bool)>, rest: &str) -> bool {
    match before {
        Some((c, is_zero)) if is_zero || is_digit(c) => true,
        Some((c, _)) if c.is_alphabetic() => false,
        Some(_) | None => rest.chars().find(|c| !looks_like_zero(*c)).is_none_or(|next| is_digit(next) || !next.is_alphabetic()),
    }
}

/// Whether `c` is a digit inside a run: a letter is in one only when it stands for a zero.
fn stands_for_digit(c: char) -> bool {
    is_digit(c) || looks_like_zero(c)
}

/// Whether people read `c` as a digit: any decimal or letter-like number, and the Chinese numerals used one by one.
fn is_digit(c: char) -> bool {
    c.is_numeric() || is_chinese_numeral(c)
}

fn is_chinese_numeral(c: char) -> bool {
    matches!(
        c,
        '零' | '〇'
            | '一'
            | '二'
            | '三'
            | '四'
            | '五'
            | '六'
            | '七'
            | '八'
            | '九'
            | '幺'
            | '两'
            | '壹'
            | '贰'
            | '叁'
            | '肆'
            | '伍'
            | '陆'
            | '柒'
            | '捌'
            | '玖'
            | '拾'
            // As they are read out over a bad line: 0, 7, 9.
            | '洞'
            | '拐'
            | '勾'
    )
}

/// Whether `c` may stand inside a number: everything that is no letter, and the letters that nobody sees. A list of separators would never be
/// whole, and a stray sign must not save a number.
fn is_separator(c: char) -> bool {
    // The Hangul fillers are letters to Unicode, and blank to people.
    !c.is_alphabetic() || matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_seven_digits_are_masked_however_they_are_written() {
        for (given, shown) in [
            ("张三 13800000001", "张三 ***********"),
            ("张三，一三八 0000 0001", "张三，*** **** ****"),
            ("一三八零零零零零零零一 0000000", "*********** *******"),
            ("138:0000:0001", "***:****:****"),
            ("138~0000|0001", "***~****|****"),
            ("壹叁捌零零零零零零零壹", "***********"),
            ("138-0000-0001", "***-****-****"),
            ("138 0000 0001 call me", "*** **** **** call me"),
            ("138OOOO0001", "***********"),
            ("138оооо0001 or so", "*********** or so"),
            ("138-OOOO-0001", "***-****-****"),
            ("138 OOOO 0001", "*** **** ****"),
            ("138.O.O.O.O.0001", "***.*.*.*.*.****"),
            ("O13800000001", "************"),
            ("Otto, room O8, 138 Oxford Road, oo-la-la", "Otto, room O8, 138 Oxford Road, oo-la-la"),
            ("１３８００００００００１", "************"),
            ("一三八零零零零零零零一", "***********"),
            (
                "1\u{200b}3\u{200b}8\u{200b}0\u{200b}0\u{200b}0\u{200b}0",
                "*\u{200b}*\u{200b}*\u{200b}*\u{200b}*\u{200b}*\u{200b}*",
            ),
        ] {
            assert_eq!(MaskedText::new(given).as_str(), shown);
        }
    }

    #[test]
    fn no_sign_between_the_digits_saves_a_number() {
        let signs = [
            '\u{34f}',
            '\u{61c}',
            '\u{180e}',
            '\u{206a}',
            '\u{1d173}',
            '\u{fff9}',
            '\u{e0020}',
            '\u{e0100}',
            '\u{fe00}',
            '\u{fe0e}',
            '\u{3164}',
            '\u{115f}',
            '\u{2800}',
            '\u{301}',
            '\u{20dd}',
            '／',
            '＿',
            '〜',
            '＝',
            '【',
            '「',
            '°',
            '→',
            '×',
            '¦',
            '｡',
            '﹣',
            '﹘',
            '＂',
            '😀',
        ];
        for sign in signs {
            let written: String = "13800000001".chars().flat_map(|digit| [digit, sign]).collect();
            assert!(!MaskedText::new(&written).as_str().contains(is_digit), "{sign:?} U+{:04X}", u32::from(sign));
        }
        assert_eq!(MaskedText::new("洞幺三八洞洞洞洞洞洞幺").as_str(), "***********");
    }

    proptest::proptest! {
        #[test]
        fn without_what_is_no_letter_no_run_of_seven_digits_is_left(text in "[0-9０-９一二三a-z张 \u{300}-\u{36f}\u{2000}-\u{206f}.,／-]{0,40}") {
            let shown: String = MaskedText::new(&text).as_str().chars().filter(|c| !is_separator(*c) || is_digit(*c)).collect();
            let longest = shown.split(|c| !is_digit(c)).map(|run| run.chars().count()).max().unwrap_or(0);
            proptest::prop_assert!(longest < DIGIT_RUN_MIN + NAME_NUMERALS_MAX, "{text:?} is shown as {shown:?}");
        }
    }

    #[test]
    fn short_numbers_stay() {
        for kept in ["95511", "2号楼 18层", "18点-20点", "张三", "", "123456"] {
            assert_eq!(MaskedText::new(kept).as_str(), kept);
        }
    }
}
