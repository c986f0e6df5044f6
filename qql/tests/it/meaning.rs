//! What queries mean: records that they find and records that they do not.

use qql::{Condition, Entity, Test};

use crate::record::{NOW, Record, condition};

fn text_matches(query: &str, value: &str) -> bool {
    let record = Record::of(Entity::Image, &[&format!("operatingSystem={value}")]);
    record.satisfies(&condition(Entity::Image, &format!("operatingSystem:{query}")))
}

#[test]
fn text_is_found_by_the_beginnings_of_its_words() {
    for (query, value, expected) in [
        ("Ubuntu", "Ubuntu Linux 22.04", true),
        ("ubu", "Ubuntu Linux 22.04", true),
        ("buntu", "Ubuntu Linux 22.04", false),
        ("Linux Debian", "Ubuntu Linux 22.04", true),
        ("\"Ubuntu Linux 22\"", "Ubuntu Linux 22.04", true),
        ("\"Ubuntu Lin\"", "Ubuntu Linux 22.04", true),
        ("\"Ubu Linux\"", "Ubuntu Linux 22.04", false),
        ("\"Ubuntu 22\"", "Ubuntu Linux 22.04", false),
        ("`Ubuntu Linux 22.04`", "Ubuntu Linux 22.04", true),
        ("`ubuntu linux 22.04`", "Ubuntu Linux 22.04", false),
        ("`Ubuntu`", "Ubuntu Linux 22.04", false),
        ("' Ubuntu '", "Ubuntu", true),
        ("EOL", "EOL/Obsolete Software", true),
        ("web", "team/web", true),
        ("1023", "102354.vendor", true),
        ("vend", "102354.vendor", true),
        ("354", "102354.vendor", false),
        ("web.corp", "web.corp.example", true),
        ("corp", "web.corp.example", false),
        ("0b1c2d3e", "0b1c2d3e-1111-3222-8333-444455556666", true),
        ("3222", "0b1c2d3e-1111-3222-8333-444455556666", false),
        ("Ubu*", "Ubuntu", true),
        ("*", "anything", true),
        ("--", "--", false),
        ("`--`", "--", true),
        ("ÉCOLE", "école", true),
        ("ΑΣ", "ΑΣΑ", true),
        ("[Alpine, `Ubuntu`]", "Ubuntu", true),
        ("[Alpine, `Ubuntu`]", "Alpine Linux", true),
        ("[]", "Alpine Linux", false),
        ("\"a..b 1..2\"", "a..b 1 2", true),
    ] {
        assert_eq!(text_matches(query, value), expected, "{query} in {value}");
    }
}

#[test]
fn tokens_are_cut_as_the_reference_says() {
    let cut = |text: &str| qql::tokens(text).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(cut("a-b_c:d@e.f, (g)"), ["a", "b_c:d@e.f", "g"]);
    assert_eq!(cut("a.b.1.c v1.2 .5. x"), ["a.b", "1", "c", "v1", "2", "5", "x"]);
    assert_eq!(cut("10.0.0.8"), ["10", "0", "0", "8"]);
    assert_eq!(cut("a..b ."), ["a..b", "."]);
    assert_eq!(cut(" - "), Vec::<String>::new());
}

#[test]
fn a_missing_value_passes_no_test_and_every_negation() {
    let none = Record::default();
    let sees = |text: &str| none.satisfies(&condition(Entity::Image, text));
    for text in ["size:5", "size>0", "operatingSystem:*", "isEol:false", "repo.tag:x", "lastScanned<now"] {
        assert!(!sees(text), "{text}");
        assert!(sees(&format!("not {text}")), "not {text}");
    }
    for text in ["size!=5", "isEol!=true", "repo.tag!=x", "size is null", "repo.tag is null", "repo is null"]
    {
        assert!(sees(text), "{text}");
    }
}

#[test]
fn a_group_asks_one_element_and_dotted_tokens_ask_any() {
    let image = Record::of(
        Entity::Image,
        &[
            "vulnerabilities{qid=1;severity=5;typeDetected=POTENTIAL}",
            "vulnerabilities{qid=2;severity=4;typeDetected=CONFIRMED}",
            "vulnerabilities{qid=3}",
        ],
    );
    for (text, expected) in [
        ("vulnerabilities.severity:5 and vulnerabilities.typeDetected:CONFIRMED", true),
        ("vulnerabilities:(severity:5 and typeDetected:CONFIRMED)", false),
        ("vulnerabilities:(severity:4 and typeDetected:confirmed)", true),
        ("vulnerabilities:(severity:5 or severity:1)", true),
        ("not vulnerabilities.severity:5", false),
        ("vulnerabilities.severity!=5", false),
        ("vulnerabilities.severity!=1", true),
        ("vulnerabilities:(not severity:5)", true),
        ("vulnerabilities:(severity!=5 and severity is not null)", true),
        ("vulnerabilities:(severity is null)", true),
        ("vulnerabilities.severity is null", false),
        ("vulnerabilities.title is null", true),
        ("vulnerabilities is null", false),
        ("vulnerabilities.qid:[3-9]", true),
        ("vulnerabilities.qid:[2 ... 3) and vulnerabilities.qid:(0 .. 2)", true),
        ("vulnerabilities.qid:(1 .. 2)", false),
    ] {
        assert_eq!(image.satisfies(&condition(Entity::Image, text)), expected, "{text}");
    }
}

