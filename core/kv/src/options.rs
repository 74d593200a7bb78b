//! Options of databases and transactions, with FoundationDB's codes (`fdb.options`).

use bytes::Bytes;

macro_rules! options {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $(($value:tt))? = $code:literal $spelling:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant $(($value))?,)*
            /// An option by its number, with the bytes of its value: what the list above leaves out.
            Other(i32, Option<Bytes>),
        }

        impl $name {
            /// FoundationDB's number of the option.
            pub fn code(&self) -> i32 {
                match self {
                    $(options!(@pattern $variant $(($value))?) => $code,)*
                    $name::Other(code, _) => *code,
                }
            }

            /// The number of the option that FoundationDB spells `name`.
            pub fn code_of(name: &str) -> Option<i32> {
                match name {
                    $($spelling => Some($code),)*
                    _ => None,
                }
            }

            /// The bytes of the option's value as FoundationDB takes them: integers as 8 bytes, little-endian.
            pub fn value(&self) -> Option<Bytes> {
                match self {
                    $(options!(@bind $variant value $(($value))?) => options!(@value value $(($value))?),)*
                    $name::Other(_, value) => value.clone(),
                }
            }
        }
    };
    (@pattern $variant:ident) => { Self::$variant };
    (@pattern $variant:ident ($value:tt)) => { Self::$variant(_) };
    (@bind $variant:ident $bound:ident) => { Self::$variant };
    (@bind $variant:ident $bound:ident ($value:tt)) => { Self::$variant($bound) };
    (@value $bound:ident) => { None };
    (@value $bound:ident (i64)) => { Some(Bytes::copy_from_slice(&$bound.to_le_bytes())) };
    (@value $bound:ident (Bytes)) => { Some($bound.clone()) };
}

options! {
    /// An option of one transaction. Those marked *persistent* outlive a retry.
    TransactionOption {
        /// A blind write needs no self-conflict; it may be applied twice after a failure.
        CausalWriteRisky = 10 "causal_write_risky",
        /// The next write adds no write conflict range.
        NextWriteNoWriteConflictRange = 30 "next_write_no_write_conflict_range",
        /// Reads see the database only, not the transaction's own writes. Must come first.
        ReadYourWritesDisable = 51 "read_your_writes_disable",
        /// Keys from `\xff` may be read and written.
        AccessSystemKeys = 301 "access_system_keys",
        /// Keys from `\xff` may be read.
        ReadSystemKeys = 302 "read_system_keys",
        /// Milliseconds from the transaction's creation after which everything fails with 1031; 0 disables. *Persistent.*
        Timeout(i64) = 500 "timeout",
        /// How often `on_error` may succeed; −1 means without limit. *Persistent.*
        RetryLimit(i64) = 501 "retry_limit",
        /// The longest back-off in milliseconds. *Persistent.*
        MaxRetryDelay(i64) = 502 "max_retry_delay",
        /// The largest transaction in bytes: 32 to 10,000,000.
        SizeLimit(i64) = 503 "size_limit",
        /// Snapshot reads see the transaction's own writes (one more; see `SnapshotRywDisable`).
        SnapshotRywEnable = 600 "snapshot_ryw_enable",
        /// Snapshot reads see the database only. Enabling and disabling are counted against each other.
        SnapshotRywDisable = 601 "snapshot_ryw_disable",
        /// The transaction works on a locked database.
        LockAware = 700 "lock_aware",
        /// Calls after a commit do not poison the transaction.
        UsedDuringCommitProtectionDisable = 701 "used_during_commit_protection_disable",
        /// The transaction reads a locked database.
        ReadLockAware = 702 "read_lock_aware",
        /// A failed commit reports the read ranges that conflicted.
        ReportConflictingKeys = 712 "report_conflicting_keys",
        /// Reads of the special key space may cross its modules.
        SpecialKeySpaceRelaxed = 713 "special_key_space_relaxed",
        /// The special key space may be written.
        SpecialKeySpaceEnableWrites = 714 "special_key_space_enable_writes",
        /// A point read of a key with a pending versionstamped value returns the operand.
        BypassUnreadable = 1100 "bypass_unreadable",
    }
}

options! {
    /// An option of a database handle; most are defaults for its transactions.
    DatabaseOption {
        /// How many watches may be pending on this handle.
        MaxWatches(i64) = 20 "max_watches",
        /// Snapshot reads see the transaction's own writes.
        SnapshotRywEnable = 26 "snapshot_ryw_enable",
        /// Snapshot reads see the database only.
        SnapshotRywDisable = 27 "snapshot_ryw_disable",
        /// The default of [`TransactionOption::Timeout`].
        TransactionTimeout(i64) = 500 "transaction_timeout",
        /// The default of [`TransactionOption::RetryLimit`].
        TransactionRetryLimit(i64) = 501 "transaction_retry_limit",
        /// The default of [`TransactionOption::MaxRetryDelay`].
        TransactionMaxRetryDelay(i64) = 502 "transaction_max_retry_delay",
        /// The default of [`TransactionOption::SizeLimit`].
        TransactionSizeLimit(i64) = 503 "transaction_size_limit",
        /// The default of [`TransactionOption::BypassUnreadable`].
        TransactionBypassUnreadable = 700 "transaction_bypass_unreadable",
        /// The default of [`TransactionOption::UsedDuringCommitProtectionDisable`].
        TransactionUsedDuringCommitProtectionDisable = 701 "transaction_used_during_commit_protection_disable",
        /// The default of [`TransactionOption::ReportConflictingKeys`].
        TransactionReportConflictingKeys = 702 "transaction_report_conflicting_keys",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_eight_bytes_little_endian() {
        assert_eq!(
            TransactionOption::Timeout(258).value().as_deref(),
            Some(&[2, 1, 0, 0, 0, 0, 0, 0][..])
        );
        assert_eq!(TransactionOption::LockAware.value(), None);
        assert_eq!(TransactionOption::code_of("lock_aware"), Some(700));
        assert_eq!(TransactionOption::Other(40, None).code(), 40);
    }
}
