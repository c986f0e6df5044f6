SELECT customer, uuid, registry, status, due, schedule, progress, events, pending, run, claimed_by, claimed_until,
    started, ended, created, updated
FROM registry_schedule
WHERE customer = $1
ORDER BY created, uuid
