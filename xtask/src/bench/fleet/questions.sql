-- question: images:  by created:desc
SELECT count(*) FROM image;
SELECT * FROM image ORDER BY created DESC NULLS FIRST, sha LIMIT 50;
-- question: images: operatingSystem:Debian by created:desc
SELECT count(*) FROM image WHERE operating_system LIKE 'Debian%';
SELECT * FROM image WHERE operating_system LIKE 'Debian%' ORDER BY created DESC NULLS FIRST, sha LIMIT 50;
-- question: images: repo.repository:payments by created:desc
SELECT count(*) FROM image WHERE repository LIKE 'payments%';
SELECT * FROM image WHERE repository LIKE 'payments%' ORDER BY created DESC NULLS FIRST, sha LIMIT 50;
-- question: images: tags.name:pci by created:desc
SELECT count(*) FROM image i WHERE EXISTS (SELECT 1 FROM image_tag t WHERE t.image = i.id AND t.name = 'pci');
SELECT * FROM image i WHERE EXISTS (SELECT 1 FROM image_tag t WHERE t.image = i.id AND t.name = 'pci') ORDER BY created DESC NULLS FIRST, sha LIMIT 50;
-- question: images: size>500000000 by size:asc
SELECT count(*) FROM image WHERE size > 500000000;
SELECT * FROM image WHERE size > 500000000 ORDER BY size, sha LIMIT 50;
-- question: images: softwares.name:`libssl3` by updated:desc
SELECT count(*) FROM image i WHERE EXISTS (SELECT 1 FROM image_package ip JOIN package p ON p.id = ip.package WHERE ip.image = i.id AND p.name = 'libssl3');
SELECT * FROM image i WHERE EXISTS (SELECT 1 FROM image_package ip JOIN package p ON p.id = ip.package WHERE ip.image = i.id AND p.name = 'libssl3') ORDER BY scanned DESC, sha LIMIT 50;
-- question: images: softwares.name:openssl by created:desc
-- differs: the schema finds names that begin with openssl, the server also those with a later word that does
SELECT count(*) FROM image i WHERE EXISTS (SELECT 1 FROM image_package ip JOIN package p ON p.id = ip.package WHERE ip.image = i.id AND p.name LIKE 'openssl%');
SELECT * FROM image i WHERE EXISTS (SELECT 1 FROM image_package ip JOIN package p ON p.id = ip.package WHERE ip.image = i.id AND p.name LIKE 'openssl%') ORDER BY created DESC NULLS FIRST, sha LIMIT 50;
-- question: images: vulnerabilities.severity:[4, 5] and imagesInUse:true by created:desc
SELECT count(*) FROM image i WHERE EXISTS (SELECT 1 FROM image_package ip JOIN package_vulnerability pv ON pv.package = ip.package WHERE ip.image = i.id AND pv.severity IN (4, 5)) AND EXISTS (SELECT 1 FROM container c WHERE c.image = i.id AND c.state IN ('CREATED', 'RUNNING', 'PAUSED', 'STOPPED'));
SELECT * FROM image i WHERE EXISTS (SELECT 1 FROM image_package ip JOIN package_vulnerability pv ON pv.package = ip.package WHERE ip.image = i.id AND pv.severity IN (4, 5)) AND EXISTS (SELECT 1 FROM container c WHERE c.image = i.id AND c.state IN ('CREATED', 'RUNNING', 'PAUSED', 'STOPPED')) ORDER BY created DESC NULLS FIRST, sha LIMIT 50;
-- question: images: not vulnerabilities.severity:5 by updated:asc
SELECT count(*) FROM image i WHERE NOT EXISTS (SELECT 1 FROM image_package ip JOIN package_vulnerability pv ON pv.package = ip.package WHERE ip.image = i.id AND pv.severity = 5);
SELECT * FROM image i WHERE NOT EXISTS (SELECT 1 FROM image_package ip JOIN package_vulnerability pv ON pv.package = ip.package WHERE ip.image = i.id AND pv.severity = 5) ORDER BY scanned, sha LIMIT 50;
-- question: images: vulnerabilities.cveids:CVE-2023-44487 by created:desc
SELECT count(*) FROM image i WHERE EXISTS (SELECT 1 FROM image_package ip JOIN package_vulnerability pv ON pv.package = ip.package JOIN vulnerability_cve vc ON vc.qid = pv.qid WHERE ip.image = i.id AND vc.cve = 'CVE-2023-44487');
SELECT * FROM image i WHERE EXISTS (SELECT 1 FROM image_package ip JOIN package_vulnerability pv ON pv.package = ip.package JOIN vulnerability_cve vc ON vc.qid = pv.qid WHERE ip.image = i.id AND vc.cve = 'CVE-2023-44487') ORDER BY created DESC NULLS FIRST, sha LIMIT 50;
-- question: images: vulnerabilities:(severity:5 and patchAvailable:true) by updated:desc
SELECT count(*) FROM image i WHERE EXISTS (SELECT 1 FROM image_package ip JOIN package_vulnerability pv ON pv.package = ip.package WHERE ip.image = i.id AND pv.severity = 5 AND pv.fixed_version IS NOT NULL);
SELECT * FROM image i WHERE EXISTS (SELECT 1 FROM image_package ip JOIN package_vulnerability pv ON pv.package = ip.package WHERE ip.image = i.id AND pv.severity = 5 AND pv.fixed_version IS NOT NULL) ORDER BY scanned DESC, sha LIMIT 50;
-- question: images: vulnerabilities.threatIntel.activeAttacks:true by created:desc
SELECT count(*) FROM image i WHERE EXISTS (SELECT 1 FROM image_package ip JOIN package_vulnerability pv ON pv.package = ip.package JOIN vulnerability v ON v.qid = pv.qid WHERE ip.image = i.id AND v.actively_attacked);
SELECT * FROM image i WHERE EXISTS (SELECT 1 FROM image_package ip JOIN package_vulnerability pv ON pv.package = ip.package JOIN vulnerability v ON v.qid = pv.qid WHERE ip.image = i.id AND v.actively_attacked) ORDER BY created DESC NULLS FIRST, sha LIMIT 50;
-- question: containers: state:RUNNING by created:desc
SELECT count(*) FROM container WHERE state = 'RUNNING';
SELECT * FROM container WHERE state = 'RUNNING' ORDER BY created DESC, sha LIMIT 50;
-- question: containers: host.hostname:node-0042 by created:desc
SELECT count(*) FROM container WHERE host LIKE 'node-0042%';
SELECT * FROM container WHERE host LIKE 'node-0042%' ORDER BY created DESC, sha LIMIT 50;
-- question: containers: label:(key:io.kubernetes.pod.namespace and value:search-prod) by created:desc
SELECT count(*) FROM container WHERE namespace LIKE 'search-prod%';
SELECT * FROM container WHERE namespace LIKE 'search-prod%' ORDER BY created DESC, sha LIMIT 50;
-- question: containers: vulnerabilities.cveids:CVE-2023-44487 and tags.name:prod by created:desc
SELECT count(*) FROM container c WHERE EXISTS (SELECT 1 FROM image_package ip JOIN package_vulnerability pv ON pv.package = ip.package JOIN vulnerability_cve vc ON vc.qid = pv.qid WHERE ip.image = c.image AND vc.cve = 'CVE-2023-44487') AND EXISTS (SELECT 1 FROM image_tag t WHERE t.image = c.image AND t.name = 'prod');
SELECT * FROM container c WHERE EXISTS (SELECT 1 FROM image_package ip JOIN package_vulnerability pv ON pv.package = ip.package JOIN vulnerability_cve vc ON vc.qid = pv.qid WHERE ip.image = c.image AND vc.cve = 'CVE-2023-44487') AND EXISTS (SELECT 1 FROM image_tag t WHERE t.image = c.image AND t.name = 'prod') ORDER BY created DESC, sha LIMIT 50;
-- question: containers: softwares.name:openssl and state:RUNNING by created:desc
-- differs: the schema finds names that begin with openssl, the server also those with a later word that does
SELECT count(*) FROM container c WHERE state = 'RUNNING' AND EXISTS (SELECT 1 FROM image_package ip JOIN package p ON p.id = ip.package WHERE ip.image = c.image AND p.name LIKE 'openssl%');
SELECT * FROM container c WHERE state = 'RUNNING' AND EXISTS (SELECT 1 FROM image_package ip JOIN package p ON p.id = ip.package WHERE ip.image = c.image AND p.name LIKE 'openssl%') ORDER BY created DESC, sha LIMIT 50;
