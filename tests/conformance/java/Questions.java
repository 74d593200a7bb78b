import com.apple.foundationdb.record.FunctionNames;
import com.apple.foundationdb.record.IsolationLevel;
import com.apple.foundationdb.record.TupleRange;
import com.apple.foundationdb.record.metadata.IndexAggregateFunction;
import com.apple.foundationdb.record.metadata.Key.Expressions;
import com.apple.foundationdb.record.metadata.expressions.KeyExpression;
import com.apple.foundationdb.record.metadata.expressions.VersionKeyExpression;
import com.apple.foundationdb.record.provider.foundationdb.FDBRecordStore;
import com.apple.foundationdb.record.query.RecordQuery;
import com.apple.foundationdb.record.query.expressions.Query;
import com.apple.foundationdb.record.query.expressions.QueryComponent;
import com.apple.foundationdb.record.query.plan.plans.RecordQueryPlan;
import com.apple.foundationdb.tuple.Tuple;
import java.util.List;

/** One question at least to each index of a shop that can be read; {@code questions.rs} asks the same ones. */
final class Questions {
    private Questions() {
    }

    static void ask(FDBRecordStore store, List<String> answer) {
        if (readable(store, "by_city")) {
            records(store, "one city", Query.field("city").equalsValue("Oslo"), null, false, answer);
            records(store, "cities between", Query.and(Query.field("city").greaterThan("Bern"),
                    Query.field("city").lessThanOrEquals("Rome")), null, false, answer);
            records(store, "cities backwards", null, Expressions.field("city"), true, answer);
        }
        if (readable(store, "by_name")) {
            records(store, "a name", Query.field("name").equalsValue("n4"), null, false, answer);
            records(store, "names", Query.field("name").startsWith("n1"), Expressions.field("name"), false, answer);
        }
        if (readable(store, "by_tag")) {
            records(store, "a tag", Query.field("tags").oneOfThem().equalsValue("t1"), null, false, answer);
        }
        if (readable(store, "by_version")) {
            records(store, "by version", null, VersionKeyExpression.VERSION, false, answer);
            records(store, "by version backwards", null, VersionKeyExpression.VERSION, true, answer);
        }
        if (readable(store, "by_qty")) {
            records(store, "quantities", Query.field("qty").greaterThan(42L), Expressions.field("qty"), true, answer);
            value(store, "least now", FunctionNames.MIN, Expressions.field("qty").ungrouped(), TupleRange.ALL, answer);
            value(store, "most now", FunctionNames.MAX, Expressions.field("qty").ungrouped(), TupleRange.ALL, answer);
        }
        KeyExpression city = Expressions.field("city");
        for (String name : new String[] {"Oslo", "Rome", "Bern"}) {
            TupleRange there = TupleRange.allOf(Tuple.from(name));
            value(store, "count of " + name, FunctionNames.COUNT, Expressions.empty().groupBy(city), there, answer);
            value(store, "sum of " + name, FunctionNames.SUM, Expressions.field("qty").groupBy(city), there, answer);
        }
        value(store, "count", FunctionNames.COUNT, Expressions.empty().groupBy(city), TupleRange.ALL, answer);
        value(store, "sum", FunctionNames.SUM, Expressions.field("qty").groupBy(city), TupleRange.ALL, answer);
        value(store, "most ever", FunctionNames.MAX_EVER, Expressions.field("qty").ungrouped(), TupleRange.ALL, answer);
        value(store, "least ever", FunctionNames.MIN_EVER, Expressions.field("qty").ungrouped(), TupleRange.ALL, answer);
        answer.add("records " + store.getSnapshotRecordCount().join()
                + " " + store.getSnapshotRecordCountForRecordType("Item").join()
                + " " + store.getSnapshotRecordCountForRecordType("Order").join());
    }

    private static boolean readable(FDBRecordStore store, String index) {
        return store.getRecordMetaData().hasIndex(index) && store.isIndexReadable(index);
    }

    private static void records(FDBRecordStore store, String name, QueryComponent filter, KeyExpression order, boolean reverse,
            List<String> answer) {
        RecordQuery query = RecordQuery.newBuilder().setRecordType("Item").setFilter(filter).setSort(order, reverse).build();
        RecordQueryPlan plan = store.planQuery(query);
        StringBuilder line = new StringBuilder("question " + name + ": " + plan.getUsedIndexes());
        plan.execute(store).asList().join().forEach(record -> line.append(' ').append(Dump.hex(record.getPrimaryKey().pack())));
        answer.add(line.toString());
    }

    private static void value(FDBRecordStore store, String name, String function, KeyExpression operand, TupleRange range, List<String> answer) {
        Tuple value = store.evaluateAggregateFunction(List.of("Item"), new IndexAggregateFunction(function, operand, null), range,
                IsolationLevel.SERIALIZABLE).join();
        answer.add("value " + name + ": " + (value == null ? "none" : Dump.hex(value.pack())));
    }
}
