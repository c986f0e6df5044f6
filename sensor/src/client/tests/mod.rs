pub(crate) mod server;

use std::time::Duration;

use model::{HostReport, SensorType};
use tokio::time::Instant;

use self::server::{ANOTHER, Reply, TOKEN, TestServer};
use super::*;

pub(crate) fn options(url: &str, token: Option<&str>) -> ServerOptions {
    ServerOptions {
        url: url.to_owned(),
        login: Login::Enrolled(token.map(str::to_owned)),
        authorities: None,
        bandwidth: None,
        name: "node-1".to_owned(),
        kind: SensorType::General,
    }
}

fn body(bytes: &[u8]) -> Vec<u8> {
    crate::spool::pack::pack(bytes, 1).unwrap()
}

async fn send(client: &Client) -> Result<Vec<u8>, CallError> {
    client.post_packed("api/v1/containers", body(b"[]")).await
}

#[tokio::test]
async fn a_sensor_enrols_once_and_is_known_by_its_key_from_then_on() {
    let (server, state) = (TestServer::start().await, tempfile::tempdir().unwrap());
    let host = HostReport::default();
    for _ in 0..2 {
        let client = Client::new(options(&server.url, Some(TOKEN)), state.path()).unwrap();
        client.enrol(&host).await.unwrap();
        send(&client).await.unwrap();
    }
    assert_eq!(server.known().enrolments.len(), 1);
    // a restart needs no token at all
    let client = Client::new(options(&server.url, None), state.path()).unwrap();
    client.enrol(&host).await.unwrap();
    send(&client).await.unwrap();
}

#[tokio::test]
async fn a_wrong_token_is_told_in_the_servers_words_and_no_token_in_ours() {
    let (server, state) = (TestServer::start().await, tempfile::tempdir().unwrap());
    let client = Client::new(options(&server.url, Some("guess")), state.path()).unwrap();
    let error = client.enrol(&HostReport::default()).await.unwrap_err();
    assert!(!error.may_pass());
    assert!(error.to_string().contains("unknown or used up"), "{error}");
    let client = Client::new(options(&server.url, None), state.path()).unwrap();
    let error = client.enrol(&HostReport::default()).await.unwrap_err();
    assert!(error.to_string().contains("--token"), "{error}");
}

#[tokio::test]
async fn a_page_of_something_before_the_server_is_no_word_that_it_has_what_was_sent() {
    let (server, state) = (TestServer::start().await, tempfile::tempdir().unwrap());
    let client = Client::new(options(&server.url, Some(TOKEN)), state.path()).unwrap();
    client.enrol(&HostReport::default()).await.unwrap();
    for page in ["<html>log in to this network</html>", "", "[]"] {
        server.fail("/api/v1/containers", Reply::new(200, page));
        let error = client.deliver("api/v1/containers", body(b"[]")).await.unwrap_err();
        assert!(!error.is_about_content() && error.to_string().contains("does not"), "{page}: {error}");
    }
    client.deliver("api/v1/containers", body(b"[]")).await.unwrap();
}

#[tokio::test]
async fn a_used_up_token_does_not_stop_a_sensor_that_is_enrolled() {
    let (server, state) = (TestServer::start().await, tempfile::tempdir().unwrap());
    let first = Client::new(options(&server.url, Some(TOKEN)), state.path()).unwrap();
    first.enrol(&HostReport::default()).await.unwrap();
    let again = Client::new(options(&server.url, Some("used up")), state.path()).unwrap();
    again.enrol(&HostReport::default()).await.unwrap();
    send(&again).await.unwrap();
}

#[tokio::test]
async fn a_revoked_sensor_comes_back_with_a_new_token_and_a_new_key() {
    let (server, state) = (TestServer::start().await, tempfile::tempdir().unwrap());
    let first = Client::new(options(&server.url, Some(TOKEN)), state.path()).unwrap();
    first.enrol(&HostReport::default()).await.unwrap();
    let key = server.known().enrolments[0].public_key.clone();
    server.known().retired.push(key.clone());
    let again = Client::new(options(&server.url, Some(ANOTHER)), state.path()).unwrap();
    again.enrol(&HostReport::default()).await.unwrap();
    send(&again).await.unwrap();
    assert_ne!(server.known().enrolments[1].public_key, key);
    // the new key is the one of the next start
    let next = Client::new(options(&server.url, Some(ANOTHER)), state.path()).unwrap();
    next.enrol(&HostReport::default()).await.unwrap();
    send(&next).await.unwrap();
}

