SELECT customer, uuid, id, host, image, created_at, updated, observed_at, document
FROM container
WHERE (customer, uuid) > ($1, $2)
ORDER BY customer, uuid
LIMIT $3
