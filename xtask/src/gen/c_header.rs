//! `include/record_store.h`: made by cbindgen of the sources of the C library, in their order of reading.

use crate::step::Failure;
use crate::workspace;

/// The sources, as a reader of the header wants them.
const SOURCES: [&str; 22] = [
    "library",
    "status",
    "buffer",
    "memory",
    "error",
    "key",
    "expression",
    "filter",
    "schema",
    "schema_index",
    "database",
    "transaction",
    "space",
    "diff",
    "record",
    "scan",
    "query",
    "cursor",
    "count",
    "index",
    "index_state",
    "index_build",
];

/// Structs of options, each of which has a function that makes it.
const OPTIONS: [&str; 7] = [
    "rs_open_options",
    "rs_run_options",
    "rs_space_options",
    "rs_put_options",
    "rs_scan_options",
    "rs_query_options",
    "rs_build_options",
];

/// The header.
pub(super) fn generate() -> Result<(&'static str, String), Failure> {
    let folder = workspace::root().join("bindings/c");
    let config = cbindgen::Config::from_file(folder.join("cbindgen.toml"))?;
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in SOURCES {
        builder = builder.with_src(folder.join("src").join(format!("{source}.rs")));
    }
    let bindings = builder.generate().map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    let text = String::from_utf8(text).map_err(|error| error.to_string())?;
    // cbindgen's own trailer would stand behind the end of the include guard.
    let (declarations, guard) = text
        .rsplit_once("#endif")
        .ok_or_else(|| "cbindgen has written a header without an include guard".to_owned())?;
    Ok((
        "include/record_store.h",
        format!("{declarations}{}\n#endif{guard}", inline_functions()),
    ))
}

/// What is written in C, because programs compile it: `rs_str`, and an `_init` for each struct of options.
fn inline_functions() -> String {
    let mut text = "\
/* A C string as bytes, without the NUL at its end; NULL as none. */
static inline rs_bytes rs_str(const char *text) {
    rs_bytes bytes;
    bytes.data = (const uint8_t *)text;
    bytes.len = text == NULL ? 0 : strlen(text);
    return bytes;
}

/* Bytes by where they begin and how many there are. */
static inline rs_bytes rs_bytes_of(const void *data, size_t len) {
    rs_bytes bytes;
    bytes.data = (const uint8_t *)data;
    bytes.len = len;
    return bytes;
}
"
    .to_owned();
    for options in OPTIONS {
        text.push_str(&format!(
            "
/* {options} with the defaults. */
static inline {options} {options}_init(void) {{
    {options} options;
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    return options;
}}
"
        ));
    }
    text
}
