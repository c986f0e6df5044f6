SELECT customer, uuid, settings, CASE WHEN secret IS NULL THEN 0 ELSE 1 END, event_secret, created, updated, secret
FROM registry
WHERE (customer, uuid) > ($1, $2)
ORDER BY customer, uuid
LIMIT $3
