"""Records as dicts: every kind of field both ways, and everything that does not fit."""

from __future__ import annotations

import copy
import math
from collections import UserDict
from typing import Any

import pytest
import record_store
from record_store import errors

Users = record_store.RecordSpace[record_store.Record]

EMPTY: dict[str, Any] = {
    "id": 1,
    "name": "",
    "email": None,
    "avatar": b"",
    "score": 0.0,
    "ratio": 0.0,
    "active": False,
    "counter": 0,
    "small": 0,
    "flags": 0,
    "role": "GUEST",
    "address": None,
    "tags": [],
    "counts": {},
    "homes": {},
    "phone": None,
    "fax": None,
    "past": [],
    "manager": None,
}


@pytest.mark.parametrize(
    ("field", "given", "stored"),
    [
        ("name", "Zoë 🦀", "Zoë 🦀"),
        ("name", None, ""),
        ("email", "", ""),
        ("email", None, None),
        ("avatar", b"\x00\xff", b"\x00\xff"),
        ("avatar", bytearray(b"ab"), b"ab"),
        ("avatar", memoryview(b"xaby")[1:3], b"ab"),
        ("score", 1.5, 1.5),
        ("score", 2, 2.0),
        ("score", -0.0, -0.0),
        ("score", math.inf, math.inf),
        ("ratio", 0.25, 0.25),
        ("active", True, True),
        ("counter", -(2**63), -(2**63)),
        ("small", -(2**31), -(2**31)),
        ("flags", 2**31 - 1, 2**31 - 1),
        ("role", "ADMIN", "ADMIN"),
        ("role", 1, "ADMIN"),
        ("role", 77, 77),
        ("address", {"city": "Paris"}, {"street": "", "city": "Paris"}),
        ("address", {}, {"street": "", "city": ""}),
        ("tags", ["a", "b"], ["a", "b"]),
        ("tags", ("a",), ["a"]),
        ("tags", {"a": 1, "b": 2}.keys(), ["a", "b"]),
        ("counts", {"a": 1}, {"a": 1}),
        ("homes", {-5: {"city": "Rome"}}, {-5: {"street": "", "city": "Rome"}}),
        ("phone", "112", "112"),
        ("past", [{"city": "Oslo"}], [{"street": "", "city": "Oslo"}]),
    ],
)
def test_a_value_comes_back(users: Users, field: str, given: object, stored: object) -> None:
    users.put({"id": 1, field: given})
    assert users.get(1) == EMPTY | {field: stored}


@pytest.mark.parametrize("number", [-(2**63), -1, 0, 2**53 + 1, 2**63 - 1])
def test_64_bits_are_exact(users: Users, number: int) -> None:
    users.put({"id": number})
    found = users.get(number)
    assert found is not None and found["id"] == number


def test_not_a_number_comes_back(users: Users) -> None:
    users.put({"id": 1, "score": math.nan})
    found = users.get(1)
    assert found is not None and math.isnan(found["score"])


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"id": "1"}, "User.id"),
        ({"id": True}, "User.id"),
        ({"id": 1.0}, "User.id"),
        ({"id": 2**63}, "User.id"),
        ({"id": 1, "name": 5}, "User.name"),
        ({"id": 1, "name": b"x"}, "User.name"),
        ({"id": 1, "name": "\ud800"}, "User.name"),
        ({"id": 1, "avatar": "x"}, "User.avatar"),
        ({"id": 1, "score": "1.5"}, "User.score"),
        ({"id": 1, "score": False}, "User.score"),
        ({"id": 1, "ratio": 1e300}, "User.ratio"),
        ({"id": 1, "active": 1}, "User.active"),
        ({"id": 1, "counter": 2**63}, "User.counter"),
        ({"id": 1, "small": 2**31}, "User.small"),
        ({"id": 1, "flags": -(2**31) - 1}, "User.flags"),
        ({"id": 1, "role": "ADMN"}, "User.role"),
        ({"id": 1, "role": 2**31}, "User.role"),
        ({"id": 1, "role": True}, "User.role"),
        ({"id": 1, "address": "Paris"}, "User.address"),
        ({"id": 1, "address": {"city": 5}}, "User.address.city"),
        ({"id": 1, "tags": "abc"}, "User.tags"),
        ({"id": 1, "tags": 5}, "User.tags"),
        ({"id": 1, "tags": ["a", None]}, "User.tags[1]"),
        ({"id": 1, "counts": ["a"]}, "User.counts"),
        ({"id": 1, "counts": {"a": "b"}}, "User.counts['a']"),
        ({"id": 1, "counts": {1: 1}}, "User.counts[1]"),
        ({"id": 1, "homes": {1: {"city": 5}}}, "User.homes[1].city"),
        ({"id": 1, "past": [{}, {"city": 5}]}, "User.past[1].city"),
        ({"id": 1, "phone": "1", "fax": "2"}, "User.fax"),
        ({5: 1}, "User"),
    ],
)
def test_what_does_not_fit_is_named(users: Users, record: dict[str, Any], field: str) -> None:
    with pytest.raises(errors.InvalidRecordError) as caught:
        users.put(record)
    assert caught.value.context["field"] == field
    assert field in str(caught.value)
    assert users.get(1) is None


def test_the_value_that_does_not_fit_is_shown_and_cut(users: Users) -> None:
    with pytest.raises(errors.InvalidRecordError) as caught:
        users.put({"id": "x" * 500})
    context = caught.value.context
    assert (context["type"], context["expected"]) == ("str", "an int of 64 bits")
    assert context["value"].startswith("'xxx") and len(context["value"]) < 100


def test_an_unknown_field_is_named_with_the_nearest_known_one(users: Users) -> None:
    with pytest.raises(errors.InvalidRecordError) as caught:
        users.put({"id": 1, "nmae": "Ada"})
    assert caught.value.context["field"] == "nmae" and caught.value.context["did_you_mean"] == "name"


def test_a_record_that_contains_itself_is_an_error(users: Users) -> None:
    record: dict[str, Any] = {"id": 1}
    record["manager"] = record
    with pytest.raises(errors.InvalidRecordError, match="nested too deeply"):
        users.put(record)


@pytest.mark.parametrize("record", [None, 5, "User", b"\x08\x01", [("id", 1)], object()])
def test_what_is_no_record_is_an_error(users: Users, record: Any) -> None:
    with pytest.raises(errors.InvalidRecordError):
        users.put(record)


def test_an_exception_of_the_users_mapping_passes_through(users: Users) -> None:
    class Failing(UserDict[str, Any]):
        def items(self) -> Any:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        users.put(Failing(id=1))


def test_any_mapping_is_a_record(users: Users) -> None:
    users.put(UserDict(id=1, name="Ada", address=UserDict(city="London")))
    assert users.get(1) == EMPTY | {"name": "Ada", "address": {"street": "", "city": "London"}}


def test_a_record_that_came_out_knows_its_type_and_goes_in_again(shop: Users) -> None:
    shop.put({"user_id": 1, "number": 2, "item": "tea"}, type="Order")
    order = shop.get((1, 2), type="Order")
    assert order is not None and order.type == "Order"
    order["item"] = "coffee"
    shop.put(order)
    assert shop.get((1, 2), type="Order") == {"user_id": 1, "number": 2, "item": "coffee"}
    assert copy.deepcopy(order).type == "Order"
