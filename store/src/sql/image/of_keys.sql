SELECT customer, uuid, id, created_at, updated, last_scanned, inventory, sources, names, document, tags, since, registries
FROM image
WHERE customer = $1 AND uuid IN ({list})
