//! Sensors over HTTP: what people see and want of them.

use serde_json::{Value, json};
use store::{NewAccount, Role};
use uuid::Uuid;

use crate::client::Request;
use crate::sensors::{admin, enrolled, heartbeat, message};
use crate::server::TestServer;

#[tokio::test]
async fn people_change_a_sensor_and_it_learns_of_it_with_its_next_heartbeat() {
    let server = TestServer::start().await;
    let sensor = enrolled(&server, 1).await;
    let profile = json!({
        "profileName": "night", "profileType": "GENERAL", "associatedSensorIds": [sensor.uuid],
        "config": {"plimsoll": {"heartbeatSeconds": 60}, "performanceManagement": {"maxLogFileSize": 10}},
    });
    let made = server.send(admin("POST", "/csapi/v1.3/sensorProfile").json(&profile)).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let profile = made.json()["profileId"].as_str().unwrap().to_owned();
    let target = format!("/api/v1/sensors/{}", sensor.uuid);
    let change = json!({"name": "renamed", "wantedVersion": "0.2.0", "resync": true});
    let changed = server.send(admin("PATCH", &target).json(&change)).await.json();
    assert_eq!((&changed["name"], &changed["profile"]), (&"renamed".into(), &profile.as_str().into()));
    let told = heartbeat(&server, &sensor).await.json();
    assert_eq!((&told["profile"]["heartbeatSeconds"], &told["wantedVersion"]), (&60.into(), &"0.2.0".into()));
    let number = told["resync"].as_u64().unwrap();
    let again = heartbeat(&server, &sensor).await.json();
    assert_eq!(again["resync"], number, "it is told until the sensor says that it did");
    let done = json!({"version": "plimsoll/0.1.0", "sentAt": 5, "resynced": number});
    let done = sensor.signs(Request::new("POST", "/api/v1/sensors/heartbeat")).json(&done);
    assert_eq!(server.send(done).await.json().get("resync"), None);
    assert_eq!(server.get(&target).await.json()["resync"], false);

    let plain = json!({"profile": null, "wantedVersion": null});
    let changed = server.send(admin("PATCH", &target).json(&plain)).await.json();
    assert_eq!(
        (&changed["profile"], &changed["wantedVersion"], &changed["name"]),
        (&Value::Null, &Value::Null, &"renamed".into())
    );
    for (body, status) in [
        (json!({"profile": Uuid::from_u128(9)}), 404),
        (json!({"profile": "x"}), 400),
        (json!({"name": ""}), 400),
        (json!({"names": "a"}), 400),
        (json!("x"), 400),
    ] {
        let answer = server.send(admin("PATCH", &target).json(&body)).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
    }
    for unknown in ["x", &Uuid::from_u128(9).to_string()] {
        let answer = server.send(admin("PATCH", &format!("/api/v1/sensors/{unknown}")).json(&plain)).await;
        assert_eq!(answer.status, 404);
    }
}

#[tokio::test]
async fn sensors_of_another_customer_are_not_there() {
    let server = TestServer::start().await;
    let sensor = enrolled(&server, 1).await;
    let stranger = NewAccount {
        name: "stranger".into(),
        password: "correct horse".into(),
        role: Role::Manager,
        tags: Vec::new(),
    };
    server.store.create_account_for(Uuid::from_u128(7), stranger).await.unwrap();
    let ask = |method: &str, target: &str| Request::new(method, target).basic("stranger", "correct horse");
    let path = format!("/api/v1/sensors/{}", sensor.uuid);
    for request in [
        ask("GET", &path),
        ask("PATCH", &path).json(&json!({"name": "mine"})),
        ask("POST", &format!("{path}/revoke")),
        ask("GET", &format!("/csapi/v1.3/sensors/{}", sensor.uuid)),
    ] {
        assert_eq!(server.send(request).await.status, 404);
    }
    assert_eq!(server.send(ask("GET", "/csapi/v1.3/sensors")).await.status, 204);
    let gone = format!("/csapi/v1.3/sensors?sensorIds={}", sensor.uuid);
    assert_eq!(server.send(ask("DELETE", &gone)).await.status, 204, "nothing of theirs matches");
    let theirs = json!({"profileName": "p", "profileType": "GENERAL", "associatedSensorIds": [sensor.uuid]});
    let refused = server.send(ask("POST", "/csapi/v1.3/sensorProfile").json(&theirs)).await;
    assert_eq!(refused.status, 404, "{}", refused.text());
    assert_eq!(heartbeat(&server, &sensor).await.status, 200);
}

