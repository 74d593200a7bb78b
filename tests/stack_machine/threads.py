"""The instructions of threads: machines that run beside the one that starts them. A thread's program stands in the database."""

import threading

import fdb


class Threads:
    """The threads that a machine has started."""

    def do_start_thread(self):
        prefix = self.pop()
        thread = Thread(type(self)(self.database, self.transactions, prefix))
        thread.start()
        self.threads.append(thread)

    def do_wait_empty(self):
        wait_empty(self.database, self.pop())
        self.push(b"WAITED_FOR_EMPTY")

    def join(self):
        for thread in self.threads:
            thread.join()
            if thread.failed is not None:
                raise thread.failed


class Thread(threading.Thread):
    """One that keeps what has stopped it."""

    def __init__(self, machine):
        super().__init__()
        self.machine = machine
        self.failed = None

    def run(self):
        try:
            database, prefix = self.machine.database, self.machine.name
            self.machine.run([row.value for row in database.get_range(*place(prefix))])
        except BaseException as error:
            self.failed = error


@fdb.transactional
def wait_empty(tr, prefix):
    if list(tr.get_range_startswith(prefix, limit=1)):
        raise fdb.FDBError(1020)


@fdb.transactional
def store(tr, prefix, program):
    """Writes a program where a thread of this prefix finds it."""
    for number, instruction in enumerate(program):
        tr[fdb.tuple.pack((prefix, number))] = bytes.fromhex(instruction)


def place(prefix):
    found = fdb.tuple.range((prefix,))
    return found.start, found.stop
