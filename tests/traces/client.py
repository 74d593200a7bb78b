"""Replays recorded programs through the PyPI client `foundationdb`, on whatever libfdb_c it has loaded.

    python client.py FILE.jsonl.gz [--cluster-file NAME] [--only TEXT] [--part 1/4]

prints one line of JSON for each program that came out otherwise than recorded, and a last one with how many passed. The
operations are described in the README beside this file. One process selects one API version, so a file is all of one.
"""

import argparse
import ctypes
import gzip
import json
import sys
import threading
import time

import fdb

TENANTS = b"\xff\xff/management/tenant/map/"
CONFLICTS = {
    "read": b"\xff\xff/transaction/read_conflict_range/",
    "write": b"\xff\xff/transaction/write_conflict_range/",
    "conflicting": b"\xff\xff/transaction/conflicting_keys/",
}


class Pending:
    """A call with a future: the future, and what its result looks like in a recording."""

    def __init__(self, future, describe):
        self.future = future
        self.describe = describe

    def wait(self):
        return self.describe(self.future.wait())

    def is_ready(self, milliseconds):
        ready = threading.Event()
        self.future.on_ready(lambda _: ready.set())
        return ready.wait(milliseconds / 1000)


class Done:
    """A call that has come to its end."""

    def __init__(self, outcome):
        self.outcome = outcome

    def wait(self):
        return self.outcome()

    def is_ready(self, _):
        return True


