//! `Field`: a field of a record, as a column of keys and as what filters compare.

use pyo3::basic::CompareOp;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use record_store::key_expression::{self, FanType, NullStandin};
use record_store::query::{self, Comparison, ComparisonKind, Operand};
use record_store::{Error, ErrorKind};

use crate::error::{argument, to_py};
use crate::filter::{Filter, Parameter};
use crate::key_expression::{KeyExpression, to_expressions};
use crate::record::element;

/// A field of a record, from `record_store.field`: a column of a key, and what a filter compares.
///
/// >>> from record_store import field
/// >>> (field("age") >= 18) & field("address.city").is_in(["Oslo", "Bergen"])
/// Filter("age >= 18 AND address.city IN ('Oslo', 'Bergen')")
/// >>> ~field("email").is_null() | (field("tags").any() == "new")
/// Filter("NOT email IS NULL OR any(tags) = 'new'")
/// >>> field("lines").fan_out().nest("article", "count")
/// KeyExpression(Field { 'lines' FanOut}/[Field { 'article' None}, Field { 'count' None}])
#[derive(Clone)]
#[pyclass(frozen, module = "record_store")]
pub(crate) struct Field {
    path: String,
    fan_type: FanType,
    null_standin: NullStandin,
    /// Whether a filter asks for one of the values of a repeated field.
    any: bool,
}

/// The field `name` of a record; dots lead into the messages in its fields: `"address.city"`.
#[pyfunction]
pub(crate) fn field(name: &str) -> Field {
    Field::named(name)
}

impl Field {
    pub(crate) fn named(path: &str) -> Self {
        Field {
            path: path.to_owned(),
            fan_type: FanType::None,
            null_standin: NullStandin::Null,
            any: false,
        }
    }

    /// The field as a column.
    ///
    /// **Errors**: `InvalidArgument` for what only a filter asks.
    pub(crate) fn expression(&self) -> PyResult<key_expression::KeyExpression> {
        self.refuse_any()?;
        Ok(self.column(Into::into))
    }

    fn column(
        &self,
        of: impl FnOnce(key_expression::Field) -> key_expression::KeyExpression,
    ) -> key_expression::KeyExpression {
        key_expression::at_path(&self.path, |last| {
            of(last.with_fan_type(self.fan_type).with_null_standin(self.null_standin))
        })
    }

    fn refuse_any(&self) -> PyResult<()> {
        match self.any {
            true => Err(to_py(
                Error::new(
                    ErrorKind::InvalidArgument,
                    "any() is for filters: a column has all values, with fan_out() or concatenate()",
                )
                .with("field", &self.path),
            )),
            false => Ok(()),
        }
    }

    fn compare(&self, comparison: Comparison) -> Filter {
        let field = query::field(&self.path);
        Filter(match self.any {
            true => field.one_of_them().compare(comparison),
            false => field.compare(comparison),
        })
    }

    fn compare_with(&self, kind: ComparisonKind, value: &Bound<'_, PyAny>) -> PyResult<Filter> {
        Ok(self.compare(Comparison::new(kind, operand(value)?)))
    }

    fn with_fan_type(&self, fan_type: FanType) -> Self {
        Field {
            fan_type,
            ..self.clone()
        }
    }
}

#[pymethods]
impl Field {
    /// The name of the field, with dots.
    #[getter]
    fn name(&self) -> &str {
        &self.path
    }

    /// As a column of a repeated field: a row for each value.
    fn fan_out(&self) -> Self {
        self.with_fan_type(FanType::FanOut)
    }

    /// As a column of a repeated field: all values as one tuple.
    fn concatenate(&self) -> Self {
        self.with_fan_type(FanType::Concatenate)
    }

    /// As a column of a unique index: records without a value collide, as those with the same value do.
    fn unique_null(&self) -> Self {
        Field {
            null_standin: NullStandin::NullUnique,
            ..self.clone()
        }
    }

    /// As a column: the field's default where there is no value.
    fn not_null(&self) -> Self {
        Field {
            null_standin: NullStandin::NotNull,
            ..self.clone()
        }
    }

    /// As columns: those of the message in this field.
    #[pyo3(signature = (*columns))]
    fn nest(&self, columns: &Bound<'_, PyTuple>) -> PyResult<KeyExpression> {
        self.refuse_any()?;
        let columns = key_expression::concat(to_expressions(columns)?);
        Ok(KeyExpression(self.column(|field| field.nest(columns))))
    }

