SELECT customer, uuid, registry, status, due, schedule, progress, events, pending, run, claimed_by, claimed_until,
    started, ended, created, updated
FROM registry_schedule
WHERE status = 3 AND run = $1
