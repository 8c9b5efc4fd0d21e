import HTTP1

/// Cookies, which a browser adds whoever's page asks.
extension Credential {
  /// Where a request or a handshake may have it: in no cookie when a page of a foreign origin has sent it.
  ///
  /// `SameSite=Lax` keeps pages of other sites out; this also those of other ports, and where it is `None`.
  ///
  /// - Source: OWASP Cross-Site Request Forgery Prevention Cheat Sheet, "Using Standard Headers to Verify Origin".
  static func believed(_ places: [Place], _ headers: HeaderFields, _ policy: CrossOriginPolicy) -> [Place] {
    guard let origin = headers["origin"], !policy.allows(origin) else { return places }
    if let host = headers["host"], origin.hasSuffix("://" + host) { return places }
    return places.filter { if case .cookie = $0 { false } else { true } }
  }
}

extension Option {
  /// Whether a cookie goes along when a page of another site asks; then only over TLS.
  static let sameSite = Option("same_site", ["lax", "none"], standard: "lax")
}

extension Ask {
  /// The header that gives a browser its cookie, or takes it away.
  ///
  /// No script reads it, and what came over TLS goes over TLS only. The browser keeps it for the session, as the old
  /// server's; the token inside has its own end.
  public func cookie(_ name: String, _ token: String?) -> HeaderFields {
    let isForeign = voice.option(Option.sameSite.name) == "none"
    let kept = (isForeign ? "None" : "Lax") + (isForeign || cameByTLS ? "; Secure" : "")
    let end = token == nil ? "; Max-Age=0" : ""
    return ["Set-Cookie": "\(name)=\(token ?? ""); HttpOnly; Path=/; SameSite=\(kept)\(end)"]
  }

  /// As the balancer says, whoever it is: who writes it himself keeps a cookie from himself. Of several in a row, the
  /// first is the one to which the client came.
  private var cameByTLS: Bool {
    if mount.isSecure { return true }
    let first = request?.headers.values(for: "x-forwarded-proto").first?.prefix { $0 != "," }
    return first?.filter { $0 != " " && $0 != "\t" }.lowercased() == "https"
  }

  /// Signs out whoever is signed in, and takes the cookie away.
  public func signOut(clearing name: String) async throws -> Answer {
    if isKnown { try await signOut() }
    return Answer(204, .empty, headers: cookie(name, nil))
  }
}
