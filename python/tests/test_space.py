"""Record spaces: put, get, delete, exists, put_all; with dicts, with message classes, with one type and with several."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import record_store
from conftest import Customer, Purchase
from record_store import errors

Users = record_store.RecordSpace[record_store.Record]


def test_put_get_delete_exists(users: Users) -> None:
    assert users.get(1) is None and not users.exists(1) and not users.delete(1)
    users.put({"id": 1, "name": "Ada"})
    assert users.exists(1)
    users.put({"id": 1, "name": "Grace"})
    found = users.get(1)
    assert found is not None and found["name"] == "Grace"
    assert users.delete(1) and not users.exists(1)


def test_the_path_is_told(users: Users) -> None:
    assert users.path == "test/users"
    assert repr(users) == "RecordSpace('test/users')"


def test_put_all_saves_all(users: Users) -> None:
    users.put_all({"id": number} for number in range(2500))
    assert sum(1 for _ in users.scan()) == 2500


def test_put_all_tells_which_record_does_not_fit(users: Users) -> None:
    with pytest.raises(errors.InvalidRecordError, match=r"User\.name"):
        users.put_all([{"id": 1}, {"id": 2, "name": 5}])


def test_put_all_hands_the_users_exception_back(users: Users) -> None:
    def records() -> Any:
        yield {"id": 1}
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        users.put_all(records())


def test_message_classes_go_in_and_come_out(db: record_store.Database) -> None:
    customers = db.space("customers", Customer, primary_key="id")
    customers.put(Customer(id=1, name="Ada"))
    found = customers.get(1)
    assert isinstance(found, Customer) and found == Customer(id=1, name="Ada")
    assert list(customers.scan()) == [found]


def test_a_dict_goes_into_a_space_of_message_classes(db: record_store.Database) -> None:
    customers = db.space("customers", Customer, primary_key="id")
    customers.put({"id": 1, "name": "Ada"})
    assert customers.get(1) == Customer(id=1, name="Ada")


def test_a_message_goes_into_a_space_of_dicts(db: record_store.Database) -> None:
    db.space("customers", Customer, primary_key="id")
    customers = db.space("customers")
    customers.put(Customer(id=1, name="Ada"))
    assert customers.get(1) == {"id": 1, "name": "Ada"}


def test_several_classes_share_a_space(db: record_store.Database) -> None:
    shop = db.space("shop", [Customer, Purchase], primary_key={"Customer": "id", "Purchase": ["customer_id", "number"]})
    shop.put_all([Customer(id=1, name="Ada"), Purchase(customer_id=1, number=1, item="tea")])
    assert {type(record) for record in shop.scan()} == {Customer, Purchase}
    assert shop.get(1, type=Customer) == Customer(id=1, name="Ada")
    assert list(shop.scan(type=Purchase)) == [Purchase(customer_id=1, number=1, item="tea")]


def test_fields_that_the_class_does_not_know_survive(db: record_store.Database) -> None:
    customers = db.space("customers", Customer, primary_key="id")
    unknown = Customer.FromString(b"\x08\x01\x7a\x03new")
    customers.put(unknown)
    found = customers.get(1)
    assert found is not None and found.SerializeToString() == unknown.SerializeToString()


def test_a_record_of_another_type_is_refused(db: record_store.Database) -> None:
    customers = db.space("customers", Customer, primary_key="id")
    with pytest.raises(errors.Error, match="Purchase"):
        customers.put(Purchase(customer_id=1))


def test_a_message_is_of_the_type_that_is_told(db: record_store.Database) -> None:
    customers = db.space("customers", Customer, primary_key="id")
    customers.put(Customer(id=1), type="Customer")
    customers.put(Customer(id=1), type=Customer)
    with pytest.raises(errors.InvalidArgumentError, match="another type"):
        customers.put(Customer(id=1), type="Purchase")


def test_a_message_of_another_package_is_refused(users: Users) -> None:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="other.proto", package="other", syntax="proto3")
    file.message_type.add(name="User").field.add(name="id", number=1, type=3, label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    other: Any = message_factory.GetMessageClass(pool.FindMessageTypeByName("other.User"))
    with pytest.raises(errors.InvalidRecordError, match=r"other\.User"):
        users.put(other(id=1))


def test_several_types_want_the_type_named(shop: Users) -> None:
    shop.put({"id": 1, "name": "Ada"}, type="User")
    with pytest.raises(errors.InvalidArgumentError, match="Order"):
        shop.get(1)
    with pytest.raises(errors.InvalidArgumentError, match="Order"):
        shop.put({"id": 1})
    with pytest.raises(errors.Error, match="User"):
        shop.get(1, type="Usr")
    assert shop.exists(1, type="User") and shop.delete(1, type="User")


@pytest.mark.parametrize("key", [(1, 2), (), "1", 1.5, b"1", True, (1.0,), uuid.UUID(int=1)])
def test_a_key_that_no_record_can_have_is_refused(users: Users, key: Any) -> None:
    for call in (users.get, users.exists, users.delete):
        with pytest.raises(errors.InvalidArgumentError):
            call(key)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("int64 k = 1", 0),
        ("int64 k = 1", -(2**63)),
        ("string k = 1", ""),
        ("string k = 1", "Zoë"),
        ("bytes k = 1", b"\x00\xff"),
        ("bool k = 1", False),
        ("bool k = 1", True),
        ("double k = 1", 0.0),
        ("double k = 1", 1.5),
        ("double k = 1", 2),
        ("float k = 1", 0.1),
        ("Kind k = 1", "SOME"),
        ("Kind k = 1", 1),
        ("Kind k = 1", "NONE"),
        ("optional int64 k = 1", 0),
        ("optional int64 k = 1", None),
    ],
)
def test_a_record_is_found_by_the_key_that_it_was_put_with(db: record_store.Database, field: str, value: Any) -> None:
    proto = f'syntax = "proto3"; enum Kind {{ NONE = 0; SOME = 1; }} message Thing {{ {field}; string name = 2; }}'
    things = db.space("things", record_store.Schema.from_proto(proto, primary_key={"Thing": "k"}))
    things.put({"k": value, "name": "found"})
    for key in (value, (value,), [value]):
        found = things.get(key)
        assert found is not None and found["name"] == "found"
    assert things.exists(value) and things.delete(value) and not things.exists(value)


def test_a_key_may_lie_in_a_message(db: record_store.Database) -> None:
    proto = 'syntax = "proto3"; message Shop { Address address = 1; int64 number = 2; } message Address { string city = 1; }'
    shops = db.space("shops", record_store.Schema.from_proto(proto, primary_key={"Shop": ["address.city", "number"]}))
    shops.put({"address": {"city": "Oslo"}, "number": 3})
    assert shops.exists(("Oslo", 3)) and not shops.exists(("Oslo", 4))


@pytest.mark.parametrize("key", [object(), {"id": 1}, {1}, 2**80 * 1.0j])
def test_what_is_no_key_is_an_error(users: Users, key: Any) -> None:
    with pytest.raises(errors.InvalidArgumentError, match="key"):
        users.get(key)


def test_a_long_record_is_split_and_one_too_long_is_an_error(users: Users) -> None:
    users.put({"id": 1, "name": "x" * 1_000_000})
    found = users.get(1)
    assert found is not None and len(found["name"]) == 1_000_000
    with pytest.raises(errors.Error) as caught:
        users.put({"id": 2, "name": "x" * 11_000_000})
    assert caught.value.kind == "TooLarge" or caught.value.code == 2101
    assert users.get(2) is None


def test_a_key_too_long_is_an_error(db: record_store.Database) -> None:
    proto = 'syntax = "proto3"; message Page { string url = 1; }'
    pages = db.space("pages", record_store.Schema.from_proto(proto, primary_key={"Page": "url"}))
    with pytest.raises(errors.Error) as caught:
        pages.put({"url": "x" * 11_000})
    assert caught.value.kind == "TooLarge" or caught.value.code == 2102


@pytest.mark.parametrize("type", [5, object(), b"User"])
def test_what_is_no_record_type_is_an_error(users: Users, type: Any) -> None:
    with pytest.raises((errors.InvalidArgumentError, TypeError)):
        users.get(1, type=type)


def test_generic_classes_can_be_written_at_run_time() -> None:
    assert str(record_store.RecordSpace[record_store.Record])
    assert str(record_store.Schema[record_store.Record]) and str(record_store.Cursor[record_store.Record])


def test_insert_saves_only_what_is_new(db: record_store.Database, users: Users) -> None:
    assert users.insert({"id": 1, "name": "Ada"}).version is not None
    with pytest.raises(errors.RecordAlreadyExistsError) as raised:
        users.insert({"id": 1, "name": "Grace"})
    assert "primary_key" in raised.value.context and not raised.value.retryable
    with pytest.raises(errors.RecordAlreadyExistsError):
        users.insert_all([{"id": 2}, {"id": 1}])
    assert not users.exists(2)
    assert len(users.insert_all([{"id": 2}, {"id": 3}])) == 2
    with db.transaction() as tx:
        users.insert({"id": 4}, tx=tx)
        with pytest.raises(errors.RecordAlreadyExistsError):
            users.insert({"id": 4}, tx=tx)
    assert [user["name"] for user in users.scan()] == ["Ada", "", "", ""]


def test_update_saves_only_over_what_is_there(users: Users) -> None:
    with pytest.raises(errors.RecordNotFoundError):
        users.update({"id": 1, "name": "Ada"})
    users.put({"id": 1})
    users.update({"id": 1, "name": "Ada"})
    with pytest.raises(errors.RecordNotFoundError):
        users.update_all([{"id": 1, "name": "Grace"}, {"id": 2}])
    assert [user["name"] for user in users.scan()] == ["Ada"]


def test_records_are_deleted_by_the_beginning_of_their_keys(db: record_store.Database, shop: Users) -> None:
    shop.put_all(({"id": number} for number in range(3)), type="User")
    shop.put_all(({"user_id": number % 3, "number": number} for number in range(9)), type="Order")
    shop.delete_where(1, type="Order")
    assert [order["number"] for order in shop.scan(type="Order")] == [0, 3, 6, 2, 5, 8]
    with db.transaction() as tx:
        shop.delete_where((2,), type="Order", tx=tx)
        assert [order["number"] for order in shop.scan(type="Order", tx=tx)] == [0, 3, 6]
        tx.cancel()
    shop.delete_where(type="Order")
    assert [record.type for record in shop.scan()] == ["User"] * 3
    with pytest.raises(errors.InvalidArgumentError):
        shop.delete_where(1)
    shop.delete_all()
    assert list(shop.scan()) == []
