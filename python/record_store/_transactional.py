"""The decorator `Database.transactional`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from ._native import Database, Transaction

P = ParamSpec("P")
T = TypeVar("T")


def transactional(database: Database, body: Callable[Concatenate[Transaction, P], T]) -> Callable[P, T]:
    """A function that runs `body` in a transaction of `database`, with retries, and gives it the transaction first."""

    @functools.wraps(body)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return database.run(lambda tx: body(tx, *args, **kwargs))

    return run
