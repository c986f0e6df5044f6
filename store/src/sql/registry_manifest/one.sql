SELECT state, image, built
FROM registry_manifest
WHERE customer = $1 AND registry = $2 AND digest = $3
