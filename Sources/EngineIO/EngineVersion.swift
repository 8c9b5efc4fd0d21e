/// The revisions of Engine.IO that are spoken.
public enum EngineVersion: Int, Sendable, Equatable {
  /// Revision 3, of Socket.IO 1 and 2: the client pings, payloads are prefixed with lengths.
  case v3 = 3
  /// Revision 4, of Socket.IO 3 and 4: the server pings, payloads are separated by 0x1E.
  case v4 = 4
}
