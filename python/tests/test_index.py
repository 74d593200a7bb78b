"""Indexes: scans with bounds, records by index, aggregates, states, builds with their progress, uniqueness, counts and versions."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import pytest
import record_store
from record_store import (
    Index,
    IndexBuildProgress,
    IndexEntry,
    PrimaryKey,
    Record,
    RecordSpace,
    RecordVersion,
    Schema,
    UniquenessViolation,
    errors,
)

Space = RecordSpace[Record]

OPTION = "(com.apple.foundationdb.record.field).index"


def proto(*indexed: str) -> str:
    """Users whose indexes are given by the record layer's own options, of these fields."""
    options = {
        "city": f"[{OPTION} = {{}}]",
        "email": f"[{OPTION} = {{ type: 'value' unique: true }}]",
        "tags": f"[{OPTION} = {{}}]",
    }

    def option(field: str) -> str:
        return options[field] if field in indexed else ""

    return f"""
    syntax = "proto2";
    import "record_metadata_options.proto";
    message User {{
      optional int64 id = 1 [(com.apple.foundationdb.record.field).primary_key = true];
      optional string city = 2 {option("city")};
      optional string email = 3 {option("email")};
      repeated string tags = 4 {option("tags")};
    }}
    """


def open_users(db: record_store.Database, *indexed: str) -> Space:
    return db.space("test/users", Schema.from_proto(proto(*indexed), primary_key={"User": "id"}))


@pytest.fixture
def users(db: record_store.Database) -> Space:
    return open_users(db, "city", "email", "tags")


@pytest.fixture
def people(users: Space) -> Space:
    users.put_all(
        [
            {"id": 1, "city": "Oslo", "tags": ["a", "b"]},
            {"id": 2, "city": "Rome", "tags": ["b"]},
            {"id": 3, "city": "Oslo"},
            {"id": 4},
        ]
    )
    return users


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({}, [4, 1, 3, 2]),
        ({"reverse": True}, [2, 3, 1, 4]),
        ({"limit": 2}, [4, 1]),
        ({"prefix": "Oslo"}, [1, 3]),
        ({"prefix": ("Oslo",), "reverse": True}, [3, 1]),
        ({"prefix": (None,)}, [4]),
        ({"prefix": ()}, [4, 1, 3, 2]),
        ({"prefix": "Osl"}, []),
        ({"start": "Oslo"}, [1, 3, 2]),
        ({"end": "Rome"}, [4, 1, 3]),
        ({"start": "Oslo", "end": "Rome", "limit": 1}, [1]),
    ],
)
def test_a_scan_of_an_index_is_within_its_bounds(
    db: record_store.Database, people: Space, bounds: dict[str, Any], expected: list[int]
) -> None:
    assert [people.get(entry.primary_key)["id"] for entry in people.scan_index("User$city", **bounds)] == expected  # type: ignore[index]
    assert [user["id"] for user in people.scan_by("User$city", **bounds)] == expected
    with db.transaction() as tx:
        assert len(list(people.scan_index("User$city", **bounds, tx=tx))) == len(expected)
        assert [user["id"] for user in people.scan_by("User$city", **bounds, tx=tx)] == expected


def test_an_entry_has_its_columns_and_the_key_of_its_record(people: Space) -> None:
    entry = next(people.scan_index("User$city", prefix="Rome"))
    assert isinstance(entry, IndexEntry) and isinstance(entry.primary_key, PrimaryKey)
    assert entry.key == ("Rome", *entry.primary_key) and entry.value == ()
    assert people.exists(entry.primary_key) and people.delete(entry.primary_key)
    assert list(people.scan_index("User$city", prefix="Rome")) == []


def test_a_record_comes_as_often_as_it_has_entries(people: Space) -> None:
    assert [user["id"] for user in people.scan_by("User$tags")] == [1, 1, 2]
    assert [entry.key[0] for entry in people.scan_index("User$tags")] == ["a", "b", "b"]


def test_a_scan_of_many_batches_returns_each_entry_once(users: Space) -> None:
    users.put_all({"id": number, "city": f"c{number % 3}"} for number in range(3000))
    expected = [number for city in range(3) for number in range(city, 3000, 3)]
    assert [user["id"] for user in users.scan_by("User$city")] == expected
    assert [entry.primary_key[-1] for entry in users.scan_index("User$city", reverse=True)] == expected[::-1]


def test_a_scan_in_a_transaction_sees_its_writes(db: record_store.Database, users: Space) -> None:
    with db.transaction() as tx:
        users.put({"id": 1, "city": "Oslo"}, tx=tx)
        assert [user["id"] for user in users.scan_by("User$city", tx=tx)] == [1]
        assert list(users.scan_by("User$city")) == []


