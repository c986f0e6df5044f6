SELECT tag_member.customer, tag_member.kind, tag_member.entity, tag_member.tag, tag.name
FROM tag_member
LEFT JOIN tag ON tag.customer = tag_member.customer AND tag.uuid = tag_member.tag
WHERE (tag_member.customer, tag_member.kind, tag_member.entity, tag_member.tag) > ($1, $2, $3, $4)
ORDER BY tag_member.customer, tag_member.kind, tag_member.entity, tag_member.tag
LIMIT $5
