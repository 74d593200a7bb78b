"""Records as dicts."""

from __future__ import annotations

from typing import Any


class Record(dict[str, Any]):
    """A record as a dict: its entries are the fields of its type, `None` where a field is absent.

    It compares and prints as any other dict; `type` tells the record type.
    """

    __slots__ = ("type",)

    type: str
    """The name of the record's type."""

    def __init__(self, type: str, /, *args: Any, **fields: Any) -> None:
        super().__init__(*args, **fields)
        self.type = type


class PrimaryKey(tuple[Any, ...]):
    """A whole primary key: as its records have it, with the key of the record type where the schema has one in front.

    It comes from a space; `get`, `delete` and `exists` take it as it is.
    """

    __slots__ = ()
