//! Gives the library the name that FoundationDB's clients were linked with.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("linux") => println!("cargo:rustc-link-arg-cdylib=-Wl,-soname,libfdb_c.so"),
        Ok("macos") => println!("cargo:rustc-link-arg-cdylib=-Wl,-install_name,@rpath/libfdb_c.dylib"),
        _ => {}
    }
}
