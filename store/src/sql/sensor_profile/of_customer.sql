SELECT customer, uuid, name, kind, description, document, settings, created, updated
FROM sensor_profile
WHERE customer = $1
ORDER BY created, uuid
