SELECT updated, customer, uuid, cause
FROM container
WHERE updated = $1
