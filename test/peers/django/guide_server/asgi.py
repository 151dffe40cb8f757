import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guide_server.settings")
http = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import re_path  # noqa: E402
from guide_server.consumers import DeviceConsumer  # noqa: E402

sockets = [re_path(r"^ws/iot/(?P<device_id>[^/]+)/$", DeviceConsumer.as_asgi())]
application = ProtocolTypeRouter({"http": http, "websocket": URLRouter(sockets)})
