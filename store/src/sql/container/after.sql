SELECT customer, uuid, id, image, state, created_at, updated, observed_at, document, cause
FROM container
WHERE (customer, uuid) > ($1, $2)
ORDER BY customer, uuid
LIMIT $3
