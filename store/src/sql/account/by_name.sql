SELECT customer, uuid, name, password, role, scope, disabled FROM account WHERE name = $1
