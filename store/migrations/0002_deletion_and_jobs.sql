-- What the latest change of a living record was is told by the record itself: when by `updated`, why by `cause`. The
-- change log keeps what no record can tell: what is left of deleted ones, and judgements.
ALTER TABLE change ADD COLUMN detail {text};

DELETE FROM change WHERE kind <> 3;

ALTER TABLE image ADD COLUMN cause {int} NOT NULL DEFAULT 1;

-- A JSON list of the names of its tags, null for none. Those of a container are in its document.
ALTER TABLE image ADD COLUMN tags {text};

CREATE INDEX image_by_updated ON image (updated);

-- The first bytes of a digest tell nearly all apart at a fifth of its size.
CREATE INDEX image_by_inventory ON image (substr(inventory, 1, 6));

ALTER TABLE container RENAME TO container_before;

-- The host's uuid follows from the document.
-- spread: customer. `image` is the image's id, set whether or not that image is known.
CREATE TABLE container (
    customer {bytes} NOT NULL,
    uuid {bytes} NOT NULL,
    id {bytes} NOT NULL,
    image {bytes},
    state {int} NOT NULL,
    created_at {int} NOT NULL,
    updated {int} NOT NULL,
    observed_at {int} NOT NULL,
    cause {int} NOT NULL,
    document {bytes} NOT NULL,
    PRIMARY KEY (customer, uuid)
) {table};

-- Then each row is written anew: the state is read out of its document, and its tags are put into it.
INSERT INTO container
    (customer, uuid, id, image, state, created_at, updated, observed_at, cause, document)
SELECT customer, uuid, id, image, 6, created_at, updated, observed_at, 2, document
FROM container_before;

DROP TABLE container_before;

CREATE INDEX container_by_updated ON container (updated);

CREATE INDEX container_by_image ON container (substr(image, 1, 6));

-- spread: customer. `claimed_until` is 0 while nobody works on it.
CREATE TABLE job (
    customer {bytes} NOT NULL,
    uuid {bytes} NOT NULL,
    kind {text} NOT NULL,
    state {int} NOT NULL,
    payload {text} NOT NULL,
    total {int} NOT NULL,
    done {int} NOT NULL,
    kept {int} NOT NULL,
    result {text},
    created {int} NOT NULL,
    started {int},
    finished {int},
    claimed_by {text},
    claimed_until {int} NOT NULL,
    PRIMARY KEY (customer, uuid)
) {table};

CREATE INDEX job_by_state ON job (state, created);

-- The records that a job is about, a part of them in each row: `content` is their uuids, one behind the other, until
-- they are worked off; `outcome` is then a JSON list of those that were left as they are.
-- spread: customer.
CREATE TABLE job_part (
    customer {bytes} NOT NULL,
    job {bytes} NOT NULL,
    part {int} NOT NULL,
    content {bytes},
    outcome {text},
    PRIMARY KEY (customer, job, part)
) {table};

-- spread: customer. The state of a fleet at the end of a day, counted from 1970-01-01 UTC; `document` is JSON.
CREATE TABLE fleet_day (
    customer {bytes} NOT NULL,
    scope {text} NOT NULL,
    day {int} NOT NULL,
    document {text} NOT NULL,
    PRIMARY KEY (customer, scope, day)
) {table};
