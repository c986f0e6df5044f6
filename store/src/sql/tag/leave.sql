DELETE FROM tag_member WHERE customer = $1 AND kind = $2 AND entity = $3
