UPDATE registry SET event_secret = $3 WHERE customer = $1 AND uuid = $2
