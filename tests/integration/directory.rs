//! The directory layer over the embedded engine: FoundationDB's bytes, FoundationDB's refusals.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use futures_executor::block_on;
use record_store_engine::{Engine, EngineOptions, Location};
use record_store_kv::directory::{DirectoryLayer, DirectoryPath, Partition, refusal};
use record_store_kv::env::{Env, Rng};
use record_store_kv::tuple::{Element, Tuple};
use record_store_kv::{Database, Error, ErrorKind, KeyRange, Result, RunOptions, Subspace, Transaction, fdb_code};

#[test]
fn directories_have_the_bytes_that_java_writes() {
    let database = database();
    let java = golden_dump("resolver_global_directory");
    let java: Vec<_> = java
        .into_iter()
        .filter(|(key, _)| key.starts_with(&[0xFE, 0x01]))
        .collect();
    let layer = DirectoryLayer::standard(scripted(&[0x03, 0x10, 0x25, 0x38]));
    block_on(async {
        for name in ["after", "user", "app", "recdb_rd_cache"] {
            let transaction = database.transaction();
            layer.create_or_open(&transaction, [name], b"").await.unwrap();
            transaction.commit().await.unwrap();
        }
        assert_eq!(dump(&database).await, java);
    });
}

#[test]
fn directories_that_java_wrote_are_opened_and_extended() {
    let database = database();
    let layer = DirectoryLayer::default();
    block_on(async {
        let transaction = database.transaction();
        for (key, value) in golden_dump("resolver_global_directory") {
            transaction.set(&key, &value);
        }
        let names = layer.list(&transaction, DirectoryPath::ROOT).await.unwrap();
        assert_eq!(names, ["after", "app", "recdb_rd_cache", "user"]);
        let user = layer.open(&transaction, ["user"], b"").await.unwrap();
        assert_eq!(user.subspace().unwrap().prefix(), b"\x15\x10");
        let new = layer.create(&transaction, ["new"], b"", None).await.unwrap();
        let new = Tuple::unpack(new.subspace().unwrap().prefix()).unwrap();
        assert!(![0x03, 0x10, 0x25, 0x38].contains(&new[0].as_i64().unwrap()));
    });
}

#[test]
fn a_directory_keeps_its_prefix_and_its_layer() {
    let (database, layer) = (database(), DirectoryLayer::default());
    block_on(async {
        let transaction = database.transaction();
        let created = layer
            .create_or_open(&transaction, ["prod", "users"], b"records")
            .await
            .unwrap();
        assert_eq!(created.path(), &DirectoryPath::from(["prod", "users"]));
        assert_eq!(created.layer(), b"records");
        transaction.commit().await.unwrap();

        let transaction = database.transaction();
        for layer_asked in [&b"records"[..], b""] {
            let opened = layer.open(&transaction, ["prod", "users"], layer_asked).await.unwrap();
            assert_eq!(opened.subspace().unwrap(), created.subspace().unwrap());
            assert_eq!(opened.layer(), b"records");
        }
        let parent = layer.open(&transaction, ["prod"], b"").await.unwrap();
        assert_eq!(parent.layer(), b"");
        assert_eq!(parent.list(&transaction, DirectoryPath::ROOT).await.unwrap(), ["users"]);
        let again = parent.open(&transaction, ["users"], b"").await.unwrap();
        assert_eq!(again.path(), created.path());
        assert!(again.exists(&transaction).await.unwrap());
        assert!(layer.exists(&transaction, ["prod"]).await.unwrap());
        assert!(layer.exists(&transaction, DirectoryPath::ROOT).await.unwrap());
        assert!(!layer.exists(&transaction, ["prod", "orders"]).await.unwrap());
    });
}

