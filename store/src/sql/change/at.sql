SELECT clock, customer, kind, key, deleted, cause
FROM change
WHERE clock = $1
ORDER BY customer, kind, key
