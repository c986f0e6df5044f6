SELECT customer, uuid, registry, status, due, schedule, progress, events, pending, run, claimed_by, claimed_until,
    started, ended, created, updated
FROM registry_schedule
WHERE (customer, uuid) > ($1, $2)
ORDER BY customer, uuid
LIMIT $3
