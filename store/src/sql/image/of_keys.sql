SELECT customer, uuid, id, created_at, updated, last_scanned, inventory, sources, names, document
FROM image
WHERE customer = $1 AND uuid IN ({list})
