INSERT INTO finding_first_seen (package, qid, first_found) VALUES ($1, $2, $3)
ON CONFLICT (package, qid) DO UPDATE SET first_found = excluded.first_found, ended = NULL
