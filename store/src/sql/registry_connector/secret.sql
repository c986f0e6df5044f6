SELECT secret FROM registry_connector WHERE customer = $1 AND uuid = $2
