//! The records of a world in SQLite.
//!
//! Messages are columns beside those of the record, named by their path; a column named as the message says whether it is
//! there. Repeated fields are tables of their own.

use record_store::query::QueryComponent;
use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, params_from_iter};

use super::condition::{Scope, Sql};
use super::records::{Content, Datum, Row};
use super::shape::{Field, Kind, Message};
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
        let mut sql = Sql::new(self.world);
        let scope = Scope::of_records(RECORDS, "r");
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
        let mut text = "SELECT r.\"number of row\"".to_owned();
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
        let found = statement.query_map(params_from_iter(sql.into_parameters()), |row| {
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

/// A name of SQL.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

const RECORDS: &str = "records";
