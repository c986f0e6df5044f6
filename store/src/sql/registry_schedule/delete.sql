DELETE FROM registry_schedule WHERE customer = $1 AND uuid = $2
