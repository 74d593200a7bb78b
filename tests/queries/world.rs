//! A random world: record types, indexes, and records.

use record_store::key_expression::{self, NullStandin, concat, field, function, key_with_value};
use record_store::metadata::{IndexPredicate, IndexSchema};
use record_store::query::QueryComponent;
use record_store::{KeyExpression, RecordKey, RecordSpace, Result, Schema};
use record_store_tests::given::fresh;

use super::chance::Chance;
use super::check::Kept;
use super::filters::{self, Column};
use super::records::Row;
use super::shape::{Field, Kind, Message, Path, Shapes};
use super::value::{Pools, Scalar};

/// The record types of a world, and the columns of its indexes.
pub(crate) struct World {
    pub(crate) types: Vec<Message>,
    pub(crate) pools: Pools,
    proto3: bool,
    primary_key: PrimaryKey,
    pub(crate) indexes: Vec<Indexed>,
}

/// An index, as far as questions are made to meet it.
pub(crate) struct Indexed {
    pub(crate) index: IndexSchema,
    pub(crate) types: Vec<String>,
    /// The columns in the words of filters, as far as these have such.
    pub(crate) columns: Vec<Column>,
    pub(crate) predicate: Option<QueryComponent>,
}

/// What a primary key has before and behind the `id`.
#[derive(Clone, Copy)]
enum PrimaryKey {
    Id,
    TypeAndId,
    GroupAndId,
    IdAndGroup,
    /// Each type has another one.
    Different,
}

impl World {
    pub(crate) fn new(chance: &mut Chance) -> Result<Self> {
        let pools = Pools::new(chance);
        let proto3 = chance.one_in(3);
        let mut shapes = Shapes {
            proto3,
            pools: &pools,
            named: 0,
        };
        let plain = |name: &str, scalar| Field {
            name: name.to_owned(),
            kind: Kind::Scalar(scalar),
            repeated: false,
            default: None,
            implicit: false,
        };
        let id = chance.pick(&[
            Scalar::Int64("int64"),
            Scalar::Int64("sint64"),
            Scalar::Text,
            Scalar::Bytes,
        ]);
        // All have an id, a small group, and a number that is that of no other record.
        let mut common = vec![
            plain("id", id),
            plain("of_group", Scalar::Int32("int32")),
            plain("number", Scalar::Int64("int64")),
        ];
        let more = 1 + chance.below(4);
        common.extend(shapes.fields(chance, more, 2));
        let types = ["A", "B", "C"].into_iter().take(1 + chance.below(3));
        let types = types
            .map(|name| {
                let own = chance.below(6);
                let fields = [common.clone(), shapes.fields(chance, own, 2)].concat();
                let name = name.to_owned();
                Message { name, fields }
            })
            .collect();
        let primary_key = chance.pick(&[
            PrimaryKey::Id,
            PrimaryKey::TypeAndId,
            PrimaryKey::GroupAndId,
            PrimaryKey::IdAndGroup,
            PrimaryKey::Different,
        ]);
        let mut world = World {
            types,
            pools,
            proto3,
            primary_key,
            indexes: Vec::new(),
        };
        let count = chance.below(10);
        let indexes: Result<Vec<_>> = (0..count).map(|at| world.random_index(chance, at)).collect();
        world.indexes = indexes?;
        Ok(world)
    }

    pub(crate) fn message(&self, record_type: &str) -> Option<&Message> {
        self.types.iter().find(|message| message.name == record_type)
    }

    /// A message with the fields that all these types have; with those that any has, if these are no types.
    pub(crate) fn shared(&self, types: &[String]) -> Message {
        let mut fields: Vec<Field> = Vec::new();
        for field in self.types.iter().flat_map(|message| &message.fields) {
            let has = |name: &String| {
                self.message(name)
                    .is_some_and(|message| message.field(&field.name).is_some())
            };
            if types.iter().all(has) && !fields.iter().any(|known| known.name == field.name) {
                fields.push(field.clone());
            }
        }
        let name = "shared".to_owned();
        Message { name, fields }
    }

