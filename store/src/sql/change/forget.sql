DELETE FROM change WHERE customer = $1 AND kind = $2 AND key = $3
