DELETE FROM registry_manifest WHERE customer = $1 AND registry = $2
