SELECT digest, content FROM inventory WHERE digest IN ({list})