#[tokio::test]
async fn an_account_with_a_scope_sees_no_sensor_and_manages_none() {
    let server = TestServer::start().await;
    let sensor = enrolled(&server, 1).await;
    server.account("crew", "correct horse", Role::Manager, &["blue"]).await;
    let crew = |method: &str, target: &str| Request::new(method, target).basic("crew", "correct horse");
    assert_eq!(server.send(crew("GET", "/csapi/v1.3/sensors")).await.status, 204);
    assert_eq!(server.send(crew("GET", "/csapi/v1.1/sensors")).await.json()["count"], 0);
    let unknown = Uuid::from_u128(9);
    for (method, target) in [
        ("GET", format!("/csapi/v1.3/sensors/{}", sensor.uuid)),
        ("GET", format!("/csapi/v1.3/sensors/{unknown}")),
        ("GET", format!("/api/v1/sensors/{}", sensor.uuid)),
        ("POST", format!("/api/v1/sensors/{}/revoke", sensor.uuid)),
        ("POST", "/api/v1/sensors/tokens".to_owned()),
        ("DELETE", format!("/csapi/v1.3/sensors?sensorIds={}", sensor.uuid)),
        ("GET", format!("/csapi/v1.3/sensorProfile/{unknown}")),
    ] {
        let answer = server.send(crew(method, &target)).await;
        assert_eq!((answer.status, message(&answer)), (403, "Request Forbidden".to_owned()), "{target}");
    }
    server.account("reader", "correct horse", Role::Reader, &[]).await;
    let reader = |method: &str, target: &str| Request::new(method, target).basic("reader", "correct horse");
    assert_eq!(server.send(reader("GET", "/csapi/v1.3/sensors")).await.json()["count"], 1);
    let refused = server.send(reader("POST", "/api/v1/sensors/tokens")).await;
    assert!(message(&refused).contains("CS.SENSOR.UPDATE"), "{}", refused.text());
}

