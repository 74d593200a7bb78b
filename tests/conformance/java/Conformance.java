import com.apple.foundationdb.record.ExecuteProperties;
import com.apple.foundationdb.record.IndexEntry;
import com.apple.foundationdb.record.IndexScanType;
import com.apple.foundationdb.record.IndexState;
import com.apple.foundationdb.record.RecordCursor;
import com.apple.foundationdb.record.RecordCursorResult;
import com.apple.foundationdb.record.RecordIndexUniquenessViolation;
import com.apple.foundationdb.record.ScanProperties;
import com.apple.foundationdb.record.TupleRange;
import com.apple.foundationdb.record.provider.foundationdb.FDBDatabase;
import com.apple.foundationdb.record.provider.foundationdb.FDBDatabaseFactory;
import com.apple.foundationdb.record.provider.foundationdb.FDBRecordContext;
import com.apple.foundationdb.record.provider.foundationdb.FDBRecordStore;
import com.apple.foundationdb.record.query.RecordQuery;
import com.apple.foundationdb.record.query.expressions.Query;
import com.apple.foundationdb.record.query.expressions.RecordTypeKeyComparison;
import com.apple.foundationdb.tuple.Tuple;
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
                run(words[0], List.of(words[1].split("/")), Integer.parseInt(words[2]), words, answer);
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
                boolean split = words[3].equals("split");
                try (FDBRecordContext context = db.openContext()) {
                    Space.create(context, path, format, Shop.schema(split, false).getRecordMetaData());
                    context.commit();
                }
                try (FDBRecordContext context = db.openContext()) {
                    // The first version of the schema goes to the history.
                    Space.schemas(context, path).saveRecordMetaData(Shop.schema(split, true).getRecordMetaData());
                    context.commit();
                }
            }
            case "create-like" -> {
                try (FDBRecordContext context = db.openContext()) {
                    Space.create(context, path, format, Space.schemas(context, List.of(words[3].split("/"))).getRecordMetaData());
                    context.commit();
                }
            }
            case "items" -> in(path, format, store -> {
                for (int at = 4; at < words.length; at++) {
                    store.saveRecord(Shop.item(type(store, "Item"), Long.parseLong(words[at]), Long.parseLong(words[3])));
                }
            });
            case "others" -> in(path, format, store -> {
                for (int at = 4; at < words.length; at++) {
                    store.saveRecord(Shop.other(type(store, words[3]), Long.parseLong(words[at])));
                }
            });
            case "duplicate" -> {
                try {
                    in(path, format, store -> store.saveRecord(Shop.with(type(store, "Item"), Long.parseLong(words[3]), words[4], words[5])));
                    answer.add("saved");
                } catch (RecordIndexUniquenessViolation violation) {
                    answer.add("refused " + violation.getIndex().getName() + " " + Dump.hex(violation.getIndexEntry().getKey().pack())
                            + " " + Dump.hex(violation.getPrimaryKey().pack()) + " " + Dump.hex(violation.getExistingKey().pack()));
                }
            }
            case "delete" -> in(path, format, store -> {
                for (int at = 3; at < words.length; at++) {
                    Dump.that(store.deleteRecord(Tuple.from(1, Long.parseLong(words[at]))), "there is item " + words[at] + " to delete");
                }
            });
            case "delete-type" -> in(path, format, store -> store.deleteRecordsWhere(new RecordTypeKeyComparison(words[3])));
            case "delete-all" -> in(path, format, FDBRecordStore::deleteAllRecords);
            case "add-index" -> {
                try (FDBRecordContext context = db.openContext()) {
                    Space.schemas(context, path).addIndex("Item", Shop.more(words[3]));
                    Space.open(context, path, format, IndexState.valueOf(words[4]));
                    context.commit();
                }
            }
            case "drop-index" -> {
                try (FDBRecordContext context = db.openContext()) {
                    Space.schemas(context, path).dropIndex(words[3]);
                    Space.open(context, path, format, IndexState.READABLE);
                    context.commit();
                }
            }
            case "add-type" -> {
                try (FDBRecordContext context = db.openContext()) {
                    Space.schemas(context, path).mutateMetaData(Shop::addRefunds);
                    Space.open(context, path, format, IndexState.READABLE);
                    context.commit();
                }
            }
            case "mark" -> in(path, format, store -> {
                switch (words[4]) {
                    case "DISABLED" -> store.markIndexDisabled(words[3]).join();
                    case "WRITE_ONLY" -> store.markIndexWriteOnly(words[3]).join();
                    case "READABLE" -> store.markIndexReadable(words[3]).join();
                    default -> throw new IllegalArgumentException("a state that nobody asks for: " + words[4]);
                }
            });
            case "build" -> Building.build(db, path, format, words[3], Integer.parseInt(words[4]), answer);
            case "resolve" -> in(path, format, store -> Building.resolve(store, words[3]));
            case "dump" -> in(path, format, store -> Dump.of(store, answer));
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
            work.on(Space.open(context, path, format, IndexState.READABLE));
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
            answer.add(Dump.hex(result.get().pack()));
        }
        if (!result.getContinuation().isEnd()) {
            answer.add("more " + Dump.hex(result.getContinuation().toBytes()));
        }
    }
}
