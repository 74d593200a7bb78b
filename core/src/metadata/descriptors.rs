//! [`Descriptors`]: the .proto files of a schema, compiled, as bytes and as prost-reflect's descriptors.
//!
//! The bytes are kept as they came, because a file's custom options (which field is a key) would not survive a round trip
//! through prost's types. Files that every schema may import need not be given: see [`implied_file`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use bytes::Bytes;
use prost::Message;
use prost_reflect::prost_types::FileDescriptorProto;
use prost_reflect::{DescriptorPool, DynamicMessage, FileDescriptor, ReflectMessage, Value};
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

use crate::error::{Error, ErrorKind, Result};

/// The file that holds the union message, and all files that it imports.
#[derive(Clone, Debug)]
pub struct Descriptors {
    records: FileDescriptor,
    files: BTreeMap<String, Bytes>,
}

impl Descriptors {
    /// Links the encoded `FileDescriptorProto` of the records file with those of its imports.
    ///
    /// **Errors**: `MetaData` when bytes are no file descriptor, an import is missing or a name does not resolve.
    pub fn link(records: Bytes, dependencies: impl IntoIterator<Item = Bytes>) -> Result<Self> {
        let records_name = decode_file(&records)?.name().to_owned();
        let mut given = BTreeMap::from([(records_name.clone(), records)]);
        for bytes in dependencies {
            given.entry(decode_file(&bytes)?.name().to_owned()).or_insert(bytes);
        }
        let mut linker = Linker {
            given,
            files: BTreeMap::new(),
            open: BTreeSet::new(),
            pool: DescriptorPool::new(),
        };
        linker.add(&records_name)?;
        let records = linker
            .pool
            .get_file_by_name(&records_name)
            .expect("the file was just added");
        Ok(Descriptors {
            records,
            files: linker.files,
        })
    }

    /// Links the file named `records` with its imports, all from an encoded `FileDescriptorSet`.
    ///
    /// **Errors**: as [`Descriptors::link`]; `MetaData` too when the set has no file of that name.
    pub fn from_file_descriptor_set(set: impl Into<Bytes>, records: &str) -> Result<Self> {
        let mut files = files_of_set(&set.into())?;
        match files.remove(records) {
            Some(bytes) => Self::link(bytes, files.into_values()),
            None => Err(super::names::unknown(
                Error::new(ErrorKind::MetaData, "the file descriptor set has no such file"),
                "file",
                records,
                files.keys().map(String::as_str),
            )),
        }
    }

    /// The file that holds the union message.
    pub fn records(&self) -> &FileDescriptor {
        &self.records
    }

    /// All messages of the schema and of its imports.
    pub fn pool(&self) -> &DescriptorPool {
        self.records.parent_pool()
    }

    /// The records file as it came: an encoded `FileDescriptorProto`.
    pub fn records_bytes(&self) -> &Bytes {
        &self.files[self.records.name()]
    }

    /// The encoded file of this name, if the schema imports it.
    pub fn file_bytes(&self, name: &str) -> Option<&Bytes> {
        self.files.get(name)
    }

    /// The imports that meta-data carries, by name: all but this layer's own, which every reader has.
    pub fn dependencies(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        let mut wanted = BTreeSet::new();
        let mut open = vec![self.records.clone()];
        while let Some(file) = open.pop() {
            for import in file.dependencies() {
                if !OMITTED_FILES.contains(&import.name()) && wanted.insert(import.name().to_owned()) {
                    open.push(import);
                }
            }
        }
        self.files
            .iter()
            .filter(move |(name, _)| wanted.contains(*name))
            .map(|(name, bytes)| (name.as_str(), bytes))
    }
}

impl Descriptors {
    /// Whether both define the same, though perhaps in other bytes: compilers differ in what they write out (`json_name`,
    /// `syntax = "proto2"`, comments).
    pub(super) fn defines_the_same(&self, other: &Descriptors) -> bool {
        let imports = |descriptors: &Descriptors| -> Vec<Vec<u8>> {
            descriptors.dependencies().map(|(_, bytes)| normalized(bytes)).collect()
        };
        self.records.name() == other.records.name()
            && normalized(self.records_bytes()) == normalized(other.records_bytes())
            && imports(self) == imports(other)
    }
}

