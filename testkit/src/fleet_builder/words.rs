//! Words that names are made of.

/// Fields of work that teams are named after.
pub(super) const AREAS: [&str; 40] = [
    "payments", "billing", "checkout", "catalog", "search", "identity", "accounts", "orders", "shipping", "inventory",
    "pricing", "fraud", "ledger", "risk", "claims", "underwriting", "analytics", "reporting", "ingest", "streaming",
    "media", "images", "mail", "notifications", "chat", "support", "crm", "marketing", "ads", "recommendations", "ml",
    "data-lake", "warehouse", "platform", "observability", "security", "edge", "gateway", "mobile", "partner",
];

/// What a service does.
pub(super) const ROLES: [&str; 32] = [
    "api", "worker", "web", "scheduler", "consumer", "producer", "sync", "exporter", "importer", "proxy", "cache",
    "auth", "admin", "batch", "cron", "gateway", "indexer", "processor", "router", "validator", "renderer", "uploader",
    "collector", "aggregator", "migrator", "bot", "portal", "bff", "hooks", "events", "mirror", "agent",
];

/// Registries and how many of a hundred images lie in each.
pub(super) const REGISTRIES: [(&str, u64); 5] = [
    ("registry.example.com", 55),
    ("docker.io", 8),
    ("ghcr.example.net", 12),
    ("123456789012.dkr.ecr.eu-central-1.example.com", 20),
    ("quay.example.org", 5),
];

/// Tags that scopes are made of.
pub(super) const TAGS: [&str; 12] = [
    "prod", "staging", "development", "pci", "internet-facing", "emea", "amer", "apac", "tier-1", "legacy", "regulated",
    "platform-owned",
];
