import json

from channels.generic.websocket import WebsocketConsumer
from guide_server.models import SocketMessage


class DeviceConsumer(WebsocketConsumer):
    """Takes what a device of the guide sends; no receipts, no commands."""

    def receive(self, text_data=None, bytes_data=None):
        device_id = self.scope["url_route"]["kwargs"]["device_id"]
        json.loads(text_data)
        SocketMessage.objects.create(device_id=device_id, body=text_data)