@pytest.mark.parametrize(
    ("name", "bounds", "expected"),
    [
        ("User$cty", {}, errors.MetaDataError),
        ("User$city", {"prefix": 1}, errors.InvalidArgumentError),
        ("User$city", {"prefix": ("Oslo", 1, 2)}, errors.InvalidArgumentError),
        ("User$city", {"prefix": "Oslo", "start": "Rome"}, errors.InvalidArgumentError),
        ("User$city", {"start": object()}, errors.InvalidArgumentError),
    ],
)
def test_what_is_no_scan_of_an_index_is_told(
    people: Space, name: str, bounds: dict[str, Any], expected: type[errors.Error]
) -> None:
    for scan in (people.scan_index, people.scan_by):
        with pytest.raises(expected):
            list(scan(name, **bounds))


def sold(db: record_store.Database) -> Space:
    """Sales by city and year, with all that is kept of groups."""
    text = 'syntax = "proto3"; message Sale { int64 id = 1; string city = 2; int64 year = 3; int64 amount = 4; }'
    groups = ("city", "year")
    indexes = [
        Index("sales", type="count", on="Sale", group_by=groups),
        Index("amount", "amount", type="sum", on="Sale", group_by=groups),
        Index("least", "amount", type="min_ever", on="Sale", group_by=groups),
        Index("greatest", "amount", type="max_ever", on="Sale"),
        Index("changed", type="version", on="Sale"),
    ]
    space = db.space("test/sales", Schema.from_proto(text, primary_key={"Sale": "id"}, indexes=indexes))
    for number, (city, year, amount) in enumerate([("Oslo", 2024, 5), ("Oslo", 2025, 7), ("Rome", 2025, 1), ("Oslo", 2025, 9)]):
        space.put({"id": number, "city": city, "year": year, "amount": amount})
    return space


@pytest.mark.parametrize(
    ("name", "group", "expected"),
    [
        ("sales", (), (4,)),
        ("sales", "Oslo", (3,)),
        ("sales", ("Oslo", 2025), (2,)),
        ("sales", "Ulm", (0,)),
        ("amount", ["Oslo", 2025], (16,)),
        ("least", "Oslo", (5,)),
        ("least", "Ulm", None),
        ("greatest", (), (9,)),
    ],
)
def test_aggregates_are_of_groups(
    db: record_store.Database, name: str, group: Any, expected: tuple[int] | None
) -> None:
    sales = sold(db)
    assert sales.aggregate(name, group) == expected
    with db.transaction() as tx:
        assert sales.aggregate(name, group, tx=tx) == expected


def test_groups_are_entries(db: record_store.Database) -> None:
    sales = sold(db)
    entries = [(entry.key, entry.value, entry.primary_key) for entry in sales.scan_index("sales", prefix="Oslo")]
    assert entries == [(("Oslo", 2024), (1,), ()), (("Oslo", 2025), (2,), ())]
    with pytest.raises(errors.UnsupportedError):
        list(sales.scan_by("sales"))
    with pytest.raises(errors.InvalidArgumentError):
        sales.aggregate("sales", ("Oslo", 2025, 1))


def test_records_are_counted_by_a_count_index(db: record_store.Database) -> None:
    sales = sold(db)
    assert sales.count() == 4
    with db.transaction() as tx:
        sales.delete(0, tx=tx)
        assert sales.count(tx=tx) == 3 and sales.count() == 4


def test_versions_stand_in_an_index_of_versions(db: record_store.Database) -> None:
    sales = sold(db)
    saved = sales.put({"id": 9, "city": "Ulm"})
    assert saved.version is not None
    assert [entry.key[0] for entry in sales.scan_index("changed", start=saved.version)] == [saved.version]
    assert [sale["id"] for sale in sales.scan_by("changed", reverse=True, limit=2)] == [9, 3]


def test_an_index_that_keeps_no_groups_has_no_aggregate(people: Space) -> None:
    with pytest.raises(errors.UnsupportedError) as raised:
        people.aggregate("User$city")
    assert raised.value.context["index"] == "User$city"
    with pytest.raises(errors.MetaDataError):
        people.aggregate("User$cty", ("Oslo",))


def test_what_nothing_counts_has_no_count(people: Space) -> None:
    with pytest.raises(errors.UnsupportedError) as raised:
        people.count()
    assert raised.value.context["record_type"] == "User"


