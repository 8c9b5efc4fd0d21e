"""HTTP/1.1: what must be refused, what must be accepted, and what must be waited for, at the door of plain requests."""

import asyncio

from checks import equal
from probes import CHUNKED, GET, POST, H, MARK, accepted, answers, refused, topic, waited_for
from wire import Connection

# Parts of a request
for cut in ("G", "GET ", "GET /hello", "GET /hello ", "GET /hello HTTP", "GET /hello HTTP/1.1", "GET /hello HTTP/1.1\r",
            "GET /hello HTTP/1.1\r\n", "GET /hello HTTP/1.1\r\nHos", "GET /hello HTTP/1.1\r\nHost:",
            "GET /hello HTTP/1.1\r\nHost: ", "GET /hello HTTP/1.1\r\nHost: localhost",
            "GET /hello HTTP/1.1\r\nHost: localhost\r", "GET /hello HTTP/1.1\r\nHost: localhost\r\n",
            "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r", "", f"{POST}Content-Length: 10\r\n\r\nhello",
            f"{CHUNKED}5\r\nhello\r\n", f"{CHUNKED}5\r\nhel", f"{CHUNKED}0\r\n", f"{CHUNKED}5"):
    waited_for(cut, repr(cut))

# The request line
for line, why in {
    "GET / ": "no version", "GET /": "HTTP/0.9", "GET HTTP/1.1": "no target", "GET  HTTP/1.1": "an empty target",
    "GET  /http/ HTTP/1.1": "two spaces after the method", "GET /http/  HTTP/1.1": "two spaces before the version",
    "GET /http/ HTTP/1.1 ": "a space at its end", " GET /http/ HTTP/1.1": "a space at its beginning",
    "GET\t/http/ HTTP/1.1": "a tab after the method", "GET /http/\tHTTP/1.1": "a tab before the version",
    "GET /http/ http/1.1": "the version in lower case", "GET /http/ HTTP/1": "a version without minor",
    "GET /http/ HTTP/01.01": "a version with leading zeros", "GET /http/ HTTP/ 1.1": "a version with a space",
    "GET /http/ HTTP/1.1.1": "a version of three parts", "GET /http/ HTTP/1,1": "a version with a comma",
    "GET /http/ HTTP/+1.1": "a version with a sign", "GET /http/ HTTP/1.10": "a minor of two digits",
    "GET /http/ HTTPS/1.1": "another protocol", "GET /http/ HTTP1.1": "a version without slash",
    "GET /http/ x HTTP/1.1": "four words", "Extra lineGET /http/ HTTP/1.1": "words before the method",
    "G@T /http/ HTTP/1.1": "a method with a separator", "GET/http/ HTTP/1.1": "no space after the method",
    '"GET" /http/ HTTP/1.1': "a quoted method", "GÉT /http/ HTTP/1.1": "a method beyond ASCII",
    "GET /http/#part HTTP/1.1": "a fragment", "GET http HTTP/1.1": "a target that is none of the forms",
    "GET * HTTP/1.1": "an asterisk for GET", "POST * HTTP/1.1": "an asterisk for POST",
    "GET /ht\0tp/ HTTP/1.1": "NUL in the target", "GET /ht\x07tp/ HTTP/1.1": "a control character in the target",
    "GET /ht\x7ftp/ HTTP/1.1": "DEL in the target", "GET /caf\xc3\xa9 HTTP/1.1": "bytes beyond ASCII in the target",
    "GET /ht\rtp/ HTTP/1.1": "a bare CR in the target", "GET http:/// HTTP/1.1": "an absolute form without a host",
    "GET http://user@localhost/ HTTP/1.1": "an absolute form with a user",
}.items():
    refused(f"{line}\r\n{H}\r\n", f"a request line with {why}", 400, 405, 501, 505)
for version in ("HTTP/9.9", "HTTP/2.0", "HTTP/0.9", "HTTP/3.0"):
    refused(f"GET /http/ {version}\r\n{H}\r\n", version, 400, 505)