    /// The world's schema, for a store.
    fn schema(&self) -> Result<Schema> {
        let mut schema = Schema::builder().proto("world.proto", self.proto());
        for message in &self.types {
            schema = schema.record_type(&message.name, |t| t.primary_key(self.primary_key(&message.name)));
        }
        for indexed in &self.indexes {
            schema = schema.index(indexed.index.clone());
        }
        schema.build()
    }

    /// A space with records, some of which were saved twice, and some deleted.
    pub(crate) async fn settle(&self, chance: &mut Chance) -> Result<(RecordSpace, Kept)> {
        let space = fresh()?.space("world").schema(&self.schema()?).open().await?;
        let mut rows: Vec<Row> = (0..60).map(|number| Row::random(chance, self, number)).collect();
        space.put_all(rows.iter().map(Row::record)).await?;
        for row in &mut rows {
            if chance.one_in(3) {
                *row = row.changed(chance, self);
            }
        }
        let stored = space.put_all(rows.iter().map(Row::record)).await?;
        let mut kept = Kept::new();
        for (row, stored) in rows.into_iter().zip(stored) {
            if chance.one_in(10) {
                let store_key = RecordKey::primary_key(stored.primary_key().clone());
                space.delete(store_key).await?;
            } else {
                kept.insert(stored.primary_key().pack(), (row, stored));
            }
        }
        Ok((space, kept))
    }

    fn proto(&self) -> String {
        let mut file = format!(
            "syntax = \"proto{}\";\nimport \"tuple_fields.proto\";\nenum Shade {{ NONE = 0; PALE = 1; DARK = 2; BLACK = -1; WHITE = 7; }}\n",
            if self.proto3 { 3 } else { 2 }
        );
        for message in &self.types {
            message.write(&mut file);
        }
        file
    }

    fn primary_key(&self, record_type: &str) -> KeyExpression {
        let (id, group) = (|| field("id"), || field("of_group"));
        match self.primary_key {
            PrimaryKey::Id => id().into(),
            PrimaryKey::TypeAndId => concat((key_expression::record_type(), id())),
            PrimaryKey::GroupAndId => concat((group(), id())),
            PrimaryKey::IdAndGroup => concat((id(), group())),
            PrimaryKey::Different => match record_type {
                "A" => concat((key_expression::record_type(), id())),
                "B" => concat((key_expression::record_type(), group(), id())),
                _ => concat((key_expression::record_type(), field("number"))),
            },
        }
    }

    fn random_index(&self, chance: &mut Chance, at: usize) -> Result<Indexed> {
        let mut of: Vec<String> = self.types.iter().map(|message| message.name.clone()).collect();
        let is_universal = chance.one_in(6);
        if !is_universal {
            chance.shuffle(&mut of);
            of.truncate(if chance.one_in(5) { 2 } else { 1 });
        }
        let message = self.shared(&of);
        let mut columns = Vec::new();
        let mut key = self.random_columns(chance, &message, &mut columns)?;
        let name = format!("index{at}");
        let width = key.iter().map(KeyExpression::column_count).sum::<usize>();
        let is_plain = key.iter().all(|column| !column.creates_duplicates());
        let is_unique = is_plain && chance.one_in(5);
        if is_unique {
            key.push(field("number").into());
        }
        let whole = concat(key);
        // The value holds no columns of the primary key.
        let of_primary_key = |column: &KeyExpression| {
            ["id", "of_group", "number"]
                .map(|name| field(name).into())
                .contains(column)
        };
        let last_of_primary_key = whole.normalized_columns().iter().rposition(of_primary_key);
        let split_point = last_of_primary_key.map_or(1, |last| last + 1) + chance.below(2);
        let whole = match !is_unique && is_plain && split_point < width && chance.one_in(3) {
            true => key_with_value(whole, split_point),
            false => whole,
        };
        let mut index = IndexSchema::new(name, whole);
        if is_unique {
            index = index.unique();
        }
        let types = if is_universal { Vec::new() } else { of };
        for name in &types {
            index = index.on(name);
        }
        let mut predicate = None;
        if chance.one_in(5) {
            let condition = filters::of_plain_fields(chance, &message, &self.pools);
            if let Ok(condition_of_index) = IndexPredicate::try_from(&condition) {
                index = index.condition(condition_of_index);
                predicate = Some(condition);
            }
        }
        Ok(Indexed {
            index,
            types,
            columns,
            predicate,
        })
    }

