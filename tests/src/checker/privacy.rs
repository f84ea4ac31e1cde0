//! P7, on the encoded bytes: no user's number reaches a merchant, no user's number or name another user.

use std::collections::BTreeSet;

use ringfence::values::effect::{Content, Dial, Send};
use ringfence::values::number::{Address, PhoneNumber};
use ringfence::values::text::{DIGIT_RUN_MIN, Text};

use super::books::Books;
use super::{Judged, Promise, numbers};

/// A message.
pub(super) fn send(books: &Books, send: &Send) -> Judged {
    let encoded = serde_json::to_string(&send.content).unwrap_or_default();
    match &send.to {
        Address::Chatbot(_) => to_merchant(books, send, &encoded),
        // What goes to an account, and which number stands in it, is judged exactly.
        Address::WeChat(_) => Ok(()),
        Address::Rcs(_) | Address::Sms(_) | Address::Mms(_) | Address::Email(_) => to_user(books, send, &encoded),
    }
}

/// The dial of a merchant's own phone: what is shown on it is addressed to him.
pub(super) fn merchant_dial(books: &Books, dial: &Dial) -> Judged {
    let encoded = serde_json::to_string(dial).unwrap_or_default();
    match books
        .numbers
        .keys()
        .find(|number| shows(&encoded, **number) && !is_line(books, **number) && !books.pool.contains(number))
    {
        None => Ok(()),
        Some(_) => Err((Promise::P7, format!("leg {} to a merchant shows a user's number", dial.leg))),
    }
}

/// The dial of a user's phone: what is shown on it is addressed to him.
pub(super) fn user_dial(books: &Books, dial: &Dial) -> Judged {
    let encoded = serde_json::to_string(&(dial.from, &dial.reason)).unwrap_or_default();
    let own = books.reservations.get(&dial.reason.reservation);
    let is_others = |number: &PhoneNumber| *number != dial.to && !is_line(books, *number);
    if books.numbers.keys().any(|number| is_others(number) && shows(&encoded, *number)) {
        return Err((Promise::P7, format!("leg {} to a user shows another user's number", dial.leg)));
    }
    let merchants_own = |name: &str| {
        let texts = books.merchants.values().flat_map(|merchant| &merchant.texts);
        texts.chain(books.offerings()).any(|text| text.contains(name))
    };
    let others_name = |(name, givers): (&Text, &BTreeSet<Address>)| {
        let said = name.chars().count() >= 2 && encoded.contains(&json_inside(name));
        said && own.is_none_or(|own| !givers.contains(&own.sender)) && !merchants_own(name)
    };
    match books.names.iter().any(others_name) {
        false => Ok(()),
        true => Err((Promise::P7, format!("leg {} to a user shows another user's name", dial.leg))),
    }
}

fn to_merchant(books: &Books, send: &Send, encoded: &str) -> Judged {
    let broken = |what: &str| Err((Promise::P7, format!("message {} to a merchant {what}", send.message)));
    let numbers = books.numbers.keys().chain(&books.voice_messages.numbers);
    if numbers.into_iter().any(|number| !books.pool.contains(number) && shows(encoded, *number) && !is_line(books, *number)) {
        return broken("holds a user's number");
    }
    let free_text = match &send.content {
        Content::Reservation(content) | Content::Amended(content) => {
            if !is_masked(&content.number.to_string()) {
                return broken("shows too much of a number");
            }
            numbers::told(books, content)?;
            books.media.told(content)?;
            content.name.as_ref().map(|name| name.as_str())
        }
        Content::ModeOptions(_)
        | Content::CancelledForMerchant(_)
        | Content::MissedForMerchant(_)
        | Content::OnHold(_)
        | Content::SlotOver(_) => None,
        Content::VoiceMessageUndeliveredForMerchant(note) | Content::CallBackRequestedForMerchant(note) => {
            if !is_masked(&note.number.to_string()) {
                return broken("shows too much of a number");
            }
            None
        }
        Content::BookingPage(_)
        | Content::Result(_)
        | Content::ContactUnconfirmed(_)
        | Content::Cancelled(_)
        | Content::Missed(_)
        | Content::Declined(_)
        | Content::ManagePage(_)
        | Content::Reminder(_)
        | Content::SearchEntry(_)
        | Content::SearchResults(_)
        | Content::Challenge(_)
        | Content::BindingChallenge(_)
        | Content::BindingChanged(_)
        | Content::VoiceMessage(_)
        | Content::VoiceMessageUndelivered(_)
        | Content::CallBackRequested(_)
        | Content::ContactNotConfirmed(_) => {
            return broken("is one that only users get");
        }
    };
    match free_text {
        Some(text) if longest_run(text) >= DIGIT_RUN_MIN => broken("holds a run of seven digits or more in free text"),
        Some(_) | None => Ok(()),
    }
}

