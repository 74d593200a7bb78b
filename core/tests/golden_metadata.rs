//! Replays the golden cases of meta-data: what Java stored, refused and allowed to change.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use record_store::key_expression::{field, function};
use record_store::metadata::{Descriptors, MetaDataEvolutionValidator, RecordMetaDataBuilder};
use record_store::{Error, ErrorKind, Index, RecordMetaData, proto};
use serde_json::Value;

/// Every meta-data that any case has, of stores too, comes back as Java wrote it.
#[test]
fn stored_meta_data_is_written_back_as_java_wrote_it() {
    let mut count = 0;
    for (name, case) in cases() {
        let versions = case["metadata_versions"].as_array().cloned().unwrap_or_default();
        for stored in versions
            .iter()
            .chain([&case["metadata"]])
            .filter(|stored| stored.is_string())
        {
            let stored = bytes(stored);
            let meta_data =
                RecordMetaData::from_proto_bytes(stored.clone()).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            let written = meta_data.to_proto_bytes();
            assert_eq!(canonical(&written), canonical(&stored), "{name}");
            if meta_data.record_types().len() == 1 {
                assert_eq!(written, stored, "{name}");
            }
            count += 1;
        }
    }
    assert_eq!(count, 291);
}

#[test]
fn options_in_proto_files_make_javas_meta_data() {
    let case = case("metadata_from_options");
    let descriptors = Descriptors::from_file_descriptor_set(bytes(&case["file_descriptor_set"]), "opts.proto").unwrap();
    let meta_data = RecordMetaDataBuilder::new(descriptors).unwrap().build().unwrap();
    assert_eq!(meta_data.to_proto_bytes(), bytes(&case["metadata"]));
}

