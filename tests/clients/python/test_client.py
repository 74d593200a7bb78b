"""FoundationDB's client for Python on the drop-in library: what programs do with it, and what they see."""

import threading
import unittest

import fdb

fdb.api_version(730)


def code_of(call):
    """The code with which a call fails."""
    try:
        call()
    except fdb.FDBError as error:
        return error.code
    return 0


class Case(unittest.TestCase):
    def setUp(self):
        self.db = fdb.open("memory:" + self.id())


class Keys(Case):
    def test_what_is_set_is_there_until_it_is_cleared(self):
        self.db[b"a"] = b"1"
        self.db[b"empty"] = b""
        self.assertEqual(self.db[b"a"], b"1")
        self.assertEqual(self.db[b"empty"], b"")
        self.assertIsNone(self.db[b"missing"])
        del self.db[b"a"]
        self.assertIsNone(self.db[b"a"])

    def test_ranges_in_every_mode_and_direction(self):
        @fdb.transactional
        def fill(tr):
            for number in range(1000):
                tr[fdb.tuple.pack(("row", number))] = b"%d" % number * 20

        fill(self.db)
        space = fdb.Subspace(("row",))
        begin, end = space.range().start, space.range().stop
        tr = self.db.create_transaction()
        expected = list(range(1000))
        modes = [getattr(fdb.StreamingMode, mode) for mode in ("want_all", "iterator", "small", "medium", "large", "serial")]
        for mode in modes:
            rows = [space.unpack(row.key)[0] for row in tr.get_range(begin, end, streaming_mode=mode)]
            self.assertEqual(rows, expected)
            rows = [space.unpack(row.key)[0] for row in tr.get_range(begin, end, reverse=True, streaming_mode=mode)]
            self.assertEqual(rows, expected[::-1])
        exact = tr.get_range(begin, end, limit=7, streaming_mode=fdb.StreamingMode.exact).to_list()
        self.assertEqual([space.unpack(row.key)[0] for row in exact], expected[:7])
        self.assertEqual(code_of(lambda: list(tr.get_range(begin, end, streaming_mode=fdb.StreamingMode.exact))), 2210)

    def test_selectors_lead_to_neighbours(self):
        for key in (b"b", b"d", b"f"):
            self.db[key] = b""
        tr = self.db.create_transaction()
        selector = fdb.KeySelector
        self.assertEqual(tr.get_key(selector.first_greater_than(b"b")), b"d")
        self.assertEqual(tr.get_key(selector.last_less_than(b"d")), b"b")
        self.assertEqual(tr.get_key(selector.last_less_or_equal(b"e") + 1), b"f")
        self.assertEqual(tr.get_key(selector.last_less_than(b"b")), b"")

    def test_atomic_operations(self):
        for _ in range(3):
            self.db.add(b"n", (5).to_bytes(8, "little"))
        self.assertEqual(int.from_bytes(bytes(self.db[b"n"]), "little"), 15)
        self.db.byte_max(b"m", b"b")
        self.db.byte_max(b"m", b"a")
        self.assertEqual(self.db[b"m"], b"b")

    def test_versionstamps_are_filled_in(self):
        tr = self.db.create_transaction()
        tr.set_versionstamped_key(fdb.tuple.pack_with_versionstamp(("at", fdb.tuple.Versionstamp())), b"x")
        stamp = tr.get_versionstamp()
        tr.commit().wait()
        ((key, _),) = self.db[fdb.tuple.range(("at",))]
        found = fdb.tuple.unpack(key)[1]
        self.assertEqual(found.tr_version, stamp.wait())
        self.assertEqual(int.from_bytes(found.tr_version[:8], "big"), tr.get_committed_version())


