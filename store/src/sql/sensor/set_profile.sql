UPDATE sensor SET profile = $3 WHERE customer = $1 AND uuid = $2
