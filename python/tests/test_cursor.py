"""Scans: order, limits, types, transactions, and what happens between batches."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import record_store
from conftest import PROTO
from record_store import errors

Users = record_store.RecordSpace[record_store.Record]


def test_a_scan_is_in_the_order_of_the_keys(users: Users) -> None:
    users.put_all({"id": number} for number in [5, -3, 1, 200, -(2**63)])
    assert [user["id"] for user in users.scan()] == [-(2**63), -3, 1, 5, 200]
    assert [user["id"] for user in users.scan(reverse=True)] == [200, 5, 1, -3, -(2**63)]


def test_a_scan_of_many_batches_returns_each_record_once(users: Users) -> None:
    users.put_all({"id": number} for number in range(5000))
    assert [user["id"] for user in users.scan()] == list(range(5000))
    assert [user["id"] for user in users.scan(reverse=True)] == list(range(4999, -1, -1))


@pytest.mark.parametrize(("limit", "expected"), [(0, []), (1, [0]), (3, [0, 1, 2]), (99, [0, 1, 2, 3, 4]), (None, [0, 1, 2, 3, 4])])
def test_a_limit_is_kept(users: Users, limit: int | None, expected: list[int]) -> None:
    users.put_all({"id": number} for number in range(5))
    assert [user["id"] for user in users.scan(limit=limit)] == expected


def test_a_scan_of_one_type_leaves_the_others_out(shop: Users) -> None:
    shop.put_all(({"id": number} for number in range(3)), type="User")
    shop.put_all(({"user_id": 1, "number": number} for number in range(4)), type="Order")
    assert [user["id"] for user in shop.scan(type="User")] == [0, 1, 2]
    assert [order["number"] for order in shop.scan(type="Order", reverse=True, limit=2)] == [3, 2]
    assert [record.type for record in shop.scan()] == ["User"] * 3 + ["Order"] * 4


def test_an_empty_space_has_nothing_to_scan(users: Users) -> None:
    cursor = users.scan()
    assert list(cursor) == [] and list(cursor) == []


def test_a_cursor_is_its_own_iterator(users: Users) -> None:
    users.put_all({"id": number} for number in range(10))
    cursor = users.scan()
    assert iter(cursor) is cursor
    assert [user["id"] for user in itertools.islice(cursor, 3)] == [0, 1, 2]
    assert [user["id"] for user in cursor] == [3, 4, 5, 6, 7, 8, 9]


def test_a_scan_in_a_transaction_sees_its_writes(db: record_store.Database, users: Users) -> None:
    with db.transaction() as tx:
        users.put_all(({"id": number} for number in range(3)), tx=tx)
        assert [user["id"] for user in users.scan(tx=tx)] == [0, 1, 2]
        assert list(users.scan()) == []


def test_records_can_be_written_while_a_scan_in_the_same_transaction_goes_on(
    db: record_store.Database, users: Users
) -> None:
    users.put_all({"id": number} for number in range(2000))
    with db.transaction() as tx:
        for user in users.scan(tx=tx):
            if user["id"] % 1000 == 0:
                users.put({**user, "name": "seen"}, tx=tx)
    seen = users.get(1000)
    assert seen is not None and seen["name"] == "seen"


def test_an_unknown_type_is_told(users: Users) -> None:
    with pytest.raises(errors.Error, match="User"):
        list(users.scan(type="Usr"))


@pytest.mark.parametrize("limit", [-1, 2**64, "5", 1.5])
def test_what_is_no_limit_is_an_error(users: Users, limit: int) -> None:
    with pytest.raises((errors.InvalidArgumentError, OverflowError, TypeError)):
        list(users.scan(limit=limit))


def test_an_interrupt_stops_a_long_scan(users: Users) -> None:
    users.put_all({"id": number} for number in range(3000))
    with pytest.raises(KeyboardInterrupt):
        for user in users.scan():
            if user["id"] == 100:
                os.kill(os.getpid(), signal.SIGINT)


def test_threads_that_share_a_cursor_get_each_record_once(users: Users) -> None:
    users.put_all({"id": number} for number in range(3000))
    cursor = users.scan()
    found: list[int] = []

    def work() -> None:
        found.extend(user["id"] for user in cursor)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(3000))


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"start": 3}, [3, 4]),
        ({"end": 2}, [0, 1]),
        ({"start": 1, "end": 3}, [1, 2]),
        ({"start": (1,), "end": 4, "reverse": True}, [3, 2, 1]),
        ({"prefix": 2}, [2]),
        ({"skip": 3}, [3, 4]),
        ({"skip": 1, "limit": 2}, [1, 2]),
        ({"type": "User", "start": 3}, [3, 4]),
        ({"snapshot": True}, [0, 1, 2, 3, 4]),
    ],
)
def test_a_scan_is_within_its_bounds(
    db: record_store.Database, users: Users, bounds: dict[str, Any], expected: list[int]
) -> None:
    users.put_all({"id": number} for number in range(5))
    assert [user["id"] for user in users.scan(**bounds)] == expected
    with db.transaction() as tx:
        assert [user["id"] for user in users.scan(**bounds, tx=tx)] == expected


def test_bounds_are_of_a_type_where_there_are_several(shop: Users) -> None:
    shop.put_all(({"id": number} for number in range(4)), type="User")
    shop.put_all(({"user_id": number % 2, "number": number} for number in range(4)), type="Order")
    assert [order["number"] for order in shop.scan(type="Order", prefix=1)] == [1, 3]
    assert [user["id"] for user in shop.scan(type="User", start=2)] == [2, 3]
    with pytest.raises(errors.InvalidArgumentError):
        list(shop.scan(prefix=1))


@pytest.mark.parametrize("in_transaction", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
def test_a_scan_goes_on_behind_any_result(
    db: record_store.Database, users: Users, in_transaction: bool, reverse: bool
) -> None:
    users.put_all({"id": number} for number in range(600))
    expected = list(range(600))[::-1] if reverse else list(range(600))
    with db.transaction() as transaction:
        tx = transaction if in_transaction else None
        cursor = users.scan(reverse=reverse, tx=tx)
        assert cursor.continuation is None and cursor.no_next_reason is None
        for place, user in enumerate(cursor):
            if place not in (0, 1, 255, 256, 511, 598):
                continue
            assert user["id"] == expected[place] and cursor.no_next_reason is None
            rest = users.scan(reverse=reverse, after=cursor.continuation, tx=tx)
            assert rest.continuation == cursor.continuation
            assert [user["id"] for user in rest] == expected[place + 1 :]
        assert cursor.continuation is None and cursor.no_next_reason == "SOURCE_EXHAUSTED"


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ({"limit": 7}, "RETURN_LIMIT_REACHED"),
        ({"max_rows": 40}, "SCAN_LIMIT_REACHED"),
        ({"max_bytes": 600}, "BYTE_LIMIT_REACHED"),
        ({"max_seconds": 0.0}, "TIME_LIMIT_REACHED"),
    ],
)
def test_a_scan_that_a_limit_stops_goes_on(
    db: record_store.Database, users: Users, limit: dict[str, Any], reason: str
) -> None:
    users.put_all({"id": number} for number in range(100))
    for in_transaction in (False, True):
        found: list[int] = []
        after = None
        with db.transaction() as tx:
            while True:
                cursor = users.scan(**limit, after=after, tx=tx if in_transaction else None)
                found.extend(user["id"] for user in cursor)
                if cursor.no_next_reason == "SOURCE_EXHAUSTED":
                    assert cursor.continuation is None
                    break
                assert cursor.no_next_reason == reason
                after = cursor.continuation
                assert after is not None
        assert found == list(range(100))


def test_pages(users: Users) -> None:
    users.put_all({"id": number} for number in range(10))
    cursor = users.scan()
    page = cursor.page(4)
    assert [user["id"] for user in page] == [0, 1, 2, 3] and len(page) == 4 and page.no_next_reason is None
    assert page.continuation == cursor.continuation
    assert [user["id"] for user in users.scan(after=page.continuation).page(3).results] == [4, 5, 6]
    assert [user["id"] for user in itertools.islice(cursor, 2)] == [4, 5]
    assert cursor.page(0).results == []
    last = cursor.page(99)
    assert [user["id"] for user in last] == [6, 7, 8, 9]
    assert (last.continuation, last.no_next_reason) == (None, "SOURCE_EXHAUSTED")
    assert cursor.page(5) == record_store.Page([], None, "SOURCE_EXHAUSTED")


RESUME = """
import sys, record_store
with record_store.open(sys.argv[1]) as db:
    users = db.space("test/users")
    print([user["id"] for user in users.scan(after=bytes.fromhex(sys.argv[2]))])
