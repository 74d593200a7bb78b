"""One page of the largest cities of a country, which goes on where a page in any language has stopped.

    python examples/python/relay.py DATABASE COUNTRY COUNT [CONTINUATION]

It prints the plan, the cities, and the continuation in hexadecimal digits, or `end`; see examples/src/bin/relay.rs.
"""

from __future__ import annotations

import sys

import record_store


def main(database: str, country: str, count: str, continuation: str = "") -> None:
    with record_store.open(database) as db:
        cities = db.space("demo/cities")
        query = cities.query("country = ?", country).order_by("population", reverse=True)
        print("plan", query.explain().splitlines()[0])
        page = query.page(int(count), after=bytes.fromhex(continuation) or None)
        for city in page:
            print("city", city["id"], city["population"], city["name"])
        print("continuation", page.continuation.hex() if page.continuation else "end")


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit("usage: python relay.py DATABASE COUNTRY COUNT [CONTINUATION]")
    main(*sys.argv[1:])
