SELECT content FROM job_part WHERE customer = $1 AND job = $2 AND part = $3
