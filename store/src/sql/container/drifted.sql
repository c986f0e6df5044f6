SELECT container.uuid
FROM container_image
JOIN container ON container.customer = container_image.customer AND container.image = container_image.number
WHERE container_image.customer = $1 AND substr(container_image.image, 1, 6) = $2 AND container_image.image = $3
    AND container.inside IS NOT NULL
