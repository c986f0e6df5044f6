INSERT INTO container_image (customer, number, image, content) VALUES ($1, $2, $3, $4)
