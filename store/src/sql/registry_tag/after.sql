SELECT customer, registry, repository, tag, digest
FROM registry_tag
WHERE (customer, registry, repository, tag) > ($1, $2, $3, $4)
ORDER BY customer, registry, repository, tag
LIMIT $5
