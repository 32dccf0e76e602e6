//! Transactions that race are as if they had come one after another.

use crate::databases::on_each_engine;
use pintle_store::{Error, params};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_counter_that_many_read_and_write_counts_each() {
    const TASKS: i64 = 32;
    const TIMES: i64 = 10;
    on_each_engine(async |place| {
        let db = place.with("CREATE TABLE counters (value BIGINT NOT NULL)").await;
        db.write(async |tx| tx.execute("INSERT INTO counters (value) VALUES (0)", &[]).await).await.unwrap();
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move {
                    for _ in 0..TIMES {
                        db.write(async |tx| {
                            let (value,): (i64,) = tx.one("SELECT value FROM counters", &[]).await?;
                            tx.execute("UPDATE counters SET value = $1", &params![value + 1]).await
                        })
                        .await?;
                    }
                    Ok::<_, Error>(())
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        let (value,): (i64,) = db.read().await.unwrap().one("SELECT value FROM counters", &[]).await.unwrap();
        assert_eq!(value, TASKS * TIMES);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_take_the_last_place_one_gets_it() {
    on_each_engine(async |place| {
        let db = place.with("CREATE TABLE places (taker BIGINT NOT NULL)").await;
        let tasks: Vec<_> = (0..16)
            .map(|taker: i64| {
                let db = db.clone();
                tokio::spawn(async move {
                    db.write(async move |tx| {
                        let (taken,): (i64,) = tx.one("SELECT COUNT(*) FROM places", &[]).await?;
                        if taken > 0 {
                            return Ok(false);
                        }
                        tx.execute("INSERT INTO places (taker) VALUES ($1)", &params![taker]).await?;
                        Ok::<_, Error>(true)
                    })
                    .await
                })
            })
            .collect();
        let mut got = 0;
        for task in tasks {
            got += i64::from(task.await.unwrap().unwrap());
        }
        assert_eq!(got, 1);
    })
    .await;
}
