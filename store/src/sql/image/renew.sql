UPDATE image SET tags = $3 WHERE customer = $1 AND uuid = $2
