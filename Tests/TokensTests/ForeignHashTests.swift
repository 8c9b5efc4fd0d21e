import Testing
import Tokens

@Suite("Hashes of other systems") struct ForeignHashTests {
  private static let password = "grüße 1"

  /// Made by bcrypt 5.0 and Werkzeug 3.1.
  private static let hashes = [
    "$2b$05$Mnsdt31H/KKGtIrtPdvebumJzQzJJdnWuotmPubsdDH9iSqQk5ypK",
    "scrypt:32768:8:1$SNKZDrH8Ev7ZA0lH$16703eaadf23baa85f83adea86d049cf26327dc893b8327fbfe7e7824a78c215"
      + "bbd2b8b6bee7b0e6b321b142a3f45e07675bf1da5cd255fcdad280f98d0cbc98",
    "scrypt:16384:8:2$pJdLpkTnPelig2t1$ee5d74de41ecf22968ba015b45b55998b1e9d171f879fac1cc5ef85175c137c9"
      + "20e83ccd7c72c1133dd11f8e8c1b3e6ae9c8a9b5de3fd4ea7b4a73bbd4a033cb",
    "pbkdf2:sha256:1000$1lrbrYpoq2i0kiaL$08c6de0ede7c0d1e5a063505d98bb2977f167e78f562272a5865488a2dab3003",
    "pbkdf2:sha512:1000$rOj79jY3dkQrcVj2$176ab49204983fe9e1c53db32d9babd01689c9f39b2c3e6ddbdea59dcc65596f"
      + "afce96029deb2033aa0b1a4b54818e184593ed8cf1b20d64d8c946640476ca35",
    "pbkdf2:sha1:1000$Fc04G6qZLGE5p5Nj$d899494b1c4d38e826c42c19df17e5e287f91294",
  ]

  @Test("the password of an imported hash is known again, another is not", arguments: hashes)
  func verify(hash: String) throws {
    let foreign = try #require(ForeignHash(parsing: hash))
    #expect(foreign.verify(Array(Self.password.utf8)))
    #expect(!foreign.verify(Array("grüße 2".utf8)))
    #expect(!foreign.verify([]))
    #expect(!foreign.verify(Array("grüße 1\0x".utf8)))
  }

  @Test("a hash that was changed or cut is never right", arguments: hashes)
  func damaged(hash: String) {
    let bytes = Array(hash.utf8)
    for place in bytes.indices.suffix(8) {
      var other = bytes
      other[place] = other[place] == UInt8(ascii: "a") ? UInt8(ascii: "b") : UInt8(ascii: "a")
      let text = String(decoding: other, as: UTF8.self)
      #expect(ForeignHash(parsing: text)?.verify(Array(Self.password.utf8)) != true, "\(text)")
    }
    for length in stride(from: 0, to: bytes.count, by: 7) {
      let text = String(decoding: bytes.prefix(length), as: UTF8.self)
      #expect(ForeignHash(parsing: text)?.verify(Array(Self.password.utf8)) != true, "\(text)")
    }
  }

  @Test(
    "a form that is not known, or that costs too much, is none",
    arguments: [
      "", "x", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA",
      "$2b$15$Mnsdt31H/KKGtIrtPdvebumJzQzJJdnWuotmPubsdDH9iSqQk5ypK",
      "$2b$05$Mnsdt31H/KKGtIrtPdvebumJzQzJJdnWuotmPubsdDH9iSqQk5y:K", "plain", "pbkdf2:sha256:1000$salt$",
      "pbkdf2:md5:1000$salt$08c6de0ede7c0d1e5a063505d98bb297", "pbkdf2:sha256:0$salt$08c6de0ede7c0d1e5a063505d98bb297",
      "pbkdf2:sha256:3000001$salt$08c6de0ede7c0d1e5a063505d98bb297",
      "pbkdf2:sha256$salt$08c6de0ede7c0d1e5a063505d98bb297",
      "scrypt:32767:8:1$salt$08c6de0ede7c0d1e5a063505d98bb297",
      "scrypt:1048576:64:1$salt$08c6de0ede7c0d1e5a063505d98bb297",
      "scrypt:32768:8$salt$08c6de0ede7c0d1e5a063505d98bb297", "scrypt:32768:8:-1$salt$08c6de0ede7c0d1e5a063505d98bb297",
      "scrypt:18446744073709551615:8:1$salt$08c6de0ede7c0d1e5a063505d98bb297",
      "scrypt:32768:8:1$$08c6de0ede7c0d1e5a063505d98bb297", "scrypt:32768:8:1$salt$08c6de0ede7c0d1e5a063505d98bb29",
    ])
  func refused(text: String) { #expect(ForeignHash(parsing: text) == nil) }

  @Test("signing in with an imported hash works, and asks for a hash of our own")
  func imported() throws {
    let hasher = try PasswordHasher(cost: .init(memoryBytes: 8192, passes: 1))
    for hash in Self.hashes {
      #expect(hasher.verify(Self.password, against: hash))
      #expect(!hasher.verify("x", against: hash))
      #expect(hasher.needsRehash(hash))
    }
  }
}
