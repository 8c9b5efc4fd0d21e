/// Numbers that no door takes for the `seq` of an entry, nor anything else in their place.
public enum WrongSeqs {
  /// As JSON spells them: beyond what every reader keeps exactly (2^53 - 1), beyond what Swift's integers hold,
  /// negative, whole numbers in the spelling of others, other kinds.
  public static let literals = [
    "9007199254740992", "9223372036854775807", "9223372036854775808", "-9223372036854775809",
    "18446744073709551616", "-1", "1e3", "1E400", "1.0", "0.5", "\"1\"", "null", "true", "[1]", "{}",
  ]

  /// The largest that is one.
  public static let largest = "9007199254740991"
}
