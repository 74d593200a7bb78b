"""FoundationDB's stack machine over the PyPI client `foundationdb`, on whatever libfdb_c it has loaded.

    python machine.py API_VERSION FILE

runs the programs of a file, each on an empty database, and prints for each a line of JSON with all that is in the database then.
The file has a line of JSON for each case, with its seed, its instructions as hexadecimal digits of packed tuples, and those of its
threads. The machine in Rust, `tests/src/stack_machine`, says what instructions do; both replace versionstamps by the number of
their commit.
"""

import json
import sys
import types

import fdb

# Before the parts below, which use what a selected version brings.
fdb.api_version(int(sys.argv[1]))

import left
import threads
from chance import Chance
from data import DATA, Data
from directories import Directories
from stack import Stack, packed_error
from tenants import Tenants
from transactions import Transactions
from tuples import Tuples


class Machine(Stack, Transactions, Data, Tuples, Tenants, threads.Threads):
    """The state of one run."""

    def __init__(self, database, transactions, name):
        super().__init__()
        self.database = database
        self.name = name
        self.transactions = transactions
        self.last_version = 0
        self.commits = []
        self.directories = Directories(self)
        self.threads = []
        self.do_new_transaction()

    def run(self, program):
        for self.number, instruction in enumerate(program):
            name, *arguments = fdb.tuple.unpack(instruction)
            try:
                if name.startswith("DIRECTORY_"):
                    self.directories.run(name[len("DIRECTORY_") :])
                else:
                    self.step(name, *arguments)
            except fdb.FDBError as error:
                self.push(packed_error(error))
        self.join()

    def step(self, name, *arguments):
        reader = self.transactions[self.name]
        for suffix in ("_DATABASE", "_SNAPSHOT"):
            if name.endswith(suffix) and not name.startswith("GET_READ_VERSION"):
                name = name[: -len(suffix)]
                reader = self.source if suffix == "_DATABASE" else reader.snapshot
        getattr(self, "do_" + name.lower())(*([reader] if name in DATA else []), *arguments)


def run(database, case):
    left.remove(database)
    for prefix, program in case["threads"]:
        threads.store(database, bytes.fromhex(prefix), program)
    fdb.directory_impl.random = types.SimpleNamespace(randrange=Chance(case["seed"]).randrange)
    machine = Machine(database, {}, b"first")
    machine.run([bytes.fromhex(instruction) for instruction in case["program"]])
    return left.read(database, list(machine.stamps()))


def main():
    (file,) = sys.argv[2:]
    database = fdb.open("memory:stack machine")
    with open(file) as lines:
        for line in lines:
            case = json.loads(line)
            print(json.dumps({"seed": case["seed"], "rows": run(database, case)}), flush=True)


main()
