"""Combined lines as most people make them who need a log: a script with Faker. faker_lines.py LINES"""

import sys

from faker import Faker

faker = Faker()
Faker.seed(1)
methods, statuses = ("GET", "GET", "GET", "POST", "PUT", "DELETE"), (200, 200, 200, 301, 304, 404, 500)
write = sys.stdout.write
for _ in range(int(sys.argv[1])):
    write(
        f"{faker.ipv4_public()} - {faker.user_name()} [{faker.date_time_this_year():%d/%b/%Y:%H:%M:%S +0000}] "
        f'"{faker.random_element(methods)} /{faker.uri_path()} HTTP/1.1" {faker.random_element(statuses)} '
        f'{faker.random_int(200, 50_000)} "{faker.uri()}" "{faker.user_agent()}"\n'
    )
