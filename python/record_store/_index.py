"""`Index`: what a schema says of an index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._native import Filter, _KeyColumns

__all__ = ["Index"]


@dataclass(frozen=True, eq=False)
class Index:
    """What a schema says of an index, as plain data.

    `columns` names the field that is indexed, or several; a dot leads into a message (`"address.city"`), and the elements of a
    repeated field are indexed one by one. It may be a whole key expression: `record_store.field` and `record_store.keys` make
    them. `on` names the record types, or their message classes; without it all are indexed.

    `type` is `value`, `version`, `count`, `count_not_null`, `count_updates`, `sum`, `min_ever`, `max_ever` or another type of
    the record layer. Indexes that keep something for each group have the columns of the groups in `group_by`. `covering` names
    columns that stand in the entries too, so that they can be read without the record. `where` is a `Filter`, or its text: only
    records of which it is true are indexed.

    >>> by_name = record_store.Index("by_name", ["last_name", "first_name"], on="Person", unique=True)
    >>> count = record_store.Index("people_by_city", type="count", group_by="address.city", on="Person")
    >>> paid = record_store.Index("paid_by_city", "paid", type="sum", group_by="address.city", on="Person")
    >>> adults = record_store.Index("adults", "last_name", on="Person", where="age >= 18")
    """

    name: str
    columns: _KeyColumns = ()
    on: str | type[Any] | Sequence[str | type[Any]] = ()
    type: str = "value"
    group_by: _KeyColumns = ()
    covering: _KeyColumns = ()
    unique: bool = False
    where: Filter | str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
