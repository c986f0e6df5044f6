INSERT INTO sensor (uuid, customer, name, kind, public_key, token, enrolled, profile, resync)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)
