//! Gives the shared library the name under which programs find it when they start.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_CFG_TARGET_OS").is_some_and(|system| system == "linux") {
        println!("cargo:rustc-link-arg-cdylib=-Wl,-soname,librecord_store.so.0");
    }
}
