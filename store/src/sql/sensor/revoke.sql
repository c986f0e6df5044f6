UPDATE sensor SET revoked = $3 WHERE customer = $1 AND uuid = $2 AND revoked IS NULL
