DELETE FROM sensor_state WHERE customer = $1 AND uuid = $2
