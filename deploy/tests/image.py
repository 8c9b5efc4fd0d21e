"""The Dockerfile, as far as it can be judged without building it: deploy/containers/test does that."""

import re

from sentences import DEPLOY, ROOT, holds, program, run

TEXT = (DEPLOY / "Dockerfile").read_text()


def topic(_):
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
        assert allowed == ["Package.swift", "Sources", "Tests"], allowed

    @holds("the libraries that the image installs are those that the build links to")
    def _():
        build, slim = TEXT.split("FROM scratch AS bare")
        for development, library in {"libpq-dev": "libpq5", "libhiredis-dev": "libhiredis", "libssl-dev": "libssl3",
                "libsodium-dev": "libsodium23", "zlib1g-dev": "zlib1g", "libcrypt-dev": "libcrypt1"}.items():
            assert development in build and library in slim, (development, library)
        declared = re.findall(r"\.apt\(\[\"([^\"]+)\"", (ROOT / "Package.swift").read_text())
        assert declared and all(package in build for package in declared), declared