#[tokio::test]
async fn the_list_is_filtered_sorted_and_paged() {
    let server = TestServer::start().await;
    let mut sensors = Vec::new();
    for seed in 1..=5 {
        sensors.push(enrolled(&server, seed).await);
    }
    server.send(admin("POST", &format!("/api/v1/sensors/{}/revoke", sensors[4].uuid))).await;
    let names = async |query: &str| {
        let answer = server.get(&format!("/csapi/v1.3/sensors?{query}")).await;
        if answer.status == 204 {
            return (0, Vec::new());
        }
        let body = answer.json();
        let rows = body["data"].as_array().unwrap().iter();
        let names: Vec<String> = rows.map(|row| row["name"].as_str().unwrap().to_owned()).collect();
        (body["count"].as_u64().unwrap(), names)
    };
    let of = |numbers: &[u8]| numbers.iter().map(|number| format!("sensor-{number}")).collect::<Vec<_>>();
    assert_eq!(names("").await, (5, of(&[1, 2, 3, 4, 5])));
    assert_eq!(names("sort=name:desc&pageSize=2").await, (5, of(&[5, 4])));
    assert_eq!(names("sort=name:desc&pageSize=2&pageNumber=3").await, (5, of(&[1])));
    assert_eq!(names("pageSize=2&pageNo=4").await, (0, Vec::new()));
    assert_eq!(names("filter=status:UNKNOWN").await, (1, of(&[5])));
    assert_eq!(names("filter=sensorType:general%20and%20status:running").await.0, 4);
    assert_eq!(names("filter=hostname:node-3").await, (1, of(&[3])));
    assert_eq!(names("filter=ipv4:10.0.0.0/8%20and%20not%20ipv6%20is%20null").await.0, 5);
    assert_eq!(
        names("filter=lastCheckedIn:[now-1h%20...%20now]&sort=status:desc").await.1,
        of(&[5, 1, 2, 3, 4])
    );
    assert_eq!(names("filter=label.key:x").await.0, 0);
    let pick = format!("filter=sensor.uuid:{}", sensors[1].uuid);
    assert_eq!(names(&pick).await, (1, of(&[2])));
    for bad in [
        "filter=foo:1",
        "filter=status:RUNNIG",
        "sort=label.key",
        "sort=nmae",
        "pageSize=0",
        "filter=(",
        "filter=%FF",
    ] {
        assert_eq!(server.get(&format!("/csapi/v1.3/sensors?{bad}")).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn only_sensors_that_are_gone_are_deleted_by_a_job() {
    let server = TestServer::start().await;
    let (alive, gone) = (enrolled(&server, 1).await, enrolled(&server, 2).await);
    server.send(admin("POST", &format!("/api/v1/sensors/{}/revoke", gone.uuid))).await;
    let nothing = server.send(admin("DELETE", "/csapi/v1.3/sensors")).await;
    assert_eq!(nothing.status, 400);
    assert!(message(&nothing).contains("sensorIds"));
    assert_eq!(server.send(admin("DELETE", "/csapi/v1.3/sensors?filter=name:nobody")).await.status, 204);
    assert_eq!(server.send(admin("DELETE", "/csapi/v1.3/sensors?sensorIds=x")).await.status, 400);
    let body = json!({"sensorIds": [alive.uuid, gone.uuid], "filter": ""});
    let accepted = server.send(admin("DELETE", "/csapi/v1.3/sensors").json(&body)).await.json();
    let job: Uuid = accepted["deletionJobId"].as_str().unwrap().parse().unwrap();
    let lease = std::time::Duration::from_secs(60);
    server.store.claim_job("w", &[store::DELETE_SENSORS], lease).await.unwrap().unwrap();
    server.store.delete_step(store::DEFAULT_CUSTOMER, job, "w", lease).await.unwrap();
    server.store.finish_job((store::DEFAULT_CUSTOMER, job), "w", Ok("")).await.unwrap();
    let shown = server.get(&format!("/api/v1/jobs/{job}")).await.json();
    assert_eq!((&shown["kind"], &shown["kept"]), (&"delete-sensors".into(), &1.into()));
    assert_eq!(shown["keptRecords"][0]["uuid"], alive.uuid.to_string());
    assert_eq!(server.get(&format!("/csapi/v1.3/sensors/{}", gone.uuid)).await.status, 404);
    let answer = heartbeat(&server, &gone).await;
    assert_eq!((answer.status, message(&answer)), (401, "invalid token".to_owned()));
    assert_eq!(heartbeat(&server, &alive).await.status, 200);
}

#[tokio::test]
async fn profiles_are_made_shown_replaced_and_removed() {
    let server = TestServer::start().await;
    let sensors = [enrolled(&server, 1).await, enrolled(&server, 2).await];
    let base = "/csapi/v1.3/sensorProfile";
    assert_eq!(server.get(base).await.status, 204);
    assert_eq!(server.get("/csapi/v1.1/sensorProfile").await.json()["count"], 0);
    let mut body = json!({
        "profileName": "night", "description": "at night", "profileType": "GENERAL",
        "associatedRegistryIds": ["r"], "filter": "name:sensor-2",
        "config": {
            "weeklyBlackoutWindowSchedules": [{"startTime": "22:00", "endTime": "06:00", "repeatOnDays": ["MONDAY"]}],
            "vulnerabilityManagement": {"containerScanningInterval": 24, "imageExclusionRegexList": ["^test/"]},
        },
    });
    let made = server.send(admin("POST", base).json(&body)).await.json();
    let target = format!("{base}/{}", made["profileId"].as_str().unwrap());
    let shown = server.get(&target).await.json();
    assert_eq!((&shown["profileName"], &shown["associatedSensorsCount"]), (&"night".into(), &1.into()));
    assert_eq!(shown["associatedSensorIds"], json!([sensors[1].uuid]));
    assert_eq!(shown["config"]["vulnerabilityManagement"]["containerScanningInterval"], 24);
    assert_eq!(server.get(base).await.json()["data"][0]["profileId"], made["profileId"]);
    let told = heartbeat(&server, &sensors[1]).await.json();
    assert_eq!(
        (&told["profile"]["excludedImages"], &told["profile"]["blackouts"][0]["from"]),
        (&json!(["^test/"]), &"22:00".into())
    );
    let record = server.get(&format!("/csapi/v1.3/sensors/{}", sensors[1].uuid)).await.json();
    assert_eq!(record["configurationProfile"], "night");

    assert_eq!(server.send(admin("POST", base).json(&body)).await.status, 400, "the name is taken");
    body["filter"] = Value::Null;
    body["associatedSensorIds"] = json!([sensors[0].uuid]);
    assert_eq!(server.send(admin("PUT", &target).json(&body)).await.status, 200);
    assert_eq!(server.get(&target).await.json()["associatedSensorIds"], json!([sensors[0].uuid]));
    for (key, value, told) in [
        ("profileName", Value::Null, "profileName"),
        ("filter", "foo:1".into(), "filter token `foo`"),
        ("associatedSensorIds", json!(["x"]), "associatedSensorIds"),
        ("config", json!({"plimsoll": {"heartbeatSeconds": 1}}), "heartbeatSeconds"),
    ] {
        let mut wrong = body.clone();
        wrong[key] = value;
        let refused = server.send(admin("PUT", &target).json(&wrong)).await;
        assert_eq!((refused.status, message(&refused).contains(told)), (400, true), "{}", refused.text());
    }
    assert_eq!(server.send(admin("DELETE", &target)).await.json(), made);
    assert_eq!(server.send(admin("DELETE", &target)).await.status, 404);
    assert_eq!(heartbeat(&server, &sensors[0]).await.json()["profile"]["name"], "default");
}

#[tokio::test]
async fn the_activation_key_is_the_same_for_everybody_of_a_customer() {
    let server = TestServer::start().await;
    let key = server.get("/csapi/v1.3/activationkey").await.json();
    assert_eq!(key["customerId"], store::DEFAULT_CUSTOMER.to_string());
    assert_eq!(key["platformUrl"], format!("http://{}", server.address));
    let sensor = enrolled(&server, 1).await;
    let record = server.get(&format!("/csapi/v1.1/sensors/{}", sensor.uuid)).await.json();
    assert_eq!(record["activationUuid"], key["activationId"]);
}
