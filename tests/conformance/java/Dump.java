import com.apple.foundationdb.record.IndexEntry;
import com.apple.foundationdb.record.IndexScanType;
import com.apple.foundationdb.record.IndexState;
import com.apple.foundationdb.record.RecordMetaDataProto.DataStoreInfo;
import com.apple.foundationdb.record.ScanProperties;
import com.apple.foundationdb.record.TupleRange;
import com.apple.foundationdb.record.metadata.Index;
import com.apple.foundationdb.record.metadata.IndexTypes;
import com.apple.foundationdb.record.metadata.RecordType;
import com.apple.foundationdb.record.provider.foundationdb.FDBRecordStore;
import com.apple.foundationdb.record.provider.foundationdb.FDBRecordStoreBase;
import com.apple.foundationdb.record.provider.foundationdb.FDBStoredRecord;
import com.apple.foundationdb.tuple.ByteArrayUtil;
import com.apple.foundationdb.tuple.Tuple;
import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** All that a store holds, a line each; and each index is what the records make of it. {@code dump.rs} writes the same lines. */
final class Dump {
    private Dump() {
    }

    static void of(FDBRecordStore store, List<String> answer) {
        DataStoreInfo header = store.getRecordStoreState().getStoreHeader();
        answer.add("header " + header.getFormatVersion() + " " + header.getMetaDataversion() + " " + header.getOmitUnsplitRecordSuffix());
        List<FDBStoredRecord<Message>> records = store.scanRecords(null, ScanProperties.FORWARD_SCAN).asList().join();
        for (FDBStoredRecord<Message> record : records) {
            answer.add("record " + hex(record.getPrimaryKey().pack()) + " " + hex(record.getVersion().toBytes())
                    + " " + hex(record.getRecord().toByteArray()));
        }
        for (Index index : store.getRecordMetaData().getAllIndexes()) {
            IndexState state = store.getIndexState(index);
            answer.add("state " + index.getName() + " " + state.name());
            if (state.isScannable()) {
                entries(store, records, index, answer);
            }
            if (index.isUnique()) {
                store.scanUniquenessViolations(index, TupleRange.ALL, null, ScanProperties.FORWARD_SCAN).asList().join()
                        .forEach(violation -> answer.add("violation " + index.getName() + " "
                                + hex(violation.getIndexEntry().getKey().pack()) + " " + hex(violation.getPrimaryKey().pack())));
            }
        }
        Questions.ask(store, answer);
    }

    private static void entries(FDBRecordStore store, List<FDBStoredRecord<Message>> records, Index index, List<String> answer) {
        boolean grouped = !index.getType().equals(IndexTypes.VALUE) && !index.getType().equals(IndexTypes.VERSION);
        List<String> entries = store.scanIndex(index, grouped ? IndexScanType.BY_GROUP : IndexScanType.BY_VALUE, TupleRange.ALL,
                null, ScanProperties.FORWARD_SCAN).map(entry -> hex(entry.getKey().pack()) + " " + hex(entry.getValue().pack())).asList().join();
        if (!grouped) {
            List<byte[]> computed = new ArrayList<>();
            List<String> types = store.getRecordMetaData().recordTypesForIndex(index).stream().map(RecordType::getName).toList();
            for (FDBStoredRecord<Message> record : records) {
                if (types.contains(record.getRecordType().getName())) {
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

    static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    static void that(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
