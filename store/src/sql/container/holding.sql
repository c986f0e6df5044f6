SELECT inventory FROM container WHERE inventory IS NOT NULL AND substr(inventory, 1, 6) IN ({list})
