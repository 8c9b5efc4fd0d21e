"""The Dockerfile, as far as it can be judged without building it: deploy/containers/test does that."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from sentences import DEPLOY, ROOT, Untried, holds, program, run, same

TEXT = (DEPLOY / "Dockerfile").read_text()


def topic(martlet):
    @holds("the Dockerfile has no findings of hadolint")
    def _():
        run(program("hadolint"), "--failure-threshold", "style", DEPLOY / "Dockerfile")

    @holds("each image runs as a user of its own, checks its health by the program itself, and needs no shell")
    def _():
        images = re.split(r"^FROM ", TEXT, flags=re.M)[2:]
        assert len(images) == 2
        for image in images:
            assert re.search(r"^USER \d{4,}:\d{4,}$", image, re.M), image
            for word in ("HEALTHCHECK", "ENTRYPOINT", "CMD"):
                for line in re.findall(rf"^{word} .*$", image, re.M):
                    assert "[" in line, f"the shell's form: {line}"
            assert '"doctor", "--live"' in image and "STOPSIGNAL SIGTERM" in image

    @holds("what the build is given is what Package.swift names, and nothing secret")
    def _():
        allowed = re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text(), re.M)
        assert allowed == ["Package.swift", "Sources", "Tests", "deploy/sbom"], allowed

    @holds("the libraries that the image installs are those that the build links to")
    def _():
        build, slim = TEXT.split("FROM scratch AS bare")
        for development, library in {"libpq-dev": "libpq5", "libhiredis-dev": "libhiredis", "libssl-dev": "libssl3",
                "libsodium-dev": "libsodium23", "zlib1g-dev": "zlib1g", "libcrypt-dev": "libcrypt1"}.items():
            assert development in build and library in slim, (development, library)
        declared = re.findall(r"\.apt\(\[\"([^\"]+)\"", (ROOT / "Package.swift").read_text())
        assert declared and all(package in build for package in declared), declared

    @holds("the list of what is in the image is SPDX: the program, what is linked in, every package by its purl")
    def _():
        if not shutil.which("dpkg-query"):
            raise Untried("dpkg")
        said = run(DEPLOY / "sbom", "--packages", "--program", pathlib.Path(martlet).resolve(), "--with", "swift=6.3",
            env={**os.environ, "SOURCE_DATE_EPOCH": "1763700000"})
        path = pathlib.Path(tempfile.mkdtemp()) / "martlet.spdx.json"
        path.write_text(said)
        faults = [fault.validation_message for fault in validate_full_spdx_document(parse_file(str(path)))]
        assert not faults, faults
        told = json.loads(said)
        assert told["creationInfo"]["created"] == "2025-11-21T04:40:00Z", told["creationInfo"]
        packages = {package["name"]: package for package in told["packages"]}
        program = hashlib.sha256(pathlib.Path(martlet).read_bytes()).hexdigest()
        assert packages["martlet"]["checksums"] == [{"algorithm": "SHA256", "checksumValue": program}]
        assert packages["swift"]["versionInfo"] == "6.3"
        installed = run("dpkg-query", "--show", "--showformat", "${db:Status-Abbrev}${Package} ${Version}\\n")
        for name, version in (line[3:].split(" ") for line in installed.splitlines() if line.startswith("ii ")):
            assert name in packages, name
        assert packages["libpq5"]["externalRefs"][0]["referenceLocator"].startswith("pkg:deb/debian/libpq5@")
        ids = {package["SPDXID"] for package in told["packages"]}
        same({relation["relatedSpdxElement"] for relation in told["relationships"]}, ids, "relations and packages")

    @holds("of a directory the list has the packages that its files came from, and refuses a file of none")
    def _():
        if not shutil.which("dpkg-query"):
            raise Untried("dpkg")
        root = pathlib.Path(tempfile.mkdtemp())
        library = run("sh", "-c", "ldconfig -p | grep -o '/.*libpq.so.5$' | head -n 1").strip()
        (root / library[1:]).parent.mkdir(parents=True)
        shutil.copy(library, root / library[1:])
        ask = [DEPLOY / "sbom", "--files", root, "--program", pathlib.Path(martlet).resolve()]
        same({package["name"] for package in json.loads(run(*ask))["packages"]}, ["martlet", "libpq5"], "packages")
        (root / "etc").mkdir()
        (root / "etc/of-nobody").write_text("x")
        refused = subprocess.run([str(word) for word in ask], capture_output=True, text=True)
        assert refused.returncode != 0 and "no package has /etc/of-nobody" in refused.stderr, refused.stderr
