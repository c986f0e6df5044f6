INSERT INTO fleet_day (customer, scope, day, document) VALUES ($1, $2, $3, $4)
ON CONFLICT (customer, scope, day) DO UPDATE SET document = excluded.document
