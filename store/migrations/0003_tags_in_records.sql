-- Every record holds the names of its tags since the step before.
DROP TABLE tag_member;
