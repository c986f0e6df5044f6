DELETE FROM container_image
WHERE customer = $1 AND number = $2 AND NOT EXISTS (
    SELECT 1
    FROM container
    WHERE container.customer = container_image.customer AND container.image = container_image.number
)
