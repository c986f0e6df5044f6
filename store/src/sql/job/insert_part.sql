INSERT INTO job_part (customer, job, part, content) VALUES ($1, $2, $3, $4)