class Transactions(Case):
    def test_a_conflict_is_tried_again(self):
        attempts = []

        @fdb.transactional
        def increment(tr):
            attempts.append(1)
            before = tr[b"n"]
            number = int(bytes(before)) if before.present() else 0
            if len(attempts) == 1:
                self.db[b"n"] = b"41"
            tr[b"n"] = b"%d" % (number + 1)

        increment(self.db)
        self.assertEqual((self.db[b"n"], len(attempts)), (b"42", 2))

    def test_many_threads_lose_no_update(self):
        @fdb.transactional
        def increment(tr):
            before = tr[b"n"]
            tr[b"n"] = b"%d" % ((int(bytes(before)) if before.present() else 0) + 1)

        def work():
            for _ in range(25):
                increment(self.db)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.db[b"n"], b"100")

    def test_client_buggify_costs_attempts_and_loses_nothing(self):
        attempts = []

        @fdb.transactional
        def write(tr, number):
            attempts.append(number)
            tr[b"before"].present()
            tr[fdb.tuple.pack((number,))] = b""

        fdb.options.set_client_buggify_section_activated_probability(100)
        fdb.options.set_client_buggify_section_fired_probability(25)
        fdb.options.set_client_buggify_enable()
        self.addCleanup(fdb.options.set_client_buggify_disable)
        for number in range(100):
            write(self.db, number)
        codes = set()
        for _ in range(500):
            tr = self.db.create_transaction()
            tr[b"k"] = b""
            codes.add(code_of(lambda: tr.commit().wait()))
        fdb.options.set_client_buggify_disable()
        self.assertGreater(len(attempts), 100)
        stored = [fdb.tuple.unpack(key)[0] for key, _ in self.db[b"":b"k"]]
        self.assertEqual(stored, list(range(100)))
        self.assertEqual(codes, {0, 1007, 1020, 1021, 1042, 1078})

    def test_errors_have_foundationdbs_codes_and_texts(self):
        tr = self.db.create_transaction()
        tr[b"\xff"] = b""
        self.assertEqual(code_of(tr.commit().wait), 2004)
        self.assertEqual(str(fdb.FDBError(1020)).count("not committed due to conflict"), 1)
        tr = self.db.create_transaction()
        tr.cancel()
        self.assertEqual(code_of(lambda: tr[b"a"].wait()), 1025)
        self.assertEqual(code_of(lambda: tr.on_error(fdb.FDBError(1020)).wait()), 1025)
        tr.reset()
        tr[b"a"] = b"1"
        tr.commit().wait()

    def test_a_timeout_ends_a_transaction(self):
        tr = self.db.create_transaction()
        tr.options.set_timeout(1)
        codes = {code_of(tr.on_error(fdb.FDBError(1020)).wait) for _ in range(10)}
        self.assertLessEqual(codes, {0, 1031})
        self.assertEqual(code_of(tr[b"a"].wait), 1031)
        tr.options.set_timeout(0)
        tr.reset()
        tr[b"a"].wait()

    def test_a_transaction_that_is_gone_takes_its_watches_along(self):
        tr = self.db.create_transaction()
        watch = tr.watch(b"a")
        del tr
        self.assertEqual(code_of(watch.wait), 1025)

    def test_options_are_checked(self):
        tr = self.db.create_transaction()
        self.assertEqual(code_of(lambda: tr._set_option(9999, None, 0)), 2007)
        tr.options.set_size_limit(31)
        self.assertEqual(code_of(tr.commit().wait), 2006)
        self.assertEqual(code_of(lambda: self.db._set_option(9999, None, 0)), 2007)

    def test_snapshots_do_not_conflict(self):
        one, other = self.db.create_transaction(), self.db.create_transaction()
        one.snapshot[b"a"].wait()
        one[b"b"] = b""
        other[b"a"] = b""
        other.commit().wait()
        one.commit().wait()


class Futures(Case):
    def test_a_watch_fires_when_its_key_changes(self):
        @fdb.transactional
        def watch(tr):
            return tr.watch(b"a")

        watched = watch(self.db)
        called = threading.Event()
        watched.on_ready(lambda _: called.set())
        self.assertFalse(watched.is_ready())
        self.db[b"a"] = b"1"
        watched.wait()
        self.assertTrue(called.wait(10))

    def test_a_cancelled_future_tells_those_who_wait(self):
        @fdb.transactional
        def watch(tr):
            return tr.watch(b"a")

        watched = watch(self.db)
        threading.Timer(0.05, watched.cancel).start()
        self.assertEqual(code_of(watched.wait), 1101)

    def test_a_callback_may_begin_the_next_call(self):
        done = threading.Event()
        tr = self.db.create_transaction()
        steps = iter(range(200))

        def go_on(_):
            if next(steps, None) is None:
                done.set()
            else:
                tr.get(b"a").on_ready(go_on)

        go_on(None)
        self.assertTrue(done.wait(10))

    def test_wait_for_any(self):
        @fdb.transactional
        def watch(tr):
            return tr.watch(b"a"), tr.watch(b"b")

        one, other = watch(self.db)
        self.db[b"b"] = b"1"
        self.assertEqual(fdb.Future.wait_for_any(one, other), 1)


