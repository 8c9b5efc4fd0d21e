import Testing
@testable import Peering
@Suite("x") struct PeerSealTests { @Test("y") func x() {} }
