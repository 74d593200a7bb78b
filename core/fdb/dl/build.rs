//! Makes the archive that stands for FoundationDB's client library when a program is linked.
//!
//! Crate `foundationdb-sys` always asks the linker for a library `fdb_c`. It gets this one: for each function of the header a
//! jump through a slot that the loader fills (`src/lib.rs`). A jump leaves arguments and result alone, so no signature is needed
//! here. All symbols are hidden: no artefact exports an `fdb_*` symbol that a real client in the same process could meet.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=functions.txt");
    let functions = fs::read_to_string("functions.txt").expect("functions.txt lies beside build.rs");
    let functions: Vec<&str> = functions.lines().collect();
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));

    let assembly = out.join("fdb_c.S");
    fs::write(&assembly, jumps(&functions, &Target::of_build())).expect("OUT_DIR can be written");
    cc::Build::new().file(&assembly).compile("fdb_c");

    let names: String = functions.iter().fold(String::new(), |mut text, name| {
        writeln!(text, "    c\"{name}\",").expect("a string takes all that is written");
        text
    });
    let count = functions.len();
    let table = format!("pub(crate) const FUNCTIONS: [&std::ffi::CStr; {count}] = [\n{names}];\n");
    fs::write(out.join("functions.rs"), table).expect("OUT_DIR can be written");
}

/// What an assembler for this system wants.
struct Target {
    /// Before the name of every C symbol.
    prefix: &'static str,
    /// What hides a symbol.
    hidden: &'static str,
    /// Where data that the loader writes go.
    data: &'static str,
    is_arm: bool,
    is_apple: bool,
}

impl Target {
    fn of_build() -> Self {
        let set = |name| env::var(name).unwrap_or_default();
        let (system, processor) = (set("CARGO_CFG_TARGET_OS"), set("CARGO_CFG_TARGET_ARCH"));
        let is_apple = system == "macos";
        assert!(
            (is_apple || system == "linux") && ["x86_64", "aarch64"].contains(&processor.as_str()),
            "the FoundationDB backend is built for Linux and macOS on x86-64 and ARM64, not for {system} on {processor}; \
             build record-store without its feature fdb"
        );
        Target {
            prefix: if is_apple { "_" } else { "" },
            hidden: if is_apple { ".private_extern" } else { ".hidden" },
            data: if is_apple { ".section __DATA,__data" } else { ".data" },
            is_arm: processor == "aarch64",
            is_apple,
        }
    }
}

/// A jump for each function, and the slots that they go through, in the order of the list.
fn jumps(functions: &[&str], target: &Target) -> String {
    let Target {
        prefix, hidden, data, ..
    } = target;
    let slots = format!("{prefix}record_store_fdb_slots");
    let mut text = String::from(".text\n");
    for (slot, name) in functions.iter().enumerate() {
        let offset = slot * 8;
        let jump = match (target.is_arm, target.is_apple) {
            (false, _) => format!("jmp *{slots}+{offset}(%rip)"),
            // The register that the platform gives to such code.
            (true, false) => format!("adrp x16, {slots}+{offset}\nldr x16, [x16, :lo12:{slots}+{offset}]\nbr x16"),
            (true, true) => {
                format!("adrp x16, {slots}@PAGE+{offset}\nldr x16, [x16, {slots}@PAGEOFF+{offset}]\nbr x16")
            }
        };
        let symbol = format!("{prefix}{name}");
        write!(
            text,
            ".globl {symbol}\n{hidden} {symbol}\n.p2align 4\n{symbol}:\n{jump}\n"
        )
        .expect("a string takes all that is written");
    }
    let room = functions.len() * 8;
    write!(
        text,
        "{data}\n.globl {slots}\n{hidden} {slots}\n.p2align 3\n{slots}:\n.zero {room}\n"
    )
    .expect("a string takes all that is written");
    if !target.is_apple {
        text.push_str(".section .note.GNU-stack,\"\",%progbits\n");
    }
    text
}
