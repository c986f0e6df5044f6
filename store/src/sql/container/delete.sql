DELETE FROM container WHERE customer = $1 AND uuid = $2
