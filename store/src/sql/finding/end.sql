UPDATE finding_first_seen SET ended = $3 WHERE package = $1 AND qid = $2
