/* An S3-shaped server whose buckets only list, and cheaper than any client: what a listing costs is then the client's.

   pages    prints its port; ends with its standard input

   The bucket "keys-N" holds N keys below any prefix: key, size and time follow from the number of a row (benchmarks/pages.py
   says the same in Python). Both list versions, continuation-token, start-after, marker, max-keys and encoding-type=url
   are honoured; a delimiter changes nothing, since no key has one behind its prefix. The order of elements is AWS's.
   GET /-/counts says how many pages were sent, and when the first byte of the last first page left (CLOCK_MONOTONIC).
   No signature is checked. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ASKED = 32 << 10, MOST = 1000, ROW = 3500, HEAD = 512 };
static const char BLOB[] = "-part.parquet";
static atomic_llong pages, first_ns;

static char *put(char *at, const char *text) {
    size_t length = strlen(text);
    memcpy(at, text, length);
    return at + length;
}

static char *digits(char *at, unsigned value, int width) { /* width 0: as many as it has */
    char room[12];
    int count = 0;
    do room[count++] = '0' + value % 10, value /= 10; while (value || count < width);
    while (count) *at++ = room[--count];
    return at;
}

static char *hex32(char *at, unsigned number) { /* looks like an MD5, costs nothing */
    unsigned long long value = (number + 1) * 0x9E3779B97F4A7C15ULL;
    for (int i = 0; i < 32; i++) {
        *at++ = "0123456789abcdef"[value & 15];
        value = value >> 4 | value << 60;
        if (i == 15) value *= 0xBF58476D1CE4E5B9ULL;
    }
    return at;
}

static char *row(char *at, const char *prefix, unsigned number) {
    at = put(put(at, "<Contents><Key>"), prefix);
    at = put(digits(at, number, 9), BLOB);
    at = put(at, "</Key><LastModified>2025-");
    at = digits(at, number / 28 % 12 + 1, 2), *at++ = '-';
    at = digits(at, number % 28 + 1, 2), *at++ = 'T';
    at = digits(at, number % 24, 2), *at++ = ':';
    at = digits(at, number % 60, 2), *at++ = ':';
    at = put(digits(at, number % 59, 2), ".000Z</LastModified><ETag>&quot;");
    at = put(hex32(at, number), "&quot;</ETag><Size>");
    at = put(digits(at, number % 100000, 0), "</Size><StorageClass>STANDARD</StorageClass></Contents>");
    return at;
}

static void unquote(char *out, const char *text, size_t room) {
    for (; *text && *text != '&' && room > 1; text++, room--) {
        unsigned code;
        if (*text == '%' && sscanf(text + 1, "%2x", &code) == 1) *out++ = code, text += 2;
        else *out++ = *text == '+' ? ' ' : *text;
    }
    *out = 0;
}

static void quote(char *out, const char *text) { /* as encoding-type=url writes it: a slash stays */
    for (; *text; text++)
        if (isalnum((unsigned char)*text) || strchr("-_.*/", *text)) *out++ = *text;
        else out += sprintf(out, "%%%02X", (unsigned char)*text);
    *out = 0;
}

static int parameter(const char *query, const char *name, char *value, size_t room) {
    size_t length = strlen(name);
    for (const char *at = query; at && *at; at = (at = strchr(at, '&')) ? at + 1 : NULL)
        if (!strncmp(at, name, length) && at[length] == '=') {
            unquote(value, at + length + 1, room);
            return 1;
        }
    *value = 0;
    return 0;
}

static long behind(const char *key, const char *prefix) { /* the number of the row that comes after a key */
    size_t length = strlen(prefix);
    int order = strncmp(key, prefix, length);
    if (!*key || order < 0 || strlen(key) <= length) return 0;
    if (order > 0) return 1L << 31;
    char number[10];
    snprintf(number, sizeof number, "%s", key + length);
    return atol(number) + (strlen(key) >= length + 9 + strlen(BLOB));
}

