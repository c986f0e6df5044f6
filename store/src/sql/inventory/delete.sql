DELETE FROM inventory WHERE digest = $1
