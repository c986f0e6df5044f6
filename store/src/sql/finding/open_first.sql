INSERT INTO finding_first_seen (package, qid, first_found) VALUES
