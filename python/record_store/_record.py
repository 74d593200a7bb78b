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
