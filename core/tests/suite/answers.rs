//! What an operator and a host are answered: how things stand, what went wrong and by which number, and what `{:?}` keeps to itself.

use std::collections::BTreeSet;

use crate::common::{MERCHANT, PAGE, at, booked, booking, evening, line, number, user, world};
use ringfence::books::keyring::{KEY_BYTES_MIN, KeyError};
use ringfence::values::id::MediaId;
use ringfence::values::input::{BlockTarget, Scope};
use ringfence::values::refusal::{Allowed, Bound, Family, Field, Object};
use ringfence::values::status::{LawStatus, LineStatus, MerchantPool, NumberStatus, PoolStatus};
use ringfence::{
    AccountId, Address, CallMode, ChallengeId, Keyring, MerchantId, PageId, Policy, PolicyError, Refusal, Reply, ReservationId,
    RestoreError, VoiceMessageId,
};

/// Every refusal, with the number that it was given.
fn refusals() -> Vec<(u32, Refusal)> {
    let (reservation, page, merchant) = (ReservationId::new(7), PageId::new(8), MerchantId::new(9));
    let voice_message = VoiceMessageId::new(5);
    let state = ringfence::values::reply::ReservationState::Closed;
    vec![
        (100, Refusal::Unknown { object: Object::Page, id: 8 }),
        (101, Refusal::Gone { object: Object::Leg, id: 3 }),
        (102, Refusal::WrongState { reservation, state, legal: Vec::new() }),
        (103, Refusal::Invalid { field: Field::Lines, allowed: Allowed::NotEmpty }),
        (104, Refusal::LineTaken { index: 1 }),
        (105, Refusal::LineInUse { index: 1, reservations: 2, calls: 3 }),
        (106, Refusal::ChannelsInUse { index: 1, live: 2 }),
        (107, Refusal::NotEmitted { sequence: 9, last: 8 }),
        (108, Refusal::RepeatDiffers),
        (109, Refusal::EmptyKey),
        (110, Refusal::InvalidPolicy { field: "ring_timeout_s".into(), given: 0, least: 1, most: 2 }),
        (111, Refusal::ClockLeap { latest: at("18:00:00"), most_s: 60 }),
        (120, Refusal::Ending { reservation }),
        (130, Refusal::LineIsContact { index: 1 }),
        (131, Refusal::ChatbotInUse { pages: 2 }),
        (132, Refusal::MediaInUse { media: MediaId::new(4) }),
        (145, Refusal::NoCode { reservation }),
        (146, Refusal::KeyNotLoaded { id: "k1".into() }),
        (147, Refusal::NoKey),
        (148, Refusal::NotRequested),
        (150, Refusal::NotDelivered { voice_message }),
        (155, Refusal::NumberInUse { index: 1 }),
        (200, Refusal::NotTheChatbot),
        (201, Refusal::WindowOver { end: at("18:00:00"), nearest: vec![evening()] }),
        (202, Refusal::WindowNotOffered { nearest: Vec::new() }),
        (203, Refusal::Overlap { reservation: Some(reservation) }),
        (204, Refusal::ModeByPlatform),
        (205, Refusal::WrongCodeLimit { most: 3, retry_at: at("18:00:00") }),
        (206, Refusal::LastConversation { reservation }),
        (207, Refusal::NotPlatformMode { reservation }),
        (208, Refusal::SlotOutside { window: evening() }),
        (209, Refusal::SlotOver { end: at("18:00:00") }),
        (210, Refusal::PageWithdrawn { page }),
        (211, Refusal::NoPage { merchant }),
        (220, Refusal::Blocked),
        (225, Refusal::CodeLimit { most: 3, retry_at: at("18:00:00") }),
        (230, Refusal::PlatformCallsOnly { reservation }),
        (240, Refusal::NotFollowing),
        (241, Refusal::NoCaller { voice_message }),
        (280, Refusal::SharingNotOffered { page }),
        (290, Refusal::DoNotCall),
        (291, Refusal::OutsideHours { callable: Some(evening()) }),
        (300, Refusal::Limit { bound: Bound::Outbox, most: 10 }),
    ]
}

