UPDATE package SET fingerprint = $2 WHERE id = $1 AND fingerprint IS NULL RETURNING created
