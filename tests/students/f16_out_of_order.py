"""F16: chunks are joined as they arrive."""
from concurrent.futures import ThreadPoolExecutor, as_completed
from good import Service, serve


class Arrivals(Service):
    def generate(self, path, content, here):
        with ThreadPoolExecutor(10) as pool:
            futures = [pool.submit(self.chunk, path, chunk, here) for chunk in self.split(content, self.chunk_lines)]
            return self.join([(future.result(), None) for future in as_completed(futures)])


serve(Arrivals())
