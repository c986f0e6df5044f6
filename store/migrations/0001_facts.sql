-- The facts. Types in braces are put in by the driver. The first line of each table says how it is spread over
-- the machines of a distributed database: by a column that is part of every key, or as a copy on each machine.

-- spread: copied. The one row whose lock orders all writers.
CREATE TABLE clock (
    one {int} NOT NULL PRIMARY KEY CHECK (one = 1),
    now {int} NOT NULL
) {table};

-- spread: customer. The latest change of each thing; `deleted` entries are what is left of it.
CREATE TABLE change (
    customer {bytes} NOT NULL,
    kind {int} NOT NULL,
    key {bytes} NOT NULL,
    clock {int} NOT NULL,
    deleted {int} NOT NULL,
    cause {text},
    PRIMARY KEY (customer, kind, key)
) {keyed};

CREATE INDEX change_by_clock ON change (clock);

-- spread: copied.
CREATE TABLE customer (
    uuid {bytes} NOT NULL PRIMARY KEY,
    name {text} NOT NULL,
    created {int} NOT NULL
) {table};

-- spread: copied. `scope` is a JSON list of tag names, null for everything.
CREATE TABLE account (
    uuid {bytes} NOT NULL PRIMARY KEY,
    customer {bytes} NOT NULL,
    name {text} NOT NULL UNIQUE,
    password {text} NOT NULL,
    role {text} NOT NULL,
    scope {text},
    disabled {int} NOT NULL,
    created {int} NOT NULL
) {table};

-- spread: copied.
CREATE TABLE tag (
    customer {bytes} NOT NULL,
    uuid {bytes} NOT NULL,
    name {text} NOT NULL,
    created {int} NOT NULL,
    PRIMARY KEY (customer, uuid),
    UNIQUE (customer, name)
) {table};

-- spread: customer. `kind` is that of the change log.
CREATE TABLE tag_member (
    customer {bytes} NOT NULL,
    kind {int} NOT NULL,
    entity {bytes} NOT NULL,
    tag {bytes} NOT NULL,
    PRIMARY KEY (customer, kind, entity, tag)
) {keyed};

-- spread: copied. `identity` is the canonical form of the package; `fingerprint` is null until it is judged.
CREATE TABLE package (
    id {int} NOT NULL PRIMARY KEY,
    identity {text} NOT NULL,
    created {int} NOT NULL,
    changed {int} NOT NULL,
    fingerprint {int},
    {unique_long} (identity {each})
) {table};

CREATE INDEX package_by_changed ON package (changed);

-- spread: copied.
CREATE TABLE finding_first_seen (
    package {int} NOT NULL,
    qid {int} NOT NULL,
    first_found {int} NOT NULL,
    ended {int},
    PRIMARY KEY (package, qid)
) {keyed};

-- spread: digest. Shared by all images with the same content.
CREATE TABLE inventory (
    digest {bytes} NOT NULL PRIMARY KEY,
    content {bytes} NOT NULL
) {table};

-- spread: customer. `sources` and `names` are JSON lists.
CREATE TABLE image (
    customer {bytes} NOT NULL,
    uuid {bytes} NOT NULL,
    id {bytes} NOT NULL,
    created_at {int} NOT NULL,
    updated {int} NOT NULL,
    last_scanned {int} NOT NULL,
    inventory {bytes} NOT NULL,
    sources {text} NOT NULL,
    names {text} NOT NULL,
    document {bytes} NOT NULL,
    PRIMARY KEY (customer, uuid)
) {table};

-- spread: customer. `image` is the image's id, set whether or not that image is known.
CREATE TABLE container (
    customer {bytes} NOT NULL,
    uuid {bytes} NOT NULL,
    id {bytes} NOT NULL,
    host {bytes} NOT NULL,
    image {bytes},
    created_at {int} NOT NULL,
    updated {int} NOT NULL,
    observed_at {int} NOT NULL,
    document {bytes} NOT NULL,
    PRIMARY KEY (customer, uuid)
) {keyed};

-- spread: customer. `document` is JSON.
CREATE TABLE host (
    customer {bytes} NOT NULL,
    uuid {bytes} NOT NULL,
    hostname {text} NOT NULL,
    observed_at {int} NOT NULL,
    document {text} NOT NULL,
    PRIMARY KEY (customer, uuid)
) {table};

-- spread: copied.
CREATE TABLE secret (
    name {text} NOT NULL PRIMARY KEY,
    value {bytes} NOT NULL,
    created {int} NOT NULL
) {table};

-- spread: copied. Small notes of the program to itself.
CREATE TABLE meta (
    name {text} NOT NULL PRIMARY KEY,
    value {text} NOT NULL
) {table};

INSERT INTO clock (one, now) VALUES (1, 0);
