UPDATE image SET updated = $3, cause = $4 WHERE customer = $1 AND uuid = $2
