SELECT id, identity, created, changed, fingerprint
FROM package
WHERE changed > $1 AND id > $2
ORDER BY id
LIMIT $3
