SELECT id, image FROM container WHERE customer = $1 AND uuid = $2
