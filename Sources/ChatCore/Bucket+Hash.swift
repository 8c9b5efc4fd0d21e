extension Bucket {
  /// The bucket of a user name: equal for names that differ in case only, the same on every node and for ever.
  ///
  /// FNV-1a over the UTF-8 bytes of the key (``Username/key``), folded to 12 bits.
  public init(ofUsernameKey key: String) {
    self.init(folding: Bucket.hash(key.utf8))
  }

  /// The bucket of the direct conversation of two users: from the pair, so that two who open it at once get one.
  public init(ofPair one: UserID, _ other: UserID) {
    let low = UInt64(bitPattern: min(one.rawValue, other.rawValue))
    let high = UInt64(bitPattern: max(one.rawValue, other.rawValue))
    self.init(folding: Bucket.mixed(Bucket.mixed(low) ^ high))
  }

  /// FNV-1a, every bit of it spread.
  static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    return mixed(hash)
  }

  /// Spreads every bit over the lowest ones (the finalizer of SplitMix64).
  private static func mixed(_ value: UInt64) -> UInt64 {
    var bits = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
    return bits ^ (bits >> 31)
  }
}
