/// One thing that is wrong with what a client sent.
///
/// - Shape: `{"pointer": "/members/3", "code": "out_of_range", "detail": "\"members/3\" must be from 1 to …"}`.
/// - Source: RFC 6901 for the pointer, RFC 9457 section 3.1 for where it goes.
public struct Fault: Sendable, Equatable {
  /// Why, for programs; stable for ever.
  public enum Code: String, Sendable, CaseIterable {
    case missing
    case unknownMember = "unknown_member"
    case wrongType = "wrong_type"
    case tooShort = "too_short"
    case tooLong = "too_long"
    case tooFew = "too_few"
    case tooMany = "too_many"
    case outOfRange = "out_of_range"
    case notAllowed = "not_allowed"
    case invalidFormat = "invalid_format"
    case repeated
  }

  /// Where: a JSON pointer into the body, or `/name` for a parameter.
  public let pointer: String
  /// Why, for programs.
  public let code: Code
  /// Why, for people: an English sentence that names the member and the limit.
  public let detail: String

  /// A fault, spelled out; for rules that a shape cannot say.
  public init(pointer: String, code: Code, detail: String) {
    self.pointer = pointer
    self.code = code
    self.detail = detail
  }
}

/// All that is wrong with what a client sent.
///
/// - Limits: at most ``faultsMax`` faults are kept, so that a body of 300,000 unknown members has a short answer.
public struct ShapeErrors: Error, Sendable, Equatable {
  /// The most faults that are told; a person corrects fewer at a time.
  public static let faultsMax = 20
  /// What is wrong, in the order of the rows.
  public let faults: [Fault]

  /// Faults, spelled out; for rules that a shape cannot say.
  public init(_ faults: [Fault]) {
    self.faults = Array(faults.prefix(Self.faultsMax))
  }
}

/// A place in a value, kept as names until somebody asks for the pointer.
///
/// - Cost: a member of the top object allocates nothing; nearly every request has no deeper ones.
struct Place {
  private let outer: [String]
  private let last: String?
  /// A member's name may be as long as the text; what is told of it is not.
  private static let shownMax = 64

  static let top = Place(outer: [], last: nil)

  private init(outer: [String], last: String?) { (self.outer, self.last) = (outer, last) }

  func member(_ name: String) -> Place { Place(outer: tokens, last: name) }

  func element(_ index: Int) -> Place { Place(outer: tokens, last: String(index)) }

  private var tokens: [String] {
    guard let last else { return outer }
    return outer + [
      last.utf8.count <= Self.shownMax ? last : String(last.unicodeScalars.prefix(Self.shownMax / 4)) + "…"
    ]
  }

  var pointer: String { tokens.map { "/" + Self.escaped($0) }.joined() }

  /// How a sentence names it.
  var title: String { tokens.isEmpty ? "The body" : "\"\(tokens.joined(separator: "/"))\"" }

  private static func escaped(_ token: String) -> String {
    var text = ""
    for scalar in token.unicodeScalars {
      switch scalar {
      case "~": text += "~0"
      case "/": text += "~1"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}

/// Collects faults up to the limit.
struct FaultList {
  private(set) var faults: [Fault] = []

  mutating func add(_ place: Place, _ code: Fault.Code, _ rest: String) {
    guard faults.count < ShapeErrors.faultsMax else { return }
    faults.append(Fault(pointer: place.pointer, code: code, detail: "\(place.title) \(rest)."))
  }
}
