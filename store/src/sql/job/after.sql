SELECT customer, uuid, kind, state, payload, total, done, kept, result, created, started, finished,
    claimed_by, claimed_until
FROM job
WHERE (customer, uuid) > ($1, $2)
ORDER BY customer, uuid
LIMIT $3
