SELECT customer, uuid
FROM job
WHERE state IN (3, 4, 5) AND finished < $1
ORDER BY finished
LIMIT $2
