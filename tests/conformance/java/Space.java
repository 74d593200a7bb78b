import com.apple.foundationdb.directory.DirectoryLayer;
import com.apple.foundationdb.directory.DirectorySubspace;
import com.apple.foundationdb.record.RecordMetaData;
import com.apple.foundationdb.record.provider.foundationdb.FDBMetaDataStore;
import com.apple.foundationdb.record.provider.foundationdb.FDBRecordContext;
import com.apple.foundationdb.record.provider.foundationdb.FDBRecordStore;
import com.apple.foundationdb.subspace.Subspace;
import com.apple.foundationdb.tuple.Tuple;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A record space of Record-Store, opened with nothing but FoundationDB's directory layer and Apple's Record Layer. */
final class Space {
    private static final byte[] LAYER = "record_space".getBytes(StandardCharsets.UTF_8);

    private Space() {
    }

    /** Opens the store of a space that exists, with the schema that lies in the space. */
    static FDBRecordStore open(FDBRecordContext context, List<String> path, int format) {
        DirectorySubspace space = DirectoryLayer.getDefault().open(context.ensureActive(), path, LAYER).join();
        return store(context, space, format).open();
    }

    /** Makes a space: its directory, its schema, and a store of a format. */
    static FDBRecordStore create(FDBRecordContext context, List<String> path, int format, RecordMetaData schema) {
        DirectorySubspace space = DirectoryLayer.getDefault().create(context.ensureActive(), path, LAYER).join();
        schemas(context, space).saveRecordMetaData(schema);
        return store(context, space, format).create();
    }

    /** The schema of a space, with its history. */
    static FDBMetaDataStore schemas(FDBRecordContext context, Subspace space) {
        return new FDBMetaDataStore(context, space.subspace(Tuple.from("m")), null);
    }

    private static FDBRecordStore.Builder store(FDBRecordContext context, Subspace space, int format) {
        return FDBRecordStore.newBuilder()
                .setContext(context)
                .setMetaDataStore(schemas(context, space))
                .setSubspace(space.subspace(Tuple.from("d")))
                .setFormatVersion(format);
    }
}