"""


def test_a_scan_goes_on_in_another_process(tmp_path: Path) -> None:
    url = str(tmp_path / "db")
    with record_store.open(url) as db:
        users = db.space("test/users", record_store.Schema.from_proto(PROTO, primary_key={"User": "id"}))
        users.put_all({"id": number} for number in range(10))
        kept = users.scan().page(7).continuation
    assert kept is not None
    there = subprocess.run([sys.executable, "-c", RESUME, url, kept.hex()], capture_output=True, text=True, check=True)
    assert there.stdout.strip() == "[7, 8, 9]"


@pytest.mark.parametrize("in_transaction", [False, True])
@pytest.mark.parametrize("after", [b"", b"garbage", b"\x15\x01", b"\xff" * 100])
def test_what_is_no_continuation_is_told(db: record_store.Database, users: Users, after: bytes, in_transaction: bool) -> None:
    users.put({"id": 1})
    with db.transaction() as tx, pytest.raises(errors.InvalidContinuationError):
        list(users.scan(after=after, tx=tx if in_transaction else None))


def test_a_continuation_leads_into_a_transaction_and_out_of_it(db: record_store.Database, users: Users) -> None:
    users.put_all({"id": number} for number in range(6))
    outside = users.scan().page(2).continuation
    with db.transaction() as tx:
        assert [user["id"] for user in users.scan(after=outside, tx=tx)] == [2, 3, 4, 5]
        inside = users.scan(tx=tx).page(3).continuation
    assert [user["id"] for user in users.scan(after=inside)] == [3, 4, 5]


@pytest.mark.parametrize(
    ("keywords", "told"),
    [({"limt": 5}, "unexpected keyword argument 'limt'"), ({"after": "text"}, "'after'"), ({"tx": 5}, "'tx'")],
)
def test_keywords_are_checked(users: Users, keywords: dict[str, Any], told: str) -> None:
    with pytest.raises(TypeError, match=told):
        users.scan(**keywords)
