SELECT DISTINCT repository
FROM registry_tag
WHERE customer = $1 AND registry = $2
ORDER BY repository
