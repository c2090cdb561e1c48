"""One batch of log-generator (PyPI), whose own loop waits between batches: log_generator_lines.py LINES

The configuration is that of its README's web log, with the fields of a combined line. It opens its file for each line.
"""

import os
import pathlib
import random
import sys
import tempfile

import yaml
from log_generator.generate import Generator

FORMAT = '{client} - - [{time}] "{method} {path} HTTP/1.1" {status} {bytes} "-" "{agent}"'
FIELDS = {
    "client": {"type": "ip"},
    "time": {"type": "timestamp", "format": "%d/%b/%Y:%H:%M:%S +0000"},
    "method": {
        "type": "chance",
        "choices": [{"option": "GET", "weight": 0.8}, {"option": "POST", "weight": 0.2}],
    },
    "path": {"type": "enum", "values": ["/", "/login", "/products/overview-1", "/css/winter-2.css", "/images/a.png"]},
    "status": {
        "type": "chance",
        "choices": [{"option": "200", "weight": 0.9}, {"option": "404", "weight": 0.1}],
    },
    "bytes": {"type": "integer", "min": 200, "max": 50_000},
    "agent": {"type": "enum", "values": ["Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "curl/8.14.1"]},
}


class Once:
    """Stands for the event that its loop waits for: goes on once, then ends."""

    def __init__(self):
        self.waited = 0

    def wait(self, _seconds):
        self.waited += 1
        return self.waited > 1


random.seed(1)
# It makes its file look new, which it may not do with a device.
os.utime = lambda *_: None
with tempfile.TemporaryDirectory() as folder:
    file = pathlib.Path(folder) / "web.yaml"
    file.write_text(
        yaml.safe_dump(
            {
                "name": "web",
                "file": "/dev/stdout",
                "frequency": {"seconds": 1},
                "jitter": {"seconds": 600},
                "amount": int(sys.argv[1]),
                "format": FORMAT,
                "fields": FIELDS,
            }
        )
    )
    generator = Generator(str(file))
    generator.generate_log_entry(Once(), Generator.load_config(str(file), generator.schema))
