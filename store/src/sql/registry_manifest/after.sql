SELECT customer, registry, digest, state, image, built
FROM registry_manifest
WHERE (customer, registry, digest) > ($1, $2, $3)
ORDER BY customer, registry, digest
LIMIT $4
