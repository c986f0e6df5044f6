INSERT INTO host (customer, uuid, hostname, observed_at, document) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (customer, uuid) DO UPDATE SET observed_at = excluded.observed_at, document = excluded.document
