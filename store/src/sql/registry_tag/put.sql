INSERT INTO registry_tag (customer, registry, repository, tag, digest) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (customer, registry, repository, tag) DO UPDATE SET digest = excluded.digest
