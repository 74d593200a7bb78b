//! `Schema`: which records there are and what their keys are, from protobuf descriptors in any of their shapes.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use prost::Message;
use prost::encoding::{WireType, bytes};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyMapping, PyString, PyTuple, PyType};
use record_store::{Error, ErrorKind, SchemaBuilder};

use crate::error::to_py;
use crate::record::Form;
use crate::value::shown;

/// Which types of records there are, and which columns are their primary keys.
///
/// `primary_key` is a column (`"id"`, `"address.city"`) or a sequence of columns for every record type, or a mapping from the
/// name of each record type to them. Without it, the record layer's own options in the .proto files say so.
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
