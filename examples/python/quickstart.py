"""The first program: open a database, put records, read them, change one in a transaction.

    python examples/python/quickstart.py [database]

Without an argument the database lives in memory; `data` would be a durable one in that directory.
"""

from __future__ import annotations

import sys

import record_store

PROTO = """
syntax = "proto3";
package demo;

message User {
  int64 id = 1;
  string name = 2;
  optional string email = 3;
  Address address = 4;
  repeated string tags = 5;
}

message Address {
  string street = 1;
  string city = 2;
}
"""


def main(url: str) -> None:
    with record_store.open(url) as db:
        schema = record_store.Schema.from_proto(PROTO, primary_key={"User": "id"})
        users = db.space("quickstart/users", schema)

        users.put({"id": 999, "name": "Ada", "address": {"city": "London"}, "tags": ["mathematics"]})
        users.put_all({"id": number, "name": f"user {number}"} for number in range(1, 11))

        ada = users.get(999)
        print("get(999):", ada)
        print("get(1000):", users.get(1000))
        print("the last three:", [user["name"] for user in users.scan(reverse=True, limit=3)])

        @db.transactional
        def move(tx: record_store.Transaction, key: int, city: str) -> int:
            """Changes the city of a user; on a conflict it runs again."""
            user = users.get(key, tx=tx)
            if user is None:
                raise LookupError(f"there is no user {key}")
            user["address"] = {"city": city}
            users.put(user, tx=tx)
            return tx.attempt

        print("moved in attempt", move(999, "Paris"))
        moved = users.get(999)
        print("Ada lives in", moved and moved["address"]["city"])

        try:
            users.put({"id": 5, "nmae": "Grace"})
        except record_store.Error as error:
            print(f"{type(error).__name__}: {error}")

        print("deleted:", users.delete(999), "- still there:", users.exists(999))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "memory:")
