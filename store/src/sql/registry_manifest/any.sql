SELECT 1 FROM registry_manifest WHERE customer = $1 LIMIT 1
