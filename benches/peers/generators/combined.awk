# Combined lines by a dozen lines of awk, as one writes them for want of a generator: mawk -f combined.awk LINES
BEGIN {
    lines = ARGV[1]
    srand(1)
    split("GET GET GET GET POST HEAD", method, " ")
    split("200 200 200 200 200 304 404 500", status, " ")
    for (number = 0; number < 200; number++) path[number] = "/products/item-" number ".html"
    agent[0] = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
    agent[1] = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"
    agent[2] = "curl/8.14.1"
    for (line = 0; line < lines; line++) {
        second = int(line / 50)
        printf "%d.%d.%d.%d - - [02/Nov/2026:%02d:%02d:%02d +0000] \"%s %s HTTP/1.1\" %s %d \"-\" \"%s\"\n", \
            1 + rand() * 222, rand() * 256, rand() * 256, rand() * 256, \
            second / 3600 % 24, second / 60 % 60, second % 60, \
            method[1 + int(rand() * 6)], path[int(rand() * rand() * 200)], status[1 + int(rand() * 8)], \
            200 + rand() * 50000, agent[int(rand() * 3)]
    }
}
