//! What is asked of records by their bytes, compiled for each type that comes along.

use crate::key_expression::RecordView;
use crate::metadata::RecordType;
use crate::{RecordStore, Result, StoredRecord};

/// Something compiled for the types of the records that were seen.
pub(super) struct CompiledByType<T> {
    store: RecordStore,
    compile: Compile<T>,
    /// By the names of the types; there are few.
    compiled: Vec<(String, T)>,
}

type Compile<T> = Box<dyn Fn(&RecordType) -> Result<T> + Send + Sync>;

impl<T> CompiledByType<T> {
    pub(super) fn new(store: RecordStore, compile: impl Fn(&RecordType) -> Result<T> + Send + Sync + 'static) -> Self {
        CompiledByType {
            store,
            compile: Box::new(compile),
            compiled: Vec::new(),
        }
    }

    /// Asks what is compiled for the type of a record.
    pub(super) fn with<A>(
        &mut self,
        record: &StoredRecord,
        ask: impl FnOnce(&T, &RecordView<'_>) -> Result<A>,
    ) -> Result<A> {
        let name = record.record_type();
        let record_type = self.store.metadata().record_type(name)?;
        let place = match self.compiled.iter().position(|(known, _)| known == name) {
            Some(place) => place,
            None => {
                self.compiled.push((name.to_owned(), (self.compile)(record_type)?));
                self.compiled.len() - 1
            }
        };
        let (_, compiled) = self.compiled.get(place).expect("it was found or pushed");
        let access = self.store.schema().access(record_type)?;
        ask(compiled, &access.view(record.bytes(), record.version()))
    }
}

/// Whether a record is of one of some types.
pub(super) fn is_one_of(record: &StoredRecord, types: &[String]) -> bool {
    types.iter().any(|name| name == record.record_type())
}