#[test]
fn what_foundationdb_refuses_is_refused() {
    let (database, layer) = (database(), DirectoryLayer::default());
    let root = || DirectoryPath::ROOT;
    block_on(async {
        let transaction = &database.transaction();
        layer.create(transaction, ["a", "b"], b"l", None).await.unwrap();
        layer.create(transaction, ["c"], b"", None).await.unwrap();

        let created = layer.create(transaction, ["a", "b"], b"", None).await;
        check_refused(created, refusal::ALREADY_EXISTS, "a/b");
        check_refused(
            layer.open(transaction, ["x", "y"], b"").await,
            refusal::DOES_NOT_EXIST,
            "x/y",
        );
        check_refused(
            layer.open(transaction, ["a", "b"], b"m").await,
            refusal::OTHER_LAYER,
            "a/b",
        );
        check_refused(layer.open(transaction, root(), b"").await, refusal::ROOT_OPENED, "");
        check_refused(layer.list(transaction, ["x"]).await, refusal::DOES_NOT_EXIST, "x");
        check_refused(layer.remove(transaction, ["x"]).await, refusal::DOES_NOT_EXIST, "x");
        check_refused(layer.remove(transaction, root()).await, refusal::ROOT_REMOVED, "");
        check_refused(layer.move_to(transaction, root(), ["x"]).await, refusal::ROOT_MOVED, "");
        for to in [&["a"][..], &["a", "d"]] {
            check_refused(
                layer.move_to(transaction, ["a"], to).await,
                refusal::MOVED_INTO_ITSELF,
                "a",
            );
        }
        let moved = layer.move_to(transaction, ["x"], ["y"]).await;
        check_refused(moved, refusal::DOES_NOT_EXIST, "x");
        for to in [&["c"][..], &[]] {
            let moved = layer.move_to(transaction, ["a", "b"], to).await;
            check_refused(moved, refusal::DESTINATION_EXISTS, "a/b");
        }
        let moved = layer.move_to(transaction, ["c"], ["x", "y"]).await;
        check_refused(moved, refusal::DESTINATION_HAS_NO_PARENT, "c");
        let created = layer.create(transaction, ["d"], b"", Some(b"p")).await;
        check_refused(created, refusal::MANUAL_PREFIX, "d");
    });
}

#[test]
fn a_moved_directory_takes_its_contents_and_subdirectories_along() {
    let (database, layer) = (database(), DirectoryLayer::default());
    block_on(async {
        let transaction = &database.transaction();
        let old = layer.create(transaction, ["a", "b"], b"l", None).await.unwrap();
        layer.create(transaction, ["a", "b", "c"], b"", None).await.unwrap();
        layer.create(transaction, ["z"], b"", None).await.unwrap();
        let new = old.move_to(transaction, ["z", "y"]).await.unwrap();
        assert_eq!(new.path(), &DirectoryPath::from(["z", "y"]));
        assert_eq!(new.subspace().unwrap(), old.subspace().unwrap());
        assert_eq!(new.layer(), b"l");
        assert!(!old.exists(transaction).await.unwrap());
        assert!(layer.exists(transaction, ["z", "y", "c"]).await.unwrap());
        assert_eq!(layer.list(transaction, ["a"]).await.unwrap(), [""; 0]);
    });
}

#[test]
fn a_removed_directory_leaves_nothing_of_its_own() {
    let (database, layer) = (database(), DirectoryLayer::default());
    block_on(async {
        let transaction = &database.transaction();
        layer.create(transaction, ["other"], b"", None).await.unwrap();
        transaction.commit().await.unwrap();
        let before = without_allocator(dump(&database).await);

        let transaction = &database.transaction();
        let removed = layer.create(transaction, ["a"], b"", None).await.unwrap();
        let below = layer.create(transaction, ["a", "b", "c"], b"", None).await.unwrap();
        for directory in [&removed, &below] {
            transaction.set(&directory.subspace().unwrap().pack(&Tuple::from((1,))), b"content");
            transaction.set(directory.subspace().unwrap().prefix(), b"content");
        }
        transaction.commit().await.unwrap();

        let transaction = &database.transaction();
        removed.remove(transaction).await.unwrap();
        assert!(!removed.exists(transaction).await.unwrap());
        assert!(!removed.remove_if_exists(transaction).await.unwrap());
        check_refused(removed.remove(transaction).await, refusal::DOES_NOT_EXIST, "a");
        transaction.commit().await.unwrap();
        assert_eq!(without_allocator(dump(&database).await), before);
    });
}

