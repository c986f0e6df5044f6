//! Bulk lists to their end, links behind proxies, and answers that are compressed or cut short by a stop.

use std::collections::BTreeMap;
use std::io::Read as _;

use api::ApiSettings;
use base64::Engine as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::client::Request;
use crate::server::{ADMIN, TestServer, report};

async fn post(server: &TestServer, number: u32) {
    let request = Request::new("POST", "/api/v1/reports").basic(ADMIN.0, ADMIN.1).json(&report(number));
    assert_eq!(server.send(request).await.status, 201);
}

/// Follows a bulk list to its end; gives how often each image came, and the pages.
async fn export(server: &TestServer, first: &str) -> (BTreeMap<String, usize>, usize) {
    let (mut seen, mut pages, mut next) = (BTreeMap::new(), 0, Some(first.to_owned()));
    while let Some(target) = next {
        let page = server.get(&target).await;
        assert_eq!(page.status, 200, "{target}");
        for record in page.json()["data"].as_array().unwrap() {
            let key = format!("{} {}", record["sha"].as_str().unwrap(), record["updated"].as_str().unwrap());
            *seen.entry(key).or_default() += 1;
        }
        pages += 1;
        assert!(pages < 1_000, "an export ends");
        next = page.next();
    }
    (seen, pages)
}

#[tokio::test]
async fn an_export_shows_every_image_once_whatever_the_size_of_a_page() {
    let server = TestServer::start().await;
    for number in 0..23 {
        post(&server, number).await;
    }
    for (limit, expected) in [(1, 23), (5, 5), (22, 2), (23, 1), (250, 1)] {
        let (seen, pages) = export(&server, &format!("/csapi/v1.3/images/list?limit={limit}")).await;
        assert_eq!((seen.len(), pages), (23, expected), "limit {limit}");
        assert!(seen.values().all(|times| *times == 1), "limit {limit}");
    }
}

#[tokio::test]
async fn an_export_beside_a_writer_ends_and_loses_nothing_that_was_there() {
    let server = std::sync::Arc::new(TestServer::start().await);
    for number in 0..20 {
        post(&server, number).await;
    }
    let before = export(&server, "/csapi/v1.1/images/list?limit=250").await.0;
    let writer = {
        let server = std::sync::Arc::clone(&server);
        tokio::spawn(async move {
            for number in 100..140 {
                post(&server, number).await;
            }
        })
    };
    let (seen, _) = export(&server, "/csapi/v1.1/images/list?limit=2").await;
    writer.await.unwrap();
    assert!(
        before.keys().all(|key| seen.get(key) == Some(&1)),
        "every record that was there came exactly once"
    );
    assert!(seen.values().all(|times| *times == 1));
}

#[tokio::test]
async fn a_client_that_keeps_its_own_parameters_and_adds_the_cursor_gets_the_same_page() {
    let server = TestServer::start().await;
    for number in 0..5 {
        post(&server, number).await;
    }
    let first = server.get("/csapi/v1.3/images/list?limit=2").await;
    let link = first.next().unwrap();
    assert!(link.starts_with("/csapi/v1.3/images/list?limit=2&paginationQuery=updated%3E%3D"), "{link}");
    let spelled_out = link.replace('+', "%20");
    let cursor = link.split("paginationQuery=").nth(1).unwrap();
    let own = format!("/csapi/v1.3/images/list?paginationQuery={cursor}&limit=2");
    let pages = [server.get(&link).await, server.get(&spelled_out).await, server.get(&own).await];
    assert!(pages.iter().all(|page| page.status == 200 && page.body == pages[0].body));
    assert_eq!(pages[0].next().is_some(), pages[2].next().is_some());
}

