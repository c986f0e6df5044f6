SELECT DISTINCT customer, image FROM registry_manifest WHERE image IS NOT NULL