#[test]
fn what_java_refuses_is_refused() {
    let case = case("metadata_errors");
    let vectors = case["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 20);
    for vector in vectors {
        let what = vector["what"].as_str().unwrap();
        let error = match vector.get("metadata") {
            Some(stored) => RecordMetaData::from_proto_bytes(bytes(stored)).err(),
            None => by_hand(what, bytes(&vector["file_descriptor_set"])).err(),
        };
        let error = error.unwrap_or_else(|| panic!("{what}: not refused"));
        let class = vector["error"]["class"].as_str().unwrap();
        assert_eq!(error.kind(), kind_of(class), "{what}: {error}");
    }
}

/// What the meta-data of a case without any would be: Java refused before there was one to write.
fn by_hand(what: &str, set: Vec<u8>) -> Result<RecordMetaData, Error> {
    let mut builder = RecordMetaDataBuilder::new(Descriptors::from_file_descriptor_set(set, "m.proto")?)?;
    if what != "no primary key" {
        builder.record_type("A")?.set_primary_key(field("id"));
    }
    match what {
        "two indexes of one name" => {
            builder.add_index(Index::new("x", field("s")).on("A"))?;
            builder.add_index(Index::new("x", field("s")).on("A"))?;
        }
        "index on an unknown type" => {
            builder.add_index(Index::new("x", field("s")).on("Nope"))?;
        }
        "unknown function" => {
            function("no_such_function", field("s"))?;
        }
        _ => {}
    }
    builder.build()
}

#[test]
fn indexes_are_read_and_written_as_java_does() {
    let case = case("metadata_index_protos");
    let vectors = case["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 10);
    for vector in vectors {
        let text = &vector["text"];
        let written = bytes(&vector["index"]);
        let read = match vector.get("read_back_of") {
            Some(old_form) => Index::from_proto(&proto::Index::decode(&bytes(old_form)[..]).unwrap()).unwrap(),
            None => {
                let index = Index::from_proto(&proto::Index::decode(&written[..]).unwrap()).unwrap();
                // Made in a program, it has no versions yet.
                index.with_versions(0, 0)
            }
        };
        assert_eq!(read.to_proto().encode_to_vec(), written, "{text}");
        assert_eq!(read.kind(), vector["type"], "{text}");
        let key = record_store_kv::tuple::Tuple::from(vec![read.subspace_key().clone()]).pack();
        assert_eq!(hex(&key), vector["subspace_key"], "{text}");
        if let Some(root) = vector.get("root") {
            assert_eq!(read.root_expression().to_string(), *root, "{text}");
            assert_eq!(read.is_unique(), vector["unique"], "{text}");
            assert_eq!(read.added_version(), vector["added_version"], "{text}");
            assert_eq!(read.last_modified_version(), vector["last_modified_version"], "{text}");
        }
    }
}

#[test]
fn meta_data_evolves_where_java_lets_it() {
    let case = case("evolution");
    let vectors = case["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 22);
    for vector in vectors {
        let what = vector["what"].as_str().unwrap();
        let old = RecordMetaData::from_proto_bytes(bytes(&vector["old"])).unwrap();
        let new = RecordMetaData::from_proto_bytes(bytes(&vector["new"])).unwrap();
        let mut validator = MetaDataEvolutionValidator::default();
        for (option, value) in vector["options"].as_object().unwrap() {
            let value = value.as_bool().unwrap();
            match option.as_str() {
                "setAllowNoVersionChange" => validator.allow_no_version_change = value,
                "setAllowUnsplitToSplit" => validator.allow_unsplit_to_split = value,
                other => panic!("{what}: unknown option {other}"),
            }
        }
        let result = validator.validate(&old, &new);
        match vector.get("error") {
            Some(java) => {
                let error = result.expect_err(what);
                assert_eq!(error.kind(), ErrorKind::MetaDataEvolution, "{what}: {error}");
                assert_eq!(
                    error.message(),
                    rule_of(java["message"].as_str().unwrap()),
                    "{what}: {error}"
                );
            }
            None => result.unwrap_or_else(|error| panic!("{what}: {error}")),
        }
    }
}

/// What this layer says where Java says `message`.
fn rule_of(message: &str) -> &'static str {
    match message {
        "new meta-data does not have newer version than old meta-data" => "the version must grow",
        "field removed from message descriptor" => "a field was removed",
        "field renamed" => "a field was renamed",
        "field type changed" => "the type of a field changed",
        "field changed whether default values are stored if set explicitly" => {
            "a field no longer tells a missing value from a default one as it did"
        }
        "required field added to record type" => "a required field was added: stored records do not have it",
        "new record type is missing since version" => "a new record type does not say which version brought it",
        "record type removed from union" => "a record type was removed from the union: its records may be stored",
        "record type primary key changed" => "the primary key of a record type changed: records are stored under it",
        "index missing in new meta-data" => "an index is gone and is no former index",
        "new meta-data no longer splits long records" => "records are split already and must stay so",
        "new meta-data splits long records" => "splitting of long records may not be turned on",
        other => panic!("no rule for {other}"),
    }
}

/// Bytes from a database may be anything: meta-data comes of them or an error, never a panic.
#[test]
fn damaged_meta_data_is_an_error_or_other_meta_data() {
    let mut random = Xorshift(0x5EED_0001);
    println!("seed {:#x}", random.0);
    for name in [
        "metadata_many_parts",
        "metadata_from_options",
        "multidimensional_by_node",
        "text_plain",
    ] {
        let whole = bytes(&case(name)["metadata"]);
        for _ in 0..1_500 {
            let mut damaged = whole.clone();
            for _ in 0..1 + random.below(3) {
                let place = random.below(damaged.len());
                match random.below(3) {
                    0 => damaged[place] = u8::try_from(random.below(256)).unwrap(),
                    1 => drop(damaged.remove(place)),
                    _ => damaged.insert(place, u8::try_from(random.below(256)).unwrap()),
                }
            }
            if let Ok(meta_data) = RecordMetaData::from_proto_bytes(damaged) {
                RecordMetaData::from_proto_bytes(meta_data.to_proto_bytes()).unwrap();
            }
        }
    }
}

struct Xorshift(u64);

impl Xorshift {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound).unwrap()).unwrap()
    }
}

fn kind_of(java_class: &str) -> ErrorKind {
    match java_class {
        "MetaDataException" => ErrorKind::MetaData,
        "InvalidExpressionException" => ErrorKind::InvalidExpression,
        other => panic!("no kind for {other}"),
    }
}

/// Meta-data with its record types, and the types of its indexes, in the order of their names: Java's is that of a hash table.
fn canonical(stored: &[u8]) -> proto::MetaData {
    let mut message = proto::MetaData::decode(stored).unwrap();
    message.record_types.sort_by(|a, b| a.name.cmp(&b.name));
    message.joined_record_types.sort_by(|a, b| a.name.cmp(&b.name));
    message.unnested_record_types.sort_by(|a, b| a.name.cmp(&b.name));
    for index in &mut message.indexes {
        index.record_type.sort();
    }
    message
}

fn cases() -> impl Iterator<Item = (String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/cases");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths.into_iter().map(|path| {
        let case: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        (case["name"].as_str().unwrap().to_owned(), case)
    })
}

fn case(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/golden/cases/{name}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
