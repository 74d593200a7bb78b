"""A record layer for FoundationDB that also runs without a cluster.

Open a database by URL, a record space in it by path and schema, then put, get, scan and delete records:

>>> import record_store
>>> db = record_store.open("memory:")
>>> users = db.space(
...     "prod/users",
...     record_store.Schema.from_proto(
...         'syntax = "proto3"; message User { int64 id = 1; string name = 2; }',
...         primary_key={"User": "id"},
...     ),
... )
>>> saved = users.put({"id": 999, "name": "Ada"})
>>> users.get(999)
{'id': 999, 'name': 'Ada'}
>>> db.close()
"""

from __future__ import annotations

from ._error import Error
from ._index import Index
from ._indexing import IndexBuildProgress, IndexBuildSummary, IndexEntry, UniquenessViolation
from ._native import (
    Change,
    Cursor,
    Database,
    Field,
    Filter,
    KeyExpression,
    Parameter,
    Query,
    RecordSpace,
    RecordVersion,
    Schema,
    SchemaDiff,
    StoredRecord,
    Transaction,
    __version__,
    field,
    open,
    parameter,
)
from ._page import Page
from ._record import PrimaryKey, Record
from . import errors, keys

__all__ = [
    "Change",
    "Cursor",
    "Database",
    "Error",
    "Field",
    "Filter",
    "Index",
    "IndexBuildProgress",
    "IndexBuildSummary",
    "IndexEntry",
    "KeyExpression",
    "Page",
    "Parameter",
    "PrimaryKey",
    "Query",
    "Record",
    "RecordSpace",
    "RecordVersion",
    "Schema",
    "SchemaDiff",
    "StoredRecord",
    "Transaction",
    "UniquenessViolation",
    "__version__",
    "errors",
    "field",
    "keys",
    "open",
    "parameter",
]
