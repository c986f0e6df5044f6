SELECT customer, uuid, id, image, state, created_at, updated, observed_at, document
FROM container
WHERE customer = $1 AND uuid = $2
