SELECT container.customer, container.uuid, container.id, container_image.image, container.state, container.age,
    container.updated, container.observed_at, container.document, container.image, container_image.content,
    container.inside, container.inventory, container.seen
FROM container
LEFT JOIN container_image
    ON container_image.customer = container.customer AND container_image.number = container.image
WHERE container.customer = $1 AND container.uuid = $2
