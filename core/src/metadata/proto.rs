//! Meta-data as it is stored: Java's `MetaData` message, read and written in Java's canonical form.
//!
//! Written indexes are sorted by name and always carry their subspace key, imports are sorted by name, and
//! `split_long_records`, `store_record_versions` and `version` are always there. The order of record types is the union's;
//! Java's is that of a hash table.

use bytes::Bytes;
use prost::Message;
use record_store_kv::tuple::Element;

use super::index::{FormerIndex, Index, index_option, index_type, pack_subspace_key, unpack_subspace_key};
use super::record_meta_data::Carried;
use super::synthetic::{Join, JoinConstituent, NestedConstituent, Nesting, SyntheticParts, SyntheticRecordType};
use super::{Descriptors, IndexPredicate, RecordMetaData, RecordMetaDataBuilder, RecordType, raw};
use crate::error::{Error, ErrorKind, Result};
use crate::key_expression::{Grouping, KeyExpression, concat, key_with_value};
use crate::proto;

impl RecordMetaData {
    /// Reads stored meta-data: an encoded `MetaData` message, by Java or by this layer. Java: `RecordMetaData.build`.
    ///
    /// **Errors**: `MetaData` or `InvalidExpression` for bytes that are no meta-data and for broken rules.
    pub fn from_proto_bytes(bytes: impl Into<Bytes>) -> Result<Self> {
        RecordMetaDataBuilder::from_proto_bytes(bytes)?.build()
    }

    /// Writes the meta-data as Java's `RecordMetaData.toProto` does; fields that this release does not know are kept.
    pub fn to_proto_bytes(&self) -> Vec<u8> {
        let mut message = self.to_proto();
        // The unknown fields of an index belong inside it, so indexes (field 2) are written between `records` (field 1) and
        // the rest.
        let records = proto::MetaData {
            records: message.records.take(),
            ..Default::default()
        };
        let mut out = records.encode_to_vec();
        for (index, encoded) in self.indexes().zip(std::mem::take(&mut message.indexes)) {
            append_field(&mut out, INDEXES, &encoded, &index.unknown_fields);
        }
        out.extend(message.encode_to_vec());
        out.extend_from_slice(&self.parts().carried.unknown_fields);
        out
    }

    /// The meta-data as a message, without what this release does not know.
    pub fn to_proto(&self) -> proto::MetaData {
        let parts = self.parts();
        let (mut joined, mut unnested) = (Vec::new(), Vec::new());
        for synthetic in &parts.synthetic_record_types {
            match synthetic.parts() {
                SyntheticParts::Joined { constituents, joins } => {
                    joined.push(joined_to_proto(synthetic, constituents, joins))
                }
                SyntheticParts::Unnested { constituents } => unnested.push(unnested_to_proto(synthetic, constituents)),
            }
        }
        #[expect(deprecated, reason = "the record count key is still obeyed")]
        proto::MetaData {
            records: Some(parts.descriptors.records_bytes().clone()),
            indexes: self.indexes().map(|index| index.to_proto()).collect(),
            record_types: parts.record_types.iter().map(record_type_to_proto).collect(),
            split_long_records: Some(parts.split_long_records),
            version: Some(parts.version),
            former_indexes: parts.former_indexes.iter().map(former_index_to_proto).collect(),
            record_count_key: parts.record_count_key.as_ref().map(KeyExpression::to_proto),
            store_record_versions: Some(parts.store_record_versions),
            dependencies: parts
                .descriptors
                .dependencies()
                .map(|(_, bytes)| bytes.clone())
                .collect(),
            subspace_key_counter: parts.subspace_key_counter,
            uses_subspace_key_counter: parts.subspace_key_counter.map(|_| true),
            joined_record_types: joined,
            unnested_record_types: unnested,
            user_defined_functions: parts.carried.user_defined_functions.clone(),
            views: parts.carried.views.clone(),
            stored_queries: parts.carried.stored_queries.clone(),
        }
    }
}

