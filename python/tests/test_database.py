"""Opening and closing, by URL; spaces; what is no database; other processes and forks."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import record_store
from conftest import Customer
from record_store import Schema, errors

PROTO = 'syntax = "proto3"; message User { int64 id = 1; string name = 2; }'


def user_schema() -> Schema[record_store.Record]:
    return Schema.from_proto(PROTO, primary_key={"User": "id"})


def run_python(program: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_records_survive_closing(tmp_path: Path) -> None:
    path = tmp_path / "db"
    with record_store.open(path) as db:
        db.space("users", user_schema()).put({"id": 1, "name": "Ada"})
    with record_store.open(f"file:{path}") as db:
        assert db.space("users").get(1) == {"id": 1, "name": "Ada"}


def test_every_memory_database_is_its_own() -> None:
    with record_store.open("memory:") as one, record_store.open("memory:") as other:
        one.space("users", user_schema())
        assert one.spaces() == ["users"] and other.spaces() == []


def test_closing_twice_does_nothing(db: record_store.Database) -> None:
    db.close()
    db.close()


def test_after_closing_every_call_is_an_error(db: record_store.Database) -> None:
    users = db.space("users", user_schema())
    users.put_all([{"id": 1}, {"id": 2}])
    cursor = users.scan()
    transaction = db.transaction()
    db.close()
    calls: list[Callable[[], object]] = [
        lambda: db.space("users"),
        lambda: db.spaces(),
        lambda: db.remove_space("users"),
        lambda: db.transaction(),
        lambda: db.run(lambda tx: None),
        lambda: users.get(1),
        lambda: users.put({"id": 1}),
        lambda: users.put_all([{"id": 1}]),
        lambda: users.delete(1),
        lambda: users.exists(1),
        lambda: next(users.scan()),
        lambda: next(cursor),
        lambda: transaction.commit(),
    ]
    for number, call in enumerate(calls):
        with pytest.raises(errors.InvalidArgumentError, match="closed|ended"):
            call()
            pytest.fail(f"call {number} worked")


def test_closing_lets_another_process_in(tmp_path: Path) -> None:
    path = str(tmp_path / "db")
    db = record_store.open(path)
    users = db.space("users", user_schema())
    users.put({"id": 1, "name": "Ada"})
    db.close()
    program = "import record_store, sys; print(record_store.open(sys.argv[1]).space('users').get(1))"
    assert run_python(program, path) == "{'id': 1, 'name': 'Ada'}\n"


def test_a_simulated_database_keeps_what_it_acknowledged() -> None:
    for seed in range(10):
        with record_store.open(f"sim:?seed={seed}&power_losses=0.2") as db:
            users = db.space("users", user_schema())
            for number in range(10):
                users.put({"id": number, "name": f"user {number}"})
            assert [user["id"] for user in users.scan()] == list(range(10)), f"seed {seed}"


def test_a_seed_brings_the_same_troubles_again() -> None:
    def attempts(seed: int) -> list[int]:
        numbers = []
        with record_store.open(f"sim:?seed={seed}&conflicts=0.5") as db:
            users = db.space("users", user_schema())

            def save(tx: record_store.Transaction) -> None:
                tried.append(1)
                users.put({"id": 1}, tx=tx)

            for _ in range(10):
                tried: list[int] = []
                db.run(save)
                numbers.append(len(tried))
        return numbers

    assert attempts(1) == attempts(1)
    assert max(attempts(1)) > 1


@pytest.mark.parametrize("url", ["sim:7", "sim:?seed=x", "sim:?conflict=0.1", "sim:?conflicts=2"])
def test_a_simulation_that_cannot_be_read_is_told(url: str) -> None:
    with pytest.raises(errors.InvalidArgumentError):
        record_store.open(url)


def test_a_directory_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not yours")
    with pytest.raises(errors.NotADatabaseError) as caught:
        record_store.open(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert os.listdir(tmp_path) == ["notes.txt"]


def test_a_file_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not yours")
    with pytest.raises((errors.NotADatabaseError, errors.IoError)):
        record_store.open(file)
    assert file.read_text() == "not yours"


@pytest.mark.parametrize("url", ["", "http://example.invalid/db", "fdb:?library=/no/such/libfdb_c.so", "nul\0byte"])
def test_what_is_no_url_is_told(url: str) -> None:
    with pytest.raises(errors.Error) as caught:
        record_store.open(url)
    assert caught.value.kind in {"InvalidArgument", "Unsupported", "Io"}


def test_a_url_is_text_or_a_path() -> None:
    with pytest.raises(TypeError):
        record_store.open(5)  # type: ignore[arg-type]


def test_spaces_are_listed_and_removed(db: record_store.Database) -> None:
    for path in ["prod/users", "prod/orders", "test/users"]:
        db.space(path, user_schema()).put({"id": 1})
    assert sorted(db.spaces()) == ["prod/orders", "prod/users", "test/users"]
    assert sorted(db.spaces("prod")) == ["prod/orders", "prod/users"]
    assert db.spaces("none") == []
    assert db.remove_space("prod/users") and not db.remove_space("prod/users")
    assert sorted(db.spaces()) == ["prod/orders", "test/users"]
    assert db.space("prod/users", user_schema()).get(1) is None


def test_a_space_that_is_not_there_needs_a_schema(db: record_store.Database) -> None:
    with pytest.raises(errors.StoreNotFoundError, match="users"):
        db.space("users")
    assert db.spaces() == []


@pytest.mark.parametrize("path", ["", "/", "a//b", "/a", "a/"])
def test_what_is_no_path_is_told(db: record_store.Database, path: str) -> None:
    with pytest.raises(errors.InvalidArgumentError):
        db.space(path, user_schema())


def test_a_primary_key_without_classes_is_refused(db: record_store.Database) -> None:
    with pytest.raises(errors.InvalidArgumentError, match="primary_key"):
        db.space("users", user_schema(), primary_key="id")  # type: ignore[call-overload]
    with pytest.raises(errors.InvalidArgumentError, match="primary_key"):
        db.space("users", primary_key="id")  # type: ignore[call-overload]


def test_threads_share_a_database(db: record_store.Database) -> None:
    users = db.space("users", user_schema())

    def work(part: int) -> None:
        for number in range(50):
            users.put({"id": part * 50 + number})

    threads = [threading.Thread(target=work, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(1 for _ in users.scan()) == 200


FORK = """
import os, sys, warnings, record_store
warnings.simplefilter("ignore")
db = record_store.open(sys.argv[1])
users = db.space("users", record_store.Schema.from_proto(sys.argv[2], primary_key={"User": "id"}))
users.put({"id": 1})
cursor, transaction = users.scan(), db.transaction()
child = os.fork()
if child == 0:
    calls = [lambda: users.get(1), lambda: db.spaces(), lambda: next(cursor), lambda: transaction.commit(),
             lambda: db.run(lambda tx: None), lambda: record_store.open("memory:")]
    for call in calls:
        try:
            call()
            os._exit(1)
        except record_store.errors.UnsupportedError as error:
            assert "fork" in str(error)
    db.close()
    sys.exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert users.exists(1)
