SELECT digest
FROM inventory
WHERE NOT EXISTS (
    SELECT 1
    FROM image
    WHERE substr(image.inventory, 1, 6) = substr(inventory.digest, 1, 6) AND image.inventory = inventory.digest
)
ORDER BY digest
LIMIT $1
