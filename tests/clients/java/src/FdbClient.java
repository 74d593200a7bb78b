import com.apple.foundationdb.Database;
import com.apple.foundationdb.FDB;
import com.apple.foundationdb.FDBException;
import com.apple.foundationdb.KeySelector;
import com.apple.foundationdb.KeyValue;
import com.apple.foundationdb.LocalityUtil;
import com.apple.foundationdb.MappedKeyValue;
import com.apple.foundationdb.MutationType;
import com.apple.foundationdb.Range;
import com.apple.foundationdb.StreamingMode;
import com.apple.foundationdb.Tenant;
import com.apple.foundationdb.TenantManagement;
import com.apple.foundationdb.Transaction;
import com.apple.foundationdb.directory.DirectoryLayer;
import com.apple.foundationdb.directory.DirectorySubspace;
import com.apple.foundationdb.subspace.Subspace;
import com.apple.foundationdb.tuple.Tuple;
import com.apple.foundationdb.tuple.Versionstamp;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/** FoundationDB's client for Java on the drop-in library. */
public final class FdbClient {
    private static Database db;

    public static void main(String[] arguments) throws Exception {
        FDB fdb = FDB.selectAPIVersion(730);
        db = fdb.open("memory:java");
        keysAndRanges();
        mappedRanges();
        conflictsAreTriedAgain();
        manyAtOnce();
        watches();
        versionstamps();
        errors();
        directories();
        tenants();
        db.close();
        System.out.println("the Java client saw what it should");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static int codeOf(CompletableFuture<?> future) {
        try {
            future.join();
            return 0;
        } catch (CompletionException failure) {
            return ((FDBException)failure.getCause()).getCode();
        }
    }

    private static void keysAndRanges() {
        Subspace rows = new Subspace(Tuple.from("rows"));
        db.run(tr -> {
            for (int number = 0; number < 1000; number++) {
                tr.set(rows.pack(number), new byte[100]);
            }
            return null;
        });
        for (StreamingMode mode : List.of(StreamingMode.WANT_ALL, StreamingMode.ITERATOR, StreamingMode.SMALL, StreamingMode.SERIAL)) {
            for (boolean reverse : new boolean[] {false, true}) {
                List<KeyValue> found = db.read(tr -> tr.getRange(rows.range(), 0, reverse, mode).asList().join());
                Check.equal(1000, found.size(), mode + " finds all rows");
                long first = rows.unpack(found.get(0).getKey()).getLong(0);
                Check.equal(reverse ? 999L : 0L, first, mode + " begins at its end");
            }
        }
        byte[] third = db.read(tr -> tr.getKey(KeySelector.firstGreaterThan(rows.pack(1)).add(1)).join());
        Check.equal(3L, rows.unpack(third).getLong(0), "a selector counts keys");
        db.run(tr -> {
            tr.clear(Range.startsWith(rows.pack()));
            return null;
        });
        Check.equal(0, db.read(tr -> tr.getRange(rows.range()).asList().join()).size(), "a cleared range is empty");
        Check.that(db.read(tr -> tr.get(rows.pack(1)).join()) == null, "a cleared key has no value");
        Check.that(db.read(tr -> tr.getEstimatedRangeSizeBytes(rows.range()).join()) >= 0, "a size is a number");
        Check.equal(2, db.read(tr -> tr.getRangeSplitPoints(rows.range(), 1000).join()).getKeys().size(), "points split");
    }

    /** Entries of an index with the rows of their records, as FoundationDB's own MappedRangeQueryIntegrationTest reads them. */
    private static void mappedRanges() {
        int records = 500;
        db.run(tr -> {
            for (int number = 0; number < records; number++) {
                tr.set(Tuple.from("index", number, "record" + number).pack(), new byte[0]);
                for (int part = 0; part < 3; part++) {
                    tr.set(Tuple.from("records", "record" + number, part).pack(), bytes(number + "." + part));
                }
            }
            return null;
        });
        Range index = Tuple.from("index").range();
        KeySelector begin = KeySelector.firstGreaterOrEqual(index.begin);
        KeySelector end = KeySelector.firstGreaterOrEqual(index.end);
        byte[] mapper = Tuple.from("records", "{K[2]}", "{...}").pack();
        for (StreamingMode mode : List.of(StreamingMode.WANT_ALL, StreamingMode.ITERATOR, StreamingMode.SMALL)) {
            for (boolean reverse : new boolean[] {false, true}) {
                List<MappedKeyValue> found = db.read(tr -> tr.getMappedRange(begin, end, mapper, 0, reverse, mode).asList().join());
                Check.equal(records, found.size(), mode + " finds all entries");
                for (int at = 0; at < records; at++) {
                    int number = reverse ? records - 1 - at : at;
                    MappedKeyValue row = found.get(at);
                    Check.equal(Tuple.from("index", number, "record" + number), Tuple.fromBytes(row.getKey()), "an entry");
                    Range record = Range.startsWith(Tuple.from("records", "record" + number).pack());
                    Check.that(Arrays.equals(record.begin, row.getRangeBegin()), "a record begins with its key");
                    Check.that(Arrays.equals(record.end, row.getRangeEnd()), "and ends behind it");
                    Check.equal(3, row.getRangeResult().size(), "a record has its rows");
                    String last = new String(row.getRangeResult().get(2).getValue(), StandardCharsets.UTF_8);
                    Check.equal(number + ".2", last, "in order");
                }
            }
        }
        try (Transaction tr = db.createTransaction()) {
            tr.set(Tuple.from("records", "record7", 1).pack(), new byte[0]);
            Check.equal(2039, codeOf(tr.getMappedRange(begin, end, mapper, 10, false, StreamingMode.WANT_ALL).asList()), "own writes");
            Check.equal(0, codeOf(tr.getMappedRange(begin, end, mapper, 7, false, StreamingMode.EXACT).asList()), "but what lies before them");
        }
        int[] attempts = {0};
        db.run(tr -> {
            tr.getMappedRange(begin, end, mapper, 1, false, StreamingMode.WANT_ALL).asList().join();
            if (attempts[0]++ == 0) {
                db.run(other -> {
                    other.set(Tuple.from("records", "record0", 9).pack(), new byte[0]);
                    return null;
                });
            }
            tr.set(bytes("written"), new byte[0]);
            return null;
        });
        Check.equal(2, attempts[0], "a record that changes is a conflict");
    }

    private static void conflictsAreTriedAgain() {
        byte[] key = bytes("counter");
        int[] attempts = {0};
        db.run(tr -> {
            byte[] before = tr.get(key).join();
            if (attempts[0]++ == 0) {
                db.run(other -> {
                    other.set(key, bytes("interfering"));
                    return null;
                });
            }
            tr.set(key, before == null ? bytes("none") : before);
            return null;
        });
        Check.equal(2, attempts[0], "a conflict costs an attempt");
        Check.that(Arrays.equals(bytes("interfering"), db.read(tr -> tr.get(key).join())), "and loses nothing");
    }

    private static void manyAtOnce() {
        byte[] key = bytes("sum");
        byte[] one = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(1).array();
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int number = 0; number < 500; number++) {
            all.add(db.runAsync(tr -> tr.get(bytes("other")).thenApply(value -> {
                tr.mutate(MutationType.ADD, key, one);
                return null;
            })));
        }
        CompletableFuture.allOf(all.toArray(new CompletableFuture<?>[0])).join();
        byte[] sum = db.read(tr -> tr.get(key).join());
        Check.equal(500L, ByteBuffer.wrap(sum).order(ByteOrder.LITTLE_ENDIAN).getLong(), "no addition is lost");
    }

