SELECT image, content FROM container_image WHERE customer = $1 AND number = $2
