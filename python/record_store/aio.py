"""The face of asyncio: the calls of `record_store`, to await.

What waits for the database is a coroutine here, and scans are for `async for`; the rest, such as `record_store.Schema`, is the same. The work runs
on threads of the package, so that it never holds up the event loop. A task that is cancelled gives its work up.

>>> import asyncio, record_store
>>> from record_store import aio
>>> async def main():
...     async with aio.open("memory:") as db:
...         schema = record_store.Schema.from_proto(
...             'syntax = "proto3"; message User { int64 id = 1; string name = 2; }', primary_key={"User": "id"}
...         )
...         users = await db.space("prod/users", schema)
...
...         async def rename(tx, key, name):
...             user = await users.get(key, tx=tx) or {"id": key}
...             await users.put({**user, "name": name}, tx=tx)
...
...         await db.run(lambda tx: rename(tx, 1, "Ada"))
...         return [user["name"] async for user in users.scan()]
>>> asyncio.run(main())
['Ada']
"""

from __future__ import annotations

from os import PathLike

from ._asyncio import Opening
from ._native import AsyncCursor as Cursor
from ._native import AsyncDatabase as Database
from ._native import AsyncQuery as Query
from ._native import AsyncRecordSpace as RecordSpace
from ._native import AsyncTransaction as Transaction
from ._native import open_async

__all__ = ["Cursor", "Database", "Query", "RecordSpace", "Transaction", "open"]


def open(url: str | PathLike[str], *, root: str | None = None) -> Opening:
    """Opens the database that `url` names, as `record_store.open`: `db = await aio.open(url)`, or `async with aio.open(url) as db`."""
    return Opening(open_async(url, root))
