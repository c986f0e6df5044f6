UPDATE registry SET settings = $3, updated = $4 WHERE customer = $1 AND uuid = $2
