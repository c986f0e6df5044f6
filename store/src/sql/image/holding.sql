SELECT inventory FROM image WHERE substr(inventory, 1, 6) IN ({list})
