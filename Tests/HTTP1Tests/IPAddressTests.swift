import HTTP1
import Testing

@Suite("An address")
struct IPAddressTests {
  @Test(
    "is counted as itself, or as its network of 64 bits",
    arguments: [
      ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8::1", "2001:db8:0:0::/64"),
      ("2001:db8:0:0:ffff::9", "2001:db8:0:0::/64"), ("2001:db8:0:1::9", "2001:db8:0:1::/64"), ("::1", "0:0:0:0::/64"),
      ("", ""), ("x", "x"), ("192.0.2", "192.0.2"),
    ])
  func block(text: String, block: String) {
    #expect(IPAddress.block(of: text) == block)
  }

  @Test(
    "is found before its port",
    arguments: [
      ("192.0.2.1:80", "192.0.2.1"), ("[2001:db8::1]:80", "2001:db8::1"), ("2001:db8::1", "2001:db8::1"), ("[", nil),
      ("a:b", nil), ("", nil), (":", nil), ("192.0.2.1:80:1", nil),
    ] as [(String, String?)])
  func withoutPort(text: String, host: String?) {
    #expect(IPAddress.withoutPort(text) == host)
  }
}
