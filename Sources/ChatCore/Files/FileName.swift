/// Cleans the name that a client gives a file: its last part, without what deceives the eye or leaves a folder.
///
/// - Limits: ``bytesMax`` UTF-8 bytes; what is longer loses its middle, not its ending.
public enum FileName {
  /// Bytes of a name: what file systems take (255).
  public static let bytesMax = 255
  /// Bytes of an ending that survives a cut: `.jpeg`, `.tar.gz`, and room.
  private static let endingBytesMax = 16
  /// What a file without a usable name is called.
  private static let nameless = "file"

  /// The name as it is kept.
  public static func cleaned(_ given: String?) -> String {
    let last = (given ?? "").unicodeScalars.split { $0 == "/" || $0 == "\\" }.last ?? []
    var kept = String.UnicodeScalarView()
    kept.append(
      contentsOf: last.filter { !$0.breaksLines && !$0.properties.isBidiControl && !$0.isUnseen && $0 != "\u{FFFD}" })
    let ends: (Unicode.Scalar) -> Bool = { $0.properties.isWhitespace || $0 == "." }
    while let first = kept.first, ends(first) { kept.removeFirst() }
    while let end = kept.last, ends(end) { kept.removeLast() }
    let name = cut(String(kept))
    return name.unicodeScalars.allSatisfy(\.isBlank) ? nameless : name
  }

  private static func cut(_ name: String) -> String {
    guard name.utf8.count > bytesMax else { return name }
    var ending = ""
    if let dot = name.unicodeScalars.lastIndex(of: "."), name[dot...].utf8.count <= endingBytesMax {
      ending = String(name[dot...])
    }
    var stem = String.UnicodeScalarView()
    var room = bytesMax - ending.utf8.count
    for scalar in name.unicodeScalars {
      room -= UTF8.width(scalar)
      if room < 0 { break }
      stem.append(scalar)
    }
    return String(stem) + ending
  }
}
