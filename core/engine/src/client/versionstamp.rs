//! Versionstamps: where a stamped key may come to lie, and the future of the commit's own stamp.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use record_store_kv::env::Env;
use record_store_kv::{Error, Read, TransactionVersion, fdb_code};

use super::fate::{End, Fate};
use crate::atomic::{AtomicOp, stamp, stamp_position, transaction_version};
use crate::key::{Key, key_after};

/// The range in which a versionstamped key comes to lie when it is committed after `version`, cut at `max_key`.
/// Errors: 2000 for a position that does not fit.
pub(crate) fn possible_range(template: &[u8], version: i64, max_key: &[u8]) -> Result<(Key, Key), i32> {
    let with = |bytes: &TransactionVersion| stamp(template, bytes).ok_or(fdb_code::CLIENT_INVALID_OPERATION);
    let begin = with(&transaction_version(version, 0))?;
    let end = key_after(&with(&[0xFF; 10])?);
    Ok((Key::new(max_key.min(&begin)), Key::new(max_key.min(&end))))
}

/// Key and operand of an operation in the form that they have since version 520 of the API: before, the position of the stamp
/// in a key has two bytes, and a value is stamped at its begin. Errors: 2000 for a key without a position.
pub(crate) fn of_old_api(op: AtomicOp, key: &[u8], operand: &[u8]) -> Result<(Vec<u8>, Vec<u8>), i32> {
    let (mut key, mut operand) = (key.to_vec(), operand.to_vec());
    match op {
        AtomicOp::SetVersionstampedKey if key.len() < 2 => return Err(fdb_code::CLIENT_INVALID_OPERATION),
        AtomicOp::SetVersionstampedKey => key.extend_from_slice(&[0; 2]),
        AtomicOp::SetVersionstampedValue => operand.extend_from_slice(&[0; 4]),
        _ => {}
    }
    Ok((key, operand))
}

/// Where the write map keeps the operation until the commit: the key with the earliest possible stamp and its position
/// still behind it.
pub(crate) fn placeholder(template: &[u8], version: i64) -> Vec<u8> {
    let mut key = template.to_vec();
    if let Some(bytes) = stamp_position(template).and_then(|at| key.get_mut(at..at + 10)) {
        bytes.copy_from_slice(&transaction_version(version, 0));
    }
    key
}

/// The stamp of the commit to come.
pub(crate) fn of_commit(fate: Arc<Fate>, env: Env) -> Read<TransactionVersion> {
    Read::pending(async move {
        let mut alarm = None;
        poll_fn(|cx| {
            fate.poll_change(cx);
            Poll::Ready(match (fate.ended(), fate.interruption()) {
                (Some(End::Committed(at)), _) => Ok(transaction_version(at.version, at.batch_index)),
                (Some(End::ReadOnly), _) => Err(Error::fdb(fdb_code::NO_COMMIT_VERSION)),
                (Some(End::Failed(_)), _) => Err(Error::fdb(fdb_code::TRANSACTION_INVALID_VERSION)),
                (_, Some(code)) if fate.ended() != Some(End::Reset) => Err(Error::fdb(code)),
                (Some(End::Reset | End::Destroyed), _) => Err(Error::fdb(fdb_code::BROKEN_PROMISE)),
                (None, _) if fate.poll_deadline(&env, &mut alarm, cx) => {
                    Err(Error::fdb(fdb_code::TRANSACTION_TIMED_OUT))
                }
                (None, _) => return Poll::Pending,
            })
        })
        .await
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamped_key_may_lie_anywhere_from_the_read_version_on() {
        let mut template = b"k".to_vec();
        template.extend_from_slice(&[0x55; 10]);
        template.extend_from_slice(&1i32.to_le_bytes());
        let (begin, end) = possible_range(&template, 258, b"\xff").unwrap();
        assert_eq!(begin.as_slice(), b"k\0\0\0\0\0\0\x01\x02\0\0");
        assert_eq!(end.as_slice(), b"k\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0");
        assert!(placeholder(&template, 258).starts_with(begin.as_slice()));
        assert_eq!(
            possible_range(b"k\x01\0\0\0", 0, b"\xff").err(),
            Some(fdb_code::CLIENT_INVALID_OPERATION)
        );
    }
}
