"""The instructions of the tuple layer."""

import struct

import fdb


class Tuples:
    """What they do with the stack."""

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


class SortKey:
    """A tuple, in the order of the binding's own comparison."""

    def __init__(self, elements):
        self.elements = elements

    def __lt__(self, other):
        return fdb.tuple.compare(self.elements, other.elements) < 0
