SELECT updated, customer, uuid, cause
FROM container
WHERE updated > $1
ORDER BY updated
LIMIT $2
