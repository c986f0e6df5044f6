SELECT clock, customer, kind, key, deleted, cause, detail
FROM change
WHERE customer = $1 AND kind = $2 AND key IN ({list})
