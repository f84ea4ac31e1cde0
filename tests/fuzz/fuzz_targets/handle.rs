//! The target `handle`; what it does stands in `ringfence_testing::fuzz`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ringfence_testing::fuzz::handle(bytes));
