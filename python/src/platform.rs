//! The platform behind a lock.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::sync::MutexExt as _;
use pyo3::types::PyBytes;
use ringfence::edges::journal::{effect_to_json, from_json, input_from_json, reply_to_json};
use ringfence::edges::json::write;
use ringfence::{
    AccountId, CallId, ChallengeId, Dedup, Input, Keyring, LegId, MerchantId, PageId, PhoneNumber, Policy, ReservationId,
    Timestamp, VoiceMessageId, Why,
};

use crate::errors::{Failure, guarded, value};

/// When to advance, why, and about which id or number.
type Due = (i64, &'static str, Option<u64>);

/// Keys by id.
pub(crate) type Keys = BTreeMap<String, Vec<u8>>;

/// A platform. Calls from several threads wait for each other, and no waiting thread holds up the interpreter.
#[pyclass(module = "ringfence._ringfence", frozen)]
pub(crate) struct Platform {
    inner: Mutex<Inner>,
}

struct Inner {
    platform: ringfence::Platform,
    /// Whether a call into the platform panicked: what is left of it is not to be trusted.
    is_poisoned: bool,
}

impl Inner {
    fn run<T>(&mut self, call: impl FnOnce(&mut ringfence::Platform) -> Result<T, Failure>) -> Result<T, Failure> {
        if self.is_poisoned {
            return Err(Failure::Poisoned);
        }
        let result = guarded(|| call(&mut self.platform));
        self.is_poisoned = matches!(result, Err(Failure::Panic(_)));
        result
    }
}

impl Platform {
    const fn holding(platform: ringfence::Platform) -> Self {
        Self { inner: Mutex::new(Inner { platform, is_poisoned: false }) }
    }

    /// A short call: the interpreter waits for it.
    fn with<T>(&self, py: Python<'_>, call: impl FnOnce(&mut ringfence::Platform) -> Result<T, Failure>) -> PyResult<T> {
        // No panic happens outside `run`, which has its own flag.
        let mut inner = self.inner.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
        inner.run(call).map_err(|failure| failure.raise(py))
    }

    /// A call that may take long: other threads of the interpreter go on.
    fn with_detached<T: Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&mut ringfence::Platform) -> Result<T, Failure> + Send,
    ) -> PyResult<T> {
        py.detach(|| self.lock().run(call)).map_err(|failure| failure.raise(py))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Platform {
    #[new]
    fn new(py: Python<'_>, policy_json: &str, keyring: Keys, hash_seed: u64, shard: u16) -> PyResult<Self> {
        let make = || {
            let policy: Policy = from_json(policy_json).map_err(|error| Failure::Malformed("policy".to_owned(), error))?;
            ringfence::Platform::with_shard(policy, loaded(&keyring)?, hash_seed, shard).map_err(value)
        };
        guarded(make).map(Self::holding).map_err(|failure| failure.raise(py))
    }

    #[staticmethod]
    fn restore(py: Python<'_>, snapshot: &[u8], keyring: Keys, hash_seed: u64) -> PyResult<Self> {
        let restore = || ringfence::Platform::restore(snapshot, loaded(&keyring)?, hash_seed).map_err(value);
        py.detach(|| guarded(restore)).map(Self::holding).map_err(|failure| failure.raise(py))
    }

    fn handle(&self, py: Python<'_>, now_us: i64, input_json: &str) -> PyResult<String> {
        self.with(py, |platform| {
            let now = instant(now_us)?;
            let input = input_from_json(input_json).map_err(|error| Failure::Malformed("input".to_owned(), error))?;
            let reply = platform.handle(now, input)?;
            Ok(reply_to_json(&reply))
        })
    }

    fn handle_once(&self, py: Python<'_>, now_us: i64, source: &str, key: &str, input_json: &str) -> PyResult<String> {
        self.with(py, |platform| {
            let now = instant(now_us)?;
            let input = input_from_json(input_json).map_err(|error| Failure::Malformed("input".to_owned(), error))?;
            let reply = platform.handle_once(now, Dedup { source: source.into(), key: key.into() }, input)?;
            Ok(reply_to_json(&reply))
        })
    }

    fn advance(&self, py: Python<'_>, now_us: i64, budget: u32) -> PyResult<(u32, bool, bool)> {
        self.with_detached(py, |platform| {
            let progress = platform.advance(instant(now_us)?, budget);
            Ok((progress.fired, progress.more, progress.is_clock_refused))
        })
    }

    fn poll_effect(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.with(py, |platform| Ok(platform.poll_effect().map(|effect| effect_to_json(&effect))))
    }

    fn confirm(&self, py: Python<'_>, up_to: u64) -> PyResult<()> {
        self.with(py, |platform| Ok(platform.confirm(up_to)?))
    }

    fn poll_deadline(&self, py: Python<'_>) -> PyResult<Option<Due>> {
        self.with(py, |platform| {
            Ok(platform.poll_deadline().map(|(at, why)| {
                let (why, about) = words_of(why);
                (at.as_micros(), why, about)
            }))
        })
    }

    fn gate(&self, py: Python<'_>, request_json: &str, at_us: i64) -> PyResult<String> {
        self.with(py, |platform| {
            let wrong = |error| Failure::Malformed("request".to_owned(), error);
            let Input::RequestCall(request) = input_from_json(request_json).map_err(wrong)? else {
                return Err(Failure::Value("a request_call is needed".to_owned()));
            };
            Ok(write(&platform.gate(request, instant(at_us)?)))
        })
    }

    fn latest(&self, py: Python<'_>) -> PyResult<Option<i64>> {
        self.with(py, |platform| Ok(Some(platform.latest()).filter(|at| *at != Timestamp::MIN).map(Timestamp::as_micros)))
    }

    fn reservation(&self, py: Python<'_>, id: u64) -> PyResult<Option<String>> {
        self.with(py, |platform| Ok(platform.reservation(ReservationId::new(id)).map(write)))
    }

    fn export_person(&self, py: Python<'_>, user: &str) -> PyResult<Option<String>> {
        self.with(py, |platform| {
            let user = ringfence::Address::parse(user).map_err(value)?;
            Ok(platform.export_person(&user).as_ref().map(write))
        })
    }

    fn challenge(&self, py: Python<'_>, id: u64) -> PyResult<Option<String>> {
        self.with(py, |platform| Ok(platform.challenge(ChallengeId::new(id)).map(write)))
    }

    fn code(&self, py: Python<'_>, challenge: u64) -> PyResult<String> {
        self.with(py, |platform| Ok(platform.code(ChallengeId::new(challenge))?.digits()))
    }

    fn follows(&self, py: Python<'_>, account: &str) -> PyResult<bool> {
        self.with(py, |platform| Ok(platform.follows(&AccountId::parse(account).map_err(value)?)))
    }

    fn bindings(&self, py: Python<'_>, account: &str) -> PyResult<String> {
        self.with(py, |platform| Ok(write(&platform.bindings(&AccountId::parse(account).map_err(value)?))))
    }

    fn binding(&self, py: Python<'_>, account: &str, number: &str) -> PyResult<Option<String>> {
        self.with(py, |platform| {
            let (account, number) = (AccountId::parse(account).map_err(value)?, PhoneNumber::parse(number).map_err(value)?);
            Ok(platform.binding(&account, number).map(write))
        })
    }

    fn profile(&self, py: Python<'_>, user: &str) -> PyResult<Option<String>> {
        self.with(py, |platform| Ok(platform.profile(&ringfence::Address::parse(user).map_err(value)?).map(write)))
    }

    fn voice_message(&self, py: Python<'_>, id: u64) -> PyResult<Option<String>> {
        self.with(py, |platform| Ok(platform.voice_message(VoiceMessageId::new(id)).map(write)))
    }

    fn voice_messages(&self, py: Python<'_>) -> PyResult<Vec<u64>> {
        self.with_detached(py, |platform| Ok(platform.voice_messages().into_iter().map(VoiceMessageId::get).collect()))
    }

    fn merchant(&self, py: Python<'_>, id: u64) -> PyResult<Option<String>> {
        self.with(py, |platform| Ok(platform.merchant(MerchantId::new(id)).map(write)))
    }

    fn merchants(&self, py: Python<'_>) -> PyResult<Vec<u64>> {
        self.with_detached(py, |platform| Ok(platform.merchants().into_iter().map(MerchantId::get).collect()))
    }

    fn page(&self, py: Python<'_>, id: u64) -> PyResult<Option<String>> {
        self.with(py, |platform| Ok(platform.page(PageId::new(id)).map(write)))
    }

    fn pages(&self, py: Python<'_>) -> PyResult<Vec<u64>> {
        self.with_detached(py, |platform| Ok(platform.pages().into_iter().map(PageId::get).collect()))
    }

    fn line_status(&self, py: Python<'_>, number: &str) -> PyResult<Option<String>> {
        self.with(py, |platform| Ok(platform.line_status(PhoneNumber::parse(number).map_err(value)?).as_ref().map(write)))
    }

    fn law_status(&self, py: Python<'_>) -> PyResult<String> {
        self.with_detached(py, |platform| Ok(write(&platform.law_status())))
    }

    fn number_status(&self, py: Python<'_>, number: &str) -> PyResult<String> {
        self.with(py, |platform| Ok(write(&platform.number_status(PhoneNumber::parse(number).map_err(value)?))))
    }

    fn pool_status(&self, py: Python<'_>) -> PyResult<String> {
        self.with_detached(py, |platform| Ok(write(&platform.pool_status())))
    }

    fn load_key(&self, py: Python<'_>, id: &str, key: &[u8]) -> PyResult<()> {
        self.with(py, |platform| platform.load_key(id, key).map_err(value))
    }

    fn unload_key(&self, py: Python<'_>, id: &str) -> PyResult<bool> {
        self.with(py, |platform| platform.unload_key(id).map_err(value))
    }

    fn key(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.with(py, |platform| Ok(platform.key().map(str::to_owned)))
    }

    fn call(&self, py: Python<'_>, id: u64) -> PyResult<Option<String>> {
        self.with(py, |platform| Ok(platform.call(CallId::new(id)).map(write)))
    }

    fn leg(&self, py: Python<'_>, id: u64) -> PyResult<Option<String>> {
        self.with(py, |platform| Ok(platform.leg(LegId::new(id)).map(write)))
    }

    fn reservations(&self, py: Python<'_>) -> PyResult<Vec<u64>> {
        self.with_detached(py, |platform| Ok(platform.reservations().into_iter().map(ReservationId::get).collect()))
    }

    fn calls(&self, py: Python<'_>) -> PyResult<Vec<u64>> {
        self.with_detached(py, |platform| Ok(platform.calls().into_iter().map(CallId::get).collect()))
    }

    fn legs(&self, py: Python<'_>) -> PyResult<Vec<u64>> {
        self.with_detached(py, |platform| Ok(platform.legs().into_iter().map(LegId::get).collect()))
    }

    fn unconfirmed(&self, py: Python<'_>) -> PyResult<usize> {
        self.with(py, |platform| Ok(platform.unconfirmed()))
    }

    fn policy(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |platform| Ok(write(platform.policy())))
    }

    fn state_hash(&self, py: Python<'_>) -> PyResult<u128> {
        self.with_detached(py, |platform| Ok(platform.state_hash()))
    }

    fn check_invariants(&self, py: Python<'_>) -> PyResult<()> {
        self.with_detached(py, |platform| platform.check_invariants().map_err(Failure::Panic))
    }

    fn model_view<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = self.with_detached(py, |platform| Ok(platform.model_view()))?;
        Ok(PyBytes::new(py, &bytes))
    }

    fn snapshot<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = self.with_detached(py, |platform| Ok(platform.snapshot()))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// For the tests of this module: what a defect of the core would do.
    fn _panic(&self, py: Python<'_>, message: String) -> PyResult<()> {
        self.with(py, |_| std::panic::panic_any(message))
    }
}