#[tokio::test]
async fn answers_are_sorted_by_what_is_to_be_done_about_them() {
    let (server, state) = (TestServer::start().await, tempfile::tempdir().unwrap());
    let client = Client::new(options(&server.url, Some(TOKEN)), state.path()).unwrap();
    client.enrol(&HostReport::default()).await.unwrap();
    let after = async |reply: Reply| {
        server.fail("/api/v1/containers", reply);
        send(&client).await.unwrap_err()
    };
    let words = r#"{"message": "slow down\u0000\n"}"#;
    let busy = after(Reply::new(429, words).with("retry-after", "7")).await;
    let expected =
        CallError::Busy { status: 429, words: "slow down  ".to_owned(), after: Some(Duration::from_secs(7)) };
    assert_eq!(busy, expected);
    for status in [500, 502, 503, 504, 507, 408] {
        assert!(after(Reply::new(status, "")).await.may_pass(), "{status}");
    }
    for status in [400, 413, 415, 422] {
        assert!(after(Reply::new(status, r#"{"message": "no"}"#)).await.is_about_content(), "{status}");
        // something before the server, which knows nothing of the content but its size
        let foreign = after(Reply::new(status, "<html>")).await;
        assert!(if status == 413 { foreign.is_about_content() } else { foreign.may_pass() }, "{status}");
    }
    for status in [401, 403, 404, 405] {
        let error = after(Reply::new(status, "")).await;
        assert!(!error.may_pass() && !error.is_about_content(), "{status}");
    }
    let moved = after(Reply::new(307, "").with("location", "http://169.254.169.254/")).await;
    assert!(moved.to_string().contains("http://169.254.169.254/") && !moved.may_pass(), "{moved}");
    let calls = server.known().calls.len();
    send(&client).await.unwrap();
    assert_eq!(server.known().calls.len(), calls + 1, "no redirect was followed");
}

#[tokio::test]
async fn nobody_there_or_half_an_answer_may_pass() {
    let state = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let cut = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4_096]);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{").unwrap();
    });
    let client = Client::new(options(&url, Some(TOKEN)), state.path()).unwrap();
    let error = client.enrol(&HostReport::default()).await.unwrap_err();
    assert!(error.may_pass(), "{error}");
    cut.join().unwrap();
    let error = client.enrol(&HostReport::default()).await.unwrap_err();
    assert!(error.may_pass() && error.to_string().contains("cannot reach the server"), "{error}");
}

#[tokio::test]
async fn a_clock_that_is_wrong_by_years_is_measured_and_made_up_for() {
    for ahead in [24 * 3_600 * 1_000, -3 * 365 * 24 * 3_600 * 1_000, 5 * 365 * 24 * 3_600 * 1_000] {
        let (server, state) = (TestServer::start().await, tempfile::tempdir().unwrap());
        server.known().ahead = ahead;
        let client = Client::new(options(&server.url, Some(TOKEN)), state.path()).unwrap();
        client.enrol(&HostReport::default()).await.unwrap();
        assert!((client.skew() - ahead).abs() < 5_000, "{} by the answer to the enrolment", client.skew());
        send(&client).await.unwrap();
        // a start without an enrolment knows nothing of the server's clock: the first token is refused
        let client = Client::new(options(&server.url, None), state.path()).unwrap();
        let calls = server.known().calls.len();
        send(&client).await.unwrap();
        assert_eq!(server.known().calls.len(), calls + 2, "signed once more");
        send(&client).await.unwrap();
        assert_eq!(server.known().calls.len(), calls + 3);
    }
}

#[tokio::test]
async fn a_refusal_that_no_clock_explains_is_not_tried_again() {
    let (server, state) = (TestServer::start().await, tempfile::tempdir().unwrap());
    let client = Client::new(options(&server.url, Some(TOKEN)), state.path()).unwrap();
    client.enrol(&HostReport::default()).await.unwrap();
    server.known().revoked = true;
    let calls = server.known().calls.len();
    assert!(matches!(send(&client).await, Err(CallError::Refused { status: 401, .. })));
    assert_eq!(server.known().calls.len(), calls + 1);
}

#[tokio::test]
async fn what_is_sent_keeps_to_the_cap() {
    let (server, state) = (TestServer::start().await, tempfile::tempdir().unwrap());
    let login = Login::Account { user: "u".to_owned(), password: "p".to_owned() };
    let options = ServerOptions { bandwidth: Some(200_000), login, ..options(&server.url, None) };
    let client = Client::new(options, state.path()).unwrap();
    assert!(!client.is_sensor());
    // random text, so that it does not pack
    let text: String =
        (0..1_200_u64).map(|number| model::Digest::of(&number.to_le_bytes()).to_hex()).collect();
    let body = body(format!("[]{}", " ".repeat(10)).as_bytes());
    let begun = Instant::now();
    client.post_packed("api/v1/containers", body).await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(900));
    let long = crate::spool::pack::pack(text.as_bytes(), 1).unwrap();
    let begun = Instant::now();
    server.fail("/api/v1/reports", Reply::new(200, ""));
    client.post_packed("api/v1/reports", long.clone()).await.unwrap();
    let least = Duration::from_secs_f64(long.len() as f64 / 200_000.0 * 0.8)
        .saturating_sub(Duration::from_millis(250));
    assert!(begun.elapsed() >= least, "{:?} for {} bytes", begun.elapsed(), long.len());
}

#[test]
fn the_servers_url_is_checked_before_anything_is_sent() {
    let state = tempfile::tempdir().unwrap();
    for url in ["", "plimsoll.example.com", "ftp://x", "http://", "http://u:p@x/", "http://x/?a=b"] {
        let error = Client::new(options(url, None), state.path()).err().map(|error| error.to_string());
        assert!(error.as_ref().is_some_and(|error| error.contains("--server")), "{url}: {error:?}");
    }
    Client::new(options("http://127.0.0.1:8080/plimsoll/", None), state.path()).unwrap();
}
