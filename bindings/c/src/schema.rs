//! `rs_schema`: which records there are, what their keys are and which indexes they have.

use std::sync::Arc;

use parking_lot::Mutex;
use record_store::metadata::{Columns, MetaDataEvolutionValidator, SchemaBuilder};
use record_store::{Error, ErrorKind, KeyExpression};

use crate::buffer::{Out, rs_bytes};
use crate::error::{Failure, Result, invalid, rs_error};
use crate::expression::{expression_of, rs_expression};
use crate::handle::{self, Kind, Object, Table};
use crate::memory::rs_buffer;
use crate::panic::{call, call_without_error, value_or};
use crate::schema_index::Index;
use crate::status::{RS_OK, rs_status};

/// A schema that is being declared. What is wrong with a declaration is told by its call, and with an error by
/// `rs_schema_builder_build`. Threads: one at a time.
pub struct rs_schema_builder;

/// A schema: types of records, primary keys and indexes. It is given to `rs_space_open`, and may be given to it again and again.
/// Threads: may be used by several at once.
pub struct rs_schema;

pub(crate) struct Schema(pub(crate) record_store::Schema);

static SCHEMAS: Table<Schema> = Table::new();

impl Object for Schema {
    type Handle = rs_schema;
    const KIND: Kind = Kind::Schema;

    fn table() -> &'static Table<Self> {
        &SCHEMAS
    }
}

/// What was declared so far.
#[derive(Default)]
pub(crate) struct Builder(Mutex<Declared>);

#[derive(Clone, Default)]
pub(crate) struct Declared {
    /// Files, and what is dropped: all that the core's builder takes one by one.
    core: SchemaBuilder,
    types: Vec<Type>,
    pub(crate) indexes: Vec<Index>,
    evolution: Option<MetaDataEvolutionValidator>,
    flaw: Option<Failure>,
}

#[derive(Clone)]
struct Type {
    name: String,
    primary_key: KeyColumns,
}

/// The columns of a key: names of fields one after the other, or a whole expression.
#[derive(Clone, Default)]
pub(crate) enum KeyColumns {
    #[default]
    None,
    Names(Vec<String>),
    Whole(KeyExpression),
}

impl KeyColumns {
    /// Adds the name of a field.
    ///
    /// **Errors**: `InvalidArgument` beside a whole expression.
    pub(crate) fn add(&mut self, name: String) -> Result<()> {
        match self {
            KeyColumns::None => *self = KeyColumns::Names(vec![name]),
            KeyColumns::Names(names) => names.push(name),
            KeyColumns::Whole(_) => return Err(Self::either("column")),
        }
        Ok(())
    }

    /// Makes it a whole expression.
    ///
    /// **Errors**: `InvalidArgument` when it has columns already.
    pub(crate) fn set(&mut self, expression: KeyExpression) -> Result<()> {
        match self {
            KeyColumns::None => *self = KeyColumns::Whole(expression),
            _ => return Err(Self::either("expression")),
        }
        Ok(())
    }

    fn either(argument: &'static str) -> Failure {
        invalid(
            "a key has names of columns, or one expression: put all of them into the expression",
            argument,
        )
    }

    pub(crate) fn to_core(&self) -> Option<Columns> {
        match self {
            KeyColumns::None => None,
            KeyColumns::Names(names) => Some(Columns::from(names.clone())),
            KeyColumns::Whole(expression) => Some(Columns::from(expression.clone())),
        }
    }
}

static BUILDERS: Table<Builder> = Table::new();

impl Object for Builder {
    type Handle = rs_schema_builder;
    const KIND: Kind = Kind::SchemaBuilder;

    fn table() -> &'static Table<Self> {
        &BUILDERS
    }
}

impl Declared {
    fn record_type(&mut self, name: &str) -> &mut Type {
        let at = self
            .types
            .iter()
            .position(|known| known.name == name)
            .unwrap_or_else(|| {
                self.types.push(Type {
                    name: name.to_owned(),
                    primary_key: KeyColumns::None,
                });
                self.types.len() - 1
            });
        &mut self.types[at]
    }

    pub(crate) fn index(&mut self, name: &str) -> Result<&mut Index> {
        let known = self.indexes.iter_mut().find(|known| known.name() == name);
        known.ok_or_else(|| {
            let message = "the index was not declared: begin it with rs_schema_builder_index";
            Error::new(ErrorKind::InvalidArgument, message)
                .with("index", name)
                .into()
        })
    }

    fn to_core(&self) -> SchemaBuilder {
        let mut core = self.core.clone();
        for Type { name, primary_key } in &self.types {
            core = core.record_type(name, |declared| match primary_key.to_core() {
                None => declared,
                Some(columns) => declared.primary_key(columns),
            });
        }
        core = self
            .indexes
            .iter()
            .fold(core, |core, index| core.index(index.to_core()));
        match &self.evolution {
            Some(evolution) => core.evolution(evolution.clone()),
            None => core,
        }
    }
}

/// Adds to a schema; what fails stays with it.
pub(crate) fn declare(builder: *mut rs_schema_builder, declare: impl FnOnce(&mut Declared) -> Result<()>) -> rs_status {
    call_without_error(|| {
        let builder = handle::get::<Builder>(builder)?;
        let mut declared = builder.0.lock();
        match declare(&mut declared) {
            Ok(()) => Ok(RS_OK),
            Err(flaw) => {
                declared.flaw.get_or_insert_with(|| flaw.clone());
                Err(flaw)
            }
        }
    })
}

