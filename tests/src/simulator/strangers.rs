//! The operator's hand, and hostile input: unknown ids, forged reports, oversized texts, keys that come again with another body, wrong codes.

use ringfence::values::code::Code;
use ringfence::values::evidence::{Evidence, ReasonHeader};
use ringfence::values::id::{LegId, MediaId, ReservationId, VoiceMessageId};
use ringfence::values::input::{
    Acknowledge, Amend, Book, CallDiverted, CallFailed, CallTarget, Cancel, ChooseMode, ChooseSlot, ConfirmBinding,
    ConfirmContact, Decline, Dedup, EffectFailed, Freeze, ImportDoNotCall, ImportNumbers, Input, LegAnswered, LegEnded,
    LegProgress, MerchantReady, MessageReported, MessageStatus, OpenMessage, PageOf, PlayFinished, PresetMode, PublishPage,
    PushPage, RecordFailed, Recorded, RegisterMerchant, RequestCall, RequestPage, RotateKey, Scope, Search, SetPolicy, Slot,
    Thaw, Transcribed, WithdrawPage,
};
use ringfence::values::number::Address;
use ringfence::values::policy::{CallMode, Policy};
use ringfence::values::text::Text;
use ringfence::values::time::Window;

use super::dice::Dice;
use super::running::Simulation;
use super::subject::Subject;
use super::tally::count;
use super::world;
use crate::checker::Violation;
use crate::trace::Doing;

/// A hostile input, and the chance that shapes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trick {
    kind: Kind,
    dice: u64,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    UnknownId,
    ForgedReport,
    Oversized,
    KeyAgain,
    WrongCode,
    Stranger,
    Beyond,
}

const KINDS: [(Kind, &str); 7] = [
    (Kind::UnknownId, "hostile: unknown id"),
    (Kind::ForgedReport, "hostile: forged report"),
    (Kind::Oversized, "hostile: oversized"),
    (Kind::KeyAgain, "hostile: key with another body"),
    (Kind::WrongCode, "hostile: wrong code"),
    (Kind::Stranger, "hostile: somebody else's"),
    (Kind::Beyond, "hostile: what was never given out"),
];

impl Trick {
    pub(super) fn any(dice: &mut Dice) -> Self {
        let (kind, _) = KINDS[dice.index(KINDS.len())];
        Self { kind, dice: dice.below(1 << 48) }
    }
}

fn long() -> Text {
    Text::from("一".repeat(5_000))
}

fn text(text: &str) -> Text {
    Text::from(text)
}

impl<S: Subject> Simulation<S> {
    /// A key that was taken comes again later, with another body.
    pub(super) fn remembers_key(&mut self, doing: &Doing) {
        if let Doing::Once { key, .. } = doing {
            self.last_key = Some(key.clone());
        }
    }

    /// The operator does something that operators do.
    pub(super) fn operates(&mut self, dice: u64) -> Result<(), Violation> {
        let [what, which, how, ..] = dice.to_le_bytes();
        let which = usize::from(which);
        let number = world::phone(which % world::USERS);
        let merchant = which % world::MERCHANTS;
        let scope = match how % 8 {
            0 => Scope::Platform,
            1..=3 => Scope::Merchant(world::merchant_id(merchant)),
            _ => Scope::Number(number),
        };
        let (by, why) = (text("operator"), text("投诉 13800001234"));
        let input = match what % 16 {
            0..=2 => Input::Freeze(Freeze { scope, by, why }),
            // What is frozen is thawed soon.
            3..=7 => match self.people.frozen.iter().next().copied() {
                Some(scope) => Input::Thaw(Thaw { scope, by, why }),
                None => Input::Thaw(Thaw { scope, by, why }),
            },
            8 => Input::ImportDoNotCall(ImportDoNotCall { add: vec![number], remove: Vec::new() }),
            9 | 10 => {
                let remove = (0..world::USERS).map(world::phone).collect();
                Input::ImportDoNotCall(ImportDoNotCall { add: Vec::new(), remove })
            }
            11 => Input::RotateKey(RotateKey { id: text(if how.is_multiple_of(2) { "k1" } else { "k2" }) }),
            12 => Input::SetPolicy(SetPolicy { policy: self.other_rules(how) }),
            13 => Input::WithdrawPage(WithdrawPage {
                merchant: world::merchant_id(merchant),
                page: world::page_id(merchant),
                chatbot: None,
            }),
            14 => {
                let page = world::page(merchant);
                let group_size_max = page.group_size_max.map(|size| size + u32::from(how % 2));
                Input::PublishPage(PublishPage { group_size_max, ..page })
            }
            _ => match how % 4 {
                0 => Input::PushPage(PushPage {
                    page: world::page_id(merchant),
                    to: (0..4).map(|other| world::address((which + other) % world::USERS)).collect(),
                }),
                1 => world::calendar(self.now),
                2 => Input::RegisterMerchant(world::register(merchant)),
                _ => {
                    Input::PresetMode(PresetMode { merchant: world::merchant_id(merchant), mode: Some(CallMode::PlatformCalls) })
                }
            },
        };
        let is_withdrawn = matches!(input, Input::WithdrawPage(_));
        self.hand_in(Doing::Input(input))?;
        if is_withdrawn {
            // Published anew at once: it is a new version.
            self.hand_in(Doing::Input(Input::PublishPage(world::page(merchant))))?;
        }
        Ok(())
    }

