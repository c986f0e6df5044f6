SELECT customer, uuid, settings, CASE WHEN secret IS NULL THEN 0 ELSE 1 END, event_secret, created, updated
FROM registry
WHERE customer = $1 AND uuid = $2
