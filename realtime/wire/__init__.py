"""The protocols under the hub: WebSocket (RFC 6455), Engine.IO v4 and Socket.IO v5, as servers speak them.

Nothing here knows the platform: who is let in and what an event means is for the floor above (realtime/hub.py).
"""
