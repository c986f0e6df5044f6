SELECT tag.name
FROM tag_member
JOIN tag ON tag.customer = tag_member.customer AND tag.uuid = tag_member.tag
WHERE tag_member.customer = $1 AND tag_member.kind = $2 AND tag_member.entity = $3
ORDER BY tag.name
