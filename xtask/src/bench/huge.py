"""Writes an OCI layout of many big gzip layers: LAYOUT LAYERS MEBIBYTES_PER_LAYER.

Each layer holds files of a mebibyte, text and noise by turns, and one Node.js package, so that a scan has something to find
in every layer. Everything follows from the numbers of layer and file.
"""

import gzip
import hashlib
import io
import json
import os
import random
import sys
import tarfile

layout, layers, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
blobs = os.path.join(layout, "blobs", "sha256")
os.makedirs(blobs, exist_ok=True)

MEBIBYTE = 1 << 20
source = random.Random(7)
NOISE = source.randbytes(MEBIBYTE)
WORDS = [source.randbytes(6).hex() for _ in range(4000)]
TEXT = " ".join(source.choice(WORDS) for _ in range(MEBIBYTE // 12)).encode()[:MEBIBYTE].ljust(MEBIBYTE)


class Digest(io.RawIOBase):
    """Passes bytes on and hashes them."""

    def __init__(self, out):
        self.out, self.hash, self.count = out, hashlib.sha256(), 0

    def writable(self):
        return True

    def write(self, data):
        self.hash.update(data)
        self.count += len(data)
        self.out.write(data)
        return len(data)


def put(content):
    digest = hashlib.sha256(content).hexdigest()
    with open(os.path.join(blobs, digest), "wb") as file:
        file.write(content)
    return {"digest": "sha256:" + digest, "size": len(content)}


def layer(number):
    partial = os.path.join(blobs, "partial")
    with open(partial, "wb") as file:
        stored = Digest(file)
        with gzip.GzipFile(fileobj=stored, mode="wb", compresslevel=1, mtime=0) as packed:
            plain = Digest(packed)
            with tarfile.open(fileobj=plain, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                def add(path, content):
                    info = tarfile.TarInfo(path)
                    info.size = len(content)
                    tar.addfile(info, io.BytesIO(content))

                module = {"name": "module-%d" % number, "version": "1.%d.0" % number}
                add("opt/app%d/node_modules/m/package.json" % number, json.dumps(module).encode())
                for index in range(size):
                    half = NOISE if index % 4 == 0 else TEXT
                    turn = (number * 7919 + index * 104729) % MEBIBYTE
                    add("srv/data%d/file%d" % (number, index), half[turn:] + half[:turn])
    digest = stored.hash.hexdigest()
    os.rename(partial, os.path.join(blobs, digest))
    media = "application/vnd.oci.image.layer.v1.tar+gzip"
    return {"mediaType": media, "digest": "sha256:" + digest, "size": stored.count}, "sha256:" + plain.hash.hexdigest()


made = [layer(number) for number in range(layers)]
config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [diff_id for _, diff_id in made]}}
config = dict(put(json.dumps(config).encode()), mediaType="application/vnd.oci.image.config.v1+json")
kind = "application/vnd.oci.image.manifest.v1+json"
manifest = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": [descriptor for descriptor, _ in made]}
descriptor = dict(put(json.dumps(manifest).encode()), mediaType=kind)
with open(os.path.join(layout, "oci-layout"), "w") as file:
    json.dump({"imageLayoutVersion": "1.0.0"}, file)
with open(os.path.join(layout, "index.json"), "w") as file:
    json.dump({"schemaVersion": 2, "manifests": [descriptor]}, file)