#[tokio::test]
async fn an_exhausted_cursor_is_an_empty_list() {
    let server = TestServer::start().await;
    post(&server, 1).await;
    let target = "images/list?paginationQuery=updated%3E9999999999999";
    let later = server.get(&format!("/csapi/v1.3/{target}")).await;
    assert_eq!((later.status, later.body.len()), (204, 0));
    let first = server.get(&format!("/csapi/v1.1/{target}")).await;
    assert_eq!((first.status, first.text().as_str()), (200, r#"{"data":[],"limit":50}"#));
}

#[tokio::test]
async fn links_start_with_the_public_url_or_with_the_host_of_the_request() {
    let link = async |server: &TestServer, request: Request| {
        let response = server.send(request.basic(ADMIN.0, ADMIN.1)).await;
        response.header("Link").unwrap().to_owned()
    };
    let request = || {
        Request::get("/csapi/v1.1/images/list?limit=1")
            .header("Host", "cs.example.com:8443")
            .header("X-Forwarded-Proto", "https")
            .header("X-Forwarded-Host", "evil.example.com")
    };
    let plain = TestServer::start().await;
    post(&plain, 1).await;
    post(&plain, 2).await;
    assert!(link(&plain, request()).await.starts_with("<http://cs.example.com:8443/csapi/v1.1/images/list?"));

    let public_url = Some("https://scan.example.org/".to_owned());
    let public = TestServer::start_with(ApiSettings { public_url, ..ApiSettings::default() }).await;
    post(&public, 1).await;
    post(&public, 2).await;
    assert!(link(&public, request()).await.starts_with("<https://scan.example.org/csapi/v1.1/images/list?"));

    let trusting =
        TestServer::start_with(ApiSettings { trust_forwarded: true, ..ApiSettings::default() }).await;
    post(&trusting, 1).await;
    post(&trusting, 2).await;
    assert!(
        link(&trusting, request()).await.starts_with("<https://evil.example.com/csapi/v1.1/images/list?")
    );
    let chain = Request::get("/csapi/v1.1/images/list?limit=1")
        .header("X-Forwarded-Proto", "https, http")
        .header("X-Forwarded-Host", "cs.example.com, inner:8080");
    assert!(link(&trusting, chain).await.starts_with("<https://cs.example.com/csapi/v1.1/images/list?"));
    let odd = Request::get("/csapi/v1.1/images/list?limit=1").header("Host", "a>;rel=x");
    assert!(link(&trusting, odd).await.starts_with("</csapi/v1.1/images/list?"));
}

#[tokio::test]
async fn lists_are_compressed_for_clients_that_ask() {
    let server = TestServer::start().await;
    for number in 0..10 {
        post(&server, number).await;
    }
    let plain = server.get("/csapi/v1.1/images/list").await;
    for encoding in ["gzip", "zstd"] {
        let request = Request::get("/csapi/v1.1/images/list").header("Accept-Encoding", encoding);
        let response = server.send(request.basic(ADMIN.0, ADMIN.1)).await;
        assert_eq!(response.header("Content-Encoding"), Some(encoding));
        let mut body = Vec::new();
        match encoding {
            "gzip" => flate2::read::GzDecoder::new(&*response.body).read_to_end(&mut body).unwrap(),
            _ => zstd::Decoder::new(&*response.body).unwrap().read_to_end(&mut body).unwrap(),
        };
        assert_eq!(body, plain.body);
    }
}

#[tokio::test]
async fn a_stop_finishes_what_is_under_way() {
    let mut server = TestServer::start().await;
    let body = serde_json::to_vec(&report(1)).unwrap();
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", ADMIN.0, ADMIN.1));
    let head = format!(
        "POST /api/v1/reports HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {credentials}\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(&server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n", "the server waits for the body");

    let stopped = server.stop();
    stream.write_all(&body).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    stopped.await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 201 Created\r\n"), "{}", String::from_utf8_lossy(&answer));
    assert!(tokio::net::TcpStream::connect(&server.address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_query_may_be_sent_as_it_is_typed() {
    let server = TestServer::start().await;
    for number in 0..3 {
        post(&server, number).await;
    }
    let all = server.get("/csapi/v1.1/images?sort=updated:asc").await.json();
    let first = all["data"][0]["updated"].as_str().unwrap();
    for (filter, count) in [
        (format!("updated>{first}"), 2),
        (format!("updated>={first} and not updated > {first}"), 1),
        (format!("updated:[\"{first}\" .. \"{first}\"]"), 1),
        (format!("updated<{first}"), 0),
    ] {
        let found = server.get(&format!("/csapi/v1.1/images?filter={filter}&pageSize=1")).await;
        assert_eq!((found.status, found.json()["count"].as_u64()), (200, Some(count)), "{filter}");
    }
    let page = server.get(&format!("/csapi/v1.1/images/list?limit=1&filter=updated>{first}")).await;
    let link = page.header("Link").unwrap();
    assert!(link.contains(&format!("&filter=updated%3E{first}&paginationQuery=updated%3E%3D")), "{link}");
}
