SELECT number
FROM container_image
WHERE customer = $1 AND substr(image, 1, 6) = $2 AND image = $3
