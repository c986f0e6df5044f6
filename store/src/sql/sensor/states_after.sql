SELECT customer, uuid, version, host, heartbeat, seen, pause
FROM sensor_state
WHERE (customer, uuid) > ($1, $2)
ORDER BY customer, uuid
LIMIT $3