    /// As a column grouped by others: what an index of sums keeps for each group.
    #[pyo3(signature = (*columns))]
    fn group_by(&self, columns: &Bound<'_, PyTuple>) -> PyResult<KeyExpression> {
        Ok(KeyExpression(self.expression()?.group_by(to_expressions(columns)?)))
    }

    /// As a column that is one group.
    fn ungrouped(&self) -> PyResult<KeyExpression> {
        Ok(KeyExpression(self.expression()?.ungrouped()))
    }

    /// In a filter: one of the values of a repeated field. With a filter of the messages in the field: it is true of one of them.
    #[pyo3(signature = (filter=None))]
    fn any<'py>(&self, py: Python<'py>, filter: Option<&Bound<'py, Filter>>) -> PyResult<Bound<'py, PyAny>> {
        match filter {
            None => Ok(Bound::new(
                py,
                Field {
                    any: true,
                    ..self.clone()
                },
            )?
            .into_any()),
            Some(filter) => {
                let any = query::field(&self.path).any(filter.get().0.clone());
                Ok(Bound::new(py, Filter(any))?.into_any())
            }
        }
    }

    /// In a filter: `filter` is true of the message in the field.
    fn matches(&self, filter: &Bound<'_, Filter>) -> Filter {
        Filter(query::field(&self.path).matches(filter.get().0.clone()))
    }

    /// From `low` to `high`, both included.
    fn between(&self, low: &Bound<'_, PyAny>, high: &Bound<'_, PyAny>) -> PyResult<Filter> {
        let low = self.compare_with(ComparisonKind::GreaterThanOrEquals, low)?;
        let high = self.compare_with(ComparisonKind::LessThanOrEquals, high)?;
        Ok(Filter(low.0 & high.0))
    }

    /// One of some values.
    fn is_in(&self, values: &Bound<'_, PyAny>) -> PyResult<Filter> {
        if let Ok(parameter) = values.cast::<Parameter>() {
            let name = parameter.get().0.clone();
            return Ok(self.compare(Comparison::new(ComparisonKind::In, name)));
        }
        let values = values.try_iter()?.map(|value| element(&value?));
        Ok(self.compare(Comparison::one_of(values.collect::<PyResult<Vec<_>>>()?)))
    }

    /// A text or bytes that begin so.
    fn starts_with(&self, prefix: &Bound<'_, PyAny>) -> PyResult<Filter> {
        self.compare_with(ComparisonKind::StartsWith, prefix)
    }

    /// A text in the form of a pattern of SQL: `%` stands for any text and `_` for one character.
    fn like(&self, pattern: String) -> Filter {
        self.compare(Comparison::like(pattern, None))
    }

    /// There is no value, as `== None`.
    fn is_null(&self) -> Filter {
        self.compare(Comparison::unary(ComparisonKind::IsNull))
    }

    /// There is a value, as `!= None`.
    fn is_not_null(&self) -> Filter {
        self.compare(Comparison::unary(ComparisonKind::NotNull))
    }

    /// The repeated field has no values.
    fn is_empty(&self) -> Filter {
        self.compare(Comparison::unary(ComparisonKind::IsEmpty))
    }

    /// The repeated field has values.
    fn is_not_empty(&self) -> Filter {
        self.compare(Comparison::unary(ComparisonKind::NotEmpty))
    }

    fn __richcmp__(&self, other: &Bound<'_, PyAny>, operator: CompareOp) -> PyResult<Filter> {
        let kind = match operator {
            CompareOp::Eq if other.is_none() => return Ok(self.is_null()),
            CompareOp::Ne if other.is_none() => return Ok(self.is_not_null()),
            _ if other.is_none() => return Err(argument("nothing is less or greater than None", other)),
            CompareOp::Eq => ComparisonKind::Equals,
            CompareOp::Ne => ComparisonKind::NotEquals,
            CompareOp::Lt => ComparisonKind::LessThan,
            CompareOp::Le => ComparisonKind::LessThanOrEquals,
            CompareOp::Gt => ComparisonKind::GreaterThan,
            CompareOp::Ge => ComparisonKind::GreaterThanOrEquals,
        };
        self.compare_with(kind, other)
    }

    fn __repr__(&self) -> String {
        format!("field('{}')", self.path)
    }
}

/// What a field is compared with: a value, or a parameter.
fn operand(value: &Bound<'_, PyAny>) -> PyResult<Operand> {
    if let Ok(parameter) = value.cast::<Parameter>() {
        return Ok(parameter.get().0.clone().into());
    }
    if value.cast::<Field>().is_ok() {
        return Err(argument(
            "a field is compared with a value, not with another field",
            value,
        ));
    }
    Ok(Operand::Value(element(value)?))
}
