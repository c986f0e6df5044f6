SELECT customer, uuid, id, created_at, updated, last_scanned, inventory, sources, names, document, tags
FROM image
WHERE customer = $1 AND uuid = $2
