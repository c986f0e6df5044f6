SELECT clock, customer, kind, key, deleted, cause
FROM change
WHERE clock > $1
ORDER BY clock, customer, kind, key
LIMIT $2
