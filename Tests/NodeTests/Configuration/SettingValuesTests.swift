import Testing

@testable import Node

@Suite struct SettingValuesTests {
  @Test(
    "a rate is count/period, with a burst of its own or not",
    arguments: [
      ("500/s,1000", 500, 1_000, 1_000), ("10/15m", 10, 900_000, 10), ("20/h", 20, 3_600_000, 20), ("off", 0, 1_000, 0),
      ("1/7d,3", 1, 604_800_000, 3),
    ])
  func rates(text: String, count: Int, period: Int64, burst: Int) throws {
    let rate = try Rate(setting: text)
    #expect(rate == Rate(count: count, per: period, burst: burst))
    #expect(rate.description == text)
  }

  @Test(
    "what is no rate is refused",
    arguments: [
      "", "5", "5/", "/s", "-5/s", "+5/s", "5/+5s", "5/s,+5",
      "5/x", "5/0s", "0/s", "5/s,", "5/s,0", "5/s,1,2", "5/s/s", "5/366d",
      "99999999999999999999/s", "5/99999999999999999999s", "5/é",
    ])
  func badRates(text: String) { #expect(throws: Complaint.self) { try Rate(setting: text) } }

  @Test("a network holds what lies in it, and nothing else")
  func networks() throws {
    let ten = try NetworkRange(setting: "10.0.0.0/9")
    #expect(ten.contains("10.127.255.255") && ten.contains("::ffff:10.1.2.3"))
    #expect(!ten.contains("10.128.0.0") && !ten.contains("::1") && !ten.contains("no"))
    let one = try NetworkRange(setting: "127.0.0.1")
    #expect(one.contains("127.0.0.1") && !one.contains("127.0.0.2"))
    let all = try NetworkRange(setting: "0.0.0.0/0")
    #expect(all.contains("8.8.8.8") && !all.contains("fd00::1"))
    #expect(try NetworkRange(setting: "fd00::/8").contains("fdff::1"))
  }

  @Test(
    "what is no network is refused",
    arguments: ["", "10.0.0.0/33", "10.0.0/8", "::/129", "a/b", "1.2.3.4/", "1.2.3.4/-1", "1.2.3.4/+1"])
  func badNetworks(text: String) { #expect(throws: Complaint.self) { try NetworkRange(setting: text) } }

  @Test("an address to listen at has a host and a port", arguments: ["0.0.0.0:8080", "[::1]:0", "127.0.0.1:65535"])
  func addresses(text: String) throws { #expect(try ListenAddress(setting: text).description == text) }

  @Test(
    "what is no address to listen at is refused",
    arguments: ["", ":80", "localhost:80", "1.2.3.4", "1.2.3.4:", "1.2.3.4:+80", "1.2.3.4:65536", "1.2.3.4:x"])
  func badAddresses(text: String) { #expect(throws: Complaint.self) { try ListenAddress(setting: text) } }

  @Test("a key is 32 bytes or more, in hexadecimal or base64url")
  func keys() throws {
    let bytes = (0..<33).map { UInt8($0) }
    let base64url = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
    #expect(try SecretBytes(key: base64url[...]).revealed == bytes)
    #expect(try SecretBytes(key: "\(base64url)"[...]).revealed.count == 33)
    for wrong in ["", "AAEC", "not a key!", String(repeating: "0", count: 64), String(repeating: "é", count: 40)] {
      #expect(throws: Complaint.self, "\(wrong)") { try SecretBytes(key: wrong[...]) }
    }
  }

  @Test("a secret never shows itself")
  func masked() {
    let secret = Secret("hunter2")
    var dumped = ""
    dump(secret, to: &dumped)
    #expect(!"\(secret) \(String(reflecting: secret)) \(dumped)".contains("hunter2"))
  }

  @Test("letters that differ are counted")
  func distances() {
    #expect(SettingName.distance("abc", "abc") == 0)
    #expect(SettingName.distance("", "abc") == 3)
    #expect(SettingName.distance("kitten", "sitting") == 3)
  }
}
