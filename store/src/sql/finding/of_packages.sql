SELECT package, qid, first_found, ended
FROM finding_first_seen
WHERE package IN ({list})
ORDER BY package, qid
