SELECT updated, customer, uuid, cause
FROM image
WHERE updated > $1
ORDER BY updated
LIMIT $2
