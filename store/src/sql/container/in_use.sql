SELECT count(*)
FROM container
WHERE customer = $1 AND substr(image, 1, 6) = $2 AND image = $3 AND state IN (1, 2, 3, 4)
