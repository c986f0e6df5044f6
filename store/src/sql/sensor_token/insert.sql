INSERT INTO sensor_token (uuid, customer, digest, profile, created, created_by, expires, uses, used)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)
