INSERT INTO container
    (customer, uuid, id, image, state, age, updated, observed_at, cause, document, inside, inventory)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (customer, uuid) DO UPDATE SET
    image = excluded.image,
    state = excluded.state,
    age = excluded.age,
    updated = excluded.updated,
    observed_at = excluded.observed_at,
    cause = excluded.cause,
    document = excluded.document,
    inside = excluded.inside,
    inventory = excluded.inventory,
    seen = NULL
