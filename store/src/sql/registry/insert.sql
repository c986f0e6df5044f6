INSERT INTO registry (customer, uuid, settings, secret, created, updated) VALUES ($1, $2, $3, $4, $5, $5)
