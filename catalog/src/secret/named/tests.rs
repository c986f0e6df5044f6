//! What a name hides and what it does not.

use proptest::prelude::*;

use super::*;

fn masked(text: &str) -> String {
    let mut text = text.to_owned();
    variable(&mut text);
    text
}

#[test]
fn what_is_called_a_secret_is_hidden_however_short_and_common_it_is() {
    for (text, expected) in [
        ("MYSQL_ROOT_PASSWORD=toor", "MYSQL_ROOT_PASSWORD=****"),
        ("POSTGRES_PASSWORD=postgres", "POSTGRES_PASSWORD=p****"),
        ("PGPASSWORD=pgpgpg12", "PGPASSWORD=p****"),
        ("PASSPHRASE=correct horse battery staple", "PASSPHRASE=c****"),
        ("DB_PASS=x1", "DB_PASS=****"),
        ("smtp.pwd=mail", "smtp.pwd=****"),
        ("API_TOKENS=a,b", "API_TOKENS=****"),
        ("SECRET_KEY_BASE=0123456789abcdef", "SECRET_KEY_BASE=0****"),
        ("APP_KEY=base64:abc", "APP_KEY=b****"),
        ("accountKey=abc", "accountKey=****"),
        ("REDISCLI_AUTH=abc", "REDISCLI_AUTH=****"),
        ("USER_PIN=4711", "USER_PIN=****"),
    ] {
        assert_eq!(masked(text), expected);
    }
}

#[test]
fn what_is_no_secret_stays() {
    for text in [
        "PATH=/usr/bin:/bin",
        "PWD=/srv",
        "PASSWORD_FILE=/run/secrets/pw",
        "GOOGLE_APPLICATION_CREDENTIALS=/etc/gcp.json",
        "TOKEN_TTL=3600",
        "MAX_TOKENS=4096",
        "ALLOW_EMPTY_PASSWORD=yes",
        "EMPTY_PASSWORD=",
        "KEYBOARD=us",
        "PUBLIC_KEY=ssh-ed25519 AAAA",
        "PARTITION_KEY=id",
        "COMPASS=north",
        "TOKENIZERS_PARALLELISM=3",
        "SSH_AUTH_SOCK=/tmp/s",
        "POSTGRES_HOST_AUTH_METHOD=trust",
        "OTP_VERSION=25.3",
        "NOTE=basic authentication is off: see http://host:80/a@b",
        "IMAGE=registry/token:5000",
        "JAVA_OPTS=-Xmx1g -Da=b",
        "BROKEN=\"",
        "=",
        "",
    ] {
        assert_eq!(masked(text), text);
    }
}

#[test]
fn secrets_within_longer_values_are_hidden_where_they_stand() {
    for (text, expected) in [
        (r#"C={"password":"abc","user":"x"}"#, r#"C={"password":"****","user":"x"}"#),
        (r#"C={"dbPassword" : "a\"bcdefgh"}"#, r#"C={"dbPassword" : "a****"}"#),
        (r#"C={\"password\":\"abc\",\"n\":1}"#, r#"C={\"password\":\"****\",\"n\":1}"#),
        ("C=user: x\npassword: abc\nend", "C=user: x\npassword: ****\nend"),
        ("C=password = abc", "C=password = ****"),
        ("CONN=Server=db;User Id=sa;Pwd=abc;", "CONN=Server=db;User Id=sa;Pwd=****;"),
        ("URL=amqp://guest:guest@mq:5672/", "URL=amqp://guest:****@mq:5672/"),
        ("URL=redis://:a@cache", "URL=redis://:****@cache"),
        ("H=Authorization: Bearer abcdefgh1", "H=Authorization: Bearer a****"),
        ("H=Basic dXNlcjpwYXNz", "H=Basic d****"),
        ("K=-----BEGIN PRIVATE KEY-----\nMII\n-----END", "K=-----BEGIN PRIVATE KEY-----\n****"),
    ] {
        assert_eq!(masked(text), expected);
    }
}

#[test]
fn commands_are_masked_by_their_flags() {
    let mut words: Vec<String> =
        ["run", "--db-password", "abc", "--token=abc", "-v", "--password", "--verbose", "abc", ""]
            .map(str::to_owned)
            .to_vec();
    command(&mut words);
    assert_eq!(
        words,
        ["run", "--db-password", "****", "--token=****", "-v", "--password", "--verbose", "abc", ""]
    );
}

#[test]
fn labels_are_masked_by_their_keys() {
    for (key, value, expected) in [
        ("com.example.db.password", "abc", "****"),
        ("note", "password=abc", "password=****"),
        ("io.kubernetes.container.name", "web", "web"),
    ] {
        let mut told = value.to_owned();
        label(key, &mut told);
        assert_eq!(told, expected, "{key}");
    }
}

proptest! {
    #[test]
    fn any_text_is_taken_and_what_was_masked_stays_so(text in r#"(password|[a-zA-Z_ =:"'\\;@/é.\n*-]){0,40}"#) {
        // a value that was hidden may make its neighbour a name; it is never shown again
        let shown = |text: &str| text.chars().filter(|letter| *letter != '*').count();
        let once = masked(&text);
        prop_assert!(shown(&once) <= shown(&text), "{once}");
        let twice = masked(&once);
        prop_assert!(shown(&twice) <= shown(&once), "{once} -> {twice}");
    }
}
