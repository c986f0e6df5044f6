UPDATE sensor SET resync = $3 WHERE customer = $1 AND uuid = $2
