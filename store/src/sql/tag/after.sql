SELECT customer, uuid, name
FROM tag
WHERE (customer, uuid) > ($1, $2)
ORDER BY customer, uuid
LIMIT $3
