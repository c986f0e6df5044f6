SELECT job_part.customer, job_part.job, job_part.part, job_part.content, job.done
FROM job_part
LEFT JOIN job ON job.customer = job_part.customer AND job.uuid = job_part.job
WHERE (job_part.customer, job_part.job, job_part.part) > ($1, $2, $3)
ORDER BY job_part.customer, job_part.job, job_part.part
LIMIT $4