/// The file without what a compiler may leave out. Custom options stay: they are unknown fields here.
fn normalized(file: &Bytes) -> Vec<u8> {
    let descriptor = FileDescriptorProto::default().descriptor();
    let Ok(mut message) = DynamicMessage::decode(descriptor, file.clone()) else {
        return file.to_vec();
    };
    message.clear_field_by_name("source_code_info");
    if message
        .get_field_by_name("syntax")
        .is_some_and(|syntax| syntax.as_str() == Some("proto2"))
    {
        message.clear_field_by_name("syntax");
    }
    without_json_names(&mut message);
    message.encode_to_vec()
}

/// Clears the JSON names of all fields of all messages. They do not touch what is stored.
fn without_json_names(message: &mut DynamicMessage) {
    message.clear_field_by_name("json_name");
    for name in ["message_type", "nested_type", "field", "extension"] {
        if let Some(Value::List(children)) = message.get_field_by_name_mut(name) {
            for child in children {
                if let Value::Message(child) = child {
                    without_json_names(child);
                }
            }
        }
    }
}

/// A file that a schema may import without giving it: this layer's `record_metadata_options.proto` and
/// `tuple_fields.proto`, and Google's `google/protobuf/*.proto`. An encoded `FileDescriptorProto`.
pub fn implied_file(name: &str) -> Option<&'static Bytes> {
    IMPLIED_FILES.get(name)
}

/// The files of an encoded `FileDescriptorSet` as they are, by name.
pub(super) fn files_of_set(set: &Bytes) -> Result<BTreeMap<String, Bytes>> {
    const FILE: u32 = 1;
    let mut files = BTreeMap::new();
    for field in super::raw::fields(set).map_err(not_a_set)? {
        if field.number == FILE {
            let bytes = field.content.unwrap_or_default();
            files.insert(decode_file(&bytes)?.name().to_owned(), bytes);
        }
    }
    Ok(files)
}

fn not_a_set(error: Error) -> Error {
    Error::new(ErrorKind::MetaData, "the bytes are no file descriptor set").caused_by(error)
}

/// Finds the sources of the implied files, for a compiler of .proto text.
pub(crate) fn implied_sources() -> impl FileResolver + 'static {
    let mut resolver = ChainFileResolver::new();
    resolver.add(OwnFileResolver);
    resolver.add(GoogleFileResolver::new());
    resolver
}

struct OwnFileResolver;

