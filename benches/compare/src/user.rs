//! The record that every peer stores: a user of about 300 bytes.

use prost::{Message, Name};

/// The schema, as a program would give it.
pub(crate) const PROTO: &str = r#"
syntax = "proto3";
package bench;

message User {
  int64 id = 1;
  string name = 2;
  string email = 3;
  int32 age = 4;
  string city = 5;
  string about = 6;
}
"#;

/// The message `bench.User`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct User {
    #[prost(int64, tag = "1")]
    pub(crate) id: i64,
    #[prost(string, tag = "2")]
    pub(crate) name: String,
    #[prost(string, tag = "3")]
    pub(crate) email: String,
    #[prost(int32, tag = "4")]
    pub(crate) age: i32,
    #[prost(string, tag = "5")]
    pub(crate) city: String,
    #[prost(string, tag = "6")]
    pub(crate) about: String,
}

impl Name for User {
    const NAME: &'static str = "User";
    const PACKAGE: &'static str = "bench";
}

impl User {
    /// The user with this number; the same number gives the same user.
    pub(crate) fn numbered(id: i64) -> Self {
        User {
            id,
            name: format!("User Number {id}"),
            email: format!("user.{id}@example.org"),
            age: i32::try_from(18 + scatter(id) % 70).unwrap_or(18),
            city: format!("City {}", scatter(id) % 1000),
            about: "Likes long walks between records and the sea. ".repeat(5),
        }
    }
}

/// A fixed mixing of `number` into a non-negative one: the order in which keys are written and read.
pub(crate) fn scatter(number: i64) -> u64 {
    let mut z = number.unsigned_abs().wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
