"""Goes on, in Python, with the cities that the Rust program `cities` loaded into a directory.

    python examples/python/cities.py DATABASE

`cargo xtask demo` runs both. City data: GeoNames (geonames.org), CC BY 4.0.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import record_store
from google.protobuf import descriptor_pb2, message_factory

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
