SELECT customer, uuid, registry, status, due, schedule, progress, events, pending, run, claimed_by, claimed_until,
    started, ended, created, updated
FROM registry_schedule
WHERE customer = $1 AND status IN (2, 3) AND claimed_until < $2
ORDER BY updated, uuid
LIMIT 1
