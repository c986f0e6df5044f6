SELECT uuid, profile FROM sensor WHERE customer = $1 AND profile IS NOT NULL ORDER BY uuid
