INSERT INTO sensor_state (customer, uuid, version, host, seen, pause) VALUES ($1, $2, $3, $4, $5, $6)
