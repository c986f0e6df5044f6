SELECT uuid FROM customer ORDER BY uuid