#[test]
fn a_partition_keeps_all_its_keys_below_its_prefix() {
    let (database, layer) = (database(), DirectoryLayer::default());
    block_on(sendable(async {
        let transaction = &database.transaction();
        let part = layer
            .create(transaction, ["part"], Partition::LAYER, None)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        let before = dump(&database).await;

        let transaction = &database.transaction();
        let inner = layer
            .create_or_open(transaction, ["part", "a", "b"], b"l")
            .await
            .unwrap();
        assert_eq!(inner.path(), &DirectoryPath::from(["part", "a", "b"]));
        let nested = part.create(transaction, ["sub"], Partition::LAYER, None).await.unwrap();
        let deepest = nested.create_or_open(transaction, ["x"], b"").await.unwrap();
        assert_eq!(deepest.path(), &DirectoryPath::from(["part", "sub", "x"]));
        transaction.set(&deepest.subspace().unwrap().pack(&Tuple::from((1,))), b"");
        transaction.commit().await.unwrap();

        let prefix = part_prefix(&before);
        let added: Vec<_> = dump(&database)
            .await
            .into_iter()
            .filter(|row| !before.contains(row))
            .collect();
        assert!(
            added.len() > 10 && added.iter().all(|(key, _)| key.starts_with(&prefix)),
            "{added:?}"
        );

        let transaction = &database.transaction();
        assert_eq!(layer.list(transaction, ["part"]).await.unwrap(), ["a", "sub"]);
        assert_eq!(layer.list(transaction, ["part", "sub"]).await.unwrap(), ["x"]);
        assert_eq!(nested.list(transaction, DirectoryPath::ROOT).await.unwrap(), ["x"]);
        assert!(layer.exists(transaction, ["part", "a", "b"]).await.unwrap());
        assert!(nested.exists(transaction).await.unwrap());
        let moved = inner.move_to(transaction, ["part", "c"]).await.unwrap();
        assert_eq!(moved.subspace().unwrap(), inner.subspace().unwrap());
        assert_eq!(
            part.list(transaction, DirectoryPath::ROOT).await.unwrap(),
            ["a", "c", "sub"]
        );
        assert!(layer.remove_if_exists(transaction, ["part", "c"]).await.unwrap());
        part.remove(transaction).await.unwrap();
        transaction.commit().await.unwrap();
        let left = dump(&database).await;
        assert!(left.iter().all(|(key, _)| !key.starts_with(&prefix)), "{left:?}");
    }));
}

#[test]
fn directories_do_not_leave_their_partition() {
    let (database, layer) = (database(), DirectoryLayer::default());
    block_on(async {
        let transaction = &database.transaction();
        let part = layer
            .create(transaction, ["part"], Partition::LAYER, None)
            .await
            .unwrap();
        let other = layer
            .create(transaction, ["other"], Partition::LAYER, None)
            .await
            .unwrap();
        let inside = part.create(transaction, ["in"], b"", None).await.unwrap();
        let outside = layer.create(transaction, ["out"], b"", None).await.unwrap();

        let refused = refusal::MOVED_BETWEEN_PARTITIONS;
        check_refused(inside.move_to(transaction, ["free"]).await, refused, "part/in");
        check_refused(
            layer.move_to(transaction, ["part", "in"], ["other", "in"]).await,
            refused,
            "part/in",
        );
        check_refused(
            layer.move_to(transaction, ["part", "in"], ["free"]).await,
            refused,
            "part/in",
        );
        check_refused(outside.move_to(transaction, ["part", "out"]).await, refused, "out");
        check_refused(part.subspace(), refusal::PARTITION_AS_SUBSPACE, "part");
        let created = part.create(transaction, ["p"], b"", Some(b"p")).await;
        check_refused(created, refusal::MANUAL_PREFIX_IN_PARTITION, "part/p");
        let manual = DirectoryLayer::default().allow_manual_prefixes();
        let created = manual.create(transaction, ["part", "in"], b"", Some(b"p")).await;
        check_refused(created, refusal::MANUAL_PREFIX_IN_PARTITION, "part/in");
        let tree = part.partition().unwrap().directory_layer();
        check_refused(
            tree.remove(transaction, DirectoryPath::ROOT).await,
            refusal::ROOT_REMOVED,
            "part",
        );

        let moved = other.move_to(transaction, ["renamed"]).await.unwrap();
        assert!(moved.partition().is_some());
        assert!(!other.exists(transaction).await.unwrap());
    });
}

