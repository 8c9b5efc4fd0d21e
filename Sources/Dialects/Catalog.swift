/// The dialects that there are, in the order of their seeds.
public enum DialectCatalog {
  /// All of them.
  public static let all: [Dialect] = [
    .umocSession,
    .messenger,
    .realtime,
    .pymessage,
    .umoc,
  ]

  /// The one of that name.
  public static func named(_ name: String) -> Dialect? { all.first { $0.name == name } }
}
