SELECT clock, customer, kind, key, deleted, cause, detail
FROM change
WHERE (customer, kind, key) > ($1, $2, $3)
ORDER BY customer, kind, key
LIMIT $4
