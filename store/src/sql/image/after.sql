SELECT customer, uuid, id, created_at, updated, last_scanned, inventory, sources, names, document, tags, since, registries, cause
FROM image
WHERE (customer, uuid) > ($1, $2)
ORDER BY customer, uuid
LIMIT $3
