SELECT id, identity FROM package WHERE id IN ({list})
