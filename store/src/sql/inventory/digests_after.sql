SELECT digest
FROM inventory
WHERE digest > $1
ORDER BY digest
LIMIT $2
