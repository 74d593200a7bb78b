//! Values of any length under one key: stored whole, or in chunks of 100,000 bytes, with a version beside them.
//!
//! The keys of a record are its own key followed by a number: 0 for a value stored whole, 1, 2, 3… for chunks, −1 for
//! the version. Stores written before that (and some since) keep whole values at the bare key. Records and the
//! meta-data store both use this; neither schema nor record types are known here.
//!
//! Java class: `SplitHelper`.

mod load;

use record_store_kv::Bytes;
use record_store_kv::tuple::{Decoder, Element, Encoder, Tuple};
use smallvec::SmallVec;

use crate::{Error, ErrorKind, RecordContext, RecordVersion, Result};

pub(crate) use load::{Assembly, Loading, exists, load};

/// The longest value of one key; a longer record is split into chunks of this length.
pub(crate) const CHUNK_SIZE: usize = 100_000;

/// The suffix of a record's version.
const VERSION: i64 = -1;
/// The suffix of a value stored whole.
const WHOLE: i64 = 0;
/// The suffix of the first chunk.
const FIRST_CHUNK: i64 = 1;

/// The two suffixes that nearly all keys have, packed.
const PACKED_VERSION: &[u8] = &[0x13, 0xfe];
const PACKED_WHOLE: &[u8] = &[0x14];

/// The key of a record with a suffix; most need no allocation.
type SuffixedKey = SmallVec<[u8; 64]>;

/// How values lie under their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SplitLayout {
    /// Whether values longer than [`CHUNK_SIZE`] are split; otherwise they are refused.
    pub(crate) split_long_records: bool,
    /// Whether whole values of a store that does not split lie at the bare key.
    pub(crate) omit_unsplit_suffix: bool,
}

impl SplitLayout {
    /// Values are split, keys have suffixes.
    pub(crate) const SPLIT: SplitLayout = SplitLayout {
        split_long_records: true,
        omit_unsplit_suffix: false,
    };

    /// Whether a value is one bare key, without suffix and version.
    pub(crate) fn has_bare_keys(self) -> bool {
        self.omit_unsplit_suffix && !self.split_long_records
    }
}

/// What a stored record takes, as key-value pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct StoredSizes {
    /// How many keys the record has.
    pub key_count: usize,
    /// The bytes of those keys, whole keys with the prefix of the store.
    pub key_size: usize,
    /// The bytes of their values.
    pub value_size: usize,
    /// Whether the record is stored in chunks.
    pub split: bool,
    /// Whether a version is stored beside the record.
    pub versioned_inline: bool,
}

impl StoredSizes {
    fn add(&mut self, key_size: usize, value_size: usize) {
        self.key_count += 1;
        self.key_size += key_size;
        self.value_size += value_size;
    }
}

/// A value as read: put together again, with its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawRecord {
    pub(crate) value: Bytes,
    pub(crate) version: Option<RecordVersion>,
    pub(crate) sizes: StoredSizes,
}

impl RawRecord {
    /// A value at a bare key.
    pub(crate) fn bare(key: &[u8], value: Bytes) -> Self {
        let mut sizes = StoredSizes::default();
        sizes.add(key.len(), value.len());
        RawRecord {
            value,
            version: None,
            sizes,
        }
    }
}

/// What lies at a key before a save.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Previous<'a> {
    /// Nothing.
    Absent,
    /// A value with these sizes.
    Known(&'a StoredSizes),
    /// Nobody looked.
    Unknown,
}

/// Saves `value` at `key` over what `previous` describes. Errors: `TooLarge`, `InvalidArgument` for a version at a bare key.
pub(crate) fn save(
    context: &RecordContext,
    key: &[u8],
    value: &[u8],
    version: Option<RecordVersion>,
    layout: SplitLayout,
    previous: Previous<'_>,
) -> Result<StoredSizes> {
    let sizes = measure(key, value, version, layout)?;
    let transaction = context.transaction();
    if sizes.split {
        clear_previous(context, key, previous);
        for (suffix, chunk) in (FIRST_CHUNK..).zip(value.chunks(CHUNK_SIZE)) {
            transaction.set(&with_suffix(key, suffix), chunk);
        }
    } else {
        let overwritten = match previous {
            Previous::Absent => true,
            Previous::Known(sizes) => !layout.split_long_records && !sizes.versioned_inline,
            Previous::Unknown => false,
        };
        if !overwritten {
            clear_previous(context, key, previous);
        }
        if layout.has_bare_keys() {
            transaction.set(key, value);
        } else {
            transaction.set(&with_suffix(key, WHOLE), value);
        }
    }
    if let Some(version) = version {
        save_version(context, key, version);
    }
    Ok(sizes)
}

