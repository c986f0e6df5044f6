SELECT day, document
FROM fleet_day
WHERE customer = $1 AND scope = $2 AND day >= $3 AND day <= $4
ORDER BY day
