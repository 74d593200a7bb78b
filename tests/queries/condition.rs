//! Filters as conditions of SQL, over the tables that [`sqlite`](super::sqlite) makes.
//!
//! Where SQL thinks otherwise than Apple's layer, the condition is such that it gives what Apple's gives:
//!
//! - What is asked of one of no values is null; `EXISTS` would be false.
//! - Asked of one of some values, null counts as false.
//! - What is no element of an empty list is null if it is null; SQLite's `IN ()` is never null.
//! - −0.0 and NaN are values like others (see [`of_element`]).
//! - Texts are compared by their bytes, also by `LIKE`, which tells upper from lower case.

use record_store::query::{Comparison, ComparisonKind, Operand, QueryComponent};
use rusqlite::types::Value as SqlValue;

use super::shape::{Field, Kind, Message};
use super::sqlite::quoted;
use super::value::of_element;
use super::world::World;

/// Where the columns of a message stand.
pub(crate) struct Scope {
    table: String,
    alias: String,
    prefix: String,
    /// Whether it is the record itself, whose type may not have a field.
    is_record: bool,
}

impl Scope {
    /// The records themselves, in a table with another name.
    pub(crate) fn of_records(table: &str, alias: &str) -> Self {
        Scope {
            table: table.to_owned(),
            alias: alias.to_owned(),
            prefix: String::new(),
            is_record: true,
        }
    }

    /// A column of the message.
    pub(crate) fn column(&self, name: &str) -> String {
        format!("{}.{}", self.alias, quoted(&format!("{}{name}", self.prefix)))
    }

    /// Says that there is no such message; none if there always is.
    fn is_absent(&self) -> Option<String> {
        let message = self.prefix.strip_suffix('.')?;
        Some(format!("{}.{} = 0", self.alias, quoted(message)))
    }
}

/// Writes conditions.
pub(crate) struct Sql<'a> {
    world: &'a World,
    parameters: Vec<SqlValue>,
    aliases: usize,
}

