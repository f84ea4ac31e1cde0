//! The C library of `ringfence`: what `include/ringfence.h` promises, and no behaviour of its own.
//!
//! Every function goes through one of the two boundaries at the end of this file: a panic does not cross it, a failure is remembered
//! for `ringfence_last_error`, and a platform that met a defect answers nothing any more.
#![allow(unsafe_code, reason = "this crate is the border to C; every block says why it is sound")]

use std::any::Any;
use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{slice, str};

use ringfence::edges::journal;
use ringfence::values::policy::Policy;
use ringfence::values::time::Timestamp;
use ringfence::{ChallengeId, Dedup, Keyring, Platform, Refusal, Reply};

/// The version of the interface.
const ABI_VERSION: u32 = 1;

/// What came of a call, as a number of the header.
type Status = u32;

const OK: Status = 0;
const NULL_ARGUMENT: Status = 1;
const MALFORMED: Status = 2;
const TIME_OUT_OF_RANGE: Status = 3;
const POLICY: Status = 4;
const NOTHING: Status = 5;
const DEFECT: Status = 6;
const POISONED: Status = 7;
const KEY: Status = 8;

/// A platform as C holds it: `ringfence_platform`.
#[derive(Debug)]
pub struct Handle {
    platform: Platform,
    /// The last text that was handed out.
    text: CString,
    /// The last bytes that were.
    bytes: Vec<u8>,
    is_poisoned: bool,
}

/// A key as C gives it: `ringfence_key`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Key {
    id: *const c_char,
    id_length: usize,
    key: *const u8,
    key_length: usize,
}

/// Why a call failed: its status, and what `ringfence_last_error` says.
struct Failure(Status, String);

thread_local! {
    static LAST_ERROR: RefCell<CString> = RefCell::default();
}

/// The version of the interface that this library has.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_abi_version() -> u32 {
    ABI_VERSION
}

/// What the last failed call on this thread was about. The text lives until the next call on this thread.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_last_error() -> *const c_char {
    LAST_ERROR.with_borrow(|text| text.as_ptr())
}

/// Makes a platform.
///
/// # Safety
/// `policy` points to `policy_length` bytes, `out_platform` to room for one pointer; or they are NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ringfence_platform_new(
    policy: *const c_char,
    policy_length: usize,
    hash_seed: u64,
    out_platform: *mut *mut Handle,
) -> Status {
    boundary(|| {
        // SAFETY: as this function demands.
        let (policy, out) = unsafe { (text(policy, policy_length)?, out(out_platform)?) };
        let policy: Policy = journal::from_json(policy).map_err(|error| malformed(&error))?;
        let platform = Platform::new(policy, Keyring::new(), hash_seed).map_err(|error| Failure(POLICY, error.to_string()))?;
        out.write(Handle::owned_by_the_caller(platform));
        Ok(OK)
    })
}

/// Makes a platform as it was when a snapshot was taken.
///
/// # Safety
/// `snapshot` points to `snapshot_length` bytes, `keys` to `key_count` keys whose pointers point to as many bytes as stand beside them,
/// `out_platform` to room for one pointer; or they are NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ringfence_platform_restore(
    snapshot: *const u8,
    snapshot_length: usize,
    keys: *const Key,
    key_count: usize,
    hash_seed: u64,
    out_platform: *mut *mut Handle,
) -> Status {
    boundary(|| {
        // SAFETY: as this function demands.
        let (snapshot, keyring, out) =
            unsafe { (bytes(snapshot, snapshot_length)?, keyring(keys, key_count)?, out(out_platform)?) };
        let platform = Platform::restore(snapshot, keyring, hash_seed);
        let platform = platform.map_err(|error| Failure(error.code(), error.to_string()))?;
        out.write(Handle::owned_by_the_caller(platform));
        Ok(OK)
    })
}

/// Frees a platform.
///
/// # Safety
/// `platform` comes from [`ringfence_platform_new`] and was not freed, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ringfence_platform_free(platform: *mut Handle) {
    if !platform.is_null() {
        boundary(|| {
            // SAFETY: as this function demands.
            drop(unsafe { Box::from_raw(platform) });
            Ok(OK)
        });
    }
}

/// Handles one input.
///
/// # Safety
/// `platform` is alive and used by this thread alone; `input` points to `input_length` bytes; the outputs point to room; or they are NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ringfence_platform_handle_json(
    platform: *mut Handle,
    now_us: i64,
    input: *const c_char,
    input_length: usize,
    out_json: *mut *const c_char,
    out_length: *mut usize,
) -> Status {
    // SAFETY: as this function demands.
    unsafe {
        with_platform(platform, |handle| {
            let (input, out_json, out_length) = (text(input, input_length)?, out(out_json)?, out(out_length)?);
            let now = timestamp(now_us)?;
            let input = journal::input_from_json(input).map_err(|error| malformed(&error))?;
            let answer = handle.platform.handle(now, input);
            handle.hand_out_answer(answer, out_json, out_length)
        })
    }
}