impl RecordMetaDataBuilder {
    /// Begins with stored meta-data.
    ///
    /// **Errors**: `MetaData` for bytes that are no meta-data, unknown names and a broken union.
    pub fn from_proto_bytes(bytes: impl Into<Bytes>) -> Result<Self> {
        let bytes = bytes.into();
        let mut builder = Self::from_proto(decode(bytes.clone())?)?;
        builder.carried.unknown_fields = raw::without_fields(&bytes, |number| number <= LAST_KNOWN_FIELD);
        for field in raw::fields(&bytes)?.into_iter().filter(|field| field.number == INDEXES) {
            let encoded = field.content.unwrap_or_default();
            let unknown = raw::without_fields(&encoded, |number| number <= LAST_KNOWN_INDEX_FIELD);
            if let Some(index) = builder.indexes.get_mut(decode::<proto::Index>(encoded)?.name()) {
                index.unknown_fields = unknown;
            }
        }
        Ok(builder)
    }

    /// Begins with stored meta-data as a message.
    ///
    /// **Errors**: as [`RecordMetaDataBuilder::from_proto_bytes`].
    pub fn from_proto(message: proto::MetaData) -> Result<Self> {
        let Some(records) = message.records else {
            return Err(Error::new(
                ErrorKind::MetaData,
                "the meta-data has no record definitions",
            ));
        };
        let descriptors = Descriptors::link(records, message.dependencies)?;
        let mut builder = RecordMetaDataBuilder::without_options(descriptors)?;
        builder.subspace_key_counter = match (message.uses_subspace_key_counter, message.subspace_key_counter) {
            (Some(true), Some(counter)) => Some(counter),
            (Some(false) | None, None) => None,
            _ => {
                return Err(Error::new(
                    ErrorKind::MetaData,
                    "the meta-data counts subspace keys without a counter, or has a counter that it does not use",
                ));
            }
        };
        for joined in message.joined_record_types {
            builder.add_synthetic_record_type(joined_from_proto(joined)?)?;
        }
        for unnested in message.unnested_record_types {
            builder.add_synthetic_record_type(unnested_from_proto(unnested)?)?;
        }
        for index in &message.indexes {
            builder.add_index(Index::from_proto(index)?)?;
        }
        for stored in &message.record_types {
            let record_type = builder.record_type(&stored.name)?;
            if let Some(key) = &stored.primary_key {
                let key = KeyExpression::from_proto(key).map_err(|error| error.with("record_type", &stored.name))?;
                record_type.set_primary_key(key);
            }
            record_type.since_version = stored.since_version;
            record_type.explicit_key = stored.explicit_key.as_ref().map(element_of);
        }
        for former in &message.former_indexes {
            builder.add_former_index(former_index_from_proto(former)?);
        }
        #[expect(deprecated, reason = "the record count key is still obeyed")]
        let record_count_key = &message.record_count_key;
        builder.record_count_key = record_count_key.as_ref().map(KeyExpression::from_proto).transpose()?;
        builder.split_long_records = message.split_long_records.unwrap_or(builder.split_long_records);
        builder.store_record_versions = message.store_record_versions.unwrap_or(builder.store_record_versions);
        builder.version = message.version.unwrap_or(builder.version);
        builder.carried = Carried {
            user_defined_functions: message.user_defined_functions,
            views: message.views,
            stored_queries: message.stored_queries,
            unknown_fields: Bytes::new(),
        };
        Ok(builder)
    }
}

impl Index {
    /// Reads a stored index, in the old forms too (`index_type`, `value_expression`, no grouping).
    ///
    /// **Errors**: `MetaData` and `InvalidExpression`, with the index's name.
    pub fn from_proto(stored: &proto::Index) -> Result<Self> {
        Self::read(stored).map_err(|error| error.with("index", stored.name()))
    }

