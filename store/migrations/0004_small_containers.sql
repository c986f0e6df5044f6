-- What containers of one image share, once: the image's id (null if the runtime does not name it) and `content`, the
-- digest of the manifest and the name. `number` follows from a hash of them.
-- spread: customer.
CREATE TABLE container_image (
    customer {bytes} NOT NULL,
    number {int} NOT NULL,
    image {bytes},
    content {bytes} NOT NULL,
    PRIMARY KEY (customer, number)
) {keyed};

CREATE INDEX container_image_by_image ON container_image (substr(image, 1, 6));

DROP INDEX container_by_updated;

DROP INDEX container_by_image;

ALTER TABLE container RENAME TO container_before;

-- `image` is the number of what it shares with others of its image, null for nothing; `age` is how long before `updated`
-- it was first stored.
-- spread: customer.
CREATE TABLE container (
    customer {bytes} NOT NULL,
    uuid {bytes} NOT NULL,
    id {bytes} NOT NULL,
    image {int},
    state {int} NOT NULL,
    age {int} NOT NULL,
    updated {int} NOT NULL,
    observed_at {int} NOT NULL,
    cause {int} NOT NULL,
    document {bytes} NOT NULL,
    PRIMARY KEY (customer, uuid)
) {table};

CREATE INDEX container_by_updated ON container (updated);

CREATE INDEX container_by_image ON container (image);
