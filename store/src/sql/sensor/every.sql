SELECT customer, uuid, name, kind, public_key, revoked, token, enrolled, profile, wanted_version
FROM sensor
WHERE uuid > $1
ORDER BY uuid
LIMIT $2
