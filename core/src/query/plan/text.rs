//! Plans as Java prints them, in one line: `ISCAN(by_city [[Oslo],[Oslo]]) | QCFILTER age GREATER_THAN 18`.

use std::fmt::Write;

use record_store_kv::tuple::{Element, EndpointType, Tuple, TupleRange};

use super::{Bindings, InOrder, InSource, IndexScan, Plan, ScanComparison, ScanComparisons};
use crate::query::{Comparison, Operand, ParameterName, QueryComponent};

/// A plan. Java: `ExplainPlanVisitor`.
pub(super) fn plan(plan: &Plan) -> String {
    match plan {
        Plan::Scan { comparisons, .. } => format!("SCAN({})", range(comparisons)),
        Plan::Index(scan) => format!("ISCAN({})", index_scan(scan)),
        Plan::Covering { scan, record, .. } => format!("COVERING({} -> {record})", index_scan(scan)),
        Plan::Fetch(child) => format!("{} | FETCH", self::plan(child)),
        Plan::Filter { child, filters } => format!("{} | QCFILTER {}", self::plan(child), conjunction(filters)),
        Plan::TypeFilter { child, types } => format!("{} | TFILTER {}", self::plan(child), types.join(", ")),
        Plan::Union {
            children,
            comparison_key,
            ..
        } => format!("{} COMPARE BY {comparison_key}", joined(children, " ∪ ")),
        Plan::UnorderedUnion { children, .. } => joined(children, " ⊎ "),
        Plan::Intersection {
            children,
            comparison_key,
            ..
        } => format!("{} COMPARE BY {comparison_key}", joined(children, " ∩ ")),
        Plan::InJoin { child, source } => {
            format!(
                "{} | INJOIN {} -> {{ {} }}",
                in_source(source),
                source.binding,
                self::plan(child)
            )
        }
        Plan::InUnion {
            child,
            sources,
            comparison_key,
            ..
        } => {
            let bound = |source: &InSource| format!("{} -> {}", in_source(source), source.binding);
            let bound: Vec<String> = sources.iter().map(bound).collect();
            format!(
                "{} | INUNION {{ {} }} COMPARE BY {comparison_key}",
                bound.join(", "),
                self::plan(child)
            )
        }
        Plan::Distinct(child) => format!("{} | DISTINCT BY PK", self::plan(child)),
        Plan::Sort { child, key, reverse } => {
            let direction = if *reverse { " DESC" } else { "" };
            format!("{} | SORT BY {key}{direction}", self::plan(child))
        }
    }
}

fn joined(children: &[Plan], separator: &str) -> String {
    children.iter().map(plan).collect::<Vec<_>>().join(separator)
}

/// A scan of an index, without the word for it.
pub(super) fn index_scan(scan: &IndexScan) -> String {
    let reverse = if scan.reverse { " REVERSE" } else { "" };
    format!("{} {}{reverse}", scan.index, range(&scan.comparisons))
}

/// A range: of keys, or of comparisons where the keys are not known before the query runs.
pub(super) fn range(comparisons: &ScanComparisons) -> String {
    if comparisons.has_parameters() || comparisons.record_type().is_some() || comparisons.has_ordered_columns() {
        return unbound_range(comparisons);
    }
    match comparisons.to_range(&Bindings::default()) {
        Ok(Some(range)) => tuple_range(&range),
        _ => unbound_range(comparisons),
    }
}

fn unbound_range(comparisons: &ScanComparisons) -> String {
    let mut parts: Vec<String> = comparisons
        .equalities
        .iter()
        .map(|equality| match equality {
            ScanComparison::Value(comparison) | ScanComparison::Ordered(_, comparison) => self::comparison(comparison),
            ScanComparison::RecordType { name, .. } => format!("IS {name}"),
        })
        .collect();
    if !comparisons.inequalities.is_empty() {
        let mut inequalities: Vec<String> = comparisons.inequalities.iter().map(comparison).collect();
        inequalities.sort();
        parts.push(format!("[{}]", inequalities.join(" && ")));
    }
    format!("[{}]", parts.join(", "))
}

/// Java: `TupleRange.toString`.
fn tuple_range(range: &TupleRange) -> String {
    let end = |tuple: &Option<Tuple>| match tuple {
        None => String::new(),
        Some(tuple) => format!("[{}]", tuple.iter().map(key_element).collect::<Vec<_>>().join(", ")),
    };
    let low = match range.low_endpoint {
        EndpointType::TreeStart => "<",
        EndpointType::RangeInclusive => "[",
        EndpointType::PrefixString => "{",
        _ => "(",
    };
    let high = match range.high_endpoint {
        EndpointType::TreeEnd => ">",
        EndpointType::RangeInclusive => "]",
        EndpointType::PrefixString => "}",
        _ => ")",
    };
    format!("{low}{},{}{high}", end(&range.low), end(&range.high))
}

