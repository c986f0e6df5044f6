DELETE FROM job WHERE customer = $1 AND uuid = $2
