-- What a sensor tells of the inside of a container (null: nothing), and the inventory that the container has in place of its
-- image's (null: it has the image's).
ALTER TABLE container ADD COLUMN inside {bytes};

ALTER TABLE container ADD COLUMN inventory {bytes};

CREATE INDEX container_by_inventory ON container (substr(inventory, 1, 6)) WHERE inventory IS NOT NULL;
