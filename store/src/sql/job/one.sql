SELECT customer, uuid, kind, state, payload, total, done, kept, result, created, started, finished,
    claimed_by, claimed_until
FROM job
WHERE customer = $1 AND uuid = $2
