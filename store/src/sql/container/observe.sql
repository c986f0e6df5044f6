UPDATE container SET observed_at = $3 WHERE customer = $1 AND uuid = $2
