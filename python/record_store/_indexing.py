"""What scans and builds of indexes give."""

from __future__ import annotations

from typing import Any, NamedTuple

from ._record import PrimaryKey


class IndexEntry(NamedTuple):
    """An entry of an index. `space.get(entry.primary_key)` is its record."""

    key: tuple[Any, ...]
    """The columns of the index, then those of the primary key that are not among them; the group in an index of groups."""
    value: tuple[Any, ...]
    """The covered columns, or the aggregate of a group."""
    primary_key: PrimaryKey
    """The primary key of the record; empty in an index of groups."""


class IndexBuildProgress(NamedTuple):
    """How far a build is, told after each of its transactions."""

    indexes: list[str]
    """The indexes that are being built together."""
    records_scanned: int
    """How many records this build and those that it goes on with have seen."""
    records_total: int | None
    """How many records there were when it began, if the space counts them."""
    ranges_left: int
    """How many ranges of primary keys are left; up to a thousand are counted."""


class IndexBuildSummary(NamedTuple):
    """What a build has done."""

    records_scanned: int
    """How many records it has seen."""
    transactions: int
    """In how many transactions."""
    states: dict[str, str]
    """The states of the indexes that it was to build, by their names."""


class UniquenessViolation(NamedTuple):
    """A record with a value that a unique index may have once. `space.resolve_uniqueness(index, value, keep=primary_key)` mends it."""

    value: tuple[Any, ...]
    """The columns of the index."""
    primary_key: PrimaryKey
    """The primary key of a record with the value."""
    existing_primary_key: PrimaryKey | None
    """The primary key of another record with the value, if it was noted down."""