    /// One to three columns, of which one may fan out.
    fn random_columns(
        &self,
        chance: &mut Chance,
        message: &Message,
        columns: &mut Vec<Column>,
    ) -> Result<Vec<KeyExpression>> {
        let paths = message.paths();
        let repeated: Vec<&Field> = message.fields.iter().filter(|field| field.repeated).collect();
        let mut key: Vec<KeyExpression> = Vec::new();
        let mut fans_out = false;
        for _ in 0..1 + chance.below(3) {
            if !repeated.is_empty() && chance.one_in(if fans_out { 12 } else { 4 }) {
                let field = chance.pick(&repeated);
                if let Some((column, asked)) = fanned_out(chance, field) {
                    fans_out = true;
                    key.push(column);
                    columns.extend(asked);
                    continue;
                }
            }
            if let Some(field) = several_of_message(chance, message)
                && chance.one_in(4)
            {
                columns.extend(field.1.into_iter().map(Column::Single));
                key.push(field.0);
                continue;
            }
            let (path, _) = chance.of(&paths).clone();
            let column = match chance.one_in(12) {
                // What is not set is kept as the default.
                true => column_with(&path, NullStandin::NotNull),
                false => column(&path),
            };
            columns.push(Column::Single(path));
            key.push(match chance.one_in(6) {
                true => function(chance.pick(&ORDERS), column)?,
                false => column,
            });
        }
        Ok(key)
    }
}

/// The column at the end of a path.
pub(crate) fn column(path: &[String]) -> KeyExpression {
    column_with(path, NullStandin::Null)
}

fn column_with(path: &[String], standin: NullStandin) -> KeyExpression {
    match path {
        [name] => field(name).with_null_standin(standin).into(),
        [name, rest @ ..] => field(name).nest(column_with(rest, standin)),
        [] => key_expression::empty(),
    }
}

/// A repeated field as a column with an entry for each element, or with a list of all.
fn fanned_out(chance: &mut Chance, repeated: &Field) -> Option<(KeyExpression, Option<Column>)> {
    let name = repeated.name.clone();
    match &repeated.kind {
        // A message that stands for a scalar is no column where it is repeated.
        Kind::Scalar(Scalar::Uuid) => None,
        Kind::Scalar(_) if chance.one_in(5) => Some((field(name).concatenate().into(), None)),
        Kind::Scalar(_) => Some((field(&name).fan_out().into(), Some(Column::Elements(name)))),
        Kind::Message(inner) => {
            let mut paths: Vec<Path> = inner.paths().into_iter().map(|(path, _)| path).collect();
            chance.shuffle(&mut paths);
            paths.truncate(1 + chance.below(2));
            let columns: Vec<KeyExpression> = paths.iter().map(|path| column(path)).collect();
            if columns.is_empty() {
                return None;
            }
            let key = field(&name).fan_out().nest(concat(columns));
            Some((key, Some(Column::OfMessages(name, paths))))
        }
    }
}

/// Several columns of one message, nested together.
fn several_of_message(chance: &mut Chance, message: &Message) -> Option<(KeyExpression, Vec<Path>)> {
    let inner: Vec<(&Field, Vec<(Path, Scalar)>)> = message
        .fields
        .iter()
        .filter(|field| !field.repeated)
        .filter_map(|field| match &field.kind {
            Kind::Message(inner) if inner.paths().len() > 1 => Some((field, inner.paths())),
            _ => None,
        })
        .collect();
    if inner.is_empty() {
        return None;
    }
    let (outer, mut paths) = chance.of(&inner).clone();
    chance.shuffle(&mut paths);
    paths.truncate(2);
    let columns: Vec<KeyExpression> = paths.iter().map(|(path, _)| column(path)).collect();
    let paths = paths
        .into_iter()
        .map(|(path, _)| [vec![outer.name.clone()], path].concat());
    Some((field(&outer.name).nest(concat(columns)), paths.collect()))
}

/// Functions that change the order of a column.
pub(crate) const ORDERS: [&str; 4] = [
    "order_asc_nulls_first",
    "order_asc_nulls_last",
    "order_desc_nulls_first",
    "order_desc_nulls_last",
];
