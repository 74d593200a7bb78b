"""FoundationDB's stack machine over the PyPI client `foundationdb`, on whatever libfdb_c it has loaded.

    python machine.py FILE

runs the programs of a file, each on an empty database, and prints for each a line of JSON with all that is in the database then.
The file has a line of JSON for each program, with its seed and its instructions as hexadecimal digits of packed tuples. The
machine in Rust, `tests/src/stack_machine`, says what instructions do; both replace versionstamps by the number of their commit.
"""

import json
import struct
import sys
import types

import fdb

fdb.api_version(730)

MASK = (1 << 64) - 1
LOG_LIMIT = 40_000
STAMP_DEPTH = 4


class Chance:
    """SplitMix64, in the place of the directory layer's own chance, so that prefixes are the same in both machines."""

    def __init__(self, seed):
        self.state = seed

    def randrange(self, begin, end):
        self.state = bits = (self.state + 0x9E3779B97F4A7C15) & MASK
        bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & MASK
        bits ^= bits >> 31
        return begin + (bits * (end - begin) >> 64)


def packed_error(error):
    return fdb.tuple.pack((b"ERROR", str(error.code).encode()))


class Machine:
    """The state of one run."""

    def __init__(self, database, seed):
        self.database = database
        self.stack = []
        self.number = 0
        self.name = b"first"
        self.transactions = {self.name: database.create_transaction()}
        self.last_version = 0
        self.stamps = []
        self.directories = Directories(self)
        fdb.directory_impl.random = types.SimpleNamespace(randrange=Chance(seed).randrange)

    def run(self, program):
        for self.number, instruction in enumerate(program):
            name, *arguments = fdb.tuple.unpack(bytes.fromhex(instruction))
            try:
                if name.startswith("DIRECTORY_"):
                    self.directories.run(name[len("DIRECTORY_") :])
                else:
                    self.step(name, *arguments)
            except fdb.FDBError as error:
                self.push(packed_error(error))
        return self.dump()

    def step(self, name, *arguments):
        reader = self.transactions[self.name]
        for suffix in ("_DATABASE", "_SNAPSHOT"):
            if name.endswith(suffix) and not name.startswith("GET_READ_VERSION"):
                name = name[: -len(suffix)]
                reader = self.database if suffix == "_DATABASE" else reader.snapshot
        getattr(self, "do_" + name.lower())(*([reader] if name in DATA else []), *arguments)

    # The stack

    def push(self, value):
        self.stack.append((self.number, value))

    def pop(self):
        return self.wait(self.stack.pop()[1])

    def wait(self, value):
        if not isinstance(value, fdb.Future):
            return value
        try:
            result = value.wait()
        except fdb.FDBError as error:
            return packed_error(error)
        if result is None or (isinstance(value, fdb.impl.Value) and not value.present()):
            return b"RESULT_NOT_PRESENT"
        return bytes(result)

    def pop_many(self, count):
        return [self.pop() for _ in range(count)]

    def pop_tuple(self):
        return tuple(self.pop_many(self.pop()))

    def do_push(self, value):
        self.push(value)

    def do_dup(self):
        self.do_wait_future()
        self.stack.append(self.stack[-1])

    def do_empty_stack(self):
        self.stack = []

    def do_swap(self):
        other = -1 - self.pop()
        self.stack[-1], self.stack[other] = self.stack[other], self.stack[-1]

    def do_pop(self):
        self.pop()

    def do_sub(self):
        self.push(self.pop() - self.pop())

    def do_concat(self):
        self.push(self.pop() + self.pop())

    def do_wait_future(self):
        number, value = self.stack.pop()
        self.stack.append((number, self.wait(value)))

    def do_log_stack(self):
        prefix = self.pop()
        transaction = self.database.create_transaction()
        for place, (number, value) in enumerate(self.stack):
            packed = fdb.tuple.pack((self.wait(value),))
            transaction[prefix + fdb.tuple.pack((place, number))] = packed[:LOG_LIMIT]
        self.stack = []
        transaction.commit().wait()

    # Transactions

    @property
    def transaction(self):
        return self.transactions[self.name]

    def do_new_transaction(self):
        self.transactions[self.name] = self.database.create_transaction()

    def do_use_transaction(self):
        self.name = self.pop()
        if self.name not in self.transactions:
            self.do_new_transaction()

    def do_commit(self):
        self.stamps.append(self.transaction.get_versionstamp())
        self.push(self.transaction.commit())

    def do_reset(self):
        self.transaction.reset()

    def do_cancel(self):
        self.transaction.cancel()

    def do_on_error(self):
        self.push(self.transaction.on_error(self.pop()))

    def do_get_read_version(self):
        self.last_version = self.transaction.get_read_version().wait()
        self.push(b"GOT_READ_VERSION")

    def do_set_read_version(self):
        self.transaction.set_read_version(self.last_version)

    def do_get_committed_version(self):
        self.last_version = self.transaction.get_committed_version()
        self.push(b"GOT_COMMITTED_VERSION")

    def do_get_versionstamp(self):
        self.push(self.transaction.get_versionstamp())

    def do_get_approximate_size(self):
        self.transaction.get_approximate_size().wait()
        self.push(b"GOT_APPROXIMATE_SIZE")

    def do_read_conflict_range(self):
        self.transaction.add_read_conflict_range(self.pop(), self.pop())
        self.push(b"SET_CONFLICT_RANGE")

    def do_write_conflict_range(self):
        self.transaction.add_write_conflict_range(self.pop(), self.pop())
        self.push(b"SET_CONFLICT_RANGE")

    def do_read_conflict_key(self):
        self.transaction.add_read_conflict_key(self.pop())
        self.push(b"SET_CONFLICT_KEY")

    def do_write_conflict_key(self):
        self.transaction.add_write_conflict_key(self.pop())
        self.push(b"SET_CONFLICT_KEY")

    def do_disable_write_conflict(self):
        self.transaction.options.set_next_write_no_write_conflict_range()

    # Data

    def changed(self, reader):
        if reader is self.database:
            self.push(b"RESULT_NOT_PRESENT")

    def selector(self):
        key, or_equal, offset = self.pop_many(3)
        return fdb.KeySelector(key, bool(or_equal), offset)

    def how(self):
        limit, reverse, mode = self.pop_many(3)
        return limit, bool(reverse), mode

    def push_rows(self, rows, prefix=b""):
        found = [part for row in rows if row.key.startswith(prefix) for part in (row.key, row.value)]
        self.push(fdb.tuple.pack(tuple(found)))

    def do_get(self, reader):
        value = reader.get(self.pop())
        # A database waits itself, and gives bytes or nothing.
        self.push(b"RESULT_NOT_PRESENT" if value is None else value)

    def do_get_key(self, reader):
        selector, prefix = self.selector(), self.pop()
        key = reader.get_key(selector)
        key = bytes(key.wait() if isinstance(key, fdb.Future) else key)
        if not key.startswith(prefix):
            key = prefix if key < prefix else fdb.impl.strinc(prefix)
        self.push(key)

    def do_get_range(self, reader):
        begin, end = self.pop_many(2)
        self.push_rows(reader.get_range(begin, end, *self.how()))

    def do_get_range_starts_with(self, reader):
        prefix = self.pop()
        self.push_rows(reader.get_range_startswith(prefix, *self.how()))

    def do_get_range_selector(self, reader):
        begin, end = self.selector(), self.selector()
        how, prefix = self.how(), self.pop()
        self.push_rows(reader.get_range(begin, end, *how), prefix)

    def do_get_estimated_range_size(self, reader):
        begin, end = self.pop_many(2)
        estimated_size(reader, begin, end)
        self.push(b"GOT_ESTIMATED_RANGE_SIZE")

    def do_get_range_split_points(self, reader):
        split_points(reader, *self.pop_many(3))
        self.push(b"GOT_RANGE_SPLIT_POINTS")

    def do_set(self, reader):
        reader.set(*self.pop_many(2))
        self.changed(reader)

    def do_clear(self, reader):
        reader.clear(self.pop())
        self.changed(reader)

    def do_clear_range(self, reader):
        reader.clear_range(*self.pop_many(2))
        self.changed(reader)

    def do_clear_range_starts_with(self, reader):
        reader.clear_range_startswith(self.pop())
        self.changed(reader)

    def do_atomic_op(self, reader):
        atomic(reader, *self.pop_many(3))
        self.changed(reader)

    # Tuples

    def do_tuple_pack(self):
        self.push(fdb.tuple.pack(self.pop_tuple()))

    def do_tuple_pack_with_versionstamp(self):
        prefix, elements = self.pop(), self.pop_tuple()
        if not fdb.tuple.has_incomplete_versionstamp(elements):
            self.push(b"ERROR: NONE")
            return
        try:
            packed = fdb.tuple.pack_with_versionstamp(elements, prefix)
        except ValueError:
            self.push(b"ERROR: MULTIPLE")
            return
        self.push(b"OK")
        self.push(packed)

    def do_tuple_unpack(self):
        for element in fdb.tuple.unpack(self.pop()):
            self.push(fdb.tuple.pack((element,)))

    def do_tuple_range(self):
        found = fdb.tuple.range(self.pop_tuple())
        self.push(found.start)
        self.push(found.stop)

    def do_tuple_sort(self):
        tuples = [fdb.tuple.unpack(packed) for packed in self.pop_tuple()]
        for element in sorted(tuples, key=SortKey):
            self.push(fdb.tuple.pack(element))

    def do_encode_float(self):
        self.push(fdb.tuple.SingleFloat(struct.unpack(">f", self.pop())[0]))

    def do_encode_double(self):
        self.push(struct.unpack(">d", self.pop())[0])

    def do_decode_float(self):
        self.push(struct.pack(">f", self.pop().value))

    def do_decode_double(self):
        self.push(struct.pack(">d", self.pop()))

    # What is left

    def dump(self):
        stamps = []
        for stamp in self.stamps:
            try:
                stamps.append(bytes(stamp.wait()))
            except fdb.FDBError:
                pass  # A commit that failed or changed nothing has none.
        rows = self.database.create_transaction().get_range(b"", b"\xff", streaming_mode=fdb.StreamingMode.want_all)
        return [[masked(row.key, stamps).hex(), masked(row.value, stamps).hex()] for row in rows]


