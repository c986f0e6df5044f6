SELECT customer, uuid
FROM image
WHERE (customer, uuid) > ($1, $2)
ORDER BY customer, uuid
LIMIT $3
