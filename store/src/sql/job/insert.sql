INSERT INTO job (customer, uuid, kind, state, payload, total, done, kept, created, claimed_until)
VALUES ($1, $2, $3, 1, $4, $5, 0, 0, $6, 0)
