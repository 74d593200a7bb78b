//! What this client says of itself.

use std::ffi::CStr;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::codes;
use crate::future::Future;
use crate::value::Value;

/// FoundationDB's release whose behaviour this is, what it was built of, and its protocol: for programs that load several clients.
pub(crate) const VERSION: &CStr = c"7.3.79,record-store,fdb00b073000000";

/// The protocol of that release. The lowest bit of the upper half's first digit marks it as one that others understand.
const PROTOCOL: u64 = 0x1FDB_00B0_7300_0000;
const PROTOCOL_FLAGS: u64 = 0xF000_0000_0000_0000;

/// The protocol of the cluster, as soon as it is another one than `expected`: never, if that is ours.
pub(crate) fn server_protocol(expected: u64) -> Arc<Future> {
    if expected & !PROTOCOL_FLAGS == PROTOCOL & !PROTOCOL_FLAGS {
        Future::never()
    } else {
        Future::ready(Ok(Value::Uint64(PROTOCOL)))
    }
}

/// The state of the connection, as a document in JSON.
pub(crate) fn status() -> Arc<Future> {
    const STATUS: &str = r#"{"Healthy":true,"InitializationState":"created","ProtocolVersion":"fdb00b073000000","ConnectionRecord":"embedded","DatabaseStatus":{"Healthy":true},"AvailableClients":[]}"#;
    Future::ready(Ok(Value::Key(Bytes::from_static(STATUS.as_bytes()))))
}

/// The future of what a cluster can do and an embedded database cannot.
pub(crate) fn unsupported() -> Arc<Future> {
    Future::ready(Err(codes::UNSUPPORTED_OPERATION))
}
