UPDATE job_part SET content = NULL, outcome = $4
WHERE customer = $1 AND job = $2 AND part = $3
