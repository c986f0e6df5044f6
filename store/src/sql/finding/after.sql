SELECT package, qid, first_found, ended
FROM finding_first_seen
WHERE (package, qid) > ($1, $2)
ORDER BY package, qid
LIMIT $3