impl FileResolver for OwnFileResolver {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match OWN_FILES.iter().find(|(own, _)| *own == name) {
            Some((_, source)) => File::from_source(name, source),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}

/// Adds files to the pool, imports first.
struct Linker {
    given: BTreeMap<String, Bytes>,
    files: BTreeMap<String, Bytes>,
    open: BTreeSet<String>,
    pool: DescriptorPool,
}

impl Linker {
    fn add(&mut self, name: &str) -> Result<()> {
        if self.files.contains_key(name) {
            return Ok(());
        }
        let Some(bytes) = self.given.get(name).or_else(|| implied_file(name)).cloned() else {
            return Err(Error::new(
                ErrorKind::MetaData,
                "an imported file is missing: give it with the schema",
            )
            .with("file", name));
        };
        if self.open.len() == IMPORT_DEPTH_MAX {
            return Err(
                Error::new(ErrorKind::MetaData, "files import each other in too long a chain")
                    .with("file", name)
                    .with("limit", IMPORT_DEPTH_MAX),
            );
        }
        if !self.open.insert(name.to_owned()) {
            return Err(Error::new(ErrorKind::MetaData, "files import each other in a circle").with("file", name));
        }
        for import in &decode_file(&bytes)?.dependency {
            self.add(import)?;
        }
        self.pool.decode_file_descriptor_proto(bytes.clone()).map_err(|error| {
            Error::new(ErrorKind::MetaData, "the file descriptors do not fit together")
                .with("file", name)
                .with("cause", &error)
                .caused_by(error)
        })?;
        self.open.remove(name);
        self.files.insert(name.to_owned(), bytes);
        Ok(())
    }
}

fn decode_file(bytes: &Bytes) -> Result<FileDescriptorProto> {
    let file = FileDescriptorProto::decode(bytes.clone())
        .map_err(|error| Error::new(ErrorKind::MetaData, "the bytes are no file descriptor").caused_by(error))?;
    match file.syntax() {
        "" | "proto2" | "proto3" => Ok(file),
        syntax => Err(Error::new(
            ErrorKind::MetaData,
            "a file is in a syntax that cannot be read here: begin it with syntax = \"proto2\" or \"proto3\", not with an edition",
        )
        .with("file", file.name())
        .with("syntax", syntax)),
    }
}

/// How long a chain of imports may be, so that none exhausts the stack.
const IMPORT_DEPTH_MAX: usize = 200;

/// Left out of meta-data by Java's `RecordMetaData.toProto`.
const OMITTED_FILES: [&str; 3] = [
    "record_metadata.proto",
    "record_metadata_options.proto",
    "tuple_fields.proto",
];

const OWN_FILES: [(&str, &str); 4] = [
    (
        "record_key_expression.proto",
        include_str!("../../proto/record_key_expression.proto"),
    ),
    (
        "record_metadata.proto",
        include_str!("../../proto/record_metadata.proto"),
    ),
    (
        "record_metadata_options.proto",
        include_str!("../../proto/record_metadata_options.proto"),
    ),
    ("tuple_fields.proto", include_str!("../../proto/tuple_fields.proto")),
];

const GOOGLE_FILES: [&str; 11] = [
    "google/protobuf/any.proto",
    "google/protobuf/api.proto",
    "google/protobuf/descriptor.proto",
    "google/protobuf/duration.proto",
    "google/protobuf/empty.proto",
    "google/protobuf/field_mask.proto",
    "google/protobuf/source_context.proto",
    "google/protobuf/struct.proto",
    "google/protobuf/timestamp.proto",
    "google/protobuf/type.proto",
    "google/protobuf/wrappers.proto",
];

static IMPLIED_FILES: LazyLock<BTreeMap<String, Bytes>> = LazyLock::new(|| {
    let mut compiler = protox::Compiler::with_file_resolver(implied_sources());
    compiler
        .open_files(OWN_FILES.iter().map(|(name, _)| *name).chain(GOOGLE_FILES))
        .expect("this layer's own files compile");
    compiler
        .descriptor_pool()
        .files()
        .map(|file| (file.name().to_owned(), without_source_info(file.encode_to_vec())))
        .collect()
});

/// The file without its comments and line numbers (field 9), which nobody reads from meta-data.
pub(crate) fn without_source_info(file: Vec<u8>) -> Bytes {
    const SOURCE_CODE_INFO: u32 = 9;
    super::raw::without_fields(&file.into(), |number| number == SOURCE_CODE_INFO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, imports: &[&str]) -> Bytes {
        FileDescriptorProto {
            name: Some(name.to_owned()),
            dependency: imports.iter().map(|import| (*import).to_owned()).collect(),
            ..Default::default()
        }
        .encode_to_vec()
        .into()
    }

    #[test]
    fn what_every_schema_may_import_is_there() {
        for name in [
            "record_metadata_options.proto",
            "tuple_fields.proto",
            "google/protobuf/timestamp.proto",
        ] {
            assert!(implied_file(name).is_some(), "{name}");
        }
        assert!(implied_file("other.proto").is_none());
    }

    #[test]
    fn imports_are_found_and_only_the_users_are_carried() {
        let main = file("main.proto", &["record_metadata_options.proto", "part.proto"]);
        let part = file("part.proto", &["google/protobuf/timestamp.proto"]);
        let linked = Descriptors::link(main, [part, file("stray.proto", &[])]).unwrap();
        let carried: Vec<&str> = linked.dependencies().map(|(name, _)| name).collect();
        assert_eq!(carried, ["google/protobuf/timestamp.proto", "part.proto"]);
    }

    #[test]
    fn files_that_cannot_be_read_are_refused_by_name() {
        let edition = FileDescriptorProto {
            name: Some("new.proto".to_owned()),
            syntax: Some("editions".to_owned()),
            ..Default::default()
        };
        let error = Descriptors::link(edition.encode_to_vec().into(), []).unwrap_err();
        assert_eq!(
            (error.fact("file"), error.fact("syntax")),
            (Some("new.proto"), Some("editions"))
        );

        let chain: Vec<Bytes> = (0..300)
            .map(|i| file(&format!("{i}.proto"), &[&format!("{}.proto", i + 1)]))
            .collect();
        let error = Descriptors::link(chain[0].clone(), chain[1..].to_vec()).unwrap_err();
        assert_eq!(error.message(), "files import each other in too long a chain");
    }

    #[test]
    fn missing_and_circular_imports_are_named() {
        let missing = Descriptors::link(file("main.proto", &["part.proto"]), []).unwrap_err();
        assert_eq!(missing.fact("file"), Some("part.proto"));
        let circle = Descriptors::link(file("a.proto", &["b.proto"]), [file("b.proto", &["a.proto"])]).unwrap_err();
        assert_eq!(circle.message(), "files import each other in a circle");
    }
}