/// Handles one input that may come again.
///
/// # Safety
/// `platform` is alive and used by this thread alone; `source`, `key` and `input` point to as many bytes as stand beside them; the outputs
/// point to room; or they are NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ringfence_platform_handle_once_json(
    platform: *mut Handle,
    now_us: i64,
    source: *const c_char,
    source_length: usize,
    key: *const c_char,
    key_length: usize,
    input: *const c_char,
    input_length: usize,
    out_json: *mut *const c_char,
    out_length: *mut usize,
) -> Status {
    // SAFETY: as this function demands.
    unsafe {
        with_platform(platform, |handle| {
            let (source, key) = (text(source, source_length)?, text(key, key_length)?);
            let (input, out_json, out_length) = (text(input, input_length)?, out(out_json)?, out(out_length)?);
            let now = timestamp(now_us)?;
            let input = journal::input_from_json(input).map_err(|error| malformed(&error))?;
            let answer = handle.platform.handle_once(now, Dedup { source: source.into(), key: key.into() }, input);
            handle.hand_out_answer(answer, out_json, out_length)
        })
    }
}

/// Fires due deadlines.
///
/// # Safety
/// `platform` is alive and used by this thread alone; the output points to room; or they are NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ringfence_platform_advance(
    platform: *mut Handle,
    now_us: i64,
    budget: u32,
    out_fired: *mut u32,
) -> Status {
    // SAFETY: as this function demands.
    unsafe {
        with_platform(platform, |handle| {
            let out = out(out_fired)?;
            let progress = handle.platform.advance(timestamp(now_us)?, budget);
            if progress.is_clock_refused {
                let (latest, most_s) = (handle.platform.latest(), handle.platform.policy().clock_leap_max_s);
                let refusal = Refusal::ClockLeap { latest, most_s };
                return Err(Failure(refusal.code(), refusal.to_string()));
            }
            out.write(progress.fired);
            Ok(OK)
        })
    }
}

/// Takes the next effect.
///
/// # Safety
/// `platform` is alive and used by this thread alone; the outputs point to room; or they are NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ringfence_platform_poll_effect_json(
    platform: *mut Handle,
    out_json: *mut *const c_char,
    out_length: *mut usize,
) -> Status {
    // SAFETY: as this function demands.
    unsafe {
        with_platform(platform, |handle| {
            let (out_json, out_length) = (out(out_json)?, out(out_length)?);
            let Some(effect) = handle.platform.poll_effect() else { return Ok(NOTHING) };
            handle.hand_out(journal::effect_to_json(&effect), out_json, out_length);
            Ok(OK)
        })
    }
}

/// Lets go of the effects that are carried out.
///
/// # Safety
/// `platform` is alive and used by this thread alone, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ringfence_platform_confirm(platform: *mut Handle, up_to: u64) -> Status {
    // SAFETY: as this function demands.
    unsafe {
        with_platform(platform, |handle| match handle.platform.confirm(up_to) {
            Ok(()) => Ok(OK),
            Err(refusal) => Err(Failure(refusal.code(), refusal.to_string())),
        })
    }
}

/// When to advance next.
///
/// # Safety
/// `platform` is alive and used by this thread alone; the output points to room; or they are NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ringfence_platform_poll_deadline(platform: *mut Handle, out_at_us: *mut i64) -> Status {
    // SAFETY: as this function demands.
    unsafe {
        with_platform(platform, |handle| {
            let out = out(out_at_us)?;
            let Some((at, _)) = handle.platform.poll_deadline() else { return Ok(NOTHING) };
            out.write(at.as_micros());
            Ok(OK)
        })
    }
}

/// The whole state as bytes.
///
/// # Safety
/// `platform` is alive and used by this thread alone; the outputs point to room; or they are NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ringfence_platform_snapshot(
    platform: *mut Handle,
    out_bytes: *mut *const u8,
    out_length: *mut usize,
) -> Status {
    // SAFETY: as this function demands.
    unsafe { with_platform(platform, |handle| handle.hand_out_bytes(Platform::snapshot, out(out_bytes)?, out(out_length)?)) }
}

