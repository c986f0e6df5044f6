SELECT id, identity FROM package WHERE identity IN ({list})
