"""A process of the soak (`cargo xtask clients soak`), with FoundationDB's client for Python.

Arguments: the database, the prefix of its logs, the key that it writes, the key of another process that it watches, a seed, and how many
transactions it runs at a time. It works until key `stop` is there, and says on standard output what it was told and saw.
"""

import os
import random
import struct
import sys
import threading
import time

import fdb

fdb.api_version(730)
database, log, beat, watched, seed, workers = sys.argv[1:]
db = fdb.open(database)
saying = threading.Lock()

# The worker and the transaction that is held open for too long the first time: it ends with 1007, and is tried again.
HELD = (0, 2)
TOO_LONG = 6


def say(*words):
    with saying:
        print(*words, flush=True)


def fail(*words):
    """Ends the process, whatever its other threads do."""
    print(*words, file=sys.stderr, flush=True)
    os._exit(1)


threading.excepthook = lambda arguments: fail("a thread ended:", repr(arguments.exc_value))


def read_accounts(tr):
    """All accounts and what they hold, in one read; together they always hold nothing."""
    accounts = [(key, int(value)) for key, value in tr.snapshot.get_range(b"account/", b"account0")]
    if sum(amount for _, amount in accounts) != 0:
        fail("the accounts do not hold what they should:", accounts)
    return accounts


def move(tr, chance, worker, serial, hold):
    """Moves an amount from one account to another, and says so in the log; false once everybody shall stop."""
    if tr.snapshot[b"stop"].present():
        return False
    keys = [key for key, _ in read_accounts(tr)]
    if hold:
        time.sleep(TOO_LONG)
    amount = chance.randrange(1, 100)
    for key, change in zip(chance.sample(keys, 2), (-amount, amount)):
        tr[key] = b"%d" % (int(bytes(tr[key])) + change)
    read_accounts(tr)
    place = b"%s%d/" % (log.encode(), worker)
    tr.set_versionstamped_key(place + bytes(10) + struct.pack("<I", len(place)), b"%d" % serial)
    tr[beat.encode()] = b"%d of %d" % (serial, worker)
    return True


def work(worker):
    chance = random.Random(f"{seed} {worker}")
    serial, tr = 1, db.create_transaction()
    to_hold = {HELD}
    while True:
        hold = (worker, serial) in to_hold
        to_hold.discard((worker, serial))
        try:
            if not move(tr, chance, worker, serial, hold):
                break
            tr.commit().wait()
            said = "ack"
        except fdb.FDBError as error:
            say("error", error.code)
            try:
                tr.on_error(error).wait()
            except fdb.FDBError as last:
                fail("no transaction should fail so:", last)
            if error.code != 1021:
                continue
            said = "maybe"
        say(said, worker, serial)
        serial, tr = serial + 1, db.create_transaction()
    say("done", worker)


@fdb.transactional
def watch(tr):
    return None if tr.snapshot[b"stop"].present() else tr.watch(watched.encode())


threads = [threading.Thread(target=work, args=(worker,), daemon=True) for worker in range(int(workers))]
for thread in threads:
    thread.start()
while (change := watch(db)) is not None:
    change.wait()
    say("fired")
for thread in threads:
    thread.join()
