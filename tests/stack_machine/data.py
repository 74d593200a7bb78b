"""The instructions that read and change data, in the transaction in use, as its snapshot or in a transaction of their own."""

import fdb

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


class Data:
    """What they do; each gets what reads: a transaction, a snapshot, or the database or tenant itself."""

    def changed(self, reader):
        if reader is self.source:
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
