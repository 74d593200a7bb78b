"""The instructions for the life of transactions: names, commits, versions, conflict ranges."""

import fdb


class Transactions:
    """Transactions by their names, which all threads share; one is in use."""

    @property
    def transaction(self):
        return self.transactions[self.name]

    def do_new_transaction(self):
        self.transactions[self.name] = self.source.create_transaction()

    def do_use_transaction(self):
        self.name = self.pop()
        if self.name not in self.transactions:
            self.do_new_transaction()

    def do_commit(self):
        stamp, commit = self.transaction.get_versionstamp(), self.transaction.commit()
        self.commits.append((commit, stamp))
        self.push(commit)

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

    def stamps(self):
        """Those of the commits that have one: not of those that changed nothing. Of one that failed none may ever come."""
        for commit, stamp in self.commits:
            try:
                commit.wait()
                yield bytes(stamp.wait())
            except fdb.FDBError:
                pass
