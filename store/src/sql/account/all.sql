SELECT customer, uuid, name, password, role, scope, disabled FROM account ORDER BY name
