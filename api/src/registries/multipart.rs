//! One part of a form with files (RFC 7578): as much of it as a key file needs.

/// The content of the part called `name`; `None` if there is none or the body is no such form.
pub(super) fn part<'b>(content_type: &str, body: &'b [u8], name: &str) -> Option<&'b [u8]> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameter(parameters, "boundary").filter(|boundary| (1..=70).contains(&boundary.len()))?;
    let line = format!("--{boundary}");
    let mut rest = body;
    let start = find(rest, line.as_bytes())?;
    rest = &rest[start + line.len()..];
    loop {
        rest = rest.strip_prefix(b"\r\n")?;
        let end = find(rest, format!("\r\n{line}").as_bytes())?;
        let (head, content) = split(&rest[..end])?;
        if is_called(head, name) {
            return Some(content);
        }
        rest = &rest[end + 2 + line.len()..];
    }
}

fn split(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = find(part, b"\r\n\r\n")?;
    Some((&part[..end], &part[end + 4..]))
}

fn is_called(head: &[u8], name: &str) -> bool {
    let Ok(head) = std::str::from_utf8(head) else { return false };
    head.split("\r\n").any(|line| {
        let Some((key, value)) = line.split_once(':') else { return false };
        key.trim().eq_ignore_ascii_case("content-disposition")
            && value.split_once(';').and_then(|(_, rest)| parameter(rest, "name")).as_deref() == Some(name)
    })
}

fn parameter(text: &str, wanted: &str) -> Option<String> {
    text.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &[u8] = b"--x\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\n1\r\n--x\r\n\
        content-disposition: form-data; name=\"serviceAccountJson\"; filename=\"k.json\"\r\nContent-Type: application/json\r\n\r\n{\r\n}\r\n--x--\r\n";

    #[test]
    fn a_part_is_found_by_its_name() {
        let of = |kind: &str, name: &str| part(kind, FORM, name).map(<[u8]>::to_vec);
        assert_eq!(of("multipart/form-data; boundary=x", "serviceAccountJson").unwrap(), b"{\r\n}");
        assert_eq!(of("multipart/form-data; boundary=\"x\"", "other").unwrap(), b"1");
        assert_eq!(of("multipart/form-data; boundary=x", "none"), None);
        assert_eq!(of("multipart/form-data; boundary=y", "other"), None);
        assert_eq!(of("application/json", "other"), None);
    }

    #[test]
    fn a_form_that_is_cut_off_has_no_part() {
        for end in 0..FORM.len() - 6 {
            let found = part("multipart/form-data; boundary=x", &FORM[..end], "serviceAccountJson");
            assert_eq!(found, None, "{end}");
        }
    }
}
