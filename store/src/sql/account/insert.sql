INSERT INTO account (uuid, customer, name, password, role, scope, disabled, created)
VALUES ($1, $2, $3, $4, $5, $6, 0, $7)
ON CONFLICT (name) DO NOTHING
