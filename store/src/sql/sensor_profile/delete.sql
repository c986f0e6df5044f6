DELETE FROM sensor_profile WHERE customer = $1 AND uuid = $2
