SELECT customer, uuid, inventory FROM image WHERE customer = $1 AND uuid IN ({list})
