//! The records of a world in SQLite, and filters as its SQL.
//!
//! Messages are columns beside those of the record, named by their path; a column named as the message says whether it is
//! there. Repeated fields are tables of their own. Where SQL thinks otherwise than Apple's layer, the SQL is such that it gives
//! what Apple's gives:
//!
//! - What is asked of one of no values is null; `EXISTS` would be false.
//! - Asked of one of some values, null counts as false.
//! - What is no element of an empty list is null if it is null; SQLite's `IN ()` is never null.
//! - −0.0 and NaN are values like others (see [`of_element`](super::value::of_element)).
//! - Texts are compared by their bytes, also by `LIKE`, which tells upper from lower case.

use record_store::query::{Comparison, ComparisonKind, Operand, QueryComponent};
use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, params_from_iter};

use super::records::{Content, Datum, Row};
use super::shape::{Field, Kind, Message};
use super::value::of_element;
use super::world::World;

/// A database with the records of a world.
pub(crate) struct Sqlite<'a> {
    world: &'a World,
    /// A message with the fields of all types.
    all: Message,
    connection: Connection,
}

/// A row that was found, with the columns by which it is ordered.
pub(crate) struct Found {
    pub(crate) number: i64,
    pub(crate) order: Vec<SqlValue>,
}

/// An order of columns of SQL.
#[derive(Clone)]
pub(crate) struct OrderColumn {
    pub(crate) path: Vec<String>,
    pub(crate) descending: bool,
    pub(crate) nulls_last: bool,
}

type Outcome<T> = rusqlite::Result<T>;

impl<'a> Sqlite<'a> {
    /// A database without records.
    pub(crate) fn new(world: &'a World) -> Outcome<Self> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch("PRAGMA case_sensitive_like = ON")?;
        let all = world.shared(&[]);
        create(&connection, RECORDS, &all)?;
        Ok(Sqlite { world, all, connection })
    }

    /// Adds a record.
    pub(crate) fn insert(&self, row: &Row) -> Outcome<()> {
        let mut columns = vec![
            ("number of row".to_owned(), SqlValue::Integer(row.number)),
            ("type of record".to_owned(), SqlValue::Text(row.record_type.clone())),
        ];
        let mut below = Vec::new();
        let own = self.world.message(&row.record_type).expect("the world has the type");
        self.flatten(own, Some(&row.content), "", &mut columns, &mut below);
        self.insert_into(RECORDS, columns, below)
    }

    fn insert_into(
        &self,
        table: &str,
        columns: Vec<(String, SqlValue)>,
        below: Vec<(String, &'_ Field, &'_ Datum)>,
    ) -> Outcome<()> {
        let names: Vec<String> = columns.iter().map(|(name, _)| quoted(name)).collect();
        let places: Vec<String> = (1..=columns.len()).map(|at| format!("?{at}")).collect();
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({})",
            quoted(table),
            names.join(", "),
            places.join(", ")
        );
        self.connection
            .execute(&sql, params_from_iter(columns.into_iter().map(|(_, value)| value)))?;
        let row = self.connection.last_insert_rowid();
        for (path, field, datum) in below {
            let table = format!("{table}/{path}");
            let parent = || ("parent".to_owned(), SqlValue::Integer(row));
            match (datum, &field.kind) {
                (Datum::Values(values), _) => {
                    for value in values {
                        let value = value.sql(self.world.pools.odd);
                        self.insert_into(&table, vec![parent(), ("value".to_owned(), value)], Vec::new())?;
                    }
                }
                (Datum::Messages(contents), Kind::Message(message)) => {
                    for content in contents {
                        let (mut columns, mut below) = (vec![parent()], Vec::new());
                        self.flatten(message, Some(content), "", &mut columns, &mut below);
                        self.insert_into(&table, columns, below)?;
                    }
                }
                _ => unreachable!("a repeated field has values or messages"),
            }
        }
        Ok(())
    }

    /// The columns of a message, and its repeated fields.
    fn flatten<'d>(
        &self,
        message: &'d Message,
        content: Option<&'d Content>,
        prefix: &str,
        columns: &mut Vec<(String, SqlValue)>,
        below: &mut Vec<(String, &'d Field, &'d Datum)>,
    ) {
        for field in &message.fields {
            let name = format!("{prefix}{}", field.name);
            let datum = content.and_then(|content| content.get(&field.name));
            match (&field.kind, datum) {
                (_, Some(datum @ (Datum::Values(_) | Datum::Messages(_)))) => below.push((name, field, datum)),
                (_, None) if field.repeated => {}
                (Kind::Message(inner), datum) => {
                    columns.push((name.clone(), SqlValue::Integer(datum.is_some().into())));
                    let content = match datum {
                        Some(Datum::Message(content)) => Some(content),
                        _ => None,
                    };
                    self.flatten(inner, content, &format!("{name}."), columns, below);
                }
                (Kind::Scalar(_), datum) => {
                    let set = match datum {
                        Some(Datum::Value(value)) if !(field.implicit && value.is_default()) => Some(value),
                        // Also where the schema spells out a default.
                        _ => None,
                    };
                    let value = set.map_or(SqlValue::Null, |value| value.sql(self.world.pools.odd));
                    columns.push((name, value));
                }
            }
        }
    }

    /// The records of these types (of all, if these are none) of which a filter is true, in an order.
    pub(crate) fn find(
        &self,
        types: &[String],
        filter: Option<&QueryComponent>,
        order: &[OrderColumn],
    ) -> Outcome<Vec<Found>> {
        let mut sql = Sql {
            world: self.world,
            parameters: Vec::new(),
            aliases: 0,
        };
        let scope = Scope {
            table: RECORDS.to_owned(),
            alias: "r".to_owned(),
            prefix: String::new(),
            is_record: true,
        };
        let mut conditions = Vec::new();
        if !types.is_empty() {
            let places: Vec<String> = types
                .iter()
                .map(|name| sql.place(SqlValue::Text(name.clone())))
                .collect();
            conditions.push(format!("r.\"type of record\" IN ({})", places.join(", ")));
        }
        conditions.extend(filter.map(|filter| sql.condition(filter, &scope, &self.all)));
        let columns: Vec<String> = order
            .iter()
            .map(|column| scope.column(&column.path.join(".")))
            .collect();
        let mut text = format!("SELECT r.\"number of row\"");
        for column in &columns {
            text += &format!(", {column}");
        }
        text += &format!(" FROM {} AS r", quoted(RECORDS));
        if !conditions.is_empty() {
            text += &format!(" WHERE ({})", conditions.join(") AND ("));
        }
        let by: Vec<String> = order
            .iter()
            .zip(&columns)
            .map(|(order, column)| {
                let direction = if order.descending { "DESC" } else { "ASC" };
                let nulls = if order.nulls_last { "LAST" } else { "FIRST" };
                format!("{column} {direction} NULLS {nulls}")
            })
            .collect();
        if !by.is_empty() {
            text += &format!(" ORDER BY {}", by.join(", "));
        }
        let mut statement = self.connection.prepare(&text)?;
        let found = statement.query_map(params_from_iter(sql.parameters), |row| {
            let order: Outcome<Vec<SqlValue>> = (1..=order.len()).map(|at| row.get(at)).collect();
            let number = row.get(0)?;
            Ok(Found { number, order: order? })
        })?;
        found.collect()
    }
}

