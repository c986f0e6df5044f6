SELECT customer, uuid, id, created_at, updated, last_scanned, inventory, sources, names, document, tags, since
FROM image
WHERE customer = $1 AND uuid IN ({list})
