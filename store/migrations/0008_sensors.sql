-- Lets sensors enrol: as many as it was made for. Of its secret only the digest is kept.
-- spread: copied.
CREATE TABLE sensor_token (
    uuid {bytes} NOT NULL PRIMARY KEY,
    customer {bytes} NOT NULL,
    digest {bytes} NOT NULL,
    profile {bytes},
    created {int} NOT NULL,
    created_by {text} NOT NULL,
    expires {int} NOT NULL,
    uses {int} NOT NULL,
    used {int} NOT NULL
) {table};

-- Who a sensor is and what people want of it. Asked for by the uuid alone at every call of a sensor.
-- spread: copied.
CREATE TABLE sensor (
    uuid {bytes} NOT NULL PRIMARY KEY,
    customer {bytes} NOT NULL,
    name {text} NOT NULL,
    kind {text} NOT NULL,
    public_key {bytes} NOT NULL UNIQUE,
    token {bytes} NOT NULL,
    enrolled {int} NOT NULL,
    profile {bytes},
    wanted_version {text},
    resync {int} NOT NULL,
    revoked {int}
) {table};

CREATE INDEX sensor_by_customer ON sensor (customer, uuid);

-- What a sensor said of itself last; `host` and `heartbeat` are JSON. `pause` is how many milliseconds it was told to wait before
-- it says the next.
-- spread: customer.
CREATE TABLE sensor_state (
    customer {bytes} NOT NULL,
    uuid {bytes} NOT NULL,
    version {text} NOT NULL,
    host {text} NOT NULL,
    heartbeat {text},
    seen {int} NOT NULL,
    pause {int} NOT NULL,
    PRIMARY KEY (customer, uuid)
) {table};

-- What sensors shall do: `document` as it was given, `settings` as sensors are told it, both JSON.
-- spread: copied.
CREATE TABLE sensor_profile (
    customer {bytes} NOT NULL,
    uuid {bytes} NOT NULL,
    name {text} NOT NULL,
    kind {text} NOT NULL,
    description {text} NOT NULL,
    document {text} NOT NULL,
    settings {text} NOT NULL,
    created {int} NOT NULL,
    updated {int} NOT NULL,
    PRIMARY KEY (customer, uuid),
    UNIQUE (customer, name)
) {table};
