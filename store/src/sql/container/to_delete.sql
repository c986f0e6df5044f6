SELECT id, image, document FROM container WHERE customer = $1 AND uuid = $2
