INSERT INTO tag_member (customer, kind, entity, tag) VALUES ($1, $2, $3, $4)
ON CONFLICT (customer, kind, entity, tag) DO NOTHING
