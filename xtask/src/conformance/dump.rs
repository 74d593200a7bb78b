//! What a space holds, in the lines in which `Dump.java` says it.

use record_store::{Continuation, Database, IndexState, RecordSpace, Result, ScanOptions};

use super::questions;

/// The header, every record with its version, the state and every entry of every index, what breaks the uniqueness of one, and
/// the answers to a question to each.
pub(super) async fn dump(database: &Database, space: &RecordSpace) -> Result<Vec<String>> {
    let store = database
        .run(|context| async move { space.store(&context).await })
        .await?;
    let (header, states) = (store.header(), store.index_states());
    let format = store.format_version().number();
    let omits = header.omits_unsplit_suffix();
    let mut lines = vec![format!("header {format} {} {omits}", header.metadata_version())];
    let mut records = space.scan(ScanOptions::default());
    while let Some(record) = records.next().await? {
        let version = record.version().map(|version| hex(&version.to_bytes()));
        lines.push(format!(
            "record {} {} {}",
            hex(&record.primary_key().pack()),
            version.unwrap_or_default(),
            hex(record.bytes())
        ));
    }
    let mut readable = Vec::new();
    for index in space.metadata().indexes() {
        let name = index.name();
        let state = states.get(name).copied().unwrap_or_default();
        lines.push(format!("state {name} {}", state.name()));
        if state.is_scannable() {
            let mut entries = space.scan_index(name, None, ScanOptions::default());
            while let Some(entry) = entries.next().await? {
                let (key, value) = (hex(&entry.key().pack()), hex(&entry.value().pack()));
                lines.push(format!("index {name} {key} {value}"));
            }
        }
        if index.is_unique() {
            let mut violations = space.scan_uniqueness_violations(name, ScanOptions::default());
            while let Some(violation) = violations.next().await? {
                let (value, key) = (hex(&violation.value().pack()), hex(&violation.primary_key().pack()));
                lines.push(format!("violation {name} {value} {key}"));
            }
        }
        if state == IndexState::Readable {
            readable.push(name.to_owned());
        }
    }
    lines.extend(questions::ask(database, space, &readable).await?);
    Ok(lines)
}

/// Bytes as the Java program writes them.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes every text");
        text
    })
}

/// The primary keys of a page, and where the next one begins.
pub(super) struct Page {
    pub(super) keys: Vec<String>,
    pub(super) more: Option<String>,
}

impl Page {
    /// From the lines of a program.
    pub(super) fn read(mut lines: Vec<String>) -> Self {
        let more = lines
            .last()
            .and_then(|last| last.strip_prefix("more "))
            .map(str::to_owned);
        if more.is_some() {
            lines.pop();
        }
        Page { keys: lines, more }
    }

    /// As a space reads it: entries of the index by tags, or of a query for a city.
    pub(super) async fn of(space: &RecordSpace, what: &str, limit: usize, after: Option<&str>) -> Result<Self> {
        let after = after.map(|hex| Continuation::from_java(bytes(hex)));
        let (keys, more) = if what == "scan" {
            let options = ScanOptions::default().limit(limit).continuation(after);
            let mut page = space.scan_index("by_tag", None, options);
            let entries = page.next_batch(limit).await?;
            let keys = entries.iter().map(|entry| hex(&entry.primary_key().pack())).collect();
            page.next().await?;
            (keys, page.continuation())
        } else {
            let query = space.query("city = 'Oslo'").record_type("Item").limit(limit);
            let mut page = query.continuation(after).execute();
            let records = page.next_batch(limit).await?;
            let keys = records.iter().map(|record| hex(&record.primary_key().pack())).collect();
            page.next().await?;
            (keys, page.continuation())
        };
        let more = more.map(|more| more.java_key_bytes()).transpose()?;
        Ok(Page {
            keys,
            more: more.map(|more| hex(&more)),
        })
    }
}

/// What Java wrote as hexadecimal digits, pair by pair; what is no digit makes a continuation that is refused.
fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| {
            let digits = std::str::from_utf8(pair).unwrap_or_default();
            u8::from_str_radix(digits, 16).unwrap_or_default()
        })
        .collect()
}
