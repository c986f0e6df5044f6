-- The textbook's normal form: a row for each thing and a row for each relation between two.
CREATE TABLE image (
  id bigint NOT NULL, sha text NOT NULL, registry text NOT NULL, repository text NOT NULL, tag text,
  operating_system text, architecture text, size bigint NOT NULL, layers int NOT NULL, source text NOT NULL,
  created bigint, scanned bigint NOT NULL, layer_document jsonb NOT NULL
);
CREATE TABLE image_tag (image bigint NOT NULL, name text NOT NULL);
CREATE TABLE image_label (image bigint NOT NULL, key text NOT NULL, value text NOT NULL);
CREATE TABLE package (
  id bigint NOT NULL, ecosystem text NOT NULL, distro text, name text NOT NULL, version text NOT NULL, source text
);
CREATE TABLE image_package (image bigint NOT NULL, package bigint NOT NULL, layer int, path text NOT NULL);
CREATE TABLE vulnerability (
  qid bigint NOT NULL, title text NOT NULL, actively_attacked boolean NOT NULL, published bigint, document jsonb NOT NULL
);
CREATE TABLE vulnerability_cve (qid bigint NOT NULL, cve text NOT NULL);
CREATE TABLE package_vulnerability (
  package bigint NOT NULL, qid bigint NOT NULL, severity int NOT NULL, risk int NOT NULL, fixed_version text
);
CREATE TABLE container (
  id bigint NOT NULL, sha text NOT NULL, image bigint, name text NOT NULL, state text NOT NULL, host text NOT NULL,
  ip text, namespace text, privileged boolean NOT NULL, created bigint NOT NULL
);
