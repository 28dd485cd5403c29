"""seed.py USERS OUT.tsv: makes the database anew and writes a line per user: Cookie header, tab, base32 secret.

The session of each line already holds the peer's proof of the second factor. Environment: PEER and DATABASE, as for
project.py; the database `postgres` must accept the same user.
"""

import base64
import hashlib
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import project
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction

# The driver sends it as X-CSRFToken too.
CSRF_TOKEN = "benchmarkbenchmarkbenchmarkbench"
BATCH = 1000


def drop_and_create():
    if connection.vendor == "sqlite":
        for suffix in ("", "-wal", "-shm"):
            Path(project.DATABASE + suffix).unlink(missing_ok=True)
        return
    import psycopg
    from psycopg import sql

    url = urlsplit(project.DATABASE)
    name = sql.Identifier(url.path[1:])
    with psycopg.connect(url._replace(path="/postgres").geturl(), autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        server.execute(sql.SQL("CREATE DATABASE {}").format(name))


def enroll(users, secrets):
    """Stores a confirmed secret per user; returns what the peer keeps in a session that has shown it."""
    if project.PEER == "django-otp":
        from django_otp import DEVICE_ID_SESSION_KEY
        from django_otp.plugins.otp_totp.models import TOTPDevice

        devices = TOTPDevice.objects.bulk_create(
            (TOTPDevice(user=user, key=secret.hex()) for user, secret in zip(users, secrets)), BATCH
        )
        return [{DEVICE_ID_SESSION_KEY: device.persistent_id} for device in devices]

    from drf_totp.models import TOTPAuth

    rows = [
        TOTPAuth(user=user, otp_enabled=True, otp_verified=True, otp_base32=base32(secret))
        for user, secret in zip(users, secrets)
    ]
    if project.PEER == "drf-totp-0.1.5":
        for row in rows:
            row.otp_auth_url = f"otpauth://totp/drftotp:{row.user.username}?secret={row.otp_base32}&issuer=drftotp"
        TOTPAuth.objects.bulk_create(rows, BATCH)
        return [{} for _ in rows]
    TOTPAuth.objects.bulk_create(rows, BATCH)

    from drf_totp.services import mark_session_verified

    requests = [SimpleNamespace(session={}) for _ in rows]
    for request, row in zip(requests, rows):
        mark_session_verified(request, row)
    return [request.session for request in requests]


def base32(secret):
    return base64.b32encode(secret).decode()


def cookie(user, proof):
    session = SessionStore()
    session.update(
        {
            "_auth_user_id": str(user.pk),
            "_auth_user_backend": settings.AUTHENTICATION_BACKENDS[0],
            "_auth_user_hash": user.get_session_auth_hash(),
            **proof,
        }
    )
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}; {settings.CSRF_COOKIE_NAME}={CSRF_TOKEN}"


SessionStore = import_module(settings.SESSION_ENGINE).SessionStore
count, out = int(sys.argv[1]), Path(sys.argv[2])
drop_and_create()
call_command("migrate", verbosity=0)
with transaction.atomic():
    users = User.objects.bulk_create(
        (User(username=f"user{i}", password=make_password(None)) for i in range(count)),
        BATCH,
    )
    secrets = [hashlib.sha1(user.username.encode()).digest() for user in users]
    proofs = enroll(users, secrets)
with connection.cursor() as cursor:
    # Otherwise PostgreSQL would do it during the run.
    cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
with out.open("w") as lines:
    for user, secret, proof in zip(users, secrets, proofs):
        lines.write(f"{cookie(user, proof)}\t{base32(secret)}\n")
