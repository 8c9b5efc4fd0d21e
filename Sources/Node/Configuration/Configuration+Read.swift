import ChatCore
import Dialects

/// Every wrong setting, a sentence each.
struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// Each begins with the name of the variable.
  let sentences: [String]

  /// The sentences, a line each.
  var description: String { sentences.joined(separator: "\n") }
}

/// What a configuration is read for: it decides which settings have to be there.
enum ConfigurationPurpose: Sendable, CaseIterable {
  /// A node of a cluster, or `doctor`, which looks at all that a node needs.
  case serve
  /// `dev`: in memory; secrets are made at the start.
  case develop
  /// `migrate`: the database only.
  case migrate
  /// `token`: the keys, and the database in which the session is opened.
  case token
  /// `doctor --live` and `drain`: where the node of this environment answers.
  case ask

  fileprivate var required: [String] {
    switch self {
    case .serve: ["DATABASE_URL", "REDIS_URL", "TOKEN_KEYS", "REFRESH_KEY"]
    case .develop, .ask: []
    case .migrate: ["DATABASE_URL"]
    case .token: ["DATABASE_URL", "TOKEN_KEYS", "REFRESH_KEY"]
    }
  }
}

extension Configuration {
  /// Reads the `MARTLET_` variables of an environment and checks them together.
  ///
  /// - Shape: a variable with an empty value counts as not set. A secret may stand in a file,
  ///   which `MARTLET_<NAME>_FILE` names.
  /// - Errors: ``ConfigurationError`` has a sentence for each wrong, unknown or missing setting.
  static func read(
    _ environment: [String: String], for purpose: ConfigurationPurpose,
    file: (String) -> String? = SettingFile.text
  ) throws(ConfigurationError) -> Configuration {
    var configuration = Configuration()
    var sentences: [String] = []
    var given: Set<String> = []
    let set = environment.filter { $0.key.hasPrefix(Setting.prefix) && !$0.value.isEmpty }
    for row in Reference.rows {
      do {
        guard let text = try row.text(in: set, file: file) else { continue }
        given.insert(row.name)
        try row.store(&configuration, text)
      } catch {
        given.insert(row.name)
        sentences.append("\(row.variable) \(printable(error.text)).")
      }
    }
    sentences += unknown(in: set) + missing(given, for: purpose)
    if sentences.isEmpty { sentences = configuration.contradictions }
    guard sentences.isEmpty else { throw ConfigurationError(sentences: sentences) }
    return configuration
  }

