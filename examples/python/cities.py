"""Goes on, in Python, with the cities that the Rust program `cities` loaded into a directory.

    python examples/python/cities.py DATABASE

`cargo xtask demo` runs both. City data: GeoNames (geonames.org), CC BY 4.0.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import record_store
from google.protobuf import descriptor_pb2, message_factory
from record_store import Index, aio, field, keys

ATTRIBUTION = "City data: GeoNames (geonames.org), CC BY 4.0"
SPACE = "demo/cities"
PROTO = Path(__file__).parent.parent / "cities.proto"

# GeoNames' numbers.
PARIS, TOKYO, NAIROBI, NOWHERE = 2_988_507, 1_850_147, 184_745, -1

Cities = record_store.RecordSpace[record_store.Record]


def main(directory: str) -> None:
    print(ATTRIBUTION)
    with timed("open the same directory"):
        db = record_store.open(directory)
    with db:
        # No schema: the space has the one that the Rust program stored.
        cities = db.space(SPACE)
        read(cities)
        scan(cities)
        update(db, cities)
        delete_and_put_again(db, cities)
        message_objects(db)
        a_mistake(cities)
        cities = build_indexes(db, cities)
        use_indexes(cities)
        ask(cities)
        pages(cities)
        stay_unique(db)
    asyncio.run(with_asyncio(directory))


def read(cities: Cities) -> None:
    for number in (PARIS, TOKYO, NAIROBI):
        with timed(f"get {number}"):
            city = get(cities, number)
        place = city["location"]
        print(f"    {city['name']} ({city['country']}): {city['population']:,} people at {place['latitude']}, {place['longitude']}")
    print(f"    {NOWHERE} is {cities.get(NOWHERE)}")

    numbers = [city["id"] for city in cities.scan(limit=10_000)]
    with timed("get one by one", len(numbers)):
        for number in numbers:
            cities.get(number)


def scan(cities: Cities) -> None:
    people: dict[str, int] = {}
    count = 0
    started = time.perf_counter()
    for city in cities.scan():
        people[city["country"]] = people.get(city["country"], 0) + city["population"]
        count += 1
    report("scan all cities", time.perf_counter() - started, count)
    largest = sorted(people.items(), key=lambda entry: -entry[1])[:3]
    print("    most people in cities:", ", ".join(f"{country} {number / 1e6:,.0f} million" for country, number in largest))


def update(db: record_store.Database, cities: Cities) -> None:
    @db.transactional
    def grow(tx: record_store.Transaction, number: int, people: int) -> int:
        """Adds people to a city; on a conflict it runs again, so nobody is lost."""
        city = get(cities, number, tx)
        city["population"] += people
        cities.put(city, tx=tx)
        return int(city["population"])

    with timed("add 1,000 people to each of three cities, a transaction each, on disk", 3):
        grown = [grow(number, 1_000) for number in (PARIS, TOKYO, NAIROBI)]
    print("    now", ", ".join(f"{people:,}" for people in grown))
    for number in (PARIS, TOKYO, NAIROBI):
        grow(number, -1_000)

    some = list(cities.scan(limit=1_000))
    with timed("save cities again, in one transaction", len(some)):
        cities.put_all(some)


def delete_and_put_again(db: record_store.Database, cities: Cities) -> None:
    paris = get(cities, PARIS)
    with timed("delete Paris and put it again in one transaction"), db.transaction() as tx:
        cities.delete(PARIS, tx=tx)
        print(f"    inside, Paris is there: {cities.exists(PARIS, tx=tx)}; others still see it: {cities.exists(PARIS)}")
        cities.put(paris, tx=tx)
    print(f"    afterwards it is as before: {cities.get(PARIS) == paris}")


def message_objects(db: record_store.Database) -> None:
    """The same space with protobuf classes, made here at run time; classes that protoc generates do as well."""
    schema = record_store.Schema.from_files(PROTO, primary_key={"City": "id"})
    files = descriptor_pb2.FileDescriptorSet.FromString(schema.descriptor_set())
    City: Any = message_factory.GetMessages(files.file)["cities.City"]

    cities = db.space(SPACE, City, primary_key="id")
    with timed("get Paris as an object of a message class"):
        paris = cities.get(PARIS)
    assert paris is not None
    print(f"    {type(paris).__name__}: {paris.name}, {paris.location.latitude}, {paris.location.longitude}")


def a_mistake(cities: Cities) -> None:
    try:
        cities.put({"id": PARIS, "name": "Paris", "populaton": 1})
    except record_store.Error as error:
        print(f"    a mistake: {type(error).__name__}: {error}")


def build_indexes(db: record_store.Database, cities: Cities) -> Cities:
    """Three value indexes, one of the capitals alone, and a count: what the schema adds is built while others use the space."""
    schema = record_store.Schema.from_files(
        PROTO,
        primary_key={"City": "id"},
        indexes=[
            Index("by_name", "name", on="City"),
            Index("by_country", ["country", "population"], on="City", covering="name"),
            Index("by_place", keys.concat("location.latitude", "location.longitude"), on="City"),
            Index("capitals", "country", on="City", where=field("feature_code") == "PPLC"),
            Index("cities_of_country", type="count", group_by="country", on="City"),
        ],
    )
    plan = cities.plan(schema)
    print(f"    planned: {len(plan)} changes, allowed: {plan.allowed}")
    cities = db.space(SPACE, schema)
    told: list[record_store.IndexBuildProgress] = []

    def show(progress: record_store.IndexBuildProgress) -> None:
        told.append(progress)
        if len(told) % 50 == 0:
            print(f"    {progress.records_scanned:,} records, {progress.ranges_left} ranges of keys to go")

    with timed("build the indexes, with a save between"):
        with suppress(record_store.errors.IndexBuildError):
            cities.build_indexes(progress=show, stop_after=10)
        cities.put(get(cities, PARIS))
        built = cities.build_indexes(progress=show, limit=500)
    print(f"    {told[-1].records_scanned:,} records in {len(told)} transactions:", built.states or "nothing was left to do")
    return cities


def use_indexes(cities: Cities) -> None:
    with timed("the five largest cities of Japan, by an index"):
        largest = [entry.value[0] for entry in cities.scan_index("by_country", prefix="JP", reverse=True, limit=5)]
    print("   ", ", ".join(largest))
    with timed("cities named Paris, with their records"):
        places = [city["country"] for city in cities.scan_by("by_name", prefix="Paris")]
    print("   ", ", ".join(places))
    with timed("count the cities of France"):
        count = cities.aggregate("cities_of_country", "FR")
    print(f"    {count} of {cities.count():,}")
    print(f"    {sum(1 for _ in cities.scan_index('capitals')):,} capitals have an index of their own")


def ask(cities: Cities) -> None:
    query = cities.query("country = ? AND population >= ?", "IT", 500_000).order_by("population", reverse=True)
    with timed("large cities of Italy, by a query"):
        names = [city["name"] for city in query]
    print("   ", ", ".join(names))
    print("   ", query.explain().splitlines()[0])
    south = cities.query((field("location.latitude") < -50) & (field("population") > 0)).limit(3)
    print("    in the far south:", ", ".join(city["name"] for city in south))


def pages(cities: Cities) -> None:
    """What another process could go on with are bytes."""
    page = cities.scan_by("by_name").page(3)
    rest = cities.scan_by("by_name", after=page.continuation).page(3)
    print("    a page:", [city["name"] for city in page], "and the next one:", [city["name"] for city in rest])


def stay_unique(db: record_store.Database) -> None:
    text = 'syntax = "proto3"; message Code { int64 id = 1; string code = 2; }'
    unique = Index("by_code", "code", on="Code", unique=True)
    codes = db.space("demo/codes", record_store.Schema.from_proto(text, primary_key={"Code": "id"}, indexes=[unique]))
    codes.put({"id": 1, "code": "FR"})
    try:
        codes.insert({"id": 2, "code": "FR"})
    except record_store.errors.UniquenessViolationError as error:
        print("    unique:", error.context["index"], error.context["value"], error.context["existing_primary_key"])


async def with_asyncio(directory: str) -> None:
    async with aio.open(directory) as db:
        cities = await db.space(SPACE)
        numbers = (PARIS, TOKYO, NAIROBI)
        started = time.perf_counter()
        found = await asyncio.gather(*(cities.get(number) for number in numbers))
        report("get three cities at once, with asyncio", time.perf_counter() - started, len(numbers))
        names = [city["name"] async for city in cities.query("country = 'CH'").order_by("population", reverse=True).limit(3)]
        print("   ", ", ".join(city["name"] for city in found if city), "and", ", ".join(names))


def get(cities: Cities, number: int, tx: record_store.Transaction | None = None) -> record_store.Record:
    """The city of this number, which must be there."""
    city = cities.get(number, tx=tx)
    if city is None:
        raise LookupError(f"there is no city {number}: load the cities first, see cargo xtask demo")
    return city


@contextmanager
def timed(what: str, count: int = 1) -> Iterator[None]:
    started = time.perf_counter()
    yield
    report(what, time.perf_counter() - started, count)


def report(what: str, seconds: float, count: int) -> None:
    each = f" ({count:,}: {seconds / count * 1e6:,.1f} µs each)" if count > 1 else ""
    print(f"{seconds * 1e3:>10.3f} ms  {what}{each}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python cities.py DATABASE")
    main(sys.argv[1])
