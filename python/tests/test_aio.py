"""The face of asyncio: every call once, transactions and their retries, and tasks that are cancelled."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import record_store
from conftest import PROTO, Customer
from record_store import Index, IndexBuildProgress, Record, Schema, aio, errors

Space = aio.RecordSpace[Record]
USERS = Schema.from_proto(
    PROTO,
    primary_key={"User": "id"},
    indexes=[
        Index("by_name", "name", on="User"),
        Index("users", type="count", on="User"),
        Index("by_email", "email", on="User", unique=True),
    ],
)


def run(url: str, test: Callable[[aio.Database, Space], Awaitable[None]]) -> None:
    async def main() -> None:
        async with aio.open(url) as db:
            await test(db, await db.space("test/users", USERS))

    asyncio.run(main())


def test_both_faces_have_the_same_calls() -> None:
    dunders = {"__enter__", "__exit__", "__iter__", "__next__", "__aenter__", "__aexit__", "__aiter__", "__anext__"}
    for name in ("Database", "RecordSpace", "Transaction", "Cursor"):
        blocking, other = getattr(record_store, name), getattr(aio, name)
        assert set(dir(blocking)) - dunders == set(dir(other)) - dunders
        assert other.__module__ == "record_store.aio" and other.__name__ == name
        assert not issubclass(other, blocking)


def test_records(url: str) -> None:
    async def test(db: aio.Database, users: Space) -> None:
        assert users.path == "test/users" and await db.spaces() == ["test/users"]
        saved = await users.put({"id": 1, "name": "Ada"})
        assert saved.version is not None and saved.version == await users.version(1)
        assert len(await users.put_all([{"id": number} for number in range(2, 5)])) == 3
        await users.insert({"id": 5})
        await users.update({"id": 5, "name": "Grace"})
        with pytest.raises(errors.RecordAlreadyExistsError):
            await users.insert_all([{"id": 6}, {"id": 5}])
        with pytest.raises(errors.RecordNotFoundError):
            await users.update_all([{"id": 6}])
        user = await users.get(1)
        assert user is not None and user["name"] == "Ada" and await users.get(6) is None
        assert await users.exists(saved.primary_key) and await users.count() == 5
        assert await users.delete(2) and not await users.delete(2)
        assert [user["id"] async for user in users.scan(reverse=True)] == [5, 4, 3, 1]
        assert [user["id"] async for user in users.scan_by("by_name", start="A")] == [1, 5]
        assert [entry.key[0] async for entry in users.scan_index("by_name", prefix="Ada")] == ["Ada"]
        assert await users.aggregate("users") == (4,)
        assert (await users.plan(USERS)).allowed and len(await users.schema_versions()) == 1
        archive = await users.child("archive", Customer, primary_key="id")
        await archive.put(Customer(id=1, name="Ada"))
        assert (await archive.get(1)) == Customer(id=1, name="Ada")
        assert await users.children() == ["test/users/archive"]
        await db.move_space("test", "old")
        assert await db.remove_space("old/users") and await db.spaces() == []

    run(url, test)


def test_deletes_and_uniqueness(url: str) -> None:
    async def test(db: aio.Database, users: Space) -> None:
        await users.put({"id": 1, "email": "ada@example.org"})
        with pytest.raises(errors.UniquenessViolationError):
            await users.put({"id": 2, "email": "ada@example.org"})
        await users.disable_index("by_email")
        await users.put({"id": 2, "email": "ada@example.org"})
        await users.build_indexes(allow_unique_pending=True)
        violations = [violation async for violation in users.uniqueness_violations("by_email")]
        assert len(violations) == 2
        await users.resolve_uniqueness("by_email", violations[0].value, keep=violations[0].primary_key)
        assert [user["id"] async for user in users.scan()] == [1]
        await users.delete_all()
        assert [user async for user in users.scan()] == []

    run(url, test)


def test_opening_without_async_with(url: str) -> None:
    async def main() -> None:
        db = await aio.open(url, root="apps/one")
        space = db.space("users", USERS)
        assert inspect.iscoroutine(space)
        users = await space
        await db.close()
        await db.close()
        with pytest.raises(errors.InvalidArgumentError):
            await users.get(1)

    asyncio.run(main())


def test_pages_and_limits(url: str) -> None:
    async def test(db: aio.Database, users: Space) -> None:
        await users.put_all({"id": number} for number in range(600))
        cursor = users.scan()
        page = await cursor.page(300)
        assert len(page) == 300 and page.continuation == cursor.continuation
        rest = users.scan(after=page.continuation)
        assert [user["id"] async for user in rest] == list(range(300, 600))
        assert (rest.no_next_reason, rest.continuation) == ("SOURCE_EXHAUSTED", None)
        stopped = users.scan(max_rows=10)
        async for _ in stopped:
            pass
        assert stopped.no_next_reason == "SCAN_LIMIT_REACHED" and stopped.continuation is not None
        with pytest.raises(StopAsyncIteration):
            await stopped.__anext__()

    run(url, test)


def test_calls_run_at_the_same_time(url: str) -> None:
    async def test(db: aio.Database, users: Space) -> None:
        await asyncio.gather(*(users.put({"id": number, "name": f"user {number}"}) for number in range(100)))
        found = await asyncio.gather(*(users.get(number) for number in range(100)))
        assert [user and user["name"] for user in found] == [f"user {number}" for number in range(100)]
        async with db.transaction() as tx:
            found = await asyncio.gather(*(users.get(number, tx=tx) for number in range(100)))
            assert all(found)

    run(url, test)


def test_a_transaction_commits_at_the_end_of_its_block(url: str) -> None:
    async def test(db: aio.Database, users: Space) -> None:
        async with db.transaction() as tx:
            saved = await users.put({"id": 1}, tx=tx)
            assert await users.exists(1, tx=tx) and not await users.exists(1)
            assert [user["id"] async for user in users.scan(tx=tx)] == [1]
        assert saved.version == await users.version(1) and tx.versionstamp is not None
        with pytest.raises(errors.InvalidArgumentError, match="ended"):
            await users.get(1, tx=tx)
        with pytest.raises(ZeroDivisionError):
            async with db.transaction() as tx:
                await users.put({"id": 2}, tx=tx)
                raise ZeroDivisionError
        assert not await users.exists(2)
        tx = db.transaction()
        await users.put({"id": 3}, tx=tx)
        await tx.commit()
        assert await users.exists(3)

    run(url, test)


def test_a_commit_waits_for_no_call(url: str) -> None:
    async def test(db: aio.Database, users: Space) -> None:
        tx = db.transaction()
        running = users.get(1, tx=tx)
        with pytest.raises(errors.InvalidArgumentError, match="still running"):
            await tx.commit()
        await running
        await tx.commit()

    run(url, test)


def test_run_tries_a_conflict_again_in_the_same_task(url: str) -> None:
    async def test(db: aio.Database, users: Space) -> None:
        await users.put({"id": 1, "small": 0})
        task, name = asyncio.current_task(), contextvars.ContextVar("name", default="nobody")
        attempts = []

        async def add_one(tx: aio.Transaction) -> record_store.StoredRecord:
            assert asyncio.current_task() is task
            name.set("somebody")
            attempts.append(tx.attempt)
            user = await users.get(1, tx=tx)
            assert user is not None
            if tx.attempt == 1:
                await users.put({"id": 1, "small": 10})
            return await users.put({**user, "small": user["small"] + 1}, tx=tx)

        saved = await db.run(add_one)
        user = await users.get(1)
        assert attempts == [1, 2] and user is not None and user["small"] == 11
        assert saved.version == await users.version(1) and name.get() == "somebody"

    run(url, test)


def test_run_hands_out_what_the_body_raises(url: str) -> None:
    async def test(db: aio.Database, users: Space) -> None:
        for mine in (ZeroDivisionError("mine"), record_store.Error("mine")):

            async def body(tx: aio.Transaction, mine: Exception = mine) -> None:
                await users.put({"id": 1}, tx=tx)
                raise mine

            with pytest.raises(type(mine)) as raised:
                await db.run(body)
            assert raised.value is mine and not await users.exists(1)

        async def conflict(tx: aio.Transaction) -> None:
            await users.get(1, tx=tx)
            await users.put({"id": 1, "small": tx.attempt})
            await users.put({"id": 2}, tx=tx)

        with pytest.raises(errors.FdbError) as conflicted:
            await db.run(conflict, max_attempts=3)
        assert conflicted.value.code == 1020
        user = await users.get(1)
        assert user is not None and user["small"] == 3

    run(url, test)


def test_transactional(url: str) -> None:
    async def test(db: aio.Database, users: Space) -> None:
        @db.transactional
        async def rename(tx: aio.Transaction, key: int, *, name: str) -> str:
            """Renames."""
            await users.put({"id": key, "name": name}, tx=tx)
            return name

        assert await rename(1, name="Ada") == "Ada" and rename.__doc__ == "Renames."
        user = await users.get(1)
        assert user is not None and user["name"] == "Ada"

    run(url, test)


def test_a_cancelled_task_leaves_no_trace(url: str) -> None:
    async def test(db: aio.Database, users: Space) -> None:
        reached = asyncio.Event()

        async def body(tx: aio.Transaction) -> None:
            await users.put({"id": 1}, tx=tx)
            reached.set()
            await asyncio.sleep(3600)

        task = asyncio.create_task(db.run(body))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not await users.exists(1)

    run(url, test)


def test_a_build_is_cancelled_and_another_goes_on(url: str) -> None:
    async def test(db: aio.Database, users: Space) -> None:
        await users.put_all({"id": number, "name": f"user {number}"} for number in range(2000))
        await users.disable_index("by_name")
        told: list[int] = []
        task = asyncio.create_task(users.build_indexes(progress=lambda now: told.append(now.records_scanned), records_per_second=1000))
        while not told:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await users.index_states())["by_name"] == "WRITE_ONLY"
        done = len(told)
        built = await users.build_indexes(lease=0.0)
        assert len(told) == done and 0 < built.records_scanned < 2000
        assert len([entry async for entry in users.scan_index("by_name")]) == 2000

    run(url, test)


def test_progress_is_told_in_the_loop(url: str) -> None:
    async def test(db: aio.Database, users: Space) -> None:
        await users.put_all({"id": number} for number in range(300))
        await users.disable_index("by_name")
        told: list[IndexBuildProgress] = []

        def show(progress: IndexBuildProgress) -> None:
            asyncio.get_running_loop()
            told.append(progress)
            if len(told) == 2:
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await users.build_indexes(progress=show)
        assert [progress.records_scanned for progress in told] == [100, 200]
        assert (await users.build_indexes()).records_scanned == 100

    run(url, test)


def test_a_scan_goes_on_after_a_time_out(url: str) -> None:
    async def test(db: aio.Database, users: Space) -> None:
        await users.put_all({"id": number} for number in range(2000))
        found: list[int] = []
        cursor = users.scan()

        async def read() -> None:
            async for user in cursor:
                found.append(user["id"])
                await asyncio.sleep(0)

        while len(found) < 2000:
            task = asyncio.create_task(read())
            await asyncio.sleep(0.005)
            task.cancel()
            await asyncio.wait([task])
        assert found == list(range(2000))

    run(url, test)


def test_coroutines_are_pythons_own(url: str) -> None:
    async def test(db: aio.Database, users: Space) -> None:
        call = users.get(1)
        assert inspect.iscoroutine(call)
        task = asyncio.create_task(call)
        assert await asyncio.wait_for(task, 30) is None
        never: Any = users.put({"id": 7})
        never.close()
        assert not await users.exists(7)

    run(url, test)


def test_a_transaction_of_another_database_is_refused() -> None:
    async def main() -> None:
        async with aio.open("memory:") as db, aio.open("memory:") as other:
            users = await db.space("test/users", USERS)
            with pytest.raises(errors.InvalidArgumentError, match="another database"):
                await users.get(1, tx=other.transaction())
        with record_store.open("memory:") as blocking:
            tx: Any = blocking.transaction()
            with pytest.raises(errors.InvalidArgumentError):
                await users.get(1, tx=tx)

    asyncio.run(main())


ENDS = """
import asyncio, sys
from record_store import Index, Schema, aio

async def main():
    db = await aio.open("memory:")
    schema = Schema.from_proto('syntax = "proto3"; message User { int64 id = 1; }', primary_key={"User": "id"}, indexes=[Index("by_id", "id")])
    users = await db.space("users", schema)
    await users.put_all({"id": number} for number in range(1000))
    await users.disable_index("by_id")
    told = asyncio.Event()
    asyncio.ensure_future(users.build_indexes(progress=lambda _: told.set(), records_per_second=1000))
    await told.wait()

if sys.argv[1] == "run":
    asyncio.run(main())
else:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
    if sys.argv[1] == "close":
        loop.close()
"""


@pytest.mark.parametrize("end", ["run", "leave", "close"])
def test_an_interpreter_ends_while_work_is_under_way(end: str) -> None:
    for _ in range(3):
        assert subprocess.run([sys.executable, "-c", ENDS, end], stderr=subprocess.DEVNULL, check=False).returncode == 0
