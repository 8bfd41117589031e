"""What pip and pipx install from the project."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILD_SECONDS = 120


def test_the_package_is_the_command_line_alone(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run(
        [*build, "--wheel-dir", str(tmp_path), str(ROOT)], capture_output=True, timeout=BUILD_SECONDS, check=True
    )
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        [entry] = [name for name in names if name.endswith("entry_points.txt")]
        assert b"ticket-status = ticket_status_cli.main:main" in archive.read(entry)
        [metadata] = [name for name in names if name.endswith("METADATA")]
        requires = [line for line in archive.read(metadata).decode().splitlines() if line.startswith("Requires-Dist:")]
    assert {name.split("/")[0].split("-")[0] for name in names} == {"ticket_status_cli", "ticket_status"}
    assert not [name for name in names if name.startswith("ticket_status/")], "the service is not in it"
    assert [line for line in requires if "boto" in line] == []
