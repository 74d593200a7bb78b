//! Fuzzes `record_store_tests::fuzz`, target `key_expression`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| record_store_tests::fuzz::run("key_expression", input));
