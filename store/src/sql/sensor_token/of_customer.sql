SELECT uuid, customer, profile, created, created_by, expires, uses, used
FROM sensor_token
WHERE customer = $1
ORDER BY created, uuid
