"""Counts by type and by the columns of a key, scans of keys, and the states of single indexes."""

from __future__ import annotations

import asyncio

import pytest
import record_store
from record_store import Index, PrimaryKey, Record, RecordSpace, Schema, aio, errors, field, keys

PROTO = """
syntax = "proto3";
message Order { string shop = 1; int64 id = 2; string note = 3; }
message Refund { string shop = 1; int64 id = 2; }
"""

Space = RecordSpace[Record]


def shop_schema() -> Schema[Record]:
    return Schema.from_proto(
        PROTO,
        primary_key={"Order": ["shop", "id"], "Refund": ["shop", "id"]},
        indexes=[
            Index("by_type", keys.empty().group_by(keys.record_type()), type="count"),
            Index("by_shop", type="count", group_by="shop"),
            Index("by_id", "id", on="Order"),
            Index("by_note", "note", on="Order"),
        ],
    )


@pytest.fixture
def orders(db: record_store.Database) -> Space:
    orders = db.space("orders", shop_schema())
    orders.put_all([{"shop": shop, "id": id} for shop, id in [("a", 1), ("b", 1), ("b", 2)]], type="Order")
    orders.put({"shop": "a", "id": 1}, type="Refund")
    return orders


def test_records_are_counted_by_type_and_by_the_columns_of_a_key(db: record_store.Database, orders: Space) -> None:
    assert orders.count() == 4
    assert orders.count(type="Order") == 3 and orders.count(type="Refund") == 1
    assert orders.count_by("shop", "b") == 2
    assert orders.count_by([field("shop")], ("x",)) == 0
    with db.transaction() as tx:
        orders.put({"shop": "b", "id": 3}, type="Order", tx=tx)
        assert orders.count_by("shop", "b", tx=tx) == 3 and orders.count_by("shop", "b") == 2
        assert orders.count(type="Order", tx=tx) == 4


def test_what_is_not_counted_is_an_error(orders: Space) -> None:
    with pytest.raises(errors.UnsupportedError):
        orders.count_by("id", 1)
    with pytest.raises(errors.InvalidArgumentError) as raised:
        orders.count_by("shop", ("a", 1))
    assert raised.value.context["expected"] == "1"
    with pytest.raises(errors.MetaDataError):
        orders.count(type="Ordr")
    with pytest.raises(errors.InvalidArgumentError):
        orders.count_by(1, 1)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        orders.count_by("shop")  # type: ignore[call-arg]


def test_keys_are_scanned_without_their_records(db: record_store.Database, orders: Space) -> None:
    found = list(orders.scan_keys(type="Order"))
    assert [key[-2:] for key in found] == [("a", 1), ("b", 1), ("b", 2)]
    assert isinstance(found[0], PrimaryKey)
    assert orders.get(found[2]) == {"shop": "b", "id": 2, "note": ""}
    page = orders.scan_keys(type="Order", reverse=True).page(2)
    assert [key[-1] for key in page] == [2, 1] and page.continuation is not None
    with db.transaction() as tx:
        rest = list(orders.scan_keys(type="Order", reverse=True, after=page.continuation, tx=tx))
    assert rest == found[:1]
    with pytest.raises(errors.InvalidContinuationError):
        list(orders.scan(type="Order", reverse=True, after=page.continuation))
    with pytest.raises(OverflowError):
        orders.scan_keys(limit=-1)
    with pytest.raises(TypeError):
        orders.scan_keys(limt=1)  # type: ignore[call-arg]


def test_an_index_is_marked_and_built_again(db: record_store.Database, orders: Space) -> None:
    assert orders.index_state("by_id") == "READABLE"
    assert orders.disable_index("by_id") and not orders.disable_index("by_id")
    with pytest.raises(errors.IndexNotReadableError):
        orders.mark_index("by_id", "READABLE")
    orders.rebuild_index("by_id")
    assert orders.index_state("by_id") == "READABLE"
    with db.transaction() as tx:
        assert orders.mark_index("by_id", "WRITE_ONLY", tx=tx)
        assert orders.index_state("by_id", tx=tx) == "WRITE_ONLY" and orders.index_state("by_id") == "READABLE"
    assert orders.index_state("by_id") == "WRITE_ONLY"
    assert orders.mark_index("by_id", "READABLE")
    with pytest.raises(errors.InvalidArgumentError) as raised:
        orders.mark_index("by_id", "READY")  # type: ignore[arg-type]
    assert raised.value.context["state"] == "READY"
    for call in (orders.index_state, orders.disable_index, orders.rebuild_index):
        with pytest.raises(errors.MetaDataError):
            call("by_di")


def test_an_index_is_built_by_another(orders: Space) -> None:
    orders.disable_index("by_note")
    assert orders.build_indexes("by_note", by_index="by_id").records_scanned == 3
    assert [entry.key[0] for entry in orders.scan_index("by_note")] == [None, None, None]
    with pytest.raises(errors.MetaDataError):
        orders.build_indexes("by_note", by_index="by_di", if_readable="rebuild")


def test_transactions_of_others_and_closed_handles_are_errors(url: str) -> None:
    with record_store.open(url) as db, record_store.open("memory:") as other:
        orders = db.space("orders", shop_schema())
        with other.transaction() as tx:
            calls = (
                lambda: orders.count(type="Order", tx=tx),
                lambda: orders.count_by("shop", "a", tx=tx),
                lambda: orders.scan_keys(tx=tx),
                lambda: orders.index_state("by_id", tx=tx),
                lambda: orders.mark_index("by_id", "DISABLED", tx=tx),
                lambda: orders.rebuild_index("by_id", tx=tx),
            )
            for call in calls:
                with pytest.raises(errors.InvalidArgumentError, match="another"):
                    call()
    for call in (orders.count, orders.scan_keys, lambda: orders.index_state("by_id"), lambda: orders.count_by("shop", "a")):
        with pytest.raises(errors.InvalidArgumentError, match="closed"):
            call()


def test_dimensions_are_columns() -> None:
    assert keys.dimensions(("shop", "id", "note"), 1, 2).column_count == 3
    with pytest.raises(OverflowError):
        keys.dimensions("id", -1, 1)


def test_asyncio_has_the_same(url: str) -> None:
    async def main() -> None:
        async with aio.open(url) as db:
            orders = await db.space("orders", shop_schema())
            await orders.put_all([{"shop": "a", "id": id} for id in range(1, 4)], type="Order")
            assert await orders.count(type="Order") == await orders.count_by("shop", "a") == 3
            assert [key[-1] async for key in orders.scan_keys(prefix=("a",), type="Order")] == [1, 2, 3]
            assert await orders.disable_index("by_id")
            await orders.rebuild_index("by_id")
            assert await orders.index_state("by_id") == "READABLE"
            assert await orders.mark_index("by_id", "WRITE_ONLY")

    asyncio.run(main())
