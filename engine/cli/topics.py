"""``gridwhistle topics``: make, check and list the topics of the registry."""

from pathlib import Path
from typing import Annotated

import typer

from engine.cli import run_async
from engine.kafka import topic_admin
from engine.kafka.reference import Reference, start_clock
from engine.local.folder import settings_of, use_folder
from engine.local.stack import demand_key
from engine.settings import Settings
from topics import asyncapi
from topics.registry import Delete

topics = typer.Typer(
    help="Create, check and list the Kafka topics.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
Data = Annotated[Path | None, typer.Option(help="The stack's data folder.")]


@topics.command()
def apply(data: Data = None) -> None:
    """Make what a prefix needs and has not: topics, the vault's key, a live clock; nothing that exists is changed.

    With 'gridwhistle pack publish NAME' and one 'gridwhistle run' for each stage it is a first start by hand.
    """
    settings = settings_of(data)
    made = run_async(_apply(settings))
    print("\n".join(f"made {settings.prefix}{name}" for name in made) or "all topics are there")


async def _apply(settings: Settings) -> list[str]:
    use_folder(settings.data_dir)
    await demand_key(settings)
    made = await topic_admin.apply(settings, await topic_admin.departments_of(settings))
    reference = Reference(settings)
    await reference.refresh()
    if reference.clock is None:
        await start_clock(settings, None, 1)
    return made


@topics.command()
def check(data: Data = None) -> None:
    """Compare topics with the registry; exit 1 and each difference with its mend if any."""
    settings = settings_of(data)
    specs = topic_admin.wanted(settings, run_async(topic_admin.departments_of(settings)))
    faults = run_async(topic_admin.check(settings, specs))
    print("\n".join(faults) or f"{len(specs)} topics are as they must be")
    if faults:
        raise typer.Exit(1)


@topics.command("list")
def list_topics(data: Data = None) -> None:
    """List every topic with its key, clean-up, writers and readers."""
    settings = settings_of(data)
    for spec in topic_admin.wanted(settings, run_async(topic_admin.departments_of(settings))):
        clean_up = f"delete {spec.clean_up.days} d" if isinstance(spec.clean_up, Delete) else "compact"
        print(
            f"{settings.prefix + spec.name:<28} {clean_up:<13} key {spec.key}; from {', '.join(spec.written_by)} to"
            f" {', '.join(spec.read_by)}"
        )


@topics.command("asyncapi")
def asyncapi_document() -> None:
    """Print the contract as AsyncAPI 3.1: every topic, record, sender and reader. No stack is needed."""
    print(asyncapi.text(), end="")


@topics.command()
def manifest(
    pack: Annotated[str, typer.Option(help="Pack whose departments get their topics: a name, or a folder.")],
    cluster: Annotated[str, typer.Option(help="Name of Strimzi's Kafka resource.")] = "gridwhistle",
) -> None:
    """Print every topic and user as Strimzi's KafkaTopic and KafkaUser, by the settings of the environment. No stack is
    needed.

    Example: gridwhistle topics manifest --pack ./my-law > kafka.yaml
    """
    import os

    import yaml

    from engine.client.publish_pack import prove
    from engine.settings import load_settings
    from topics import strimzi

    settings = load_settings(os.environ)
    found = strimzi.manifest(
        [department.code for department in prove(pack).departments],
        settings.prefix,
        cluster,
        settings.partitions,
        settings.replication_factor,
        settings.min_insync_replicas,
    )
    print(f"# 'gridwhistle topics manifest --pack {pack}' wrote this from the registry of topics; do not edit it.")
    print(yaml.safe_dump_all(found, sort_keys=False, default_flow_style=None, width=200), end="")
