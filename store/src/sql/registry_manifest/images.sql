SELECT DISTINCT image FROM registry_manifest WHERE customer = $1 AND registry = $2 AND image IS NOT NULL
