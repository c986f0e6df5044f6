//! The OpenAPI document is complete and does not change unnoticed.

use crate::client::Request;
use crate::server::TestServer;

#[test]
fn the_document_is_the_one_that_was_reviewed() {
    let text = serde_json::to_string_pretty(&api::openapi()).unwrap();
    insta::assert_snapshot!("openapi", text);
}

#[tokio::test]
async fn every_documented_operation_is_routed_and_guarded() {
    let server = TestServer::start().await;
    let document = server.send(Request::get("/api/v1/openapi.json")).await.json();
    let mut operations = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete"] {
            let Some(operation) = item.get(method) else { continue };
            operations += 1;
            let target = path
                .replace("{version}", "v1.3")
                .replace("{imageSha}", "0123456789ab")
                .replace("{containerSha}", "0123456789ab")
                .replace("{name}", "blue");
            let response = server.send(Request::new(&method.to_uppercase(), &target)).await;
            let open = operation.get("security").is_some_and(|security| security == &serde_json::json!([{}]));
            match path.as_str() {
                "/auth" => assert_eq!(response.status, 401, "it asks for a form"),
                "/api/v1/registries/{uuid}/events" => {
                    assert_eq!(response.status, 401, "it asks for a secret")
                }
                "/api/v1/sensors/enrol" => assert_eq!(response.status, 400, "it asks for a token"),
                _ if open => assert_eq!(response.status, 200, "{method} {path}"),
                _ => assert_eq!(response.status, 401, "{method} {path}"),
            }
        }
    }
    assert!(operations >= 34, "{operations}");
}

#[test]
fn no_two_types_share_a_name_in_the_document() {
    let document = serde_json::to_value(api::openapi()).unwrap();
    let schemas = &document["components"]["schemas"];
    let image = serde_json::to_string(&schemas["ImageRecord"]).unwrap();
    let container = serde_json::to_string(&schemas["ContainerRecord"]).unwrap();
    assert!(image.contains("ImageKeys") && !image.contains("ContainerKeys"));
    assert!(container.contains("ContainerKeys") && !container.contains("ImageKeys"));
}
