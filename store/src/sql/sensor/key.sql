SELECT customer, uuid, name, kind, public_key, revoked FROM sensor WHERE uuid = $1