/// The errors of policies, keys and snapshots have their numbers in the same numbering.
fn errors() -> Vec<u32> {
    let id = || "k1".into();
    let policy = PolicyError { field: "ring_timeout_s", given: 0, least: 1, most: 2 };
    let keys = [KeyError::TooShort { bytes: 3 }, KeyError::Taken { id: id() }, KeyError::InUse { id: id() }];
    let snapshots = [
        RestoreError::NotASnapshot,
        RestoreError::Format { found: 9 },
        RestoreError::Checksum,
        RestoreError::Content { what: "ids come twice".into() },
        RestoreError::KeyMissing { id: id() },
    ];
    assert_eq!(RestoreError::Length { expected: 30, found: 29 }.code(), RestoreError::Checksum.code(), "both are damaged");
    assert_eq!(policy.code(), 110, "as `invalid_policy`, which says the same of an input");
    keys.iter().map(KeyError::code).chain(snapshots.iter().map(RestoreError::code)).collect()
}

#[test]
fn no_two_things_that_go_wrong_have_one_number() {
    for (code, refusal) in refusals() {
        assert_eq!(refusal.code(), code, "{refusal}");
        let family = match code {
            0..=199 => Family::Misuse,
            200..=299 => Family::Refused,
            300.. => Family::Limit,
        };
        assert_eq!(refusal.family(), family, "{refusal}");
    }
    let refused: Vec<u32> = refusals().iter().map(|(code, _)| *code).collect();
    let all: Vec<u32> = refused.into_iter().chain(errors()).collect();
    let different: BTreeSet<u32> = all.iter().copied().collect();
    assert_eq!(different.len(), all.len(), "{all:?}");
}

#[test]
fn every_word_of_a_refusal_is_its_own_and_a_field_of_the_policy_is_one() {
    let objects = [
        Object::Merchant,
        Object::Line,
        Object::Page,
        Object::Offering,
        Object::Reservation,
        Object::Call,
        Object::Leg,
        Object::Challenge,
        Object::Calendar,
        Object::VoiceMessage,
    ];
    let words: BTreeSet<String> = objects.iter().map(|object| format!("{object}")).collect();
    assert_eq!(words.len(), objects.len());
    let fields = [
        Field::Lines,
        Field::Channels,
        Field::Chatbot,
        Field::Name,
        Field::Offerings,
        Field::Windows,
        Field::To,
        Field::User,
        Field::Contact,
        Field::Evidence,
        Field::Numbers,
        Field::Id,
        Field::Descriptions,
        Field::By,
        Field::Why,
        Field::GroupSizeMax,
        Field::Attachments,
        Field::Email,
        Field::ResultBy,
        Field::Number,
    ];
    let allowed = [
        Allowed::AtLeastOne,
        Allowed::NoRepeats,
        Allowed::OfTheSender,
        Allowed::NotEmpty,
        Allowed::ChatbotAddress,
        Allowed::UserAddress,
        Allowed::NeededWithoutNumber,
        Allowed::NotALine,
        Allowed::RegisteredLine,
        Allowed::KnownCauses,
        Allowed::NotAVirtualNumber,
        Allowed::SubscriberNumber,
        Allowed::OfferingOfThePage,
        Allowed::SetOrErased,
        Allowed::Mailbox,
        Allowed::NumberOfTheSender,
    ];
    let mut told = BTreeSet::new();
    for field in fields {
        for allowed in allowed {
            told.insert(Refusal::Invalid { field, allowed }.to_string());
        }
    }
    assert_eq!(told.len(), fields.len() * allowed.len(), "each says which field, and what is allowed");

    let bounds = [
        Bound::Merchants,
        Bound::LinesPerMerchant,
        Bound::Pages,
        Bound::PageEntries,
        Bound::Reservations,
        Bound::ReservationsPerNumber,
        Bound::Push,
        Bound::Outbox,
        Bound::TextChars,
        Bound::BookAhead,
        Bound::Dedup,
        Bound::Channels,
        Bound::PushedPages,
        Bound::PagesPerMerchant,
        Bound::Numbers,
        Bound::ChallengesPerNumber,
        Bound::Codes,
        Bound::ReservationsPerSender,
        Bound::Calendars,
        Bound::CalendarDays,
        Bound::BlocksPerUser,
        Bound::Blocks,
        Bound::Revisions,
        Bound::Freezes,
        Bound::DoNotCall,
        Bound::DoNotCallImport,
        Bound::GroupSize,
        Bound::Attachments,
        Bound::Accounts,
        Bound::BindingsPerAccount,
        Bound::Bindings,
        Bound::FailedCalls,
    ];
    // What `{:?}` of the policy shows are the names of its fields.
    let policy = format!("{:?}", Policy::default());
    let mut fields = BTreeSet::new();
    for bound in bounds {
        let refusal = Refusal::Limit { bound, most: 7 }.to_string();
        assert!(refusal.contains(bound.field()), "{refusal}");
        assert!(policy.contains(&format!(" {}: ", bound.field())), "{} is no field of the policy", bound.field());
        fields.insert(bound.field());
    }
    assert_eq!(fields.len(), bounds.len());
}

