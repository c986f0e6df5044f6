SELECT customer, uuid FROM image WHERE customer = $1 AND uuid IN ({list})
