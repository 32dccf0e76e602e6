//! A violated constraint is the same error on both engines.

use crate::databases::on_each_engine;
use pintle_store::{Db, Error, params};

const PARENTS: &str =
    "CREATE TABLE parents (id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, email TEXT)";
const MORE: [&str; 3] = [
    "CREATE UNIQUE INDEX parents_owner_name_key ON parents (owner, name)",
    "CREATE UNIQUE INDEX parents_email_key ON parents (email)",
    "CREATE TABLE children (parent_id TEXT NOT NULL REFERENCES parents (id))",
];

async fn insert(
    db: &Db,
    id: &'static str,
    name: &'static str,
    email: Option<&'static str>,
) -> Result<u64, Error> {
    let sql = "INSERT INTO parents (id, owner, name, email) VALUES ($1, 'o', $2, $3)";
    db.write(async move |tx| tx.execute(sql, &params![id, name, email]).await).await
}

#[tokio::test]
async fn it_names_the_table_and_the_columns() {
    on_each_engine(async |place| {
        let db = place.with(PARENTS).await;
        for sql in MORE {
            db.write(async move |tx| tx.execute(sql, &[]).await).await.unwrap();
        }
        let unique = |name: &str| Err(Error::Unique(name.to_owned()));
        assert_eq!(insert(&db, "a", "one", Some("e")).await, Ok(1));
        assert_eq!(insert(&db, "b", "one", None).await, unique("parents_owner_name_key"));
        assert_eq!(insert(&db, "b", "two", Some("e")).await, unique("parents_email_key"));
        assert_eq!(insert(&db, "a", "two", None).await, unique("parents_pkey"));
        assert_eq!(insert(&db, "b", "two", None).await, Ok(1));
        assert_eq!(insert(&db, "c", "three", None).await, Ok(1), "absent values do not collide");

        let child = |parent: &'static str| {
            let sql = "INSERT INTO children (parent_id) VALUES ($1)";
            db.write(async move |tx| tx.execute(sql, &params![parent]).await)
        };
        assert_eq!(child("a").await, Ok(1));
        assert_eq!(child("nobody").await, Err(Error::ForeignKey));
        let delete = |parent: &'static str| {
            let sql = "DELETE FROM parents WHERE id = $1";
            db.write(async move |tx| tx.execute(sql, &params![parent]).await)
        };
        assert_eq!(delete("a").await, Err(Error::ForeignKey));
        assert_eq!(delete("b").await, Ok(1));
    })
    .await;
}
