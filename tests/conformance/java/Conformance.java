import com.apple.foundationdb.record.ExecuteProperties;
import com.apple.foundationdb.record.IndexEntry;
import com.apple.foundationdb.record.IndexScanType;
import com.apple.foundationdb.record.RecordCursor;
import com.apple.foundationdb.record.RecordCursorResult;
import com.apple.foundationdb.record.ScanProperties;
import com.apple.foundationdb.record.TupleRange;
import com.apple.foundationdb.record.metadata.Index;
import com.apple.foundationdb.record.metadata.IndexTypes;
import com.apple.foundationdb.record.provider.foundationdb.FDBDatabase;
import com.apple.foundationdb.record.provider.foundationdb.FDBDatabaseFactory;
import com.apple.foundationdb.record.provider.foundationdb.FDBRecordContext;
import com.apple.foundationdb.record.provider.foundationdb.FDBRecordStore;
import com.apple.foundationdb.record.provider.foundationdb.FDBRecordStoreBase;
import com.apple.foundationdb.record.provider.foundationdb.FDBStoredRecord;
import com.apple.foundationdb.record.query.RecordQuery;
import com.apple.foundationdb.record.query.expressions.Query;
import com.apple.foundationdb.directory.DirectoryLayer;
import com.apple.foundationdb.tuple.ByteArrayUtil;
import com.apple.foundationdb.tuple.Tuple;
import com.google.protobuf.Message;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Apple's Record Layer as one of two that take turns on a database. It reads commands, {@code COMMAND SPACE FORMAT ARGUMENT…}, and
 * answers each with lines, of which the last is {@code done} or {@code failed} and why.
 */
public final class Conformance {
    private static FDBDatabase db;

    public static void main(String[] arguments) throws Exception {
        db = FDBDatabaseFactory.instance().getDatabase(arguments[0]);
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = commands.readLine()) != null;) {
            List<String> answer = new ArrayList<>();
            try {
                String[] words = line.split(" ");
                List<String> path = List.of(words[1].split("/"));
                int format = Integer.parseInt(words[2]);
                run(words[0], path, format, words, answer);
                answer.add("done");
            } catch (Throwable error) {
                Throwable cause = error;
                while (cause.getCause() != null) {
                    cause = cause.getCause();
                }
                answer.add("failed " + cause.toString().replace('\n', ' ') + " at " + List.of(cause.getStackTrace()).stream().limit(6).toList());
            }
            System.out.println(String.join("\n", answer));
            System.out.flush();
        }
        db.close();
    }

    private static void run(String command, List<String> path, int format, String[] words, List<String> answer) throws Exception {
        switch (command) {
            case "create" -> {
                try (FDBRecordContext context = db.openContext()) {
                    Space.create(context, path, format, Shop.schema(false).getRecordMetaData());
                    context.commit();
                }
                try (FDBRecordContext context = db.openContext()) {
                    // The first version of the schema goes to the history.
                    Space.schemas(context, DirectoryLayer.getDefault().open(context.ensureActive(), path).join())
                            .saveRecordMetaData(Shop.schema(true).getRecordMetaData());
                    context.commit();
                }
            }
            case "items" -> in(path, format, store -> {
                for (int at = 4; at < words.length; at++) {
                    store.saveRecord(Shop.item(type(store, "Item"), Long.parseLong(words[at]), Long.parseLong(words[3])));
                }
            });
            case "order" -> in(path, format, store -> store.saveRecord(Shop.order(type(store, "Order"), Long.parseLong(words[3]))));
            case "delete" -> in(path, format, store ->
                    that(store.deleteRecord(Tuple.from(1, Long.parseLong(words[3]))), "there is a record to delete"));
            case "dump" -> in(path, format, store -> dump(store, answer));
            case "scan" -> in(path, format, store -> page(store.scanIndex(store.getRecordMetaData().getIndex("by_tag"),
                    IndexScanType.BY_VALUE, TupleRange.ALL, continuation(words), five(words))
                    .map(IndexEntry::getPrimaryKey), answer));
            case "query" -> in(path, format, store -> page(store.executeQuery(RecordQuery.newBuilder().setRecordType("Item")
                    .setFilter(Query.field("city").equalsValue("Oslo")).build(), continuation(words),
                    five(words).getExecuteProperties()).map(record -> record.getPrimaryKey()), answer));
            default -> throw new IllegalArgumentException("an unknown command: " + command);
        }
    }

    private interface Work {
        void on(FDBRecordStore store) throws Exception;
    }

    private static void in(List<String> path, int format, Work work) throws Exception {
        try (FDBRecordContext context = db.openContext()) {
            work.on(Space.open(context, path, format));
            context.commit();
        }
    }

    private static com.google.protobuf.Descriptors.Descriptor type(FDBRecordStore store, String name) {
        return store.getRecordMetaData().getRecordType(name).getDescriptor();
    }

    private static ScanProperties five(String[] words) {
        return new ScanProperties(ExecuteProperties.newBuilder().setReturnedRowLimit(Integer.parseInt(words[3])).build());
    }

    private static byte[] continuation(String[] words) {
        return words.length > 4 ? HexFormat.of().parseHex(words[4]) : null;
    }

    private static void page(RecordCursor<Tuple> cursor, List<String> answer) throws Exception {
        RecordCursorResult<Tuple> result;
        while ((result = cursor.onNext().get()).hasNext()) {
            answer.add(hex(result.get().pack()));
        }
        if (!result.getContinuation().isEnd()) {
            answer.add("more " + hex(result.getContinuation().toBytes()));
        }
    }

    /** All that the store holds; and each index is what the records make of it. */
    private static void dump(FDBRecordStore store, List<String> answer) {
        answer.add("format " + store.getFormatVersion());
        List<FDBStoredRecord<Message>> records = store.scanRecords(null, ScanProperties.FORWARD_SCAN).asList().join();
        for (FDBStoredRecord<Message> record : records) {
            answer.add("record " + hex(record.getPrimaryKey().pack()) + " " + hex(record.getVersion().toBytes())
                    + " " + hex(record.getRecord().toByteArray()));
        }
        for (Index index : store.getRecordMetaData().getAllIndexes()) {
            that(store.isIndexReadable(index), index.getName() + " can be read");
            boolean grouped = !index.getType().equals(IndexTypes.VALUE) && !index.getType().equals(IndexTypes.VERSION);
            List<String> entries = store.scanIndex(index, grouped ? IndexScanType.BY_GROUP : IndexScanType.BY_VALUE, TupleRange.ALL,
                    null, ScanProperties.FORWARD_SCAN).map(entry -> hex(entry.getKey().pack()) + " " + hex(entry.getValue().pack())).asList().join();
            if (!grouped) {
                List<byte[]> computed = new ArrayList<>();
                for (FDBStoredRecord<Message> record : records) {
                    if (record.getRecordType().getName().equals("Item")) {
                        for (IndexEntry entry : store.getIndexMaintainer(index).evaluateIndex(record)) {
                            computed.add(FDBRecordStoreBase.indexEntryKey(index, entry.getKey(), record.getPrimaryKey()).pack());
                        }
                    }
                }
                computed.sort(ByteArrayUtil::compareUnsigned);
                String empty = hex(Tuple.from().pack());
                List<String> expected = computed.stream().map(key -> hex(key) + " " + empty).toList();
                that(entries.equals(expected), "index " + index.getName() + " has " + entries + " instead of " + expected);
            }
            entries.forEach(entry -> answer.add("index " + index.getName() + " " + entry));
        }
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static void that(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
