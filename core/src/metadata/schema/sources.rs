//! The .proto files of a schema, compiled: texts, paths and descriptor sets become encoded file descriptors.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use prost::Message;
use prost_reflect::prost_types::FileDescriptorProto;
use protox::Compiler;
use protox::file::{ChainFileResolver, DescriptorSetFileResolver, File, FileResolver, IncludeFileResolver};

use super::union_file;
use crate::error::{Error, ErrorKind, Result};
use crate::metadata::descriptors::{files_of_set, implied_file, implied_sources, without_source_info};

/// Where files come from.
#[derive(Clone)]
pub(super) enum Source {
    Text {
        name: String,
        text: String,
    },
    Paths {
        paths: Vec<PathBuf>,
        includes: Vec<PathBuf>,
    },
    DescriptorSet(Bytes),
}

/// The compiled files, without those that every schema may import.
pub(super) struct Files(BTreeMap<String, Bytes>);

impl Files {
    /// Compiles all sources together.
    ///
    /// **Errors**: `Schema`, with the file and the place in it.
    pub(super) fn compile(sources: Vec<Source>) -> Result<Self> {
        let mut files = BTreeMap::new();
        let mut texts = Vec::new();
        let mut paths = Vec::new();
        let mut resolver = ChainFileResolver::new();
        for source in sources {
            match source {
                Source::Text { name, text } => texts.push((name, text)),
                Source::Paths { paths: more, includes } => {
                    for include in includes.iter().map(PathBuf::as_path).chain(beside(&more, &includes)) {
                        resolver.add(IncludeFileResolver::new(include.to_owned()));
                    }
                    paths.extend(more);
                }
                Source::DescriptorSet(set) => {
                    let known = DescriptorSetFileResolver::decode(set.clone()).map_err(|error| {
                        Error::new(ErrorKind::Schema, "the bytes are no file descriptor set").caused_by(error)
                    })?;
                    resolver.add(known);
                    for (name, bytes) in files_of_set(&set)? {
                        add_file(&mut files, &name, bytes)?;
                    }
                }
            }
        }
        let mut names: Vec<PathBuf> = texts.iter().map(|(name, _)| PathBuf::from(name)).collect();
        names.extend(paths);
        let mut all = ChainFileResolver::new();
        all.add(Texts(texts));
        all.add(resolver);
        all.add(implied_sources());
        let mut compiler = Compiler::with_file_resolver(all);
        for name in names {
            compiler
                .open_file(&name)
                .map_err(|error| does_not_compile(&name, error))?;
        }
        for file in compiler.descriptor_pool().files() {
            if !files.contains_key(file.name()) {
                add_file(&mut files, file.name(), without_source_info(file.encode_to_vec()))?;
            }
        }
        Ok(Files(files))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn by_name(&self) -> &BTreeMap<String, Bytes> {
        &self.0
    }
}

fn add_file(files: &mut BTreeMap<String, Bytes>, name: &str, bytes: Bytes) -> Result<()> {
    if is_implied(name, &bytes)? {
        return Ok(());
    }
    match files.insert(name.to_owned(), bytes.clone()) {
        Some(other) if other != bytes => {
            Err(Error::new(ErrorKind::Schema, "two different files have one name").with("file", name))
        }
        _ => Ok(()),
    }
}

/// Whether a file is one that every schema has by itself, so that it need not be kept. Descriptor sets have them among their
/// imports. A file of one's own that only has such a name would be lost without a word: it is refused.
///
/// Errors: `Schema`.
fn is_implied(name: &str, bytes: &Bytes) -> Result<bool> {
    let packages: &[&str] = if name == union_file::FILE_NAME {
        &[union_file::PACKAGE]
    } else if implied_file(name).is_some() || JAVAS_FILES.contains(&name) {
        &["google.protobuf", "com.apple.foundationdb.record"]
    } else {
        return Ok(false);
    };
    let file = FileDescriptorProto::decode(bytes.clone()).map_err(|error| {
        Error::new(ErrorKind::Schema, "the bytes are no file descriptor")
            .with("file", name)
            .caused_by(error)
    })?;
    if packages.iter().any(|package| file.package().starts_with(package)) {
        return Ok(true);
    }
    Err(Error::new(
        ErrorKind::Schema,
        "the file has the name of one that every schema has by itself: give it another name",
    )
    .with("file", name)
    .with("package", file.package())
    .with("expected_package", packages.join(" or ")))
}

/// The folders of the files, where nothing says where imports are.
fn beside<'a>(paths: &'a [PathBuf], includes: &[PathBuf]) -> impl Iterator<Item = &'a Path> {
    let none = includes.is_empty();
    paths
        .iter()
        .filter(move |_| none)
        .filter_map(|path| path.parent())
        .map(|folder| {
            if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            }
        })
}

struct Texts(Vec<(String, String)>);

impl FileResolver for Texts {
    fn open_file(&self, name: &str) -> std::result::Result<File, protox::Error> {
        match self.0.iter().find(|(known, _)| known == name) {
            Some((_, text)) => File::from_source(name, text),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}

/// Says where and why. The compiler tells line and column in its debug form: `FILE:LINE:COLUMN: CAUSE`.
fn does_not_compile(asked: &Path, error: protox::Error) -> Error {
    let file = error.file().map_or_else(|| asked.display().to_string(), str::to_owned);
    let place = format!("{error:?}");
    let mut rest = place
        .strip_prefix(&file)
        .unwrap_or_default()
        .split(':')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let (line, column) = (rest.next(), rest.next());
    let is_number = |text: Option<&str>| text.and_then(|text| text.parse::<u32>().ok());
    let cause = error.to_string();
    let message = if cause.contains("found 'edition'") {
        "the file uses an edition, which this compiler does not read: begin it with syntax = \"proto2\" or \"proto3\""
    } else {
        "the .proto file does not compile"
    };
    let mut schema_error = Error::new(ErrorKind::Schema, message).with("file", file);
    if let (Some(line), Some(column)) = (is_number(line), is_number(column)) {
        schema_error = schema_error.with("line", line).with("column", column);
    }
    schema_error.with("cause", cause).caused_by(error)
}

/// Java's own files, which a descriptor set of a Java program has among its imports, and of which no schema needs anything.
const JAVAS_FILES: [&str; 1] = ["record_query_plan.proto"];