    private static void watches() throws Exception {
        byte[] key = bytes("watched");
        CompletableFuture<Void> watch = db.run(tr -> tr.watch(key));
        Check.that(!watch.isDone(), "a watch waits");
        db.run(tr -> {
            tr.set(key, bytes("now"));
            return null;
        });
        watch.get(10, TimeUnit.SECONDS);
        CompletableFuture<Void> cancelled = db.run(tr -> tr.watch(key));
        cancelled.cancel(true);
        Check.that(cancelled.isCancelled(), "a watch can be cancelled");
    }

    private static void versionstamps() {
        try (Transaction tr = db.createTransaction()) {
            tr.mutate(MutationType.SET_VERSIONSTAMPED_KEY, Tuple.from("at", Versionstamp.incomplete(7)).packWithVersionstamp(), new byte[0]);
            CompletableFuture<byte[]> stamp = tr.getVersionstamp();
            tr.commit().join();
            byte[] key = db.read(other -> other.getRange(Tuple.from("at").range()).asList().join()).get(0).getKey();
            Check.equal(Versionstamp.complete(stamp.join(), 7), Tuple.fromBytes(key).getVersionstamp(1), "a stamp is written");
            Check.equal(tr.getCommittedVersion(), ByteBuffer.wrap(stamp.join()).getLong(), "and says the version");
        }
    }

    private static void errors() {
        try (Transaction tr = db.createTransaction()) {
            tr.set(new byte[] {(byte)0xff}, new byte[0]);
            Check.equal(2004, codeOf(tr.commit()), "system keys are not for everybody");
        }
        try (Transaction tr = db.createTransaction()) {
            tr.cancel();
            Check.equal(1025, codeOf(tr.get(bytes("a"))), "a cancelled transaction reads nothing");
        }
        try (Transaction tr = db.createTransaction()) {
            tr.setReadVersion(1);
            Check.equal(1007, codeOf(tr.get(bytes("a"))), "nobody remembers the first version");
        }
        try (Database missing = FDB.instance().open("/no/such/file")) {
            Check.equal(1515, codeOf(missing.runAsync(tr -> tr.get(bytes("a")))), "no file, no database");
        }
        FDBException error = new FDBException("conflict", 1020);
        Check.that(error.isRetryable() && error.isRetryableNotCommitted() && !error.isMaybeCommitted(), "predicates");
    }

    private static void directories() {
        DirectoryLayer layer = DirectoryLayer.getDefault();
        DirectorySubspace users = layer.createOrOpen(db, List.of("app", "users")).join();
        db.run(tr -> {
            tr.set(users.pack(1), bytes("ada"));
            return null;
        });
        DirectorySubspace moved = users.moveTo(db, List.of("app", "people")).join();
        Check.that(Arrays.equals(bytes("ada"), db.read(tr -> tr.get(moved.pack(1)).join())), "a directory keeps what is in it");
        Check.equal(List.of("people"), layer.list(db, List.of("app")).join(), "a directory lists what is in it");
        Check.that(layer.removeIfExists(db, List.of("app")).join(), "a directory can be removed");
        Check.that(LocalityUtil.getAddressesForKey(db.createTransaction(), bytes("a")).join().length == 1, "a key has an address");
    }

    private static void tenants() {
        TenantManagement.createTenant(db, bytes("one")).join();
        try (Tenant tenant = db.openTenant(bytes("one"))) {
            tenant.run(tr -> {
                tr.set(bytes("k"), bytes("v"));
                return null;
            });
            Check.that(db.read(tr -> tr.get(bytes("k")).join()) == null, "a tenant's keys are its own");
            Check.that(tenant.getId().join() >= 0, "a tenant has a number");
            tenant.run(tr -> {
                tr.clear(bytes("k"));
                return null;
            });
        }
        TenantManagement.deleteTenant(db, bytes("one")).join();
    }
}
