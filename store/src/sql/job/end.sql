UPDATE job SET state = $3, result = $4, finished = $5, claimed_by = NULL, claimed_until = 0
WHERE customer = $1 AND uuid = $2
