use pintle_testing::on_each_engine;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};

const PATH: &str = "/v1/projects/site/client-cert";

/// An authority, and a client's certificate and key of it, in PEM.
fn identity() -> (String, String, String) {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let ca = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let cert =
        CertificateParams::new(vec!["client.example".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    (ca, cert.pem(), key.serialize_pem())
}

fn body(ca: &str, cert: &str, key: &str, origin: Value) -> Value {
    let mut body = json!({ "ca": ca, "cert": cert, "key": key });
    if !origin.is_null() {
        body["origin"] = origin;
    }
    body
}

#[tokio::test]
async fn one_for_each_origin_and_the_key_is_sealed() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let (ca, cert, key) = identity();
        let every = team.post(PATH, body(&ca, &cert, &key, Value::Null)).await.ok(200);
        assert_eq!((&every["updated"], &every["origin"]), (&json!(false), &json!("*")));
        let origin = json!("https://API.example.com/");
        let one = team.post(PATH, body(&ca, &cert, &key, origin.clone())).await.ok(200);
        assert_eq!(one["origin"], "https://api.example.com");
        let two = team.post(PATH, body(&ca, &cert, &key, origin)).await.ok(200);
        assert_eq!(two["updated"], true);
        let list = team.get(PATH).await.ok(200);
        let expected = json!([
            { "origin": "*", "id": every["certId"] }, { "origin": "https://api.example.com", "id": two["certId"] },
        ]);
        assert_eq!(list["clientCerts"], expected);
        let secret = key.lines().nth(1).unwrap();
        for table in pintle.core.db.tables().await.unwrap() {
            let rows = pintle.core.db.rows(&table).await.unwrap();
            assert!(!rows.iter().any(|row| row.contains(secret)), "{table} has the key");
        }
        assert_eq!(pintle.audited("project-client-cert-upload").await, 3);
    })
    .await;
}

#[tokio::test]
async fn what_does_not_fit_together_is_refused() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        team.project("site").await;
        let ((ca, cert, key), (other_ca, _, other_key)) = (identity(), identity());
        for (body, what) in [
            (body(&ca, &cert, &other_key, Value::Null), "`key` is not the key of `cert`"),
            (body(&other_ca, &cert, &key, Value::Null), "`cert` is not good under `ca`"),
            (body(&ca, "no PEM", &key, Value::Null), "`cert` should be a certificate in PEM"),
            (body("no PEM", &cert, &key, Value::Null), "`ca` should be a certificate in PEM"),
            (body(&ca, &cert, "no PEM", Value::Null), "`key` should be a private key in PEM"),
            (body(&ca, &cert, &key, json!("http://a.example")), "`origin`"),
            (body(&ca, &cert, &key, json!("https://a.example/path")), "`origin`"),
        ] {
            let error = team.post(PATH, body).await.fails(400, "bad_request");
            assert!(error["message"].as_str().unwrap().contains(what), "{error}");
        }
        let mut unchecked = body(&ca, "anything", "anything", Value::Null);
        unchecked["skipValidation"] = json!(true);
        team.post(PATH, unchecked).await.ok(200);
    })
    .await;
}
