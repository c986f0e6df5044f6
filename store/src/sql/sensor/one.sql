SELECT sensor.customer, sensor.uuid, sensor.name, sensor.kind, sensor.public_key, sensor.token, sensor.enrolled,
    sensor.profile, sensor.wanted_version, sensor.resync, sensor.revoked, sensor_state.version, sensor_state.host,
    sensor_state.heartbeat, sensor_state.seen, sensor_state.pause
FROM sensor_state
JOIN sensor ON sensor.customer = sensor_state.customer AND sensor.uuid = sensor_state.uuid
WHERE sensor_state.customer = $1 AND sensor_state.uuid = $2
