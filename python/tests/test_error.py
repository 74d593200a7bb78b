"""Exceptions: one class per kind of the core, all below `Error`."""

from __future__ import annotations

import pickle

import pytest
import record_store
from record_store import _native, errors


def test_there_is_a_class_for_every_kind_of_the_core_and_no_other() -> None:
    assert list(errors.BY_KIND) == _native.error_kinds()


@pytest.mark.parametrize("kind", errors.BY_KIND)
def test_every_class_is_named_and_documented_after_its_kind(kind: str) -> None:
    error_class = errors.BY_KIND[kind]
    assert issubclass(error_class, record_store.Error)
    assert (error_class.kind, error_class.__name__) == (kind, f"{kind}Error")
    assert getattr(errors, error_class.__name__) is error_class and error_class.__name__ in errors.__all__
    assert error_class.__doc__


def test_an_error_has_kind_code_judgement_and_facts() -> None:
    with pytest.raises(errors.SchemaError) as caught:
        record_store.Schema.from_proto('syntax = "proto3"; message User {', primary_key={"User": "id"})
    error = caught.value
    assert (error.kind, error.code, error.retryable, error.maybe_committed) == ("Schema", None, False, False)
    assert error.context and all(isinstance(value, str) for value in error.context.values())


def test_errors_survive_pickling() -> None:
    error = errors.FdbError("conflict", code=1020, retryable=True, context={"key": "k"})
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is errors.FdbError and str(copy) == "conflict"
    assert (copy.code, copy.retryable, copy.maybe_committed, copy.context) == (1020, True, False, {"key": "k"})
