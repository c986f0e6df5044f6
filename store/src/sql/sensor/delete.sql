DELETE FROM sensor WHERE customer = $1 AND uuid = $2