#[test]
fn a_chosen_prefix_overlaps_no_other() {
    let database = database();
    let layer = DirectoryLayer::default().allow_manual_prefixes();
    block_on(async {
        let transaction = &database.transaction();
        let chosen = layer.create(transaction, ["a"], b"", Some(b"abc")).await.unwrap();
        assert_eq!(chosen.subspace().unwrap().prefix(), b"abc");
        for taken in [&b"abc"[..], b"ab", b"abcd", b"a", b"", b"\xfe", b"\xfe\x01"] {
            let created = layer.create(transaction, ["b"], b"", Some(taken)).await;
            check_refused(created, refusal::PREFIX_IN_USE, "b");
        }
        for free in [&b"abb"[..], b"abd", b"b"] {
            let name = String::from_utf8(free.to_vec()).unwrap();
            layer.create(transaction, [name], b"", Some(free)).await.unwrap();
        }
    });
}

#[test]
fn an_allocated_prefix_overlaps_no_chosen_one_and_no_stray_keys() {
    let database = database();
    block_on(async {
        let transaction = &database.transaction();
        let layer = DirectoryLayer::standard(scripted(&[7, 8])).allow_manual_prefixes();
        layer
            .create(transaction, ["chosen"], b"", Some(b"\x15\x07"))
            .await
            .unwrap();
        let created = layer.create(transaction, ["a"], b"", None).await;
        check_refused(created, refusal::ALLOCATED_PREFIX_IN_USE, "a");
        transaction.set(b"\x15\x08stray", b"");
        let created = layer.create(transaction, ["a"], b"", None).await;
        check_refused(created, refusal::PREFIX_NOT_EMPTY, "a");
    });
}

#[test]
fn directories_made_at_the_same_time_conflict_only_over_a_name_or_a_number() {
    let two = |names: [&'static str; 2], numbers: [u64; 2]| {
        let database = database();
        let layer = DirectoryLayer::standard(scripted(&[&[0], &numbers[..]].concat()));
        block_on(async move {
            // The first directory writes the version of the layer, which all later ones read.
            let transaction = database.transaction();
            layer.create(&transaction, ["first"], b"", None).await.unwrap();
            transaction.commit().await.unwrap();

            let transactions = [database.transaction(), database.transaction()];
            for (transaction, name) in transactions.iter().zip(names) {
                layer.create(transaction, [name], b"", None).await.unwrap();
            }
            transactions[0].commit().await.unwrap();
            transactions[1].commit().await.map_err(|error| error.fdb_code())
        })
    };
    assert_eq!(two(["a", "b"], [1, 2]), Ok(()));
    assert_eq!(two(["a", "a"], [1, 2]), Err(Some(fdb_code::NOT_COMMITTED)));
    assert_eq!(two(["a", "b"], [1, 1]), Err(Some(fdb_code::NOT_COMMITTED)));
}

#[test]
fn a_move_that_is_refused_conflicts_with_who_makes_its_destination() {
    let (database, layer) = (database(), DirectoryLayer::default());
    block_on(async {
        let refused = database.transaction();
        check_refused(
            layer.move_to(&refused, ["old"], ["new"]).await,
            refusal::DOES_NOT_EXIST,
            "old",
        );
        refused.set(b"seen", b"");

        let other = database.transaction();
        layer.create(&other, ["new"], b"", None).await.unwrap();
        other.commit().await.unwrap();
        let error = refused.commit().await.unwrap_err();
        assert_eq!(error.fdb_code(), Some(fdb_code::NOT_COMMITTED));
    });
}

#[test]
fn leaving_a_window_behind_conflicts_with_no_allocation_in_it() {
    let database = database();
    // The first 30 allocations; then one that commits last, the 31st, and the 32nd, which moves on to the next window.
    let numbers: Vec<u64> = (0..30).chain([40, 50, 5]).collect();
    let layer = DirectoryLayer::standard(scripted(&numbers));
    block_on(async {
        let create = async |name: &str| {
            let transaction = database.transaction();
            let directory = layer.create(&transaction, [name], b"", None).await.unwrap();
            (transaction, directory.subspace().unwrap().prefix().to_vec())
        };
        for i in 0..30 {
            create(&i.to_string()).await.0.commit().await.unwrap();
        }
        let (slow, slow_prefix) = create("slow").await;
        create("31").await.0.commit().await.unwrap();
        let (next, next_prefix) = create("32").await;
        next.commit().await.unwrap();
        slow.commit().await.unwrap();
        assert_eq!(slow_prefix, Tuple::from((40,)).pack());
        assert_eq!(next_prefix, Tuple::from((64 + 5,)).pack());
    });
}

