import com.apple.foundationdb.record.RecordIndexUniquenessViolation;
import com.apple.foundationdb.record.ScanProperties;
import com.apple.foundationdb.record.TupleRange;
import com.apple.foundationdb.record.metadata.Index;
import com.apple.foundationdb.record.provider.foundationdb.FDBDatabase;
import com.apple.foundationdb.record.provider.foundationdb.FDBRecordContext;
import com.apple.foundationdb.record.provider.foundationdb.FDBRecordStore;
import com.apple.foundationdb.record.provider.foundationdb.OnlineIndexer;
import com.apple.foundationdb.record.provider.foundationdb.OnlineIndexer.IndexingPolicy;
import com.apple.foundationdb.tuple.Tuple;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Builds indexes online, by the records, as far as is wanted; and clears what keeps a unique index from being readable. */
final class Building {
    private Building() {
    }

    /** Builds an index two records at a time, and stops in the middle after so many transactions; 0 lets it come to its end. */
    static void build(FDBDatabase db, List<String> path, int format, String index, int stopAfter, List<String> answer) {
        FDBRecordStore.Builder store;
        Index target;
        try (FDBRecordContext context = db.openContext()) {
            store = Space.builder(context, Space.directory(context, path), format);
            target = store.getMetaDataStore().getRecordMetaData().getIndex(index);
            store.setMetaDataProvider(store.getMetaDataStore().getRecordMetaData()).setMetaDataStore(null);
        }
        int[] begun = {0};
        OnlineIndexer.Builder builder = OnlineIndexer.newBuilder().setDatabase(db).setRecordStoreBuilder(store).setIndex(target)
                .setLimit(2)
                .setIndexingPolicy(IndexingPolicy.newBuilder().allowUniquePendingState());
        if (stopAfter > 0) {
            builder.setConfigLoader(config -> {
                // It is asked once before each transaction.
                if (begun[0]++ >= stopAfter) {
                    throw new Stopped();
                }
                return config;
            });
        }
        try (OnlineIndexer indexer = builder.build()) {
            indexer.buildIndex();
            answer.add("built");
        } catch (Stopped stopped) {
            answer.add("stopped");
        } catch (RecordIndexUniquenessViolation violation) {
            answer.add("not unique");
        }
    }

    /** Of all records with one value, the one with the least key stays. */
    static void resolve(FDBRecordStore store, String name) {
        Index index = store.getRecordMetaData().getIndex(name);
        SortedMap<Tuple, Tuple> remaining = new TreeMap<>();
        store.scanUniquenessViolations(index, TupleRange.ALL, null, ScanProperties.FORWARD_SCAN).asList().join()
                .forEach(violation -> remaining.merge(violation.getIndexEntry().getKey(), violation.getPrimaryKey(),
                        (one, other) -> one.compareTo(other) < 0 ? one : other));
        remaining.forEach((value, key) -> store.resolveUniquenessViolation(index, value, key).join());
    }

    private static final class Stopped extends RuntimeException {
        private static final long serialVersionUID = 1;
    }
}