/// The state as a model checker compares it.
///
/// # Safety
/// `platform` is alive and used by this thread alone; the outputs point to room; or they are NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ringfence_platform_model_view(
    platform: *mut Handle,
    out_bytes: *mut *const u8,
    out_length: *mut usize,
) -> Status {
    // SAFETY: as this function demands.
    unsafe { with_platform(platform, |handle| handle.hand_out_bytes(Platform::model_view, out(out_bytes)?, out(out_length)?)) }
}

/// Loads a key.
///
/// # Safety
/// `platform` is alive and used by this thread alone; `id` points to `id_length` bytes and `key` to `key_length`; or they are NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ringfence_platform_load_key(
    platform: *mut Handle,
    id: *const c_char,
    id_length: usize,
    key: *const u8,
    key_length: usize,
) -> Status {
    // SAFETY: as this function demands.
    unsafe {
        with_platform(platform, |handle| {
            let (id, key) = (text(id, id_length)?, bytes(key, key_length)?);
            handle.platform.load_key(id, key).map(|()| OK).map_err(|error| Failure(KEY, error.to_string()))
        })
    }
}

/// Takes a key out.
///
/// # Safety
/// `platform` is alive and used by this thread alone; `id` points to `id_length` bytes; or they are NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ringfence_platform_unload_key(platform: *mut Handle, id: *const c_char, id_length: usize) -> Status {
    // SAFETY: as this function demands.
    unsafe {
        with_platform(platform, |handle| {
            let was_there = handle.platform.unload_key(text(id, id_length)?);
            let was_there = was_there.map_err(|error| Failure(KEY, error.to_string()))?;
            Ok(if was_there { OK } else { NOTHING })
        })
    }
}

/// The code of a challenge.
///
/// # Safety
/// `platform` is alive and used by this thread alone; the outputs point to room; or they are NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ringfence_platform_code(
    platform: *mut Handle,
    challenge: u64,
    out_code: *mut *const c_char,
    out_length: *mut usize,
) -> Status {
    // SAFETY: as this function demands.
    unsafe {
        with_platform(platform, |handle| {
            let (out_code, out_length) = (out(out_code)?, out(out_length)?);
            match handle.platform.code(ChallengeId::new(challenge)) {
                Ok(code) => {
                    handle.hand_out(code.digits(), out_code, out_length);
                    Ok(OK)
                }
                Err(refusal) => Err(Failure(refusal.code(), refusal.to_string())),
            }
        })
    }
}

impl Handle {
    /// A platform on its way to C, which frees it.
    fn owned_by_the_caller(platform: Platform) -> *mut Self {
        Box::into_raw(Box::new(Self { platform, text: CString::default(), bytes: Vec::new(), is_poisoned: false }))
    }

    /// Keeps what `of` says of the platform and hands it out. Neither is ever empty: that would be a state that cannot be written.
    fn hand_out_bytes(
        &mut self,
        of: impl FnOnce(&Platform) -> Vec<u8>,
        out: &mut MaybeUninit<*const u8>,
        length: &mut MaybeUninit<usize>,
    ) -> Result<Status, Failure> {
        self.bytes = of(&self.platform);
        assert!(!self.bytes.is_empty(), "the state cannot be written");
        out.write(self.bytes.as_ptr());
        length.write(self.bytes.len());
        Ok(OK)
    }

    /// Hands out how an input was answered.
    fn hand_out_answer(
        &mut self,
        answer: Result<Reply, Refusal>,
        out: &mut MaybeUninit<*const c_char>,
        length: &mut MaybeUninit<usize>,
    ) -> Result<Status, Failure> {
        match answer {
            Ok(reply) => {
                self.hand_out(journal::reply_to_json(&reply), out, length);
                Ok(OK)
            }
            Err(refusal) => {
                self.hand_out(journal::refusal_to_json(&refusal), out, length);
                Err(Failure(refusal.code(), refusal.to_string()))
            }
        }
    }

    /// Keeps a text and hands it out.
    fn hand_out(&mut self, text: String, out: &mut MaybeUninit<*const c_char>, length: &mut MaybeUninit<usize>) {
        self.text = c_string(text);
        out.write(self.text.as_ptr());
        length.write(self.text.as_bytes().len());
    }
}

/// JSON and error texts have no NUL in them; one that had would end there.
fn c_string(text: String) -> CString {
    CString::new(text).unwrap_or_else(|error| {
        let at = error.nul_position();
        let mut bytes = error.into_vec();
        bytes.truncate(at);
        CString::new(bytes).unwrap_or_default()
    })
}

fn malformed(error: &impl ToString) -> Failure {
    Failure(MALFORMED, error.to_string())
}

fn null() -> Failure {
    Failure(NULL_ARGUMENT, "a pointer that must not be NULL is NULL".to_owned())
}