class Player:
    """Executes the steps of one program and sees what a client sees."""

    def __init__(self, capi, open_database):
        self.capi = capi
        self.open_database = open_database
        self.databases = {0: open_database()}
        self.transactions = {}
        self.tenants = {}
        self.futures = {}
        self.watches = {}
        self.stamps = []
        self.first_tenant = None

    def play(self, program):
        """The first step that came out otherwise, if there is one."""
        for number, step in enumerate(program["steps"]):
            expected = {"err": step["err"]} if "err" in step else {"ok": self.with_stamps(step["ok"])}
            try:
                got = {"ok": self.step(step["op"])}
            except fdb.FDBError as error:
                got = {"err": error.code}
            if "ok" in expected:
                # A commit of this step may have given the stamp that its own result names.
                expected = {"ok": self.with_stamps(step["ok"])}
            if got != expected:
                return {"step": number, "op": step["op"], "expected": expected, "got": got}
        return None

    def step(self, op):
        name, *arguments = op
        return getattr(self, "do_" + name)(*arguments)

    # Handles

    def do_db(self, number):
        self.databases[number] = self.open_database()

    def do_db_option(self, database, option, value=None):
        code = number_of_option("DatabaseOption", option)
        self.databases[database]._set_option(code, *option_value(value))

    def do_tx(self, transaction, database=0):
        self.transactions[transaction] = self.databases[database].create_transaction()

    def do_destroy_tx(self, transaction):
        del self.transactions[transaction]

    def do_tenant(self, number, name, database=0):
        self.tenants[number] = self.databases[database].open_tenant(self.bytes(name))

    def do_tenant_tx(self, transaction, tenant):
        self.transactions[transaction] = self.tenants[tenant].create_transaction()

    def do_tenant_id(self, tenant):
        return self.relative(self.tenants[tenant].get_id().wait())

    def do_tenant_list(self, transaction, begin, end, limit):
        begin, end = (fdb.KeySelector.first_greater_or_equal(TENANTS + bytes.fromhex(key)) for key in (begin, end))
        rows, _, _ = self.transactions[transaction]._get_range(begin, end, limit, fdb.StreamingMode.want_all, 1, False).wait()
        return [self.tenant(row) for row in rows]

    def tenant(self, row):
        about = json.loads(row.value)
        prefix = "".join(printable(byte) for byte in about["id"].to_bytes(8, "big"))
        return [
            row.key[len(TENANTS) :].hex(),
            self.relative(about["id"]),
            sorted(about),
            about["name"]["printable"],
            about["prefix"]["printable"] == prefix,
            about.get("lock_state"),
            about.get("tenant_group", {}).get("printable"),
        ]

    def relative(self, number):
        if self.first_tenant is None:
            self.first_tenant = number
        return number - self.first_tenant

    # Calls that have a future may be kept

    def do_async(self, number, op):
        # What is said of its end needs the transaction; a call that waits must not keep it alive.
        self.futures[number] = self.start(op)

    def do_wait(self, number):
        return self.futures[number].wait()

    def do_is_ready(self, number, milliseconds):
        return self.futures[number].is_ready(milliseconds)

    def do_cancel_future(self, number):
        self.futures[number].future.cancel()

    def do_watch(self, number, transaction, key):
        self.watches[number] = Pending(self.transactions[transaction].watch(self.bytes(key)), lambda _: "fired")

    def do_watch_state(self, number, milliseconds):
        watch = self.watches[number]
        return watch.wait() if watch.is_ready(milliseconds) else "pending"

    def do_watch_cancel(self, number):
        self.watches[number].future.cancel()

    def start(self, op):
        name, *arguments = op
        start = getattr(self, "start_" + name, None)
        if start:
            return start(*arguments)
        try:
            outcome = self.step(op)
        except fdb.FDBError as error:
            return Done(lambda: (_ for _ in ()).throw(fdb.FDBError(error.code)))
        return Done(lambda: outcome)

    def __getattr__(self, name):
        # An operation with a future, waited for at once.
        if name.startswith("do_"):
            start = getattr(type(self), "start_" + name[3:])
            return lambda *arguments: start(self, *arguments).wait()
        raise AttributeError(name)

    # Reads

    def reader(self, transaction, snapshot):
        transaction = self.transactions[transaction]
        return transaction.snapshot if snapshot else transaction

    def start_get(self, transaction, key, snapshot=False):
        value = self.reader(transaction, snapshot).get(self.bytes(key))
        return Pending(value, lambda _: value.value.hex() if value.present() else None)

    def start_get_key(self, transaction, selector, snapshot=False):
        key = self.reader(transaction, snapshot).get_key(self.selector(selector))
        return Pending(key, lambda _: key.value.hex())

    def do_get_range(self, transaction, begin, end, limit, reverse, snapshot):
        rows = self.reader(transaction, snapshot).get_range(
            self.selector(begin), self.selector(end), limit, bool(reverse), fdb.StreamingMode.want_all
        )
        return [[row.key.hex(), row.value.hex()] for row in rows]

    def range_future(self, transaction, begin, end, limit, target_bytes, mode, iteration, snapshot, reverse):
        # The binding has no argument for the bytes wanted.
        begin, end = self.selector(begin), self.selector(end)
        return fdb.impl.FutureKeyValueArray(
            self.capi.fdb_transaction_get_range(
                self.transactions[transaction].tpointer,
                begin.key,
                len(begin.key),
                begin.or_equal,
                begin.offset,
                end.key,
                len(end.key),
                end.or_equal,
                end.offset,
                limit,
                target_bytes,
                streaming_mode(mode),
                iteration,
                bool(snapshot),
                bool(reverse),
            )
        )

    def start_raw_range(self, *arguments):
        return Pending(
            self.range_future(*arguments),
            lambda found: {"rows": [[row.key.hex(), row.value.hex()] for row in found[0] or []], "more": bool(found[2])},
        )

    def start_range_len(self, *arguments):
        def describe(found):
            rows = found[0] or []
            return {
                "rows": len(rows),
                "first": rows[0].key.hex() if rows else None,
                "last": rows[-1].key.hex() if rows else None,
                "more": bool(found[2]),
            }

        return Pending(self.range_future(*arguments), describe)

    def start_range_keys(self, transaction, begin, end, limit, snapshot, reverse):
        future = self.range_future(transaction, begin, end, limit, 0, "want_all", 1, snapshot, reverse)
        return Pending(future, lambda found: {"keys": [row.key.hex() for row in found[0] or []], "more": bool(found[2])})

    def do_range_pages(self, transaction, begin, end, limit, mode, snapshot, reverse):
        rows = self.reader(transaction, snapshot).get_range(
            self.selector(begin), self.selector(end), limit, bool(reverse), streaming_mode(mode)
        )
        return [row.key.hex() for row in rows]

    def do_conflict_ranges(self, transaction, kind):
        prefix = CONFLICTS[kind]
        rows = self.transactions[transaction].get_range(
            prefix, prefix + b"\xff\xff", streaming_mode=fdb.StreamingMode.want_all
        )
        return [[row.key[len(prefix) :].hex(), row.value.decode()] for row in rows]

    def start_addresses(self, transaction, key):
        key = self.bytes(key)
        future = fdb.impl.FutureStringArray(
            self.capi.fdb_transaction_get_addresses_for_key(self.transactions[transaction].tpointer, key, len(key))
        )
        return Pending(future, lambda all: {"count": len(all), "port": b":" in all[0] if all else None})

    def start_estimated_size(self, transaction, begin, end):
        size = self.transactions[transaction].get_estimated_range_size_bytes(self.bytes(begin), self.bytes(end))
        return Pending(size, lambda size: "zero_or_more" if size >= 0 else size)

    def start_estimated_zero(self, transaction, begin, end):
        size = self.transactions[transaction].get_estimated_range_size_bytes(self.bytes(begin), self.bytes(end))
        return Pending(size, lambda size: size == 0)

    def start_split_points(self, transaction, begin, end, chunk):
        begin, end = self.bytes(begin), self.bytes(end)
        # The binding refuses chunks that the client takes.
        points = fdb.impl.FutureKeyArray(
            self.capi.fdb_transaction_get_range_split_points(
                self.transactions[transaction].tpointer, begin, len(begin), end, len(end), chunk
            )
        )

        def describe(points):
            return {
                "first": points[0].hex() if points else None,
                "last": points[-1].hex() if points else None,
                "ascending": points == sorted(points),
                "two": len(points) == 2,
            }

        return Pending(points, describe)

    def do_json_keys(self, transaction, key, names):
        text = self.transactions[transaction].get(self.bytes(key)).value
        document = json.loads(text) if text is not None else None

        def look(name):
            value = document
            for part in name.split("."):
                if not isinstance(value, dict) or part not in value:
                    return False
                value = value[part]
            return value if isinstance(value, (bool, int, float)) else True

        return {name: look(name) for name in names}

    # Changes

    def do_set(self, transaction, key, value):
        self.transactions[transaction].set(self.bytes(key), self.bytes(value))

    def do_clear(self, transaction, key):
        self.transactions[transaction].clear(self.bytes(key))

    def do_clear_range(self, transaction, begin, end):
        self.transactions[transaction].clear_range(self.bytes(begin), self.bytes(end))

    def do_atomic(self, transaction, mutation, key, operand):
        code = mutation if isinstance(mutation, int) else number_of_option("MutationType", mutation)
        self.transactions[transaction]._atomic_operation(code, self.bytes(key), self.bytes(operand))

    def do_conflict(self, transaction, kind, begin, end):
        begin, end = self.bytes(begin), self.bytes(end)
        kind = {"read": 0, "write": 1}.get(kind, kind)
        self.capi.fdb_transaction_add_conflict_range(
            self.transactions[transaction].tpointer, begin, len(begin), end, len(end), int(kind)
        )

    def do_option(self, transaction, option, value=None):
        option, value = {"retry_limit_0": ("retry_limit", 0), "size_limit_100": ("size_limit", 100)}.get(
            option, (option, value)
        )
        code = number_of_option("TransactionOption", option)
        self.transactions[transaction]._set_option(code, *option_value(value))

    # Versions and life

    def start_read_version(self, transaction):
        return Pending(self.transactions[transaction].get_read_version(), lambda _: None)

    def version(self, base):
        if base == "latest":
            return self.databases[0].create_transaction().get_read_version().wait()
        if isinstance(base, int):
            return base
        kind, transaction = base
        transaction = self.transactions[transaction]
        return transaction.get_committed_version() if kind == "committed" else transaction.get_read_version().wait()

    def do_set_read_version(self, transaction, base, delta=0):
        self.transactions[transaction].set_read_version(self.version(base) + delta)

    def do_same_read_version(self, transaction, other):
        self.transactions[transaction].set_read_version(self.transactions[other].get_read_version().wait())

    def do_version_cmp(self, x, how, y):
        x, y = self.version(x), self.version(y)
        return {"ge": x >= y, "gt": x > y, "eq": x == y}[how]

    def do_commit(self, number):
        transaction = self.transactions[number]
        stamp = transaction.get_versionstamp()
        transaction.commit().wait()
        version = transaction.get_committed_version()
        if version == -1:
            return "read_only"
        stamp = stamp.value
        self.stamps.append(stamp.hex())
        return {"version_matches_stamp": int.from_bytes(stamp[:8], "big") == version}

    def start_commit_only(self, number):
        commit = self.transactions[number].commit()

        def describe(_):
            transaction = self.transactions.get(number)
            return "read_only" if transaction is None or transaction.get_committed_version() == -1 else "committed"

        return Pending(commit, describe)

    def do_committed_version(self, transaction):
        return -1 if self.transactions[transaction].get_committed_version() == -1 else "version"

    def start_versionstamp(self, number):
        stamp = self.transactions[number].get_versionstamp()

        def describe(_):
            committed = self.transactions[number].get_committed_version()
            return {"bytes": len(stamp.value), "is_commit_version": int.from_bytes(stamp.value[:8], "big") == committed}

        return Pending(stamp, describe)

    def start_on_error(self, transaction, code):
        return Pending(self.transactions[transaction].on_error(code), lambda _: None)

    def do_reset(self, transaction):
        self.transactions[transaction].reset()

    def do_cancel(self, transaction):
        self.transactions[transaction].cancel()

    def start_size(self, transaction):
        return Pending(self.transactions[transaction].get_approximate_size(), lambda size: size)

    def do_sleep(self, milliseconds):
        time.sleep(milliseconds / 1000)

    # Errors

    def do_error_text(self, code):
        return self.capi.fdb_get_error(code).decode()

    def do_predicate(self, test, code):
        return bool(self.capi.fdb_error_predicate(test, code))

    # Arguments

    def bytes(self, text):
        return bytes.fromhex(self.with_stamps(text))

    def selector(self, parts):
        key, or_equal, offset = parts
        return fdb.KeySelector(self.bytes(key), bool(or_equal), offset)

    def with_stamps(self, value):
        if isinstance(value, str):
            for number, stamp in enumerate(self.stamps):
                value = value.replace("{vs%d}" % number, stamp)
            return value
        if isinstance(value, list):
            return [self.with_stamps(element) for element in value]
        if isinstance(value, dict):
            return {name: self.with_stamps(element) for name, element in value.items()}
        return value