    /// Rules that may hold from now on, and those of the beginning again.
    fn other_rules(&self, how: u8) -> Policy {
        let first = world::policy(self.config.seed);
        match how % 6 {
            0 => Policy { min_ring_s: 25, ..first },
            1 => Policy { ring_timeout_s: 30, release_grace_s: 10, ..first },
            2 => Policy { attempts_max: 2, retry_spacing_s: 60, ..first },
            3 => Policy { code_tries_max: 1, codes_per_hour_max: 2, ..first },
            _ => first,
        }
    }

    /// A hostile input.
    pub(super) fn tricks(&mut self, trick: Trick) -> Result<(), Violation> {
        let name = KINDS.iter().find(|(kind, _)| *kind as usize == trick.kind as usize).map_or("", |(_, name)| name);
        count(&mut self.tally.faults, name);
        let dice = trick.dice;
        let which = usize::try_from(dice >> 8 & 0xff).unwrap_or(0);
        let unknown = 900_000_000 + (dice & 0xffff);
        let any = |of: usize| which.checked_rem(of).unwrap_or(0);
        let reservations: Vec<ReservationId> = self.known.keys().copied().collect();
        let reservation = reservations.get(any(reservations.len())).copied().unwrap_or(ReservationId::new(1));
        let user = world::address(which % world::USERS);
        let leg = self.legs.keys().nth(any(self.legs.len())).copied().unwrap_or(LegId::new(1));
        let stranger = Address::Sms(world::strange_number());
        let code = Code::parse("12345678").expect("digits");
        let forged = Evidence { sip_status: Some(999), q850_cause: Some(200), ..Evidence::default() };
        let doing = match trick.kind {
            Kind::UnknownId => Doing::Input(unknown_id(dice % 12, unknown, user)),
            Kind::ForgedReport => Doing::Input(match dice % 8 {
                // Of legs that live, and of what has not happened.
                0 => Input::LegEnded(LegEnded { leg, evidence: forged }),
                1 => Input::LegAnswered(LegAnswered { leg: LegId::new(unknown) }),
                2 => Input::LegProgress(LegProgress { leg: LegId::new(dice % 40 + 1) }),
                3 => Input::LegAnswered(LegAnswered { leg: LegId::new(dice % 40 + 1) }),
                4 => Input::MessageReported(MessageReported {
                    message: dice % 400 + 1,
                    status: MessageStatus::Failed { code: text("FORGED 13800001234") },
                }),
                5 => Input::Recorded(Recorded {
                    voice_message: VoiceMessageId::new(dice % 30 + 1),
                    media: MediaId::new(dice % 60 + 1),
                    seconds: 10,
                    is_silent: false,
                }),
                6 => Input::EffectFailed(EffectFailed { sequence: dice % 2_000 + 1 }),
                _ => Input::CallDiverted(CallDiverted {
                    caller: Some(world::lines(0)[0].number),
                    callee: world::phone(which % world::USERS),
                    evidence: Evidence { q850_cause: Some(17), ..Evidence::default() },
                    is_answered: false,
                }),
            }),
            Kind::Oversized => Doing::Input(self.oversized(dice % 8, user, reservation)),
            Kind::KeyAgain => {
                let key = self.last_key.clone().unwrap_or(Dedup { source: text("sw"), key: text("1") });
                let input = Input::LegProgress(LegProgress { leg: LegId::new(unknown) });
                match dice % 4 {
                    0 => Doing::Once { key: Dedup { source: text(""), key: text("1") }, input },
                    1 => Doing::Once { key: Dedup { source: text("sw"), key: long() }, input },
                    _ => Doing::Once { key, input },
                }
            }
            Kind::WrongCode => Doing::Input(match dice % 3 {
                0 => Input::ConfirmContact(ConfirmContact { user: stranger, reservation, code }),
                1 => {
                    let known = self.known.get(&reservation);
                    let user = known.and_then(|known| known.contact).map_or(user, Address::Sms);
                    Input::ConfirmContact(ConfirmContact { user, reservation, code })
                }
                _ => match world::account(which % world::USERS) {
                    Some(account) => {
                        Input::ConfirmBinding(ConfirmBinding { account, number: world::phone(which % world::USERS), code })
                    }
                    None => Input::ConfirmContact(ConfirmContact { user, reservation: ReservationId::new(unknown), code }),
                },
            }),
            Kind::Stranger => {
                let merchant = world::merchant_id(which % world::MERCHANTS);
                Doing::Input(match dice % 8 {
                    0 => Input::Cancel(Cancel { user: stranger, reservation }),
                    1 => Input::Amend(Amend { name: Some(text("X")), ..Amend::new(stranger, reservation) }),
                    2 => Input::Acknowledge(Acknowledge { user: stranger, reservation }),
                    3 => Input::Decline(Decline { merchant, reservation, reason: None }),
                    4 => Input::ChooseMode(ChooseMode { merchant, reservation, mode: CallMode::PlatformCalls }),
                    5 => Input::RequestCall(RequestCall::new(world::strange_number(), reservation)),
                    6 => Input::RequestPage(RequestPage { user: stranger, of: PageOf::Reservation(reservation) }),
                    _ => Input::MerchantReady(MerchantReady { merchant, reservation }),
                })
            }
            Kind::Beyond => match dice % 4 {
                0 => Doing::Confirm { up_to: 1 << 60 },
                1 => Doing::Input(Input::EffectFailed(EffectFailed { sequence: 1 << 60 })),
                2 => Doing::Input(Input::MessageReported(MessageReported { message: 1 << 60, status: MessageStatus::Delivered })),
                _ => Doing::Input(Input::RequestCall(RequestCall {
                    line: world::lines(which % world::MERCHANTS)[0].number,
                    target: CallTarget::Number(world::strange_number()),
                })),
            },
        };
        self.hand_in(doing)?;
        Ok(())
    }

