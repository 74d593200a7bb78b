//! What a [`RecordSpace`] does with records beside saving, reading and deleting one: inserts, updates, deletes of ranges,
//! counts, scans of keys.

use super::{RecordSpace, SpaceCursor};
use crate::key_expression::KeyExpression;
use crate::store::OpenFor;
use crate::{Record, RecordExistenceCheck, RecordKey, Result, SaveOptions, ScanOptions, StoredRecord, Tuple};

impl RecordSpace {
    /// Saves a new record.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::{Database, ErrorKind, Record, Schema};
    /// # let schema = Schema::builder()
    /// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string name = 2; }")
    /// #     .record_type("User", |t| t.primary_key("id"))
    /// #     .build()?;
    /// # let users = Database::in_memory()?.space("users").schema(&schema).open().await?;
    /// let ada = Record::from_json("User", r#"{"id": 1, "name": "Ada"}"#);
    /// assert_eq!(users.update(&ada).await.unwrap_err().kind(), ErrorKind::RecordNotFound);
    /// users.insert(&ada).await?;
    /// assert_eq!(users.insert(&ada).await.unwrap_err().kind(), ErrorKind::RecordAlreadyExists);
    /// users.update(&ada).await?;
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// **Errors**: `RecordAlreadyExists`; those of [`put`](RecordSpace::put).
    pub async fn insert(&self, record: impl Into<Record>) -> Result<StoredRecord> {
        let options = SaveOptions::default().existence(RecordExistenceCheck::ErrorIfExists);
        self.put_with(record, &options).await
    }

    /// Saves a record over the one with its key, which must be there and of the same type.
    ///
    /// **Errors**: `RecordNotFound`, `RecordTypeChanged`; those of [`put`](RecordSpace::put).
    pub async fn update(&self, record: impl Into<Record>) -> Result<StoredRecord> {
        let options = SaveOptions::default().existence(RecordExistenceCheck::ErrorIfNotExistsOrRecordTypeChanged);
        self.put_with(record, &options).await
    }

    /// Saves records as `options` say, all or none.
    ///
    /// **Limits** and **Errors**: those of [`put_all`](RecordSpace::put_all); `RecordAlreadyExists`, `RecordNotFound`,
    /// `RecordTypeChanged` by the existence check.
    pub async fn put_all_with<R: Into<Record>>(
        &self,
        records: impl IntoIterator<Item = R>,
        options: &SaveOptions,
    ) -> Result<Vec<StoredRecord>> {
        let records: Vec<Record> = records.into_iter().map(Into::into).collect();
        self.save_all(&records, options).await
    }

    /// Deletes all records whose primary keys begin with `within`, such as all of one type, without reading them.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::{Database, Record, RecordKey, Schema};
    /// # let schema = Schema::builder()
    /// #     .proto("t.proto", "syntax = 'proto3'; message Order { string user = 1; int64 id = 2; }")
    /// #     .record_type("Order", |t| t.primary_key(["user", "id"]))
    /// #     .build()?;
    /// # let orders = Database::in_memory()?.space("orders").schema(&schema).open().await?;
    /// # for (user, id) in [("ada", 1), ("ada", 2), ("eve", 1)] {
    /// #     orders.put(Record::from_json("Order", format!(r#"{{"user": "{user}", "id": {id}}}"#))).await?;
    /// # }
    /// orders.delete_where("ada").await?;
    /// assert!(!orders.exists(("ada", 2)).await? && orders.exists(("eve", 1)).await?);
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// **Errors**: those of [`RecordStore::delete_records_where`](crate::RecordStore::delete_records_where).
    pub async fn delete_where(&self, within: impl Into<RecordKey>) -> Result<()> {
        let within = &within.into();
        self.with_store(|store| async move { store.delete_records_where(within).await })
            .await
    }

    /// The primary keys of the records of a range, also of those that cannot be read, in their order.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::{Database, Record, ScanOptions, Schema, Tuple};
    /// # let schema = Schema::builder()
    /// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string name = 2; }")
    /// #     .record_type("User", |t| t.primary_key("id"))
    /// #     .build()?;
    /// # let users = Database::in_memory()?.space("users").schema(&schema).open().await?;
    /// users.put_all((1..=3).map(|id| Record::from_json("User", format!(r#"{{"id": {id}}}"#)))).await?;
    /// let mut page = users.scan_record_keys(ScanOptions::default().limit(2));
    /// assert_eq!(page.next_batch(10).await?, [1, 2].map(|id| users.primary_key(id).unwrap()));
    /// let rest = ScanOptions::default().continuation(page.continuation());
    /// assert_eq!(users.scan_record_keys(rest).next_batch(10).await?, [users.primary_key(3)?]);
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// **Errors**, when the cursor is asked: those of [`RecordStore::scan_record_keys`](crate::RecordStore::scan_record_keys).
    pub fn scan_record_keys(&self, options: ScanOptions) -> SpaceCursor<Tuple> {
        SpaceCursor::new(self, OpenFor::Records, options, |store, options, _| {
            store.scan_record_keys(options)
        })
    }

    /// How many records of a type there are, by a count index over it, or one over all types by record type.
    ///
    /// **Errors**: `MetaData` for an unknown type; `Unsupported` if nothing counts its records.
    pub async fn record_count_of_type(&self, record_type: &str) -> Result<i64> {
        self.with_store(|store| async move { store.snapshot_record_count_of_type(record_type).await })
            .await
    }

    /// How many records have this value of a key, by the record count key of the schema or by a count index over all types
    /// that begins with the key.
    ///
    /// **Errors**: `Unsupported` if nothing counts by the key; `InvalidArgument` for another number of columns.
    pub async fn record_count_by(&self, key: impl Into<KeyExpression>, value: impl Into<Tuple>) -> Result<i64> {
        let (key, value) = (&key.into(), &value.into());
        self.with_store(|store| async move { store.snapshot_record_count_by(key, value).await })
            .await
    }
}
