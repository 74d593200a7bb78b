//! Literals of C.

use record_store::Tuple;
use record_store::kv::tuple::Element;

use crate::step::Failure;

/// A string literal.
pub(super) fn string(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for byte in text.bytes() {
        match byte {
            b'\n' => literal.push_str("\\n"),
            // Two question marks may begin a trigraph.
            b'"' | b'\\' | b'?' => {
                literal.push('\\');
                literal.push(char::from(byte));
            }
            b' '..=b'~' => literal.push(char::from(byte)),
            // Three octal digits end by themselves, unlike hexadecimal ones.
            _ => literal.push_str(&format!("\\{byte:03o}")),
        }
    }
    literal.push('"');
    literal
}

/// An `rs_bytes` of a text, where something is initialised.
pub(super) fn text(text: &str) -> String {
    format!("TEXT({})", string(text))
}

/// An array of elements that are literals; of none, NULL.
pub(super) fn array(of: &str, elements: impl IntoIterator<Item = String>) -> String {
    let elements: Vec<String> = elements.into_iter().collect();
    match elements.is_empty() {
        true => "NULL".to_owned(),
        false => format!("(const {of}[]){{{}}}", elements.join(", ")),
    }
}

/// The columns of a key, where `columns` are initialised.
pub(super) fn columns(given: &Tuple) -> Result<String, Failure> {
    let items: Vec<String> = given.iter().map(column).collect::<Result<_, _>>()?;
    let count = items.len();
    Ok(format!("{{{}, {count}}}", array("column", items)))
}

fn column(element: &Element) -> Result<String, Failure> {
    Ok(match element {
        Element::Null => "{.type = RS_COLUMN_NULL}".to_owned(),
        // The least number is none that C can write.
        Element::Int(i64::MIN) => "{.type = RS_COLUMN_INT, .number = INT64_MIN}".to_owned(),
        Element::Int(number) => format!("{{.type = RS_COLUMN_INT, .number = INT64_C({number})}}"),
        Element::Double(number) if number.is_finite() => format!("{{.type = RS_COLUMN_DOUBLE, .real = {number:e}}}"),
        Element::Bool(flag) => format!("{{.type = RS_COLUMN_BOOL, .number = {}}}", i32::from(*flag)),
        Element::String(string) => format!("{{.type = RS_COLUMN_STRING, .text = {}}}", text(string)),
        Element::Bytes(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
            format!("{{.type = RS_COLUMN_BYTES, .text = TEXT(\"{digits}\")}}")
        }
        other => return Err(format!("the runner in C has no column {other:?}")),
    })
}
