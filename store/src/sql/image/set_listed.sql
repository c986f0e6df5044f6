UPDATE image SET registries = $3, updated = $4, cause = $5 WHERE customer = $1 AND uuid = $2