fn in_source(source: &InSource) -> String {
    let order = match source.order {
        InOrder::AsGiven => "",
        InOrder::Ascending => " SORTED",
        InOrder::Descending => " SORTED DESC",
    };
    match &source.values {
        Operand::List(values) => {
            let mut values = values.clone();
            source.order.sort(&mut values);
            format!("[{}{order}]", list(&values))
        }
        Operand::Parameter(name) => format!("[{}{order}]", parameter(name)),
        _ => format!("[{order}]"),
    }
}

/// Several filters, all of which must be true.
pub(super) fn conjunction(filters: &[QueryComponent]) -> String {
    match filters {
        [filter] => component(filter),
        several => format!("And([{}])", components(several)),
    }
}

fn components(components: &[QueryComponent]) -> String {
    components.iter().map(component).collect::<Vec<_>>().join(", ")
}

/// A filter. Java: `toString` of each `QueryComponent`.
fn component(component: &QueryComponent) -> String {
    match component {
        QueryComponent::And(children) => format!("And([{}])", components(children)),
        QueryComponent::Or(children) => format!("Or([{}])", components(children)),
        QueryComponent::Not(child) => format!("Not({})", self::component(child)),
        QueryComponent::Field { name, comparison } => format!("{name} {}", self::comparison(comparison)),
        QueryComponent::Nested { name, child } => format!("{name}/{{{}}}", self::component(child)),
        QueryComponent::OneOfThem { name, comparison } => format!("one of {name} {}", self::comparison(comparison)),
        QueryComponent::OneOfThemNested { name, child } => format!("one of {name}/{{{}}}", self::component(child)),
        QueryComponent::RecordType(name) => format!("IS {name}"),
        QueryComponent::Version(comparison) => format!("version(self) {}", self::comparison(comparison)),
        QueryComponent::KeyExpression { expression, comparison } => {
            format!("{expression} {}", self::comparison(comparison))
        }
    }
}

/// Java: `toString` of each `Comparison`.
fn comparison(comparison: &Comparison) -> String {
    let name = comparison.kind().name();
    match comparison.operand() {
        Operand::None => name.to_owned(),
        Operand::Value(value) => format!("{name} {}", element(value)),
        Operand::List(values) => format!("{name} [{}]", list(values)),
        Operand::Parameter(parameter) => format!("{name} {}", self::parameter(parameter)),
        Operand::Pattern { pattern, escape: None } => format!("{name} {pattern}"),
        Operand::Pattern {
            pattern,
            escape: Some(escape),
        } => format!("{name} {pattern} ESCAPE {escape}"),
    }
}

fn parameter(name: &ParameterName) -> String {
    match name {
        ParameterName::Named(name) => format!("${name}"),
        ParameterName::Positional(_) => name.to_string(),
    }
}

fn list(values: &[Element]) -> String {
    values.iter().map(element).collect::<Vec<_>>().join(", ")
}

/// A value in a comparison. Java: `Comparisons.toPrintable`.
fn element(value: &Element) -> String {
    match value {
        Element::Bytes(bytes) => loggable(bytes),
        other => key_element(other),
    }
}

/// A value in a key.
fn key_element(value: &Element) -> String {
    match value {
        Element::Null => "null".to_owned(),
        Element::Bytes(bytes) => {
            let numbers: Vec<String> = bytes.iter().map(|byte| byte.cast_signed().to_string()).collect();
            format!("[{}]", numbers.join(", "))
        }
        Element::String(text) => text.clone(),
        Element::Tuple(tuple) => format!("[{}]", tuple.iter().map(key_element).collect::<Vec<_>>().join(", ")),
        Element::Int(number) => number.to_string(),
        Element::BigInt(number) => number.to_string(),
        Element::Float(number) => floating(f64::from(*number), &format!("{number:?}"), &format!("{number:E}")),
        Element::Double(number) => floating(*number, &format!("{number:?}"), &format!("{number:E}")),
        Element::Bool(value) => value.to_string(),
        Element::Uuid(uuid) => uuid.to_string(),
        Element::Versionstamp(version) => format!("{version:?}"),
    }
}

/// Java's form of a floating-point number: scientific for the small and the large.
fn floating(number: f64, plain: &str, scientific: &str) -> String {
    let size = number.abs();
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else if size == 0.0 || (1e-3..1e7).contains(&size) {
        plain.to_owned()
    } else {
        match scientific.split_once('E') {
            Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0E{exponent}"),
            _ => scientific.to_owned(),
        }
    }
}

/// Java: `ByteArrayUtil2.loggable`.
fn loggable(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        match byte {
            b'\\' => text.push_str("\\\\"),
            32..=126 if *byte != b'=' && *byte != b'"' => text.push(char::from(*byte)),
            _ => write!(text, "\\x{byte:02x}").expect("a string takes all text"),
        }
    }
    text
}

impl InOrder {
    /// Brings the values of a list into the order.
    pub(crate) fn sort(self, values: &mut [Element]) {
        if self == InOrder::AsGiven {
            return;
        }
        values.sort_by_cached_key(|value| Tuple::from(vec![value.clone()]).pack());
        if self == InOrder::Descending {
            values.reverse();
        }
    }
}
