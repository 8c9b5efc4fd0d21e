/// What a profile's attributes may be; pure, so that every store asks it inside its transaction.
///
/// - Shape: a small map from names to texts, `{"fname": "Ada", "public_key": "…"}`; what a name means is its client's
///   matter.
/// - Limits: ``Limits/attributesMax`` names of `a` to `z` and `_`, 1 … ``Limits/attributeNameBytesMax`` bytes long;
///   values of at most ``Limits/attributeBytesMax`` bytes.
public enum ProfileRules {
  /// What is wrong with the attributes of a change, each at `/attributes/<name>`.
  static func faults(in attributes: [String: String], _ limits: Limits) -> [Fault] {
    attributes.sorted { $0.key < $1.key }.compactMap { name, value in
      let pointer = "/attributes/" + name
      guard isName(name, limits) else {
        return Fault(
          pointer: "/attributes", code: "not_allowed",
          detail: "attributes must have names of 1 to \(limits.attributeNameBytesMax) letters a to z and _.")
      }
      guard value.utf8.count <= limits.attributeBytesMax else {
        return Fault(
          pointer: pointer, code: "too_long", detail: "\(name) must have at most \(limits.attributeBytesMax) bytes.")
      }
      return value.isEmpty
        ? nil
        : TextRule.proseFlaw(value).map { flaw in
          Fault(pointer: pointer, code: flaw.code, detail: "\(name) must \(flaw.demand).")
        }
    }
  }

  /// The attributes after a change: those named are set, an empty value takes one away.
  ///
  /// - Throws: `.invalid` at `/attributes`, code `too_long`, when there would be too many.
  public static func merge(
    _ old: [String: String], _ change: [String: String], most: Int = Limits().attributesMax
  ) throws(ChatError) -> [String: String] {
    let merged = old.merging(change) { _, new in new }.filter { !$0.value.isEmpty }
    guard merged.count <= max(most, old.count) else {
      throw .invalid([
        Fault(pointer: "/attributes", code: "too_long", detail: "A user has at most \(most) attributes.")
      ])
    }
    return merged
  }

  private static func isName(_ name: String, _ limits: Limits) -> Bool {
    (1...limits.attributeNameBytesMax).contains(name.utf8.count)
      && name.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "_") }
  }
}
