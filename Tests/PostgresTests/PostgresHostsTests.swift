import Postgres
import Testing

@Suite("Hosts that stand beside each other")
struct PostgresHostsTests {
  @Test("a URL with several hosts is taken apart, one for each, with all the rest of it")
  func apart() throws {
    let settings = PostgresSettings(url: "postgresql://ada:it's%20\\@one:5432,two:5433/chat?sslmode=require")
    let hosts = try settings.eachHost().map(\.url)
    #expect(hosts.count == 2)
    for (url, place) in zip(hosts, ["host='one' port='5432'", "host='two' port='5433'"]) {
      #expect(url.contains(place))
      #expect(url.contains("user='ada'") && url.contains("dbname='chat'") && url.contains("sslmode='require'"))
      #expect(url.contains("password='it\\'s \\\\'"))
      #expect(try PostgresSettings(url: url).eachHost().map(\.url) == [url])
    }
  }

  @Test("one port is every host's; more or fewer than hosts are refused, without the URL's password")
  func ports() throws {
    let one = PostgresSettings(url: "host=a,b port=6000 dbname=chat")
    #expect(try one.eachHost().allSatisfy { $0.url.contains("port='6000'") })
    let wrong = PostgresSettings(url: "host=a,b,c port=1,2 password=secret")
    let error = #expect(throws: PostgresError.self) { try wrong.eachHost() }
    #expect(error.map { !"\($0)".contains("secret") } == true)
    #expect(throws: PostgresError.self) { try PostgresSettings(url: "nonsense").eachHost() }
    let spread = PostgresSettings(url: "postgresql://a,b/chat?load_balance_hosts=random")
    #expect(try spread.eachHost().count == 2)
  }

  @Test("a URL without a host is one place")
  func none() throws {
    #expect(try PostgresSettings(url: "postgresql:///chat").eachHost().count == 1)
  }
}
