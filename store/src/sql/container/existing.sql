SELECT customer, uuid FROM container WHERE customer = $1 AND uuid IN ({list})
