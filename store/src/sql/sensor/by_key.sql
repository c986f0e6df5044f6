SELECT customer, uuid, token, revoked FROM sensor WHERE public_key = $1
