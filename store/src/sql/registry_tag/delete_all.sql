DELETE FROM registry_tag WHERE customer = $1 AND registry = $2
