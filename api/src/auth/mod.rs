//! Who asks, and what they may do.
//!
//! Every call carries its own credentials, Basic or Bearer, and every call looks its account up again, so a
//! disabled or deleted account and a changed role or scope take effect at once. What is remembered is only
//! that a password fitted (`basic`), because the check is expensive on purpose.

mod basic;
mod jwt;
mod middleware;

use std::sync::Arc;

use store::{Account, Role, Store};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::error::ApiError;
use basic::PasswordCheck;
use jwt::{TokenError, TokenKeys};

pub(crate) use middleware::{AccountName, authenticate};

/// Name of the store's secret that signs tokens.
const TOKEN_SECRET: &str = "jwt";

/// A signed-in account.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    account: Arc<Account>,
    scope: fleet::Scope,
}

/// What a call needs, named as the API names it when it is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Permission {
    ViewImages,
    ViewContainers,
    SendImages,
    SendContainers,
    AssignTags,
    DeleteImages,
    DeleteContainers,
    ViewJobs,
}

impl Permission {
    const fn as_str(self) -> &'static str {
        match self {
            Self::ViewImages => "CS.IMAGE.VIEW",
            Self::ViewContainers => "CS.CONTAINER.VIEW",
            Self::SendImages => "CS.IMAGE.CREATE",
            Self::SendContainers => "CS.CONTAINER.CREATE",
            Self::AssignTags => "CS.TAG.ASSIGN",
            Self::DeleteImages => "CS.IMAGE.DELETE",
            Self::DeleteContainers => "CS.CONTAINER.DELETE",
            Self::ViewJobs => "CS.JOB.VIEW",
        }
    }

    const fn belongs_to(self, role: Role) -> bool {
        match role {
            Role::Manager => true,
            Role::Reader => matches!(self, Self::ViewImages | Self::ViewContainers),
            Role::Scanner => matches!(self, Self::SendImages | Self::SendContainers),
        }
    }
}

impl Identity {
    fn new(account: Account) -> Self {
        let scope = match &account.scope {
            Some(tags) => fleet::Scope::Tags(tags.clone()),
            None => fleet::Scope::Everything,
        };
        Self { account: Arc::new(account), scope }
    }

    /// Refuses unless the account's role has the permission.
    pub(crate) fn require(&self, permission: Permission) -> Result<(), ApiError> {
        if permission.belongs_to(self.account.role) {
            Ok(())
        } else {
            Err(ApiError::missing_permission(&self.account.name, permission.as_str()))
        }
    }

    /// Whose records the account works on.
    pub(crate) fn customer(&self) -> Uuid {
        self.account.customer
    }

    /// Which of them it sees.
    pub(crate) fn scope(&self) -> &fleet::Scope {
        &self.scope
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.account.name
    }
}

/// Checks credentials against the accounts of the store.
pub(crate) struct Authenticator {
    store: Store,
    keys: OnceCell<TokenKeys>,
    passwords: PasswordCheck,
}

impl Authenticator {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, keys: OnceCell::new(), passwords: PasswordCheck::new() }
    }

    /// Signs in by name and password. Unknown names, wrong passwords and disabled accounts are refused in the
    /// same words after the same work.
    pub(crate) async fn by_password(&self, name: &str, password: &str) -> Result<Identity, ApiError> {
        let account = self.store.account(name).await.map_err(crate::store_error)?;
        let hash = account.as_ref().map(|account| account.password_hash.as_str());
        let fits = self.passwords.check(name, password, hash).await?;
        match account {
            Some(account) if fits && !account.disabled => Ok(Identity::new(account)),
            _ => Err(ApiError::unauthorized("wrong user name or password")),
        }
    }

    /// Signs in by a token.
    pub(crate) async fn by_token(&self, token: &str) -> Result<Identity, ApiError> {
        let keys = self.keys().await?;
        let claims = keys.read(token).map_err(|error| match error {
            // clients look for these two words and fetch a new token
            TokenError::Expired => ApiError::unauthorized("JWT expired"),
            TokenError::Invalid => ApiError::unauthorized("invalid token"),
        })?;
        let account = self.store.account(&claims.sub).await.map_err(crate::store_error)?;
        match account {
            Some(account) if !account.disabled && keys.print_of(&account.password_hash) == claims.cred => {
                Ok(Identity::new(account))
            }
            _ => Err(ApiError::unauthorized("the account of this token was changed or removed")),
        }
    }

    /// Issues a token to a signed-in account.
    pub(crate) async fn issue_token(&self, identity: &Identity) -> Result<String, ApiError> {
        let account = &identity.account;
        let keys = self.keys().await?;
        keys.issue(&account.name, account.customer, &account.password_hash).map_err(ApiError::internal)
    }

    async fn keys(&self) -> Result<&TokenKeys, ApiError> {
        let load = async || self.store.secret(TOKEN_SECRET).await.map(TokenKeys::new);
        self.keys.get_or_try_init(load).await.map_err(crate::store_error)
    }
}
