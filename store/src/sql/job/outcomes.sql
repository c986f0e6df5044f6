SELECT outcome
FROM job_part
WHERE customer = $1 AND job = $2 AND part > $3 AND outcome IS NOT NULL
ORDER BY part
LIMIT $4