class SortKey:
    """A tuple, in the order of the binding's own comparison."""

    def __init__(self, elements):
        self.elements = elements

    def __lt__(self, other):
        return fdb.tuple.compare(self.elements, other.elements) < 0


class Directories:
    """The list of directories and subspaces, of which one is current."""

    def __init__(self, machine):
        self.machine = machine
        self.list = [fdb.directory_impl.DirectoryLayer()]
        self.current = 0
        self.fallback = 0

    def run(self, name):
        reader = self.machine.transaction
        if name.endswith("_DATABASE"):
            name, reader = name[: -len("_DATABASE")], self.machine.database
        arguments = getattr(self, "take_" + name.lower(), lambda: ())()
        try:
            getattr(self, "do_" + name.lower())(reader, *arguments)
        except Exception:
            # Whatever a binding raises; what it says is its own.
            self.machine.push(b"DIRECTORY_ERROR")
            if name in MAKERS:
                self.list.append(None)

    @property
    def here(self):
        return self.list[self.current]

    def path(self):
        return self.machine.pop_tuple()

    def path_if_any(self):
        return tuple(self.path() for _ in range(self.machine.pop()))

    def pop(self):
        return self.machine.pop()

    def take_create_subspace(self):
        return self.path(), self.pop()

    def do_create_subspace(self, _, elements, prefix):
        self.list.append(fdb.Subspace(elements, prefix))

    def take_create_layer(self):
        return self.machine.pop_many(3)

    def do_create_layer(self, _, nodes, contents, manual):
        nodes, contents = self.list[nodes], self.list[contents]
        missing = nodes is None or contents is None
        self.list.append(None if missing else fdb.DirectoryLayer(nodes, contents, manual == 1))

    def take_create_or_open(self):
        return self.path(), self.pop()

    def do_create_or_open(self, reader, path, layer):
        self.list.append(self.here.create_or_open(reader, path, layer))

    def take_create(self):
        return self.path(), self.pop(), self.pop()

    def do_create(self, reader, path, layer, prefix):
        self.list.append(self.here.create(reader, path, layer, prefix))

    take_open = take_create_or_open

    def do_open(self, reader, path, layer):
        self.list.append(self.here.open(reader, path, layer))

    def take_change(self):
        return (self.pop(),)

    def do_change(self, _, index):
        there = index < len(self.list) and self.list[index] is not None
        self.current = index if there else self.fallback

    take_set_error_index = take_change

    def do_set_error_index(self, _, index):
        self.fallback = index

    def take_move(self):
        return self.path(), self.path()

    def do_move(self, reader, old, new):
        self.list.append(self.here.move(reader, old, new))

    def take_move_to(self):
        return (self.path(),)

    def do_move_to(self, reader, new):
        self.list.append(self.here.move_to(reader, new))

    take_remove = take_remove_if_exists = take_list = take_exists = path_if_any

    def done(self, reader):
        if reader is self.machine.database:
            self.machine.push(b"RESULT_NOT_PRESENT")

    def do_remove(self, reader, *path):
        self.here.remove(reader, *path)
        self.done(reader)

    def do_remove_if_exists(self, reader, *path):
        self.here.remove_if_exists(reader, *path)
        self.done(reader)

    def do_list(self, reader, *path):
        self.machine.push(fdb.tuple.pack(tuple(self.here.list(reader, *path))))

    def do_exists(self, reader, *path):
        self.machine.push(int(bool(self.here.exists(reader, *path))))

    def take_pack_key(self):
        return (self.path(),)

    def do_pack_key(self, _, elements):
        self.machine.push(self.here.pack(elements))

    take_unpack_key = take_contains = take_log_subspace = take_log_directory = take_strip_prefix = take_change
    take_range = take_open_subspace = take_pack_key

    def do_unpack_key(self, _, key):
        for element in self.here.unpack(key):
            self.machine.push(element)

    def do_range(self, _, elements):
        found = self.here.range(elements)
        self.machine.push(found.start)
        self.machine.push(found.stop)

    def do_contains(self, _, key):
        self.machine.push(int(self.here.contains(key)))

    def do_open_subspace(self, _, elements):
        self.list.append(self.here.subspace(elements))

    def do_log_subspace(self, reader, prefix):
        reader[prefix + fdb.tuple.pack((self.current,))] = self.here.key()

    def do_log_directory(self, reader, prefix):
        here = self.here
        exists = here.exists(reader)
        children = tuple(here.list(reader)) if exists else ()
        log = fdb.Subspace((self.current,), prefix)
        reader[log["path"]] = fdb.tuple.pack(here.get_path())
        reader[log["layer"]] = fdb.tuple.pack((here.get_layer(),))
        reader[log["exists"]] = fdb.tuple.pack((int(bool(exists)),))
        reader[log["children"]] = fdb.tuple.pack(children)

    def do_strip_prefix(self, _, key):
        own = self.here.key()
        if not key.startswith(own):
            raise ValueError("a key of another subspace")
        self.machine.push(key[len(own) :])


