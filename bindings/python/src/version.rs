//! `RecordVersion` and `StoredRecord`: what saving a record gives back.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::to_py;
use crate::record::primary_key;
use crate::transaction::CommitVersion;

/// When a record was saved: versions are ordered over the whole database.
///
/// That of a record saved in a transaction of your own is not complete before the transaction commits.
///
/// >>> first, second = users.put_all([User(id=1), User(id=2)])
/// >>> first.version < second.version
/// True
/// >>> record_store.RecordVersion(bytes(first.version)) == users.version(1)
/// True
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[pyclass(frozen, eq, ord, hash, module = "record_store")]
pub(crate) struct RecordVersion(pub(crate) record_store::RecordVersion);

#[pymethods]
impl RecordVersion {
    /// A version from its 12 bytes.
    #[new]
    #[pyo3(signature = (data, /))]
    fn new(data: &[u8]) -> PyResult<Self> {
        record_store::RecordVersion::from_bytes(data)
            .map(RecordVersion)
            .map_err(to_py)
    }

    /// Whether the transaction of this version has committed.
    #[getter]
    fn is_complete(&self) -> bool {
        self.0.is_complete()
    }

    /// The commit version of the transaction, FoundationDB's; `None` before the commit.
    #[getter]
    fn commit_version(&self) -> Option<i64> {
        self.0.database_version()
    }

    /// The number that orders the records of one transaction.
    #[getter]
    fn local_version(&self) -> u16 {
        self.0.local_version()
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.to_bytes())
    }

    fn __repr__(&self) -> String {
        format!("RecordVersion({})", self.0)
    }
}

/// What `RecordSpace.put` has saved: the type, the primary key and the version of the record.
///
/// In a transaction of your own the version is complete once the transaction has committed.
///
/// >>> saved = users.put(User(id=3, name="Grace"))
/// >>> users.get(saved.primary_key).name
/// 'Grace'
#[pyclass(frozen, module = "record_store")]
pub(crate) struct StoredRecord {
    core: record_store::StoredRecord,
    commit_version: CommitVersion,
}

impl StoredRecord {
    /// A record that was saved in a transaction whose commit has, or is going to have, this version.
    pub(crate) fn new(core: record_store::StoredRecord, commit_version: CommitVersion) -> Self {
        StoredRecord { core, commit_version }
    }
}

#[pymethods]
impl StoredRecord {
    /// The name of the record's type.
    #[getter]
    fn r#type(&self) -> &str {
        self.core.record_type()
    }

    /// The whole primary key, which `get`, `delete` and `exists` take as it is.
    #[getter]
    fn primary_key<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        primary_key(py, self.core.primary_key())
    }

    /// The version of the record, or `None` if it was saved without one.
    #[getter]
    fn version(&self) -> PyResult<Option<RecordVersion>> {
        let Some(version) = self.core.version() else {
            return Ok(None);
        };
        let version = match self.commit_version.get() {
            Some(commit) => version.complete_with(commit).map_err(to_py)?,
            None => version,
        };
        Ok(Some(RecordVersion(version)))
    }

    fn __repr__(&self) -> String {
        format!("StoredRecord({} {})", self.core.record_type(), self.core.primary_key())
    }
}
