//! A record layer for FoundationDB that also runs without a cluster.

#![forbid(unsafe_code)]
