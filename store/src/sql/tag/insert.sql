INSERT INTO tag (customer, uuid, name, created) VALUES ($1, $2, $3, $4) ON CONFLICT (customer, uuid) DO NOTHING
