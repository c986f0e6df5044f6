"""Writes the table of known classes out of a folder of jars; see class_digests.rs.

A class is told by the CRC-32 and the size that the zip directory states for it, so no class is ever inflated, neither here
nor by the scanner. Of each version the largest classes are taken, which change with nearly every release, and those that fixes
of vulnerabilities change. JndiLookup is not: people took it away by hand.
"""

import hashlib
import pathlib
import re
import sys
import zipfile

# Libraries whose loss from sight would hurt: group and artifact as advisories name them.
ARTIFACTS = """
org.apache.logging.log4j:log4j-core log4j:log4j org.apache.commons:commons-text commons-collections:commons-collections
org.apache.commons:commons-collections4 commons-beanutils:commons-beanutils commons-fileupload:commons-fileupload
org.apache.commons:commons-compress org.apache.commons:commons-configuration2 org.yaml:snakeyaml
com.fasterxml.jackson.core:jackson-databind org.codehaus.jackson:jackson-mapper-asl com.alibaba:fastjson
org.apache.struts:struts2-core org.apache.shiro:shiro-core com.thoughtworks.xstream:xstream com.h2database:h2
org.springframework:spring-core org.springframework:spring-beans org.springframework:spring-web
org.springframework:spring-webmvc org.springframework:spring-expression org.apache.velocity:velocity
org.apache.derby:derby org.apache.ivy:ivy org.codehaus.groovy:groovy ch.qos.logback:logback-core
ch.qos.logback:logback-classic xerces:xercesImpl org.apache.thrift:libthrift org.apache.avro:avro
com.google.protobuf:protobuf-java io.netty:netty-codec-http org.apache.zookeeper:zookeeper org.jsoup:jsoup
com.google.code.gson:gson org.apache.httpcomponents:httpclient org.bouncycastle:bcprov-jdk15on
""".split()
LARGEST = 24
TELLING = re.compile(
    r"Jndi(?!Lookup)|Jdbc|DataSource|Substitut|Interpol|Lookup|MessagePatternConverter|ContextMap|PackageVersion|Version\.class"
    r"|Validator|Constructor|Transformer|TypeResolver|ObjectInput|Deserializer|LoaderOptions|SafeConstructor|Socket|Script"
)
MOST_TELLING = 40
LEAST = 6


def coordinates(path, archive):
    """Group, artifact and version of a jar that is one artifact, else None."""
    poms = [name for name in archive.namelist() if re.fullmatch(r"META-INF/maven/[^/]+/[^/]+/pom\.properties", name)]
    if len(poms) > 1:
        return None
    if poms:
        lines = archive.read(poms[0]).decode("utf-8", "replace").splitlines()
        values = dict(line.strip().split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
        return f"{values.get('groupId')}:{values.get('artifactId')}", values.get("version")
    match = re.fullmatch(r"(.+?)-(\d[\w.]*)\.jar", path.name)
    if not match:
        return None
    names = [name for name in ARTIFACTS if name.split(":")[1] == match[1]]
    return (names[0], match[2]) if names else None


def digests(archive):
    left_out = ("module-info.class", "package-info.class", "/JndiLookup.class")
    infos = [
        info for info in archive.infolist()
        if info.filename.endswith(".class") and not info.filename.startswith("META-INF/") and not info.filename.endswith(left_out)
    ]
    infos.sort(key=lambda info: (-info.file_size, info.filename))
    telling = [info for info in infos if TELLING.search(info.filename.rsplit("/", 1)[-1])]
    classes = [(info.file_size, info.CRC) for info in infos[:LARGEST] + telling[:MOST_TELLING]]
    return sorted(set(classes))


def main(folder, kept):
    table, jars = {}, set()
    # what the table holds already stays, so that it can grow by jars that nobody has all together
    for line in kept.splitlines():
        if line.startswith("# jar "):
            jars.add(line)
        elif line and not line.startswith("#"):
            name, version, *words = line.split()
            table[name, version] = words
    for path in sorted(pathlib.Path(folder).rglob("*.jar")):
        with zipfile.ZipFile(path) as archive:
            told = coordinates(path, archive)
            if not told or told[0] not in ARTIFACTS or not told[1]:
                continue
            words = [f"{crc:08x}{size:x}" for size, crc in digests(archive)]
            if len(words) >= LEAST:
                table[told] = words
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                jars.add(f"# jar {path.name} sha256 {digest}")
    print("# Known classes: artifact, version, CRC-32 and size of its largest classes, all in hexadecimal digits.")
    print("# Written by `cargo xtask class-digests FOLDER`, of these jars:")
    print("\n".join(sorted(jars)))
    for (name, version), words in sorted(table.items()):
        print(name, version, *words)


main(sys.argv[1], sys.stdin.read())
