"""The examples of the README and of the docstrings run."""

from __future__ import annotations

import asyncio
import doctest
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import record_store
from conftest import Customer
from record_store import _native, aio, errors

README = Path(__file__).parent.parent / "README.md"


def programs(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def test_the_projects_readme_runs() -> None:
    (program,) = programs(README.parent.parent / "README.md")
    exec(compile(program, "README.md", "exec"), {})


def test_the_readmes_programs_run() -> None:
    blocks = programs(README)
    assert len(blocks) >= 3
    names: dict[str, Any] = {"Customer": Customer}
    for block in blocks:
        exec(compile(block, str(README), "exec"), names)
    names["db"].close()


def documented() -> Iterator[tuple[str, str]]:
    """The docstrings that have examples, by the name of what they belong to."""
    for module in (record_store, aio, _native):
        yield module.__name__, module.__doc__ or ""
        for name, thing in vars(module).items():
            if name.startswith("_") or getattr(thing, "__module__", "").split(".")[0] != "record_store":
                continue
            yield f"{module.__name__}.{name}", thing.__doc__ or ""
            # Both faces have the same methods, whose examples are blocking.
            if isinstance(thing, type) and not name.startswith("Async") and module is not aio:
                yield from ((f"{name}.{member}", getattr(value, "__doc__", "") or "") for member, value in inspect.getmembers(thing))


EXAMPLES = {name: text for name, text in documented() if ">>>" in text}


def test_the_main_classes_have_examples() -> None:
    assert {"record_store", "record_store.RecordSpace", "record_store.Schema", "Database.run", "record_store.aio.RecordSpace"} <= set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_docstring_examples_run(name: str) -> None:
    with record_store.open("memory:") as db:
        users = db.space("docs/users", Customer, primary_key="id")
        users.put(Customer(id=1, name="Ada"))
        names = {"record_store": record_store, "db": db, "users": users, "User": Customer, "aio": aio, "asyncio": asyncio}
        test = doctest.DocTestParser().get_doctest(EXAMPLES[name], names, name, None, None)
        assert doctest.DocTestRunner(verbose=False).run(test).failed == 0


@pytest.mark.parametrize("thing", [getattr(module, name) for module in (record_store, aio) for name in module.__all__])
def test_everything_public_is_documented(thing: Any) -> None:
    assert thing.__doc__
    if isinstance(thing, type) and thing.__module__ in ("record_store", "record_store.aio"):
        for member, value in inspect.getmembers(thing):
            assert member.startswith("_") or value.__doc__, f"{thing}.{member} has no docstring"
    assert errors.__doc__
