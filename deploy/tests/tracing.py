"""Spans, as somebody else's reader of the protocol takes them: a real node, a collector of a few lines."""

import base64
import contextlib
import http.server
import json
import os
import pathlib
import re
import subprocess
import threading
import time
import urllib.error
import urllib.request

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from cluster import ask
from ports import free_port
from sentences import Untried, holds

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bodies = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.path == "/v1/traces" and self.headers["Content-Type"] == "application/json"
        self.bodies.append(json.loads(body))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def as_protobuf(body):
    """The protocol writes ids in hexadecimal where protobuf's JSON has base64; all else is as protobuf says."""
    text = re.sub(r'"(traceId|spanId|parentSpanId)": "([0-9a-f]+)"',
        lambda id: f'"{id[1]}": "{base64.b64encode(bytes.fromhex(id[2])).decode()}"', json.dumps(body))
    return json_format.Parse(text, ExportTraceServiceRequest())


def topic(martlet):
    @holds("the spans of a node are what OpenTelemetry's own reader takes, with every member known")
    def _():
        if not pathlib.Path(martlet).exists():
            raise Untried(f"{martlet}, which swift build makes,")
        collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        port = free_port()
        log = open(pathlib.Path(os.environ["TMPDIR"]) / "traced.log", "w")
        node = subprocess.Popen([martlet, "dev"], stdout=log, stderr=log, env={
            "MARTLET_LISTEN": f"127.0.0.1:{port}", "MARTLET_TRACE_SHARE": "0", "MARTLET_NODE_ID": "traced",
            "MARTLET_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}"})
        try:
            until(lambda: ask(f"http://127.0.0.1:{port}/readyz"))
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with contextlib.suppress(urllib.error.HTTPError):  # a parameter that nobody knows is refused
                opener.open(urllib.request.Request(f"http://127.0.0.1:{port}/v1/info?secret=planted",
                    headers={"traceparent": f"00-{TRACE}-{PARENT}-01"}), timeout=10)
        finally:
            node.terminate()  # its last spans leave before it does
            assert node.wait(30) == 0
            collector.shutdown()
        assert len(Collector.bodies) == 1 and "planted" not in json.dumps(Collector.bodies)
        resource = as_protobuf(Collector.bodies[0]).resource_spans[0]
        facts = {fact.key: fact.value.string_value for fact in resource.resource.attributes}
        assert facts["service.name"] == "martlet-dev" and facts["service.instance.id"] == "traced", facts
        [span] = resource.scope_spans[0].spans
        assert span.trace_id.hex() == TRACE and span.parent_span_id.hex() == PARENT and len(span.span_id) == 8
        status = {fact.key: fact.value.int_value for fact in span.attributes}["http.response.status_code"]
        assert span.name == "showInfo" and status == 400 and span.kind == span.SPAN_KIND_SERVER
        assert abs(span.start_time_unix_nano / 1e9 - time.time()) < 60
        assert span.start_time_unix_nano <= span.end_time_unix_nano


def until(works, seconds=30):
    deadline = time.monotonic() + seconds
    while True:
        try:
            return works()
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
