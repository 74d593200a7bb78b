//! `Schema`: which records there are and what their keys are, from protobuf descriptors in any of their shapes.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use prost::encoding::bytes;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyMapping, PyTuple, PyType};
use record_store::metadata::SchemaBuilder;

use crate::error::{argument, to_py};
use crate::key_expression::to_columns;
use crate::keywords::Keywords;
use crate::record::Form;
use crate::schema_argument;

/// Which types of records there are, and which columns are their primary keys.
///
/// Types are protobuf messages. `indexes` are `Index` objects. Given to a space that has records, a schema adds what is new;
/// `drop_indexes` and `drop_types` name what it takes, and `evolution` the changes that it allows, for example
/// `{"allow_field_renames": True}`. `primary_key` maps the name of a type to a column (`"id"`, `"address.city"`) or to a sequence of
/// columns; types whose keys the .proto files name by the record layer's own options may be left out.
///
/// >>> schema = record_store.Schema.from_proto(
/// ...     'syntax = "proto3"; message User { int64 id = 1; string name = 2; }',
/// ...     primary_key={"User": "id"},
/// ... )
/// >>> schema.record_types
/// ['User']
#[pyclass(frozen, generic, module = "record_store")]
pub(crate) struct Schema {
    core: record_store::Schema,
    form: Arc<Form>,
}

#[pymethods]
impl Schema {
    /// Compiles .proto text, or several files of it by the names by which they import each other.
    #[staticmethod]
    #[pyo3(
        signature = (source, **keywords),
        text_signature = "(source, *, primary_key=None, indexes=(), drop_indexes=(), drop_types=(), evolution=None)"
    )]
    fn from_proto(source: &Bound<'_, PyAny>, keywords: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let mut builder = record_store::Schema::builder();
        if let Ok(text) = source.extract::<String>() {
            builder = builder.proto("schema.proto", text);
        } else {
            let files = source
                .cast::<PyMapping>()
                .map_err(|_| argument("the .proto text is a str, or a mapping of file names to str", source))?;
            for file in files.items()?.try_iter()? {
                let (name, text): (String, String) = file?.extract()?;
                builder = builder.proto(name, text);
            }
        }
        Self::of_dicts(builder, Keywords::of("from_proto", keywords))
    }

    /// Compiles .proto files. Their imports are looked for under `includes`, or beside the files without it.
    #[staticmethod]
    #[pyo3(
        signature = (*files, **keywords),
        text_signature = "(*files, primary_key=None, includes=(), indexes=(), drop_indexes=(), drop_types=(), evolution=None)"
    )]
    fn from_files(files: Vec<PathBuf>, keywords: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let keywords = Keywords::of("from_files", keywords);
        let includes: Vec<PathBuf> = keywords.take("includes")?.unwrap_or_default();
        Self::of_dicts(record_store::Schema::builder().proto_files(files, includes), keywords)
    }

    /// Takes compiled files: the bytes of a `FileDescriptorSet`, as `protoc --include_imports --descriptor_set_out` writes it.
    #[staticmethod]
    #[pyo3(
        signature = (descriptor_set, **keywords),
        text_signature = "(descriptor_set, *, primary_key=None, indexes=(), drop_indexes=(), drop_types=(), evolution=None)"
    )]
    fn from_descriptor_set(descriptor_set: &[u8], keywords: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let builder = record_store::Schema::builder().descriptor_set(descriptor_set.to_vec());
        Self::of_dicts(builder, Keywords::of("from_descriptor_set", keywords))
    }

    /// Takes message classes that protoc generated: they are the record types, and records come out as their objects.
    ///
    /// `primary_key` may here be the column, or the sequence of columns, that is the key of every class.
    #[staticmethod]
    #[pyo3(
        signature = (*classes, **keywords),
        text_signature = "(*classes, primary_key=None, indexes=(), drop_indexes=(), drop_types=(), evolution=None)"
    )]
    fn from_messages(classes: &Bound<'_, PyTuple>, keywords: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let keywords = Keywords::of("from_messages", keywords);
        let primary_key = keywords.object("primary_key")?;
        Self::of_messages(classes, primary_key.as_ref(), keywords)
    }

    /// The names of the record types.
    #[getter]
    fn record_types(&self) -> PyResult<Vec<String>> {
        let metadata = self.core.merge_into(None).map_err(to_py)?;
        Ok(metadata
            .record_types()
            .iter()
            .map(|record_type| record_type.name().to_owned())
            .collect())
    }

    /// The compiled files, for example to make message classes of them: the bytes of a `FileDescriptorSet`.
    fn descriptor_set<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let files = self.core.descriptor_set().map_err(to_py)?;
        Ok(PyBytes::new(py, &files))
    }

    fn __repr__(&self) -> PyResult<String> {
        Ok(format!("Schema({})", self.record_types()?.join(", ")))
    }
}

