//! TLS of the connection by rustls, as the rest of the program has it.
//!
//! The decision a reader may doubt: `prefer` and `require` believe whoever answers. That is what these words
//! mean to PostgreSQL's own clients; who wants to know whom they talk to says `verify-full`.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;

use crate::driver::DriverError;
use crate::postgres::url::{PostgresUrl, Trust};
use crate::postgres::verify::{Anybody, KnownAuthority};

/// Makes TLS sessions with the trust that a URL asks for.
#[derive(Clone)]
pub(crate) struct Tls {
    config: Arc<ClientConfig>,
}

impl Tls {
    /// Reads the trusted certificates, if they are needed.
    pub(crate) fn new(url: &PostgresUrl) -> Result<Self, DriverError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = match url.trust {
            Trust::Disable | Trust::Prefer | Trust::Require => Arc::new(Anybody::new(&provider)),
            Trust::VerifyCa | Trust::VerifyFull => {
                Arc::new(known_authority(url.roots.as_deref(), url.trust == Trust::VerifyFull, &provider)?)
            }
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| DriverError::other(format!("TLS cannot be set up: {error}")))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(Self { config: Arc::new(config) })
    }
}

fn known_authority(
    file: Option<&Path>,
    named: bool,
    provider: &Arc<CryptoProvider>,
) -> Result<KnownAuthority, DriverError> {
    let trusted = match file {
        Some(file) => read_certificates(file)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(trusted.iter().cloned());
    if added == 0 {
        let place = file.map_or("the system's store".to_owned(), |file| file.display().to_string());
        return Err(DriverError::other(format!(
            "{place} holds no certificate of an authority; name a PEM file with sslrootcert"
        )));
    }
    let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| DriverError::other(format!("the trusted certificates cannot be used: {error}")))?;
    Ok(KnownAuthority::new(chain, trusted, named))
}

fn read_certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, DriverError> {
    let failed = |error: rustls::pki_types::pem::Error| {
        DriverError::other(format!("cannot read sslrootcert {}: {error}", file.display()))
    };
    CertificateDer::pem_file_iter(file).map_err(failed)?.collect::<Result<_, _>>().map_err(failed)
}

impl MakeTlsConnect<Socket> for Tls {
    type Stream = Session;
    type TlsConnect = ToHost;
    type Error = std::convert::Infallible;

    fn make_tls_connect(&mut self, host: &str) -> Result<ToHost, Self::Error> {
        // asked also where no TLS will be spoken and the host is the path of a socket file
        let name = ServerName::try_from(host.to_owned()).ok();
        Ok(ToHost { name, connector: TlsConnector::from(Arc::clone(&self.config)) })
    }
}

/// A session to one host, still to be made.
pub(crate) struct ToHost {
    /// `None` if the host can have no certificate.
    name: Option<ServerName<'static>>,
    connector: TlsConnector,
}

impl TlsConnect<Socket> for ToHost {
    type Stream = Session;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Session>> + Send>>;

    fn connect(self, stream: Socket) -> Self::Future {
        Box::pin(async move {
            let nameless = || io::Error::other("TLS needs a host name or an address");
            let name = self.name.ok_or_else(nameless)?;
            self.connector.connect(name, stream).await.map(|stream| Session(Box::new(stream)))
        })
    }
}

/// An encrypted stream. It offers no channel binding: passwords are bound to the session by no more than its encryption.
pub(crate) struct Session(Box<tokio_rustls::client::TlsStream<Socket>>);

impl TlsStream for Session {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Session {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, bytes)
    }
}

impl AsyncWrite for Session {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
