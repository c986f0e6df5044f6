SELECT uuid, kind, settings, created
FROM registry_connector
WHERE customer = $1
ORDER BY created, uuid
