//! What the benchmarks share: platforms with something in them, and one whole life of a reservation.

mod search;

use ringfence::values::id::{LegId, ReservationId};
use ringfence::values::input::{Book, Line, PublishPage, RegisterMerchant};
use ringfence::{Action, Address, CallMode, Evidence, Keyring, PhoneNumber, Platform, Policy, Reply, Timestamp, Window, Zone};

/// How many lines the merchant has. Each has its own page.
pub const LINES: u64 = 100;

const SECOND: i64 = 1_000_000;

/// A platform with one merchant, whose pages offer ten years in one piece.
#[derive(Debug)]
pub struct World {
    /// The platform.
    pub platform: Platform,
    /// Where its time has come to.
    pub now: Timestamp,
    pages: Window,
}

/// A reservation, and the line that may call for it.
pub type Booked = (PhoneNumber, ReservationId);

impl World {
    /// A new one.
    ///
    /// # Panics
    /// When the library refuses what it is documented to take.
    #[must_use]
    pub fn new() -> Self {
        let now = Timestamp::parse("2026-11-20T09:00:00+08:00").unwrap();
        let pages = Window::new(now, now.saturating_add_micros(3_600 * 24 * 3_650 * SECOND)).unwrap();
        let policy = Policy { retention_s: 1, reservations_per_number_max: 10_000, ..Policy::default() };
        let mut platform = Platform::new(policy, Keyring::new(), 42).unwrap();
        let merchant = RegisterMerchant {
            chatbot: Some(Address::parse("sip:1065000000@chatbot.example").unwrap()),
            ..RegisterMerchant::new(
                1.into(),
                "merchant",
                (0..LINES).map(|line| Line { number: line_number(line), channels: 200 }).collect(),
                Zone::parse("Asia/Shanghai").unwrap(),
            )
        };
        platform.register_merchant(now, merchant).unwrap();
        platform.preset_mode(now, 1.into(), Some(CallMode::MerchantCalls)).unwrap();
        for line in 0..LINES {
            let page = PublishPage {
                windows: vec![pages],
                line: Some(line_number(line)),
                descriptions: std::collections::BTreeMap::new(),
                ..PublishPage::new(line.into(), 1.into(), [(1.into(), "offering".into())].into())
            };
            platform.publish_page(now, page).unwrap();
        }
        Self { platform, now, pages }
    }

    /// A new one with this many live reservations, all of them open.
    ///
    /// # Panics
    /// As [`World::new`].
    #[must_use]
    pub fn with_open(reservations: u64) -> (Self, Vec<Booked>) {
        let mut world = Self::new();
        let window = Window::new(world.now, world.now.saturating_add_micros(3_600 * SECOND)).unwrap();
        let booked = (0..reservations).map(|user| world.book(user, window)).collect();
        (world, booked)
    }

    /// The same with a virtual number for each, which comes in the reservation's place.
    ///
    /// # Panics
    /// As [`World::new`].
    #[must_use]
    pub fn with_numbers(reservations: u64) -> (Self, Vec<(PhoneNumber, PhoneNumber)>) {
        let mut world = Self::new();
        let numbers = (0..reservations).map(|index| PhoneNumber::parse(&format!("+86{}", 17_000_000_000 + index)).unwrap());
        world.platform.import_numbers(world.now, numbers.collect()).unwrap();
        let window = Window::new(world.now, world.now.saturating_add_micros(3_600 * SECOND)).unwrap();
        let booked = (0..reservations).map(|user| world.book(user, window)).collect::<Vec<_>>();
        let number = |(line, id): &Booked| (*line, world.platform.reservation(*id).unwrap().virtual_number.unwrap().number());
        let numbers = booked.iter().map(number).collect();
        (world, numbers)
    }

    /// One booking of a user, with its messages.
    ///
    /// # Panics
    /// As [`World::new`].
    pub fn book(&mut self, user: u64, window: Window) -> Booked {
        let line = user % LINES;
        let book =
            Book::new(Address::parse(&format!("rcs:+86{}", 13_000_000_000 + user)).unwrap(), line.into(), 1.into(), window);
        let Reply::Booked(booked) = self.platform.book(self.now, book).unwrap() else { panic!("a booking is answered so") };
        self.drain();
        (line_number(line), booked.reservation)
    }

    /// Every line calls for every one of its reservations, and all their phones ring.
    ///
    /// # Panics
    /// As [`World::new`], and when a line has not enough channels.
    pub fn ring(&mut self, booked: &[Booked]) {
        for (line, reservation) in booked {
            let reply = self.platform.request_call(self.now, *line, *reservation).unwrap();
            assert!(matches!(reply, Reply::Allow(_)), "{reply:?}");
            self.drain();
        }
    }

    /// The whole life of one reservation: booked, called, answered, talked, closed, archived. Ten inputs, each with its effects.
    ///
    /// # Panics
    /// As [`World::new`], and after ten simulated years.
    pub fn life(&mut self, user: u64) {
        let window = Window::new(self.now, self.now.saturating_add_micros(5 * SECOND)).unwrap();
        assert!(window.end() < self.pages.end(), "the ten years are over");
        let (line, reservation) = self.book(user, window);
        let Reply::Allow(call) = self.platform.request_call(self.now, line, reservation).unwrap() else {
            panic!("the gate allows it")
        };
        let dialled = self.drain().unwrap();
        self.platform.leg_progress(self.now, dialled).unwrap();
        self.platform.leg_answered(self.now, dialled).unwrap();
        self.drain();
        self.platform.leg_answered(self.now, call.leg).unwrap();
        self.drain();
        self.platform.leg_ended(self.now, dialled, Evidence::default()).unwrap();
        self.drain();
        self.platform.leg_ended(self.now, call.leg, Evidence::default()).unwrap();
        self.now = self.now.saturating_add_micros(10 * SECOND);
        self.platform.advance(self.now, 100);
        self.drain();
        assert!(self.platform.reservation(reservation).is_none(), "it is archived");
    }

    /// Polls and confirms every effect; the leg that was dialled, if one was.
    ///
    /// # Panics
    /// As [`World::new`].
    pub fn drain(&mut self) -> Option<LegId> {
        let mut dialled = None;
        while let Some(effect) = self.platform.poll_effect() {
            if let Action::Dial(dial) = &effect.action {
                dialled = Some(dial.leg);
            }
            self.platform.confirm(effect.sequence).unwrap();
        }
        dialled
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

fn line_number(line: u64) -> PhoneNumber {
    PhoneNumber::parse(&format!("{}", 95_000 + line)).unwrap()
}
