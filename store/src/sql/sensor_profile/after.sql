SELECT customer, uuid, name, kind, description, document, settings, created, updated
FROM sensor_profile
WHERE (customer, uuid) > ($1, $2)
ORDER BY customer, uuid
LIMIT $3
