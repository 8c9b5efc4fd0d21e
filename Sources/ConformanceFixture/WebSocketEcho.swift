import HTTP1
import Serving
import WebSocket

/// Sends each message back as it came; a client that does not read is not read from.
final class WebSocketEcho: WebSocketHandler {
  private let socket: WebSocketConnection

  private init(_ socket: WebSocketConnection) { self.socket = socket }

  static func answer(_ request: Request) -> UpgradeAnswer {
    let offer = Handshake.Offer(compression: CompressionOffer(serverForgets: false, clientForgets: false))
    let limits = MessageLimits(messageBytesMax: 16 << 20, framesPerMessageMax: 1 << 20, inflationRatioMax: 2000)
    do {
      return .accept(try Handshake.agree(request.head, offer: offer), limits: limits) { WebSocketEcho($0) }
    } catch {
      return .refuse(Response(error))
    }
  }

  func received(text: Span<UInt8>) {
    socket.send(text: text)
    rest()
  }

  func received(binary: Span<UInt8>) {
    socket.send(binary: binary)
    rest()
  }

  private func rest() {
    if socket.isCongested { socket.pauseReading() }
  }

  func drained() { socket.resumeReading() }

  func closed(_ end: WebSocketEnd) {}
}
