# The guide, section 9.1, as it is written, behind the imports that it forgets.
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from guide_server.models import SensorData

# views.py
from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.utils.decorators import method_decorator
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import IsAuthenticated
import json
from datetime import datetime

@csrf_exempt
@api_view(['POST'])
def receive_iot_data(request):
    try:
        data = json.loads(request.body)
        device_id = data.get('device_id')
        
        # Valider les données
        if not device_id:
            return JsonResponse({'error': 'device_id requis'}, status=400)
        
        # Sauvegarder en base de données
        sensor_data = SensorData.objects.create(
            device_id=device_id,
            temperature=data.get('temperature'),
            humidity=data.get('humidity'),
            heart_rate=data.get('heart_rate'),
            spo2=data.get('spo2'),
            battery_level=data.get('battery_level'),
            timestamp=datetime.fromtimestamp(data.get('timestamp', 0) / 1000)
        )
        
        # Envoyer via WebSocket aux clients connectés
        channel_layer = get_channel_layer()
        async_to_sync(channel_layer.group_send)(
            f"patient_{device_id}",
            {
                'type': 'sensor_data',
                'data': {
                    'temperature': sensor_data.temperature,
                    'heart_rate': sensor_data.heart_rate,
                    'timestamp': sensor_data.timestamp.isoformat()
                }
            }
        )
        
        return JsonResponse({'status': 'success', 'id': sensor_data.id})
        
    except Exception as e:
        return JsonResponse({'error': str(e)}, status=500)

@csrf_exempt
@api_view(['POST'])
def receive_batch_data(request):
    try:
        data = json.loads(request.body)
        device_id = data.get('device_id')
        measurements = data.get('measurements', [])
        
        created_records = []
        for measurement in measurements:
            sensor_data = SensorData.objects.create(
                device_id=device_id,
                **measurement
            )
            created_records.append(sensor_data.id)
        
        return JsonResponse({
            'status': 'success',
            'created_count': len(created_records),
            'ids': created_records
        })
        
    except Exception as e:
        return JsonResponse({'error': str(e)}, status=500)
