UPDATE container SET age = age + $3 - updated, updated = $3, cause = $4
WHERE customer = $1 AND image = $2
