//! FoundationDB's futures and values as the seam's.

use bytes::{Bytes, BytesMut};
use foundationdb::FdbError;
use foundationdb::future::{FdbFuture, FdbFutureHandle, FdbSlice, FdbValues};
use record_store_kv::{Error, KeyValue, RangeBatch, Read};

/// A future of FoundationDB's as a read, with its value converted.
pub(crate) fn read<T, U>(future: FdbFuture<T>, convert: impl FnOnce(T) -> U + Send + 'static) -> Read<U>
where
    T: TryFrom<FdbFutureHandle, Error = FdbError> + Unpin + Send + 'static,
    U: Send + 'static,
{
    Read::pending(async move { future.await.map(convert).map_err(error) })
}

/// The seam's error for one of FoundationDB's.
pub(crate) fn error(error: FdbError) -> Error {
    Error::fdb(error.code())
}

/// A value, without a copy: the future keeps it.
pub(crate) fn bytes(slice: FdbSlice) -> Bytes {
    Bytes::from_owner(slice)
}

/// The rows of one batch. They share one piece of memory, so that a batch costs one allocation and not two a row.
pub(crate) fn batch(values: FdbValues) -> RangeBatch {
    let room = values.iter().map(|row| row.key().len() + row.value().len()).sum();
    let mut memory = BytesMut::with_capacity(room);
    let rows = values
        .iter()
        .map(|row| KeyValue {
            key: piece(&mut memory, row.key()),
            value: piece(&mut memory, row.value()),
        })
        .collect();
    RangeBatch {
        rows,
        more: values.more(),
    }
}

fn piece(memory: &mut BytesMut, bytes: &[u8]) -> Bytes {
    memory.extend_from_slice(bytes);
    memory.split().freeze()
}
