SELECT created, fingerprint FROM package WHERE id = $1
