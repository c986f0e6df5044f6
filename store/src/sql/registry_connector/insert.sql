INSERT INTO registry_connector (customer, uuid, kind, settings, secret, created) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (customer, uuid) DO UPDATE SET settings = excluded.settings, secret = excluded.secret
