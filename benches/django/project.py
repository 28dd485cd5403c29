"""The reference application: settings, views and routes of one peer over one database. The environment says which:

PEER      drf-totp-0.1.5, drf-totp (0.2.0) or django-otp
DATABASE  the absolute path of a SQLite file, or postgres://user@host:port/dbname

GET /session/ needs a session, GET /guarded/ the peer's second factor too; GET /otp/status/ and POST /otp/validate/
are the peer's own. A POST carries the cookie csrftoken and the same value in the header X-CSRFToken (see seed.py).
"""

import json
import os
from urllib.parse import urlsplit

from django.conf import settings
from django.core.wsgi import get_wsgi_application

PEER = os.environ["PEER"]
DATABASE = os.environ["DATABASE"]

APPS = {
    "drf-totp-0.1.5": ["drf_totp"],
    "drf-totp": ["drf_totp"],
    "django-otp": ["django_otp", "django_otp.plugins.otp_totp"],
}[PEER]

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
if PEER == "django-otp":
    # Its views are plain Django views. DRF's SessionAuthentication checks CSRF by itself.
    MIDDLEWARE.insert(1, "django.middleware.csrf.CsrfViewMiddleware")
    MIDDLEWARE.append("django_otp.middleware.OTPMiddleware")


def database():
    if DATABASE.startswith("postgres://"):
        url = urlsplit(DATABASE)
        engine = {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": url.hostname,
            "PORT": url.port,
            "USER": url.username,
            "NAME": url.path[1:],
            # Prepared statements, which Django leaves off: some 7 % more requests/s.
            "OPTIONS": {"server_side_binding": True, "prepare_threshold": 5},
        }
    else:
        engine = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATABASE,
            "OPTIONS": {
                "timeout": 5,
                # A transaction that reads first and writes then would fail at once where another one wrote in between.
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
            },
        }
    return engine | {"CONN_MAX_AGE": None}


settings.configure(
    DEBUG=False,
    SECRET_KEY="a benchmark key, which guards nothing: 3f0c9a1be2d84756",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework", *APPS],
    MIDDLEWARE=MIDDLEWARE,
    DATABASES={"default": database()},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    TIME_ZONE="UTC",
    USE_I18N=False,
    # No table of sessions is read or written.
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    REST_FRAMEWORK={
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    },
    # Refusals are warnings; only what would spoil a run is printed.
    LOGGING={
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"stderr": {"class": "logging.StreamHandler"}},
        "root": {"level": "ERROR", "handlers": ["stderr"]},
        "loggers": {"django": {"level": "ERROR", "handlers": ["stderr"], "propagate": False}},
    },
    # drf-totp 0.2.0 counts requests here. The default holds 300 users and then forgets them.
    CACHES={
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
    },
    # drf-totp 0.2.0 seals its secrets, as actix-totp does.
    TOTP_ENCRYPTION_KEY="YSBiZW5jaG1hcmsga2V5IG9mIHRoaXJ0eS10d28gYnk=",
    # A refusal is cheaper than a comparison and would flatter the peer. drf-totp 0.2.0 counts as before, but a driver
    # may use up its default of 5/min; django-otp would refuse a right code for a second after a wrong one.
    TOTP_THROTTLE_RATE="60/min",
    OTP_TOTP_THROTTLE_FACTOR=0,
)
application = get_wsgi_application()

# Only now: these modules need the settings and the apps.
from django.db import transaction  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from rest_framework.permissions import IsAuthenticated  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class Session(APIView):
    permission_classes = [IsAuthenticated]

    def get(self, request):
        return Response({"username": request.user.username})


urlpatterns = [path("session/", Session.as_view())]

if PEER == "django-otp":
    import django_otp
    from django_otp.plugins.otp_totp.models import TOTPDevice

    def guarded(request):
        if not request.user.is_verified():
            return JsonResponse({"detail": "Second factor required"}, status=403)
        return JsonResponse({"username": request.user.username})

    def status(request):
        if not request.user.is_authenticated:
            return JsonResponse({"detail": "Not signed in"}, status=403)
        enabled = TOTPDevice.objects.filter(user=request.user, confirmed=True).exists()
        return JsonResponse({"otp_enabled": enabled})

    def validate(request):
        if not request.user.is_authenticated:
            return JsonResponse({"detail": "Not signed in"}, status=403)
        token = json.loads(request.body)["token"]
        # Locked, as in django_otp.verify_token: otherwise two requests could spend one code.
        with transaction.atomic():
            device = TOTPDevice.objects.select_for_update().get(user=request.user, confirmed=True)
            verified = device.verify_token(token)
        if not verified:
            return JsonResponse({"detail": "Invalid token"}, status=400)
        django_otp.login(request, device)
        return JsonResponse({"detail": "Token is valid"})

    urlpatterns += [
        path("guarded/", guarded),
        path("otp/status/", status),
        path("otp/validate/", validate),
    ]
else:

    class Guarded(Session):
        # 0.1.5 has no guard: a session is all that it can ask for.
        if PEER == "drf-totp":
            from drf_totp.permissions import IsTOTPVerified

            permission_classes = [IsAuthenticated, IsTOTPVerified]

    urlpatterns += [path("guarded/", Guarded.as_view()), path("", include("drf_totp.urls"))]
