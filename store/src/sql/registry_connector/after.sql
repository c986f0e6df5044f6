SELECT customer, uuid, settings, secret
FROM registry_connector
WHERE (customer, uuid) > ($1, $2)
ORDER BY customer, uuid
LIMIT $3
