INSERT INTO package (id, identity, created, changed) VALUES
