import com.apple.foundationdb.record.EvaluationContext;
import com.apple.foundationdb.record.ExecuteProperties;
import com.apple.foundationdb.record.FunctionNames;
import com.apple.foundationdb.record.IndexFetchMethod;
import com.apple.foundationdb.record.IndexScanType;
import com.apple.foundationdb.record.IsolationLevel;
import com.apple.foundationdb.record.RecordCursorContinuation;
import com.apple.foundationdb.record.RecordCursorResult;
import com.apple.foundationdb.record.RecordMetaData;
import com.apple.foundationdb.record.RecordMetaDataBuilder;
import com.apple.foundationdb.record.ScanProperties;
import com.apple.foundationdb.record.TupleRange;
import com.apple.foundationdb.record.metadata.Index;
import com.apple.foundationdb.record.metadata.IndexAggregateFunction;
import com.apple.foundationdb.record.metadata.IndexTypes;
import com.apple.foundationdb.record.metadata.Key;
import com.apple.foundationdb.record.metadata.expressions.GroupingKeyExpression;
import com.apple.foundationdb.record.provider.foundationdb.APIVersion;
import com.apple.foundationdb.record.provider.foundationdb.FDBDatabase;
import com.apple.foundationdb.record.provider.foundationdb.FDBDatabaseFactory;
import com.apple.foundationdb.record.provider.foundationdb.FDBQueriedRecord;
import com.apple.foundationdb.record.provider.foundationdb.FDBRecordContext;
import com.apple.foundationdb.record.provider.foundationdb.FDBRecordStore;
import com.apple.foundationdb.record.provider.foundationdb.FDBStoreTimer;
import com.apple.foundationdb.record.provider.foundationdb.OnlineIndexer;
import com.apple.foundationdb.record.provider.foundationdb.keyspace.KeySpace;
import com.apple.foundationdb.record.provider.foundationdb.keyspace.KeySpaceDirectory;
import com.apple.foundationdb.record.query.RecordQuery;
import com.apple.foundationdb.record.query.expressions.Query;
import com.apple.foundationdb.record.query.expressions.QueryComponent;
import com.apple.foundationdb.record.query.plan.RecordQueryPlanner;
import com.apple.foundationdb.tuple.Tuple;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Label;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Apple's Record Layer on the drop-in library: save, load, query, build an index online, and the kinds of indexes. */
public final class RecordLayer {
    private static final int USERS = 300;

    private static FDBDatabase db;
    private static FileDescriptor file;
    private static FDBRecordStore.Builder stores;

    public static void main(String[] arguments) throws Exception {
        // The first version whose clients have mapped ranges.
        FDBDatabaseFactory.instance().setAPIVersion(APIVersion.API_VERSION_7_1);
        db = FDBDatabaseFactory.instance().getDatabase(arguments.length == 0 ? "memory:layer" : arguments[0]);
        file = file();
        stores = FDBRecordStore.newBuilder()
                .setMetaDataProvider(metaData(false))
                .setKeySpacePath(new KeySpace(new KeySpaceDirectory("app", KeySpaceDirectory.KeyType.STRING, "layer")).path("app"));
        saveAndLoad();
        queries();
        remoteFetch();
        pages();
        textIndex();
        rankIndex();
        aggregates();
        onlineIndex();
        delete();
        db.close();
        System.out.println("Apple's Record Layer saw what it should");
    }

    private static FileDescriptor file() throws Exception {
        FieldDescriptorProto.Builder[] fields = {
            field("id", 1, Type.TYPE_INT64), field("name", 2, Type.TYPE_STRING), field("bio", 3, Type.TYPE_STRING),
            field("score", 4, Type.TYPE_INT64), field("tags", 5, Type.TYPE_STRING).setLabel(Label.LABEL_REPEATED),
            field("blob", 6, Type.TYPE_BYTES)};
        DescriptorProto.Builder user = DescriptorProto.newBuilder().setName("User");
        for (FieldDescriptorProto.Builder field : fields) {
            user.addField(field);
        }
        DescriptorProto.Builder union = DescriptorProto.newBuilder().setName("RecordTypeUnion")
                .addField(field("_User", 1, Type.TYPE_MESSAGE).setTypeName("User"));
        FileDescriptorProto proto = FileDescriptorProto.newBuilder().setName("users.proto")
                .addMessageType(user).addMessageType(union).build();
        return FileDescriptor.buildFrom(proto, new FileDescriptor[0]);
    }

    private static FieldDescriptorProto.Builder field(String name, int number, Type type) {
        return FieldDescriptorProto.newBuilder().setName(name).setNumber(number).setType(type).setLabel(Label.LABEL_OPTIONAL);
    }

