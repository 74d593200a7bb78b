//! Spaces below spaces: children, listing, moving whole trees, removing them.

use futures_executor::block_on;
use record_store::kv::Subspace;
use record_store::kv::directory::DirectoryLayer;
use record_store::{Database, DatabaseOptions, ErrorKind, Result, SpacePath, Tuple};
use record_store_tests::given::fresh;

use super::{contents, kind, user, users};

async fn listed(db: &Database, prefix: &str) -> Result<Vec<String>> {
    Ok(db.spaces(prefix).await?.iter().map(SpacePath::to_string).collect())
}

#[test]
fn a_folder_of_spaces_is_none_itself() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        db.space("prod/users").schema(&users()?).open().await?;
        for opening in [db.space("prod"), db.space("prod").schema(&users()?)] {
            let error = opening.open().await.expect_err("it is a folder");
            assert_eq!(error.kind(), ErrorKind::Directory);
            assert!(error.message().contains("a folder here"), "{error}");
            assert_eq!(error.fact("space"), Some("prod"), "{error}");
        }
        assert_eq!(listed(&db, "").await?, ["prod/users"]);
        Ok(())
    })
}

#[test]
fn children_are_spaces_of_their_own() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        let shop = db.space("shop").schema(&users()?).open().await?;
        assert!(shop.children().await?.is_empty());
        let archive = shop.child("archive/2024").schema(&users()?).open().await?;
        let tests = shop.child("tests").schema(&users()?).open().await?;
        assert_eq!(archive.path().to_string(), "shop/archive/2024");
        archive.put(user(1)).await?;
        assert!(!shop.exists(1).await? && !tests.exists(1).await?);
        assert!(shop.child("archive/2024").open().await?.exists(1).await?);
        let children: Vec<String> = shop.children().await?.iter().map(SpacePath::to_string).collect();
        assert_eq!(children, ["shop/archive/2024", "shop/tests"]);
        assert_eq!(kind(shop.child("nothing").open().await), ErrorKind::StoreNotFound);
        for bad in ["", "/a", "a//b"] {
            assert_eq!(kind(shop.child(bad).open().await), ErrorKind::InvalidArgument, "{bad}");
        }

        shop.delete_all().await?;
        assert!(
            archive.exists(1).await?,
            "the records of children are not those of the space"
        );
        assert!(db.remove_space("shop").await?);
        assert_eq!(kind(archive.exists(1).await), ErrorKind::StoreNotFound);
        assert!(listed(&db, "").await?.is_empty());
        Ok(())
    })
}

#[test]
fn a_space_moves_with_all_below_it() -> Result<()> {
    block_on(async {
        let all = fresh()?;
        let root = DatabaseOptions::default().root("apps/one".parse()?);
        let db = Database::from_kv_with(all.kv().clone(), root);
        for path in ["prod/users", "prod/users/archive", "prod/shop"] {
            db.space(path).schema(&users()?).open().await?.put(user(1)).await?;
        }
        db.move_space("prod/users", "old/2024/users").await?;
        assert_eq!(
            listed(&db, "").await?,
            ["old/2024/users", "old/2024/users/archive", "prod/shop"]
        );
        db.move_space("old/2024", "prod/users").await?;
        assert_eq!(
            listed(&db, "").await?,
            ["prod/shop", "prod/users/users", "prod/users/users/archive"]
        );
        assert!(db.space("prod/users/users/archive").open().await?.exists(1).await?);
        assert_eq!(listed(&all, "apps").await?.len(), 3);
        Ok(())
    })
}

#[test]
fn a_tree_without_end_is_an_error() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        db.space("a/b/c").schema(&users()?).open().await?;
        assert_eq!(listed(&db, "").await?, ["a/b/c"]);
        let directories = DirectoryLayer::default();
        // Somebody has written the prefix of `a` as that of a directory inside of it.
        let context = db.transaction();
        let (outer, inner) = (
            directories.open(context.transaction(), ["a"], b"").await?,
            directories.open(context.transaction(), ["a", "b"], b"").await?,
        );
        let node = Subspace::new(&b"\xfe"[..]).sub(inner.subspace()?.prefix());
        let name = node.pack(&Tuple::from((0, "again")));
        context.transaction().set(&name, outer.subspace()?.prefix());
        context.commit().await?;
        let error = db.spaces("").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert_eq!(error.fact("path"), Some("a/b/again"));

        let context = db.transaction();
        context.transaction().clear(&name);
        let deep = vec!["d".to_owned(); 150];
        directories.create_or_open(context.transaction(), deep, b"").await?;
        context.commit().await?;
        let error = db.spaces("").await.unwrap_err();
        assert_eq!((error.kind(), error.fact("limit")), (ErrorKind::Directory, Some("100")));
        assert_eq!(listed(&db, "a").await?, ["a/b/c"]);
        Ok(())
    })
}

#[test]
fn a_move_that_cannot_be_changes_nothing() -> Result<()> {
    block_on(async {
        let db = fresh()?;
        for path in ["prod/users", "prod/shop"] {
            db.space(path).schema(&users()?).open().await?;
        }
        let context = db.transaction();
        let directories = DirectoryLayer::standard(db.kv().env().clone());
        directories
            .create(context.transaction(), ["queue"], b"queue", None)
            .await?;
        directories.create(context.transaction(), ["plain"], b"", None).await?;
        context.commit().await?;
        let before = contents(&db).await?;
        let cases = [
            ("nothing", "elsewhere/x", ErrorKind::StoreNotFound),
            ("prod/users", "prod/shop", ErrorKind::Directory),
            ("prod/users", "prod/users", ErrorKind::Directory),
            ("prod/users", "prod/users/inner/most", ErrorKind::Directory),
            ("queue", "moved/queue", ErrorKind::Directory),
            ("plain", "moved/plain", ErrorKind::Directory),
            ("prod/users", "", ErrorKind::InvalidArgument),
            ("prod//users", "a", ErrorKind::InvalidArgument),
        ];
        for (from, to, expected) in cases {
            assert_eq!(kind(db.move_space(from, to).await), expected, "{from} to {to}");
            assert_eq!(contents(&db).await?, before, "{from} to {to}");
        }
        Ok(())
    })
}