/// Saves the version of the value at `key` beside it.
pub(crate) fn save_version(context: &RecordContext, key: &[u8], version: RecordVersion) {
    let key = with_suffix(key, VERSION);
    let mut packed = pack_version(version);
    if version.is_complete() {
        context.transaction().set(&key, &packed);
    } else {
        // Where in the value the versionstamp goes: behind the type code of the tuple.
        packed.extend_from_slice(&1_u32.to_le_bytes());
        context.set_record_version(&key, &packed);
    }
}

/// Reads the version beside the value at `key`. Errors: `Corrupt` for bytes that are no version.
pub(crate) async fn load_version(context: &RecordContext, key: &[u8], snapshot: bool) -> Result<Option<RecordVersion>> {
    let key = with_suffix(key, VERSION);
    if let Some(local) = context.local_version(&key) {
        return Ok(Some(RecordVersion::incomplete(local)));
    }
    match context.transaction().get(&key, snapshot).await? {
        None => Ok(None),
        Some(packed) => unpack_version(&key, &packed).map(Some),
    }
}

/// What saving would take. Errors: `TooLarge`, `InvalidArgument` for a version at a bare key.
pub(crate) fn measure(
    key: &[u8],
    value: &[u8],
    version: Option<RecordVersion>,
    layout: SplitLayout,
) -> Result<StoredSizes> {
    if value.len() > CHUNK_SIZE && !layout.split_long_records {
        return Err(Error::new(
            ErrorKind::TooLarge,
            "the record is longer than one value and this store does not split long records: set split_long_records in the schema",
        )
        .with("size", value.len())
        .with("limit", CHUNK_SIZE));
    }
    if version.is_some() && layout.has_bare_keys() {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            "a version cannot stand beside a record at a bare key",
        ));
    }
    let mut sizes = StoredSizes {
        split: value.len() > CHUNK_SIZE,
        versioned_inline: version.is_some(),
        ..StoredSizes::default()
    };
    if sizes.split {
        for (suffix, chunk) in (FIRST_CHUNK..).zip(value.chunks(CHUNK_SIZE)) {
            sizes.add(key.len() + suffix_length(suffix), chunk.len());
        }
    } else if layout.has_bare_keys() {
        sizes.add(key.len(), value.len());
    } else {
        sizes.add(key.len() + suffix_length(WHOLE), value.len());
    }
    if version.is_some() {
        sizes.add(key.len() + suffix_length(VERSION), PACKED_VERSION_LENGTH);
    }
    Ok(sizes)
}

/// Deletes the value at `key` that `previous` describes.
pub(crate) fn delete(context: &RecordContext, key: &[u8], layout: SplitLayout, previous: &StoredSizes) {
    if layout.has_bare_keys() {
        context.clear(key);
    } else {
        clear_previous(context, key, Previous::Known(previous));
    }
}

/// Clears what `previous` describes: a range where there may be several keys, one key otherwise.
fn clear_previous(context: &RecordContext, key: &[u8], previous: Previous<'_>) {
    match previous {
        Previous::Absent => {}
        Previous::Known(sizes) if !sizes.split && !sizes.versioned_inline => context.clear(&with_suffix(key, WHOLE)),
        Previous::Known(_) | Previous::Unknown => {
            let (begin, end) = strict_range(key);
            context.clear_range(&begin, &end);
        }
    }
}

/// The number behind the first `key_length` bytes of `key`. Errors: `Corrupt` for anything else.
pub(crate) fn read_suffix(key: &[u8], key_length: usize) -> Result<i64> {
    let suffix = key.get(key_length..).unwrap_or_default();
    match suffix {
        // Nearly all keys end so: a version, a value stored whole, a chunk with a number of one byte.
        PACKED_VERSION => return Ok(VERSION),
        PACKED_WHOLE => return Ok(WHOLE),
        [0x15, number] => return Ok(i64::from(*number)),
        _ => {}
    }
    let suffix = Tuple::unpack(suffix);
    match suffix.as_ref().map(|suffix| (suffix.len(), suffix.first())) {
        Ok((1, Some(Element::Int(suffix)))) => Ok(*suffix),
        _ => Err(
            Error::new(ErrorKind::Corrupt, "a key below a record does not end with one number")
                .with("key", HexKey(key)),
        ),
    }
}

