DELETE FROM registry WHERE customer = $1 AND uuid = $2
