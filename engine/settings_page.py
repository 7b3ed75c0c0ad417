"""Draws docs/settings.md from the settings' own fields; 'python -m engine.pages' writes it."""

from engine.settings import SECRETS, TEST_ONLY, Settings

ELSEWHERE = {
    "CACHE_DIR": "where the broker's downloaded jars are kept.",
    "PROMETHEUS": "path of the Prometheus that `gridwhistle up --watch` starts, where it is not on `PATH`.",
    "GATEWAY": "the gateway that `gridwhistle subscribe` asks, where `--gateway` is not given.",
    "API_KEY_FILE": "the file with its key, where `--key-file` is not given.",
    "API_KEY": "the key itself, where there is neither.",
    "COMPILE": "`1` where a wheel is built: the law is compiled into it (`setup.py`).",
}


def page() -> str:
    """Draw ``docs/settings.md``."""
    lines = [
        "# Settings",
        "",
        (
            "Drawn from `engine/settings.py` by `python -m engine.pages`. Each is a variable of the environment with"
            " `GRIDWHISTLE_` before it; an unknown name is refused."
        ),
        (
            "`gridwhistle settings` prints what is in force, without passwords; `gridwhistle settings --check` says"
            " what a production must not have and what to think over."
        ),
        "",
        "| `GRIDWHISTLE_` | what it is | default | from a file |",
        "|---|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        if name not in TEST_ONLY:
            lines.append(
                f"| `{name.upper()}` | {field.description} | {_default(name)} |"
                f" {f'`{name.upper()}_FILE`' if name in SECRETS else ''} |"
            )
    lines += [
        "",
        "## Tests only",
        "",
        "Refused unless `FAULTS=allow`, which `settings --check` refuses for production.",
        "",
    ]
    lines += [
        f"- `{name.upper()}`: {(Settings.model_fields[name].description or '').removeprefix('Tests only: ')}"
        for name in sorted(TEST_ONLY)
    ]
    lines += ["", "## Read elsewhere", "", *(f"- `{name}`: {what}" for name, what in ELSEWHERE.items()), ""]
    return "\n".join(lines)


def _default(name: str) -> str:
    value = Settings.model_fields[name].default
    if name == "data_dir" or value in (None, ""):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
