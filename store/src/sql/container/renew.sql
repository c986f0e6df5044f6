UPDATE container SET state = $3, document = $4 WHERE customer = $1 AND uuid = $2