    private static RecordMetaData metaData(boolean withTags) {
        RecordMetaDataBuilder builder = RecordMetaData.newBuilder().setRecords(file);
        builder.setSplitLongRecords(true);
        builder.setStoreRecordVersions(true);
        builder.getRecordType("User").setPrimaryKey(Key.Expressions.field("id"));
        builder.addIndex("User", new Index("by_name", "name"));
        builder.addIndex("User", new Index("by_bio", Key.Expressions.field("bio"), IndexTypes.TEXT));
        builder.addIndex("User", new Index("by_score", score(), IndexTypes.RANK));
        builder.addUniversalIndex(new Index("count", new GroupingKeyExpression(Key.Expressions.empty(), 0), IndexTypes.COUNT));
        builder.addIndex("User", new Index("sum", score(), IndexTypes.SUM));
        builder.addUniversalIndex(new Index("by_version", Key.Expressions.version(), IndexTypes.VERSION));
        if (withTags) {
            builder.addIndex("User", new Index("by_tag", Key.Expressions.field("tags", com.apple.foundationdb.record.metadata.expressions.KeyExpression.FanType.FanOut)));
        }
        return builder.getRecordMetaData();
    }

    private static GroupingKeyExpression score() {
        return Key.Expressions.field("score").ungrouped();
    }

    private static FDBRecordStore open(FDBRecordContext context) {
        return stores.copyBuilder().setContext(context).createOrOpen();
    }

    private static Message user(long id) {
        Descriptor type = file.findMessageTypeByName("User");
        DynamicMessage.Builder builder = DynamicMessage.newBuilder(type);
        builder.setField(type.findFieldByName("id"), id);
        builder.setField(type.findFieldByName("name"), "name" + id % 10);
        builder.setField(type.findFieldByName("bio"), id % 2 == 0 ? "an even number of words" : "words that are odd");
        builder.setField(type.findFieldByName("score"), id * 10);
        builder.addRepeatedField(type.findFieldByName("tags"), "tag" + id % 3);
        builder.addRepeatedField(type.findFieldByName("tags"), "all");
        // Some records are longer than a value may be.
        builder.setField(type.findFieldByName("blob"), com.google.protobuf.ByteString.copyFrom(new byte[id % 100 == 0 ? 250_000 : 10]));
        return builder.build();
    }

    private static long id(Message message) {
        return (Long)message.getField(message.getDescriptorForType().findFieldByName("id"));
    }

    private static List<Long> ids(QueryComponent filter) {
        RecordQuery query = RecordQuery.newBuilder().setRecordType("User").setFilter(filter).build();
        return db.run(context -> open(context).executeQuery(query).map(FDBQueriedRecord::getRecord).map(RecordLayer::id)
                .asList().join()).stream().sorted().collect(Collectors.toList());
    }

    private static void saveAndLoad() {
        for (int from = 0; from < USERS; from += 50) {
            int begin = from;
            db.run(context -> {
                FDBRecordStore store = open(context);
                for (int id = begin; id < begin + 50; id++) {
                    store.saveRecord(user(id));
                }
                return null;
            });
        }
        db.run(context -> {
            FDBRecordStore store = open(context);
            for (long id : new long[] {0, 1, 100, USERS - 1}) {
                Message found = store.loadRecord(Tuple.from(id)).getRecord();
                Check.equal(user(id), found, "record " + id);
                Check.that(store.loadRecord(Tuple.from(id)).hasVersion(), "a record has a version");
            }
            Check.that(store.loadRecord(Tuple.from(USERS)) == null, "there are no others");
            return null;
        });
    }

    private static void queries() {
        Check.equal(USERS / 10, ids(Query.field("name").equalsValue("name3")).size(), "users of a name");
        Check.equal(List.of(3L), ids(Query.and(Query.field("name").equalsValue("name3"), Query.field("score").equalsValue(30L))), "one user");
        Check.equal(2 * USERS / 10, ids(Query.or(Query.field("name").equalsValue("name3"), Query.field("name").equalsValue("name4"))).size(), "users of two names");
    }

    /** A scan of an index that fetches the records by the same calls, which are mapped ranges. */
    private static void remoteFetch() {
        for (boolean reverse : new boolean[] {false, true}) {
            RecordQuery query = RecordQuery.newBuilder().setRecordType("User")
                    .setFilter(Query.field("name").equalsValue("name0")).setSort(Key.Expressions.field("id"), reverse).build();
            FDBStoreTimer timer = new FDBStoreTimer();
            List<Message> found = db.run(timer, null, context -> {
                FDBRecordStore store = open(context);
                RecordQueryPlanner planner = new RecordQueryPlanner(store.getRecordMetaData(), store.getRecordStoreState());
                planner.setConfiguration(planner.getConfiguration().asBuilder().setIndexFetchMethod(IndexFetchMethod.USE_REMOTE_FETCH).build());
                return planner.plan(query).execute(store).map(FDBQueriedRecord::getRecord).asList().join();
            });
            List<Message> expected = new ArrayList<>();
            for (long at = 0; at < USERS; at += 10) {
                expected.add(user(reverse ? USERS - 10 - at : at));
            }
            Check.equal(expected, found, "records fetched with their entries");
            Check.that(timer.getCount(FDBStoreTimer.Events.SCAN_REMOTE_FETCH_ENTRY) >= USERS / 10, "by mapped ranges");
        }
    }