refused("CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n", "CONNECT", 400, 405, 501)
refused(f"TRACE /http/ HTTP/1.1\r\n{H}\r\n", "TRACE", 405, 501)
refused(f"TRACE /http/ HTTP/1.1\r\n{H}Content-Length: 5\r\n\r\nhello", "TRACE with a body", 400, 405, 501)
refused(f"GET http://other.example/http/ HTTP/1.1\r\n{H}\r\n", "an absolute form of another host than Host")
refused(f"{'A' * 100000} /http/ HTTP/1.1\r\n{H}\r\n", "a method of 100 kB", 501)
refused(f"GET /{'A' * 100000} HTTP/1.1\r\n{H}\r\n", "a target of 100 kB", 414)
refused("\r\n\r\n\r\n\r\n" + GET + "\r\n", "four empty lines before the request")
refused("   \r\n\r\n", "a line of spaces")
refused(bytes(range(128, 256)) * 2 + b"\r\n\r\n", "bytes that are no text")
refused(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "a handshake of TLS")
refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "the preface of HTTP/2", 400, 501, 505)

# Ends of lines
refused("GET /http/ HTTP/1.1\rHost: x\r\n\r\n", "CR alone after the request line")
refused(f"{GET}X-Test: val\rue\r\n\r\n", "CR alone in a value")
refused(f"{GET}X-Test: value\r\r\n\r\n", "two CR before LF")
refused(f"{GET}\rSome: test\r\n\r\n", "CR before a name")
for request, why in ((f"GET /http/ HTTP/1.1\n{H}\r\n", "the request line"),
                     ("GET /http/ HTTP/1.1\r\nHost: x\nX-Test: value\r\n\r\n", "a header line"),
                     ("GET /http/ HTTP/1.1\nHost: x\n\n", "every line"),
                     (f"{CHUNKED}5\nhello\r\n0\r\n\r\n", "a chunk's size"),
                     (f"{CHUNKED}5\r\nhello\n0\r\n\r\n", "a chunk"),
                     (f"{CHUNKED}0\r\nX: y\n\r\n", "a trailer"), (f"{CHUNKED}0\n\n", "the last chunk")):
    refused(request, f"LF alone after {why}")

# Header fields
for line, why in {
    "X-Test : value": "a space before the colon", "X-Test\t: value": "a tab before the colon", ": value": "no name",
    "NoColon": "no colon", "Bad[Name: value": "a bracket in the name", "X-Invalid[]: test": "brackets in the name",
    "X Test: value": "a space in the name", "X\tTest: value": "a tab in the name", "X\0: v": "NUL in the name",
    "X-T\xc3\xabst: value": "bytes beyond ASCII in the name", '"X": v': "quotes in the name", "X(a): v": "a bracket",
    "X-Test: a\0b": "NUL in the value", "X-Test: test\x07": "a bell in the value", "X-Test: a\x0bb": "VT in the value",
    "X-Test: a\x7fb": "DEL in the value", "X-Test: a\x1bb": "an escape in the value",
    "X: a\r\n folded": "a folded value",
    "X: a\r\n\tfolded": "a value folded by a tab", "X: a\r\n \r\nY: b": "a fold of nothing",
}.items():
    refused(f"{GET}{line}\r\n\r\n", f"a header with {why}")
refused(f"GET /http/ HTTP/1.1\r\n X: y\r\n{H}\r\n", "a space before the first name")
refused(f"GET /http/ HTTP/1.1\r\n \r\n{H}\r\n", "a line of a space before the first name")
refused(f"{GET}X-Big: {'B' * 100000}\r\n\r\n", "a value of 100 kB", 431)
refused(f"{GET}{'A' * 100000}: v\r\n\r\n", "a name of 100 kB", 400, 431)
refused(GET + "".join(f"X-{n}: v\r\n" for n in range(10000)) + "\r\n", "10,000 fields", 431)
refused(f"{GET}Expect: 200-ok\r\n\r\n", "an unknown expectation", 417)

