UPDATE image SET registries = $3 WHERE customer = $1 AND uuid = $2
