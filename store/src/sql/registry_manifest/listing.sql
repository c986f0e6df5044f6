SELECT registry_manifest.registry
FROM registry_manifest
WHERE registry_manifest.customer = $1 AND registry_manifest.image = $2 AND EXISTS (
    SELECT 1 FROM registry_tag
    WHERE registry_tag.customer = registry_manifest.customer
        AND registry_tag.registry = registry_manifest.registry
        AND registry_tag.digest = registry_manifest.digest
)
