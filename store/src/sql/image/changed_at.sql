SELECT updated, customer, uuid, cause
FROM image
WHERE updated = $1
