DELETE FROM sensor_token WHERE customer = $1 AND uuid = $2
