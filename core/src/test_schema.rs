//! Compiles .proto text for unit tests.

use std::collections::BTreeMap;
use std::path::Path;

use prost_reflect::DescriptorPool;
use protox::Compiler;
use protox::file::{File, FileResolver};

/// The descriptors of some files, each a name and its text. Other files cannot be imported.
pub(crate) fn compile(files: &[(&'static str, &'static str)]) -> DescriptorPool {
    let mut compiler = Compiler::with_file_resolver(Files(files.iter().copied().collect()));
    compiler.open_files(files.iter().map(|(name, _)| name)).unwrap();
    compiler.descriptor_pool()
}

struct Files(BTreeMap<&'static str, &'static str>);

impl FileResolver for Files {
    fn resolve_path(&self, path: &Path) -> Option<String> {
        path.to_str().map(str::to_owned)
    }

    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match self.0.get(name) {
            Some(text) => File::from_source(name, text),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}
