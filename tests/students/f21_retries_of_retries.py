"""F21: a loop around a client that retries by itself, as the official SDK does."""
import random, time
from good import Service, serve


class Twice(Service):
    attempts = 4

    def send(self, prompt, retry=0):
        for retry in range(3):
            status, headers, answer = super().send(prompt, retry)
            if not self.retryable(status) or retry == 2:
                return status, headers, answer
            time.sleep(float(headers.get("retry-after", 0)) + random.uniform(0.05, 0.3))


serve(Twice())