    private static void pages() {
        List<Long> all = new ArrayList<>();
        byte[] continuation = null;
        do {
            byte[] from = continuation;
            RecordCursorContinuation next = db.run(context -> {
                ScanProperties seven = new ScanProperties(ExecuteProperties.newBuilder().setReturnedRowLimit(7).build());
                RecordCursorResult<Long> result;
                try (var cursor = open(context).scanRecords(from, seven).map(record -> id(record.getRecord()))) {
                    while ((result = cursor.getNext()).hasNext()) {
                        all.add(result.get());
                    }
                }
                return result.getContinuation();
            });
            continuation = next.isEnd() ? null : next.toBytes();
        } while (continuation != null);
        Check.equal(USERS, all.size(), "pages have every record");
        Check.equal(all.stream().sorted().distinct().collect(Collectors.toList()), all, "once and in order");
    }

    private static void textIndex() {
        Check.equal(USERS / 2, ids(Query.field("bio").text().contains("even")).size(), "texts with a word");
        Check.equal(USERS, ids(Query.field("bio").text().containsAny("even odd")).size(), "texts with one of two words");
        Check.equal(USERS / 2, ids(Query.field("bio").text().containsPhrase("that are odd")).size(), "texts with a phrase");
        Check.equal(0, ids(Query.field("bio").text().containsAll("even odd")).size(), "texts with both words");
    }

    private static void rankIndex() {
        Check.equal(List.of(0L, 1L, 2L), ids(Query.rank(score()).lessThan(3L)), "the three lowest");
        db.run(context -> {
            FDBRecordStore store = open(context);
            List<Long> top = store.scanIndex(store.getRecordMetaData().getIndex("by_score"), IndexScanType.BY_RANK,
                    TupleRange.between(Tuple.from(USERS - 2), Tuple.from(USERS)), null, ScanProperties.FORWARD_SCAN)
                    .map(entry -> entry.getKey().getLong(0)).asList().join();
            Check.equal(List.of((USERS - 2) * 10L, (USERS - 1) * 10L), top, "the two highest");
            return null;
        });
    }

    private static void aggregates() {
        db.run(context -> {
            FDBRecordStore store = open(context);
            Check.equal((long)USERS, store.getSnapshotRecordCount().join(), "the count of records");
            Tuple sum = store.evaluateAggregateFunction(EvaluationContext.EMPTY, List.of("User"),
                    new IndexAggregateFunction(FunctionNames.SUM, score(), "sum"), TupleRange.ALL, IsolationLevel.SERIALIZABLE).join();
            Check.equal(10L * USERS * (USERS - 1) / 2, sum.getLong(0), "the sum of scores");
            int versions = store.scanIndex(store.getRecordMetaData().getIndex("by_version"), IndexScanType.BY_VALUE,
                    TupleRange.ALL, null, ScanProperties.FORWARD_SCAN).getCount().join();
            Check.equal(USERS, versions, "versions of records");
            return null;
        });
    }

    private static void onlineIndex() {
        stores.setMetaDataProvider(metaData(true));
        db.run(context -> {
            open(context).markIndexDisabled("by_tag").join();
            return null;
        });
        try (OnlineIndexer indexer = OnlineIndexer.newBuilder().setDatabase(db).setRecordStoreBuilder(stores).setIndex("by_tag").setLimit(20).build()) {
            indexer.buildIndex();
        }
        db.run(context -> {
            FDBRecordStore store = open(context);
            Check.that(store.isIndexReadable("by_tag"), "an index that was built can be read");
            return null;
        });
        Check.equal(USERS / 3, ids(Query.field("tags").oneOfThem().equalsValue("tag1")).size(), "users of a tag");
        Check.equal(USERS, ids(Query.field("tags").oneOfThem().equalsValue("all")).size(), "users of every tag");
    }

    private static void delete() {
        db.run(context -> {
            FDBRecordStore store = open(context);
            Check.that(store.deleteRecord(Tuple.from(3)), "a record is deleted");
            Check.that(!store.deleteRecord(Tuple.from(3)), "once");
            return null;
        });
        Check.equal(USERS / 10 - 1, ids(Query.field("name").equalsValue("name3")).size(), "and leaves the indexes");
        db.run(context -> {
            FDBRecordStore.deleteStore(context, open(context).getSubspace());
            return null;
        });
        db.run(context -> {
            Check.equal(0L, open(context).getSnapshotRecordCount().join(), "a store that was deleted is empty");
            return null;
        });
    }
}