#[test]
fn keywords_numbers_addresses_and_booleans_compare_by_their_type() {
    let hex = "d1a50f311f32".to_owned() + &"a".repeat(52);
    let sha = format!("sha={hex}");
    let image = Record::of(
        Entity::Image,
        &[
            &sha,
            "imageId=d1a50f311f32",
            "uuid=0b1c2d3e-1111-3222-8333-444455556666",
            "source=REGISTRY",
            "source=CICD",
            "size=100",
            "isEol=false",
            "dockerVersion=24.0.7-CE",
            "lastFoundOnHost.ipAddress=10.1.2.3",
            "host{ipAddress=fe80::1}",
        ],
    );
    for (text, expected) in [
        (format!("sha:{hex}"), true),
        (format!("sha:sha256:{}", hex.to_uppercase()), true),
        (format!("imageId:{hex}"), true),
        ("imageId:D1A50F311F32".to_owned(), true),
        ("imageId:d1a50f311f3".to_owned(), false),
        ("imageId:d1a5*".to_owned(), true),
        ("imageId:`d1a5*`".to_owned(), false),
        ("uuid:0B1C2D3E111132228333444455556666".to_owned(), true),
        ("uuid>0b1c2d3e-1111-3222-8333-444455556665".to_owned(), true),
        ("uuid>0b1c2d3e-1111-3222-8333-444455556666".to_owned(), false),
        ("source:cicd".to_owned(), true),
        ("source:[host, registry]".to_owned(), true),
        ("source:reg".to_owned(), false),
        ("dockerVersion:24.0.7-ce".to_owned(), false),
        ("dockerVersion:24.0.*".to_owned(), true),
        ("size:100 and size=100 and size>=100 and size<=100".to_owned(), true),
        ("size>100 or size<100 or size!=100".to_owned(), false),
        ("size:`[50 ... 100]` and size:'(99..101)'".to_owned(), true),
        ("size:[100-200]".to_owned(), true),
        ("isEol:FALSE".to_owned(), true),
        ("isEol:true".to_owned(), false),
        ("lastFoundOnHost.ipAddress:10.0.0.0/8".to_owned(), true),
        ("lastFoundOnHost.ipAddress:[10.1.0.0 ... 10.1.2.3)".to_owned(), false),
        ("lastFoundOnHost.ipAddress:[11.0.0.1, 10.1.2.0-10.1.2.9]".to_owned(), true),
        ("lastFoundOnHost.ipAddress:`10.1.2.3`".to_owned(), true),
        ("host.ipAddress:FE80::/10".to_owned(), true),
        ("host.ipAddress:0.0.0.0/0".to_owned(), false),
        ("host.ipAddress>=fe80::1 and host.ipAddress<fe80::2".to_owned(), true),
    ] {
        assert_eq!(image.satisfies(&condition(Entity::Image, &text)), expected, "{text}");
    }
}

#[test]
fn decimals_are_compared_exactly() {
    let found = Record::of(Entity::Vulnerability, &["cvss3Info.baseScore=9.8"]);
    for (text, expected) in [
        (":9.8", true),
        (":9.80", true),
        (":9.8001", false),
        ("<9.8001", true),
        ("<=9.8001", true),
        (">9.7999", true),
        (">9.8", false),
        (">=9.8", true),
        (">=9.8001", false),
        (":[9.8 .. 10]", true),
        (":(9.8 .. 10]", false),
        (":(9.79999 .. 9.80001)", true),
        (">-1", true),
    ] {
        let text = format!("cvss3Info.baseScore{text}");
        assert_eq!(found.satisfies(&condition(Entity::Vulnerability, &text)), expected, "{text}");
    }
}

#[test]
fn dates_cover_their_period() {
    let day = 86_400_000;
    let created = |millis: i64| Record::of(Entity::Image, &[&format!("created={millis}")]);
    let noon = NOW.0;
    for (text, record, expected) in [
        ("created:2024-05-01", created(noon), true),
        ("created:2024-05-01", created(noon - day), false),
        ("created<=2024-05-01", created(noon + day / 2 - 1), true),
        ("created<2024-05-01", created(noon), false),
        ("created>2024-05-01", created(noon + day / 2), true),
        ("created:[2024-04-30 .. 2024-05-01)", created(noon), false),
        ("created:[now-1d ... now]", created(noon - day), true),
        ("created:(now-1d ... now]", created(noon - day), false),
        ("created:now/d", created(noon - day / 2), true),
        ("created:[1700000000 ..]", created(noon), true),
        ("created:[2023, 2024-05]", created(noon), true),
        ("created:[now ... now-1d]", created(noon), false),
    ] {
        assert_eq!(record.satisfies(&condition(Entity::Image, text)), expected, "{text}");
    }
}

#[test]
fn text_with_many_alternatives_stays_quick() {
    let values: Vec<_> = (0..5_000).map(|number| format!("`v {number}`")).collect();
    let started = std::time::Instant::now();
    let condition = condition(Entity::Image, &format!("operatingSystem:[{}]", values.join(",")));
    let Condition::Test { test: Test::Text(test), .. } = condition else { panic!("expected a test on text") };
    let found = (0..20_000).filter(|number| test.matches(&format!("v {number}"))).count();
    assert_eq!(found, 5_000);
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}

#[test]
fn alternatives_on_one_field_cost_no_more_than_a_list() {
    let written: Vec<_> = (0..2_000).map(|number| format!("imageId:{number:012x}")).collect();
    let list: Vec<_> = (0..2_000).map(|number| format!("{number:012x}")).collect();
    let first = condition(Entity::Image, &written.join(" or "));
    assert_eq!(first, condition(Entity::Image, &format!("imageId:[{}]", list.join(","))));
}
