"""Transactions: `run` with its retries, `transactional`, and `with db.transaction()`."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import record_store
from record_store import errors

Users = record_store.RecordSpace[record_store.Record]


def test_run_commits_and_returns(db: record_store.Database, users: Users) -> None:
    def body(tx: record_store.Transaction) -> str:
        assert (tx.attempt, tx.maybe_committed) == (1, False)
        users.put({"id": 1}, tx=tx)
        users.put_all([{"id": 2}, {"id": 3}], tx=tx)
        assert users.exists(1, tx=tx) and not users.exists(1)
        assert [user["id"] for user in users.scan(tx=tx)] == [1, 2, 3]
        assert users.delete(2, tx=tx)
        return "done"

    assert db.run(body) == "done"
    assert [user["id"] for user in users.scan()] == [1, 3]


def test_run_tries_a_conflict_again(db: record_store.Database, users: Users) -> None:
    users.put({"id": 1, "small": 0})
    attempts = []

    def add_one(tx: record_store.Transaction) -> None:
        attempts.append(tx.attempt)
        user = users.get(1, tx=tx)
        assert user is not None
        if tx.attempt == 1:
            users.put({"id": 1, "small": 10})
        users.put({**user, "small": user["small"] + 1}, tx=tx)

    db.run(add_one)
    user = users.get(1)
    assert attempts == [1, 2] and user is not None and user["small"] == 11


@pytest.mark.parametrize("limit", [{"max_attempts": 3}, {"timeout": 0.0}, {"timeout": None, "max_attempts": 3}])
def test_run_stops_at_its_limit_with_the_conflict(
    db: record_store.Database, users: Users, limit: dict[str, Any]
) -> None:
    users.put({"id": 1})
    attempts = []

    def body(tx: record_store.Transaction) -> None:
        attempts.append(tx.attempt)
        users.get(1, tx=tx)
        users.put({"id": 1, "small": len(attempts)})
        users.put({"id": 2}, tx=tx)

    with pytest.raises(errors.FdbError) as caught:
        db.run(body, **limit)
    assert (caught.value.code, caught.value.retryable) == (1020, True)
    assert len(attempts) == (3 if "max_attempts" in limit else 1)


@pytest.mark.parametrize("exception", [ZeroDivisionError("mine"), KeyboardInterrupt(), record_store.Error("mine")])
def test_the_users_exception_passes_through_untouched(
    db: record_store.Database, users: Users, exception: BaseException
) -> None:
    def body(tx: record_store.Transaction) -> None:
        users.put({"id": 1}, tx=tx)
        raise exception

    with pytest.raises(type(exception)) as caught:
        db.run(body)
    assert caught.value is exception
    assert not users.exists(1)


def test_an_error_in_the_body_that_can_be_cured_is_tried_again(db: record_store.Database) -> None:
    def body(tx: record_store.Transaction) -> int:
        if tx.attempt < 3:
            raise errors.FdbError("as if the read had found an old version", code=1007, retryable=True)
        return tx.attempt

    assert db.run(body) == 3


def test_transactional_is_run_with_arguments(db: record_store.Database, users: Users) -> None:
    @db.transactional
    def rename(tx: record_store.Transaction, number: int, *, name: str) -> str:
        """Gives a user a name."""
        users.put({"id": number, "name": name}, tx=tx)
        return name

    assert rename(1, name="Ada") == "Ada"
    assert (rename.__name__, rename.__doc__) == ("rename", "Gives a user a name.")
    user = users.get(1)
    assert user is not None and user["name"] == "Ada"


def test_a_with_block_commits_at_its_end(db: record_store.Database, users: Users) -> None:
    with db.transaction() as tx:
        users.put({"id": 1}, tx=tx)
        assert not users.exists(1)
    assert users.exists(1)


def test_a_with_block_that_raises_gives_up(db: record_store.Database, users: Users) -> None:
    with pytest.raises(ZeroDivisionError), db.transaction() as tx:
        users.put({"id": 1}, tx=tx)
        raise ZeroDivisionError
    assert not users.exists(1)


def test_a_with_block_is_tried_once(db: record_store.Database, users: Users) -> None:
    with pytest.raises(errors.FdbError) as caught, db.transaction() as tx:
        users.get(1, tx=tx)
        users.put({"id": 1})
        users.put({"id": 2}, tx=tx)
    assert caught.value.code == 1020 and not users.exists(2)


def test_commit_and_cancel_by_hand(db: record_store.Database, users: Users) -> None:
    with db.transaction() as tx:
        users.put({"id": 1}, tx=tx)
        tx.commit()
    with db.transaction() as tx:
        users.put({"id": 2}, tx=tx)
        tx.cancel()
        tx.cancel()
    assert users.exists(1) and not users.exists(2)


def test_after_its_end_a_transaction_is_an_error(db: record_store.Database, users: Users) -> None:
    ended: list[record_store.Transaction] = []
    db.run(ended.append)
    with db.transaction() as tx:
        ended.append(tx)
    tx = db.transaction()
    tx.cancel()
    ended.append(tx)
    for tx in ended:
        for call in (
            lambda tx=tx: users.get(1, tx=tx),
            lambda tx=tx: users.put({"id": 1}, tx=tx),
            lambda tx=tx: users.put_all([{"id": 1}], tx=tx),
            lambda tx=tx: next(users.scan(tx=tx)),
            lambda tx=tx: tx.commit(),
        ):
            with pytest.raises(errors.InvalidArgumentError, match="ended"):
                call()
    assert not users.exists(1)


def test_closing_the_database_inside_a_with_block_is_told(db: record_store.Database, users: Users) -> None:
    with pytest.raises(errors.InvalidArgumentError, match="closed|ended"), db.transaction() as tx:
        users.put({"id": 1}, tx=tx)
        db.close()


def test_a_transaction_of_another_database_is_refused(db: record_store.Database, users: Users) -> None:
    with record_store.open("memory:") as other, other.transaction() as tx:
        with pytest.raises(errors.InvalidArgumentError, match="another database"):
            users.put({"id": 1}, tx=tx)


def test_threads_that_share_a_transaction_get_errors_or_answers(db: record_store.Database, users: Users) -> None:
    users.put_all({"id": number} for number in range(500))
    found: list[object] = []
    with db.transaction() as tx:

        def work() -> None:
            for number in range(500):
                try:
                    found.append(users.exists(number, tx=tx))
                except errors.InvalidArgumentError as error:
                    found.append("in use" in str(error))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [True] * 2000


def test_other_threads_work_while_a_body_waits_for_them(db: record_store.Database, users: Users) -> None:
    done = threading.Event()

    def work() -> None:
        users.put({"id": 1})
        done.set()

    def body(tx: record_store.Transaction) -> bool:
        thread = threading.Thread(target=work)
        thread.start()
        waited = done.wait(60)
        thread.join()
        return waited

    assert db.run(body) and users.exists(1)


def test_a_body_of_run_leaves_the_commit_to_it(db: record_store.Database, users: Users) -> None:
    def commits(tx: record_store.Transaction) -> None:
        users.put({"id": 1}, tx=tx)
        tx.commit()

    def enters(tx: record_store.Transaction) -> None:
        with tx:
            users.put({"id": 1}, tx=tx)

    def cancels(tx: record_store.Transaction) -> None:
        users.put({"id": 1}, tx=tx)
        tx.cancel()

    for body in (commits, enters):
        with pytest.raises(errors.InvalidArgumentError, match="Database.run"):
            db.run(body)
    with pytest.raises(errors.FdbError) as caught:
        db.run(cancels)
    assert caught.value.code == 1025 and not users.exists(1)


def test_runs_nest_as_transactions_of_their_own(db: record_store.Database, users: Users) -> None:
    def outer(tx: record_store.Transaction) -> None:
        db.run(lambda inner: users.put({"id": 1}, tx=inner))
        users.put({"id": 2}, tx=tx)

    db.run(outer)
    assert users.exists(1) and users.exists(2)


@pytest.mark.parametrize("limit", [{"timeout": -1.0}, {"timeout": float("nan")}, {"max_attempts": -1}])
def test_limits_that_make_no_sense_are_refused(db: record_store.Database, limit: dict[str, Any]) -> None:
    with pytest.raises((errors.InvalidArgumentError, OverflowError)):
        db.run(lambda tx: None, **limit)