fn timestamp(micros: i64) -> Result<Timestamp, Failure> {
    Timestamp::from_micros(micros).ok_or_else(|| Failure(TIME_OUT_OF_RANGE, format!("{micros} us is out of range")))
}

/// The text at `start`.
///
/// # Safety
/// `start` points to `length` bytes that nobody changes while `'a` lasts, or is NULL.
unsafe fn text<'a>(start: *const c_char, length: usize) -> Result<&'a str, Failure> {
    // SAFETY: as this function demands.
    let bytes = unsafe { bytes(start.cast::<u8>(), length) }?;
    str::from_utf8(bytes).map_err(|error| malformed(&error))
}

/// The bytes at `start`.
///
/// # Safety
/// `start` points to `length` bytes that nobody changes while `'a` lasts, or is NULL.
unsafe fn bytes<'a>(start: *const u8, length: usize) -> Result<&'a [u8], Failure> {
    if start.is_null() {
        return Err(null());
    }
    // SAFETY: as this function demands.
    Ok(unsafe { slice::from_raw_parts(start, length) })
}

/// The keys at `start`.
///
/// # Safety
/// `start` points to `count` keys whose pointers point to as many bytes as stand beside them, or is NULL; so are these.
unsafe fn keyring(start: *const Key, count: usize) -> Result<Keyring, Failure> {
    let mut keyring = Keyring::new();
    if count > 0 {
        if start.is_null() {
            return Err(null());
        }
        // SAFETY: as this function demands.
        for Key { id, id_length, key, key_length } in unsafe { slice::from_raw_parts(start, count) } {
            // SAFETY: as this function demands.
            let (id, key) = unsafe { (text(*id, *id_length)?, bytes(*key, *key_length)?) };
            keyring.load(id, key).map_err(|error| Failure(KEY, error.to_string()))?;
        }
    }
    Ok(keyring)
}

/// The room for an output.
///
/// # Safety
/// `place` points to room for a `T` that nobody else uses while `'a` lasts, or is NULL.
unsafe fn out<'a, T>(place: *mut T) -> Result<&'a mut MaybeUninit<T>, Failure> {
    // SAFETY: as this function demands; what stands there may be anything.
    unsafe { place.cast::<MaybeUninit<T>>().as_mut() }.ok_or_else(null)
}

/// The border of a function that has a platform.
///
/// # Safety
/// `platform` is alive and used by this thread alone, or NULL.
unsafe fn with_platform(platform: *mut Handle, body: impl FnOnce(&mut Handle) -> Result<Status, Failure>) -> Status {
    boundary(|| {
        // SAFETY: as this function demands.
        let handle = unsafe { platform.as_mut() }.ok_or_else(null)?;
        if handle.is_poisoned {
            return Err(Failure(POISONED, "the platform met a defect before; it can only be freed".to_owned()));
        }
        // Until the body comes back, nobody knows what state the platform is in.
        handle.is_poisoned = true;
        let result = body(handle);
        handle.is_poisoned = false;
        result
    })
}

/// The border of every function: no panic crosses it, and what failed is remembered.
fn boundary(body: impl FnOnce() -> Result<Status, Failure>) -> Status {
    // A panic leaves a platform poisoned, so no state that it broke is seen again.
    let result = catch_unwind(AssertUnwindSafe(body));
    let (status, text) = match result {
        Ok(Ok(status)) => (status, String::new()),
        Ok(Err(Failure(status, text))) => (status, text),
        Err(panic) => (DEFECT, format!("a defect of the library: {}", message(panic.as_ref()))),
    };
    LAST_ERROR.with_borrow_mut(|last| {
        if !(text.is_empty() && last.is_empty()) {
            *last = c_string(text);
        }
    });
    status
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;
    use std::ptr;

    use super::*;

    fn last_error() -> String {
        // SAFETY: the text lives until the next call on this thread.
        unsafe { CStr::from_ptr(ringfence_last_error()) }.to_str().unwrap().to_owned()
    }

    #[test]
    fn a_platform_that_met_a_defect_can_only_be_freed() {
        let mut platform = ptr::null_mut();
        // SAFETY: the arguments are what the functions demand.
        unsafe {
            assert_eq!(ringfence_platform_new(c"{}".as_ptr(), 2, 0, &raw mut platform), OK);
            assert_eq!(with_platform(platform, |_| panic!("planted")), DEFECT);
            assert_eq!(last_error(), "a defect of the library: planted");
            assert_eq!(ringfence_platform_confirm(platform, 0), POISONED);
            ringfence_platform_free(platform);
        }
    }

    #[test]
    fn a_text_with_a_nul_ends_there() {
        assert_eq!(c_string("ab\0cd".to_owned()).as_c_str(), c"ab");
    }
}
