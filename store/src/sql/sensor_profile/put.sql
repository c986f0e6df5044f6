INSERT INTO sensor_profile (customer, uuid, name, kind, description, document, settings, created, updated)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (customer, uuid) DO UPDATE SET
    name = excluded.name,
    kind = excluded.kind,
    description = excluded.description,
    document = excluded.document,
    settings = excluded.settings,
    updated = excluded.updated
