SELECT count(*) FROM container WHERE customer = $1 AND image = $2 AND state IN (1, 2, 3, 4)
