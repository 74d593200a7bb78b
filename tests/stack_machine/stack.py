"""`Stack`: what instructions leave behind, results on their way included, and the instructions that only move it."""

import fdb

LOG_LIMIT = 40_000


def packed_error(error):
    return fdb.tuple.pack((b"ERROR", str(error.code).encode()))


class Stack:
    """Items, each with the number of the instruction that left it."""

    def __init__(self):
        self.stack = []
        self.number = 0

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