impl Schema {
    pub(crate) fn core(&self) -> &record_store::Schema {
        &self.core
    }

    /// A schema whose records are dicts.
    fn of_dicts(builder: SchemaBuilder, keywords: Keywords<'_>) -> PyResult<Self> {
        let primary_key = keywords.object("primary_key")?;
        let builder = schema_argument::primary_keys(builder, primary_key.as_ref())?;
        Self::build(builder, keywords, Form::Dicts)
    }

    /// A schema whose records are objects of message classes.
    fn of_messages(
        classes: &Bound<'_, PyTuple>,
        primary_key: Option<&Bound<'_, PyAny>>,
        keywords: Keywords<'_>,
    ) -> PyResult<Self> {
        let mut files = FileDescriptorSet::default();
        let mut forms = HashMap::new();
        let mut names = Vec::new();
        for class in classes {
            let descriptor = message_descriptor(&class)?;
            files.add(&descriptor.getattr("file")?)?;
            let name: String = descriptor.getattr("name")?.extract()?;
            forms.insert(name.clone(), class.getattr("FromString")?.unbind());
            names.push(name);
        }
        let builder = record_store::Schema::builder().descriptor_set(files.encoded);
        let builder = match primary_key {
            Some(key) if key.cast::<PyMapping>().is_err() => {
                let columns = to_columns(key)?;
                names.iter().fold(builder, |builder, name| {
                    builder.record_type(name, |t| t.primary_key(columns.clone()))
                })
            }
            key => schema_argument::primary_keys(builder, key)?,
        };
        Self::build(builder, keywords, Form::Messages(forms))
    }

    fn build(builder: SchemaBuilder, keywords: Keywords<'_>, form: Form) -> PyResult<Self> {
        let builder = schema_argument::rest(builder, &keywords)?;
        keywords.finish()?;
        Ok(Schema {
            core: builder.build().map_err(to_py)?,
            form: Arc::new(form),
        })
    }

    /// The schema that `Database.space` is given, as a `Schema` or as message classes, and what its records are in Python.
    pub(crate) fn from_argument(
        schema: Option<&Bound<'_, PyAny>>,
        primary_key: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<(Option<record_store::Schema>, Arc<Form>)> {
        let given = match schema {
            None => None,
            Some(schema) => match schema.cast::<Schema>() {
                Ok(schema) => Some(schema.get()),
                Err(_) => {
                    let classes = if schema.is_instance_of::<PyType>() {
                        PyTuple::new(schema.py(), [schema])?
                    } else {
                        let classes = schema.try_iter().map_err(|_| not_a_schema(schema))?;
                        PyTuple::new(schema.py(), classes.collect::<PyResult<Vec<_>>>()?)?
                    };
                    let made = Schema::of_messages(&classes, primary_key, Keywords::of("space", None))?;
                    return Ok((Some(made.core), made.form));
                }
            },
        };
        if let Some(key) = primary_key {
            return Err(argument(
                "primary_key goes with message classes; a Schema has its own",
                key,
            ));
        }
        Ok(match given {
            None => (None, Arc::new(Form::Dicts)),
            Some(schema) => (Some(schema.core.clone()), schema.form.clone()),
        })
    }
}

fn message_descriptor<'py>(class: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if class.is_instance_of::<PyType>() && class.hasattr("FromString")? {
        return class.getattr("DESCRIPTOR");
    }
    Err(not_a_schema(class))
}

fn not_a_schema(given: &Bound<'_, PyAny>) -> PyErr {
    argument(
        "a schema is a record_store.Schema, a protobuf message class or several of them",
        given,
    )
}

/// An encoded `FileDescriptorSet` of protobuf's own descriptors, imports first.
///
/// The files stay the bytes that protobuf has: prost's types would lose their custom options.
#[derive(Default)]
struct FileDescriptorSet {
    encoded: Vec<u8>,
    names: HashSet<String>,
}

impl FileDescriptorSet {
    fn add(&mut self, file: &Bound<'_, PyAny>) -> PyResult<()> {
        const FILE: u32 = 1;
        if !self.names.insert(file.getattr("name")?.extract()?) {
            return Ok(());
        }
        for import in file.getattr("dependencies")?.try_iter()? {
            self.add(&import?)?;
        }
        let serialized: Vec<u8> = file.getattr("serialized_pb")?.extract()?;
        bytes::encode(FILE, &serialized, &mut self.encoded);
        Ok(())
    }
}
