DELETE FROM sensor_token WHERE expires < $1