impl<'a> Sql<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        Sql {
            world,
            parameters: Vec::new(),
            aliases: 0,
        }
    }

    /// The values of the places.
    pub(crate) fn into_parameters(self) -> Vec<SqlValue> {
        self.parameters
    }

    /// A place for a value.
    pub(crate) fn place(&mut self, value: SqlValue) -> String {
        self.parameters.push(value);
        format!("?{}", self.parameters.len())
    }

    /// What a filter of a message asks.
    pub(crate) fn condition(&mut self, filter: &QueryComponent, scope: &Scope, message: &Message) -> String {
        let field = |name: &String| message.field(name).expect("filters are of fields that there are");
        match filter {
            QueryComponent::And(children) => self.list(children, "AND", scope, message),
            QueryComponent::Or(children) => self.list(children, "OR", scope, message),
            QueryComponent::Not(child) => format!("NOT ({})", self.condition(child, scope, message)),
            QueryComponent::RecordType(name) => {
                format!(
                    "{}.\"type of record\" = {}",
                    scope.alias,
                    self.place(SqlValue::Text(name.clone()))
                )
            }
            QueryComponent::Field { name, comparison } => match (comparison.kind(), &field(name).kind) {
                (ComparisonKind::IsEmpty | ComparisonKind::NotEmpty, _) => {
                    self.emptiness(field(name), comparison.kind(), scope)
                }
                (ComparisonKind::IsNull, Kind::Message(_)) => format!("{} = 0", scope.column(name)),
                (ComparisonKind::NotNull, Kind::Message(_)) => format!("{} <> 0", scope.column(name)),
                _ => self.comparison(&scope.column(name), comparison),
            },
            QueryComponent::Nested { name, child } => {
                let Kind::Message(inner) = &field(name).kind else {
                    unreachable!("what is nested is a message")
                };
                let within = Scope {
                    table: scope.table.clone(),
                    alias: scope.alias.clone(),
                    prefix: format!("{}{name}.", scope.prefix),
                    is_record: false,
                };
                self.condition(child, &within, inner)
            }
            QueryComponent::OneOfThem { name, comparison } => {
                let of_element = self.element_of(name, scope);
                let compared = self.comparison(&of_element.column("value"), comparison);
                let absent = [scope.is_absent(), self.lacks(field(name), scope)];
                let absent: String = absent
                    .into_iter()
                    .flatten()
                    .map(|absent| format!("WHEN {absent} THEN {} ", self.comparison("NULL", comparison)))
                    .collect();
                format!("CASE {absent}{}", one_of(&of_element, scope, &compared))
            }
            QueryComponent::OneOfThemNested { name, child } => {
                let Kind::Message(inner) = &field(name).kind else {
                    unreachable!("what is nested is a message")
                };
                let of_element = self.element_of(name, scope);
                let condition = self.condition(child, &of_element, inner);
                format!("CASE {}", one_of(&of_element, scope, &condition))
            }
            other => unreachable!("no such question is made: {other}"),
        }
    }

    fn list(&mut self, children: &[QueryComponent], word: &str, scope: &Scope, message: &Message) -> String {
        if children.is_empty() {
            return if word == "AND" { "TRUE" } else { "FALSE" }.to_owned();
        }
        let children = children.iter().map(|child| self.condition(child, scope, message));
        format!("({})", children.collect::<Vec<_>>().join(&format!(") {word} (")))
    }

    fn emptiness(&mut self, field: &Field, kind: ComparisonKind, scope: &Scope) -> String {
        let of_element = self.element_of(&field.name, scope);
        let word = if kind == ComparisonKind::IsEmpty { "NOT " } else { "" };
        let absent = [scope.is_absent(), self.lacks(field, scope)];
        let absent: String = absent
            .into_iter()
            .flatten()
            .map(|absent| format!("WHEN {absent} THEN NULL "))
            .collect();
        format!(
            "CASE {absent}WHEN 1 THEN {word}EXISTS ({}) END",
            elements(&of_element, scope)
        )
    }

    /// Says that the type of the record does not have a field; none if all types have it.
    fn lacks(&mut self, field: &Field, scope: &Scope) -> Option<String> {
        let lacking = self
            .world
            .types
            .iter()
            .filter(|message| message.field(&field.name).is_none());
        let lacking: Vec<String> = lacking
            .filter(|_| scope.is_record)
            .map(|message| message.name.clone())
            .collect();
        if lacking.is_empty() {
            return None;
        }
        let places = lacking.into_iter().map(|name| self.place(SqlValue::Text(name)));
        let places = places.collect::<Vec<_>>().join(", ");
        Some(format!("{}.\"type of record\" IN ({places})", scope.alias))
    }

    fn element_of(&mut self, name: &str, scope: &Scope) -> Scope {
        self.aliases += 1;
        Scope {
            table: format!("{}/{}{name}", scope.table, scope.prefix),
            alias: format!("e{}", self.aliases),
            prefix: String::new(),
            is_record: false,
        }
    }

    fn comparison(&mut self, column: &str, comparison: &Comparison) -> String {
        let operator = match comparison.kind() {
            ComparisonKind::Equals => "=",
            ComparisonKind::NotEquals => "<>",
            ComparisonKind::LessThan => "<",
            ComparisonKind::LessThanOrEquals => "<=",
            ComparisonKind::GreaterThan => ">",
            ComparisonKind::GreaterThanOrEquals => ">=",
            ComparisonKind::IsNull => return format!("{column} IS NULL"),
            ComparisonKind::NotNull => return format!("{column} IS NOT NULL"),
            ComparisonKind::StartsWith => return self.starts_with(column, comparison.operand()),
            ComparisonKind::In => return self.is_in(column, comparison.operand()),
            ComparisonKind::Like => return self.like(column, comparison.operand()),
            other => unreachable!("{} asks about no value", other.name()),
        };
        match comparison.operand() {
            Operand::Value(value) => {
                let place = self.place(of_element(value, self.world.pools.odd));
                format!("{column} {operator} {place}")
            }
            other => unreachable!("no such operand is made: {other}"),
        }
    }

    fn starts_with(&mut self, column: &str, operand: &Operand) -> String {
        let Operand::Value(prefix) = operand else {
            unreachable!("a beginning is a value")
        };
        let prefix = match of_element(prefix, self.world.pools.odd) {
            SqlValue::Text(text) => text.into_bytes(),
            SqlValue::Blob(bytes) => bytes,
            other => unreachable!("nothing begins with {other:?}"),
        };
        let length = prefix.len();
        if length == 0 {
            return format!("{column} = {column}");
        }
        let place = self.place(SqlValue::Blob(prefix));
        // The beginning of nothing is null in SQLite.
        let begins = format!("coalesce(substr(CAST({column} AS BLOB), 1, {length}) = {place}, FALSE)");
        format!("CASE WHEN {column} IS NULL THEN NULL ELSE {begins} END")
    }

    fn is_in(&mut self, column: &str, operand: &Operand) -> String {
        let Operand::List(values) = operand else {
            unreachable!("a list is given")
        };
        if values.is_empty() {
            return format!("{column} <> {column}");
        }
        let places = values
            .iter()
            .map(|value| self.place(of_element(value, self.world.pools.odd)));
        let places = places.collect::<Vec<_>>().join(", ");
        format!("{column} IN ({places})")
    }

    fn like(&mut self, column: &str, operand: &Operand) -> String {
        let Operand::Pattern { pattern, escape } = operand else {
            unreachable!("a pattern is given")
        };
        let pattern = self.place(SqlValue::Text(pattern.clone()));
        match escape {
            Some(escape) => format!("{column} LIKE {pattern} ESCAPE '{escape}'"),
            None => format!("{column} LIKE {pattern}"),
        }
    }
}

/// What is asked of the elements of a repeated field: null if there are none, and else whether it is true of one.
fn one_of(of_element: &Scope, scope: &Scope, condition: &str) -> String {
    let elements = elements(of_element, scope);
    format!("WHEN NOT EXISTS ({elements}) THEN NULL ELSE EXISTS ({elements} AND ({condition})) END")
}

fn elements(of_element: &Scope, scope: &Scope) -> String {
    let (table, alias) = (quoted(&of_element.table), &of_element.alias);
    format!(
        "SELECT 1 FROM {table} AS {alias} WHERE {alias}.parent = {}.\"number of row\"",
        scope.alias
    )
}
