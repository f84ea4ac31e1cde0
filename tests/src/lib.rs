//! What judges `ringfence`, and hosts of it.
//!
//! | whoever | takes |
//! |---|---|
//! | runs a host, and wants to know that it keeps the promises P1 to P17 | [`trace`] to write down what happened, [`checker`] to judge it |
//! | writes property tests of a host | [`strategies`] for worlds and what happens in them, [`host`] for phones that answer, are busy, or say nothing |
//! | writes a platform or a client of his own | [`model`], which predicts every reply, refusal and effect, slowly and obviously |
//! | fuzzes a wrapper or a codec | [`fuzz`]: functions of bytes that panic when a promise is broken |
//!
//! [`simulator`] is a seeded world of many days, judged by the checker; the program `simulate` runs it. [`causes`] is everything that networks say when calls fail.
//!
//! [`codes`] has keys that everybody may know, and makes the codes of challenges a second time.
//!
//! # A carrier judges his own host
//!
//! The promises speak of what is carried out. So a host that is to be judged keeps a [`Trace`](trace::Trace): what it handed to the platform, what was answered, and the
//! effects **that it carried out**, each in the step in which it did so. The checker knows the promises and not the host; it says which one is
//! broken, at which step, and why.
//!
//! This host has a fault of the ordinary kind: it drops what the platform wants of a leg that was not answered yet. Whoever cancels hears his phone ring on.
//!
//! ```
//! use ringfence::values::effect::{Action, Effect};
//! use ringfence::values::input::{Book, Cancel, Input, LegProgress, Line, PublishPage, RegisterMerchant, RequestCall};
//! use ringfence::values::policy::{CallMode, ModeChooser, Policy};
//! use ringfence::{Address, Keyring, LegId, MerchantId, OfferingId, PageId, PhoneNumber, Platform, ReservationId, Timestamp, Window, Zone};
//! use ringfence_testing::checker::{Promise, Summary, Violation, check};
//! use ringfence_testing::trace::{Doing, Step, Trace};
//!
//! /// A host: it hands inputs to a platform, and does at its switch what comes out.
//! struct Host {
//!     platform: Platform,
//!     /// What it did. A real host writes lines, and reads them with [`Trace::from_json_lines`].
//!     journal: Trace,
//!     drops_hang_ups: bool,
//! }
//!
//! impl Host {
//!     fn takes(&mut self, at: &str, input: Input) {
//!         let at = Timestamp::parse(at).unwrap();
//!         let reply = self.platform.handle(at, input.clone());
//!         let polled = std::iter::from_fn(|| self.platform.poll_effect());
//!         let drops = |effect: &Effect| self.drops_hang_ups && matches!(effect.action, Action::HangUp(_));
//!         let carried_out = polled.filter(|effect| !drops(effect)).collect();
//!         self.journal.steps.push(Step { line: None, at, doing: Doing::Input(input), reply: Some(reply), effects: carried_out });
//!     }
//! }
//!
//! /// A user books 18:00 to 20:00, the merchant calls, and while the phone rings the user changes his mind.
//! fn an_evening(drops_hang_ups: bool) -> Result<Summary, Violation> {
//!     let policy = Policy { mode_chosen_by: ModeChooser::Platform(CallMode::MerchantCalls), ..Policy::default() };
//!     let platform = Platform::new(policy.clone(), Keyring::new(), 0).unwrap();
//!     let mut host = Host { platform, journal: Trace::new(policy), drops_hang_ups };
//!
//!     let (merchant, page, offering) = (MerchantId::new(1), PageId::new(1), OfferingId::new(1));
//!     let (line, user) = (PhoneNumber::parse("95511").unwrap(), Address::parse("rcs:+8613800000001").unwrap());
//!     let instant = |text| Timestamp::parse(text).unwrap();
//!     let window = Window::new(instant("2026-11-21T18:00:00+08:00"), instant("2026-11-21T20:00:00+08:00")).unwrap();
//!     let lines = vec![Line { number: line, channels: 1 }];
//!     let chatbot = Some(Address::parse("sip:1065@bot.example").unwrap());
//!     let register = RegisterMerchant { chatbot, ..RegisterMerchant::new(merchant, "An insurer", lines, Zone::parse("Asia/Shanghai").unwrap()) };
//!     let publish = PublishPage { windows: vec![window], ..PublishPage::new(page, merchant, [(offering, "Insurance".into())].into()) };
//!     host.takes("2026-11-21T09:00:00+08:00", Input::RegisterMerchant(register));
//!     host.takes("2026-11-21T09:00:00+08:00", Input::PublishPage(publish));
//!     host.takes("2026-11-21T09:05:00+08:00", Input::Book(Book::new(user.clone(), page, offering, window)));
//!
//!     let reservation = ReservationId::new(1);
//!     host.takes("2026-11-21T18:30:00+08:00", Input::RequestCall(RequestCall::new(line, reservation)));
//!     host.takes("2026-11-21T18:30:02+08:00", Input::LegProgress(LegProgress { leg: LegId::new(2) }));
//!     host.takes("2026-11-21T18:30:05+08:00", Input::Cancel(Cancel { user, reservation }));
//!     check(&host.journal)
//! }
//!
//! assert_eq!(an_evening(false).expect("this host keeps the promises").withdrawn_while_ringing, 1);
//! let violation = an_evening(true).expect_err("this one does not");
//! assert_eq!((violation.promise, violation.step), (Promise::P3, 6));
//! ```
//!
//! In the same way a `dial` that is carried out late stands in a later step, and is judged at that instant (P1, P14); one that is carried out twice stands in two. A host that
//! answers for more than one shard keeps one trace a shard. [`check_closed`](checker::check_closed) judges a trace that ends with a calm phase, and so also what was forgotten
//! for good (P9).
//!
//! # Property tests of a host
//!
//! [`scripts`](strategies::scripts) draws worlds and what happens in them. [`play`](strategies::play) plays a script on a [`Stage`](strategies::Stage): the host that is tested, with
//! a model beside it from which the moves are chosen ("the leg that rings is answered", "one microsecond before the next deadline").
//! What comes out is a trace. proptest makes a script that fails shorter.
//!
//! ```
//! use proptest::test_runner::{Config, TestCaseError, TestRunner};
//! use ringfence::{Effect, Platform, Policy, Timestamp};
//! use ringfence_testing::checker::check;
//! use ringfence_testing::codes::test_keyring;
//! use ringfence_testing::model::Model;
//! use ringfence_testing::strategies::{Stage, StepReply, perform, play, scripts};
//! use ringfence_testing::trace::Doing;
//!
//! /// The host that is tested. Here it does nothing but pass everything on; between `perform` and the platform a real one has its wire, its queue, its database.
//! struct Tested {
//!     platform: Platform,
//!     model: Model,
//! }
//!
//! impl Stage for Tested {
//!     fn model(&self) -> &Model {
//!         &self.model
//!     }
//!
//!     fn perform(&mut self, at: Timestamp, doing: &Doing) -> (StepReply, Vec<Effect>) {
//!         let expected = self.model.perform(at, doing);
//!         let seen = perform(&mut self.platform, at, doing);
//!         assert_eq!(seen, expected, "the host does what the model predicts");
//!         seen
//!     }
//! }
//!
//! let mut runner = TestRunner::new(Config { cases: 16, failure_persistence: None, ..Config::default() });
//! runner
//!     .run(&scripts(30), |script| {
//!         let policy: Policy = script.world.policy.clone();
//!         let platform = Platform::new(policy.clone(), test_keyring(), 0).expect("the policies are legal");
//!         let trace = play(&script, &mut Tested { platform, model: Model::new(policy) });
//!         check(&trace).map(drop).map_err(|violation| TestCaseError::fail(violation.to_string()))
//!     })
//!     .expect("no script breaks a promise");
//! ```

pub mod causes;
pub mod checker;
pub mod codes;
pub mod fuzz;
pub mod host;
mod hours;
pub mod model;
pub mod simulator;
pub mod strategies;
pub mod trace;
