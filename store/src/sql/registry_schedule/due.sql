SELECT customer, uuid, registry, status, due, schedule, progress, events, pending, run, claimed_by, claimed_until,
    started, ended, created, updated
FROM registry_schedule
WHERE status <> 2 AND status <> 3 AND status <> 8 AND due > 0 AND due <= $1
ORDER BY due, uuid
LIMIT $2
