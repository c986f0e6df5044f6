//! Shapes that whole answers are compared for.

use crate::server::TestServer;

/// One key or element a line, in the order of the answer.
fn indented(json: &str) -> String {
    let (mut out, mut depth, mut quoted, mut escaped) = (String::new(), 0, false, false);
    let line = |out: &mut String, depth: usize| *out += &format!("\n{}", "  ".repeat(depth));
    for character in json.chars() {
        if quoted {
            quoted = escaped || character != '"';
            escaped = !escaped && character == '\\';
            out.push(character);
            continue;
        }
        if matches!(character, ']' | '}') {
            depth -= 1;
            line(&mut out, depth);
        }
        out.push(character);
        match character {
            '"' => quoted = true,
            ':' => out.push(' '),
            ',' => line(&mut out, depth),
            '[' | '{' => {
                depth += 1;
                line(&mut out, depth);
            }
            _ => {}
        }
    }
    out
}

async fn snapshot(server: &TestServer, name: &str, target: &str) {
    let answer = server.get(target).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.add_filter(
        r#""(updated|firstFound|lastFound|riskScoreCalculatedDate)": "\d{13}""#,
        "\"$1\": \"<time>\"",
    );
    settings.bind(|| insta::assert_snapshot!(name, indented(&answer.text())));
}

#[tokio::test]
async fn records_of_all_versions_look_as_reviewed() {
    let server = TestServer::start().await;
    for file in ["image-debian.json", "image-old.json"] {
        assert_eq!(server.post_file("/api/v1/reports", file).await.status, 201);
    }
    assert_eq!(server.post_file("/api/v1/containers", "containers-known-image.json").await.status, 201);
    for version in ["v1.1", "v1.3"] {
        snapshot(&server, &format!("images-bulk-{version}"), &format!("/csapi/{version}/images/list")).await;
        snapshot(
            &server,
            &format!("containers-bulk-{version}"),
            &format!("/csapi/{version}/containers/list"),
        )
        .await;
    }
    let image = "/csapi/v1.3/images?filter=&pageSize=1";
    snapshot(&server, "images-page", image).await;
    let sha = server.get(image).await.json()["data"][0]["sha"].as_str().unwrap().to_owned();
    snapshot(&server, "image-details", &format!("/csapi/v1.3/images/{sha}")).await;
    snapshot(&server, "image-software", &format!("/csapi/v1.3/images/{sha}/software")).await;
    snapshot(&server, "image-vulnerabilities", &format!("/csapi/v1.3/images/{sha}/vuln")).await;
}
