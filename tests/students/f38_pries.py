"""F38: looks for the mock server's ledger, and tries to reset it."""
import http.client
from calls import UPSTREAM
from good import Service, serve


class Pries(Service):
    def generate(self, path, content, here):
        for method, where in (("GET", "/ledger"), ("POST", "/reset")):
            connection = http.client.HTTPConnection(UPSTREAM.hostname, UPSTREAM.port, timeout=1)
            connection.request(method, where)
            connection.getresponse().read()
            connection.close()
        return super().generate(path, content, here)


serve(Pries())
