INSERT INTO registry_manifest (customer, registry, digest, state, image, built) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (customer, registry, digest) DO UPDATE SET
    state = excluded.state,
    image = excluded.image,
    built = excluded.built
