SELECT DISTINCT registry_tag.repository, registry_tag.digest, registry_manifest.state, registry_manifest.image
FROM registry_tag
LEFT JOIN registry_manifest ON registry_manifest.customer = registry_tag.customer
    AND registry_manifest.registry = registry_tag.registry
    AND registry_manifest.digest = registry_tag.digest
WHERE registry_tag.customer = $1 AND registry_tag.registry = $2
ORDER BY registry_tag.repository
