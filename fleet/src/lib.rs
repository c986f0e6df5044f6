//! The fleet index: an in-memory projection of the database that answers every list and every question for a record.
//!
//! What it is for: holding images, containers and packages with their judgements in plain columns and bitmaps,
//! following the change log, judging packages, and answering filtered, scoped, sorted and paged questions exactly.
//! What it is not for: keeping anything. It can be thrown away at any time; the database is the truth. It renders
//! nothing either; see [`views`].
//!
//! From bottom to top: `table` is what tables are made of; `facts` are the tables, and how a step changes them; `eval`
//! and `sort` answer conditions and orders over them; `state` is one state of the index with its answers; `follow` and
//! `load` make states from the store; `fleet` and `lists` are the face.
//!
//! The decision a reader may doubt: a change is applied strictly in the order of the store's clock, also a change of
//! judgements that this very process made. Only so can an export cursor promise that nothing new ever appears behind it.

mod aggregate;
mod ask;
mod bulk;
mod complete;
mod dictionary;
mod error;
mod eval;
mod facts;
mod fleet;
mod follow;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod judge;
mod lists;
mod load;
mod page;
mod persist;
mod query;
mod rejudge;
mod request;
#[cfg(test)]
mod simulation;
mod sort;
mod state;
mod table;
mod threads;
pub mod views;

pub use aggregate::{FleetVulnerabilities, FleetVulnerability, SeverityTotals, StateTotals, Summary};
pub use ask::{
    Association, GroupBy, GroupKey, GroupList, GroupRow, HostTotals, Inside, Part, Selection, Window,
    WindowPlace, WindowRequest,
};
pub use bulk::Export;
pub use dictionary::{Fragments, SeverityCounts};
pub use error::FleetError;
pub use facts::{FeedChange, FeedPlace, FindingRow, Identity, PackageEntry, PackageText};
pub use fleet::{Fleet, FleetStats, SaveError, SavePace, Saved};
pub use knowledge::Bundle;
pub use matcher::inquiry;
pub use matcher::risk::Band as RiskBand;
pub use matcher::{ReportJudgement, judge_report};
pub use qql::{Entity, Sort};
pub use query::{QueryColumn, QueryOrder, QueryRequest, QueryResult, QueryValue};
pub use request::{BulkPage, BulkRequest, ListPage, ListRequest, Lookup, Scope};
pub use views::{Affected, BulkContainer, BulkImage, Content, Found, SoftwareRow};
pub use views::{
    AffectedView, BaseView, ContainerView, HostView, ImageContent, ImageView, RiskView, SoftwareView,
    VulnerabilityView,
};
pub use views::{ContainerBrief, ImageBrief, ReadyAffected, ReadyFound, ReadyPlace, ReadyRows};
