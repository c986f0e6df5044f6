UPDATE sensor SET name = $3, profile = $4, wanted_version = $5, resync = $6 WHERE customer = $1 AND uuid = $2
