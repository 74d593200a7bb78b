//! [`Event`]: something that is told, and its forms in a file.

use std::time::{Duration, UNIX_EPOCH};

use record_store_kv::env::Env;

use super::Format;

/// How grave an event is, by FoundationDB's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    Info = 10,
    Warn = 20,
    Error = 40,
}

/// Something that is told: names and values, in order.
#[derive(Clone, Debug)]
pub(super) struct Event {
    fields: Vec<(String, String)>,
}

impl Event {
    /// Something that happens now.
    pub(super) fn new(severity: Severity, kind: &str, details: &[(&'static str, &str)]) -> Self {
        Event::at(Env::system().clock().unix_time(), severity, kind, details)
    }

    fn at(now: Duration, severity: Severity, kind: &str, details: &[(&'static str, &str)]) -> Self {
        let (severity, [time, date]) = ((severity as i32).to_string(), times(now));
        let head = [
            ("Severity", &*severity),
            ("Time", &*time),
            ("DateTime", &*date),
            ("Type", kind),
            ("ID", NO_ID),
        ];
        let field = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Event {
            fields: head.iter().chain(details).map(field).collect(),
        }
    }

    /// The event with one more field.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same event, told once more now.
    pub(super) fn again(mut self) -> Self {
        let [time, date] = times(Env::system().clock().unix_time());
        for (name, value) in &mut self.fields {
            match name.as_str() {
                "Time" => value.clone_from(&time),
                "DateTime" => value.clone_from(&date),
                _ => {}
            }
        }
        self
    }

    /// How it stands in a file, with the end of the line.
    pub(super) fn text(&self, format: Format) -> String {
        let fields = self.fields.iter();
        match format {
            Format::Xml => {
                let fields: String = fields
                    .map(|(name, value)| format!("{}=\"{}\" ", in_xml(name), in_xml(value)))
                    .collect();
                format!("<Event {fields}/>\n")
            }
            Format::Json => {
                let quoted = |text: &str| serde_json::Value::from(text).to_string();
                let fields: Vec<String> = fields
                    .map(|(name, value)| format!("{}: {}", quoted(name), quoted(value)))
                    .collect();
                format!("{{  {} }}\n", fields.join(", "))
            }
        }
    }
}

impl Format {
    /// What the names of files end with.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Format::Xml => "xml",
            Format::Json => "json",
        }
    }

    /// What a file begins and ends with.
    pub(super) fn frame(self) -> (&'static str, &'static str) {
        match self {
            Format::Xml => ("<?xml version=\"1.0\"?>\r\n<Trace>\r\n", "</Trace>\r\n"),
            Format::Json => ("", ""),
        }
    }
}

/// A time as events have it, twice.
fn times(now: Duration) -> [String; 2] {
    let date = humantime::format_rfc3339_seconds(UNIX_EPOCH + now).to_string();
    [format!("{}.{:06}", now.as_secs(), now.subsec_micros()), date]
}

fn in_xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            letter if letter.is_control() => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// The identifier of what has none.
const NO_ID: &str = "0000000000000000";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_stand_in_files_as_foundationdbs_do() {
        let at = Duration::new(1_700_000_000, 1_234_999);
        let event = Event::at(at, Severity::Warn, "Told", &[("What", "a <b> & \"c\"\nd")]).with("LogGroup", "default");
        assert_eq!(
            event.text(Format::Xml),
            "<Event Severity=\"20\" Time=\"1700000000.001234\" DateTime=\"2023-11-14T22:13:20Z\" Type=\"Told\" \
             ID=\"0000000000000000\" What=\"a &lt;b&gt; &amp; &quot;c&quot; d\" LogGroup=\"default\" />\n"
        );
        let json = event.text(Format::Json);
        assert!(
            json.starts_with("{  \"Severity\": \"20\", \"Time\": \"1700000000.001234\", "),
            "{json}"
        );
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read.get("What"), Some(&"a <b> & \"c\"\nd".into()));
    }
}
