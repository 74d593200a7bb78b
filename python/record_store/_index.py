"""`Index`: what a schema says of an index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Index"]


@dataclass(frozen=True)
class Index:
    """What a schema says of an index, as plain data.

    `columns` names the field that is indexed, or several; a dot leads into a message (`"address.city"`), and the elements of a
    repeated field are indexed one by one. `on` names the record types, or their message classes; without it all are indexed.

    `type` is `value`, `version`, `count`, `count_not_null`, `count_updates`, `sum`, `min_ever`, `max_ever` or another type of
    the record layer. Indexes that keep something for each group have the columns of the groups in `group_by`. `covering` names
    columns that stand in the entries too, so that they can be read without the record.

    >>> by_name = record_store.Index("by_name", ["last_name", "first_name"], on="Person", unique=True)
    >>> count = record_store.Index("people_by_city", type="count", group_by="address.city", on="Person")
    >>> paid = record_store.Index("paid_by_city", "paid", type="sum", group_by="address.city", on="Person")
    """

    name: str
    columns: str | Sequence[str] = ()
    on: str | type[Any] | Sequence[str | type[Any]] = ()
    type: str = "value"
    group_by: str | Sequence[str] = ()
    covering: str | Sequence[str] = ()
    unique: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