#[test]
fn the_allocator_never_gives_a_number_twice_and_leaves_full_windows_behind() {
    let database = database();
    let layer = DirectoryLayer::standard(Env::system());
    block_on(async {
        let mut numbers = Vec::new();
        for batch in 0..40 {
            let transaction = database.transaction();
            for i in 0..25 {
                let name = format!("{batch}-{i}");
                let directory = layer.create(&transaction, [name], b"", None).await.unwrap();
                let prefix = Tuple::unpack(directory.subspace().unwrap().prefix()).unwrap();
                numbers.push(prefix[0].as_i64().unwrap());
            }
            transaction.commit().await.unwrap();
        }
        let count = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), count);
        assert!(numbers.iter().all(|number| *number < 64 * 4 + 1_024 * 2), "{numbers:?}");

        // Four windows of 64, one of 1,024, all half full; the rest is in the sixth.
        let allocator = Subspace::new(&b"\xfe"[..]).sub(b"\xfe").sub(b"hca");
        let counters: Vec<Element> = keys(&database, &allocator.sub(0)).await;
        assert_eq!(counters, [Element::Int(64 * 4 + 1_024)]);
        let taken = keys(&database, &allocator.sub(1)).await;
        assert!(taken.iter().all(|number| *number >= Element::Int(64 * 4 + 1_024)));
    });
}

#[test]
fn threads_create_directories_side_by_side() {
    let database = database();
    let env = database.env();
    let layer = DirectoryLayer::standard(env.clone());
    let (sender, receiver) = mpsc::channel();
    for thread in 0..4 {
        let (database, layer, sender) = (database.clone(), layer.clone(), sender.clone());
        let work = move || {
            for i in 0..20 {
                let path = DirectoryPath::from(["shared".to_owned(), format!("{thread}-{i}")]);
                let created = block_on(database.run(&RunOptions::default(), |transaction, _| {
                    let (layer, path) = (layer.clone(), path.clone());
                    async move { layer.create_or_open(&transaction, path, b"").await }
                }));
                sender
                    .send(created.map(|directory| directory.subspace().unwrap().clone()))
                    .unwrap();
            }
        };
        env.spawn().spawn("creator", Box::new(work)).unwrap();
    }
    drop(sender);
    let subspaces: Vec<Subspace> = receiver.iter().collect::<Result<_>>().unwrap();
    assert_eq!(subspaces.len(), 80);
    assert_eq!(subspaces.iter().collect::<BTreeSet<_>>().len(), 80);
    let names = block_on(layer.list(&database.transaction(), ["shared"])).unwrap();
    assert_eq!(names.len(), 80);
}

#[test]
fn directories_of_a_newer_layer_are_left_alone() {
    let layer = DirectoryLayer::default();
    let open = |version: &'static [u8]| {
        let (database, layer) = (database(), layer.clone());
        block_on(async move {
            let transaction = database.transaction();
            layer.create(&transaction, ["a"], b"", None).await.unwrap();
            transaction.set(b"\xfe\x01\xfe\x00\x01version\x00", version);
            let read = layer.open(&transaction, ["a"], b"").await.map(drop);
            let write = layer.create(&transaction, ["b"], b"", None).await.map(drop);
            (read, write)
        })
    };
    let (read, write) = open(b"\x01\0\0\0\0\0\0\0\x09\0\0\0");
    assert!(read.is_ok() && write.is_ok());
    let (read, write) = open(b"\x01\0\0\0\x01\0\0\0\0\0\0\0");
    assert!(read.is_ok());
    check_refused(write, refusal::NEWER_VERSION, "");
    let (read, write) = open(b"\x02\0\0\0\0\0\0\0\0\0\0\0");
    check_refused(read, refusal::NEWER_VERSION, "");
    check_refused(write, refusal::NEWER_VERSION, "");
    let (read, _) = open(b"\x01\0\0");
    assert_eq!(read.unwrap_err().kind(), ErrorKind::Corrupt);
}

