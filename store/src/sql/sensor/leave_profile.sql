UPDATE sensor SET profile = NULL WHERE customer = $1 AND profile = $2