#[test]
fn a_key_that_is_too_short_or_whose_id_is_taken_is_not_loaded() {
    let mut keyring = Keyring::new();
    let key = [7_u8; KEY_BYTES_MIN];
    let short = &key[1..];
    assert_eq!(keyring.load("k1", short), Err(KeyError::TooShort { bytes: KEY_BYTES_MIN - 1 }));
    assert!(!keyring.has("k1"));
    assert_eq!(keyring.load("k1", &key), Ok(()));
    assert_eq!(keyring.load("k1", &key), Ok(()), "the same key again");
    assert_eq!(keyring.load("k1", &[8_u8; KEY_BYTES_MIN]), Err(KeyError::Taken { id: "k1".into() }));
    assert_eq!(keyring.ids().collect::<Vec<_>>(), ["k1"]);
}

#[test]
fn an_operator_sees_merchants_pages_lines_and_who_waits() {
    let mut platform = world(Policy::default(), 2);
    let first = booked(&mut platform, 1, CallMode::PlatformCalls);
    let second = booked(&mut platform, 2, CallMode::PlatformCalls);
    assert_eq!((platform.merchants(), platform.pages()), (vec![MERCHANT], vec![PAGE]));
    assert_eq!(platform.merchant(MERCHANT).map(|merchant| merchant.lines.len()), Some(1));
    assert_eq!(platform.merchant(MerchantId::new(2)), None);
    assert_eq!(platform.page(PAGE).map(|page| page.merchant), Some(MERCHANT));
    let waiting = LineStatus { merchant: MERCHANT, channels: 2, live_calls: 0, waiting: vec![first, second] };
    let opened = {
        let mut later = platform.clone();
        // Fires the two openings, and nothing more.
        later.advance(at("18:00:00"), 2);
        later.line_status(line())
    };
    assert_eq!(opened, Some(waiting.clone()));
    platform.advance(at("18:00:00"), 100);
    assert_eq!(platform.line_status(line()), Some(LineStatus { live_calls: 2, waiting: Vec::new(), ..waiting }));
    assert_eq!(platform.line_status(number("95512")), None);
    platform.withdraw_page(at("18:00:01"), MERCHANT, PAGE, None).unwrap();
    assert_eq!((platform.pages(), platform.page(PAGE)), (Vec::new(), None));
}

#[test]
fn an_operator_sees_what_is_barred_and_since_when_it_is_not() {
    let mut platform = world(Policy::default(), 1);
    let phone = number("+8613800000001");
    let open = LawStatus { frozen: Vec::new(), listed: 0 };
    assert_eq!(platform.law_status(), open);
    assert_eq!(platform.number_status(phone), NumberStatus { number: phone, is_listed: false, is_frozen: false });
    for scope in [Scope::Number(phone), Scope::Merchant(MERCHANT), Scope::Platform] {
        assert_eq!(platform.freeze(at("09:00:00"), scope, "值班", "投诉"), Ok(Reply::Done));
    }
    platform.import_do_not_call(at("09:00:00"), vec![phone, number("+8613800000002")], Vec::new()).unwrap();
    let frozen = vec![Scope::Platform, Scope::Merchant(MERCHANT), Scope::Number(phone)];
    assert_eq!(platform.law_status(), LawStatus { frozen: frozen.clone(), listed: 2 });
    assert_eq!(platform.number_status(phone), NumberStatus { number: phone, is_listed: true, is_frozen: true });
    for scope in frozen {
        assert_eq!(platform.thaw(at("09:00:01"), scope, "值班", "解除"), Ok(Reply::Done));
        assert_eq!(platform.thaw(at("09:00:01"), scope, "值班", "解除"), Ok(Reply::NoOp));
    }
    assert_eq!(platform.law_status(), LawStatus { frozen: Vec::new(), listed: 2 });
}

