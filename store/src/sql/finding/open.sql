INSERT INTO finding_first_seen (package, qid, first_found) VALUES ($1, $2, $3)
ON CONFLICT (package, qid) DO UPDATE SET ended = NULL
