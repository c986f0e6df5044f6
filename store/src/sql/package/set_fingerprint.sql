UPDATE package SET fingerprint = $2, changed = $3 WHERE id = $1
