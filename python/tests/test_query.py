"""Queries: filters as objects and as text, order, limits, continuations, plans, transactions."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import record_store
from record_store import Filter, Index, Record, RecordSpace, Schema, aio, errors, field, parameter

TEXT = """
syntax = "proto3";
message City { int64 id = 1; string name = 2; string country = 3; int64 people = 4; repeated string tags = 5; }
message Lake { int64 id = 1; string name = 2; int64 depth = 3; }
"""

CITIES: list[dict[str, Any]] = [
    {"id": 1, "name": "Oslo", "country": "NO", "people": 700, "tags": ["capital", "sea"]},
    {"id": 2, "name": "Bergen", "country": "NO", "people": 290, "tags": ["sea"]},
    {"id": 3, "name": "Rome", "country": "IT", "people": 2800, "tags": ["capital"]},
    {"id": 4, "name": "Milan", "country": "IT", "people": 1400},
    {"id": 5, "name": "Paris", "country": "FR", "people": 2100, "tags": ["capital"]},
]

SCHEMA = Schema.from_proto(
    TEXT,
    primary_key={"City": "id", "Lake": "id"},
    indexes=[Index("by_country", ["country", "people"], on="City"), Index("by_name", "name", on="City")],
)


@pytest.fixture
def places(db: record_store.Database) -> RecordSpace[Record]:
    space = db.space("test/places", SCHEMA)
    space.put_all(CITIES, type="City")
    space.put({"id": 1, "name": "Garda", "depth": 346}, type="Lake")
    return space


@pytest.mark.parametrize(
    ("filter", "values", "named", "expected"),
    [
        (field("country") == "NO", (), {}, [1, 2]),
        ("country = 'NO'", (), {}, [1, 2]),
        ("country = ?", ("NO",), {}, [1, 2]),
        ("country = :country AND people > :least", (), {"country": "IT", "least": 2000}, [3]),
        (field("country") == parameter("country"), (), {"country": "FR"}, [5]),
        ((field("people") >= 1400) & (field("people") <= 2100), (), {}, [4, 5]),
        (field("people").between(1400, 2100), (), {}, [4, 5]),
        ((field("name") == "Oslo") | (field("people") > 2500), (), {}, [1, 3]),
        (~(field("country") == "NO"), (), {}, [3, 4, 5]),
        (field("country").is_in(["FR", "NO"]), (), {}, [1, 2, 5]),
        ("country = ANY(:some)", (), {"some": ["FR", "IT"]}, [3, 4, 5]),
        (field("country").is_in(parameter("some")), (), {"some": ("FR", "IT")}, [3, 4, 5]),
        (field("name").starts_with("M"), (), {}, [4]),
        (field("name").like("%o%"), (), {}, [1, 3]),
        ("name LIKE '%o%'", (), {}, [1, 3]),
        (field("tags").any() == "capital", (), {}, [1, 3, 5]),
        ("any(tags) = 'sea'", (), {}, [1, 2]),
        (field("tags").is_empty(), (), {}, [4]),
        (None, (), {}, [1, 2, 3, 4, 5]),
    ],
)
def test_the_records_of_a_filter(
    places: RecordSpace[Record], filter: Filter | str | None, values: Any, named: Any, expected: list[int]
) -> None:
    query = places.query(filter, *values, type="City", **named)
    assert sorted(city["id"] for city in query) == expected
    assert sorted(city["id"] for city in query.run()) == expected


def test_filters_add_up(places: RecordSpace[Record]) -> None:
    query = places.query(type="City").where("people > ?", 1000).where(field("country") != "IT")
    assert [city["name"] for city in query] == ["Paris"]
    assert [city["name"] for city in places.query("name = 'Garda'", type="Lake")] == ["Garda"]
    assert {place.type for place in places.query("name = ?", "Garda")} == {"Lake"}


def test_order_and_limits(places: RecordSpace[Record]) -> None:
    cities = places.query(type="City")
    by_people = cities.order_by("people")
    assert [city["people"] for city in by_people] == [290, 700, 1400, 2100, 2800]
    assert [city["people"] for city in cities.order_by("people", reverse=True).limit(2)] == [2800, 2100]
    assert [city["people"] for city in by_people.skip(3)] == [2100, 2800]
    assert [city["id"] for city in cities.order_by("country", field("people"))] == [5, 4, 3, 2, 1]
    # A query is not changed by what is made of it.
    assert len(list(cities)) == 5


def test_an_index_answers_where_it_can(places: RecordSpace[Record]) -> None:
    query = places.query("country = 'IT' AND people > 2000", type="City")
    assert "ISCAN(by_country" in query.explain()
    assert "by_country" not in query.using("by_name").explain()
    assert [city["name"] for city in query.using("by_name")] == ["Rome"]
    assert "sort in memory" in places.query(type="City").order_by("people").explain()


@pytest.mark.parametrize("in_transaction", [False, True])
def test_a_query_goes_on(db: record_store.Database, places: RecordSpace[Record], in_transaction: bool) -> None:
    query = places.query("country IN ('NO', 'IT')", type="City").order_by("country", "people")
    with db.transaction() as tx:
        keywords: Any = {"tx": tx} if in_transaction else {}
        first = query.run(**keywords).page(1)
        rest = query.run(after=first.continuation, **keywords)
        assert [city["id"] for city in first] + [city["id"] for city in rest] == [4, 3, 2, 1]
        assert (rest.continuation, rest.no_next_reason) == (None, "SOURCE_EXHAUSTED")
        other = places.query("name = 'Oslo'", type="City").run(after=first.continuation, **keywords)
        with pytest.raises(errors.InvalidContinuationError):
            list(other)


def test_a_query_has_pages(places: RecordSpace[Record]) -> None:
    query = places.query(type="City").order_by("name")
    first = query.page(3)
    rest = query.page(3, after=first.continuation)
    assert [city["id"] for city in [*first, *rest]] == [city["id"] for city in query]
    assert (len(rest), rest.continuation) == (2, None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SELECT * FROM cities WHERE id = 1", "stand behind WHERE"),
        ("id > 1 ORDER BY id", "order_by"),
        ("id > 1 LIMIT 3", "limit"),
        ('name = "Oslo"', "in single ones"),
    ],
)
def test_what_newcomers_write_is_answered(places: RecordSpace[Record], text: str, told: str) -> None:
    with pytest.raises(errors.InvalidQueryError, match=told):
        list(places.query(text, type="City"))


def test_a_query_stops_at_a_limit(places: RecordSpace[Record]) -> None:
    query = places.query("people > 0", type="City")
    found: list[int] = []
    after = None
    for _ in range(100):
        cursor = query.run(max_rows=2, after=after)
        found.extend(city["id"] for city in cursor)
        after = cursor.continuation
        if after is None:
            break
        assert cursor.no_next_reason == "SCAN_LIMIT_REACHED"
    assert sorted(found) == [1, 2, 3, 4, 5]


def test_a_query_in_a_transaction_sees_its_writes(db: record_store.Database, places: RecordSpace[Record]) -> None:
    query = places.query("country = 'DE'", type="City")
    with db.transaction() as tx:
        places.put({"id": 9, "name": "Ulm", "country": "DE"}, type="City", tx=tx)
        assert [city["id"] for city in query.run(tx=tx)] == [9]
        assert list(query) == []


@pytest.mark.parametrize(
    ("filter", "values", "told"),
    [
        ("peple > 5", (), "did_you_mean"),
        ("people >", (), "line"),
        ("people > ?", (), "parameter"),
        ("people > 5", (1,), "parameter"),
        ("people = 'many'", (), "people"),
        (field("tags") == "sea", (), "tags"),
        (5, (), "a filter is"),
    ],
)
def test_what_is_no_query_is_told(places: RecordSpace[Record], filter: Any, values: Any, told: str) -> None:
    with pytest.raises((errors.InvalidQueryError, errors.InvalidArgumentError), match=told):
        list(places.query(filter, *values, type="City"))


def test_an_unknown_type_is_told(places: RecordSpace[Record]) -> None:
    with pytest.raises(errors.Error, match="City"):
        list(places.query(type="Ctiy"))


def test_queries_with_asyncio(url: str) -> None:
    async def main() -> None:
        async with aio.open(url) as db:
            places = await db.space("test/places", SCHEMA)
            await places.put_all(CITIES, type="City")
            query = places.query("country = ?", "IT", type="City").order_by("people", reverse=True)
            assert [city["name"] async for city in query] == ["Rome", "Milan"]
            assert "ISCAN(by_country" in await query.explain()
            page = await query.run().page(1)
            assert [city["name"] async for city in query.run(after=page.continuation)] == ["Milan"]
            async with db.transaction() as tx:
                await places.delete(3, type="City", tx=tx)
                assert [city["name"] async for city in query.run(tx=tx)] == ["Milan"]

    asyncio.run(main())
