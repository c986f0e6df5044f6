//! Who asks, and what they may do.
//!
//! Every call carries its own credentials, Basic or Bearer, and every call looks its account up again, so a
//! disabled or deleted account and a changed role or scope take effect at once. What is remembered is only
//! that a password fitted (`basic`), because the check is expensive on purpose.
//!
//! Sensors sign their tokens themselves (`sensor_token`), so that what the server knows of them lets nobody in.

mod basic;
mod jwt;
mod middleware;
pub(crate) mod sensor_token;

use std::sync::Arc;

use model::{SensorType, Timestamp};
use store::{Account, Role, SensorKey, Store};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::error::ApiError;
use basic::PasswordCheck;
use jwt::{TokenError, TokenKeys};
use sensor_token::{SensorToken, TimeFault};

pub(crate) use middleware::{AccountName, authenticate};

/// Name of the store's secret that signs tokens.
const TOKEN_SECRET: &str = "jwt";

/// A signed-in account or sensor.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    who: Who,
    name: Arc<str>,
    scope: fleet::Scope,
}

#[derive(Clone, Debug)]
enum Who {
    Account(Arc<Account>),
    Sensor(Arc<SensorKey>),
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
    ViewSensors,
    ManageSensors,
    DeleteSensors,
    ViewRegistries,
    ManageRegistries,
    WalkRegistries,
}

/// What only sensors may do: say what they see, and ask what there is to do.
const SENSE: &str = "CS.SENSOR.REPORT";

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
            Self::ViewSensors => "CS.SENSOR.VIEW",
            Self::ManageSensors => "CS.SENSOR.UPDATE",
            Self::DeleteSensors => "CS.SENSOR.DELETE",
            Self::ViewRegistries => "CS.REGISTRY.VIEW",
            Self::ManageRegistries => "CS.REGISTRY.UPDATE",
            Self::WalkRegistries => "CS.REGISTRY.SCAN",
        }
    }

    const fn belongs_to(self, role: Role) -> bool {
        match role {
            Role::Manager => true,
            Role::Reader => matches!(
                self,
                Self::ViewImages | Self::ViewContainers | Self::ViewSensors | Self::ViewRegistries
            ),
            Role::Scanner => self.belongs_to_sensors(SensorType::Registry),
        }
    }

    /// The login of a registry is for those alone who walk registries.
    const fn belongs_to_sensors(self, kind: SensorType) -> bool {
        match self {
            Self::SendImages | Self::SendContainers => true,
            Self::WalkRegistries => matches!(kind, SensorType::Registry),
            _ => false,
        }
    }
}

impl Identity {
    fn new(account: Account) -> Self {
        let scope = match &account.scope {
            Some(tags) => fleet::Scope::Tags(tags.clone()),
            None => fleet::Scope::Everything,
        };
        Self { name: account.name.as_str().into(), who: Who::Account(Arc::new(account)), scope }
    }

    fn of_sensor(key: SensorKey) -> Self {
        let name = format!("sensor {}", key.uuid).into();
        Self { name, who: Who::Sensor(Arc::new(key)), scope: fleet::Scope::Everything }
    }

    /// Refuses unless the account's role has the permission.
    pub(crate) fn require(&self, permission: Permission) -> Result<(), ApiError> {
        let may = match &self.who {
            Who::Account(account) => permission.belongs_to(account.role),
            Who::Sensor(key) => permission.belongs_to_sensors(key.kind),
        };
        if may { Ok(()) } else { Err(ApiError::missing_permission(&self.name, permission.as_str())) }
    }

    /// The sensor that asks; refuses accounts.
    pub(crate) fn require_sensor(&self) -> Result<&SensorKey, ApiError> {
        self.sensor().ok_or_else(|| ApiError::missing_permission(&self.name, SENSE))
    }

    /// The sensor that asks, if it is one.
    pub(crate) fn sensor(&self) -> Option<&SensorKey> {
        match &self.who {
            Who::Sensor(key) => Some(key),
            Who::Account(_) => None,
        }
    }

    /// Whose records the account works on.
    pub(crate) fn customer(&self) -> Uuid {
        match &self.who {
            Who::Account(account) => account.customer,
            Who::Sensor(key) => key.customer,
        }
    }

    /// Which of them it sees.
    pub(crate) fn scope(&self) -> &fleet::Scope {
        &self.scope
    }

    /// Whether nothing is kept from it, so that it may see what has no tags, such as sensors.
    pub(crate) fn sees_everything(&self) -> bool {
        self.scope == fleet::Scope::Everything
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
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
        if sensor_token::is_one(token) {
            return self.by_sensor_token(token).await;
        }
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

    /// Lets a sensor in by a token that it signed. Whoever does not hold its key learns nothing but that the token is no good.
    async fn by_sensor_token(&self, token: &str) -> Result<Identity, ApiError> {
        let invalid = || ApiError::unauthorized("invalid token");
        let token = SensorToken::parse(token).ok_or_else(invalid)?;
        let key = self.store.sensor_key(token.sensor()).await.map_err(crate::store_error)?;
        let key = key.filter(|key| token.is_signed_by(&key.public_key)).ok_or_else(invalid)?;
        if key.revoked.is_some() {
            return Err(ApiError::unauthorized(
                "this sensor was revoked; it must enrol anew with another key",
            ));
        }
        let now = Timestamp::now();
        let time = now.to_rfc3339();
        match token.check_times(now) {
            Ok(()) => Ok(Identity::of_sensor(key)),
            Err(TimeFault::Past) => Err(ApiError::unauthorized(format!(
                "JWT expired, or the sensor's clock is more than five minutes slow: it is {time}"
            ))),
            Err(TimeFault::Future) => Err(ApiError::unauthorized(format!(
                "the token is of the future: the sensor's clock is more than five minutes fast: it is {time}"
            ))),
            Err(TimeFault::Lasting) => {
                Err(ApiError::unauthorized("the token of a sensor may be good for five minutes at most"))
            }
        }
    }

    /// Issues a token to a signed-in account.
    pub(crate) async fn issue_token(&self, identity: &Identity) -> Result<String, ApiError> {
        let Who::Account(account) = &identity.who else {
            return Err(ApiError::internal("a sensor signs its tokens itself"));
        };
        let keys = self.keys().await?;
        keys.issue(&account.name, account.customer, &account.password_hash).map_err(ApiError::internal)
    }

    async fn keys(&self) -> Result<&TokenKeys, ApiError> {
        let load = async || self.store.secret(TOKEN_SECRET).await.map(TokenKeys::new);
        self.keys.get_or_try_init(load).await.map_err(crate::store_error)
    }
}
