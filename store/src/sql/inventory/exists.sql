SELECT count(*) FROM inventory WHERE digest = $1
