UPDATE sensor_token SET used = used + 1 WHERE uuid = $1 AND used < uses
