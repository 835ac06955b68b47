// netpeer: one end of a network test, static so that it runs in any container.
//
//   netpeer serve PORT            TCP and UDP, IPv4 and IPv6. UDP: every datagram goes back. TCP: the first byte says what:
//                                 'e' bytes go back, 'p' (put) bytes are counted up to the first wrong one and the count comes back at
//                                 the end, 'g' (get) + 8 bytes: that many bytes are sent. What put and get send is a pattern that shows
//                                 bytes that are lost, doubled, moved or changed
//   netpeer udp HOST PORT TEXT    sends it in one piece (it is never fragmented) until an answer comes (5 tries of 2 s), prints the
//                                 answer
//   netpeer put HOST PORT BYTES   prints the microseconds until the peer has counted all of them, intact
//   netpeer get HOST PORT BYTES   prints the microseconds until all have come, intact
//   netpeer rr HOST PORT COUNT    one byte there and back, COUNT times on one connection; prints microseconds, one per line
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char buffer[256 * 1024];
// repeated without end; its length is no multiple of any buffer's, packet's or page's
static char pattern[251 * 1021];

static void die(const char *what) {
  fprintf(stderr, "netpeer: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int64_t now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static void write_all(int fd, const void *data, size_t size) {
  for (const char *at = data; size > 0;) {
    ssize_t done = write(fd, at, size);
    if (done <= 0) die("write");
    at += done;
    size -= done;
  }
}

static void read_all(int fd, void *data, size_t size) {
  for (char *at = data; size > 0;) {
    ssize_t done = read(fd, at, size);
    if (done <= 0) die("read");
    at += done;
    size -= done;
  }
}

static void make_pattern(void) {
  uint32_t state = 1;
  for (size_t at = 0; at < sizeof pattern; at++) {
    state = state * 1664525 + 1013904223;
    pattern[at] = state >> 24;
  }
}

static void write_pattern(int fd, uint64_t count) {
  while (count > 0) {
    size_t part = count < sizeof pattern ? count : sizeof pattern;
    write_all(fd, pattern, part);
    count -= part;
  }
}

// How many bytes of the buffer are the pattern's, which go on at `from`
static size_t intact(uint64_t from, size_t size) {
  size_t done = 0;
  while (done < size) {
    size_t at = (from + done) % sizeof pattern;
    size_t part = size - done < sizeof pattern - at ? size - done : sizeof pattern - at;
    if (memcmp(buffer + done, pattern + at, part)) {
      while (buffer[done] == pattern[at]) done++, at++;
      return done;
    }
    done += part;
  }
  return done;
}

// Bytes until the peer's end, but only up to the first wrong one
static uint64_t read_pattern(int fd) {
  uint64_t right = 0, got = 0;
  for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0; got += size) {
    if (right == got) right += intact(got, size);
  }
  return right;
}

static int bound(int type, int port) {
  struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_any};
  int fd = socket(AF_INET6, type, 0), on = 1, off = 0;
  if (fd < 0) die("socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
  return fd;
}

static void serve_stream(int fd) {
  char kind;
  uint64_t count = 0;
  ssize_t size;
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  read_all(fd, &kind, 1);
  if (kind == 'g') {
    read_all(fd, &count, sizeof count);
    write_pattern(fd, be64toh(count));
    return;
  }
  if (kind == 'p') {
    count = htobe64(read_pattern(fd));
    write_all(fd, &count, sizeof count);
    return;
  }
  while (kind == 'e' && (size = read(fd, buffer, sizeof buffer)) > 0) write_all(fd, buffer, size);
}

static void serve(int port) {
  struct pollfd fds[2] = {{bound(SOCK_STREAM, port), POLLIN, 0}, {bound(SOCK_DGRAM, port), POLLIN, 0}};
  signal(SIGCHLD, SIG_IGN);
  if (listen(fds[0].fd, 64) < 0) die("listen");
  printf("serving\n");
  fflush(stdout);
  for (;;) {
    if (poll(fds, 2, -1) < 0) die("poll");
    if (fds[0].revents) {
      int fd = accept(fds[0].fd, NULL, NULL);
      if (fd >= 0 && fork() == 0) {
        serve_stream(fd);
        exit(0);
      }
      close(fd);
    }
    if (fds[1].revents) {
      struct sockaddr_in6 peer;
      socklen_t length = sizeof peer;
      ssize_t size = recvfrom(fds[1].fd, buffer, sizeof buffer, 0, (struct sockaddr *)&peer, &length);
      if (size >= 0) sendto(fds[1].fd, buffer, size, 0, (struct sockaddr *)&peer, length);
    }
  }
}

static int connected(int type, const char *host, int port) {
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
  int is_v6 = inet_pton(AF_INET6, host, &v6.sin6_addr) == 1, on = 1;
  if (!is_v6 && inet_pton(AF_INET, host, &v4.sin_addr) != 1) die(host);
  int fd = socket(is_v6 ? AF_INET6 : AF_INET, type, 0);
  if (fd < 0) die("socket");
  const struct sockaddr *address = is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
  if (connect(fd, address, is_v6 ? sizeof v6 : sizeof v4) < 0) die("connect");
  if (type == SOCK_STREAM) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

static void udp(int fd, const char *text) {
  int whole = IP_PMTUDISC_DO;
  // the other family's option is refused, which does no harm
  setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &whole, sizeof whole);
  setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &whole, sizeof whole);
  for (int try = 0; try < 5; try++) {
    struct pollfd answer = {fd, POLLIN, 0};
    if (send(fd, text, strlen(text), 0) < 0) die("send");
    if (poll(&answer, 1, 2000) <= 0) continue;
    ssize_t size = recv(fd, buffer, sizeof buffer, 0);
    if (size < 0) die("recv");
    printf("%.*s\n", (int)size, buffer);
    return;
  }
  errno = ETIMEDOUT;
  die("udp");
}

static void transfer(int fd, char kind, uint64_t count) {
  int64_t start = now_us();
  uint64_t wire = htobe64(count), got = 0;
  write_all(fd, &kind, 1);
  if (kind == 'g') {
    write_all(fd, &wire, sizeof wire);
    got = read_pattern(fd);
  } else {
    write_pattern(fd, count);
    shutdown(fd, SHUT_WR);
    read_all(fd, &got, sizeof got);
    got = be64toh(got);
  }
  if (got != count) {
    fprintf(stderr, "netpeer: %llu of %llu bytes intact\n", (unsigned long long)got, (unsigned long long)count);
    exit(1);
  }
  printf("%lld\n", (long long)(now_us() - start));
}

static void rr(int fd, long count) {
  char byte = 'e';
  write_all(fd, &byte, 1);
  while (count-- > 0) {
    int64_t start = now_us();
    write_all(fd, &byte, 1);
    read_all(fd, &byte, 1);
    printf("%lld\n", (long long)(now_us() - start));
  }
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "";
  make_pattern();
  if (argc == 3 && !strcmp(mode, "serve")) serve(atoi(argv[2]));
  if (argc != 5) {
    fprintf(stderr, "netpeer: see netpeer.c\n");
    return 2;
  }
  int fd = connected(!strcmp(mode, "udp") ? SOCK_DGRAM : SOCK_STREAM, argv[2], atoi(argv[3]));
  if (!strcmp(mode, "udp")) udp(fd, argv[4]);
  else if (!strcmp(mode, "rr")) rr(fd, atol(argv[4]));
  else transfer(fd, *mode, strtoull(argv[4], NULL, 10));
  return 0;
}
