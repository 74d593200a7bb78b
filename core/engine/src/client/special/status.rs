//! The status document (`\xff\xff/status/json`): the fields that clients and tools look at.

use bytes::Bytes;
use serde_json::json;

use super::super::ADDRESS;

/// The document. A database that answers is healthy.
pub(super) fn document() -> Bytes {
    let process = json!({"address": ADDRESS, "class_type": "unset", "excluded": false, "roles": [{"role": "storage"}]});
    let document = json!({
        "client": {
            "cluster_file": {"up_to_date": true},
            "coordinators": {"coordinators": [{"address": ADDRESS, "reachable": true}], "quorum_reachable": true},
            "database_status": {"available": true, "healthy": true},
            "messages": [],
        },
        "cluster": {
            "clients": {"count": 1},
            "configuration": {"redundancy_mode": "single", "tenant_mode": "optional_experimental", "usable_regions": 1},
            "data": {"state": {"healthy": true, "name": "healthy"}},
            "database_available": true,
            "database_lock_state": {"locked": false},
            "generation": 1,
            "layers": {"_valid": true},
            "machines": {"embedded": {"address": "127.0.0.1", "excluded": false}},
            "messages": [],
            "processes": {"embedded": process},
            "qos": {},
            "workload": {},
        },
    });
    document.to_string().into()
}
