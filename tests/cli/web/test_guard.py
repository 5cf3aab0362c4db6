"""Whom the server serves, and what it tells browsers."""

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from sottovoce.cli.web.server import make_app


@pytest.fixture
def client(toy):
    return TestClient(make_app(host="codec.local"), base_url="http://127.0.0.1:8765")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8765", "[::1]:8765", "192.168.1.4:80", "codec.local"])
def test_its_own_names(client, host):
    assert client.get("/api/models", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[", ""])
def test_other_names_are_refused(client, host):
    response = client.get("/api/models", headers={"Host": host})
    assert response.status_code == 403
    assert response.json()["error"] == "this server is not called so"


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:8765", 200),
        ("http://127.0.0.1:8766", 403),
        ("http://evil.example", 403),
        ("null", 403),
        ("file://", 403),
        ("http://[", 400),
    ],
)
def test_other_sites_are_refused(client, origin, status):
    assert client.get("/api/models", headers={"Origin": origin}).status_code == status


def test_other_sites_get_no_live_session(client):
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/api/live", headers={"Origin": "http://a.b"}):
        pass


@pytest.mark.parametrize("path", ["/", "/main.js", "/api/models", "/nothing"])
def test_browsers_are_told_what_the_page_may_do(client, path):
    headers = client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'self';")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_programs_are_called_javascript(client):
    assert client.get("/main.js").headers["content-type"].startswith("text/javascript")
