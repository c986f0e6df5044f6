SELECT tag_member.customer, tag_member.entity, tag.name
FROM tag_member
JOIN tag ON tag.customer = tag_member.customer AND tag.uuid = tag_member.tag
WHERE tag_member.customer = $1 AND tag_member.kind = $2 AND tag_member.entity IN ({list})
ORDER BY tag_member.entity, tag.name
