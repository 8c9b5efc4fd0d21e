import EntryText
import JSONText

/// What a client of Socket.IO brings to come in.
///
/// - Shape: `auth: {token, recovery?: true}`; a client that comes back adds `pid` and `offset` by itself.
/// - Limits: ``RealtimeLimits/tokenBytesMax``.
public struct Ticket: Sendable {
  let token: String
  let wantsRecovery: Bool
  let pid: String?
  let offset: String?

  /// Reads the payload of a CONNECT.
  ///
  /// - Parameter auth: an object as JSON text, or empty.
  public static func read(auth: [UInt8], limits: RealtimeLimits) -> Result<Ticket, Refusal> {
    guard !auth.isEmpty else { return .failure(Refusal(problem: .noToken)) }
    do throws(JSONError) {
      let value = try JSONValue(parsing: auth, limits: JSONLimits(bytesMax: 2 * limits.tokenBytesMax))
      guard value["token"].map({ !$0.isNull }) ?? false else { return .failure(Refusal(problem: .noToken)) }
      return ticket(value, limits)
    } catch {
      return .failure(Refusal(problem: Problem(error, in: auth.span)))
    }
  }

  /// Why nobody comes in with that.
  public struct Refusal: Error {
    /// The problem.
    public let problem: Problem
  }

  private static func ticket(_ value: JSONValue, _ limits: RealtimeLimits) -> Result<Ticket, Refusal> {
    do throws(ShapeErrors) {
      let asked = try shape(limits).read(value)
      return .success(
        Ticket(
          token: asked.string("token") ?? "", wantsRecovery: asked.bool("recovery") ?? false,
          pid: asked.string("pid"), offset: asked.string("offset")))
    } catch {
      return .failure(Refusal(problem: Problem(error)))
    }
  }

  private static func shape(_ limits: RealtimeLimits) -> Shape {
    Shape(
      "Connect",
      [
        .string("token", .required, bytes: 1...limits.tokenBytesMax, "An access token."),
        .bool("recovery", .optional, standard: false, "Whether to go on by itself after a lost connection."),
        .string("pid", .optional, bytes: 1...128, "The secret of the session that was lost."),
        .string("offset", .optional, bytes: 1...64, "That of the last entry that came."),
      ])
  }
}

/// Whether a client of Socket.IO comes in.
public enum Entrance: Sendable {
  /// He does, under this id; with a `pid` he may come back to it, and `isRecovered` says that he has.
  case admitted(sid: String, pid: String?, isRecovered: Bool)
  /// He does not.
  case refused(Problem)
}
