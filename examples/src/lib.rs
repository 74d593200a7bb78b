//! What the examples share: the data set, and its messages as prost knows them.

pub mod geonames;

/// A city; the message `cities.City` of `cities.proto`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct City {
    /// GeoNames' number of the place.
    #[prost(int64, tag = "1")]
    pub id: i64,
    /// The name.
    #[prost(string, tag = "2")]
    pub name: String,
    /// The country, two letters of ISO 3166.
    #[prost(string, tag = "3")]
    pub country: String,
    /// Another name.
    #[prost(string, tag = "4")]
    pub alternative_name: String,
    /// The first-level division: state, canton, province.
    #[prost(string, tag = "5")]
    pub admin_code: String,
    /// GeoNames' kind of place; `PPLC` is a capital.
    #[prost(string, tag = "6")]
    pub feature_code: String,
    /// How many people live there.
    #[prost(int64, tag = "7")]
    pub population: i64,
    /// Where it is.
    #[prost(message, optional, tag = "8")]
    pub location: Option<Location>,
}

impl prost::Name for City {
    const NAME: &'static str = "City";
    const PACKAGE: &'static str = "cities";
}

/// A point on Earth, in degrees.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Location {
    /// North is positive.
    #[prost(double, tag = "1")]
    pub latitude: f64,
    /// East is positive.
    #[prost(double, tag = "2")]
    pub longitude: f64,
}
