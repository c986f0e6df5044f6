SELECT tag, digest
FROM registry_tag
WHERE customer = $1 AND registry = $2 AND repository = $3 AND tag > $4
ORDER BY tag
LIMIT $5