print("ok")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
def test_after_a_fork_every_call_in_the_child_is_an_error(url: str) -> None:
    assert run_python(FORK, url, PROTO) == "ok\n"


def test_a_child_forked_before_the_first_database_works() -> None:
    program = """
import os, record_store
child = os.fork()
with record_store.open("memory:") as db:
    assert db.spaces() == []
if child:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    print("ok")
"""
    assert run_python(program) == "ok\n"


def test_a_space_moves_with_all_below_it_and_stays_open(db: record_store.Database) -> None:
    users = db.space("prod/users", Customer, primary_key="id")
    archive = users.child("archive", Customer, primary_key="id")
    archive.put(Customer(id=1, name="Ada"))
    assert users.children() == ["prod/users/archive"]
    db.move_space("prod", "old/2024")
    assert db.spaces() == ["old/2024/users", "old/2024/users/archive"]
    assert archive.exists(1)
    assert db.space("old/2024/users/archive").exists(1)
    with pytest.raises(errors.StoreNotFoundError, match="moved"):
        users.children()
    with pytest.raises(errors.StoreNotFoundError):
        db.move_space("prod/users", "elsewhere")
    with pytest.raises(errors.DirectoryError):
        db.move_space("old/2024/users", "old/2024/users/archive")


def test_a_root_keeps_applications_apart(tmp_path: Path) -> None:
    path = str(tmp_path / "db")
    with record_store.open(path, root="apps/one") as one, record_store.open(path, root="apps/two") as two:
        one.space("users", Customer, primary_key="id")
        assert (one.spaces(), two.spaces()) == (["users"], [])
    with record_store.open(path) as everything:
        assert everything.spaces() == ["apps/one/users"]
    with pytest.raises(errors.InvalidArgumentError):
        record_store.open("memory:", root="a//b")
