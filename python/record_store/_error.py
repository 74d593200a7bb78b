"""The base of all errors; its subclasses, one per kind, are generated into `record_store.errors`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class Error(Exception):
    """Anything that Record-Store raises.

    A subclass exists for each kind, so that an `except` clause can name what it handles. The message is for people; a program looks at the class
    and at the attributes.
    """

    kind: ClassVar[str]
    """The stable name of the kind, the same in every language."""
    code: int | None
    """FoundationDB's error code, if there is one."""
    retryable: bool
    """Whether the transaction may be tried again; `Database.run` does so by itself."""
    maybe_committed: bool
    """Whether the commit may have happened nevertheless."""
    context: dict[str, str]
    """The facts: which index, which field, which key."""

    def __init__(
        self,
        message: str = "",
        *,
        code: int | None = None,
        retryable: bool = False,
        maybe_committed: bool = False,
        context: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable
        self.maybe_committed = maybe_committed
        self.context = dict(context or {})
