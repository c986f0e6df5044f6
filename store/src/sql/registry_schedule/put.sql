INSERT INTO registry_schedule
    (customer, uuid, registry, status, due, schedule, progress, events, pending, run, claimed_by, claimed_until,
    started, ended, created, updated)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT (customer, uuid) DO UPDATE SET
    status = excluded.status,
    due = excluded.due,
    schedule = excluded.schedule,
    progress = excluded.progress,
    events = excluded.events,
    pending = excluded.pending,
    run = excluded.run,
    claimed_by = excluded.claimed_by,
    claimed_until = excluded.claimed_until,
    started = excluded.started,
    ended = excluded.ended,
    updated = excluded.updated
