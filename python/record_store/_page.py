"""`Page`: some results of a scan, and where the next page begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from ._native import _NoNextReason

R = TypeVar("R")

@dataclass(frozen=True)
class Page(Generic[R]):
    """Some results of a scan, as `Cursor.page` gives them, and where the next page begins."""

    results: list[R]
    """The results."""
    continuation: bytes | None
    """Where the next page begins, for the `after` of the same scan, here or in another process; `None` if nothing follows."""
    no_next_reason: _NoNextReason | None
    """Why there are fewer results than were asked for, as in `Cursor.no_next_reason`; `None` if there are not."""

    def __iter__(self) -> Iterator[R]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)
