import ChatCore
import Client
import Redis

/// Rows whose values are texts, lists and secrets.
extension Setting {
  /// Letters, digits and `._:-`, so that it can stand in keys, labels and tokens.
  static func word(_ name: String, _ place: any Place<String>, shared: Bool = false, reason: String) -> Setting {
    row(
      name, place, type: "word", range: "1 to 64 of A-Z a-z 0-9 . _ : / -", shared: shared, reason: reason,
      show: { $0 }, read: { (text) throws(Complaint) in try plain(text) })
  }

  static func word(_ name: String, _ place: any Place<String?>, reason: String) -> Setting {
    row(
      name, place, type: "word", range: "1 to 64 of A-Z a-z 0-9 . _ : / -", reason: reason,
      show: { $0 ?? "" }, read: { (text) throws(Complaint) in try plain(text) })
  }

  /// A path; whether the file is there is looked at by who opens it.
  static func path(_ name: String, _ place: any Place<String?>, reason: String) -> Setting {
    row(name, place, type: "path", range: "a file", reason: reason, show: { $0 ?? "" }, read: { $0 })
  }

  static func listen(_ name: String, _ place: any Place<ListenAddress>, reason: String) -> Setting {
    row(
      name, place, type: "address", range: "address:port", reason: reason, show: { $0.description },
      read: { (text) throws(Complaint) in try ListenAddress(setting: text) })
  }

  static func listen(_ name: String, _ place: any Place<ListenAddress?>, reason: String) -> Setting {
    row(
      name, place, type: "address", range: "address:port", reason: reason, show: { $0?.description ?? "" },
      read: { (text) throws(Complaint) in try ListenAddress(setting: text) })
  }

  static func networks(_ name: String, _ place: any Place<[NetworkRange]>, reason: String) -> Setting {
    row(
      name, place, type: "list", range: "networks, by comma", reason: reason,
      show: { $0.map(\.description).joined(separator: ",") },
      read: { (text) throws(Complaint) in
        var ranges: [NetworkRange] = []
        for item in try items(text) { ranges.append(try NetworkRange(setting: item)) }
        return ranges
      })
  }

  static func origins(_ name: String, _ place: any Place<[String]>, reason: String) -> Setting {
    row(
      name, place, type: "list", range: "origins, by comma", reason: reason, show: { $0.joined(separator: ",") },
      read: { (text) throws(Complaint) in
        var origins: [String] = []
        for item in try items(text) { origins.append(try origin(item)) }
        return origins
      })
  }

  static func databaseURL(_ name: String, _ place: any Place<Secret?>, reason: String) -> Setting {
    secret(name, place, range: "postgresql://…", reason: reason) { (text) throws(Complaint) in
      guard ["postgres://", "postgresql://"].contains(where: text.hasPrefix) else {
        throw Complaint("does not begin with postgresql://")
      }
    }
  }

  static func redisURL(_ name: String, _ place: any Place<Secret?>, reason: String) -> Setting {
    secret(name, place, range: "redis://… or redis+cluster://h1,h2,…", reason: reason) { (text) throws(Complaint) in
      do throws(RedisURLError) {
        _ = try RedisSettings(url: text)
      } catch {
        throw Complaint("is refused: \(error.description.dropLast())")
      }
    }
  }

  static func serviceURL(
    _ name: String, _ place: any Place<String?>, example: String, shared: Bool = false, reason: String
  ) -> Setting {
    row(
      name, place, type: "url", range: "https://host[:port]/path", shared: shared, reason: reason, show: { $0 ?? "" },
      read: { (text) throws(Complaint) in
        guard ServicePlace(url: text) != nil else {
          throw Complaint("is '\(text)', which is no URL of a service, as in \(example)")
        }
        return text
      })
  }

  /// A secret of any form.
  static func text(_ name: String, _ place: any Place<Secret?>, reason: String) -> Setting {
    secret(name, place, range: "1 to 256 visible characters", reason: reason) { (text) throws(Complaint) in
      guard text.utf8.count <= 256, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
        throw Complaint("has blanks, or more than 256 characters")
      }
    }
  }

  static func privateKey(_ name: String, _ place: any Place<Secret?>, reason: String) -> Setting {
    secret(name, place, range: "PEM", reason: reason) { (text) throws(Complaint) in
      guard text.contains("PRIVATE KEY-----") else { throw Complaint("is no private key in PEM") }
    }
  }

  static func key(
    _ name: String, _ place: any Place<SecretBytes?>, shared: Bool = false, reason: String
  ) -> Setting {
    row(
      name, place, type: "secret", range: "32 bytes or more, hexadecimal or base64url", secret: true, shared: shared,
      reason: reason,
      show: { $0 == nil ? "" : Secret.mask },
      read: { (text) throws(Complaint) in try SecretBytes(key: text[...]) })
  }

  static func signingKeys(_ name: String, _ place: any Place<[SigningKey]>, reason: String) -> Setting {
    row(
      name, place, type: "secret", range: "kid:key, by comma; a key as in REFRESH_KEY", secret: true, reason: reason,
      show: { $0.isEmpty ? "" : $0.map { "\($0.id):\(Secret.mask)" }.joined(separator: ",") },
      read: { (text) throws(Complaint) in try signingKeys(items(text)) })
  }

  private static func secret(
    _ name: String, _ place: any Place<Secret?>, range: String, reason: String,
    check: @escaping @Sendable (String) throws(Complaint) -> Void
  ) -> Setting {
    row(
      name, place, type: "secret", range: range, secret: true, reason: reason,
      show: { $0 == nil ? "" : Secret.mask },
      read: { (text) throws(Complaint) in
        try check(text)
        return Secret(text)
      })
  }
}

extension Setting {
  private static func plain(_ text: String) throws(Complaint) -> String {
    let allowed = text.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || "._:/-".utf8.contains(byte)
    }
    guard allowed, (1...64).contains(text.utf8.count) else {
      throw Complaint("is '\(text)', and has 1 to 64 letters, digits, dots, underscores, colons, slashes or hyphens")
    }
    return text
  }

  static func origin(_ text: String) throws(Complaint) -> String {
    guard text != "*" else {
      throw Complaint("is *, which would let every web page act for a signed-in user; name the origins")
    }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "https:" || parts[0] == "http:", parts[1].isEmpty, !parts[2].isEmpty,
      parts[2].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"@?#*".utf8.contains($0) })
    else {
      throw Complaint(
        "has '\(text)', which is no origin, as in https://chat.example.org (no path, no slash at its end)")
    }
    return text.lowercased()
  }

  private static func signingKeys(_ items: [String]) throws(Complaint) -> [SigningKey] {
    var keys: [SigningKey] = []
    for (index, item) in items.enumerated() {
      guard let colon = item.firstIndex(of: ":") else { throw Complaint("has no colon in key \(index + 1): kid:key") }
      let id = try plain(String(item[..<colon]))
      do {
        keys.append(SigningKey(id: id, secret: try SecretBytes(key: item[item.index(after: colon)...])))
      } catch {
        throw Complaint("has a key '\(id)' that \(error.text)")
      }
      guard keys.count(where: { $0.id == id }) == 1 else { throw Complaint("has two keys named '\(id)'") }
    }
    return keys
  }

  /// What stands between commas, without blanks around it; something has to.
  static func items(_ text: String) throws(Complaint) -> [String] {
    let items = text.split(separator: ",").map { part in
      String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }.filter { !$0.isEmpty }
    // An empty list would mean something else than the default, and nobody writes one with a comma or a blank.
    guard !items.isEmpty else { throw Complaint("is '\(text)', and names nothing; leave it out, or empty") }
    return items
  }
}
