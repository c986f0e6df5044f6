SELECT registry_tag.registry, registry_tag.repository, registry_tag.tag
FROM registry_manifest
JOIN registry_tag ON registry_tag.customer = registry_manifest.customer
    AND registry_tag.registry = registry_manifest.registry
    AND registry_tag.digest = registry_manifest.digest
WHERE registry_manifest.customer = $1 AND registry_manifest.registry = $2 AND registry_manifest.image = $3
ORDER BY registry_tag.repository, registry_tag.tag
