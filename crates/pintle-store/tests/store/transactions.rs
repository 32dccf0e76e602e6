//! A write is whole or nothing, and is read at once.

use crate::databases::{THINGS, is_sqlite, numbers, on_each_engine};
use pintle_store::{Error, params};

const INSERT: &str = "INSERT INTO things (n) VALUES ($1)";

#[tokio::test]
async fn what_is_answered_is_read_at_once() {
    on_each_engine(async |place| {
        let db = place.with(THINGS).await;
        for n in 0..50 {
            db.write(async move |tx| tx.execute(INSERT, &params![n]).await).await.unwrap();
            assert_eq!(numbers(&db).await.len() as i64, n + 1);
        }
        drop(db);
        assert_eq!(numbers(&place.open().await).await.len(), 50, "opened again");
    })
    .await;
}

#[tokio::test]
async fn every_write_is_news_but_those_aside() {
    on_each_engine(async |place| {
        let db = place.with(THINGS).await;
        if !is_sqlite(&db) {
            return assert_eq!(db.news(), None, "others may write");
        }
        let before = db.news();
        db.write_aside(async |tx| tx.execute(INSERT, &params![1]).await).await.unwrap();
        assert_eq!(db.news(), before);
        // Both in one group, whoever comes first.
        let aside = db.write_aside(async |tx| tx.execute(INSERT, &params![2]).await);
        let news = db.write(async |tx| tx.execute(INSERT, &params![3]).await);
        let (aside, news) = tokio::join!(aside, news);
        assert_eq!((aside, news), (Ok(1), Ok(1)));
        assert_ne!(db.news(), before);
        assert_eq!(numbers(&db).await, [1, 2, 3]);
    })
    .await;
}

#[tokio::test]
async fn an_error_leaves_nothing_of_its_transaction() {
    on_each_engine(async |place| {
        let db = place.with(THINGS).await;
        let outcome = db
            .write(async |tx| {
                tx.execute(INSERT, &params![1]).await?;
                tx.execute(INSERT, &params![2]).await?;
                Err::<(), _>(Error::NoRow)
            })
            .await;
        assert_eq!(outcome, Err(Error::NoRow));
        // A statement that fails in the middle.
        let outcome = db
            .write(async |tx| {
                tx.execute(INSERT, &params![3]).await?;
                tx.execute(INSERT, &params![3]).await
            })
            .await;
        assert!(matches!(outcome, Err(Error::Unique(_))), "{outcome:?}");
        assert_eq!(numbers(&db).await, Vec::<i64>::new());
    })
    .await;
}

#[tokio::test]
async fn many_writers_share_commits_and_none_spoils_another() {
    on_each_engine(async |place| {
        let db = place.with(THINGS).await;
        let writers: Vec<_> = (0..200)
            .map(|n: i64| {
                let db = db.clone();
                tokio::spawn(async move {
                    db.write(async move |tx| {
                        tx.execute(INSERT, &params![n]).await?;
                        match n % 20 {
                            7 => Err(Error::NoRow),
                            13 => panic!("on purpose"),
                            _ => Ok(n),
                        }
                    })
                    .await
                })
            })
            .collect();
        for (n, writer) in (0..).zip(writers) {
            let outcome = writer.await.unwrap();
            match n % 20 {
                7 => assert_eq!(outcome, Err(Error::NoRow)),
                13 => assert!(matches!(outcome, Err(Error::Fault(_))), "{outcome:?}"),
                _ => assert_eq!(outcome, Ok(n)),
            }
        }
        let good: Vec<i64> = (0..200).filter(|n| ![7, 13].contains(&(n % 20))).collect();
        assert_eq!(numbers(&db).await, good);
        db.write(async |tx| tx.execute(INSERT, &params![1000]).await).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn on_sqlite_a_transaction_that_waits_for_something_else_is_an_error() {
    on_each_engine(async |place| {
        let db = place.with(THINGS).await;
        if !is_sqlite(&db) {
            return;
        }
        let outcome = db
            .write(async |tx| {
                tx.execute(INSERT, &params![1]).await?;
                tokio::task::yield_now().await;
                Ok::<_, Error>(())
            })
            .await;
        assert!(matches!(outcome, Err(Error::Fault(_))), "{outcome:?}");
        assert_eq!(numbers(&db).await, Vec::<i64>::new());
    })
    .await;
}

#[tokio::test]
async fn parameters_are_bound_by_their_number() {
    on_each_engine(async |place| {
        let db = place.with("CREATE TABLE pairs (a TEXT, b TEXT)").await;
        let sql = "INSERT INTO pairs (b, a) VALUES ($2, $1)";
        db.write(async move |tx| tx.execute(sql, &params!["first", "second"]).await).await.unwrap();
        let conn = db.read().await.unwrap();
        let sql = "SELECT a, b FROM pairs WHERE b = $2 AND a = $1 AND a = $1 AND CAST($3 AS TEXT) IS NULL";
        let found: Option<(String, String)> =
            conn.opt(sql, &params!["first", "second", None::<&str>]).await.unwrap();
        assert_eq!(found, Some(("first".into(), "second".into())));
        let missing: Result<Option<(String,)>, _> =
            conn.opt("SELECT a FROM pairs WHERE a = $1 AND b = $2", &params!["first"]).await;
        assert!(missing.is_err(), "a statement with too few parameters");
    })
    .await;
}

#[tokio::test]
async fn values_come_back_as_they_were() {
    type All = (Option<i64>, Option<String>, Option<Vec<u8>>, bool);
    on_each_engine(async |place| {
        let db = place.with("CREATE TABLE kinds (i BIGINT, t TEXT, b BYTEA, f BIGINT)").await;
        let sql = "INSERT INTO kinds (i, t, b, f) VALUES ($1, $2, $3, $4)";
        let rows = [
            params![i64::MAX, "täxt ' \" \n", vec![0_u8, 255], true],
            params![None::<i64>, None::<&str>, None::<Vec<u8>>, false],
        ];
        for row in rows {
            db.write(async move |tx| tx.execute(sql, &row).await).await.unwrap();
        }
        let conn = db.read().await.unwrap();
        let read: Vec<All> = conn.all("SELECT i, t, b, f FROM kinds ORDER BY f DESC", &[]).await.unwrap();
        let full = (Some(i64::MAX), Some("täxt ' \" \n".to_owned()), Some(vec![0, 255]), true);
        assert_eq!(read, [full, (None, None, None, false)]);
        let none: Result<(i64,), _> = conn.one("SELECT i FROM kinds WHERE i = 7", &[]).await;
        assert_eq!(none, Err(Error::NoRow));
    })
    .await;
}
