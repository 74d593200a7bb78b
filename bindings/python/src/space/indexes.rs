//! Indexes of a `RecordSpace`: scanning them, what they keep of groups, their uniqueness, their states and their building.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use record_store::{IndexState, RecordKey};

use super::SpaceBase;
use crate::error::to_py;
use crate::index;
use crate::record::{to_columns, to_key, to_row, to_tuple};
use crate::scan::ScanArguments;
use crate::transaction::TransactionBase;

type Tx<'py> = Bound<'py, TransactionBase>;

#[pymethods]
impl SpaceBase {
    /// The records in the order of an index, to iterate over. Bounds are the first columns of the index; the rest is as in `scan`.
    ///
    /// A record comes as often as it has entries in the range.
    #[pyo3(
        signature = (name, **keywords),
        text_signature = "($self, name, *, prefix=None, start=None, end=None, reverse=False, limit=None, skip=0, after=None, max_rows=None, max_bytes=None, max_seconds=None, snapshot=False, tx=None)"
    )]
    fn scan_by<'py>(
        &self,
        py: Python<'py>,
        name: String,
        keywords: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.cursor(py, ScanArguments::of_index("scan_by", keywords)?, |space, options| {
            space.scan_index_records(name, options)
        })
    }

    /// The entries of an index in its order, to iterate over: each an `IndexEntry`. The rest is as in `scan_by`.
    #[pyo3(
        signature = (name, **keywords),
        text_signature = "($self, name, *, prefix=None, start=None, end=None, reverse=False, limit=None, skip=0, after=None, max_rows=None, max_bytes=None, max_seconds=None, snapshot=False, tx=None)"
    )]
    fn scan_index<'py>(
        &self,
        py: Python<'py>,
        name: String,
        keywords: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.cursor(
            py,
            ScanArguments::of_index("scan_index", keywords)?,
            |space, options| space.scan_index(name, None, options),
        )
    }

    /// What breaks the uniqueness of an index that is being built, or is not yet unique, to iterate over: each a
    /// `UniquenessViolation`, by value and primary key. The rest is as in `scan_by`.
    #[pyo3(
        signature = (name, **keywords),
        text_signature = "($self, name, *, prefix=None, start=None, end=None, reverse=False, limit=None, skip=0, after=None, max_rows=None, max_bytes=None, max_seconds=None, snapshot=False, tx=None)"
    )]
    fn uniqueness_violations<'py>(
        &self,
        py: Python<'py>,
        name: String,
        keywords: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.cursor(
            py,
            ScanArguments::of_index("uniqueness_violations", keywords)?,
            |space, options| space.scan_uniqueness_violations(name, options),
        )
    }

    /// Deletes the records that have this value in a unique index, but for the one whose key is `keep`, if any.
    #[pyo3(signature = (name, value, *, keep=None, tx=None))]
    fn resolve_uniqueness<'py>(
        &self,
        py: Python<'py>,
        name: String,
        value: &Bound<'py, PyAny>,
        keep: Option<&Bound<'py, PyAny>>,
        tx: Option<&Tx<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let value = to_row(value)?;
        let keep = keep.map(|keep| to_key(keep, None)).transpose()?;
        let resolved = self.in_store(tx, move |store| {
            let (name, value, keep) = (name.clone(), value.clone(), keep.clone());
            async move {
                let keep = keep.map(|keep| keep.resolve(store.metadata())).transpose()?;
                Ok(store.resolve_uniqueness_violation(&name, &value, keep.as_ref()).await?)
            }
        })?;
        self.face.done(py, resolved)
    }

    /// The count, sum, or least or greatest value that an index keeps for the groups whose first columns are `group`, as a tuple;
    /// of all groups without. `None` if there is nothing to have a least or greatest value.
    #[pyo3(
        signature = (name, group=None, *, tx=None),
        text_signature = "($self, name, group=(), *, tx=None)"
    )]
    fn aggregate<'py>(
        &self,
        py: Python<'py>,
        name: String,
        group: Option<&Bound<'py, PyAny>>,
        tx: Option<&Tx<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let group: RecordKey = to_columns(py, group, None)?;
        let (same_name, same_group) = (name.clone(), group.clone());
        let value = self.either(
            tx,
            |space| async move { space.aggregate(&name, group).await },
            |store| async move { store.aggregate_index_group(&same_name, same_group).await },
        )?;
        self.face.call(py, value, |py, value| match value {
            Some(value) => Ok(to_tuple(py, &value)?.into_any()),
            None => Ok(py.None().into_bound(py)),
        })
    }

    /// The states of all indexes by their names: `READABLE`, `WRITE_ONLY`, `DISABLED`, `READABLE_UNIQUE_PENDING`.
    #[pyo3(signature = (*, tx=None))]
    fn index_states<'py>(&self, py: Python<'py>, tx: Option<&Tx<'py>>) -> PyResult<Bound<'py, PyAny>> {
        let states = self.either(
            tx,
            |space| async move { space.index_states().await },
            |store| async move { Ok(store.index_states()) },
        )?;
        self.face.call(py, states, |py, states| index::to_states(py, &states))
    }

    /// The state of an index.
    #[pyo3(signature = (name, *, tx=None))]
    fn index_state<'py>(&self, py: Python<'py>, name: String, tx: Option<&Tx<'py>>) -> PyResult<Bound<'py, PyAny>> {
        let state = self.in_store(tx, move |store| {
            let name = name.clone();
            async move { Ok(store.index_state(store.metadata().index(&name)?.name())) }
        })?;
        self.face.simple(py, async move { Ok(state.await?.name()) })
    }

    /// Puts an index into a state; says whether that changed anything.
    ///
    /// `DISABLED` clears its entries, `WRITE_ONLY` keeps what it has; `READABLE` and `READABLE_UNIQUE_PENDING` are refused for an
    /// index that does not have all records.
    #[pyo3(signature = (name, state, *, tx=None))]
    fn mark_index<'py>(
        &self,
        py: Python<'py>,
        name: String,
        state: &str,
        tx: Option<&Tx<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let marked = self.mark(name, IndexState::from_name(state).map_err(to_py)?, tx)?;
        self.face.simple(py, marked)
    }

    /// Takes an index out of use and clears its entries: it is `DISABLED`, and costs nothing until it is built again. Says whether
    /// that changed anything.
    #[pyo3(signature = (name, *, tx=None))]
    fn disable_index<'py>(&self, py: Python<'py>, name: String, tx: Option<&Tx<'py>>) -> PyResult<Bound<'py, PyAny>> {
        let disabled = self.mark(name, IndexState::Disabled, tx)?;
        self.face.simple(py, disabled)
    }

    /// Builds an index again, in one transaction: for spaces of few records. `build_indexes` does it in many.
    #[pyo3(signature = (name, *, tx=None))]
    fn rebuild_index<'py>(&self, py: Python<'py>, name: String, tx: Option<&Tx<'py>>) -> PyResult<Bound<'py, PyAny>> {
        let rebuilt = self.in_store(tx, move |store| {
            let name = name.clone();
            async move { Ok(store.rebuild_index(&name).await?) }
        })?;
        self.face.done(py, rebuilt)
    }

    /// Builds all indexes that are not readable, or those that are named, in many transactions, while others use the space. A
    /// build that was stopped goes on.
    ///
    /// `progress` is called with an `IndexBuildProgress` after each transaction; what it raises stops the build and comes out as
    /// it is. `if_disabled`, `if_write_only` (a build was stopped) and `if_readable` say what becomes of an index that is found so:
    /// `rebuild` begins at the beginning, `continue` does what is left to do, `mark_readable` only makes it readable if it has all
    /// records, and `error` refuses.
    ///
    /// `limit`, `max_write_bytes` and `max_transaction_seconds` are the most records, bytes and seconds of one transaction,
    /// `records_per_second` a pace; `stop_after` transactions or `max_seconds` the build stops with an error, to go on another time.
    /// `lease` are the seconds for which the sign of life of another builder counts. With `allow_unique_pending` a unique index
    /// becomes readable though records have the same value; `uniqueness_violations` lists them. `by_index` names a value index over
    /// the same record type that has an entry for each record: the build reads these instead of all records.
    #[pyo3(
        signature = (*names, **keywords),
        text_signature = "($self, *names, progress=None, records_per_second=None, limit=100, max_write_bytes=900000, max_transaction_seconds=4.0, reverse=False, by_index=None, if_disabled='rebuild', if_write_only='continue', if_readable='continue', mark_readable=True, allow_unique_pending=False, stop_after=None, max_seconds=None, lease=10.0)"
    )]
    fn build_indexes<'py>(
        &self,
        py: Python<'py>,
        names: Vec<String>,
        keywords: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (options, progress) = index::build_arguments("build_indexes", keywords)?;
        let indexer = self.core()?.indexer().options(options);
        let indexer = names.into_iter().fold(indexer, |indexer, name| indexer.index(name));
        index::build(py, self.face, indexer, progress)
    }
}

impl SpaceBase {
    fn mark(
        &self,
        name: String,
        state: IndexState,
        tx: Option<&Tx<'_>>,
    ) -> PyResult<impl Future<Output = PyResult<bool>> + Send + 'static> {
        self.in_store(tx, move |store| {
            let name = name.clone();
            async move { Ok(store.mark_index(&name, state).await?) }
        })
    }
}