fn to_user(books: &Books, send: &Send, encoded: &str) -> Judged {
    let broken = |what: &str| Err((Promise::P7, format!("message {} to a user {what}", send.message)));
    // Whose number that is, and that it may be shown, is judged exactly where voice messages are.
    if matches!(send.content, Content::VoiceMessage(_)) {
        return Ok(());
    }
    let others_number = |(number, givers): (&PhoneNumber, &BTreeSet<Address>)| {
        !givers.contains(&send.to) && send.to.number() != Some(*number) && !is_line(books, *number) && shows(encoded, *number)
    };
    if books.numbers.iter().any(others_number) {
        return broken("holds another user's number");
    }
    if matches!(
        send.content,
        Content::Reservation(_)
            | Content::ModeOptions(_)
            | Content::CancelledForMerchant(_)
            | Content::MissedForMerchant(_)
            | Content::Amended(_)
            | Content::OnHold(_)
            | Content::SlotOver(_)
            | Content::VoiceMessageUndeliveredForMerchant(_)
            | Content::CallBackRequestedForMerchant(_)
    ) {
        return broken("is one that only merchants get");
    }
    // What the merchant wrote himself may hold any name, his own contact's above all.
    let merchants_own = |name: &str| {
        let texts = books.merchants.values().flat_map(|merchant| &merchant.texts);
        texts.chain(books.offerings()).any(|text| text.contains(name))
    };
    let others_name = |(name, givers): (&Text, &BTreeSet<Address>)| {
        let said = name.chars().count() >= 2 && encoded.contains(&json_inside(name));
        said && !givers.contains(&send.to) && !merchants_own(name)
    };
    if books.names.iter().any(others_name) { broken("holds another user's name") } else { Ok(()) }
}

/// A text as it stands between the quotes of a JSON string.
fn json_inside(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    quoted.trim_matches('"').to_owned()
}

/// Whether the bytes show this number, in full or without a country code of one to three digits.
///
/// Numbers with fewer than seven digits (service numbers such as 95511) are no secret, and any clock shows their digits.
fn shows(encoded: &str, number: PhoneNumber) -> bool {
    let dialable = number.dialable();
    let digits = dialable.trim_start_matches('+');
    let country_codes = if number.is_international() { 0..=3 } else { 0..=0 };
    country_codes.filter_map(|skip| digits.get(skip..)).any(|tail| tail.len() >= DIGIT_RUN_MIN && encoded.contains(tail))
}

pub(super) fn is_line(books: &Books, number: PhoneNumber) -> bool {
    books.merchant_of_line(number).is_some()
}

/// At least two thirds of the digits of a masked number are stars.
fn is_masked(number: &str) -> bool {
    let shown = number.chars().filter(char::is_ascii_digit).count();
    let hidden = number.chars().filter(|c| *c == '*').count();
    hidden >= 2 * shown
}

/// The longest run of digits in a text as people read it: in any script, and over whatever they put inside a number (spaces,
/// dashes, dots, slashes, brackets, middle dots, characters without a width).
fn longest_run(text: &str) -> usize {
    const INSIDE: &str = "-.–—－/()（）·・\u{ad}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{2060}\u{feff}";
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        if c.is_numeric() || "零〇一二三四五六七八九幺".contains(c) {
            run += 1;
            longest = longest.max(run);
        } else if !c.is_whitespace() && !INSIDE.contains(c) {
            run = 0;
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::parse(text).expect("a number")
    }

    #[test]
    fn a_number_shows_with_and_without_its_country_code() {
        let user = number("+8613800000001");
        for shown in ["+8613800000001", "8613800000001", "13800000001", "call 13800000001 now"] {
            assert!(shows(shown, user), "{shown}");
        }
        for hidden in ["+8613*********", "138", "2026-11-21T18:00:00+08:00", "0000001"] {
            assert!(!shows(hidden, user), "{hidden}");
        }
        assert!(!shows("95511", number("95511")), "a service number is no secret");
    }

    #[test]
    fn a_run_is_read_as_people_read_it() {
        for (text, run) in [
            ("张三", 1),
            ("138-0000-0001", 11),
            ("138 0000 0001", 11),
            ("１３８００００", 7),
            ("一三八零零零零", 7),
            ("2号楼18层", 2),
            ("1a2b3", 1),
        ] {
            assert_eq!(longest_run(text), run, "{text}");
        }
    }

    #[test]
    fn a_masked_number_hides_two_thirds() {
        assert!(is_masked("+8613*********"));
        assert!(is_masked("9****"));
        assert!(!is_masked("+86138000*****"));
    }
}
