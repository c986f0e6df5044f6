//! AWS Signature Version 4.

use ring::{digest, hmac};

use super::aws::Key;

/// A request as it is signed ("Signature Version 4 signing process"); without query.
pub(super) struct Request<'r> {
    pub(super) method: &'r str,
    pub(super) path: &'r str,
    pub(super) region: &'r str,
    pub(super) service: &'r str,
    /// Names in small letters and sorted; one of them is `x-amz-date`.
    pub(super) headers: &'r [(&'r str, String)],
    pub(super) body: &'r str,
}

impl Request<'_> {
    /// The header `Authorization`.
    pub(super) fn authorization(&self, key: &Key) -> String {
        let names = self.headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let headers: String =
            self.headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
        let body = hex(digest::digest(&digest::SHA256, self.body.as_bytes()).as_ref());
        let canonical = format!("{}\n{}\n\n{headers}\n{names}\n{body}", self.method, self.path);
        let date = self.headers.iter().find(|(name, _)| *name == "x-amz-date");
        let date = date.map_or("", |(_, value)| value.as_str());
        let day = date.get(..8).unwrap_or_default();
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let canonical = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
        let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{canonical}");
        let first = format!("AWS4{}", key.secret).into_bytes();
        let derived = [day, self.region, self.service, "aws4_request"]
            .iter()
            .fold(first, |derived, part| mac(&derived, part.as_bytes()));
        let signature = hex(&mac(&derived, to_sign.as_bytes()));
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            key.id
        )
    }
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The case `post-vanilla` of AWS's published test suite for signers.
    #[test]
    fn a_request_is_signed_as_the_published_test_suite_does() {
        let headers =
            [("host", "example.amazonaws.com".to_owned()), ("x-amz-date", "20150830T123600Z".to_owned())];
        let request = Request {
            method: "POST",
            path: "/",
            region: "us-east-1",
            service: "service",
            headers: &headers,
            body: "",
        };
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned();
        let key = Key { id: "AKIDEXAMPLE".to_owned(), secret, session: None };
        assert_eq!(
            request.authorization(&key),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        );
    }
}