    #[expect(deprecated, reason = "the old forms are still read")]
    fn read(stored: &proto::Index) -> Result<Self> {
        use proto::index::Type;
        let (kind, unique) = match stored.index_type.map(|_| stored.index_type()) {
            Some(Type::Index) => (index_type::VALUE, false),
            Some(Type::Unique) => (index_type::VALUE, true),
            Some(Type::Rank) => (index_type::RANK, false),
            Some(Type::RankUnique) => (index_type::RANK, true),
            None => (stored.r#type.as_deref().unwrap_or(index_type::VALUE), false),
        };
        let Some(root) = &stored.root_expression else {
            return Err(Error::new(ErrorKind::MetaData, "an index has no key expression"));
        };
        let mut root = KeyExpression::from_proto(root)?;
        if !matches!(root, KeyExpression::Grouping(_)) && GROUPED_WHEN_READ.contains(&kind) {
            let grouped_count = if kind == index_type::COUNT {
                root.column_count()
            } else {
                1
            };
            root = Grouping::new(root, grouped_count).into();
        }
        if let Some(value) = &stored.value_expression {
            let value = KeyExpression::from_proto(value)?;
            if value.column_count() > 0 {
                let split_point = root.column_count();
                root = key_with_value(concat((root, value)), split_point);
            }
        }
        let mut index = Index::new(stored.name(), root).with_kind(kind);
        if stored.index_type.is_none() {
            for option in &stored.options {
                index = index.with_option(&option.key, &option.value);
            }
        } else if unique {
            index = index.with_option(index_option::UNIQUE, "true");
        }
        for record_type in &stored.record_type {
            index = index.on(record_type);
        }
        if let Some(predicate) = &stored.predicate {
            index = index.with_predicate(IndexPredicate::from_proto(predicate)?);
        }
        let subspace_key = match &stored.subspace_key {
            Some(packed) => unpack_subspace_key(packed)?,
            None => Element::String(stored.name().to_owned()),
        };
        // An index from before added versions were kept must appear to be old.
        let added_version = stored.added_version.unwrap_or(1);
        Ok(index
            .with_subspace_key(subspace_key)
            .with_versions(added_version, stored.last_modified_version.unwrap_or(0)))
    }

    /// The stored form, as Java writes it.
    pub fn to_proto(&self) -> proto::Index {
        proto::Index {
            record_type: self.record_types().to_vec(),
            name: Some(self.name().to_owned()),
            root_expression: Some(self.root_expression().to_proto()),
            subspace_key: Some(self.packed_subspace_key().clone()),
            last_modified_version: positive(self.last_modified_version()),
            r#type: Some(self.kind().to_owned()),
            options: self
                .options()
                .iter()
                .map(|(key, value)| proto::index::Option {
                    key: key.clone(),
                    value: value.clone(),
                })
                .collect(),
            added_version: positive(self.added_version()),
            predicate: self.predicate().map(IndexPredicate::to_proto),
            ..Default::default()
        }
    }
}

fn record_type_to_proto(record_type: &RecordType) -> proto::RecordType {
    proto::RecordType {
        name: record_type.name().to_owned(),
        primary_key: Some(record_type.primary_key().to_proto()),
        since_version: record_type.since_version(),
        explicit_key: record_type.explicit_record_type_key().map(value_of),
    }
}

fn former_index_from_proto(stored: &proto::FormerIndex) -> Result<FormerIndex> {
    Ok(FormerIndex {
        subspace_key: unpack_subspace_key(stored.subspace_key())
            .map_err(|error| error.with("former_index", stored.former_name()))?,
        added_version: stored.added_version(),
        removed_version: stored.removed_version(),
        former_name: stored.former_name.clone(),
    })
}

fn former_index_to_proto(former: &FormerIndex) -> proto::FormerIndex {
    proto::FormerIndex {
        former_name: former.former_name.clone(),
        subspace_key: Some(pack_subspace_key(&former.subspace_key)),
        removed_version: positive(former.removed_version),
        added_version: positive(former.added_version),
    }
}

fn joined_from_proto(stored: proto::JoinedRecordType) -> Result<SyntheticRecordType> {
    let constituents = stored
        .join_constituents
        .iter()
        .map(|constituent| JoinConstituent {
            name: constituent.name().to_owned(),
            record_type: constituent.record_type().to_owned(),
            outer_joined: constituent.outer_joined(),
        })
        .collect();
    let mut joins = Vec::with_capacity(stored.joins.len());
    for join in &stored.joins {
        joins.push(Join {
            left: join.left().to_owned(),
            left_expression: required_expression(&join.left_expression)?,
            right: join.right().to_owned(),
            right_expression: required_expression(&join.right_expression)?,
        });
    }
    let key = stored.record_type_key.as_ref().map(element_of).unwrap_or_default();
    Ok(SyntheticRecordType::joined(stored.name(), constituents, joins).with_record_type_key(key))
}

fn joined_to_proto(
    synthetic: &SyntheticRecordType,
    constituents: &[JoinConstituent],
    joins: &[Join],
) -> proto::JoinedRecordType {
    proto::JoinedRecordType {
        name: Some(synthetic.name().to_owned()),
        record_type_key: Some(value_of(synthetic.record_type_key())),
        join_constituents: constituents
            .iter()
            .map(|constituent| proto::joined_record_type::JoinConstituent {
                name: Some(constituent.name.clone()),
                record_type: Some(constituent.record_type.clone()),
                outer_joined: constituent.outer_joined.then_some(true),
            })
            .collect(),
        joins: joins
            .iter()
            .map(|join| proto::joined_record_type::Join {
                left: Some(join.left.clone()),
                left_expression: Some(join.left_expression.to_proto()),
                right: Some(join.right.clone()),
                right_expression: Some(join.right_expression.to_proto()),
            })
            .collect(),
    }
}

fn unnested_from_proto(stored: proto::UnnestedRecordType) -> Result<SyntheticRecordType> {
    let mut constituents = Vec::with_capacity(stored.nested_constituents.len());
    for constituent in &stored.nested_constituents {
        constituents.push(NestedConstituent {
            name: constituent.name().to_owned(),
            type_name: constituent.type_name().to_owned(),
            nesting: match constituent.parent() {
                "" => None,
                parent => Some(Nesting {
                    parent: parent.to_owned(),
                    expression: required_expression(&constituent.nesting_expression)?,
                }),
            },
        });
    }
    let key = stored.record_type_key.as_ref().map(element_of).unwrap_or_default();
    Ok(SyntheticRecordType::unnested(stored.name(), constituents).with_record_type_key(key))
}

fn unnested_to_proto(synthetic: &SyntheticRecordType, constituents: &[NestedConstituent]) -> proto::UnnestedRecordType {
    proto::UnnestedRecordType {
        name: Some(synthetic.name().to_owned()),
        record_type_key: Some(value_of(synthetic.record_type_key())),
        nested_constituents: constituents
            .iter()
            .map(|constituent| proto::unnested_record_type::NestedConstituent {
                name: Some(constituent.name.clone()),
                parent: constituent.nesting.as_ref().map(|nesting| nesting.parent.clone()),
                type_name: Some(constituent.type_name.clone()),
                nesting_expression: constituent
                    .nesting
                    .as_ref()
                    .map(|nesting| nesting.expression.to_proto()),
            })
            .collect(),
    }
}

fn required_expression(stored: &Option<proto::KeyExpression>) -> Result<KeyExpression> {
    match stored {
        Some(expression) => KeyExpression::from_proto(expression),
        None => Err(Error::new(
            ErrorKind::MetaData,
            "a synthetic record type lacks a key expression",
        )),
    }
}

/// A stored literal as a tuple element.
pub(super) fn element_of(value: &proto::Value) -> Element {
    if let Some(value) = value.double_value {
        Element::Double(value)
    } else if let Some(value) = value.float_value {
        Element::Float(value)
    } else if let Some(value) = value.long_value {
        Element::Int(value)
    } else if let Some(value) = value.bool_value {
        Element::Bool(value)
    } else if let Some(value) = &value.string_value {
        Element::String(value.clone())
    } else if let Some(value) = &value.bytes_value {
        Element::Bytes(value.clone())
    } else if let Some(value) = value.int_value {
        Element::Int(value.into())
    } else {
        Element::Null
    }
}

/// A tuple element as a literal; what a literal cannot hold is null.
fn value_of(element: &Element) -> proto::Value {
    let mut value = proto::Value::default();
    match element {
        Element::Double(double) => value.double_value = Some(*double),
        Element::Float(float) => value.float_value = Some(*float),
        Element::Int(int) => value.long_value = Some(*int),
        Element::Bool(bool) => value.bool_value = Some(*bool),
        Element::String(text) => value.string_value = Some(text.clone()),
        Element::Bytes(bytes) => value.bytes_value = Some(bytes.clone()),
        _ => {}
    }
    value
}

/// Versions that were never set are not written.
fn positive(version: i32) -> Option<i32> {
    (version > 0).then_some(version)
}

fn append_field(out: &mut Vec<u8>, number: u32, message: &impl Message, unknown_fields: &[u8]) {
    prost::encoding::encode_key(number, prost::encoding::WireType::LengthDelimited, out);
    let length = message.encoded_len() + unknown_fields.len();
    prost::encoding::encode_varint(u64::try_from(length).expect("a length fits 64 bits"), out);
    message.encode_raw(out);
    out.extend_from_slice(unknown_fields);
}

fn decode<M: Message + Default>(bytes: Bytes) -> Result<M> {
    M::decode(bytes).map_err(|error| Error::new(ErrorKind::MetaData, "the bytes are no meta-data").caused_by(error))
}

/// Read without a grouping, these types get one.
const GROUPED_WHEN_READ: [&str; 5] = [
    index_type::RANK,
    index_type::COUNT,
    index_type::MAX_EVER,
    index_type::MIN_EVER,
    index_type::SUM,
];

const INDEXES: u32 = 2;
const LAST_KNOWN_FIELD: u32 = 16;
const LAST_KNOWN_INDEX_FIELD: u32 = 11;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Schema;

