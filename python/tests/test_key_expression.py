"""Indexes by whole key expressions, and indexes of some records only."""

from __future__ import annotations

from typing import Any

import pytest
import record_store
from record_store import Filter, Index, KeyExpression, Record, RecordSpace, Schema, errors, field, keys

TEXT = """
syntax = "proto3";
message Order {
  int64 id = 1;
  optional string name = 2;
  optional int32 small = 3;
  double price = 4;
  double tax = 5;
  repeated string tags = 6;
  repeated Line lines = 7;
  Address address = 8;
  State state = 9;
}
message Line { string article = 1; int64 count = 2; }
message Address { string city = 1; string zip = 2; }
enum State { OPEN = 0; PAID = 1; }
message Other { int64 id = 1; string name = 2; int64 small = 3; }
"""

ORDERS: list[dict[str, Any]] = [
    {"id": 1, "name": "a", "small": 5, "price": 1.5, "tags": ["x", "y"], "address": {"city": "Oslo"}, "state": "PAID"},
    {"id": 2, "name": "b", "small": 20, "price": 2.0, "tags": ["y"], "lines": [{"article": "tea", "count": 2}]},
    {"id": 3, "small": 30, "lines": [{"article": "tea", "count": 1}, {"article": "milk", "count": 5}], "address": {"city": "Rome"}},
    {"id": 4},
]


def orders(db: record_store.Database, index: Index) -> RecordSpace[Record]:
    schema = Schema.from_proto(TEXT, primary_key={"Order": keys.concat("id")}, indexes=[index])
    space = db.space("test/orders", schema)
    space.put_all(ORDERS, type="Order")
    return space


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (field("name"), [((None, 3), ()), ((None, 4), ()), (("a", 1), ()), (("b", 2), ())]),
        (["name", field("small")], [((None, None, 4), ()), ((None, 30, 3), ()), (("a", 5, 1), ()), (("b", 20, 2), ())]),
        (field("tags").fan_out(), [(("x", 1), ()), (("y", 1), ()), (("y", 2), ())]),
        (field("tags").concatenate(), [(((), 3), ()), (((), 4), ()), ((("x", "y"), 1), ()), ((("y",), 2), ())]),
        (
            field("lines").fan_out().nest("article", "count"),
            [(("milk", 5, 3), ()), (("tea", 1, 3), ()), (("tea", 2, 2), ())],
        ),
        (field("address.city"), [((None, 2), ()), ((None, 4), ()), (("Oslo", 1), ()), (("Rome", 3), ())]),
        (keys.with_value("name", ["small", "address.city"]), [
            ((None, 3), (30, "Rome")),
            ((None, 4), (None, None)),
            (("a", 1), (5, "Oslo")),
            (("b", 2), (20, None)),
        ]),
        (keys.concat(keys.literal("all"), keys.packed("name", "small")), [
            (("all", (None,), (None,), 4), ()),
            (("all", (None,), (30,), 3), ()),
            (("all", ("a",), (5,), 1), ()),
            (("all", ("b",), (20,), 2), ()),
        ]),
    ],
)  # fmt: skip
def test_entries_have_the_columns_of_the_expression(
    db: record_store.Database, columns: Any, expected: list[tuple[Any, Any]]
) -> None:
    space = orders(db, Index("by", columns, on="Order"))
    assert [(entry.key, entry.value) for entry in space.scan_index("by")] == expected


@pytest.mark.parametrize(
    ("index", "group", "expected"),
    [
        (Index("by", keys.empty().group_by("address.city"), type="count"), "Oslo", (1,)),
        (Index("by", field("small").group_by("address.city"), type="max_ever"), "Rome", (30,)),
        (Index("by", field("small").ungrouped(), type="sum"), (), (55,)),
        (Index("by", keys.empty().group_by(keys.record_type()), type="count"), (), (4,)),
    ],
)
def test_groups_can_be_written_down(db: record_store.Database, index: Index, group: Any, expected: tuple[int]) -> None:
    assert orders(db, index).aggregate("by", group) == expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (field("small") >= 20, [2, 3]),
        ("small >= 20", [2, 3]),
        (field("small") == 5, [1]),
        (field("small") < 20, [1]),
        (~(field("small") >= 20), [1]),
        ((field("small") == 5) | (field("name") == "b"), [1, 2]),
        ((field("small") > 5) & (field("name") != None), [2]),  # noqa: E711
        (field("name").is_null(), [3, 4]),
        (field("name") == None, [3, 4]),  # noqa: E711
        ("name IS NOT NULL", [1, 2]),
        (field("name").is_in(["a", "z"]), [1]),
        (field("name").starts_with("b"), [2]),
        (field("price") > 1, [1, 2]),
        (field("price").between(1, 1.5), [1]),
        (field("address.city") == "Oslo", [1]),
        (field("address").matches(field("city") == "Rome"), [3]),
        (field("state") == "PAID", [1]),
    ],
)
def test_an_index_holds_the_records_of_its_condition(
    db: record_store.Database, where: Filter | str, expected: list[int]
) -> None:
    space = orders(db, Index("some", "id", on="Order", where=where))
    assert [order["id"] for order in space.scan_by("some")] == expected
    space.delete(expected[0])
    assert [order["id"] for order in space.scan_by("some")] == expected[1:]


