import Serving
import Testing

@Suite("Trusted proxies")
struct TrustedProxiesTests {
  @Test(
    "the right-most address that is not a proxy",
    arguments: [
      ("10.0.0.1", ["1.1.1.1"], "1.1.1.1"), ("10.0.0.1", ["9.9.9.9, 1.1.1.1, 10.0.0.2"], "1.1.1.1"),
      ("10.0.0.1", ["9.9.9.9", "1.1.1.1"], "1.1.1.1"), ("2.2.2.2", ["1.1.1.1"], "2.2.2.2"),
      ("10.0.0.1", [], "10.0.0.1"),
      ("10.0.0.1", ["junk"], "10.0.0.1"), ("10.0.0.1", ["1.1.1.1, junk"], "10.0.0.1"),
      ("10.0.0.1", ["1.1.1.1:4711"], "1.1.1.1"), ("fd00::1", ["[2001:db8::1]:80"], "2001:db8::1"),
      ("10.0.0.1", ["2001:db8::1"], "2001:db8::1"), ("10.0.0.1", ["10.0.0.2"], "10.0.0.2"),
      ("::ffff:10.0.0.1", ["1.1.1.1"], "1.1.1.1"), ("10.0.0.1", [" 1.1.1.1\t,, \t10.0.0.2 ,"], "1.1.1.1"),
      // What a client leaves open does not take in what his proxies add.
      ("10.0.0.1", ["\", 1.1.1.1"], "1.1.1.1"), ("10.0.0.1", ["\"9.9.9.9\\", "1.1.1.1, 10.0.0.2"], "1.1.1.1"),
      ("10.0.0.1", ["for=\"9.9.9.9, 1.1.1.1, 10.0.0.2"], "1.1.1.1"),
    ])
  func client(_ peer: String, _ forwarded: [String], _ client: String) throws {
    let proxies = try #require(TrustedProxies(parsing: "10.0.0.0/8, fd00::/8, 192.168.1.7"))
    #expect(proxies.client(peer: peer, forwarded: forwarded) == client)
  }

  @Test("ranges hold at their borders")
  func ranges() throws {
    let proxies = try #require(TrustedProxies(parsing: "192.168.1.4/30,2001:db8::/33, 0.0.0.0/32"))
    for inside in ["192.168.1.4", "192.168.1.7", "2001:db8:7fff::1", "0.0.0.0"] { #expect(proxies.contains(inside)) }
    for outside in ["192.168.1.3", "192.168.1.8", "2001:db8:8000::1", "0.0.0.1", "", "x"] {
      #expect(!proxies.contains(outside))
    }
    #expect(TrustedProxies(parsing: "0.0.0.0/0")?.contains("1.2.3.4") == true)
    #expect(TrustedProxies(parsing: "0.0.0.0/0")?.contains("::1") == false)
    #expect(TrustedProxies(parsing: "::/0")?.contains("1.2.3.4") == true)
    for text in ["10.0.0.0/33", "x", "10.0.0.0/-1", "::/129", "10.0.0.0/8/8"] {
      #expect(TrustedProxies(parsing: text) == nil)
    }
  }

  @Test("limits count a client by his block, and a proxy or a Unix socket not at all")
  func blocks() throws {
    let proxies = try #require(TrustedProxies(parsing: "10.0.0.0/8"))
    #expect(proxies.block(of: "192.0.2.7") == "192.0.2.7")
    #expect(proxies.block(of: "2001:db8:0:1::9") == "2001:db8:0:1::/64")
    #expect(proxies.block(of: "10.1.2.3") == nil)
    #expect(proxies.block(of: "") == nil)
  }
}