    /// Fields of Apple's extension range survive reading, changing and writing, in the message in which they were.
    #[test]
    fn unknown_fields_are_kept() {
        let extension = |text: &str| {
            let mut field = Vec::new();
            prost::encoding::string::encode(1000, &text.to_owned(), &mut field);
            field
        };
        let schema = Schema::builder()
            .proto("a.proto", "message A { optional int64 id = 1; optional string s = 2; }")
            .record_type("A", |t| t.primary_key("id").index(("by_s", "s")));
        let plain = schema.build().unwrap().merge_into(None).unwrap();
        let mut message = plain.to_proto();
        let index = message.indexes.remove(0);
        let mut stored = message.encode_to_vec();
        append_field(&mut stored, INDEXES, &index, &extension("of the index"));
        stored.extend(extension("of the meta-data"));

        let mut builder = RecordMetaDataBuilder::from_proto_bytes(stored).unwrap();
        builder.set_record_count_key(Some(crate::key_expression::empty()));
        let written = Bytes::from(builder.build().unwrap().to_proto_bytes());
        let fields = raw::fields(&written).unwrap();
        assert_eq!(fields.last().unwrap().bytes, extension("of the meta-data"));
        let index = fields.iter().find(|field| field.number == INDEXES).unwrap();
        assert!(index.content.as_ref().unwrap().ends_with(&extension("of the index")));
    }

    #[test]
    fn a_damaged_subspace_key_is_named() {
        let schema = Schema::builder()
            .proto("a.proto", "message A { optional int64 id = 1; optional string s = 2; }")
            .record_type("A", |t| t.primary_key("id").index(("by_s", "s")));
        let mut stored = schema.build().unwrap().merge_into(None).unwrap().to_proto();
        for damaged in [&b"\x15"[..], b"", b"\x00", b"\x14\x14"] {
            stored.indexes[0].subspace_key = Some(Bytes::from_static(damaged));
            let error = RecordMetaData::from_proto_bytes(stored.encode_to_vec()).unwrap_err();
            assert_eq!((error.kind(), error.fact("index")), (ErrorKind::MetaData, Some("by_s")));
        }
    }
}