@pytest.mark.parametrize(
    ("index", "error", "told"),
    [
        (Index("by", "nmae"), errors.InvalidExpressionError, "did_you_mean: name"),
        (Index("by", field("nmae")), errors.InvalidExpressionError, "nmae"),
        (Index("by", field("tags")), errors.InvalidExpressionError, "repeated"),
        (Index("by", field("name").fan_out()), errors.InvalidExpressionError, "not repeated"),
        (Index("by", field("address")), errors.InvalidExpressionError, "message"),
        (Index("by", field("name").nest("x")), errors.InvalidExpressionError, "no message"),
        (Index("by", field("name"), group_by="id"), errors.InvalidExpressionError, "whole key expression"),
        (Index("by", "name", where="smal > 5"), errors.Error, "did_you_mean: small"),
        (Index("by", "name", where="small = 'x'"), errors.InvalidExpressionError, "cannot hold"),
        (Index("by", "name", where=field("small") == 2**40), errors.InvalidExpressionError, "cannot hold"),
        (Index("by", "name", where=field("state") == "GONE"), errors.InvalidExpressionError, "GONE"),
        (Index("by", "name", where=field("tags").any() == "x"), errors.InvalidQueryError, "repeated"),
        (Index("by", "name", where="name LIKE '%a%'"), errors.InvalidQueryError, "LIKE"),
        (Index("by", "name", where="small >"), errors.InvalidQueryError, "line"),
        (Index("by", "name", where="small > ?"), errors.InvalidQueryError, "parameter"),
    ],
)
def test_what_does_not_fit_the_type_is_told(index: Index, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told) as raised:
        Schema.from_proto(TEXT, primary_key={"Order": "id"}, indexes=[index])
    assert isinstance(raised.value, errors.InvalidQueryError) or raised.value.context["index"] == "by"  # type: ignore[attr-defined]


def test_a_condition_means_the_same_in_all_types_of_an_index() -> None:
    with pytest.raises(errors.InvalidExpressionError, match="several indexes"):
        index = Index("by", "name", where="small = 1")
        Schema.from_proto(TEXT, primary_key={"Order": "id", "Other": "id"}, indexes=[index])


ANYTHING: Any = object()
OTHER_FIELD: Any = field("small")


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: keys.concat(ANYTHING), "a column is"),
        (lambda: keys.literal(ANYTHING), "a constant is"),
        (lambda: keys.function("shuffle", "id"), "shuffle"),
        (lambda: field("tags").any().nest("x"), "any"),
        (lambda: keys.concat(field("tags").any()), "any"),
        (lambda: field("id") < None, "None"),
        (lambda: field("id") == OTHER_FIELD, "another field"),
        (lambda: field("id") == ANYTHING, "column of a key"),
    ],
)
def test_what_is_no_expression_is_told(call: Any, told: str) -> None:
    with pytest.raises(record_store.Error, match=told):
        call()


def test_expressions_are_values() -> None:
    city = keys.concat("address.city", field("tags").fan_out())
    assert isinstance(city, KeyExpression) and city.column_count == 2
    assert city == keys.concat(field("address").nest("city"), field("tags").fan_out()) and hash(city) == hash(
        keys.concat("address.city", field("tags").fan_out())
    )
    assert city != keys.concat("address.city") and city != 5
    assert field("a.b").name == "a.b" and repr(field("a.b")) == "field('a.b')"


def test_filters_are_not_truth_values() -> None:
    with pytest.raises(TypeError, match="&, | and ~"):
        bool(field("a") == 1)
    with pytest.raises(TypeError):
        assert 1 < field("a") < 3
    with pytest.raises(TypeError):
        hash(field("a"))
