INSERT INTO secret (name, value, created) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING
