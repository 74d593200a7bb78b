import com.apple.foundationdb.directory.DirectoryLayer;
import com.apple.foundationdb.directory.DirectorySubspace;
import com.apple.foundationdb.record.IndexState;
import com.apple.foundationdb.record.RecordMetaData;
import com.apple.foundationdb.record.RecordMetaDataProvider;
import com.apple.foundationdb.record.metadata.Index;
import com.apple.foundationdb.record.provider.foundationdb.FDBMetaDataStore;
import com.apple.foundationdb.record.provider.foundationdb.FDBRecordContext;
import com.apple.foundationdb.record.provider.foundationdb.FDBRecordStore;
import com.apple.foundationdb.record.provider.foundationdb.FDBRecordStoreBase.UserVersionChecker;
import com.apple.foundationdb.subspace.Subspace;
import com.apple.foundationdb.tuple.Tuple;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A record space of Record-Store, opened with nothing but FoundationDB's directory layer and Apple's Record Layer. */
final class Space {
    private static final byte[] LAYER = "record_space".getBytes(StandardCharsets.UTF_8);

    private Space() {
    }

    /** Opens the store of a space that exists, with the schema that lies in the space; indexes that are new get a state. */
    static FDBRecordStore open(FDBRecordContext context, List<String> path, int format, IndexState newIndexes) {
        return builder(context, directory(context, path), format).setUserVersionChecker(new NewIndexes(newIndexes)).open();
    }

    /** What opens the store of a space. */
    static FDBRecordStore.Builder builder(FDBRecordContext context, Subspace space, int format) {
        return FDBRecordStore.newBuilder()
                .setContext(context)
                .setMetaDataStore(schemas(context, space))
                .setSubspace(space.subspace(Tuple.from("d")))
                .setFormatVersion(format);
    }

    /** Makes a space: its directory, its schema, and a store of a format. */
    static FDBRecordStore create(FDBRecordContext context, List<String> path, int format, RecordMetaData schema) {
        DirectorySubspace space = DirectoryLayer.getDefault().create(context.ensureActive(), path, LAYER).join();
        schemas(context, space).saveRecordMetaData(schema);
        return builder(context, space, format).create();
    }

    /** The directory of a space that exists. */
    static DirectorySubspace directory(FDBRecordContext context, List<String> path) {
        return DirectoryLayer.getDefault().open(context.ensureActive(), path, LAYER).join();
    }

    /** The schema of a space that exists, with its history. */
    static FDBMetaDataStore schemas(FDBRecordContext context, List<String> path) {
        return schemas(context, directory(context, path));
    }

    private static FDBMetaDataStore schemas(FDBRecordContext context, Subspace space) {
        return new FDBMetaDataStore(context, space.subspace(Tuple.from("m")), null);
    }

    /** Says in which state an index begins that the schema has and the store does not know. */
    private record NewIndexes(IndexState state) implements UserVersionChecker {
        @Override
        public CompletableFuture<Integer> checkUserVersion(int before, int schemaBefore, RecordMetaDataProvider schema) {
            return CompletableFuture.completedFuture(Math.max(before, 0));
        }

        @Override
        public IndexState needRebuildIndex(Index index, long records, boolean onNewTypes) {
            return state;
        }
    }
}
