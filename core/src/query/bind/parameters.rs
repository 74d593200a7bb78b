//! [`Parameters`]: the values that are given when a query runs, and how they take their places.

use std::collections::{BTreeMap, BTreeSet};

use record_store_kv::tuple::Element;

use crate::metadata::unknown;
use crate::query::{Comparison, ComparisonKind, Operand, ParameterName, QueryComponent};
use crate::{Error, ErrorKind, Result};

/// The values of a query's parameters. Java: the bindings of an `EvaluationContext`.
///
/// ```
/// use record_store::query::{Parameters, QueryComponent, field};
/// let filter = QueryComponent::parse("age >= ? AND city IN ('Oslo', :city)")?;
/// let bound = filter.bind(&Parameters::positional([18]).with("city", "Bergen"))?;
/// assert_eq!(bound, field("age").ge(18) & (field("city").is_in(["Oslo"]) | field("city").eq("Bergen")));
/// # Ok::<(), record_store::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    named: BTreeMap<String, Element>,
    positional: Vec<Element>,
}

impl Parameters {
    /// No values.
    pub fn new() -> Self {
        Parameters::default()
    }

    /// The values of the first `?`, the second, and so on. A list is a tuple.
    pub fn positional(values: impl IntoIterator<Item = impl Into<Element>>) -> Self {
        Parameters {
            named: BTreeMap::new(),
            positional: values.into_iter().map(Into::into).collect(),
        }
    }

    /// With the value of `:name`. A list is a tuple.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Element>) -> Self {
        self.named.insert(name.into(), value.into());
        self
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.named.len() + self.positional.len()
    }

    pub(super) fn get(&self, name: &ParameterName) -> Option<&Element> {
        match name {
            ParameterName::Named(name) => self.named.get(name),
            ParameterName::Positional(index) => self.positional.get(*index),
        }
    }

    fn names(&self) -> impl Iterator<Item = ParameterName> {
        let positional = (0..self.positional.len()).map(ParameterName::Positional);
        positional.chain(self.named.keys().cloned().map(ParameterName::Named))
    }
}

impl QueryComponent {
    /// The parameters in the tree, each once.
    pub fn parameters(&self) -> BTreeSet<ParameterName> {
        let mut names = BTreeSet::new();
        self.each_comparison(&mut |comparison| {
            if let Operand::Parameter(name) = comparison.operand() {
                names.insert(name.clone());
            }
        });
        names
    }

    /// The same tree with the values in place of the parameters.
    ///
    /// **Errors**: [`ErrorKind::InvalidQuery`] for a parameter without a value, a value without a parameter, and one that
    /// is no list where a list is asked for.
    pub fn bind(&self, values: &Parameters) -> Result<Self> {
        let mut unused: BTreeSet<ParameterName> = values.names().collect();
        let known = self.parameters();
        let bound = self.try_map_comparisons(&mut |comparison| {
            let Operand::Parameter(name) = comparison.operand() else {
                return Ok(comparison.clone());
            };
            unused.remove(name);
            let value = values.get(name).ok_or_else(|| missing(name, values))?;
            with_value(comparison, value).map_err(|error| error.with("parameter", name))
        })?;
        match unused.first() {
            None => Ok(bound),
            Some(name) => Err(not_asked_for(name, &known)),
        }
    }
}

fn with_value(comparison: &Comparison, value: &Element) -> Result<Comparison> {
    let refuse = |reason| Err(Error::new(ErrorKind::InvalidQuery, reason).with("value", value));
    match (comparison.kind(), value) {
        (ComparisonKind::In, Element::Tuple(values)) => Ok(Comparison::one_of(values)),
        (ComparisonKind::In, _) => refuse("the parameter stands for a list: give a tuple of values"),
        (_, Element::Tuple(_)) => {
            refuse("a list is given for a parameter that stands for one value: for one of a list write field = ANY(?)")
        }
        (ComparisonKind::Like, Element::String(pattern)) => Ok(Comparison::like(pattern, None)),
        (ComparisonKind::Like, _) => refuse("the parameter stands for a pattern: give a text"),
        _ => Ok(comparison.with_operand(Operand::Value(value.clone()))),
    }
}

fn missing(name: &ParameterName, values: &Parameters) -> Error {
    let error = Error::new(ErrorKind::InvalidQuery, "a parameter of the query has no value");
    match name {
        ParameterName::Named(missing) => unknown(error, "parameter", missing, values.named.keys().map(String::as_str)),
        ParameterName::Positional(_) => error
            .with("parameter", name)
            .with("positional_values", values.positional.len()),
    }
}

fn not_asked_for(name: &ParameterName, known: &BTreeSet<ParameterName>) -> Error {
    let error = Error::new(
        ErrorKind::InvalidQuery,
        "a value is given for a parameter that the query does not have",
    );
    let names = known.iter().filter_map(|name| match name {
        ParameterName::Named(name) => Some(name.as_str()),
        ParameterName::Positional(_) => None,
    });
    match name {
        ParameterName::Named(unused) => unknown(error, "parameter", unused, names),
        ParameterName::Positional(_) => error.with("parameter", name),
    }
}

#[cfg(test)]
mod tests {
    use record_store_kv::tuple::Tuple;

    use super::*;
    use crate::query::{field, param};

    #[test]
    fn parameters_and_values_belong_together() {
        let filter = field("a").eq(param("age")) & field("b").is_in_param(param("list"));
        let all = Parameters::new().with("age", 5).with("list", (1, 2));
        assert_eq!(filter.bind(&all).unwrap(), field("a").eq(5) & field("b").is_in([1, 2]));

        let cases = [
            (Parameters::new().with("list", (1,)), "has no value", "age"),
            (all.clone().with("agee", 1), "does not have", "agee"),
            (
                Parameters::new().with("age", 5).with("list", 1),
                "stands for a list",
                ":list",
            ),
            (
                Parameters::new().with("age", (1,)).with("list", (1,)),
                "one value",
                ":age",
            ),
        ];
        for (values, message, name) in cases {
            let error = filter.bind(&values).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidQuery);
            assert!(error.message().contains(message), "{error}");
            assert_eq!(error.fact("parameter"), Some(name), "{error}");
        }
    }

    #[test]
    fn positions_count_from_the_first() {
        let second = ParameterName::Positional(1);
        let filter = field("a").eq(ParameterName::Positional(0)) & field("b").eq(second.clone());
        let error = filter.bind(&Parameters::positional([1])).unwrap_err();
        assert_eq!(error.fact("parameter"), Some("?2"), "{error}");
        let error = field("b").eq(second).bind(&Parameters::positional([1, 2])).unwrap_err();
        assert_eq!(error.fact("parameter"), Some("?1"), "{error}");
    }

    #[test]
    fn a_pattern_becomes_the_simplest_comparison() {
        let like = field("s").compare(Comparison::new(ComparisonKind::Like, param("p")));
        let bound = |pattern: &str| like.bind(&Parameters::new().with("p", pattern)).unwrap();
        assert_eq!(bound("P%"), field("s").starts_with("P"));
        assert_eq!(bound("%P"), field("s").like("%P"));
        assert!(like.bind(&Parameters::new().with("p", Tuple::new())).is_err());
    }
}