class Layers(Case):
    def test_directories(self):
        users = fdb.directory.create_or_open(self.db, ("app", "users"), b"layer")
        self.db[users.pack((1,))] = b"ada"
        self.assertEqual(fdb.directory.list(self.db, ("app",)), ["users"])
        self.assertRaises(ValueError, lambda: fdb.directory.create(self.db, ("app", "users")))
        moved = fdb.directory.move(self.db, ("app", "users"), ("app", "people"))
        self.assertEqual(self.db[moved.pack((1,))], b"ada")
        self.assertTrue(fdb.directory.remove_if_exists(self.db, ("app",)))
        self.assertFalse(fdb.directory.exists(self.db, ("app", "people")))
        partition = fdb.directory.create(self.db, ("part",), b"partition")
        partition.create(self.db, ("inner",))
        self.assertEqual(partition.list(self.db), ["inner"])

    def test_directories_made_at_the_same_time_are_apart(self):
        made = []

        def make(number):
            made.append(fdb.directory.create_or_open(self.db, ("d%d" % number,)).key())

        threads = [threading.Thread(target=make, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(set(made)), 8)

    def test_tuples_order_keys_as_values(self):
        values = [None, b"", b"a", "", "a", (1,), -(2**70), -1, 0, 1, 2**70, 1.5, False, True]
        for value in values:
            self.db[fdb.tuple.pack((value,))] = b""
        stored = [fdb.tuple.unpack(key)[0] for key, _ in self.db[:]]
        self.assertEqual(stored, sorted(stored, key=lambda value: fdb.tuple.pack((value,))))
        self.assertEqual(len(stored), len(values))

    def test_tenants_have_keys_of_their_own(self):
        fdb.tenant_management.create_tenant(self.db, b"one")
        fdb.tenant_management.create_tenant(self.db, b"two")
        one, two = self.db.open_tenant(b"one"), self.db.open_tenant(b"two")
        one[b"k"] = b"1"
        self.assertIsNone(two[b"k"])
        self.assertEqual(one[b"k"], b"1")
        self.assertNotEqual(one.get_id().wait(), two.get_id().wait())
        self.assertEqual(len(list(fdb.tenant_management.list_tenants(self.db, b"a", b"z", 0))), 2)
        self.assertEqual(code_of(lambda: fdb.tenant_management.delete_tenant(self.db, b"one")), 2133)
        del one[:]
        fdb.tenant_management.delete_tenant(self.db, b"one")
        self.assertEqual(code_of(lambda: self.db.open_tenant(b"one")[b"k"]), 2131)

    def test_locality(self):
        self.db[b"a"] = b""
        tr = self.db.create_transaction()
        self.assertEqual(fdb.locality.get_addresses_for_key(tr, b"a").wait(), [b"127.0.0.1:4500"])
        self.assertEqual(list(fdb.locality.get_boundary_keys(self.db, b"", b"\xff")), [b""])
        points = tr.get_range_split_points(b"", b"\xff", 1000).wait()
        self.assertEqual((points[0], points[-1]), (b"", b"\xff"))


class Databases(unittest.TestCase):
    def test_what_cannot_be_found_fails_in_the_first_call(self):
        for name, code in (("/no/such/file", 1515), ("embedded:x?colour=red", 2006), (__file__, 2104)):
            db = fdb.open(name)
            self.assertEqual(code_of(lambda: db[b"a"]), code, name)

    def test_the_clients_status_is_a_document(self):
        import json

        status = json.loads(fdb.open("memory:status").get_client_status().value)
        self.assertTrue(status["Healthy"])


if __name__ == "__main__":
    unittest.main()
