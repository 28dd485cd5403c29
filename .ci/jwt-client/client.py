"""A client of examples/jwt-api in another language: requests and PyJWT, as a mobile back end might have them.

Usage: client.py PROGRAM, where PROGRAM is the server, which is started on a free port. Ends with 0 if every step went as the README says.
"""

import base64
import hashlib
import hmac
import os
import secrets
import socket
import struct
import subprocess
import sys
import tempfile
import time

import jwt
import requests

STEP = 30


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


ADDRESS = f"127.0.0.1:{free_port()}"
BASE = f"http://{ADDRESS}"


def code(secret: str, step: int) -> str:
    """RFC 6238: SHA-1, six digits."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    start = digest[-1] & 0xF
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def post(path: str, body: dict, token: str | None = None, status: int = 200, **headers: str) -> requests.Response:
    if token:
        headers["Authorization"] = f"Bearer {token}"
    answer = requests.post(BASE + path, json=body, headers={k.replace("_", "-"): v for k, v in headers.items()}, timeout=30)
    assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text}"
    assert "Set-Cookie" not in answer.headers, path
    return answer


def claims(token: str) -> dict:
    return jwt.decode(token, options={"verify_signature": False})


def main() -> None:
    who = {"email": "alice@example.com", "password": "correct horse"}
    payment = {"to": "bob", "amount": 5}
    post("/account/register", who, status=201)
    tokens = post("/account/login", who).json()
    assert "amr" not in claims(tokens["access_token"])
    refused = post("/payments", payment, tokens["access_token"], status=403).json()
    assert refused["code"] == "totp_setup_required"

    # The window is one step on each side, and each code is good once: three codes without waiting for one.
    step = int(time.time()) // STEP
    if time.time() % STEP > STEP - 10:
        time.sleep(11)
        step += 1
    secret = post("/auth/otp/generate/", {}, tokens["access_token"]).json()["secret"]
    verified = post("/auth/otp/verify/", {"token": code(secret, step - 1)}, tokens["access_token"]).json()
    assert len(verified["backup_codes"]) == 10 and len(verified["proof"]) == 87
    enrolled = post("/account/refresh", {"refresh_token": tokens["refresh_token"], "proof": verified["proof"]}).json()
    post("/payments", payment, enrolled["access_token"])

    ticket = post("/account/login", who).json()["ticket"]
    wrong = post("/auth/otp/sign-in/", {"ticket": ticket, "token": "000000"}, status=400).json()
    assert wrong["code"] == "invalid_token"
    signed_in = post("/auth/otp/sign-in/", {"ticket": ticket, "token": code(secret, step)}).json()
    said = claims(signed_in["access_token"])
    assert said["amr"] == ["mfa", "otp"] and abs(said["auth_time"] - time.time()) < 60
    post("/payments", payment, signed_in["access_token"])

    # Tokens from before the second factor ask for a step-up (RFC 9470), and a code with the request does.
    challenge = post("/payments", payment, tokens["access_token"], status=401).headers["WWW-Authenticate"]
    assert 'error="insufficient_user_authentication"' in challenge and 'max_age="300"' in challenge
    post("/payments", payment, tokens["access_token"], TOTP_Code=code(secret, step + 1))
    replayed = post("/payments", payment, tokens["access_token"], status=400, TOTP_Code=code(secret, step + 1)).json()
    assert replayed["code"] == "invalid_token"

    # A backup code ends it all, also for whoever holds tokens elsewhere.
    post("/auth/otp/disable/", {"token": verified["backup_codes"][0]}, signed_in["access_token"])
    gone = post("/payments", payment, enrolled["access_token"], status=403).json()
    assert gone["code"] == "totp_setup_required"
    print("a client in Python did what the README says")



def wait_until_it_listens(server: subprocess.Popen) -> None:
    for _ in range(300):
        assert server.poll() is None, "the server has ended"
        try:
            requests.get(BASE, timeout=1)
            return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


with tempfile.TemporaryDirectory() as folder:
    settings = {
        "BIND": ADDRESS,
        "DATABASE_URL": os.path.join(folder, "payments.db"),
        "TOTP_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "TOKEN_SECRET": secrets.token_hex(32),
    }
    with subprocess.Popen([sys.argv[1]], env={**os.environ, **settings}) as server:
        try:
            wait_until_it_listens(server)
            main()
        finally:
            server.terminate()
