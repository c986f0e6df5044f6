-- Registries that are walked for images. `settings` is JSON; `secret` is sealed, `event_secret` the digest of what a
-- registry shows when it tells of itself; both are null for none.
-- spread: customer.
CREATE TABLE registry (
    customer {bytes} NOT NULL,
    uuid {bytes} NOT NULL,
    settings {text} NOT NULL,
    secret {bytes},
    event_secret {bytes},
    created {int} NOT NULL,
    updated {int} NOT NULL,
    PRIMARY KEY (customer, uuid)
) {table};

-- Logins that several registries share. `settings` is JSON, `secret` sealed.
-- spread: customer.
CREATE TABLE registry_connector (
    customer {bytes} NOT NULL,
    uuid {bytes} NOT NULL,
    kind {text} NOT NULL,
    settings {text} NOT NULL,
    secret {bytes},
    created {int} NOT NULL,
    PRIMARY KEY (customer, uuid)
) {table};

-- When registries are walked, and how far the latest walk is. `due` is 0 for never, `claimed_until` 0 while nobody is at it;
-- `run` names the claim. `events` are what a walk is about, `pending` what the next one is about; all texts are JSON.
-- spread: customer.
CREATE TABLE registry_schedule (
    customer {bytes} NOT NULL,
    uuid {bytes} NOT NULL,
    registry {bytes} NOT NULL,
    status {int} NOT NULL,
    due {int} NOT NULL,
    schedule {text} NOT NULL,
    progress {text} NOT NULL,
    events {text},
    pending {text},
    run {bytes},
    claimed_by {text},
    claimed_until {int} NOT NULL,
    started {int},
    ended {int},
    created {int} NOT NULL,
    updated {int} NOT NULL,
    PRIMARY KEY (customer, uuid)
) {table};

CREATE INDEX registry_schedule_by_status ON registry_schedule (status, due);

-- What tags named when their registry was last walked.
-- spread: customer.
CREATE TABLE registry_tag (
    customer {bytes} NOT NULL,
    registry {bytes} NOT NULL,
    repository {text} NOT NULL,
    tag {text} NOT NULL,
    digest {bytes} NOT NULL,
    PRIMARY KEY (customer, registry, repository, tag)
) {keyed};

-- What was found in manifests. `image` is the image's id, null if there is none.
-- spread: customer.
CREATE TABLE registry_manifest (
    customer {bytes} NOT NULL,
    registry {bytes} NOT NULL,
    digest {bytes} NOT NULL,
    state {int} NOT NULL,
    image {bytes},
    built {int},
    PRIMARY KEY (customer, registry, digest)
) {keyed};
