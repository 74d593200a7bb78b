"""What the tests share: a database of each kind, a schema with a field of every kind, and message classes made at run time."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import record_store
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

# A shell that starts the tests in the background has them ignore Ctrl-C, and Python leaves it at that.
signal.signal(signal.SIGINT, signal.default_int_handler)

PROTO = """
syntax = "proto3";
package demo;

message User {
  int64 id = 1;
  string name = 2;
  optional string email = 3;
  bytes avatar = 4;
  double score = 5;
  float ratio = 6;
  bool active = 7;
  sint64 counter = 8;
  int32 small = 9;
  sfixed32 flags = 10;
  Role role = 11;
  Address address = 12;
  repeated string tags = 13;
  map<string, int32> counts = 14;
  map<int64, Address> homes = 15;
  oneof contact { string phone = 16; string fax = 17; }
  repeated Address past = 18;
  User manager = 19;
}

message Address { string street = 1; string city = 2; }

enum Role { GUEST = 0; ADMIN = 1; }

message Order { int64 user_id = 1; int64 number = 2; string item = 3; }
"""

FILE = """
name: "shop.proto" package: "shop" syntax: "proto3"
message_type {
  name: "Customer"
  field { name: "id" number: 1 type: TYPE_INT64 label: LABEL_OPTIONAL }
  field { name: "name" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
}
message_type {
  name: "Purchase"
  field { name: "customer_id" number: 1 type: TYPE_INT64 label: LABEL_OPTIONAL }
  field { name: "number" number: 2 type: TYPE_INT64 label: LABEL_OPTIONAL }
  field { name: "item" number: 3 type: TYPE_STRING label: LABEL_OPTIONAL }
}
"""


def message_classes() -> dict[str, Any]:
    """Classes as protoc would generate them, by name."""
    file = descriptor_pb2.FileDescriptorProto()
    text_format.Parse(FILE, file)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    names = [message.name for message in file.message_type]
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"shop.{name}")) for name in names}


CLASSES = message_classes()
Customer: Any = CLASSES["Customer"]
Purchase: Any = CLASSES["Purchase"]


# The database that whoever runs the tests gives them; it may be a cluster that others use too.
GIVEN = os.environ.get("RECORD_STORE_TEST_URL")
ROOTS = itertools.count()


@pytest.fixture(params=["memory", "path", *(["given"] if GIVEN else [])])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "given":
        assert GIVEN is not None
        root = f"record-store-tests/python-{os.getpid()}-{next(ROOTS)}"
        url = f"{GIVEN}{'&' if '?' in GIVEN else '?'}root={root}"
        yield url
        with record_store.open(url) as database:
            # From the leaves: a space is removed with those below it.
            for path in reversed(database.spaces()):
                database.remove_space(path)
    else:
        yield "memory:" if request.param == "memory" else str(tmp_path / "db")


@pytest.fixture
def db(url: str) -> Iterator[record_store.Database]:
    with record_store.open(url) as database:
        yield database


@pytest.fixture
def schema() -> record_store.Schema[record_store.Record]:
    return record_store.Schema.from_proto(PROTO, primary_key={"User": "id", "Order": ["user_id", "number"]})


@pytest.fixture
def users(db: record_store.Database) -> record_store.RecordSpace[record_store.Record]:
    return db.space("test/users", record_store.Schema.from_proto(PROTO, primary_key={"User": "id"}))


@pytest.fixture
def shop(
    db: record_store.Database, schema: record_store.Schema[record_store.Record]
) -> record_store.RecordSpace[record_store.Record]:
    """A space of two types."""
    return db.space("test/shop", schema)
