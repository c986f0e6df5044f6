UPDATE sensor_state SET version = $3, host = coalesce($4, host), heartbeat = $5, seen = $6, pause = $7
WHERE customer = $1 AND uuid = $2
