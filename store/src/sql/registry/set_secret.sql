UPDATE registry SET secret = $3 WHERE customer = $1 AND uuid = $2
