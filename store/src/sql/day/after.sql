SELECT customer, scope, day, document
FROM fleet_day
WHERE (customer, scope, day) > ($1, $2, $3)
ORDER BY customer, scope, day
LIMIT $4
