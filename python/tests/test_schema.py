"""Schemas from .proto text, files, descriptor sets and message classes; and what is no schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import record_store
from conftest import CLASSES, PROTO, Customer, Purchase
from google.protobuf import descriptor_pb2
from record_store import Schema, errors

MINIMAL = 'syntax = "proto3"; message User { int64 id = 1; string name = 2; }'


def test_from_text(db: record_store.Database) -> None:
    schema = Schema.from_proto(MINIMAL, primary_key={"User": "id"})
    assert schema.record_types == ["User"]
    users = db.space("users", schema)
    users.put({"id": 1, "name": "Ada"})
    assert users.get(1) == {"id": 1, "name": "Ada"}


def test_from_several_texts(db: record_store.Database) -> None:
    files = {
        "user.proto": 'syntax = "proto3"; import "kinds/name.proto"; message User { int64 id = 1; Name name = 2; }',
        "kinds/name.proto": 'syntax = "proto3"; message Name { string first = 1; }',
    }
    users = db.space("users", Schema.from_proto(files, primary_key={"User": "id"}))
    users.put({"id": 1, "name": {"first": "Ada"}})
    assert users.get(1) == {"id": 1, "name": {"first": "Ada"}}


def test_from_files(db: record_store.Database, tmp_path: Path) -> None:
    (tmp_path / "kinds").mkdir()
    (tmp_path / "user.proto").write_text(
        'syntax = "proto3"; import "kinds/name.proto"; message User { int64 id = 1; Name name = 2; }'
    )
    (tmp_path / "kinds" / "name.proto").write_text('syntax = "proto3"; message Name { string first = 1; }')
    schema = Schema.from_files(tmp_path / "user.proto", primary_key={"User": "id"})
    users = db.space("users", schema)
    users.put({"id": 1, "name": {"first": "Ada"}})
    assert users.get(1) == {"id": 1, "name": {"first": "Ada"}}


def test_from_a_descriptor_set(db: record_store.Database) -> None:
    bytes_of_files = Schema.from_proto(PROTO, primary_key={"User": "id"}).descriptor_set()
    schema = Schema.from_descriptor_set(bytes_of_files, primary_key={"User": "id"})
    users = db.space("users", schema)
    users.put({"id": 1, "role": "ADMIN"})
    found = users.get(1)
    assert found is not None and found["role"] == "ADMIN"


def test_a_descriptor_set_is_protobufs() -> None:
    files = descriptor_pb2.FileDescriptorSet()
    files.ParseFromString(Schema.from_proto(MINIMAL, primary_key={"User": "id"}).descriptor_set())
    assert [message.name for file in files.file for message in file.message_type if message.name == "User"] == ["User"]


def test_from_message_classes(db: record_store.Database) -> None:
    schema = Schema.from_messages(Customer, Purchase, primary_key={"Customer": "id", "Purchase": ["customer_id", "number"]})
    assert sorted(schema.record_types) == ["Customer", "Purchase"]
    shop = db.space("shop", schema)
    shop.put(Customer(id=1, name="Ada"))
    shop.put(Purchase(customer_id=1, number=5, item="tea"))
    assert shop.get(1, type="Customer") == Customer(id=1, name="Ada")
    assert shop.get((1, 5), type=Purchase) == Purchase(customer_id=1, number=5, item="tea")


def test_a_space_opens_with_the_stored_schema(db: record_store.Database) -> None:
    db.space("users", Schema.from_proto(MINIMAL, primary_key={"User": "id"})).put({"id": 1, "name": "Ada"})
    assert db.space("users").get(1) == {"id": 1, "name": "Ada"}


def test_a_schema_grows(db: record_store.Database) -> None:
    db.space("users", Schema.from_proto(MINIMAL, primary_key={"User": "id"})).put({"id": 1, "name": "Ada"})
    grown = MINIMAL.replace("string name = 2;", "string name = 2; optional int32 born = 3;")
    users = db.space("users", Schema.from_proto(grown, primary_key={"User": "id"}))
    assert users.get(1) == {"id": 1, "name": "Ada", "born": None}


def test_a_change_that_would_make_records_unreadable_is_refused(db: record_store.Database) -> None:
    db.space("users", Schema.from_proto(MINIMAL, primary_key={"User": "id"}))
    changed = MINIMAL.replace("string name = 2;", "int64 name = 2;")
    with pytest.raises(errors.MetaDataEvolutionError) as caught:
        db.space("users", Schema.from_proto(changed, primary_key={"User": "id"}))
    assert "name" in str(caught.value)


def test_an_open_space_sees_what_another_handle_added_to_the_schema(db: record_store.Database) -> None:
    users = db.space("users", Schema.from_proto(MINIMAL, primary_key={"User": "id"}))
    grown = MINIMAL.replace("string name = 2;", "string name = 2; optional int32 born = 3;")
    db.space("users", Schema.from_proto(grown, primary_key={"User": "id"}))
    users.put({"id": 1, "born": 1815})
    assert users.get(1) == {"id": 1, "name": "", "born": 1815}


@pytest.mark.parametrize(
    ("source", "primary_key", "error", "told"),
    [
        ('syntax = "proto3"; message User {', {"User": "id"}, errors.SchemaError, "end of file"),
        ('syntax = "proto3";\nmessage User { int64 id = 1 }', {"User": "id"}, errors.SchemaError, "line: 2"),
        ('syntax = "proto3"; message User { Missing m = 1; }', {"User": "id"}, errors.SchemaError, "Missing"),
        ('syntax = "proto3"; import "other.proto";', {"User": "id"}, errors.SchemaError, "other.proto"),
        (MINIMAL, {"User": "idd"}, errors.Error, "idd"),
        (MINIMAL, {"Usr": "id"}, errors.Error, "User"),
        (MINIMAL, {"User": ""}, errors.Error, "User"),
        (MINIMAL, None, errors.Error, "no record types"),
    ],
)
def test_what_is_no_schema_is_told(source: str, primary_key: Any, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        Schema.from_proto(source, primary_key=primary_key)


@pytest.mark.parametrize("descriptor_set", [b"\xff\xff", b"not a descriptor set"])
def test_bytes_that_are_no_descriptor_set_are_an_error(descriptor_set: bytes) -> None:
    with pytest.raises(errors.Error):
        Schema.from_descriptor_set(descriptor_set, primary_key={"User": "id"})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(errors.Error, match=r"none\.proto"):
        Schema.from_files(tmp_path / "none.proto", primary_key={"User": "id"})


@pytest.mark.parametrize("primary_key", [5, "id", ["id"], {"User": 5}, {5: "id"}, {"User": ["id", 5]}])
def test_what_is_no_primary_key_is_an_error(primary_key: Any) -> None:
    with pytest.raises(errors.InvalidArgumentError):
        Schema.from_proto(MINIMAL, primary_key=primary_key)


@pytest.mark.parametrize("source", [5, None, b"syntax", {"user.proto": 5}])
def test_what_is_no_proto_text_is_an_error(source: Any) -> None:
    with pytest.raises((errors.InvalidArgumentError, TypeError)):
        Schema.from_proto(source, primary_key={"User": "id"})


@pytest.mark.parametrize("thing", [int, "User", Customer()])
def test_what_is_no_message_class_is_an_error(thing: Any) -> None:
    with pytest.raises(errors.InvalidArgumentError, match="message class"):
        Schema.from_messages(thing, primary_key="id")


def test_classes_are_as_protoc_makes_them() -> None:
    assert {cls.DESCRIPTOR.full_name for cls in CLASSES.values()} == {"shop.Customer", "shop.Purchase"}
