"""What Home Assistant's Supervisor does with a data folder when it makes a backup and when it restores one."""

import os
import shutil
from pathlib import Path

import yaml

_CONFIG = Path(__file__).parents[2] / "addon" / "config.yaml"


def config() -> dict[str, object]:
    """What the app says about its backups, among other things."""
    content: dict[str, object] = yaml.safe_load(_CONFIG.read_text(encoding="utf-8"))
    return content


def copy(data: Path, backup: Path) -> None:
    """Copy file by file, as they are at the moment of each, without what the app excludes."""
    excluded = config()["backup_exclude"]
    assert isinstance(excluded, list)
    for folder, _, names in os.walk(data):
        for name in sorted(names):
            path = Path(folder, name)
            if not any(path.match(pattern) for pattern in excluded):
                target = backup / path.relative_to(data)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
