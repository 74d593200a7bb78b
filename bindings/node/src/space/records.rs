//! Records of a `RecordSpace`: saving, reading, deleting and counting them.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Either, PromiseRaw};
use napi_derive::napi;
use record_store::{RecordExistenceCheck, RecordVersion, Result, SaveOptions};

use super::{Packed, RecordSpace};
use crate::error::Failure;
use crate::filter::misunderstood;
use crate::key_expression::read_children;
use crate::packed::{Reader, Writer};
use crate::record::{read_tuple, to_key, to_records, write_record, write_saved};
use crate::runtime::{promise, promise_packed};
use crate::transaction::Transaction;

#[napi]
impl RecordSpace {
    /// Saves records, all or none, converted by the schema that the store has: `put`, `insert` or `update`. Gives a list of what
    /// was saved.
    #[napi]
    pub fn save<'env>(
        &self,
        env: &'env Env,
        how: String,
        records: &[u8],
        version: Option<&[u8]>,
        tx: Option<&Transaction>,
    ) -> napi::Result<Packed<'env>> {
        let records: Arc<[u8]> = records.into();
        let save = save_options(&how, version).map(|options| {
            self.run(tx, move |store| {
                let records = records.clone();
                async move {
                    let records = to_records(&records, store.metadata())?;
                    let saved = store.save_records_with(&records, &options).await?;
                    Ok((saved, store.context().clone()))
                }
            })
        });
        promise_packed(env, async move {
            let (mut saved, context) = save?.await?;
            if let Some(versionstamp) = context.committed_versionstamp() {
                for record in &mut saved {
                    record.complete_version(versionstamp)?;
                }
            }
            let mut writer = Writer::default();
            writer.list(saved.len());
            saved.iter().for_each(|record| write_saved(&mut writer, record));
            Ok(writer.into_bytes())
        })
    }

    /// The record with this key, or null.
    #[napi]
    pub fn get<'env>(
        &self,
        env: &'env Env,
        key: &[u8],
        record_type: Option<String>,
        tx: Option<&Transaction>,
    ) -> napi::Result<Packed<'env>> {
        let find = to_key(key, record_type).map(|key| {
            let same = key.clone();
            self.either(
                tx,
                |space| async move { space.get(key).await },
                |store| async move { store.load_record(&same.resolve(store.metadata())?).await },
            )
        });
        promise_packed(env, async move {
            let mut writer = Writer::default();
            match find?.await? {
                Some(stored) => write_record(&mut writer, &stored)?,
                None => writer.null(),
            }
            Ok(writer.into_bytes())
        })
    }

    /// Whether there is a record with this key.
    #[napi]
    pub fn exists<'env>(
        &self,
        env: &'env Env,
        key: &[u8],
        record_type: Option<String>,
        tx: Option<&Transaction>,
    ) -> napi::Result<PromiseRaw<'env, Either<bool, Failure>>> {
        let look = to_key(key, record_type).map(|key| {
            let same = key.clone();
            self.either(
                tx,
                |space| async move { space.exists(key).await },
                |store| async move { store.record_exists(&same.resolve(store.metadata())?).await },
            )
        });
        promise(env, async move { look?.await })
    }

    /// The version of the record with this key, or null.
    #[napi]
    pub fn version<'env>(
        &self,
        env: &'env Env,
        key: &[u8],
        record_type: Option<String>,
        tx: Option<&Transaction>,
    ) -> napi::Result<Packed<'env>> {
        let find = to_key(key, record_type).map(|key| {
            let same = key.clone();
            self.either(
                tx,
                |space| async move { space.load_version(key).await },
                |store| async move { store.load_record_version(&same.resolve(store.metadata())?).await },
            )
        });
        promise_packed(env, async move {
            let mut writer = Writer::default();
            match find?.await? {
                Some(version) => writer.version(version),
                None => writer.null(),
            }
            Ok(writer.into_bytes())
        })
    }

    /// Deletes the record with this key; says whether there was one.
    #[napi]
    pub fn delete<'env>(
        &self,
        env: &'env Env,
        key: &[u8],
        record_type: Option<String>,
        tx: Option<&Transaction>,
    ) -> napi::Result<PromiseRaw<'env, Either<bool, Failure>>> {
        let delete = to_key(key, record_type).map(|key| {
            let same = key.clone();
            self.either(
                tx,
                |space| async move { space.delete(key).await },
                |store| async move { store.delete_record(&same.resolve(store.metadata())?).await },
            )
        });
        promise(env, async move { delete?.await })
    }

    /// Deletes the records whose primary keys begin with these columns, or all of a type, without reading them.
    #[napi]
    pub fn delete_where<'env>(
        &self,
        env: &'env Env,
        prefix: &[u8],
        record_type: Option<String>,
        tx: Option<&Transaction>,
    ) -> napi::Result<PromiseRaw<'env, Either<(), Failure>>> {
        let delete = to_key(prefix, record_type).map(|within| {
            let same = within.clone();
            self.either(
                tx,
                |space| async move { space.delete_where(within).await },
                |store| async move { store.delete_records_where(same).await },
            )
        });
        promise(env, async move { delete?.await })
    }

    /// Deletes all records.
    #[napi]
    pub fn delete_all<'env>(
        &self,
        env: &'env Env,
        tx: Option<&Transaction>,
    ) -> napi::Result<PromiseRaw<'env, Either<(), Failure>>> {
        let delete = self.either(
            tx,
            |space| async move { space.delete_all().await },
            |store| async move { store.delete_all_records().await },
        );
        promise(env, delete)
    }

    /// How many records there are, or how many of a type, as the schema counts them.
    #[napi]
    pub fn count<'env>(
        &self,
        env: &'env Env,
        record_type: Option<String>,
        tx: Option<&Transaction>,
    ) -> napi::Result<PromiseRaw<'env, Either<i64, Failure>>> {
        let count = self.run(tx, move |store| {
            let record_type = record_type.clone();
            async move {
                match record_type {
                    None => store.snapshot_record_count_of_all().await,
                    Some(record_type) => store.snapshot_record_count_of_type(&record_type).await,
                }
            }
        });
        promise(env, count)
    }

    /// How many records have this value of a key by which the schema counts them. The key is a packed list of columns.
    #[napi]
    pub fn count_by<'env>(
        &self,
        env: &'env Env,
        key: &[u8],
        value: &[u8],
        tx: Option<&Transaction>,
    ) -> napi::Result<PromiseRaw<'env, Either<i64, Failure>>> {
        let counted = || -> Result<_> {
            let key = read_children(&mut Reader::new(key))?;
            Ok(Arc::new((key, read_tuple(&mut Reader::new(value))?)))
        };
        let count = counted().map(|counted| {
            self.run(tx, move |store| {
                let counted = counted.clone();
                async move { store.snapshot_record_count_by(&counted.0, &counted.1).await }
            })
        });
        promise(env, async move { count?.await })
    }
}

fn save_options(how: &str, version: Option<&[u8]>) -> Result<SaveOptions> {
    let existence = match how {
        "put" => RecordExistenceCheck::None,
        "insert" => RecordExistenceCheck::ErrorIfExists,
        "update" => RecordExistenceCheck::ErrorIfNotExistsOrRecordTypeChanged,
        _ => return Err(misunderstood()),
    };
    Ok(SaveOptions {
        version: version.map(RecordVersion::from_bytes).transpose()?,
        ..SaveOptions::default().existence(existence)
    })
}
