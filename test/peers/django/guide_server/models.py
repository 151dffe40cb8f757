from django.db import models


class SensorData(models.Model):
    """The fields that the guide's views name."""

    device_id = models.CharField(max_length=64)
    temperature = models.FloatField(null=True)
    humidity = models.FloatField(null=True)
    heart_rate = models.IntegerField(null=True)
    spo2 = models.FloatField(null=True)
    battery_level = models.FloatField(null=True)
    timestamp = models.DateTimeField()

    class Meta:
        app_label = "guide_server"


class SocketMessage(models.Model):
    """What came by the WebSocket: the guide does not say what becomes of it."""

    device_id = models.CharField(max_length=64)
    body = models.TextField()

    class Meta:
        app_label = "guide_server"
