extension Reference {
  /// What `martlet settings` prints: a block for each setting.
  static var text: String {
    rows.map { row in
      let facts = [
        row.type, row.range, row.unit, row.defaultText.isEmpty ? "no default" : "default \(row.defaultText)",
        row.isShared ? "equal on all nodes" : "", row.isSecret ? "also as \(row.fileVariable)" : "",
      ]
      return "\(row.variable)\n    \(facts.filter { !$0.isEmpty }.joined(separator: "; "))\n    \(row.reason)\n"
    }.joined(separator: "\n")
  }

  /// What `martlet settings --markdown` prints, and `deploy/settings.md` holds.
  static var markdown: String {
    let head = """
      # Settings

      Made by `martlet settings --markdown`; a test compares. Settings are environment variables, read once at the
      start; a wrong one stops it with a sentence that names it. A secret (🔑) may also stand in a file: the same name
      with `_FILE` at its end. What is marked ≡ has to be equal on all nodes of a cluster. An empty value is none.
      What is fixed of the limits of a node stands under "Sizing" in the [runbook](runbook.md): sessions of Socket.IO,
      and of one address those in which nobody is known yet.

      | Variable | Type | Range | Unit | Default | Why |
      | --- | --- | --- | --- | --- | --- |

      """
    let lines = rows.map { row in
      let marks = (row.isSecret ? " 🔑" : "") + (row.isShared ? " ≡" : "")
      let standard = row.defaultText.isEmpty ? "" : "`\(row.defaultText)`"
      return "| `\(row.variable)`\(marks) | \(row.type) | \(row.range) | \(row.unit) | \(standard) | \(row.reason) |\n"
    }
    return head + lines.joined()
  }
}

extension Configuration {
  /// The settings that differ from their defaults, as they would be written, secrets masked; printed once at the start.
  var summary: [String] {
    let defaults = Configuration()
    return Reference.rows.compactMap { row in
      let value = row.show(self)
      return value == row.show(defaults) ? nil : "\(row.variable)=\(value)"
    }
  }

  /// Sixteen hexadecimal digits over the settings that must be equal on all nodes, secrets aside; for eyes and tools,
  /// since what is compared when a node joins is its ``Configuration/agreement``.
  ///
  /// FNV-1a with 64 bits over a `NAME=value` line for each of them that is not at its default, so that a release that
  /// adds a setting agrees with the one before. It is stable over builds and machines, and against mistakes only.
  var sharedHash: String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for row in Reference.rows where row.isShared && !row.isSecret && row.show(self) != row.defaultText {
      for byte in "\(row.name)=\(row.show(self))\n".utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