#[test]
fn an_operator_sees_what_each_merchant_has_of_the_pool() {
    let mut platform = world(Policy { number_rest_s: 60, ..Policy::default() }, 1);
    assert_eq!(platform.pool_status(), PoolStatus { numbers: 0, merchants: Vec::new() });
    let pool = (1..=3).map(|last| number(&format!("+8617000000{last:03}"))).collect();
    platform.import_numbers(at("09:00:00"), pool).unwrap();
    let first = booked(&mut platform, 1, CallMode::MerchantCalls);
    booked(&mut platform, 2, CallMode::MerchantCalls);
    let of = |leased, resting, left| PoolStatus {
        numbers: 3,
        merchants: vec![MerchantPool { merchant: MERCHANT, leased, resting, left }],
    };
    assert_eq!(platform.pool_status(), of(2, 0, 1));
    platform.cancel(at("09:10:00"), user(1), first).unwrap();
    assert_eq!(platform.pool_status(), of(1, 1, 1));
    // From the end of its rest on, the number is a new user's to get.
    platform.advance(at("09:11:00"), 100);
    assert_eq!(platform.pool_status(), of(1, 0, 2));
}

/// Whose code is out, and until when: the code itself is in no getter.
#[test]
fn a_code_that_is_out_is_known_by_its_challenge() {
    let mut platform = world(Policy::default(), 1);
    platform.load_key("k1", &[7; KEY_BYTES_MIN]).unwrap();
    platform.rotate_key(at("09:00:00"), "k1").unwrap();
    let book = ringfence::values::input::Book { contact: Some(number("+8613800000009")), ..booking(1) };
    platform.book(at("09:05:00"), book).unwrap();
    let challenge = ChallengeId::new(1);
    let out = platform.challenge(challenge).expect("it is out").clone();
    assert_eq!((out.id, out.until), (challenge, at("09:05:00").saturating_add_s(u64::from(Policy::default().code_life_s))));
    assert_eq!(platform.challenge(ChallengeId::new(2)), None);
    assert_eq!(platform.unload_key("k1"), Err(KeyError::InUse { id: "k1".into() }));
    platform.advance(out.until, 100);
    assert_eq!(platform.challenge(challenge), None);
}

/// A log of a program shows no number, mailbox or account of anybody.
#[test]
fn what_is_printed_for_a_developer_names_nobody() {
    let phone = number("+8613812345678");
    let account = AccountId::parse("oIBUkuN1zZh").unwrap();
    let mailbox = Address::parse("mailto:zhang@example.com").unwrap();
    let chatbot = Address::parse("sip:1065000000@chatbot.example").unwrap();
    let printed = [
        format!("{:?}", Address::Rcs(phone)),
        format!("{:?}", Address::Sms(phone)),
        format!("{:?}", Address::Mms(phone)),
        format!("{mailbox:?}"),
        format!("{:?}", Address::WeChat(account.clone())),
        format!("{chatbot:?}"),
        format!("{:?}", BlockTarget::Number(phone)),
        format!("{:?}", ringfence::values::person::Person::of(&mailbox).unwrap()),
        format!("{:?}", ringfence::values::person::Person::of(&Address::Sms(phone)).unwrap()),
        format!("{account:?}"),
    ];
    for text in &printed {
        for secret in ["12345678", "5678", "zhang", "oIBUkuN1zZh", "1065000000"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    assert_eq!(format!("{:?}", BlockTarget::Merchant(MERCHANT)), "Merchant(1)");
}

/// One holder writes by several channels; a chatbot and an account are told apart by their whole name.
#[test]
fn one_holder_is_known_by_his_number_mailbox_chatbot_or_account() {
    let address = |text: &str| Address::parse(text).unwrap();
    let ones = [
        [address("rcs:+8613800000001"), address("mms:+8613800000001")],
        [address("mailto:zhang@example.com"), address("mailto:zhang@EXAMPLE.com")],
        [address("sip:1065000000@chatbot.example"), address("sip:1065000000@chatbot.example")],
        [address("wechat:oIBUkuN1zZh"), address("wechat:oIBUkuN1zZh")],
    ];
    for (place, [one, same]) in ones.iter().enumerate() {
        assert!(one.is_same_holder(same) && same.is_same_holder(one), "{one:?}");
        for (_, [other, _]) in ones.iter().enumerate().filter(|(other, _)| *other != place) {
            assert!(!one.is_same_holder(other), "{one:?} {other:?}");
        }
    }
    assert!(!ones[2][0].is_same_holder(&address("sip:1065000001@chatbot.example")));
    assert!(!ones[3][0].is_same_holder(&address("wechat:oIBUkuN1zZi")));
    assert!(Address::parse("wechat:").is_err(), "an account has a name");
}
