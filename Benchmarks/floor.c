/* The least a server can do: reads, and answers every read with the same bytes. One thread, epoll,
 * no parsing. What a request costs here is the kernel's, and the bound for any server beside it.
 *
 *   floor PORT BYTES
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int count, char **arguments) {
  if (count != 3) return 2;
  int body = atoi(arguments[2]), one = 1;
  char *answer = malloc(body + 128), input[65536];
  int length = sprintf(answer, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", body);
  memset(answer + length, 'x', body);
  length += body;

  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[1]))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 128)) {
    perror("floor");
    return 1;
  }
  int poll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[64];
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int found = epoll_wait(poll, ready, 64, -1);
    for (int i = 0; i < found; i++) {
      int source = ready[i].data.fd;
      if (source == listener) {
        event.data.fd = accept(listener, NULL, NULL);
        setsockopt(event.data.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        epoll_ctl(poll, EPOLL_CTL_ADD, event.data.fd, &event);
      } else if (read(source, input, sizeof input) <= 0 || write(source, answer, length) < 0) {
        close(source);
      }
    }
  }
}