pub(crate) fn loaded(keys: &Keys) -> Result<Keyring, Failure> {
    let mut keyring = Keyring::new();
    for (id, key) in keys {
        keyring.load(id, key).map_err(|error| Failure::Value(format!("key {id}: {error}")))?;
    }
    Ok(keyring)
}

fn instant(micros: i64) -> Result<Timestamp, Failure> {
    Timestamp::from_micros(micros)
        .ok_or_else(|| Failure::Value(format!("an instant lies from {} to {}", Timestamp::MIN, Timestamp::MAX)))
}

fn words_of(why: Why) -> (&'static str, Option<u64>) {
    match why {
        Why::EffectsWaiting => ("effects_waiting", None),
        Why::RingTimeout(leg) => ("ring_timeout", Some(leg.get())),
        Why::ReleaseGrace(leg) => ("release_grace", Some(leg.get())),
        Why::AnswerTimeout(call) => ("answer_timeout", Some(call.get())),
        Why::ConversationMax(call) => ("conversation_max", Some(call.get())),
        Why::WindowOpens(reservation) => ("window_opens", Some(reservation.get())),
        Why::WindowEnds(reservation) => ("window_ends", Some(reservation.get())),
        Why::Retention(reservation) => ("retention", Some(reservation.get())),
        Why::CodeExpires(challenge) => ("code_expires", Some(challenge.get())),
        Why::LineFree(merchant) => ("line_free", Some(merchant.get())),
        Why::Reminder(reservation) => ("reminder", Some(reservation.get())),
        Why::BindingEnds(binding) => ("binding_ends", Some(binding.get())),
        Why::VoiceMessageEnds(message) => ("voice_message_ends", Some(message.get())),
        Why::VoiceMessageDue(message) => ("voice_message_due", Some(message.get())),
    }
}
