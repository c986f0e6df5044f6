SELECT customer, uuid, hostname, document
FROM host
WHERE (customer, uuid) > ($1, $2)
ORDER BY customer, uuid
LIMIT $3
