"""Schemas from .proto text, files, descriptor sets and message classes; and what is no schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import record_store
from conftest import CLASSES, PROTO, Customer, Purchase
from google.protobuf import descriptor_pb2
from record_store import Index, Schema, errors

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


PEOPLE = """
syntax = "proto3";
message Person { int64 id = 1; string last_name = 2; string first_name = 3; Address address = 4; int64 paid = 5; }
message Address { string city = 1; }
message Visit { int64 id = 1; int64 person = 2; }
"""


def people(*indexes: Index, **more: Any) -> Schema[record_store.Record]:
    return Schema.from_proto(PEOPLE, primary_key={"Person": "id"}, indexes=indexes, **more)


def test_indexes_are_plain_data(db: record_store.Database) -> None:
    schema = people(
        Index("by_name", ["last_name", "first_name"], on="Person"),
        Index("by_city", "address.city", on=["Person"], covering="paid"),
        Index("how_many", type="count", group_by="address.city", on="Person"),
        Index("paid_by_city", "paid", type="sum", group_by="address.city", on="Person"),
        Index("in_all", type="count"),
        Index("latest", "last_name", type="version", on="Person"),
        Index("named_once", "last_name", on="Person", unique=True, options={"allowedForQuery": "false"}),
    )
    space = db.space("people", schema)
    assert space.schema_versions() == [9]
    assert len(space.plan(schema)) == 0
    space.put({"id": 1, "last_name": "Lovelace", "address": {"city": "London"}, "paid": 3})
    with pytest.raises(errors.UniquenessViolationError):
        space.put({"id": 2, "last_name": "Lovelace"})
    assert space.get(2) is None


def test_an_index_names_message_classes() -> None:
    schema = Schema.from_messages(Customer, primary_key="id", indexes=[Index("by_name", "name", on=Customer)])
    assert schema.record_types == ["Customer"]


@pytest.mark.parametrize(
    ("index", "error", "context"),
    [
        (Index("i", "last_nam", on="Person"), errors.InvalidExpressionError, ("did_you_mean", "last_name")),
        (Index("i", "id", on="Persn"), errors.MetaDataError, ("did_you_mean", "Person")),
        (Index("i", "last_name", type="sum", on="Person"), errors.InvalidExpressionError, ("index", "i")),
        (Index("i", 7, on="Person"), errors.InvalidArgumentError, ("given", "7")),  # type: ignore[arg-type]
        ("by_name", errors.InvalidArgumentError, ("given", "'by_name'")),
    ],
)
def test_a_wrong_index_is_named(index: Any, error: type[record_store.Error], context: tuple[str, str]) -> None:
    with pytest.raises(error) as raised:
        people(index)
    name, value = context
    assert raised.value.context[name] == value


def test_a_plan_says_what_a_schema_costs(db: record_store.Database) -> None:
    space = db.space("people", people(Index("by_name", "last_name", on="Person")))
    space.put_all([{"id": 1}, {"id": 2}])
    wanted = people(Index("by_city", "address.city", on="Person"), drop_indexes=["by_name"])
    plan = space.plan(wanted)
    assert plan.allowed
    assert str(plan).splitlines() == [
        "index by_name removed: its entries are cleared",
        "index by_city added: the index is built over 2 records",
    ]
    removed, added = plan.changes
    assert (removed.subject, removed.name, removed.action, removed.cost) == ("index", "by_name", "removed", "index_clear")
    assert (added.action, added.cost, added.records) == ("added", "index_build", 2)
    assert space.schema_versions() == [3]
    db.space("people", wanted)
    assert space.schema_versions() == [3, 5]
    assert len(space.plan(wanted)) == 0
    assert str(space.plan(wanted)) == "no change"


def test_what_is_refused_has_the_rule_and_the_way_out(db: record_store.Database) -> None:
    space = db.space("people", people())
    wanted = Schema.from_proto(PEOPLE.replace("int64 paid", "string paid"), primary_key={"Person": "id"})
    plan = space.plan(wanted)
    assert not plan.allowed
    [change] = plan.changes
    assert (change.subject, change.name, change.action, change.part) == ("field", "Person.paid", "changed", "type")
    assert (change.before, change.after) == ("int64", "string")
    assert (change.cost, change.rule, change.records) == ("refused", "the type of a field changed", None)
    with pytest.raises(errors.MetaDataEvolutionError) as raised:
        db.space("people", wanted)
    assert raised.value.context["way_out"] == change.way_out
    assert raised.value.context["changes"] == str(plan)


def test_a_way_out_can_be_taken(db: record_store.Database) -> None:
    db.space("people", people())
    renamed = PEOPLE.replace("first_name", "given_name")
    with pytest.raises(errors.MetaDataEvolutionError):
        db.space("people", Schema.from_proto(renamed, primary_key={"Person": "id"}))
    allowed = Schema.from_proto(renamed, primary_key={"Person": "id"}, evolution={"allow_field_renames": True})
    assert db.space("people", allowed).schema_versions()[-1] == 3
    with pytest.raises(errors.InvalidArgumentError, match="allow_field_renames"):
        people(evolution={"allow_field_rename": True})


def test_a_type_is_dropped_when_its_records_are_gone(db: record_store.Database) -> None:
    both = Schema.from_proto(PEOPLE, primary_key={"Person": "id", "Visit": "id"})
    space = db.space("people", both)
    space.put({"id": 1}, type="Visit")
    with pytest.raises(errors.MetaDataEvolutionError, match="still has records"):
        db.space("people", people(drop_types=["Visit"]))
    space.delete(1, type="Visit")
    db.space("people", people(drop_types=["Visit"])).put({"id": 1})
    assert space.exists(1)