# Instructions of data: they come with what reads.
DATA = {
    "GET",
    "GET_KEY",
    "GET_RANGE",
    "GET_RANGE_STARTS_WITH",
    "GET_RANGE_SELECTOR",
    "GET_ESTIMATED_RANGE_SIZE",
    "GET_RANGE_SPLIT_POINTS",
    "SET",
    "CLEAR",
    "CLEAR_RANGE",
    "CLEAR_RANGE_STARTS_WITH",
    "ATOMIC_OP",
}

# Instructions that add to the list of directories, nothing if they fail.
MAKERS = {"CREATE_SUBSPACE", "CREATE_LAYER", "CREATE_OR_OPEN", "CREATE", "OPEN", "MOVE", "MOVE_TO", "OPEN_SUBSPACE"}


# The binding's database does not have these itself.


@fdb.transactional
def estimated_size(tr, begin, end):
    tr.get_estimated_range_size_bytes(begin, end).wait()


@fdb.transactional
def split_points(tr, begin, end, chunk):
    tr.get_range_split_points(begin, end, chunk).wait()


@fdb.transactional
def atomic(tr, name, key, operand):
    getattr(tr, name.lower())(key, operand)


def masked(content, stamps):
    for number, stamp in enumerate(stamps):
        for _ in range(STAMP_DEPTH):
            content = content.replace(stamp, b"<stamp %d>" % number)
            stamp = stamp.replace(b"\x00", b"\x00\xff")
    return content


def main():
    (file,) = sys.argv[1:]
    database = fdb.open("memory:stack machine")
    with open(file) as lines:
        for line in lines:
            case = json.loads(line)
            database.clear_range(b"", b"\xff")
            rows = Machine(database, case["seed"]).run(case["program"])
            print(json.dumps({"seed": case["seed"], "rows": rows}), flush=True)


main()
