SELECT observed_at, document FROM host WHERE customer = $1 AND uuid = $2
