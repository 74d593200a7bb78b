import com.apple.foundationdb.record.RecordMetaData;
import com.apple.foundationdb.record.RecordMetaDataBuilder;
import com.apple.foundationdb.record.RecordMetaDataProto.MetaData;
import com.apple.foundationdb.record.metadata.Index;
import com.apple.foundationdb.record.metadata.IndexTypes;
import com.apple.foundationdb.record.metadata.Key.Expressions;
import com.apple.foundationdb.record.metadata.expressions.GroupingKeyExpression;
import com.apple.foundationdb.record.metadata.expressions.KeyExpression;
import com.apple.foundationdb.record.metadata.expressions.KeyExpression.FanType;
import com.apple.foundationdb.record.provider.foundationdb.MetaDataProtoEditor;
import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Label;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import java.util.Map;

/** The schema and the records of the conformance test; {@code shop.rs} has the same ones. */
final class Shop {
    private static final String[] CITIES = {"Oslo", "Rome", "Bern"};

    private Shop() {
    }

    /** The schema, which splits long records or not, without or with what its second version adds. */
    static RecordMetaDataBuilder schema(boolean split, boolean second) throws Exception {
        FileDescriptorProto file = FileDescriptorProto.newBuilder().setName("shop.proto")
                .addMessageType(DescriptorProto.newBuilder().setName("Item")
                        .addField(field("id", 1, Type.TYPE_INT64)).addField(field("name", 2, Type.TYPE_STRING))
                        .addField(field("city", 3, Type.TYPE_STRING)).addField(field("qty", 4, Type.TYPE_INT64))
                        .addField(field("tags", 5, Type.TYPE_STRING).setLabel(Label.LABEL_REPEATED))
                        .addField(field("blob", 6, Type.TYPE_BYTES)))
                .addMessageType(DescriptorProto.newBuilder().setName("Order")
                        .addField(field("id", 1, Type.TYPE_INT64)).addField(field("user", 2, Type.TYPE_STRING)))
                .addMessageType(DescriptorProto.newBuilder().setName("RecordTypeUnion")
                        .addField(field("_Item", 1, Type.TYPE_MESSAGE).setTypeName("Item"))
                        .addField(field("_Order", 2, Type.TYPE_MESSAGE).setTypeName("Order")))
                .build();
        RecordMetaDataBuilder schema = RecordMetaData.newBuilder()
                .setRecords(FileDescriptor.buildFrom(file, new FileDescriptor[0]));
        schema.setSplitLongRecords(split);
        schema.setStoreRecordVersions(true);
        for (String type : new String[] {"Item", "Order"}) {
            schema.getRecordType(type).setPrimaryKey(Expressions.concat(Expressions.recordType(), Expressions.field("id")));
        }
        schema.setRecordCountKey(Expressions.recordType());
        KeyExpression city = Expressions.field("city");
        schema.addIndex("Item", new Index("by_city", city));
        schema.addIndex("Item", new Index("by_name", Expressions.field("name"), IndexTypes.VALUE, Map.of("unique", "true")));
        schema.addIndex("Item", new Index("by_tag", Expressions.field("tags", FanType.FanOut)));
        schema.addIndex("Item", new Index("count_by_city", Expressions.empty().groupBy(city), IndexTypes.COUNT));
        schema.addIndex("Item", new Index("sum_by_city", Expressions.field("qty").groupBy(city), IndexTypes.SUM));
        schema.addIndex("Item", new Index("most", Expressions.field("qty").ungrouped(), IndexTypes.MAX_EVER_LONG));
        schema.addIndex("Item", new Index("least", Expressions.field("qty").ungrouped(), IndexTypes.MIN_EVER_LONG));
        schema.addUniversalIndex(new Index("count_by_type", new GroupingKeyExpression(Expressions.recordType(), 0), IndexTypes.COUNT));
        if (second) {
            schema.addIndex("Item", new Index("by_version", Expressions.version(), IndexTypes.VERSION));
        }
        return schema;
    }

    /** An index on items that the schema does not have at first. */
    static Index more(String name) {
        return switch (name) {
            case "by_qty" -> new Index(name, Expressions.field("qty"));
            case "city_once" -> new Index(name, Expressions.field("city"), IndexTypes.VALUE, Map.of("unique", "true"));
            default -> throw new IllegalArgumentException("an index that nobody adds: " + name);
        };
    }

    /** Adds a record type. */
    static void addRefunds(MetaData.Builder schema) {
        MetaDataProtoEditor.addRecordType(schema, DescriptorProto.newBuilder().setName("Refund")
                .addField(field("id", 1, Type.TYPE_INT64)).addField(field("user", 2, Type.TYPE_STRING)).build(),
                Expressions.concat(Expressions.recordType(), Expressions.field("id")));
    }

    private static FieldDescriptorProto.Builder field(String name, int number, Type type) {
        return FieldDescriptorProto.newBuilder().setName(name).setNumber(number).setType(type).setLabel(Label.LABEL_OPTIONAL);
    }

    /** An item as it is in a round. Before round 100 one in four is longer than a value may be, and in which rounds changes. */
    static Message item(Descriptor type, long id, long round) {
        byte[] blob = new byte[(id + round) % 4 == 0 && round < 100 ? 150_000 : 3];
        java.util.Arrays.fill(blob, (byte)id);
        return DynamicMessage.newBuilder(type)
                .setField(type.findFieldByName("id"), id)
                .setField(type.findFieldByName("name"), "n" + id)
                .setField(type.findFieldByName("city"), CITIES[(int)((id + round) % 3)])
                .setField(type.findFieldByName("qty"), id * 10 + round)
                .addRepeatedField(type.findFieldByName("tags"), "t" + (id + round) % 2)
                .addRepeatedField(type.findFieldByName("tags"), "all")
                .setField(type.findFieldByName("blob"), ByteString.copyFrom(blob)).build();
    }

    /** An item with nothing but a field. */
    static Message with(Descriptor type, long id, String field, String value) {
        return DynamicMessage.newBuilder(type).setField(type.findFieldByName("id"), id)
                .setField(type.findFieldByName(field), value).build();
    }

    /** An order or a refund. */
    static Message other(Descriptor type, long id) {
        return DynamicMessage.newBuilder(type).setField(type.findFieldByName("id"), id)
                .setField(type.findFieldByName("user"), "u" + id).build();
    }
}
