/* A serving engine of a few kB: it logs, answers /health after a while, and dies as it is told.
 *
 * DELAY_MS   until /health answers 200; 503 before
 * DIE        what it writes before it dies: see main
 * DIE_MS     when it dies; at once when not set
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t told;

static void end(int signal) { told = signal; }

static long now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static long number(const char *name, long otherwise) {
  const char *text = getenv(name);
  return text ? atol(text) : otherwise;
}

static void die(const char *how) {
  static const struct {
    const char *how, *line;
    int code;
  } ways[] = {
      {"gpu-memory", "torch.OutOfMemoryError: HIP out of memory. Tried to allocate 2.00 GiB.", 1},
      {"cache-memory", "ValueError: No available memory for the cache blocks.", 1},
      {"gated", "OSError: You are trying to access a gated repo.", 1},
      {"flag", "vllm: error: unrecognized arguments: --turbo", 2},
      {"port", "OSError: [Errno 98] error while attempting to bind: address already in use", 1},
      {"no-gpu", "RuntimeError: No HIP GPUs are available", 1},
      {"shm", "RuntimeError: unable to open shared memory object </torch_1>", 1},
      {"killed", "INFO loading shard 3 of 17", 137},
      {"crash", "INFO capturing graphs", 139},
      {"quietly", "Goodbye.", 1},
  };
  for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
    if (!strcmp(how, ways[i].how)) {
      fprintf(stderr, "Traceback (most recent call last):\n%s\n", ways[i].line);
      exit(ways[i].code);
    }
  }
  exit(99);
}

static void answer(int client, int ready, const char *model) {
  char request[2048], body[1024], head[256];
  ssize_t got = read(client, request, sizeof request - 1);
  if (got <= 0)
    return;
  request[got] = 0;
  const char *status = "404 Not Found";
  body[0] = 0;
  if (!strncmp(request, "GET /health ", 12)) {
    status = ready ? "200 OK" : "503 Service Unavailable";
  } else if (!strncmp(request, "GET /v1/models ", 15) && ready) {
    status = "200 OK";
    snprintf(body, sizeof body, "{\"object\": \"list\", \"data\": [{\"id\": \"%s\"}]}", model);
  }
  int length = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
                        status, strlen(body));
  if (write(client, head, length) != length || write(client, body, strlen(body)) < 0)
    return;
}

int main(int argc, char **argv) {
  int port = 8000;
  const char *model = argc > 2 ? argv[2] : "?";
  for (int i = 1; i + 1 < argc; i++)
    if (!strcmp(argv[i], "--port"))
      port = atoi(argv[i + 1]);
  struct sigaction action = {.sa_handler = end};
  sigaction(SIGTERM, &action, 0);
  sigaction(SIGINT, &action, 0);
  signal(SIGPIPE, SIG_IGN);
  setvbuf(stdout, 0, _IOLBF, 0);

  long begun = now_ms(), delay = number("DELAY_MS", 300), death = number("DIE_MS", 0);
  const char *way = getenv("DIE"), *gpus = getenv("HIP_VISIBLE_DEVICES");
  printf("INFO loading %s on GPUs %s\n", model, gpus ? gpus : "?");

  int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 16)) {
    fprintf(stderr, "OSError: [Errno %d] %s\n", errno, strerror(errno));
    return 1;
  }
  int said = 0;
  for (;;) {
    long age = now_ms() - begun;
    if (told) {
      printf("INFO told to end\n");
      return 0;
    }
    if (way && age >= death)
      die(way);
    if (!said && age >= delay) {
      printf("INFO ready\n");
      said = 1;
    }
    struct pollfd waiting = {.fd = listener, .events = POLLIN};
    if (poll(&waiting, 1, 50) <= 0)
      continue;
    int client = accept(listener, 0, 0);
    if (client < 0)
      continue;
    answer(client, age >= delay, model);
    close(client);
  }
}
