//! Where the API server is and who asks: what Kubernetes puts into every pod, and what the DaemonSet adds.

use std::path::{Path, PathBuf};

/// What Kubernetes mounts into a pod.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// How the API server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its address, such as `https://10.96.0.1:443`.
    pub address: String,
    /// The file of the token; it is read anew for every question, since Kubernetes renews it.
    pub token: PathBuf,
    /// The file of the certificates that its own is signed by; without it those of the system are trusted.
    pub authorities: Option<PathBuf>,
    /// The name of this node, by which its pods are found.
    pub node: Option<String>,
    /// What the operator calls the cluster; Kubernetes has no name for it.
    pub cluster: Option<String>,
}

/// Why the place in a cluster is not known.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The environment names no API server.
    #[error("KUBERNETES_SERVICE_HOST is not set: this is no pod of a cluster")]
    NoCluster,
    /// The pod has no service account.
    #[error(
        "there is no token at `{}`: let the pod's `automountServiceAccountToken` be true, or live with what the \
         runtime knows", path.display()
    )]
    NoToken {
        /// Where it was looked for.
        path: PathBuf,
    },
}

impl Place {
    /// That of this process, if it runs in a pod.
    ///
    /// # Errors
    /// A process that is in no pod, or in one without a service account.
    pub fn of_process() -> Result<Self, PlaceError> {
        Self::of(&|name| std::env::var(name).ok(), Path::new(ACCOUNT))
    }

    fn of(variable: &dyn Fn(&str) -> Option<String>, account: &Path) -> Result<Self, PlaceError> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let host = set("KUBERNETES_SERVICE_HOST").ok_or(PlaceError::NoCluster)?;
        let port = set("KUBERNETES_SERVICE_PORT").unwrap_or_else(|| "443".to_owned());
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        let token = account.join("token");
        if !token.is_file() {
            return Err(PlaceError::NoToken { path: token });
        }
        let authorities = Some(account.join("ca.crt")).filter(|path| path.is_file());
        Ok(Self {
            address: format!("https://{host}:{port}"),
            token,
            authorities,
            node: set("NODE_NAME"),
            cluster: set("PLIMSOLL_CLUSTER_NAME"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(variables: &[(&str, &str)], account: &Path) -> Result<Place, PlaceError> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Place::of(&variable, account)
    }

    #[test]
    fn a_pod_knows_where_the_api_server_is() {
        let account = tempfile::tempdir().unwrap();
        std::fs::write(account.path().join("token"), "t").unwrap();
        let set = [
            ("KUBERNETES_SERVICE_HOST", "fd00::1"),
            ("KUBERNETES_SERVICE_PORT", "6443"),
            ("NODE_NAME", "n1"),
        ];
        let place = place(&set, account.path()).unwrap();
        assert_eq!(place.address, "https://[fd00::1]:6443");
        assert_eq!((place.node.as_deref(), place.authorities, place.cluster), (Some("n1"), None, None));
    }

    #[test]
    fn outside_of_a_cluster_and_without_an_account_there_is_none() {
        let account = tempfile::tempdir().unwrap();
        assert!(matches!(place(&[], account.path()), Err(PlaceError::NoCluster)));
        let set = [("KUBERNETES_SERVICE_HOST", "10.96.0.1")];
        let error = place(&set, account.path()).unwrap_err();
        assert!(error.to_string().contains("automountServiceAccountToken"), "{error}");
    }
}
