"""A service that speaks as much of S3 as is needed, and checks each signature by its own computation.

Prints its port, then a line for each request. Keys: AKIDEXAMPLE / secret/with+signs.
"""
import hashlib
import hmac
import http.server
import sys
import time

ACCESS, SECRET, REGION = "AKIDEXAMPLE", "secret/with+signs", "eu-test-1"
objects = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=()):
        print(self.command, self.path, status, flush=True)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, code):
        """As the first of such services does: in chunks."""
        print(self.command, self.path, status, flush=True)
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in (b"<?xml version='1.0'?>\n<Error><Code>", code.encode(), b"</Code><Message>x</Message></Error>"):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")

    def is_signed(self, body):
        words = self.headers["Authorization"].split(None, 1)
        terms = dict(term.strip().split("=", 1) for term in words[1].split(","))
        day, region, service, kind = terms["Credential"].split("/")[1:]
        names = terms["SignedHeaders"].split(";")
        claimed = self.headers["x-amz-content-sha256"]
        if claimed != "UNSIGNED-PAYLOAD" and claimed != hashlib.sha256(body).hexdigest():
            return False
        stamp = self.headers["x-amz-date"]
        drift = abs(time.mktime(time.strptime(stamp, "%Y%m%dT%H%M%SZ")) - time.timezone - time.time())
        lines = [self.command, self.path, ""]
        lines += ["%s:%s" % (name, self.headers[name].strip()) for name in names]
        lines += ["", terms["SignedHeaders"], claimed]
        hashed = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        scope = "/".join((day, region, service, kind))
        text = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashed))
        key = ("AWS4" + SECRET).encode()
        for part in (day, REGION, "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        wanted = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        who = terms["Credential"].split("/")[0]
        return who == ACCESS and "host" in names and drift < 900 and terms["Signature"] == wanted

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/broken/"):
            return self.answer(500)
        if not self.is_signed(body):
            return self.refuse(403, "SignatureDoesNotMatch")
        if self.path.startswith("/nowhere/"):
            return self.refuse(404, "NoSuchBucket")
        if self.command == "PUT":
            objects[self.path] = body
            return self.answer(200)
        if self.command == "DELETE":
            objects.pop(self.path, None)
            return self.answer(204)
        if self.path not in objects:
            return self.refuse(404, "NoSuchKey")
        first, last = self.headers["Range"].removeprefix("bytes=").split("-")
        whole = objects[self.path]
        part = whole[int(first):int(last) + 1]
        if self.path.startswith("/early/"):
            return self.answer(206, part, [("Content-Range", "bytes 0-%d/%d" % (len(part) - 1, len(whole)))])
        if self.path.startswith("/short/"):
            part = part[:-1]
        if self.path.startswith("/long/"):
            part += b"!"
        span = "bytes %s-%d/%d" % (first, int(first) + len(part) - 1, len(whole))
        return self.answer(206, part, [("Content-Range", span)])

    do_GET = do_PUT = do_DELETE = serve


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print("port", server.server_address[1], flush=True)
try:
    server.serve_forever()
except KeyboardInterrupt:
    sys.exit(0)
