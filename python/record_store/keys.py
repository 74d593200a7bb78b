"""Whole key expressions, where the names of columns are not enough: for `Index.columns` and `primary_key`.

Columns are names of fields (`"address.city"`), `record_store.field(name)` with what it can be told (`fan_out`, `concatenate`, `nest`), or what these
functions give. A whole expression is taken as it is: types of indexes that group need `group_by` or `ungrouped` in it.

>>> from record_store import Index, field, keys
>>> by_line = Index("by_line", field("lines").fan_out().nest(keys.concat("article", "count")), on="Order")
>>> all_tags = Index("all_tags", field("tags").concatenate(), on="User")
>>> names = Index("names", keys.with_value("id", ("name", "email")), on="User")
>>> count = Index("users_by_type", keys.empty().group_by(keys.record_type()), type="count")
>>> tax = Index("by_total", keys.function("add", "price", "tax"), on="Order")
"""

from __future__ import annotations

from ._native import concat, dimensions, empty, function, literal, packed, record_type, version, with_value

__all__ = ["concat", "dimensions", "empty", "function", "literal", "packed", "record_type", "version", "with_value"]