def number_of_option(scope, name):
    """The number of an option or a mutation, by the binding's own table, which leaves out hidden ones."""
    hidden = {"idempotency_id": 504}
    if isinstance(name, int):
        return name
    return hidden.get(name) or getattr(fdb.impl._opts, scope)[name][0]


def option_value(value):
    """A number as eight bytes, hex as the bytes it stands for."""
    if value is None:
        return None, 0
    value = value.to_bytes(8, "little", signed=True) if isinstance(value, int) else bytes.fromhex(value)
    return value, len(value)


def streaming_mode(mode):
    return getattr(fdb.StreamingMode, mode) if isinstance(mode, str) else mode


def printable(byte):
    if byte == 0x5C:
        return "\\\\"
    return chr(byte) if 0x20 <= byte < 0x7F else "\\x%02x" % byte


def erase(database):
    """What the recorder did before each program: nothing is left, no tenant, no lock."""
    transaction = database.create_transaction()
    transaction.options.set_access_system_keys()
    transaction.options.set_lock_aware()
    transaction.options.set_special_key_space_enable_writes()
    transaction.clear_range(b"", b"\xff")
    transaction.clear(b"\xff/metadataVersion")
    transaction.clear(b"\xff/dbLocked")
    transaction.commit().wait()
    if fdb.get_api_version() < 630:
        return  # Special keys, and with them tenants, came later.
    transaction = database.create_transaction()
    transaction.options.set_lock_aware()
    transaction.options.set_raw_access()
    transaction.options.set_special_key_space_enable_writes()
    rows, _, _ = transaction._get_range(
        fdb.KeySelector.first_greater_or_equal(TENANTS),
        fdb.KeySelector.first_greater_or_equal(TENANTS + b"\xff"),
        0,
        fdb.StreamingMode.want_all,
        1,
        False,
    ).wait()
    for row in rows or []:
        number = json.loads(row.value)["id"].to_bytes(8, "big")
        transaction.clear_range(number, number + b"\xff")
    transaction.commit().wait()
    transaction = database.create_transaction()
    transaction.options.set_lock_aware()
    transaction.options.set_special_key_space_enable_writes()
    for row in rows or []:
        transaction.clear(row.key)
    transaction.commit().wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--cluster-file", default="memory:traces")
    parser.add_argument("--only", default="", help="only programs whose name contains this")
    parser.add_argument("--part", default="1/1", help="every so manieth program, from which on")
    arguments = parser.parse_args()
    part, parts = (int(number) for number in arguments.part.split("/"))
    with gzip.open(arguments.file, "rt") as lines:
        programs = [json.loads(line) for number, line in enumerate(lines) if number % parts == part - 1]
    fdb.api_version(programs[0].get("api", 730))
    fdb.open(arguments.cluster_file)
    capi = fdb.impl._capi

    def open_database():
        # Not the binding's own `open`, which gives the same handle again.
        pointer = ctypes.c_void_p()
        capi.fdb_create_database(arguments.cluster_file.encode(), ctypes.byref(pointer))
        database = fdb.Database(pointer.value)
        database._set_option(500, *option_value(20_000))
        return database

    passed = 0
    for program in programs:
        if arguments.only not in program["name"]:
            continue
        erase(open_database())
        difference = Player(capi, open_database).play(program)
        if difference is None:
            passed += 1
        else:
            print(json.dumps({"program": program["name"], **difference}), flush=True)
    print(json.dumps({"passed": passed}))


if __name__ == "__main__":
    sys.exit(main())
