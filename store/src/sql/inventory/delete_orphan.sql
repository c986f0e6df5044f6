DELETE FROM inventory
WHERE digest = $1 AND NOT EXISTS (
    SELECT 1 FROM image WHERE substr(image.inventory, 1, 6) = $2 AND image.inventory = $1
)
