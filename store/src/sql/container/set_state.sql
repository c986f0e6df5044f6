UPDATE container SET state = $3 WHERE customer = $1 AND uuid = $2
