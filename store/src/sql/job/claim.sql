UPDATE job SET
    state = 2,
    started = coalesce(started, $4),
    claimed_by = $3,
    claimed_until = $5
WHERE customer = $1 AND uuid = $2
RETURNING customer, uuid, kind, state, payload, total, done, kept, result, created, started, finished,
    claimed_by, claimed_until
