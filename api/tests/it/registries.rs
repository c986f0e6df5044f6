//! Registries over HTTP, beyond what the scenarios play.

use serde_json::json;

use crate::sensors::admin;
use crate::server::TestServer;

#[tokio::test]
async fn a_body_without_a_name_leaves_the_name_that_a_registry_has() {
    let server = TestServer::start().await;
    let named = json!({"registryUri": "https://registry.example.com", "name": "house"});
    let made = server.send(admin("POST", "/csapi/v1.3/registry").json(&named)).await.json();
    let uuid = made["registryUuid"].as_str().unwrap();
    let target = format!("/csapi/v1.3/registry/{uuid}");
    let name = async || server.get("/api/v1/registries").await.json()["data"][0]["name"].clone();
    assert_eq!(name().await, "house");
    let plain = json!({"registryUri": "https://registry.example.com", "registryType": "V2_PRIVATE"});
    assert_eq!(server.send(admin("PUT", &target).json(&plain)).await.status, 200);
    assert_eq!(name().await, "house");
    let renamed = json!({"registryUri": "https://registry.example.com", "name": "yard"});
    assert_eq!(server.send(admin("PUT", &target).json(&renamed)).await.status, 200);
    assert_eq!(name().await, "yard");
}