    fn oversized(&self, which: u64, user: Address, reservation: ReservationId) -> Input {
        let now = self.now;
        let window = |from_s, lasts_s| {
            let from = now.saturating_add_s(from_s);
            Window::new(from, from.saturating_add_s(lasts_s)).expect("it is not empty")
        };
        let book = Book::new(user.clone(), world::page_id(0), world::OFFERINGS[0], window(0, 600));
        match which {
            0 => Input::Book(Book { name: Some(long()), ..book }),
            1 => Input::Book(Book { window: window(400 * world::DAY_S, 3_600), ..book }),
            2 => Input::Search(Search { user, keyword: Some(long()) }),
            3 => Input::RegisterMerchant(RegisterMerchant { name: long(), ..world::register(0) }),
            4 => {
                let header = ReasonHeader { protocol: long(), cause: None, text: Some(long()), location: None };
                let evidence = Evidence { reasons: vec![header; 17], ..Evidence::default() };
                Input::CallFailed(CallFailed { caller: None, callee: world::phone(0), evidence, is_answered: false })
            }
            5 => Input::ImportNumbers(ImportNumbers { numbers: vec![world::phone(0), world::lines(0)[0].number] }),
            6 => Input::Amend(Amend { name: Some(long()), ..Amend::new(user, reservation) }),
            _ => Input::PushPage(PushPage { page: world::page_id(0), to: vec![user; 1_001] }),
        }
    }
}

/// Something about an id that nothing has.
fn unknown_id(which: u64, id: u64, user: Address) -> Input {
    let reservation = ReservationId::new(id);
    let merchant = world::merchant_id(0);
    let voice_message = VoiceMessageId::new(id);
    let account = world::account(0).expect("the first user has one");
    match which {
        0 => Input::Cancel(Cancel { user, reservation }),
        1 => Input::Amend(Amend::new(user, reservation)),
        2 => Input::ChooseSlot(ChooseSlot { merchant, reservation, slot: Slot::From(world::begins()) }),
        3 => Input::LegEnded(LegEnded { leg: LegId::new(id), evidence: Evidence::default() }),
        4 => Input::PlayFinished(PlayFinished { leg: LegId::new(id) }),
        5 => Input::RecordFailed(RecordFailed { voice_message }),
        6 => Input::Transcribed(Transcribed { voice_message, text: None }),
        7 => Input::OpenMessage(OpenMessage { account, voice_message }),
        8 => Input::RequestCall(RequestCall::new(world::lines(0)[0].number, reservation)),
        9 => Input::RequestPage(RequestPage { user, of: PageOf::Page(ringfence::values::id::PageId::new(id)) }),
        10 => Input::RotateKey(RotateKey { id: Text::from("nobody's") }),
        _ => Input::Decline(Decline { merchant, reservation, reason: None }),
    }
}
