SELECT uuid, customer, profile, created, created_by, expires, uses, used, digest
FROM sensor_token
WHERE uuid > $1
ORDER BY uuid
LIMIT $2