static size_t list(char *body, const char *query, long count) {
    char prefix[1024], shown[3072], value[2048], given[2048];
    parameter(query, "prefix", prefix, sizeof prefix);
    int encoded = parameter(query, "encoding-type", value, sizeof value), second = parameter(query, "list-type", value, sizeof value);
    if (encoded) quote(shown, prefix);
    else strcpy(shown, prefix);
    long most = parameter(query, "max-keys", value, sizeof value) ? atol(value) : MOST, begin = 0;
    if (most > MOST || most < 0) most = MOST;
    if (parameter(query, "continuation-token", value, sizeof value)) begin = atol(value);
    else if (parameter(query, second ? "start-after" : "marker", given, sizeof given)) begin = behind(given, prefix);
    if (begin > count) begin = count;
    long end = begin + most < count ? begin + most : count;
    char *at = put(body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>bucket</Name><Prefix>");
    at = put(put(at, shown), "</Prefix>");
    if (end < count) {
        at = put(at, second ? "<NextContinuationToken>" : "<NextMarker>");
        if (second) at = digits(at, end, 0);
        else at = put(digits(put(at, shown), end - 1, 9), BLOB);
        at = put(at, second ? "</NextContinuationToken>" : "</NextMarker>");
    }
    at = put(digits(put(at, "<KeyCount>"), end - begin, 0), "</KeyCount><MaxKeys>1000</MaxKeys>");
    if (encoded) at = put(at, "<EncodingType>url</EncodingType>");
    at = put(at, end < count ? "<IsTruncated>true</IsTruncated>" : "<IsTruncated>false</IsTruncated>");
    for (long number = begin; number < end; number++) at = row(at, shown, number);
    at = put(at, "</ListBucketResult>");
    atomic_fetch_add(&pages, 1);
    return at - body;
}

static int send_all(int fd, const char *data, size_t size) {
    while (size) {
        ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
        if (sent <= 0) return -1;
        data += sent, size -= sent;
    }
    return 0;
}

static int answer(int fd, char *room, const char *method, char *target) {
    char *query = strchr(target, '?'), *body = room + HEAD;
    const char *status = "200 OK";
    size_t size = 0;
    if (query) *query++ = 0;
    char *inside = target[0] ? strchr(target + 1, '/') : NULL;
    if (inside && !inside[1]) *inside = 0, inside = NULL;
    long count = !strncmp(target, "/keys-", 6) && !inside ? atol(target + 6) : -1;
    if (!strcmp(target, "/-/counts") || !strcmp(target, "/-")) {
        size = sprintf(body, "{\"pages\": %lld, \"first_ns\": %lld}", (long long)pages, (long long)first_ns);
    } else if (!strcmp(method, "GET") && count >= 0 && query && strstr(query, "prefix=")) {
        size = list(body, query, count);
        if (!strstr(query, "continuation-token=") && !strstr(query, "marker=")) {
            struct timespec now;
            clock_gettime(CLOCK_MONOTONIC, &now);
            first_ns = now.tv_sec * 1000000000LL + now.tv_nsec;
        }
    } else if (!strcmp(method, "GET") && !target[1]) {
        size = put(body, "<ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>") - body;
    } else if (count < 0 || inside || !query) {
        status = count >= 0 && !inside ? "200 OK" : "404 Not Found";
        if (status[0] == '4' && strcmp(method, "HEAD")) size = put(body, "<Error><Code>NoSuchKey</Code></Error>") - body;
    }
    char head[HEAD];
    int length = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Type: application/xml\r\nContent-Length: %zu\r\n\r\n", status, size);
    memcpy(body - length, head, length);
    return send_all(fd, body - length, strcmp(method, "HEAD") ? size + length : (size_t)length);
}

static void *serve(void *given) {
    int fd = (int)(long)given;
    char *asked = malloc(ASKED + 1), *room = malloc(HEAD + 8192 + (size_t)MOST * ROW);
    size_t have = 0;
    for (;;) {
        asked[have] = 0;
        char *end = memmem(asked, have, "\r\n\r\n", 4);
        if (!end) {
            ssize_t got = have < ASKED ? recv(fd, asked + have, ASKED - have, 0) : 0;
            if (got <= 0) break;
            have += got;
            continue;
        }
        *end = 0;
        size_t used = end + 4 - asked;
        char method[16], target[8192];
        if (sscanf(asked, "%15s %8191s", method, target) != 2 || answer(fd, room, method, target)) break;
        memmove(asked, asked + used, have -= used);
    }
    free(asked), free(room), close(fd);
    return NULL;
}

static void *take(void *given) {
    for (;;) {
        int fd = accept((int)(long)given, NULL, NULL), on = 1;
        pthread_t thread;
        if (fd < 0) continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (pthread_create(&thread, NULL, serve, (void *)(long)fd)) close(fd);
        else pthread_detach(thread);
    }
    return NULL;
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof place;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    pthread_t thread;
    if (bind(fd, (struct sockaddr *)&place, sizeof place) || listen(fd, 128) || getsockname(fd, (struct sockaddr *)&place, &length)
        || pthread_create(&thread, NULL, take, (void *)(long)fd)) return 1;
    printf("%d\n", ntohs(place.sin_port));
    fflush(stdout);
    while (getchar() != EOF) {}
    return 0;
}