/// Makes the table of a message and those of its repeated fields.
fn create(connection: &Connection, table: &str, message: &Message) -> Outcome<()> {
    let mut columns = match table {
        RECORDS => vec![
            "\"number of row\" INTEGER PRIMARY KEY".to_owned(),
            "\"type of record\" TEXT".to_owned(),
        ],
        _ => vec![
            "\"number of row\" INTEGER PRIMARY KEY".to_owned(),
            "parent INTEGER".to_owned(),
        ],
    };
    let mut below = Vec::new();
    declare(message, "", &mut columns, &mut below);
    // Columns without a type hold what they are given.
    connection.execute_batch(&format!("CREATE TABLE {} ({})", quoted(table), columns.join(", ")))?;
    for (path, field) in below {
        let table = format!("{table}/{path}");
        match &field.kind {
            Kind::Scalar(_) => {
                connection.execute_batch(&format!("CREATE TABLE {} (parent INTEGER, value)", quoted(&table)))?
            }
            Kind::Message(message) => create(connection, &table, message)?,
        }
        connection.execute_batch(&format!(
            "CREATE INDEX {} ON {} (parent)",
            quoted(&format!("of {table}")),
            quoted(&table)
        ))?;
    }
    Ok(())
}

fn declare<'m>(message: &'m Message, prefix: &str, columns: &mut Vec<String>, below: &mut Vec<(String, &'m Field)>) {
    for field in &message.fields {
        let name = format!("{prefix}{}", field.name);
        match &field.kind {
            _ if field.repeated => below.push((name, field)),
            Kind::Scalar(_) => columns.push(quoted(&name)),
            Kind::Message(inner) => {
                // Records of types that do not have the message do not have it.
                columns.push(format!("{} DEFAULT 0", quoted(&name)));
                declare(inner, &format!("{name}."), columns, below);
            }
        }
    }
}

/// Where the columns of a message stand.
struct Scope {
    table: String,
    alias: String,
    prefix: String,
    /// Whether it is the record itself, whose type may not have a field.
    is_record: bool,
}

impl Scope {
    fn column(&self, name: &str) -> String {
        format!("{}.{}", self.alias, quoted(&format!("{}{name}", self.prefix)))
    }

    /// Says that there is no such message; none if there always is.
    fn is_absent(&self) -> Option<String> {
        let message = self.prefix.strip_suffix('.')?;
        Some(format!("{}.{} = 0", self.alias, quoted(message)))
    }
}

/// Writes conditions.
struct Sql<'a> {
    world: &'a World,
    parameters: Vec<SqlValue>,
    aliases: usize,
}

impl Sql<'_> {
    fn place(&mut self, value: SqlValue) -> String {
        self.parameters.push(value);
        format!("?{}", self.parameters.len())
    }

    fn condition(&mut self, filter: &QueryComponent, scope: &Scope, message: &Message) -> String {
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

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

const RECORDS: &str = "records";