  /// A complaint that repeats what was written is one line still, and one that can be read.
  private static func printable(_ text: String) -> String {
    let scalars = text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }
    let line = String(String.UnicodeScalarView(scalars))
    return line.count <= 400 ? line : "\(line.prefix(200)) … \(line.suffix(200))"
  }

  private static func missing(_ given: Set<String>, for purpose: ConfigurationPurpose) -> [String] {
    purpose.required.compactMap { name in
      guard !given.contains(name), !(name == "TOKEN_KEYS" && given.contains("TOKEN_KEY")),
        let row = Reference.rows.first(where: { $0.name == name })
      else { return nil }
      return "\(row.variable) is missing (or \(row.fileVariable), a file that holds it): \(row.reason)"
    }
  }

  private static func unknown(in environment: [String: String]) -> [String] {
    let known = Reference.rows.flatMap { $0.isSecret ? [$0.variable, $0.fileVariable] : [$0.variable] }
    return environment.keys.filter { !known.contains($0) }.sorted().map { name in
      guard let nearest = SettingName.nearest(to: name, among: known) else {
        return "\(name) is no setting of Martlet."
      }
      return "\(name) is no setting of Martlet; did you mean \(nearest)?"
    }
  }

  /// Settings that are right each for itself but not together.
  private var contradictions: [String] {
    var sentences: [String] = []
    func require(_ holds: Bool, _ sentence: String) { if !holds { sentences.append(sentence) } }
    require(
      (serving.certificateFile == nil) == (serving.keyFile == nil),
      "MARTLET_TLS_CERTIFICATE_FILE and MARTLET_TLS_KEY_FILE belong together: one is set, the other is not.")
    require(
      secrets.tokenKeys.isEmpty || secrets.tokenKey == nil,
      "MARTLET_TOKEN_KEYS and MARTLET_TOKEN_KEY are both set; access tokens are signed by one of them.")
    require(
      serving.privateListen != nil || serving.privateAddress == nil,
      "MARTLET_PRIVATE_ADDRESS tells others of a listener that there is not: set MARTLET_PRIVATE_LISTEN too.")
    require(
      serving.privateAddress != nil || serving.privateListen?.isAny != true,
      "MARTLET_PRIVATE_LISTEN is every address of the machine; MARTLET_PRIVATE_ADDRESS must tell others which to take.")
    require(
      serving.privateAddress.map { !$0.isAny && $0.port > 0 } ?? true,
      "MARTLET_PRIVATE_ADDRESS is no address that another node could connect to.")
    require(
      files.url != nil || (files.accessKey == nil && files.secretKey == nil),
      "MARTLET_S3_ACCESS_KEY or MARTLET_S3_SECRET_KEY is set without MARTLET_S3_URL: files would go into the database.")
    require(
      files.url == nil || (files.accessKey != nil && files.secretKey != nil),
      "MARTLET_S3_URL is set; MARTLET_S3_ACCESS_KEY and MARTLET_S3_SECRET_KEY belong to it.")
    require(
      intake.uploadBytes >= shared.limits.fileBytesMax + 65_536,
      "MARTLET_LIMIT_UPLOADS_BYTES is \(intake.uploadBytes), less than one file of MARTLET_LIMIT_FILE_BYTES.")
    let servesDialects = !dialects.mounted.isEmpty || !dialects.listeners.isEmpty
    let longestHistory = 2 * (Ask.historyBytesMax + shared.limits.pageMax * shared.limits.textBytesMax)
    require(
      !servesDialects || intake.answerBytes >= longestHistory,
      "MARTLET_LIMIT_ANSWERS_BYTES is \(intake.answerBytes), too small for MARTLET_LIMIT_PAGE messages of "
        + "MARTLET_LIMIT_TEXT_BYTES: at least \(longestHistory).")
    let textRoom = 2 * shared.limits.textBytesMax
    require(
      intake.frameBytes >= textRoom,
      "MARTLET_LIMIT_FRAME_BYTES is \(intake.frameBytes), too small for MARTLET_LIMIT_TEXT_BYTES: at least \(textRoom)."
    )
    require(
      intake.bodyBytes >= textRoom,
      "MARTLET_LIMIT_BODY_BYTES is \(intake.bodyBytes), too small for MARTLET_LIMIT_TEXT_BYTES: at least \(textRoom).")
    require(
      intake.payloadBytes >= textRoom,
      "MARTLET_SOCKETIO_PAYLOAD_BYTES is \(intake.payloadBytes), less than \(textRoom), two texts of "
        + "MARTLET_LIMIT_TEXT_BYTES.")
    require(
      intake.sendQueueBytes >= intake.frameBytes,
      "MARTLET_LIMIT_SEND_QUEUE_BYTES is \(intake.sendQueueBytes), less than one frame of MARTLET_LIMIT_FRAME_BYTES.")
    return sentences
  }
}

extension Setting {
  /// The value as it was given, from the variable itself or from the file that it names.
  fileprivate func text(
    in environment: [String: String], file: (String) -> String?
  ) throws(Complaint) -> String? {
    // What is no UTF-8 came here as that character: a key or a password would be another one.
    if environment[variable]?.unicodeScalars.contains("\u{FFFD}") == true { throw Complaint("is no text in UTF-8") }
    guard isSecret, let path = environment[fileVariable] else { return environment[variable] }
    guard environment[variable] == nil else { throw Complaint("is set, and \(fileVariable) too; set one of them") }
    guard let text = file(path) else {
      throw Complaint("cannot be read: \(fileVariable) names '\(path)', which is no readable text file under 64 KiB")
    }
    guard !text.isEmpty else { throw Complaint("is empty in the file '\(path)' that \(fileVariable) names") }
    return text
  }
}
