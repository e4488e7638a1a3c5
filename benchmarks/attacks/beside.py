"""python -m benchmarks.attacks.beside PORT: open the chat page again and again; a line for each, when it began and how long it took."""

import http.client
import sys
import time

PAUSE = 0.03  # seconds between two


def main(port: int) -> None:
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        begun = time.monotonic()
        try:
            connection.request("GET", "/map")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.2)  # It is gone, or going: that counts as long as it lasts.
        print(begun, time.monotonic() - begun, flush=True)
        connection.close()
        time.sleep(PAUSE)


if __name__ == "__main__":
    main(int(sys.argv[1]))