/// The number behind the key of a record and the length of that key, from a whole key. What is between its prefix and the
/// number is a tuple that can be unpacked.
///
/// Errors: `Corrupt` for a key that is no such.
pub(crate) fn split_key(key: &[u8], prefix_length: usize) -> Result<(i64, usize)> {
    // A tuple is read in one way only: if what stands before these bytes is a whole one, they are the last element.
    for (suffix, packed) in [(VERSION, PACKED_VERSION), (WHOLE, PACKED_WHOLE)] {
        if let Some(record_key) = key.strip_suffix(packed)
            && let Some(primary_key) = record_key.get(prefix_length..)
            && Tuple::check(primary_key).is_ok()
        {
            return Ok((suffix, record_key.len()));
        }
    }
    let corrupt = || {
        Error::new(
            ErrorKind::Corrupt,
            "a key among the records is not a primary key and a number",
        )
        .with("key", HexKey(key))
    };
    let primary_key = key.get(prefix_length..).unwrap_or_default();
    Tuple::check(primary_key).map_err(|error| corrupt().caused_by(error))?;
    let mut elements = Decoder::new(primary_key);
    let mut last = None;
    while let Some(element) = elements.skip_element()? {
        last = Some(element);
    }
    let key_length = key.len() - last.ok_or_else(corrupt)?.len();
    match read_suffix(key, key_length) {
        Ok(suffix) => Ok((suffix, key_length)),
        Err(_) => Err(corrupt()),
    }
}

fn with_suffix(key: &[u8], suffix: i64) -> SuffixedKey {
    let mut full = SuffixedKey::with_capacity(key.len() + suffix_length(suffix));
    full.extend_from_slice(key);
    match suffix {
        VERSION => full.extend_from_slice(PACKED_VERSION),
        WHOLE => full.extend_from_slice(PACKED_WHOLE),
        chunk => {
            let mut packed = Vec::new();
            Encoder::new(&mut packed).int(chunk);
            full.extend_from_slice(&packed);
        }
    }
    full
}

/// The packed length of a suffix: one byte of type and the bytes of the number.
fn suffix_length(suffix: i64) -> usize {
    1 + (u64::BITS - suffix.unsigned_abs().leading_zeros()).div_ceil(8) as usize
}

/// The keys that are longer than `key` and go on with a tuple.
fn strict_range(key: &[u8]) -> (SuffixedKey, SuffixedKey) {
    let bound = |last: u8| {
        let mut bound = SuffixedKey::with_capacity(key.len() + 1);
        bound.extend_from_slice(key);
        bound.push(last);
        bound
    };
    (bound(0x00), bound(0xff))
}

/// A version as it stands beside its record: a tuple of one versionstamp.
const PACKED_VERSION_LENGTH: usize = 1 + RecordVersion::LENGTH;

/// The type code of a versionstamp in a tuple.
const VERSIONSTAMP_CODE: u8 = 0x33;

fn pack_version(version: RecordVersion) -> SmallVec<[u8; PACKED_VERSION_LENGTH + 4]> {
    let mut packed = SmallVec::new();
    packed.push(VERSIONSTAMP_CODE);
    packed.extend_from_slice(&version.to_bytes());
    packed
}

fn unpack_version(key: &[u8], packed: &[u8]) -> Result<RecordVersion> {
    match packed.split_first() {
        Some((&VERSIONSTAMP_CODE, bytes)) => RecordVersion::from_bytes(bytes).ok(),
        _ => None,
    }
    .ok_or_else(|| {
        Error::new(ErrorKind::Corrupt, "the version beside a record is no versionstamp").with("key", HexKey(key))
    })
}

/// A key in an error message.
pub(crate) struct HexKey<'a>(pub(crate) &'a [u8]);

impl std::fmt::Display for HexKey<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests;
