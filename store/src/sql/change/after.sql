SELECT clock, customer, kind, key, deleted, cause, detail
FROM change
WHERE clock > $1
ORDER BY clock
LIMIT $2
