//! Fuzzes `record_store_tests::fuzz`, target `query`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| record_store_tests::fuzz::run("query", input));
