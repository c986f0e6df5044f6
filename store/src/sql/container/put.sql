INSERT INTO container
    (customer, uuid, id, host, image, created_at, updated, observed_at, document)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (customer, uuid) DO UPDATE SET
    host = excluded.host,
    image = excluded.image,
    updated = excluded.updated,
    observed_at = excluded.observed_at,
    document = excluded.document
