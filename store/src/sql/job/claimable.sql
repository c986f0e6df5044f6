SELECT customer, uuid
FROM job
WHERE state IN (1, 2) AND claimed_until < $1 AND kind IN ({list})
ORDER BY created, uuid
LIMIT 1
