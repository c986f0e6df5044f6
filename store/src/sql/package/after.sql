SELECT id, identity, created, changed, fingerprint
FROM package
WHERE id > $1
ORDER BY id
LIMIT $2
