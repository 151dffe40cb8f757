from django.urls import path
from guide_server.views import receive_batch_data, receive_iot_data

urlpatterns = [
    path("api/iot/data", receive_iot_data),
    path("api/iot/batch", receive_batch_data),
]
