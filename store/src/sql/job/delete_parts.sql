DELETE FROM job_part WHERE customer = $1 AND job = $2
