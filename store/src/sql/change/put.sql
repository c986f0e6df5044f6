INSERT INTO change (customer, kind, key, clock, deleted, cause, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (customer, kind, key) DO UPDATE SET
    clock = excluded.clock,
    deleted = excluded.deleted,
    cause = excluded.cause,
    detail = excluded.detail
