"""The scenarios of `tests/scenarios`, carried out in Python; see the README there."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import record_store
from record_store import Index, Record, RecordSpace, Schema

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parents[2] / "tests" / "scenarios"
SCENARIOS = {file.stem: tomllib.loads(file.read_text("utf-8")) for file in sorted(FOLDER.glob("*.toml"))}

Step: TypeAlias = dict[str, Any]

# The words of a step besides what it does and what comes of it.
WORDS = {
    "open": {"space", "schema", "below"},
    "reopen": set(),
    "put": {"space", "type", "record"},
    "put_all": {"space", "type", "records"},
    "insert": {"space", "type", "record"},
    "update": {"space", "type", "record"},
    "get": {"space", "type", "key"},
    "exists": {"space", "type", "key"},
    "delete": {"space", "type", "key"},
    "delete_where": {"space", "type", "key"},
    "versions": {"space", "type", "keys"},
    "count": {"space", "type", "by", "value"},
    "scan": {"space", "type", "prefix", "start", "end", "reverse", "limit"},
    "scan_keys": {"space", "type", "prefix", "start", "end", "reverse", "limit"},
    "scan_index": {"space", "index", "prefix", "start", "end", "reverse", "limit"},
    "scan_by": {"space", "index", "prefix", "start", "end", "reverse", "limit"},
    "query": {"space", "type", "where", "parameters", "order_by", "reverse", "limit", "fields", "explain"},
    "aggregate": {"space", "index", "group"},
    "index_states": {"space"},
    "build_indexes": {"space", "allow_unique_pending"},
    "mark_index": {"space", "index", "state"},
    "rebuild_index": {"space", "index"},
    "uniqueness_violations": {"space", "index", "prefix", "start", "end", "reverse", "limit"},
    "resolve_uniqueness": {"space", "index", "value", "keep"},
    "plan": {"space", "schema"},
    "schema_versions": {"space"},
    "spaces": {"path"},
    "children": {"space"},
    "remove_space": {"path"},
    "move_space": {"path", "to"},
    "transaction": {"steps", "meanwhile", "cancel"},
    "run": {"steps", "meanwhile"},
}
OUTCOMES = {"do", "gives", "pages", "page_size", "error"}


def test_there_are_scenarios() -> None:
    assert "put_get_delete" in SCENARIOS


@pytest.mark.parametrize("file", SCENARIOS)
def test_the_scenario_holds(file: str, url: str) -> None:
    runner = Runner(SCENARIOS[file], url)
    for number, step in enumerate(SCENARIOS[file]["step"], start=1):
        with told_where(f"{file}, step {number}, {step['do']}"):
            runner.judge(step)


class told_where:
    """Adds to an error at which step it was raised."""

    def __init__(self, where: str) -> None:
        self.where = where

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if error is not None:
            raise AssertionError(f"{self.where}: {error}") from error


class Runner:
    """A database under test, with the spaces that a scenario has opened."""

    def __init__(self, scenario: dict[str, Any], url: str) -> None:
        self.schemas = scenario["schemas"]
        self.url = url
        self.database = record_store.open(url)
        self.spaces: dict[str, RecordSpace[Record]] = {}
        self.current = ""
        self.columns = {
            index["name"]: len(index.get("columns", []))
            for schema in self.schemas.values()
            for index in schema.get("indexes", [])
        }
        # A field that is left out of an expected record may have the first value of its enum.
        protos = "".join(schema["proto"] for schema in self.schemas.values())
        self.defaults = [None, 0, "", b"", [], {}, *re.findall(r"(\w+)\s*=\s*0\s*;", protos)]

    def judge(self, step: Step, tx: record_store.Transaction | None = None) -> None:
        """Whether the step does what it should."""
        unknown = step.keys() - WORDS[step["do"]] - OUTCOMES
        assert not unknown, f"it has the words {unknown}"
        if "error" in step:
            with pytest.raises(record_store.Error) as raised:
                self.do(step, tx)
            assert raised.value.kind == step["error"]["kind"], str(raised.value)
            for word in step["error"].get("says", []):
                assert word in str(raised.value)
            return
        given = self.do(step, tx)
        expected = step.get("pages", step.get("gives"))
        if expected is not None:
            self.compare(given, value(expected))

    def compare(self, given: Any, expected: Any) -> None:
        if isinstance(given, Record):
            assert isinstance(expected, dict), f"{given!r} instead of {expected!r}"
            assert given.type == expected.get("@type", given.type)
            expected = {name: field for name, field in expected.items() if name != "@type"}
        if isinstance(given, dict) and isinstance(expected, dict):
            for name in given.keys() | expected.keys():
                if name in expected:
                    assert name in given, f"there is no {name} in {given!r}"
                    self.compare(given[name], expected[name])
                else:
                    assert given[name] in self.defaults, f"there is {name} in {given!r}"
        elif isinstance(given, (list, tuple)) and isinstance(expected, list):
            assert len(given) == len(expected), f"{given!r} instead of {expected!r}"
            for one, other in zip(given, expected):
                self.compare(one, other)
        else:
            assert given == expected and isinstance(given, bool) == isinstance(expected, bool)

    def do(self, step: Step, tx: record_store.Transaction | None) -> Any:
        match step["do"]:
            case "open":
                path = step["space"]
                schema = self.schema(self.schemas[step["schema"]]) if "schema" in step else None
                if "below" in step:
                    space = self.spaces[step["below"]].child(path.removeprefix(step["below"] + "/"), schema)
                else:
                    space = self.database.space(path, schema)
                self.current = path
                self.spaces[path] = space
            case "reopen" if self.url != "memory:":
                self.spaces.clear()
                self.database.close()
                self.database = record_store.open(self.url)
            case "reopen":
                pass
            case "spaces":
                return self.database.spaces(step.get("path", ""))
            case "remove_space":
                return self.database.remove_space(step["path"])
            case "move_space":
                self.database.move_space(step["path"], step["to"])
            case "transaction":
                self.transaction(step)
            case "run":
                return self.run(step)
            case _:
                return self.on_space(step, self.spaces[step.get("space", self.current)], tx)

    def schema(self, text: dict[str, Any]) -> Schema[Record]:
        return Schema.from_proto(
            text["proto"],
            primary_key=text["primary_key"],
            indexes=[Index(**index) for index in text.get("indexes", [])],
            drop_indexes=text.get("drop_indexes", ()),
            drop_types=text.get("drop_types", ()),
        )

    def transaction(self, step: Step) -> None:
        tx = self.database.transaction()
        self.steps(step["steps"], tx)
        self.steps(step.get("meanwhile", []))
        if step.get("cancel", False):
            tx.cancel()
        else:
            tx.commit()

    def run(self, step: Step) -> int:
        """How often the steps are tried. What happens meanwhile does so in the first attempt."""
        attempts = 0

        def body(tx: record_store.Transaction) -> None:
            nonlocal attempts
            attempts += 1
            self.steps(step["steps"], tx)
            if attempts == 1:
                self.steps(step.get("meanwhile", []))

        self.database.run(body)
        return attempts

    def steps(self, steps: list[Step], tx: record_store.Transaction | None = None) -> None:
        for number, inner in enumerate(steps, start=1):
            with told_where(f"step {number} of the transaction, {inner['do']}"):
                self.judge(inner, tx)

    def on_space(self, step: Step, space: RecordSpace[Record], tx: record_store.Transaction | None) -> Any:
        type = step.get("type")
        key = value(step.get("key", []))
        match step["do"]:
            case "put":
                space.put(value(step["record"]), type=type, tx=tx)
            case "put_all":
                space.put_all(value(step["records"]), type=type, tx=tx)
            case "insert":
                space.insert(value(step["record"]), type=type, tx=tx)
            case "update":
                space.update(value(step["record"]), type=type, tx=tx)
            case "get":
                record = space.get(key, type=type, tx=tx)
                return "nothing" if record is None else record
            case "exists":
                return space.exists(key, type=type, tx=tx)
            case "delete":
                return space.delete(key, type=type, tx=tx)
            case "delete_where":
                space.delete_where(key, type=type, tx=tx)
            case "versions":
                versions = [(space.version(each, type=type), each) for each in value(step["keys"])]
                saved = [(version, each) for version, each in versions if version is not None]
                return [each for _, each in sorted(saved, key=lambda pair: pair[0])]
            case "count" if "by" in step:
                return space.count_by(step["by"], value(step["value"]), tx=tx)
            case "count":
                return space.count(type=type, tx=tx)
            case "aggregate":
                columns = space.aggregate(step["index"], value(step["group"]), tx=tx)
                return "nothing" if columns is None else columns
            case "index_states" | "build_indexes":
                if step["do"] == "build_indexes":
                    space.build_indexes(allow_unique_pending=step.get("allow_unique_pending", False))
                return {name: state.lower() for name, state in space.index_states(tx=tx).items()}
            case "mark_index":
                return space.mark_index(step["index"], step["state"].upper(), tx=tx)
            case "rebuild_index":
                space.rebuild_index(step["index"], tx=tx)
            case "resolve_uniqueness":
                space.resolve_uniqueness(step["index"], value(step["value"]), keep=value(step.get("keep")), tx=tx)
            case "plan":
                changes = space.plan(self.schema(self.schemas[step["schema"]])).changes
                return [[change.subject, change.name, change.action, change.cost] for change in changes]
            case "schema_versions":
                return space.schema_versions()
            case "children":
                return space.children()
            case "query":
                return self.query(step, space, tx)
            case "scan":
                return pages(step, lambda **options: space.scan(type=type, tx=tx, **options))
            case "scan_keys":
                return pages(step, lambda **options: space.scan_keys(type=type, tx=tx, **options), lambda key: key[1:])
            case "uniqueness_violations":
                def violations(**options: Any) -> record_store.Cursor[record_store.UniquenessViolation]:
                    return space.uniqueness_violations(step["index"], tx=tx, **options)

                return pages(step, violations, lambda violation: [*violation.value, *violation.primary_key[1:]])
            case "scan_by":
                return pages(step, lambda **options: space.scan_by(step["index"], tx=tx, **options))
            case "scan_index":
                def entries(**options: Any) -> record_store.Cursor[record_store.IndexEntry]:
                    return space.scan_index(step["index"], tx=tx, **options)

                return pages(step, entries, lambda entry: columns_of(entry, self.columns[step["index"]]))
            case verb:
                raise AssertionError(f"{verb} is no verb of this runner")

    def query(self, step: Step, space: RecordSpace[Record], tx: record_store.Transaction | None) -> Any:
        query = space.query(step.get("where"), *value(step.get("parameters", [])), type=step.get("type"))
        if "order_by" in step or "reverse" in step:
            query = query.order_by(*step.get("order_by", []), reverse=step.get("reverse", False))
        if "limit" in step:
            query = query.limit(step["limit"])
        for words in step.get("explain", []):
            assert words in query.explain()

        def shown(record: Record) -> Any:
            return [record[name] for name in step["fields"]] if "fields" in step else record

        return pages(step, lambda after=None, **_: query.run(after=after, tx=tx), shown)


def pages(step: Step, scan: Callable[..., record_store.Cursor[Any]], show: Callable[[Any], Any] = lambda result: result) -> Any:
    """All results of a scan, or pages of them, each from the continuation of the one before."""
    options = {name: value(step[name]) for name in ("prefix", "start", "end", "reverse", "limit") if name in step}
    if "page_size" not in step:
        return [show(result) for result in scan(**options)]
    found = []
    after = None
    while True:
        page = scan(after=after, **options).page(step["page_size"])
        if page.results:
            found.append([show(result) for result in page])
        after = page.continuation
        if after is None:
            return found


def columns_of(entry: record_store.IndexEntry, columns: int) -> list[Any]:
    """The key of an entry without the key of the record type, which stands behind the columns of the index."""
    return [column for at, column in enumerate(entry.key) if at != columns or not entry.primary_key]


def value(given: Any) -> Any:
    """A value of a scenario, with what TOML has no way to say."""
    match given:
        case {"@bytes": digits}:
            return bytes.fromhex(digits)
        case {"@integer": digits}:
            return int(digits)
        case {"@null": _}:
            return None
        case {"@repeat": text, "times": times}:
            return text * times
        case dict():
            return {name: value(field) for name, field in given.items()}
        case list():
            return [value(item) for item in given]
        case _:
            return given
