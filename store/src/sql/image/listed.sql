SELECT registries FROM image WHERE customer = $1 AND uuid = $2
