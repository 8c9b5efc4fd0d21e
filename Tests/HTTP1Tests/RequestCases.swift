import HTTP1

/// A request on the wire and what it must be read as.
struct AcceptedCase: Sendable, CustomStringConvertible {
  var rule: String
  var wire: String
  var method = "GET"
  var path = "/"
  var query: String?
  var body = ""
  var keepAlive = true

  var description: String { rule }
}

/// A request on the wire that must be refused, and how.
struct RefusedCase: Sendable, CustomStringConvertible {
  var rule: String
  var wire: String
  var status: Int
  var code: String

  init(_ rule: String, _ wire: String, _ status: Int, _ code: String) {
    (self.rule, self.wire, self.status, self.code) = (rule, wire, status, code)
  }

  var description: String { rule }
}

private let host = "Host: chat.example\r\n"

let acceptedCases: [AcceptedCase] = [
  .init(rule: "a plain GET", wire: "GET / HTTP/1.1\r\n\(host)\r\n"),
  .init(rule: "odd case and a tab before the value", wire: "GET / HTTP/1.1\r\nhoSt:\tchat.example\r\nempty:\r\n\r\n"),
  .init(rule: "an empty value", wire: "GET / HTTP/1.1\r\n\(host)X-Empty: \r\n\r\n"),
  .init(
    rule: "path and query", wire: "GET /a%20b/c?x=1&y={2} HTTP/1.1\r\n\(host)\r\n", path: "/a%20b/c", query: "x=1&y={2}"
  ),
  .init(rule: "an empty query", wire: "GET /a? HTTP/1.1\r\n\(host)\r\n", path: "/a", query: ""),
  .init(rule: "a port", wire: "GET / HTTP/1.1\r\nHost: localhost:8080\r\n\r\n"),
  .init(rule: "an IPv6 literal", wire: "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"),
  .init(rule: "absolute form", wire: "GET http://chat.example/p?q HTTP/1.1\r\n\(host)\r\n", path: "/p", query: "q"),
  .init(rule: "absolute form without path", wire: "GET http://chat.example HTTP/1.1\r\n\(host)\r\n", path: "/"),
  .init(rule: "OPTIONS *", wire: "OPTIONS * HTTP/1.1\r\n\(host)\r\n", method: "OPTIONS", path: "*"),
  .init(rule: "an unknown method", wire: "GETT / HTTP/1.1\r\n\(host)\r\n", method: "GETT"),
  .init(rule: "a lower-case method", wire: "get / HTTP/1.1\r\n\(host)\r\n", method: "get"),
  .init(rule: "an empty line before the request", wire: "\r\nGET / HTTP/1.1\r\n\(host)\r\n"),
  .init(rule: "HTTP/1.0 without Host", wire: "GET / HTTP/1.0\r\n\r\n", keepAlive: false),
  .init(rule: "HTTP/1.0 that stays", wire: "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"),
  .init(rule: "close", wire: "GET / HTTP/1.1\r\n\(host)Connection: x, Close\r\n\r\n", keepAlive: false),
  .init(
    rule: "close wins", wire: "GET / HTTP/1.1\r\n\(host)Connection: keep-alive\r\nConnection: close\r\n\r\n",
    keepAlive: false),
  .init(rule: "bytes over 127 in a value", wire: "GET / HTTP/1.1\r\n\(host)X: ä\r\n\r\n"),
  .init(
    rule: "a body", wire: "POST / HTTP/1.1\r\n\(host)Content-Length: 5\r\n\r\nhello", method: "POST", body: "hello"),
  .init(
    rule: "a length with blanks around", wire: "POST / HTTP/1.1\r\n\(host)Content-Length: \t5 \r\n\r\nhello",
    method: "POST", body: "hello"),
  .init(rule: "a body of zero bytes", wire: "POST / HTTP/1.1\r\n\(host)Content-Length: 0\r\n\r\n", method: "POST"),
  .init(rule: "no length is no body", wire: "POST / HTTP/1.1\r\n\(host)\r\n", method: "POST"),
  .init(rule: "GET with a body", wire: "GET / HTTP/1.1\r\n\(host)Content-Length: 2\r\n\r\nhi", body: "hi"),
  .init(
    rule: "Expect", wire: "POST / HTTP/1.1\r\n\(host)Expect: 100-Continue\r\nContent-Length: 2\r\n\r\nhi",
    method: "POST", body: "hi"),
  chunked("one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello"),
  chunked("several chunks", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world"),
  chunked("no chunk", "0\r\n\r\n", ""),
  chunked("upper-case digits", "A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
  chunked("leading zeros", "0005\r\nhello\r\n000\r\n\r\n", "hello"),
  chunked("extensions", "5;a;b=c;d=\"e\\\";f\" ; g = h\r\nhello\r\n0;z\r\n\r\n", "hello"),
  chunked("a trailer", "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", "hello"),
  .init(
    rule: "the coding's name in another case",
    wire: "POST / HTTP/1.1\r\n\(host)TRANSFER-ENCODING: Chunked\r\n\r\n0\r\n\r\n",
    method: "POST"),
]

private func chunked(_ rule: String, _ chunks: String, _ body: String) -> AcceptedCase {
  AcceptedCase(
    rule: "chunked: " + rule, wire: "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n" + chunks,
    method: "POST",
    body: body)
}

private func get(_ headers: String) -> String { "GET / HTTP/1.1\r\n\(headers)\r\n" }
private func post(_ headers: String, _ body: String = "hello") -> String {
  "POST / HTTP/1.1\r\n\(host)\(headers)\r\n\r\n\(body)"
}
private func line(_ line: String) -> String { "\(line)\r\n\(host)\r\n" }
private func chunks(_ chunks: String) -> String { post("Transfer-Encoding: chunked", chunks) }

let refusedLines: [RefusedCase] = [
  .init("no version", line("GET / "), 400, "version"),
  .init("HTTP/0.9", line("GET /"), 400, "request_line"),
  .init("no target", line("GET HTTP/1.1"), 400, "request_line"),
  .init("two spaces", line("GET  / HTTP/1.1"), 400, "request_line"),
  .init("a space at the end", line("GET / HTTP/1.1 "), 400, "version"),
  .init("a space at the start", line(" GET / HTTP/1.1"), 400, "method"),
  .init("a tab instead of a space", line("GET\t/ HTTP/1.1"), 400, "method"),
  .init("text before the method", line("Extra lineGET / HTTP/1.1"), 400, "version"),
  .init("HTTP/9.9", line("GET / HTTP/9.9"), 505, "version_not_supported"),
  .init("HTTP/1.2", line("GET / HTTP/1.2"), 505, "version_not_supported"),
  .init("the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "version_not_supported"),
  .init("no minor version", line("GET / HTTP/1"), 400, "version"),
  .init("leading zeros in the version", line("GET / HTTP/01.1"), 400, "version"),
  .init("a blank in the version", line("GET / HTTP/ 1.1"), 400, "version"),
  .init("a lower-case version", line("GET / http/1.1"), 400, "version"),
  .init("a TLS hello", "\u{16}\u{03}\u{01}\u{02}", 400, "control_character"),
  .init("a bare LF", "GET / HTTP/1.1\n\(host)\r\n", 400, "bare_line_feed"),
  .init("a bare CR", "GET / HTTP/1.1\r\(host)\r\n", 400, "bare_carriage_return"),
  .init("NUL in the target", line("GET /\0 HTTP/1.1"), 400, "control_character"),
  .init("a fragment", line("GET /a#b HTTP/1.1"), 400, "target"),
  .init("a backslash in the path", line("GET /a\\b HTTP/1.1"), 400, "target"),
  .init("bytes over 127 in the target", line("GET /ä HTTP/1.1"), 400, "target"),
  .init("%00", line("GET /%00 HTTP/1.1"), 400, "target"),
  .init("%00 in the query", line("GET /?a=%00 HTTP/1.1"), 400, "target"),
  .init("an encoded line end in the path", line("GET /%0d%0aX:1 HTTP/1.1"), 400, "target"),
  .init("%zz", line("GET /%zz HTTP/1.1"), 400, "target"),
  .init("a lone %", line("GET /a% HTTP/1.1"), 400, "target"),
  .init("a relative path", line("GET a/b HTTP/1.1"), 400, "target_form"),
  .init("an asterisk without OPTIONS", line("GET * HTTP/1.1"), 400, "target_form"),
  .init("authority form without CONNECT", line("GET chat.example:80 HTTP/1.1"), 400, "target_form"),
  .init("an unknown scheme", line("GET ftp://chat.example/ HTTP/1.1"), 400, "target_form"),
  .init("a user in the target", line("GET http://a@chat.example/ HTTP/1.1"), 400, "target"),
  .init("another host in the target", line("GET http://evil.example/ HTTP/1.1"), 400, "host_mismatch"),
  .init("CONNECT", line("CONNECT chat.example:80 HTTP/1.1"), 501, "method_not_served"),
  .init("TRACE", line("TRACE / HTTP/1.1"), 501, "method_not_served"),
  .init("TRACE with a body", "TRACE / HTTP/1.1\r\n\(host)Content-Length: 1\r\n\r\nx", 400, "trace_body"),
  .init("a method that is no token", line("GE(T / HTTP/1.1"), 400, "method"),
  .init("a long method", line(String(repeating: "A", count: 33) + " / HTTP/1.1"), 501, "method_too_long"),
  .init("three empty lines", "\r\n\r\n\r\n" + get(host), 400, "request_line"),
  .init("a line of blanks", "  \r\n" + get(host), 400, "method"),
]

let refusedHeaders: [RefusedCase] = [
  .init("a space before the colon", get("\(host)X-Test : v\r\n"), 400, "header_name"),
  .init("a space before the colon of Host", get("Host : chat.example\r\n"), 400, "header_name"),
  .init("no colon", get("\(host)NoColon\r\n"), 400, "header_line"),
  .init("no name", get("\(host): v\r\n"), 400, "header_name"),
  .init("brackets in the name", get("\(host)X[]: v\r\n"), 400, "header_name"),
  .init("bytes over 127 in the name", get("\(host)Xä: v\r\n"), 400, "header_name"),
  .init("a tab in the name", get("\(host)X\tY: v\r\n"), 400, "header_name"),
  .init("a folded line", get("\(host)X: v\r\n w\r\n"), 400, "header_folded"),
  .init("blanks before the first line", get(" \r\n\(host)"), 400, "header_folded"),
  .init("a bare LF", get("Host: chat.example\nX: v\r\n"), 400, "bare_line_feed"),
  .init("a bare CR in a value", get("\(host)X: a\rb\r\n"), 400, "bare_carriage_return"),
  .init("a CR before a name", get("\(host)\rX: v\r\n"), 400, "bare_carriage_return"),
  .init("NUL in a value", get("\(host)X: a\0b\r\n"), 400, "control_character"),
  .init("BEL in a value", get("\(host)X: a\u{7}b\r\n"), 400, "control_character"),
  .init("DEL in a value", get("\(host)X: a\u{7F}b\r\n"), 400, "control_character"),
  .init("no Host", get(""), 400, "host_missing"),
  .init("two Hosts", get("\(host)Host: evil.example\r\n"), 400, "host_twice"),
  .init("the same Host twice", get(host + host), 400, "host_twice"),
  .init("Host with a path", get("Host: chat.example/a\r\n"), 400, "host"),
  .init("Host with a user", get("Host: a@chat.example\r\n"), 400, "host"),
  .init("Host with a comma", get("Host: a.example, b.example\r\n"), 400, "host"),
  .init("an empty Host", get("Host:\r\n"), 400, "host"),
  .init("Host with a bad port", get("Host: a.example:8o\r\n"), 400, "host"),
  .init("Host with port 65536", get("Host: a.example:65536\r\n"), 400, "host"),
  .init("an open bracket in Host", get("Host: [::1\r\n"), 400, "host"),
  .init("another expectation", post("Content-Length: 5\r\nExpect: 200-ok"), 417, "expectation"),
]

let refusedFraming: [RefusedCase] = [
  .init("length and coding", post("Content-Length: 5\r\nTransfer-Encoding: chunked"), 400, "length_and_encoding"),
  .init("coding and length", post("Transfer-Encoding: chunked\r\nContent-Length: 5"), 400, "length_and_encoding"),
  .init("two lengths", post("Content-Length: 5\r\nContent-Length: 6"), 400, "content_length_twice"),
  .init("the same length twice", post("Content-Length: 5\r\nContent-Length: 5"), 400, "content_length_twice"),
  .init("a list of lengths", post("Content-Length: 5, 5"), 400, "content_length"),
  .init("length +5", post("Content-Length: +5"), 400, "content_length"),
  .init("length -1", post("Content-Length: -1"), 400, "content_length"),
  .init("length -0", post("Content-Length: -0"), 400, "content_length"),
  .init("length 0x5", post("Content-Length: 0x5"), 400, "content_length"),
  .init("length 0o5", post("Content-Length: 0o5"), 400, "content_length"),
  .init("length 1_0", post("Content-Length: 1_0"), 400, "content_length"),
  .init("length 1 0", post("Content-Length: 1 0"), 400, "content_length"),
  .init("length 5.0", post("Content-Length: 5.0"), 400, "content_length"),
  .init("length 005", post("Content-Length: 005"), 400, "content_length"),
  .init("an empty length", post("Content-Length:"), 400, "content_length"),
  .init("a length in letters", post("Content-Length: abc"), 400, "content_length"),
  .init("a length over 64 bits", post("Content-Length: 99999999999999999999"), 400, "content_length"),
  .init("a length of 18 digits", post("Content-Length: 999999999999999999"), 413, "body_too_large"),
  .init("Content_Length", post("Content_Length: 5"), 400, "header_lookalike"),
  .init("Transfer_Encoding", post("Transfer_Encoding: chunked"), 400, "header_lookalike"),
  .init("xchunked", post("Transfer-Encoding: xchunked"), 400, "transfer_encoding"),
  .init("identity", post("Transfer-Encoding: identity"), 400, "transfer_encoding"),
  .init("an empty coding", post("Transfer-Encoding:"), 400, "transfer_encoding"),
  .init("chunked twice", post("Transfer-Encoding: chunked, chunked"), 400, "transfer_encoding"),
  .init("chunked not last", post("Transfer-Encoding: chunked, gzip"), 400, "transfer_encoding"),
  .init("gzip before chunked", post("Transfer-Encoding: gzip, chunked"), 501, "transfer_coding"),
  .init("chunked with a parameter", post("Transfer-Encoding: chunked;a=b"), 400, "transfer_encoding"),
  .init("quoted chunked", post("Transfer-Encoding: \"chunked\""), 400, "transfer_encoding"),
  .init("a leading comma", post("Transfer-Encoding: ,chunked"), 400, "transfer_encoding"),
  .init("a trailing comma", post("Transfer-Encoding: chunked,"), 400, "transfer_encoding"),
  .init("two coding lines", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), 400, "transfer_encoding"),
  .init("VT in the coding", post("Transfer-Encoding: \u{B}chunked"), 400, "control_character"),
  .init("a folded coding", post("Transfer-Encoding:\r\n chunked"), 400, "transfer_encoding"),
  .init(
    "chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
    "transfer_encoding_version"),
]

let refusedChunks: [RefusedCase] = [
  .init("no size", chunks("\r\nhello\r\n"), 400, "chunk_size"),
  .init("size 0x5", chunks("0x5\r\nhello\r\n"), 400, "chunk_size"),
  .init("size -5", chunks("-5\r\nhello\r\n"), 400, "chunk_size"),
  .init("size +5", chunks("+5\r\nhello\r\n"), 400, "chunk_size"),
  .init("size 1_0", chunks("1_0\r\n"), 400, "chunk_size"),
  .init("a blank before the size", chunks(" 5\r\nhello\r\n"), 400, "chunk_size"),
  .init("a blank after the size", chunks("5 \r\nhello\r\n"), 400, "chunk_size"),
  .init("size of 17 digits", chunks("FFFFFFFFFFFFFFFF1\r\n"), 400, "chunk_size"),
  .init("size over 63 bits", chunks("FFFFFFFFFFFFFFFF\r\n"), 400, "chunk_size"),
  .init("size over the limit", chunks("7FFFFFFFFFFFFFFF\r\n"), 413, "body_too_large"),
  .init("a bare semicolon", chunks("5;\r\nhello\r\n"), 400, "chunk_extension"),
  .init("an open quote in the extension", chunks("5;a=\"b\r\nhello\r\n"), 400, "chunk_extension"),
  .init("NUL in the extension", chunks("5;a\0\r\nhello\r\n"), 400, "control_character"),
  .init("a bare LF after the size", chunks("5\nhello\r\n"), 400, "bare_line_feed"),
  .init("a bare LF in the extension", chunks("5;a\nhello\r\n"), 400, "bare_line_feed"),
  .init("a bare CR after the size", chunks("5\rhello\r\n"), 400, "bare_carriage_return"),
  .init("a bare LF after the data", chunks("5\r\nhello\n0\r\n\r\n"), 400, "chunk_end"),
  .init("no end after the data", chunks("5\r\nhello0\r\n\r\n"), 400, "chunk_end"),
  .init("more data than announced", chunks("5\r\nhello!!\r\n"), 400, "chunk_end"),
  .init("a bare LF in the trailer", chunks("0\r\nX: 1\n\r\n"), 400, "bare_line_feed"),
  .init("a length in the trailer", chunks("0\r\nContent-Length: 1\r\n\r\n"), 400, "trailer_field"),
  .init("a host in the trailer", chunks("0\r\nhost: a\r\n\r\n"), 400, "trailer_field"),
  .init("a trailer line without colon", chunks("0\r\nX\r\n\r\n"), 400, "header_line"),
]

let refusedCases = refusedLines + refusedHeaders + refusedFraming + refusedChunks
