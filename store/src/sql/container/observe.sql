UPDATE container SET seen = $3 WHERE customer = $1 AND uuid = $2
