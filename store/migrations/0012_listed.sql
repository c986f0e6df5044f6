-- Registries that list an image: their uuids one behind the other, sorted; null for none. They follow from the tables below, and
-- stand here because every list of images shows them.
ALTER TABLE image ADD COLUMN registries {bytes};

CREATE INDEX registry_manifest_by_image ON registry_manifest (customer, image);

CREATE INDEX registry_tag_by_digest ON registry_tag (customer, registry, digest);
