SELECT clock, customer, kind, key, deleted, cause, detail
FROM change
WHERE clock = $1
