"""Realtime: Socket.IO v5 at ``/socket.io/``, rooms across processes, and notices to members that none may miss.

rooms = app.resource(Rooms)                  await rooms.publish("sale:7", "flash_sale", {...})
hub = app.resource(Hub)                      hub.on("/member", "watch", watch)
realtime.notices                             await notices.add(connection, member_id, "order", {...})
"""

from realtime.declared import Lane, RoomType, Says
from realtime.hub import Hub
from realtime.rooms import Rooms
from realtime.sockets import Socket
from realtime.types import Visitor, VisitorKind

__all__ = ["Hub", "Lane", "RoomType", "Rooms", "Says", "Socket", "Visitor", "VisitorKind"]
