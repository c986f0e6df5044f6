SELECT uuid FROM sensor_profile WHERE customer = $1 AND name = $2
