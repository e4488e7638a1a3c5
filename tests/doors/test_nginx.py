"""The nginx configuration that we hand out, tried with Debian's nginx in front of the running house."""

import asyncio
import contextlib
import io
import re
import shutil
import sys

import aiohttp
import pytest

from bot.channels.web.identity import COOKIE
from tests.conftest import free_port
from tests.support.project import ROOT

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")
MAIN = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    include {folder}/nuanxin.conf;
}}
"""


@pytest.fixture
async def front(app, tmp_path):
    """The address of nginx, without TLS and with a header time-out that a test can wait for."""
    if NGINX is None:
        assert sys.platform != "linux" or shutil.which("apt-get") is None, "apt-get install nginx; .ci/run does"
        pytest.skip("no nginx here")
    port, text = free_port(), (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port}").replace("127.0.0.1:8080", f"127.0.0.1:{app.port}")
    text = re.sub(r"\n *ssl_certificate.*?;", "", text).replace("client_header_timeout 10s", "client_header_timeout 1s")
    (tmp_path / "nuanxin.conf").write_text(text, encoding="utf-8")
    (tmp_path / "nginx.conf").write_text(MAIN.format(folder=tmp_path), encoding="utf-8")
    command = [NGINX, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "error.log")]
    running = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                break
            except OSError:
                await asyncio.sleep(0)
    writer.close()
    yield f"http://127.0.0.1:{port}"
    running.terminate()
    await running.wait()


async def test_nginx_serves_people_and_keeps_everything_else_away(front):
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{front}/chat", headers={"X-Forwarded-Proto": "https"}) as response:
            assert response.status == 200
            assert COOKIE in response.cookies
            assert not response.cookies[COOKIE]["secure"]  # nginx saw http, whatever the client claims
            assert response.headers["Server"] in ("nginx", "nuanxin")
        for path in ("/bot1:x/getMe", "/file/bot1:x/photos/a", "/channel/web"):
            async with http.get(front + path) as response:
                assert response.status == 404
        async with http.post(f"{front}/chat/messages", data=io.BytesIO(b"a" * 2**21)) as response:
            assert response.status == 413
        async with http.post(f"{front}/chat/photos", data=io.BytesIO(b"a" * 2**21)) as response:
            assert response.status != 413


async def test_nginx_lets_nobody_send_headers_forever(front):
    port = int(front.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /chat HTTP/1.1\r\nHost: a\r\nX-Slow: ")
    said = b""
    async with asyncio.timeout(20):
        with contextlib.suppress(ConnectionResetError):
            said = await reader.read()
    assert b" 200 " not in said
    writer.close()
