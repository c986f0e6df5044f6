//! Columns and orders of results.

use qql::fields::{ContainerField, FieldType, FindingField, ImageField, SoftwareField};
use qql::{Array, Entity, FieldId, QueryError, Sort};

/// A value of a record, as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QueryValue {
    /// True or false.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// A decimal, in thousandths.
    Decimal(i64),
    /// A time, in milliseconds.
    Time(i64),
    /// A name, id, word or address.
    Text(String),
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryColumn {
    /// The token, as it was asked for.
    pub name: String,
    /// Whether a record may have several values.
    pub many: bool,
    pub(super) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A field, below arrays.
    Field(Vec<Array>, FieldId),
    Images,
    Containers,
}

/// An order of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryOrder {
    /// By a field.
    Field(Sort),
    /// By the number of images; of software and vulnerabilities.
    Images {
        /// The most first.
        descending: bool,
    },
    /// By the number of containers.
    Containers {
        /// The most first.
        descending: bool,
    },
}

/// The columns of software and vulnerabilities that are not tokens.
const IMAGES: &str = "imageCount";
const CONTAINERS: &str = "containerCount";

/// Fields of findings that only single records have.
const OF_RECORDS: &[FindingField] = &[FindingField::Result, FindingField::LayerSha, FindingField::ScanType];

impl QueryColumn {
    /// Reads a token; of software and vulnerabilities also `imageCount` and `containerCount`.
    pub fn parse(text: &str, entity: Entity) -> Result<Self, QueryError> {
        let name = text.trim().to_owned();
        if is_of_fleet(entity) && (name == IMAGES || name == CONTAINERS) {
            let what = if name == IMAGES { What::Images } else { What::Containers };
            return Ok(Self { name, many: false, what });
        }
        let (path, field) = qql::resolve_column(text, entity)?;
        let is_single = |field| matches!(field, FieldId::Finding(field) if OF_RECORDS.contains(&field));
        if is_of_fleet(entity) && (!path.is_empty() || is_single(field)) {
            let problem = format!(
                "belongs to single images and containers; the {} of a fleet have no such column",
                entity.plural()
            );
            return Err(QueryError::Misused { token: name, column: 1, problem });
        }
        // of one name and version there may be several packages
        let many = !path.is_empty() || field.field().spec.many || is_varied(field);
        Ok(Self { name, many, what: What::Field(path, field) })
    }

    /// Reads tokens with commas between them; none twice.
    pub fn parse_list(text: &str, entity: Entity) -> Result<Vec<Self>, QueryError> {
        let mut columns: Vec<Self> = Vec::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let column = Self::parse(name, entity)?;
            if columns.iter().any(|known| known.name == column.name) {
                let problem = "is a column already".to_owned();
                return Err(QueryError::Misused { token: column.name, column: 1, problem });
            }
            columns.push(column);
        }
        Ok(columns)
    }

    /// The columns of an entity when none are asked for.
    pub fn defaults(entity: Entity) -> Vec<Self> {
        let names: &[&str] = match entity {
            Entity::Image => &[
                "imageId",
                "repo.repository",
                "repo.tag",
                "operatingSystem",
                "created",
                "riskScore",
                "associatedContainersCount",
            ],
            Entity::Container => {
                &["containerId", "name", "state", "imageId", "host.hostname", "created", "riskScore"]
            }
            Entity::Software => &["name", "version", "fixVersion", "scanType", IMAGES, CONTAINERS],
            Entity::Vulnerability => {
                &["qid", "cveids", "severity", "title", "patchAvailable", "qdsScore", IMAGES, CONTAINERS]
            }
        };
        names.iter().filter_map(|name| Self::parse(name, entity).ok()).collect()
    }

    /// The type of its values.
    pub(super) fn kind(&self) -> FieldType {
        match &self.what {
            What::Field(_, field) => field.field().kind,
            What::Images | What::Containers => FieldType::Integer,
        }
    }
}

fn is_of_fleet(entity: Entity) -> bool {
    matches!(entity, Entity::Software | Entity::Vulnerability)
}

/// Whether the packages of one name and version may differ in it.
fn is_varied(field: FieldId) -> bool {
    matches!(field, FieldId::Software(field) if !matches!(field, SoftwareField::Name | SoftwareField::Version))
}

impl QueryOrder {
    /// Reads `token`, `token:asc` or `token:desc`; of software and vulnerabilities also of the two counts.
    pub fn parse(text: &str, entity: Entity) -> Result<Self, QueryError> {
        let (name, direction) = text.split_once(':').unwrap_or((text, "asc"));
        let (name, direction) = (name.trim(), direction.trim().to_ascii_lowercase());
        if is_of_fleet(entity) && (name == IMAGES || name == CONTAINERS) {
            let descending = match direction.as_str() {
                "asc" => false,
                "desc" => true,
                _ => {
                    let problem = "can be sorted `asc` or `desc`".to_owned();
                    return Err(QueryError::Misused { token: name.to_owned(), column: 1, problem });
                }
            };
            return Ok(if name == IMAGES {
                Self::Images { descending }
            } else {
                Self::Containers { descending }
            });
        }
        qql::resolve_sort(text, entity).map(Self::Field)
    }

    /// The order when none is asked for: the newest first, or what most images have.
    pub fn default_of(entity: Entity) -> Self {
        let newest = |field| Self::Field(Sort { field, descending: true });
        match entity {
            Entity::Image => newest(FieldId::Image(ImageField::Created)),
            Entity::Container => newest(FieldId::Container(ContainerField::Created)),
            Entity::Software | Entity::Vulnerability => Self::Images { descending: true },
        }
    }

    pub(super) fn field(self) -> Option<Sort> {
        match self {
            Self::Field(sort) => Some(sort),
            Self::Images { .. } | Self::Containers { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_column_exists() {
        let defaults = Entity::ALL.map(|entity| QueryColumn::defaults(entity).len());
        assert_eq!(defaults, [7, 7, 8, 6]);
    }

    #[test]
    fn software_and_vulnerabilities_of_a_fleet_have_counts_and_nothing_of_single_records() {
        let column = |text: &str, entity| QueryColumn::parse(text, entity).map(|column| column.many);
        assert!(!column("imageCount", Entity::Software).unwrap());
        assert!(column("imageCount", Entity::Image).is_err());
        assert!(column("fixVersion", Entity::Software).unwrap());
        assert!(column("vulnerabilities.qid", Entity::Software).is_err());
        let refused = column("result", Entity::Vulnerability).unwrap_err().to_string();
        assert!(refused.contains("single images and containers"), "{refused}");
        assert!(column("vulnerabilities.software.name", Entity::Container).unwrap());
        assert_eq!(
            QueryColumn::parse_list(" qid, ,title ", Entity::Vulnerability).map(|all| all.len()),
            Ok(2)
        );
        assert!(QueryColumn::parse_list("qid,title,qid", Entity::Vulnerability).is_err());
        let order = QueryOrder::parse("containerCount:DESC", Entity::Vulnerability);
        assert_eq!(order, Ok(QueryOrder::Containers { descending: true }));
        assert!(QueryOrder::parse("imageCount:down", Entity::Software).is_err());
        assert!(QueryOrder::parse("imageCount", Entity::Image).is_err());
    }
}
