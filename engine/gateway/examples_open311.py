"""What OpenAPI says of the addresses of Open311."""

from typing import Any

FORM: dict[str, Any] = {
    "type": "object",
    "required": ["service_code"],
    "properties": {
        name: {"type": "string"}
        for name in (
            "api_key", "jurisdiction_id", "service_code", "lat", "long", "address_string", "address_id", "email",
            "device_id", "account_id", "first_name", "last_name", "phone", "description", "media_url",
        )
    },
}  # fmt: skip
SENT = {"service_code": "bins_full", "lat": "34.75", "long": "113.65", "description": "overflowing"}
SERVICE = {"service_code": "bins_full", "service_name": "垃圾桶满溢", "metadata": False, "type": "realtime"}
REQUEST = {
    "service_request_id": "tawan-20260302-1",
    "status": "open",
    "service_code": "bins_full",
    "expected_datetime": "2026-03-02T11:00:00+08:00",
}
KEY = {"api_key": "gwk_…", "jurisdiction_id": "guancheng"}
LISTED = KEY | {
    "service_request_id": "tawan-20260302-1",
    "service_code": "bins_full",
    "start_date": "2026-03-01T00:00:00Z",
    "end_date": "2026-04-01T00:00:00Z",
    "status": "open",
    "page_size": 100,
}
