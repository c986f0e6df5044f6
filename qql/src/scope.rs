//! Finding what a token names from where it stands: at the entity, inside an array, inside an object.

use crate::ast::Token;
use crate::error::{QueryError, shorten};
use crate::fields::{Array, Entity, Field, Level, SmallEntity};
use crate::suggest::hint;

/// What a token names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A field, below the arrays of `path`.
    Field { path: Vec<Array>, field: &'static Field },
    /// The last array of `path`, which is not empty.
    Array { path: Vec<Array> },
    /// An object that is no array, below the arrays of `path`; its tokens begin with `base`, which ends in a dot or is
    /// empty for the element itself.
    Object { path: Vec<Array>, level: Level, base: String },
}

/// What a query as a whole is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    Entity(Entity),
    Small(SmallEntity),
}

impl From<Entity> for Home {
    fn from(entity: Entity) -> Self {
        Self::Entity(entity)
    }
}

impl From<SmallEntity> for Home {
    fn from(entity: SmallEntity) -> Self {
        Self::Small(entity)
    }
}

impl Home {
    const fn level(self) -> Level {
        match self {
            Self::Entity(entity) => entity.level(),
            Self::Small(entity) => entity.level(),
        }
    }

    const fn prefixes(self) -> &'static [&'static str] {
        match self {
            Self::Entity(entity) => entity.prefixes(),
            Self::Small(entity) => entity.prefixes(),
        }
    }
}

/// Where tokens are read from.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) home: Home,
    pub(crate) level: Level,
    /// The object within the level, with a dot at its end; empty for the level itself.
    base: String,
    /// Spellings of this place that may stand in front of a token, each with a dot at its end.
    spellings: Vec<String>,
    /// The way here as it was written, with a dot at its end; empty at the entity.
    written: String,
}

impl Scope {
    /// The outermost one.
    pub(crate) fn of(home: impl Into<Home>) -> Self {
        let home = home.into();
        let spellings = home.prefixes().iter().map(|prefix| format!("{prefix}.")).collect();
        Self { home, level: home.level(), base: String::new(), spellings, written: String::new() }
    }

    /// Finds what a token names, or says what it might have meant.
    pub(crate) fn find(&self, token: &Token) -> Result<Target, QueryError> {
        self.look_up(&token.name).ok_or_else(|| QueryError::UnknownToken {
            token: shorten(&token.name),
            column: token.place.0,
            hint: hint(self, &token.name),
        })
    }

    /// Whether a token can be written here.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.look_up(name).is_some()
    }

    /// What a name stands for here.
    pub(crate) fn look_up(&self, name: &str) -> Option<Target> {
        let here = format!("{}{name}", self.base);
        if let Some(target) = look_up(self.level, &here) {
            return Some(target);
        }
        self.spellings.iter().find_map(|spelling| {
            if spelling.strip_suffix('.') == Some(name) {
                return Some(Target::Object { path: Vec::new(), level: self.level, base: self.base.clone() });
            }
            look_up(self.level, &format!("{}{}", self.base, name.strip_prefix(spelling.as_str())?))
        })
    }

    /// Whether this is the scope.
    pub(crate) fn is_at(&self, level: Level, base: &str) -> bool {
        level == self.level && base == self.base
    }

    /// The scope inside a group.
    pub(crate) fn inside(&self, name: &str, level: Level, base: String) -> Self {
        let written = format!("{}{name}.", self.written);
        let mut spellings = vec![format!("{name}."), written.clone()];
        for (name, alias, array) in self.level.arrays() {
            if array.level() == level {
                spellings.extend([format!("{name}."), format!("{alias}.")]);
            }
        }
        for prefix in self.home.prefixes() {
            spellings.push(format!("{prefix}.{written}"));
        }
        Self { home: self.home, level, base, spellings, written }
    }

    /// Spellings of this place that may stand in front of a token, each with a dot at its end.
    pub(crate) fn spellings(&self) -> &[String] {
        &self.spellings
    }

    /// The object within the level, with a dot at its end; empty for the level itself.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }
}

/// Finds a path within a level.
fn look_up(level: Level, path: &str) -> Option<Target> {
    let name = level.aliases().iter().find(|(alias, _)| *alias == path).map_or(path, |(_, name)| name);
    if let Some(field) = level.fields().iter().find(|field| field.name == name) {
        return Some(Target::Field { path: Vec::new(), field });
    }
    for (name, alias, array) in level.arrays() {
        for spelling in [name, alias] {
            let Some(rest) = path.strip_prefix(spelling) else { continue };
            if rest.is_empty() {
                return Some(Target::Array { path: vec![*array] });
            }
            let inner = rest.strip_prefix('.').and_then(|rest| look_up(array.level(), rest));
            if let Some(target) = inner {
                return Some(target.below(*array));
            }
        }
    }
    let begins = |name: &str| name.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
    let is_object = level.fields().iter().any(|field| begins(field.name))
        || level.arrays().iter().any(|(name, _, _)| begins(name));
    is_object.then(|| Target::Object { path: Vec::new(), level, base: format!("{path}.") })
}

impl Target {
    fn below(mut self, array: Array) -> Self {
        let (Self::Field { path, .. } | Self::Array { path } | Self::Object { path, .. }) = &mut self;
        path.insert(0, array);
        self
    }
}