# Host
refused("GET /http/ HTTP/1.1\r\n\r\n", "no Host")
refused("GET /http/ HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "no Host, and a body")
for value, why in {
    "": "an empty", "a b": "a space in", "user@localhost": "a user in", "localhost/path": "a path in",
    "localhost, other": "a list as", "localhost:port": "a port of letters in", "localhost:99999": "too large a port in",
    "http://localhost": "a scheme in", "[::1": "half a bracket in", "local\0host": "NUL in",
    "localhost?q": "a query in",
    "a#b": "a fragment in", "[not-an-address]": "a wrong address in", "local\\host": "a backslash in",
    ":80": "only a port in",
}.items():
    refused(f"GET /http/ HTTP/1.1\r\nHost: {value}\r\n\r\n", f"{why} Host")
refused(f"{GET}Host: other.example\r\n\r\n", "two Hosts")
refused(f"{GET}{H}\r\n", "the same Host twice")
refused(f"{GET}hOST: localhost\r\n\r\n", "the same Host twice, in another case")

# Content-Length
for value in ("abc", "-1", "-1234", "+5", "5, 10", "5, 5", "5,", "0x5", "0o5", "5.0", "1 0", "1_0", "5e0", "",
    "99999999999999999999",
              "-123456789123456789123456789", "9223372036854775808", "18446744073709551621", "5;x", "\xb2", "5\0",
              "005", '"5"', "٥".encode().decode("latin-1")):
    refused(f"{POST}Content-Length: {value}\r\n\r\nhello", f"Content-Length: {value!r}")
for other in ("10", "5", "0"):
    refused(f"{POST}Content-Length: 5\r\nContent-Length: {other}\r\n\r\nhello", f"Content-Length: 5 and {other}")
refused(f"{POST}Content-Length: 5\r\ncontent-length: 6\r\n\r\nhello", "two lengths in two cases")
refused(f"{POST}Content_Length: 5\r\nContent-Length: 0\r\n\r\n", "a name that only looks like Content-Length")
refused(f"{GET}Content-Length: -1\r\n\r\n", "GET with a negative length")
refused(f"{POST}Content-Length: 17000000\r\n\r\n", "a length over the limit", 413)

# Transfer-Encoding
for value in ("xchunked", "chunked, chunked", "chunked, gzip", "identity", "", ", chunked", "chunked,", "chunkedx",
              "chun\x01ked", "\x0bchunked", "chunked;q=1", '"chunked"', "chunked identity", "gzip", "gzip, chunked",
              "chunk", "deflate", "x, chunked", "chunked;", "cHuNkEd\0"):
    refused(f"{POST}Transfer-Encoding: {value}\r\n\r\n5\r\nhello\r\n0\r\n\r\n", f"Transfer-Encoding: {value!r}", 400,
        501)
    refused(f"{POST}Transfer-Encoding: {value}\r\nContent-Length: 5\r\n\r\nhello",
            f"Transfer-Encoding: {value!r} and a length", 400, 501)
for fields, why in {
    "Transfer-Encoding: chunked\r\nContent-Length: 5": "coding and length",
    "Content-Length: 5\r\nTransfer-Encoding: chunked": "length and coding",
    "Transfer-Encoding: Chunked\r\nContent-Length: 5": "coding in another case and length",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked": "the coding twice",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity": "two codings",
    "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked": "two codings, the other way",
    "Transfer-Encoding : chunked": "a space behind the name of the coding",
    "Transfer-Encoding\t: chunked": "a tab behind the name of the coding",
    " Transfer-Encoding: chunked": "a coding in a folded line",
    "Transfer_Encoding: chunked": "a name that only looks so",
    "Transfer-Encoding:\r\n chunked": "a folded coding", "X: y\rTransfer-Encoding: chunked": "a coding behind CR",
    "X: y\nTransfer-Encoding: chunked\nContent-Length: 3": "a coding behind LF",
    "Transfer-Encoding: chunked\r\nContent-Length: abc": "coding and no length",
}.items():
    refused(f"{POST}{fields}\r\n\r\n0\r\n\r\n", why, 400, 501)
refused("POST /http/ HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "a coding in HTTP/1.0")
refused(f"TRACE /http/ HTTP/1.1\r\n{H}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "TRACE with chunks", 400, 405, 501)

# Chunks
for body, why in {
    "5;\r\nhello\r\n0\r\n\r\n": "a semicolon alone", "5;bad[=x\r\nhello\r\n0\r\n\r\n": "an extension that is no token",
    "5;a=\r\nhello\r\n0\r\n\r\n": "an extension without value", "5;a=b;\r\nhello\r\n0\r\n\r\n": "half an extension",
    '5;a="b\r\nhello\r\n0\r\n\r\n': "half a quote", "5;a=b\0\r\nhello\r\n0\r\n\r\n": "NUL in an extension",
    "5;a\rb\r\nhello\r\n0\r\n\r\n": "CR in an extension", "5;\nhello\r\n0\r\n\r\n": "LF in an extension",
    "1_0\r\nhello world!!!!!\r\n0\r\n\r\n": "an underscore in the size",
    "0x5\r\nhello\r\n0\r\n\r\n": "0x before the size",
    "+5\r\nhello\r\n0\r\n\r\n": "a plus", "-5\r\nhello\r\n0\r\n\r\n": "a minus",
    " 5\r\nhello\r\n0\r\n\r\n": "a space before",
    "5 \r\nhello\r\n0\r\n\r\n": "a space behind", "5\t\r\nhello\r\n0\r\n\r\n": "a tab behind",
    "\r\n5\r\nhello\r\n0\r\n\r\n": "an empty size", "g\r\nhello\r\n0\r\n\r\n": "no digit",
    "5h\r\nhello\r\n0\r\n\r\n": "5h",
    "5\r\nhello0\r\n\r\n": "no end of the chunk", "5\r\nhelloXX\r\n0\r\n\r\n": "more than the size says",
    "7\r\nhello\r\n0\r\n\r\n": "less than the size says", "5\r\r\nhello\r\n0\r\n\r\n": "CR CR LF",
    "5\r\nhello\r0\r\n\r\n": "CR behind the chunk", "FFFFFFFFFFFFFFFF\r\nx\r\n": "a size of 64 bits",
    "FFFFFFFFFFFFFFFFF5\r\nhello\r\n0\r\n\r\n": "a size of more than 64 bits",
    "8000000000000000\r\nx\r\n": "a size that is negative to some",
    "100000005\r\nhello\r\n0\r\n\r\n": "a size beyond the limit",
    "00000000000000005\r\nhello\r\n0\r\n\r\n": "a size of 17 digits", "5,5\r\nhello\r\n0\r\n\r\n": "a list of sizes",
    "0\r\nBad Name: x\r\n\r\n": "a space in a trailer's name", "0\r\nX : y\r\n\r\n": "a space behind a trailer's name",
    "0\r\nno-colon\r\n\r\n": "a trailer without colon", "0\r\nX: a\0b\r\n\r\n": "NUL in a trailer",
    "0\r\nX: a\r\n b\r\n\r\n": "a folded trailer", "0\r\n: x\r\n\r\n": "a trailer without name",
    "0\r\nTransfer-Encoding: chunked\r\n\r\n": "a coding as trailer",
    "0\r\nContent-Length: 5\r\n\r\n": "a length as trailer",
    "0\r\nHost: other\r\n\r\n": "a host as trailer", f"5;{'a' * 5000}\r\nhello\r\n0\r\n\r\n": "an extension of 5 kB",
    f"0\r\nX: {'a' * 20000}\r\n\r\n": "a trailer of 20 kB", "５\r\nhello\r\n0\r\n\r\n": "a digit of another script",
}.items():
    refused((CHUNKED + body + MARK).encode(), f"chunks with {why}", 400, 413, 431)

# What must be accepted
OK = "OK"
accepted("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", "GET /", OK)
accepted(f"{GET}\r\n", "a plain GET", OK)
accepted("GET /http/ HTTP/1.1\r\nhoSt:\tlocalhost\r\nempty:\r\n\r\n", "odd case, a tab, an empty value", OK)
accepted(f"{GET}X-Empty: \r\n\r\n", "an empty value", OK)
accepted(f"{GET}X: a \t b \t \r\n\r\n", "blanks in and behind a value", OK)
accepted(f"{GET}X: caf\xc3\xa9\r\n\r\n", "bytes beyond ASCII in a value", OK)
accepted(f"{GET}!#$%&'*+-.^_`|~0aZ: x\r\n\r\n", "every letter of a name", OK)
accepted(f"{GET}X: a\r\nX: b\r\n\r\n", "a name twice", OK)
accepted(f"GET http://localhost/http/ HTTP/1.1\r\n{H}\r\n", "an absolute form", OK)
accepted(f"GET /http/?a=b&c=%20 HTTP/1.1\r\n{H}\r\n", "a query", OK)
accepted(f"\r\n{GET}\r\n", "an empty line before the request", OK)
for host in ("localhost:8080", "[::1]", "[::1]:80", "127.0.0.1", "a.b.example", "LOCALHOST"):
    accepted(f"GET /http/ HTTP/1.1\r\nHost: {host}\r\n\r\n", f"Host: {host}", OK)
accepted("GET /http/ HTTP/1.0\r\n\r\n", "HTTP/1.0 without Host", OK)
accepted(f"HEAD /http/ HTTP/1.1\r\n{H}\r\n", "HEAD", None)
for target in ("*", "/", "/http/"):
    accepted(f"OPTIONS {target} HTTP/1.1\r\n{H}\r\n", f"OPTIONS {target}", None, status=204)
accepted(f"{GET}Expect: 100-continue\r\n\r\n", "an expectation without a body", OK)
accepted(f"{POST}Content-Length: 5\r\n\r\nhello", "a body", "hello")
accepted(f"{POST}Content-Length: \t5 \r\n\r\nhello", "blanks around the length", "hello")
accepted(f"{POST}Content-Length: 0\r\n\r\n", "a body of nothing", "")
accepted(f"{POST}\r\n", "POST without length", "")
accepted(f"PUT /http/x HTTP/1.1\r\n{H}Content-Length: 2\r\n\r\nhi", "PUT", "hi")
accepted(f"{GET}Content-Length: 5\r\n\r\nhello", "GET with a body", OK)
accepted(f"{POST}Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello", "a body whose sender would wait", "hello")
for body, whole in {"5\r\nhello\r\n0\r\n\r\n": "hello", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n": "hello world",
                    "0\r\n\r\n": "", "A\r\nhelloworld\r\n0\r\n\r\n": "helloworld",
                    "a\r\nhelloworld\r\n0\r\n\r\n": "helloworld",
                    "05\r\nhello\r\n00\r\n\r\n": "hello", "5;a=b\r\nhello\r\n0\r\n\r\n": "hello",
                    '5;a="b;c"\r\nhello\r\n0;x\r\n\r\n': "hello", "5\r\nhello\r\n0\r\nX-Sum: abc\r\n\r\n": "hello",
                    "1\r\nh\r\n1\r\ne\r\n1\r\ny\r\n0\r\n\r\n": "hey"}.items():
    accepted(CHUNKED + body, f"chunks {body!r}", whole)
for name, value in (("TRANSFER-ENCODING", "chunked"), ("Transfer-Encoding", "Chunked"), ("Transfer-Encoding",
    " chunked \t")):
    accepted(f"{POST}{name}: {value}\r\n\r\n2\r\nhi\r\n0\r\n\r\n", f"{name}: {value!r}", "hi")
accepted(f"{GET}\r\n" * 20, "twenty requests at once", *[OK] * 20)
accepted(f"{POST}Content-Length: 2\r\n\r\nhi{CHUNKED}2\r\nho\r\n0\r\n\r\n{GET}\r\n", "three kinds at once", "hi", "ho",
    OK)
for request, why in ((f"{POST}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "an upgrade by POST"),
                     (f"{GET}Upgrade: made-up/1.0\r\nConnection: Upgrade\r\n\r\n", "an upgrade to something else"),
                     (f"{GET}Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n",
                     "an upgrade without Connection")):
    accepted(request, f"{why} is a plain request", None)
accepted(f"DELETE /http/ HTTP/1.1\r\n{H}\r\n", "an unserved method, with 405", None, status=405)
accepted(f"get /http/ HTTP/1.1\r\n{H}\r\n", "a method in lower case is another method, 405", None, status=405)


@topic.check("an answer has a date, a length, and Allow with 405; HEAD has GET's length and no body")
async def _(fixture):
    (get,), _ = await answers(fixture, f"{GET}\r\n")
    assert get.headers["date"].endswith("GMT") and get.headers["content-length"] == "2", get
    (head,), _ = await answers(fixture, f"HEAD /http/ HTTP/1.1\r\n{H}\r\n")
    equal((head.headers["content-length"], head.body), ("2", b""))
    (other,), _ = await answers(fixture, f"DELETE /http/ HTTP/1.1\r\n{H}\r\n")
    assert "GET" in other.headers["allow"], other


@topic.check("Connection: close and HTTP/1.0 are answered and closed; keep-alive is kept")
async def _(fixture):
    for request, closes in ((f"{GET}Connection: close\r\n\r\n", True), ("GET /http/ HTTP/1.0\r\nHost: x\r\n\r\n", True),
                            (f"{GET}Connection: keep-alive, Close\r\n\r\n", True), (f"{GET}\r\n", False),
                            ("GET /http/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", False)):
        heard, ended = await answers(fixture, request, until_closed=closes)
        equal((len(heard), heard[0].status, ended), (1, 200, closes))


@topic.check("a sender that waits is told to go on, and one that would send too much is not")
async def _(fixture):
    connection = await Connection.open(fixture.port)
    connection.write(f"{POST}Content-Length: 5\r\nExpect: 100-continue\r\n\r\n".encode())
    equal((await connection.reply()).status, 100)
    connection.write(b"hello")
    equal((await connection.reply()).text, "hello")
    (reply,), ended = await answers(fixture, f"{POST}Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n",
        until_closed=True)
    equal((reply.status, ended), (413, True))


@topic.check("a request that comes a byte at a time is the same request")
async def _(fixture):
    connection = await Connection.open(fixture.port)
    for octet in f"{CHUNKED}5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n".encode():
        connection.write(bytes([octet]))
        await asyncio.sleep(0)
    equal((await connection.reply()).text, "hello")
