"""Ask a shop API on this machine who it is."""

import http.client
import json
from dataclasses import dataclass

HOST = "127.0.0.1"
SERVICE = "sales-lakehouse shop-api"


@dataclass(frozen=True, slots=True)
class Health:
    """Hold what a shop API says of itself."""

    pid: int
    records: dict[str, int]


def ask_health(port: int, timeout: float = 1.0) -> Health | None:
    """Ask the shop API at this port, or give None where none answers.

    Units: `timeout` in seconds.
    """
    # http.client knows no proxies: a proxy of the environment must not answer for loopback.
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout)
    try:
        connection.request("GET", "/health")
        said = json.loads(connection.getresponse().read(4096))
        return Health(said["pid"], said["records"]) if said["service"] == SERVICE else None
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()