def test_a_second_record_with_a_unique_value_is_refused_with_all_facts(users: Space) -> None:
    users.put({"id": 1, "email": "ada@example.org"})
    with pytest.raises(errors.UniquenessViolationError) as raised:
        users.put({"id": 2, "email": "ada@example.org"})
    context = raised.value.context
    assert context["index"] == "User$email"
    assert "ada@example.org" in context["value"]
    assert context["primary_key"] != context["existing_primary_key"]
    assert not users.exists(2) and not raised.value.retryable


def grown(db: record_store.Database, records: int, *fields: str) -> Space:
    """A space whose indexes are new and not built."""
    users = open_users(db)
    for first in range(0, records, 1000):
        users.put_all({"id": number, "city": f"c{number % 7}", "email": "same"} for number in range(first, min(first + 1000, records)))
    return open_users(db, *fields)


def test_a_new_index_of_many_records_is_built_with_its_progress(db: record_store.Database) -> None:
    users = grown(db, 1000, "city")
    assert users.index_states() == {"User$city": "DISABLED"}
    with pytest.raises(errors.IndexNotReadableError) as refused:
        list(users.scan_index("User$city"))
    assert refused.value.context["state"] == "DISABLED"

    told: list[IndexBuildProgress] = []
    built = users.build_indexes(progress=told.append, limit=300)
    assert built.records_scanned == 1000 and built.transactions == len(told) == 4
    assert built.states == users.index_states() == {"User$city": "READABLE"}
    assert [progress.records_scanned for progress in told] == [300, 600, 900, 1000]
    assert told[0].indexes == ["User$city"] and told[0].ranges_left == 1 and told[-1].ranges_left == 0
    assert len(list(users.scan_index("User$city"))) == 1000
    assert users.build_indexes().transactions == 0


def test_what_the_callback_raises_stops_the_build_and_another_one_goes_on(db: record_store.Database) -> None:
    class Enough(Exception):
        pass

    enough = Enough()

    def stop(progress: IndexBuildProgress) -> None:
        # The callback may use the space.
        assert building.index_states() == {"User$city": "WRITE_ONLY"}
        raise enough

    building = grown(db, 1000, "city")
    with pytest.raises(Enough) as raised:
        building.build_indexes("User$city", progress=stop)
    assert raised.value is enough and enough.__cause__ is None
    assert building.index_states() == {"User$city": "WRITE_ONLY"}
    assert building.build_indexes().records_scanned == 900
    assert building.index_states() == {"User$city": "READABLE"}


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_interrupt_stops_a_build(db: record_store.Database) -> None:
    users = grown(db, 2000, "city")
    started = threading.Event()

    def interrupt() -> None:
        started.wait()
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            users.build_indexes(progress=lambda _: started.set(), records_per_second=100)
    finally:
        started.set()
        thread.join()
    assert users.index_states() == {"User$city": "WRITE_ONLY"}
    assert users.build_indexes().states == {"User$city": "READABLE"}


def test_records_are_saved_while_an_index_is_built(db: record_store.Database) -> None:
    users = grown(db, 1000, "city")

    def save(progress: IndexBuildProgress) -> None:
        users.put({"id": 5000 + progress.records_scanned, "city": "new"})
        users.delete(progress.records_scanned - 1)

    users.build_indexes(progress=save)
    by_index = {entry.primary_key[-1] for entry in users.scan_index("User$city")}
    assert by_index == {user["id"] for user in users.scan()}
    assert len(list(users.scan_index("User$city", prefix="new"))) >= 10


def test_a_unique_index_over_records_of_the_same_value_is_not_made_readable(db: record_store.Database) -> None:
    users = grown(db, 500, "email")
    with pytest.raises(errors.UniquenessViolationError) as raised:
        users.build_indexes()
    assert raised.value.context["index"] == "User$email"
    assert users.index_states() == {"User$email": "WRITE_ONLY"}


def test_what_breaks_the_uniqueness_of_an_index_is_listed_and_mended(db: record_store.Database) -> None:
    open_users(db).put_all({"id": number, "email": f"{number // 2}@example.org"} for number in range(5))
    users = open_users(db, "email")
    users.build_indexes(allow_unique_pending=True)
    assert users.index_states() == {"User$email": "READABLE_UNIQUE_PENDING"}
    violations = list(users.uniqueness_violations("User$email"))
    assert [(violation.value, violation.primary_key[-1]) for violation in violations] == [
        (("0@example.org",), 0),
        (("0@example.org",), 1),
        (("1@example.org",), 2),
        (("1@example.org",), 3),
    ]
    assert isinstance(violations[0], UniquenessViolation)
    assert len(users.uniqueness_violations("User$email", prefix="1@example.org").page(5)) == 2

    users.resolve_uniqueness("User$email", violations[0].value, keep=violations[0].primary_key)
    with db.transaction() as tx:
        users.resolve_uniqueness("User$email", "1@example.org", tx=tx)
        assert list(users.uniqueness_violations("User$email", tx=tx)) == []
    assert [user["id"] for user in users.scan()] == [0, 4]
    users.build_indexes(if_readable="mark_readable")
    assert users.index_states() == {"User$email": "READABLE"}
    with pytest.raises(errors.MetaDataError):
        list(users.uniqueness_violations("User$emial"))


