UPDATE container SET updated = $4, cause = $5
WHERE customer = $1 AND substr(image, 1, 6) = $2 AND image = $3
