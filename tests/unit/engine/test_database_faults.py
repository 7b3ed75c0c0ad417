"""What a fault of the database says in the log: the statement, and none of the values that went with it."""

from sqlalchemy.exc import DBAPIError

from engine.security.connections import new_database
from engine.settings import Settings


def test_a_fault_tells_no_secret() -> None:
    """A webhook's secret and a report's text are values of statements, and an unexpected fault is logged whole."""
    engine = new_database(Settings(database_url="postgresql://127.0.0.1:1/x"), "s").sync_engine
    asked = "INSERT INTO webhook_secrets VALUES (%(secret)s)"
    fault = DBAPIError.instance(
        asked, {"secret": "whsec_canary"}, Exception("no"), Exception, hide_parameters=engine.hide_parameters
    )
    assert "secret" in str(fault) and "whsec_canary" not in str(fault)