def test_an_index_is_built_again(people: Space) -> None:
    people.disable_index("User$city")
    assert people.index_states()["User$city"] == "DISABLED"
    with pytest.raises(errors.IndexNotReadableError):
        list(people.scan_index("User$city"))
    with pytest.raises(errors.IndexBuildError):
        people.build_indexes("User$city", if_disabled="error")
    assert people.build_indexes("User$city").records_scanned == 4
    assert people.build_indexes("User$city").records_scanned == 0
    assert people.build_indexes("User$city", if_readable="rebuild", reverse=True).records_scanned == 4
    assert [user["id"] for user in people.scan_by("User$city")] == [4, 1, 3, 2]


def test_a_build_stops_and_another_goes_on(db: record_store.Database) -> None:
    users = grown(db, 1000, "city")
    with pytest.raises(errors.IndexBuildError):
        users.build_indexes(stop_after=2, limit=100)
    with pytest.raises(errors.Error):
        users.build_indexes(if_write_only="mark_readable")
    assert users.build_indexes(limit=100, if_write_only="continue").records_scanned == 800


def test_scans_of_indexes_go_on(people: Space) -> None:
    for scan in (people.scan_index, people.scan_by):
        page = scan("User$tags").page(2)
        assert len(page) == 2 and page.continuation is not None
        assert len(list(scan("User$tags", after=page.continuation))) == 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"if_readable": "rebild"}, errors.InvalidArgumentError),
        ({"time": 5}, TypeError),
        ({"limit": 0}, errors.InvalidArgumentError),
        ({"records_per_second": 0}, errors.InvalidArgumentError),
        ({"max_seconds": -1.0}, errors.InvalidArgumentError),
        ({"lease": float("nan")}, errors.InvalidArgumentError),
        ({"limit": -1}, OverflowError),
        ({"progress": 5}, TypeError),
    ],
)
def test_bad_options_of_a_build_are_told(
    db: record_store.Database, options: dict[str, Any], expected: type[Exception]
) -> None:
    users = grown(db, 300, "city")
    with pytest.raises(expected):
        users.build_indexes(**options)


def test_an_unknown_index_is_not_built(people: Space) -> None:
    with pytest.raises(errors.MetaDataError, match=r"User\$city"):
        people.build_indexes("User$cty")


def test_saving_gives_keys_and_versions(users: Space) -> None:
    first, second = users.put_all([{"id": 1}, {"id": 2}])
    third = users.put({"id": 3})
    assert (first.type, users.get(first.primary_key)) == ("User", users.get(1))
    assert first.version is not None and second.version is not None and third.version is not None
    assert first.version < second.version < third.version
    assert first.version.is_complete and first.version.commit_version == second.version.commit_version
    assert second.version.local_version == first.version.local_version + 1
    assert users.version(3) == third.version and users.version(4) is None


def test_a_version_is_not_complete_before_the_commit(db: record_store.Database, users: Space) -> None:
    with db.transaction() as tx:
        saved = users.put({"id": 1}, tx=tx)
        assert saved.version is not None and not saved.version.is_complete and saved.version.commit_version is None
        assert users.version(1, tx=tx) == saved.version
        incomplete = saved.version
    assert saved.version == users.version(1) and saved.version.is_complete and saved.version < incomplete
    assert tx.versionstamp == bytes(saved.version)[:10]


def test_versions_of_a_run_are_complete_afterwards(db: record_store.Database, users: Space) -> None:
    transactions = []

    def body(tx: record_store.Transaction) -> list[record_store.StoredRecord]:
        transactions.append(tx)
        return users.put_all([{"id": 1}, {"id": 2}], tx=tx)

    first, second = db.run(body)
    assert first.version is not None and first.version.is_complete and first.version == users.version(1)
    assert second.version == users.version(2) and transactions[0].versionstamp == bytes(first.version)[:10]


def test_a_version_can_be_given(users: Space) -> None:
    version = RecordVersion(bytes(range(12)))
    assert users.put({"id": 1}, version=version).version == version == users.version(1)
    assert len({version, RecordVersion(bytes(version)), RecordVersion(bytes(12))}) == 2
    assert repr(version).startswith("RecordVersion(")
    with pytest.raises(errors.InvalidArgumentError):
        RecordVersion(b"short")