/// A schema without anything. NULL if there is no room for more handles.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_builder_new() -> *mut rs_schema_builder {
    value_or(std::ptr::null_mut(), || handle::insert(Arc::new(Builder::default())))
}

/// Frees a builder. The schemas that it has built stay. NULL is freed already.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_builder_free(builder: *mut rs_schema_builder) -> rs_status {
    call_without_error(|| {
        handle::free::<Builder>(builder)?;
        Ok(RS_OK)
    })
}

/// Adds a .proto file as text. Others import it by `name`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_builder_proto(
    builder: *mut rs_schema_builder,
    name: rs_bytes,
    text: rs_bytes,
) -> rs_status {
    declare(builder, |declared| {
        let (name, text) = (name.text("name")?, text.text("text")?);
        declared.core = std::mem::take(&mut declared.core).proto(name, text);
        Ok(())
    })
}

/// Adds a .proto file from disk. Its imports are looked for in the folder `includes`, or beside the file without it.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_builder_proto_file(
    builder: *mut rs_schema_builder,
    path: rs_bytes,
    includes: rs_bytes,
) -> rs_status {
    declare(builder, |declared| {
        let path = path.text("path")?;
        let includes = match includes {
            none if none.is_null() => None,
            folder => Some(folder.text("includes")?),
        };
        declared.core = std::mem::take(&mut declared.core).proto_files([path], includes);
        Ok(())
    })
}

/// Adds compiled files: the bytes of a FileDescriptorSet, as protoc --include_imports --descriptor_set_out writes it.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_builder_descriptor_set(builder: *mut rs_schema_builder, set: rs_bytes) -> rs_status {
    declare(builder, |declared| {
        let set = set.copied("set")?;
        declared.core = std::mem::take(&mut declared.core).descriptor_set(set);
        Ok(())
    })
}

/// Declares that messages of this name are records. Not needed for those whose primary key is declared here or by their options.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_builder_record_type(builder: *mut rs_schema_builder, record_type: rs_bytes) -> rs_status {
    declare(builder, |declared| {
        declared.record_type(&record_type.text("record_type")?);
        Ok(())
    })
}

/// Adds a column to the primary key of a record type: the name of a field, or "address.city" for one within a message.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_builder_primary_key(
    builder: *mut rs_schema_builder,
    record_type: rs_bytes,
    column: rs_bytes,
) -> rs_status {
    declare(builder, |declared| {
        let (record_type, column) = (record_type.text("record_type")?, column.text("column")?);
        declared.record_type(&record_type).primary_key.add(column)
    })
}

/// Makes a key expression the primary key of a record type. It is taken as it is: without the key of the record type in it, records of
/// several types share their keys.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_builder_primary_key_expression(
    builder: *mut rs_schema_builder,
    record_type: rs_bytes,
    expression: *const rs_expression,
) -> rs_status {
    declare(builder, |declared| {
        let (record_type, expression) = (record_type.text("record_type")?, expression_of(expression)?);
        declared.record_type(&record_type).primary_key.set(expression)
    })
}

/// Drops an index that the space may have.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_builder_drop_index(builder: *mut rs_schema_builder, index: rs_bytes) -> rs_status {
    declare(builder, |declared| {
        let index = index.text("index")?;
        declared.core = std::mem::take(&mut declared.core).drop_index(index);
        Ok(())
    })
}

/// Drops a record type that the space may have; its records must be deleted before.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_builder_drop_type(builder: *mut rs_schema_builder, record_type: rs_bytes) -> rs_status {
    declare(builder, |declared| {
        let record_type = record_type.text("record_type")?;
        declared.core = std::mem::take(&mut declared.core).drop_type(record_type);
        Ok(())
    })
}

/// Allows a change of the stored schema that is refused by itself, such as "allow_field_renames".
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_builder_allow(builder: *mut rs_schema_builder, change: rs_bytes) -> rs_status {
    declare(builder, |declared| {
        let change = change.text("change")?;
        Ok(declared.evolution.get_or_insert_default().set(&change, true)?)
    })
}

/// Compiles and checks what was declared. The schema is freed with `rs_schema_free`, and the builder may be used on.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_builder_build(
    builder: *mut rs_schema_builder,
    schema: *mut *mut rs_schema,
    error: *mut *mut rs_error,
) -> rs_status {
    let schema = Out::new(schema);
    call(error, || {
        let schema = schema.required("schema")?;
        let builder = handle::get::<Builder>(builder)?;
        let declared = builder.0.lock().clone();
        if let Some(flaw) = declared.flaw {
            return Err(flaw);
        }
        let built = declared.to_core().build()?;
        schema.set(handle::insert(Arc::new(Schema(built)))?);
        Ok(RS_OK)
    })
}

/// Frees a schema; spaces that were opened with it stay. NULL is freed already.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_free(schema: *mut rs_schema) -> rs_status {
    call_without_error(|| {
        handle::free::<Schema>(schema)?;
        Ok(RS_OK)
    })
}

/// The compiled files of a schema: the bytes of a FileDescriptorSet, to be freed with `rs_buffer_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_descriptor_set(
    schema: *const rs_schema,
    set: *mut rs_buffer,
    error: *mut *mut rs_error,
) -> rs_status {
    let set = Out::new(set);
    call(error, || {
        let set = set.required("set")?;
        let files = handle::get::<Schema>(schema)?.0.descriptor_set()?;
        set.set(rs_buffer::new(files)?);
        Ok(RS_OK)
    })
}
