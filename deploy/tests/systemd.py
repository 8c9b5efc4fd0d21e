"""The units: what systemd says of them, without running them."""

import pathlib
import re
import shutil
import tempfile

from sentences import DEPLOY, ROOT, holds, program, run

UNITS = DEPLOY / "systemd"
# Of 10, which is bad.
EXPOSURE_MAX = 1.5


def topic(_):
    directory = pathlib.Path(tempfile.mkdtemp())
    for unit in UNITS.glob("*.service"):
        # The program is not where it will be; everything else is as it is.
        text = unit.read_text().replace("/usr/local/bin/martlet", shutil.which("true"))
        (directory / unit.name.replace("@", "@socket")).write_text(text)

    @holds("systemd takes the units")
    def _():
        said = run(program("systemd-analyze"), "verify", *sorted(directory.iterdir()))
        assert not said.strip(), said

    @holds(f"the units are exposed to less than {EXPOSURE_MAX} of 10")
    def _():
        for unit in directory.iterdir():
            said = run(program("systemd-analyze"), "security", "--offline=true", "--no-pager", unit)
            exposure = float(re.search(r"exposure level for \S+: ([0-9.]+)", said)[1])
            assert exposure < EXPOSURE_MAX, f"{unit.name}: {exposure}"

    @holds("settings in the units and in martlet.env exist")
    def _():
        known = set(re.findall(r"`(MARTLET_\w+)`", (DEPLOY / "settings.md").read_text()))
        for path in [*UNITS.glob("*.service"), UNITS / "martlet.env"]:
            for name in re.findall(r"(MARTLET_\w+)=", path.read_text()):
                assert name in known or name.removesuffix("_FILE") in known, f"{path.name}: {name}"

    @holds("a node is given longer to stop than its drain takes, and starts again unless its settings are wrong")
    def _():
        unit = (UNITS / "martlet@.service").read_text()
        grace = int(re.search(r"`MARTLET_DRAIN_GRACE_S`.*?\| `(\d+)` \|", (DEPLOY / "settings.md").read_text())[1])
        assert int(re.search(r"^TimeoutStopSec=(\d+)$", unit, re.M)[1]) > grace + 10
        assert "Restart=always" in unit and "RestartPreventExitStatus=78" in unit
        # As long as it takes: systemd's own limit of starts counts five that fail at once.
        assert re.search(r"^\[Unit\]\n[^[]*^StartLimitIntervalSec=0$", unit, re.M)

    @holds("the kernel's settings are the kernel's")
    def _():
        for path in (UNITS / "90-martlet.conf", DEPLOY / "nginx/90-martlet-nginx.conf"):
            for name in kernel(path):
                assert (pathlib.Path("/proc/sys") / name.replace(".", "/")).exists(), f"{path.name}: {name}"

    @holds("where nodes listen the kernel gives no port to a connection, so that a node finds it free when it is back")
    def _():
        reserved = set()
        for part in kernel(UNITS / "90-martlet.conf")["net.ipv4.ip_local_reserved_ports"].split(","):
            first, _, last = part.partition("-")
            reserved |= set(range(int(first), int(last or first) + 1))
        ports = re.findall(r"^MARTLET_\w*LISTEN=\S+:(\d+)$", (UNITS / "martlet.env").read_text(), re.M)
        assert len(ports) == 2 and {int(port) for port in ports} < reserved, f"{ports}"


def kernel(path):
    """The settings of a file for /etc/sysctl.d."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in lines)}
