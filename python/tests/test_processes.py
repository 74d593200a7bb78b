"""Several processes on one directory, which take turns."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import record_store
from record_store import errors

# What all processes know, this one as well.
COMMON = """
import record_store
from record_store import Schema

def users(db, indexed=False):
    option = "[(com.apple.foundationdb.record.field).index = {}]" if indexed else ""
    proto = '''
        syntax = "proto3";
        import "record_metadata_options.proto";
        message User { int64 id = 1; string name = 2 %s; int64 count = 3; }
    ''' % option
    return db.space("test/users", Schema.from_proto(proto, primary_key={"User": "id"}))

def count(db, space):
    def body(tx):
        user = space.get(0, tx=tx) or {"id": 0, "count": 0}
        space.put({**user, "count": user["count"] + 1}, tx=tx)
    db.run(body)
"""

OPENED = """
import sys

def say(*words):
    print(*words, flush=True)

db = record_store.open(sys.argv[1])
"""


@contextmanager
def process(path: Path, program: str) -> Iterator[subprocess.Popen[str]]:
    """Another process with the database `db` open, which does what `program` says."""
    with subprocess.Popen(
        [sys.executable, "-c", COMMON + OPENED + program, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def heard(other: subprocess.Popen[str]) -> str:
    assert other.stdout is not None
    return other.stdout.readline().strip()


def tell(other: subprocess.Popen[str], word: str) -> None:
    assert other.stdin is not None
    other.stdin.write(word + "\n")
    other.stdin.flush()


@pytest.fixture
def here() -> SimpleNamespace:
    names: dict[str, object] = {}
    exec(COMMON, names)
    return SimpleNamespace(**names)


def test_an_idle_process_hands_over(tmp_path: Path) -> None:
    with process(tmp_path / "db", "users(db).put({'id': 1, 'name': 'Ada'}); say('put'); sys.stdin.read()") as other:
        assert heard(other) == "put"
        with record_store.open(tmp_path / "db") as db:
            assert db.space("test/users").get(1) == {"id": 1, "name": "Ada", "count": 0}


def test_a_space_follows_what_another_process_makes_of_it(tmp_path: Path, here: SimpleNamespace) -> None:
    program = """
sys.stdin.readline()
space = users(db, indexed=True)
space.put({'id': 2, 'name': 'Bob'})
space.build_indexes()
say('extended')
sys.stdin.readline()
say([entry.primary_key[-1] for entry in space.scan_index('User$name')])
sys.stdin.readline()
db.remove_space('test/users')
say('removed')
sys.stdin.read()
"""
    with process(tmp_path / "db", program) as other, record_store.open(tmp_path / "db") as db:
        space = here.users(db)
        space.put({"id": 1, "name": "Eve"})
        tell(other, "extend the schema")
        assert heard(other) == "extended"
        # This process still knows the schema without the index, and has to keep the index all the same.
        space.put({"id": 3, "name": "Ada"})
        assert space.get(2)["name"] == "Bob"
        tell(other, "scan the index")
        assert heard(other) == "[3, 2, 1]"
        assert [user["id"] for user in space.query("name > 'A'").order_by("name")] == [3, 2, 1]
        tell(other, "remove the space")
        assert heard(other) == "removed"
        with pytest.raises(errors.StoreNotFoundError):
            space.get(1)
        assert db.spaces() == []


def test_processes_that_count_together_lose_nothing(tmp_path: Path, here: SimpleNamespace) -> None:
    program = "space = users(db)\nfor _ in range(60): count(db, space)\nsay('counted')"
    with process(tmp_path / "db", program) as one, process(tmp_path / "db", program) as other:
        with record_store.open(tmp_path / "db") as db:
            space = here.users(db)
            for _ in range(60):
                here.count(db, space)
            assert heard(one) == heard(other) == "counted"
            assert space.get(0)["count"] == 180


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="the platform cannot stop a process")
def test_a_process_that_is_stuck_is_named(tmp_path: Path) -> None:
    with process(tmp_path / "db", "say('open'); sys.stdin.read()") as other:
        assert heard(other) == "open"
        os.kill(other.pid, signal.SIGSTOP)
        with pytest.raises(errors.LockedError, match=str(other.pid)):
            record_store.open(f"file:{tmp_path / 'db'}?lock_wait_ms=100")
        os.kill(other.pid, signal.SIGCONT)
        record_store.open(tmp_path / "db").close()


def test_what_a_killed_process_had_is_taken_over(tmp_path: Path) -> None:
    program = "space = users(db)\nwhile True: count(db, space); say(space.get(0)['count'])"
    with process(tmp_path / "db", program) as other:
        counts = [int(heard(other)) for _ in range(5)]
        other.kill()
        other.wait()
        with record_store.open(tmp_path / "db") as db:
            user = db.space("test/users").get(0)
            assert user is not None and user["count"] >= counts[-1]
