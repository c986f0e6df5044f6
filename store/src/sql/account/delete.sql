DELETE FROM account WHERE name = $1
