UPDATE container SET updated = $3 WHERE customer = $1 AND uuid = $2
