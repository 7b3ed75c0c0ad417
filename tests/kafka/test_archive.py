"""The archive beside a real Kafka: killed while it folds nothing is lost and nothing doubled, and the log makes the
same archive again."""

from engine.archive.store import Archive
from engine.cli.archive import _rebuild
from engine.local.lag import lags_and_stopped
from engine.settings import Settings
from engine.views.history import history
from tests.kafka.test_hostile_fetch import decided, send_good
from tests.support.rig import Rig, eventually
from topics import codec


async def holds_the_log_once(archive: Archive, settings: Settings, least: int) -> None:
    """Each decision once, and some histories as the log alone tells them."""
    on_log = await decided(settings)
    assert len(on_log) > least > 100
    assert (await archive.counts())["decisions"] == len(on_log) == len({one.id for one in on_log})
    alone = settings.model_copy(update={"database_url": ""})
    for ticket in sorted({one.changes[0].ticket for one in on_log if one.changes})[:5]:
        found = await history(settings, ticket)
        assert found and list(map(codec.encode, found)) == list(map(codec.encode, await history(alone, ticket)))


async def killed(settings: Settings, kills: int) -> None:
    """Kill the archive so often while it folds, and judge what it has then."""
    rig, archive = Rig(settings), Archive(settings)
    try:
        await rig.prepare("guancheng")
        for stage in ("intake", "dispatch", "archive"):
            rig.start(stage)
        await rig.ready()

        async def folds() -> bool:
            return (await archive.counts())["decisions"] > before

        for n in range(kills):
            before = (await archive.counts())["decisions"]
            await send_good(settings, n, 40, None)
            await eventually(folds, 60, "the archive goes on")
            rig.kill("archive-1")
            rig.start("archive")
        await rig.ready("archive-1")

        async def came_to_the_end() -> bool:
            lags, _ = await lags_and_stopped(settings)
            return lags["intake"] == lags["dispatch"] == lags["archive"] == 0

        await eventually(came_to_the_end, 90, "everything is folded", every=0.5)
        assert rig.kills == kills
        await holds_the_log_once(archive, settings, kills * 40)
        assert await _rebuild(settings)
    finally:
        rig.close()
        await archive.drop()
        await archive.close()


async def test_killed_under_load_it_is_the_log_once_and_the_log_makes_it_again(
    stack_settings: Settings, database_url: str
) -> None:
    """Each decision of the log is in it once, by its very bytes; a history read by its key is the one on the log; made
    anew it has the same digest."""
    await killed(stack_settings.model_copy(update={"database_url": database_url}), 3)
