//! This process as the one that walks.

use reqwest::{Method, StatusCode};
use sensor::registry::{Server, ServerError};

use crate::push::{Target, message};

/// A server, as a walk speaks to it.
pub(super) struct Here<'t>(pub(super) &'t Target);

/// How often something is sent while the server is away.
const TRIES: u32 = 5;

impl Server for Here<'_> {
    fn post(&self, path: &str, json: Vec<u8>) -> Result<Vec<u8>, ServerError> {
        let mut wait = std::time::Duration::from_millis(250);
        for attempt in 1.. {
            let away = match self.0.call(Method::POST, path, Some(json.clone())) {
                Ok(response) => match response.status() {
                    status if status.is_success() => match response.bytes() {
                        Ok(body) => return Ok(body.to_vec()),
                        Err(error) => error.to_string(),
                    },
                    StatusCode::CONFLICT => return Err(ServerError::Lost),
                    status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                        format!("{status}: {}", message(response))
                    }
                    status => return Err(ServerError::Refused(format!("{status}: {}", message(response)))),
                },
                Err(error) => format!("{error:#}"),
            };
            if attempt == TRIES {
                return Err(ServerError::Away(away));
            }
            std::thread::sleep(wait);
            wait *= 2;
        }
        unreachable!("the loop ends by returning")
    }
}
