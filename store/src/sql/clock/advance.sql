UPDATE clock SET now = CASE WHEN now + 1 > $1 THEN now + 1 ELSE $1 END RETURNING now
