INSERT INTO customer (uuid, name, created) VALUES ($1, $2, $3) ON CONFLICT (uuid) DO NOTHING
