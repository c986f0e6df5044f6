//! Credentials over their life: changed passwords, disabled and deleted accounts, tokens.

use store::Role;

use crate::client::Request;
use crate::server::{ADMIN, TestServer};

const LIST: &str = "/csapi/v1.3/images";

async fn token(server: &TestServer, name: &str, password: &str) -> String {
    let form = format!("username={name}&password={password}&token=true");
    let response = server.send(Request::new("POST", "/auth").body(form)).await;
    assert_eq!(response.status, 201, "{}", response.text());
    response.text()
}

#[tokio::test]
async fn a_changed_password_ends_the_old_one_and_its_tokens_at_once() {
    let server = TestServer::start().await;
    server.account("ann", "first", Role::Reader, &[]).await;
    let old = token(&server, "ann", "first").await;
    assert_eq!(server.send(Request::get(LIST).basic("ann", "first")).await.status, 204);
    assert_eq!(server.send(Request::get(LIST).bearer(&old)).await.status, 204);

    server.store.set_password("ann", "second").await.unwrap();
    assert_eq!(server.send(Request::get(LIST).basic("ann", "first")).await.status, 401);
    assert_eq!(server.send(Request::get(LIST).bearer(&old)).await.status, 401);
    assert_eq!(server.send(Request::get(LIST).basic("ann", "second")).await.status, 204);
}

#[tokio::test]
async fn disabled_and_deleted_accounts_are_out_at_once() {
    let server = TestServer::start().await;
    server.account("ann", "secret", Role::Reader, &[]).await;
    let token = token(&server, "ann", "secret").await;
    assert_eq!(server.send(Request::get(LIST).basic("ann", "secret")).await.status, 204);

    server.store.set_account_disabled("ann", true).await.unwrap();
    let basic = server.send(Request::get(LIST).basic("ann", "secret")).await;
    assert_eq!((basic.status, &basic.json()["message"]), (401, &"wrong user name or password".into()));
    assert_eq!(server.send(Request::get(LIST).bearer(&token)).await.status, 401);

    server.store.set_account_disabled("ann", false).await.unwrap();
    assert_eq!(server.send(Request::get(LIST).bearer(&token)).await.status, 204);
    server.store.delete_account("ann").await.unwrap();
    assert_eq!(server.send(Request::get(LIST).bearer(&token)).await.status, 401);
    assert_eq!(server.send(Request::get(LIST).basic("ann", "secret")).await.status, 401);
}

#[tokio::test]
async fn tokens_of_a_restarted_server_are_still_good_and_forged_ones_are_not() {
    let server = TestServer::start().await;
    let token = token(&server, ADMIN.0, "correct+horse").await;
    let (head, signature) = token.rsplit_once('.').unwrap();
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    let forged = format!("{head}.{flipped}{}", &signature[1..]);
    assert_eq!(server.send(Request::get(LIST).bearer(&forged)).await.status, 401);
    for header in ["Bearer", "Bearer ", "Basic", "Basic !!!", "Digest x", ""] {
        let response = server.send(Request::get(LIST).header("Authorization", header)).await;
        assert_eq!((response.status, response.json()["errorCode"].as_str()), (401, Some("401 UNAUTHORIZED")));
    }
}

#[tokio::test]
async fn health_needs_no_credentials() {
    let server = TestServer::start().await;
    assert_eq!(server.send(Request::get("/healthz")).await.text(), "ok\n");
    assert_eq!(server.send(Request::get("/readyz")).await.text(), "ready\n");
}

#[tokio::test]
async fn a_form_that_is_too_large_is_told_so() {
    let server = TestServer::start().await;
    let answer = server.send(Request::new("POST", "/auth").body("a".repeat(20_000))).await;
    assert_eq!((answer.status, answer.json()["errorCode"].as_str()), (413, Some("413 PAYLOAD_TOO_LARGE")));
}
