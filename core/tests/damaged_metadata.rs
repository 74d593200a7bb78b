//! Damages the meta-data of golden cases: bytes from a database may be anything, and meta-data comes of them or an error.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use record_store::RecordMetaData;
use serde_json::Value;

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
        let whole = metadata(name);
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

fn metadata(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/golden/cases/{name}.json"));
    let case: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    BASE64_STANDARD.decode(case["metadata"].as_str().unwrap()).unwrap()
}
