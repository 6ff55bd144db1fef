"""Get an Odoo 19 onto this machine without installing anything: the Debian package unpacked, its libraries in a venv.

Everything lies below ``build/odoo`` and is used again. The package is in Debian's unstable distribution; it is looked for
on the mirror that this machine's own apt uses, with lists of its own, so that the machine's apt never hears of it.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
BUILD = ROOT / "build" / "odoo"
PACKAGE = "odoo-19"
LIBRARIES = Path("usr/lib/python3/dist-packages")
LOCK = HERE / "requirements.lock"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
FREE_BYTES = 3_000_000_000
_ARCHIVE = re.compile(r"'([^']+/debian/)dists/")
_ADDRESS = re.compile(r"//[^/\s]+")

Say = Callable[[str], None]


class CannotRun(Exception):
    """This machine cannot run Odoo; the message says why, and what would help."""


class Installation(Struct, frozen=True):
    """An unpacked Odoo and the Python that runs it."""

    root: Path
    python: Path

    @property
    def command(self) -> list[str]:
        """What starts it."""
        return [str(self.python), str(self.root / "usr/bin/odoo")]

    def environment(self, home: Path) -> Mapping[str, str]:
        """What it needs to find itself, and to leave the home of whoever runs this alone."""
        return {"PYTHONPATH": str(self.root / LIBRARIES), "HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


def installation(say: Say, build: Path = BUILD) -> Installation:
    """Odoo below ``build``, got now where it is not there yet.

    Raises:
        CannotRun: something that is needed is not here.
    """
    for program, use in (("apt-get", "to find the package"), ("dpkg", "to unpack it")):
        if shutil.which(program) is None:
            raise CannotRun(f"{program} is not here, and is needed {use}: this runs on Debian and what is made of it")
    build.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(build).free < FREE_BYTES:
        raise CannotRun(f"Odoo needs {FREE_BYTES // 10**9} GB of free disk below {build}")
    return Installation(root=_unpacked(say, build), python=_python(say, build))


def _unpacked(say: Say, build: Path) -> Path:
    root = build / "root"
    if (root / "usr/bin/odoo").exists():
        return root
    say("Looking for the package on the mirror of this machine's apt")
    apt = _apt_of_our_own(build)
    _run("the package lists cannot be read", ["apt-get", *apt, "update"])
    folder = build / "package"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    say("Downloading the package (120 MB)")
    _run(f"the mirror has no package {PACKAGE}", ["apt-get", *apt, "download", PACKAGE], cwd=folder)
    (archive,) = folder.glob("*.deb")
    say("Unpacking it, installing nothing")
    fresh = build / "root.new"
    shutil.rmtree(fresh, ignore_errors=True)
    _run("the package cannot be unpacked", ["dpkg", "-x", str(archive), str(fresh)])
    shutil.rmtree(root, ignore_errors=True)
    fresh.rename(root)
    shutil.rmtree(folder)
    return root


def _apt_of_our_own(build: Path) -> list[str]:
    """Options by which apt uses the machine's mirror with folders of ours, and looks at nothing of the machine's."""
    mirror = _mirror()
    folder = build / "apt"
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    signed = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
    (folder / "sources.list").write_text(f"deb {signed}{mirror} sid main\n", "utf-8")
    (folder / "status").touch()
    options = {
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": "-",
        "Dir::State::Lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
    }
    return [part for name, value in options.items() for part in ("-o", f"{name}={value}")]


def _mirror() -> str:
    """The mirror of the Debian archive that this machine's apt uses."""
    refused = "apt does not tell its sources"
    listed = _run(refused, ["apt-get", "indextargets", "--format", "$(REPO_URI)|$(ORIGIN)|$(LABEL)"])
    mirrors = [line.partition("|")[0] for line in listed.splitlines() if line.endswith("|Debian|Debian")]
    if not mirrors:
        # Without lists apt knows addresses, and not whose they are; the archive's usual path says it as well.
        mirrors = _ARCHIVE.findall(_run(refused, ["apt-get", "update", "--print-uris"]))
    if not mirrors:
        raise CannotRun("apt has no source here that is a mirror of the Debian archive")
    return str(mirrors[0])


def _python(say: Say, build: Path) -> Path:
    folder = build / "venv"
    stamp, wanted = folder / "locked", hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text("utf-8") == wanted:
        return folder / "bin/python"
    say("Making a Python environment of its own for Odoo")
    shutil.rmtree(folder, ignore_errors=True)
    _run("a Python environment cannot be made", [sys.executable, "-m", "venv", str(folder)])
    python = folder / "bin/python"
    uv = ROOT / ".venv/bin/uv"
    install = (
        [str(uv), "pip", "install", "--python", str(python)] if uv.exists() else [str(python), "-m", "pip", "install"]
    )
    _run("Odoo's libraries cannot be had", [*install, "--quiet", "--require-hashes", "-r", str(LOCK)])
    stamp.write_text(wanted, "utf-8")
    return python


def _run(what: str, command: Sequence[str], *, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        # Whoever reads this knows where their packages come from; a log that is passed on need not.
        words = _ADDRESS.sub("//…", "\n".join((done.stdout + done.stderr).strip().splitlines()[-5:]))
        raise CannotRun(f"{what}:\n{words}")
    return done.stdout
