"""Makes the exports of OpenTelemetry's SDK for Python in tests/exports/: the spans of one program, as the bodies of the requests
that its exporters send to a server on the loopback interface. Usage: FOLDER, with the packages opentelemetry-sdk,
opentelemetry-exporter-otlp-proto-http, opentelemetry-exporter-zipkin-json and opentelemetry-instrumentation-sqlite3."""

import http.server
import pathlib
import sqlite3
import sys
import threading
import time

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.zipkin.json import ZipkinExporter
from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

FILES = {"/v1/traces": "otlp.bin", "/api/v2/spans": "zipkin.json"}
folder = pathlib.Path(sys.argv[1])


class Keeper(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        (folder / FILES[self.path]).write_bytes(body)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


folder.mkdir(parents=True, exist_ok=True)
server = http.server.HTTPServer(("127.0.0.1", 0), Keeper)
threading.Thread(target=server.serve_forever, daemon=True).start()
provider = TracerProvider()
for path, exporter in zip(FILES, (OTLPSpanExporter, ZipkinExporter)):
    url = f"http://127.0.0.1:{server.server_port}{path}"
    provider.add_span_processor(BatchSpanProcessor(exporter(endpoint=url)))
trace.set_tracer_provider(provider)
SQLite3Instrumentor().instrument()
cursor = sqlite3.connect(":memory:").cursor()
cursor.execute("CREATE TABLE t (a)")
tracer = trace.get_tracer("example")
for row in range(20):
    # Its spans are not of a database.
    with tracer.start_as_current_span("request"):
        cursor.execute("SELECT count(*) FROM t WHERE a > ?", (row,))
        time.sleep(0.002)
provider.shutdown()
