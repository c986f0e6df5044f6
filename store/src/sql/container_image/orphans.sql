SELECT container_image.customer, container_image.number
FROM container_image
WHERE NOT EXISTS (
    SELECT 1
    FROM container
    WHERE container.customer = container_image.customer AND container.image = container_image.number
)
ORDER BY container_image.customer, container_image.number
LIMIT $1