/// Operations, recursive ones too, may move between the threads of an executor.
fn sendable<F: Future + Send>(future: F) -> F {
    future
}

fn database() -> Database {
    Engine::open(Location::Memory, EngineOptions::default()).unwrap()
}

#[track_caller]
fn check_refused<T>(result: Result<T>, message: &str, path: &str) {
    let error: Error = result.err().expect("the operation is refused");
    assert_eq!((error.kind(), error.message()), (ErrorKind::Directory, message));
    assert!(error.context().contains(&("path", path.to_owned())), "{error}");
}

type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// All keys of the user, with their values.
async fn dump(database: &Database) -> Rows {
    rows(&database.transaction(), &KeyRange::starting_with(b"")).await
}

async fn rows(transaction: &Transaction, range: &KeyRange) -> Rows {
    let rows = transaction.get_range_all(&range.request(), false).await.unwrap();
    rows.into_iter()
        .map(|row| (row.key.to_vec(), row.value.to_vec()))
        .collect()
}

/// The first element of each key of a subspace.
async fn keys(database: &Database, subspace: &Subspace) -> Vec<Element> {
    let rows = rows(&database.transaction(), &subspace.range()).await;
    rows.iter()
        .map(|(key, _)| subspace.unpack(key).unwrap()[0].clone())
        .collect()
}

#[test]
fn a_directory_whose_prefix_is_damaged_does_not_take_the_database_with_it() {
    let (database, layer) = (database(), DirectoryLayer::default());
    block_on(async {
        let transaction = database.transaction();
        transaction.set(b"other", b"data");
        layer.create_or_open(&transaction, ["a", "b"], b"").await.unwrap();
        let root = Subspace::new(&b"\xfe"[..]).sub(&b"\xfe"[..]);
        transaction.set(&root.pack(&Tuple::from((0, "a"))), b"");
        for path in [&["a"][..], &["a", "b"]] {
            let path: DirectoryPath = path.iter().copied().collect();
            assert_eq!(
                layer.open(&transaction, &path, b"").await.unwrap_err().kind(),
                ErrorKind::Corrupt
            );
            assert_eq!(
                layer.remove(&transaction, &path).await.unwrap_err().kind(),
                ErrorKind::Corrupt
            );
        }
        assert_eq!(
            layer.list(&transaction, DirectoryPath::ROOT).await.unwrap_err().kind(),
            ErrorKind::Corrupt
        );
        assert!(transaction.get(b"other", false).await.unwrap().is_some());
    });
}

/// What remains of an allocation is for ever: the number is not given again.
fn without_allocator(rows: Rows) -> Rows {
    let allocator = b"\xfe\x01\xfe\x00\x01hca";
    rows.into_iter()
        .filter(|(key, _)| !key.starts_with(allocator))
        .collect()
}

/// The prefix that the root node has for `part`.
fn part_prefix(rows: &Rows) -> Vec<u8> {
    let entry = rows.iter().find(|(key, _)| key.ends_with(b"\x14\x02part\x00")).unwrap();
    entry.1.clone()
}

/// The whole database of a golden case.
fn golden_dump(case: &str) -> Rows {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/cases/{case}.json"));
    let case: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let rows = case["areas"]["@all"].as_array().unwrap();
    rows.iter().map(|row| (hex(&row[0]), hex(&row[1]))).collect()
}

fn hex(value: &serde_json::Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    let digits = (0..text.len()).step_by(2).map(|i| &text[i..i + 2]);
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// An environment whose random numbers make the allocator choose `numbers`, all below 64, from its first window.
fn scripted(numbers: &[u64]) -> Env {
    struct Script(Vec<u64>, AtomicUsize);
    impl Rng for Script {
        fn next_u64(&self) -> u64 {
            // The window has 2^6 numbers: the 6 highest bits choose.
            self.0[self.1.fetch_add(1, Ordering::Relaxed)] << 58
        }
    }
    Env::system().with_rng(Arc::new(Script(numbers.to_vec(), AtomicUsize::new(0))))
}
