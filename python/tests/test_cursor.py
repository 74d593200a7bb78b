"""Scans: order, limits, types, transactions, and what happens between batches."""

from __future__ import annotations

import itertools
import os
import signal
import threading

import pytest
import record_store
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
