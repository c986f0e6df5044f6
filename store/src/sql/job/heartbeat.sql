UPDATE job SET done = $4, kept = $5, claimed_until = $6
WHERE customer = $1 AND uuid = $2 AND state = 2 AND claimed_by = $3
