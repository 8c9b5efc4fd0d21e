import RedisBroker
import Tokens

extension Configuration {
  /// What a node with these settings must have in common with the others.
  ///
  /// Of secrets a code is told that is made under them, under a name of its own: whoever reads it learns nothing.
  var agreement: NodeAgreement {
    var settings: [String: String] = [:]
    for row in Reference.rows where row.isShared && !row.isSecret {
      let value = row.show(self)
      if value != row.defaultText { settings[row.variable] = value }
    }
    return NodeAgreement(
      settings: settings, secrets: secrets.refreshKey.map { ["MARTLET_REFRESH_KEY": Self.digest($0.revealed)] } ?? [:],
      keys: keysOfTokens, accepts: work.join == .accept)
  }

  private var keysOfTokens: [NodeAgreement.Key] {
    // A pair is named by its thumbprint, which is as good as a digest.
    if let pem = secrets.tokenKey {
      guard let kid = try? TokenKey(pem: pem.revealed).kid else { return [] }
      return [NodeAgreement.Key(id: kid, digest: kid)]
    }
    return secrets.tokenKeys.map { NodeAgreement.Key(id: $0.id, digest: Self.digest($0.secret.revealed)) }
  }

  /// Sixteen hexadecimal digits: enough to tell keys apart, too few to be a code of anything else.
  private static func digest(_ secret: [UInt8]) -> String {
    Hexadecimal.encode(HMACSHA256.code(Array("martlet joins 1".utf8), key: secret).prefix(8))
  }
}
