INSERT INTO image
    (customer, uuid, id, created_at, updated, last_scanned, inventory, sources, names, document, tags, cause, since, registries)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (customer, uuid) DO UPDATE SET
    updated = excluded.updated,
    last_scanned = excluded.last_scanned,
    inventory = excluded.inventory,
    sources = excluded.sources,
    names = excluded.names,
    document = excluded.document,
    tags = excluded.tags,
    cause = excluded.cause,
    since = excluded.since
