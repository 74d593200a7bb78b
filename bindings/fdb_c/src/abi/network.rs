//! The network's life.

use std::ffi::{c_int, c_void};

use crate::abi::callback;
use crate::abi::guard::export;
use crate::abi::memory::bytes;
use crate::error::codes;
use crate::{network, options};

export! {
    /// Sets an option of the network.
    fn fdb_network_set_option(option: c_int, value: *const u8, value_length: c_int) -> c_int {
        options::set(option, bytes(value, value_length)?).map(|()| 0)
    }

    /// Prepares the network.
    fn fdb_setup_network() -> c_int {
        network::set_up().map(|()| 0)
    }

    /// Makes this thread the network's until it stops.
    fn fdb_run_network() -> c_int {
        network::run().map(|()| 0)
    }

    /// Stops the network.
    fn fdb_stop_network() -> c_int {
        network::stop().map(|()| 0)
    }

    /// Has a function called on the network's thread when it stops.
    fn fdb_add_network_thread_completion_hook(
        hook: Option<extern "C" fn(*mut c_void)>,
        hook_parameter: *mut c_void,
    ) -> c_int {
        let hook = hook.ok_or(codes::CLIENT_INVALID_OPERATION)?;
        network::add_hook(callback::hook(hook, hook_parameter)).map(|()| 0)
    }
}
