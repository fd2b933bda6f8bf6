/* An S3-shaped server that stores nothing and is cheaper than any client: what transfers cost is then the client's.

   sink PATTERN SIZE:MD5:CRC32C...    prints its port; ends with its standard input

   Every byte is of one pattern: the file PATTERN again and again, whose length divides no usual part size, so that a
   byte's place is known from its neighbours.
   Up: bodies are compared with the pattern at both ends (every 16th, and all up to 128 KiB, wholly), the middle is let go
   unread; a finished multipart upload is right when its parts follow one another. Key and size are remembered: HEAD,
   If-None-Match and If-Match answer truthfully, and /-/counts?prefix= says what came.
   Down: made-COUNT-SIZE/NNNNNN.bin exists COUNT times in every bucket; ETag and CRC32C are the true ones of the sizes
   named at the start. In the bucket "flipped" the object NNNNNN = 1 is served with one byte changed, and an upload of it
   is answered with another checksum than the one that was sent.
   No signature is checked. Linux only (sendfile, MSG_TRUNC). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 256 << 10, ENDS = 64 << 10, WHOLE_EVERY = 16, REPEATS = 4, MOST_SIZES = 16, MOST_PARTS = 10001, PHASE_BYTES = 16 };
#define LARGE (64LL << 20) /* objects above have the ETag of a multipart upload */
#define WRONG -1LL

typedef long long i64;

static char *pattern; /* twice in a row, so that any PHASE_BYTES of it can be found */
static i64 pattern_bytes;
static int pattern_file; /* REPEATS times in a row, for sendfile */
static struct { i64 size; char md5[33], crc32c[9]; } known[MOST_SIZES];
static int known_count;

typedef struct { char *path, etag[40]; i64 size; int wrong; } Object;
typedef struct { i64 size, phase; char etag[40]; } Part;
typedef struct { char id[24], *path; Part *parts; } Upload;
static Object *objects;
static size_t object_count, object_room;
static unsigned *slots; /* hash -> number of object + 1 */
static size_t slot_count;
static Upload *uploads;
static size_t upload_count;
static unsigned serial, bodies;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* -- what it remembers (hold the lock) -------------------------------------------------------------------------- */
static size_t slot_of(const char *path) {
    unsigned long hash = 5381;
    for (const char *at = path; *at; at++) hash = hash * 33 ^ (unsigned char)*at;
    size_t slot = hash & (slot_count - 1);
    while (slots[slot] && strcmp(objects[slots[slot] - 1].path, path)) slot = (slot + 1) & (slot_count - 1);
    return slot;
}

static Object *object_at(const char *path) { /* there and not deleted */
    size_t slot = slot_of(path);
    return slots[slot] && objects[slots[slot] - 1].size >= 0 ? &objects[slots[slot] - 1] : NULL;
}

static void grow(void) {
    if (2 * (object_count + 1) < slot_count) return;
    slot_count = slot_count ? 2 * slot_count : 1 << 16;
    free(slots);
    slots = calloc(slot_count, sizeof *slots);
    for (size_t i = 0; i < object_count; i++) slots[slot_of(objects[i].path)] = i + 1;
}

static void remember(const char *path, i64 size, const char *etag, int wrong) {
    grow();
    size_t slot = slot_of(path);
    if (!slots[slot]) {
        if (object_count == object_room) objects = realloc(objects, (object_room = object_room ? 2 * object_room : 1024) * sizeof *objects);
        objects[object_count].path = strdup(path);
        slots[slot] = ++object_count;
    }
    Object *object = &objects[slots[slot] - 1];
    object->size = size, object->wrong = wrong;
    snprintf(object->etag, sizeof object->etag, "%s", etag);
}

static Upload *upload_of(const char *id) {
    for (size_t i = 0; i < upload_count; i++) if (uploads[i].path && !strcmp(uploads[i].id, id)) return &uploads[i];
    return NULL;
}

static void forget_upload(Upload *upload) {
    free(upload->path), free(upload->parts);
    memset(upload, 0, sizeof *upload);
}

/* -- connections and requests ------------------------------------------------------------------------------------- */
typedef struct { int fd; char *room; size_t start, end; } Line;
typedef struct {
    char method[8], bucket[256], key[2048], path[2400], *query, target[8192];
    char sum[160], if_match[64], if_none_match[64], content_md5[64];
    i64 length, first, last, suffix;
    int chunked, aws_chunked, expect, checksum_mode, copy;
} Request;
typedef struct { i64 size, phase; } Body; /* phase: where in the pattern it begins, or WRONG */

static int fill(Line *line) {
    if (line->start == line->end) line->start = line->end = 0;
    else if (line->end == BUFFER) {
        memmove(line->room, line->room + line->start, line->end - line->start);
        line->end -= line->start, line->start = 0;
    }
    if (line->end == BUFFER) return -1;
    ssize_t got = recv(line->fd, line->room + line->end, BUFFER - line->end, 0);
    if (got <= 0) return -1;
    line->end += got;
    return 0;
}

static char *until(Line *line, const char *mark) { /* what is before the mark, which is taken away; NULL: hung up */
    size_t length = strlen(mark);
    for (;;) {
        char *found = line->end > line->start ? memmem(line->room + line->start, line->end - line->start, mark, length) : NULL;
        if (found) {
            char *begin = line->room + line->start;
            *found = 0;
            line->start = found + length - line->room;
            return begin;
        }
        if (fill(line)) return NULL;
    }
}

static int send_all(int fd, const char *data, size_t size, int flags) {
    while (size) {
        ssize_t sent = send(fd, data, size, MSG_NOSIGNAL | flags);
        if (sent <= 0) return -1;
        data += sent, size -= sent;
    }
    return 0;
}

static int answer(int fd, int status, const char *headers, const char *body, size_t size, int without_body) {
    char head[2048];
    int length = snprintf(head, sizeof head, "HTTP/1.1 %d Answer\r\nServer: sink\r\nx-amz-request-id: 1\r\nDate: Fri, 20 Nov 2026 09:00:00 GMT\r\n%sContent-Length: %zu\r\n\r\n", status, headers, size);
    if (without_body || !size) return send_all(fd, head, length, 0);
    return send_all(fd, head, length, MSG_MORE) || send_all(fd, body, size, 0) ? -1 : 0;
}

static int refuse(int fd, int status, const char *code, int without_body) {
    char body[256];
    int size = snprintf(body, sizeof body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>%s</Code><Message>%s</Message></Error>", code, code);
    return answer(fd, status, "Content-Type: application/xml\r\n", body, without_body ? 0 : size, without_body);
}

static void unquote(char *to, size_t room, const char *from, const char *end) {
    size_t count = 0;
    while (from < end && *from && count < room - 1) {
        if (*from == '%' && isxdigit(from[1]) && isxdigit(from[2])) {
            char hex[3] = {from[1], from[2], 0};
            to[count++] = (char)strtol(hex, NULL, 16), from += 3;
        } else to[count++] = *from++;
    }
    to[count] = 0;
}

static int parameter(const char *query, const char *name, char *to, size_t room) {
    size_t length = strlen(name);
    to[0] = 0;
    while (query && *query) {
        const char *end = strchrnul(query, '&');
        if (!strncmp(query, name, length) && (query + length == end || query[length] == '=')) {
            if (query[length] == '=') unquote(to, room, query + length + 1, end);
            return 1;
        }
        query = *end ? end + 1 : end;
    }
    return 0;
}

static void bare(char *to, size_t room, const char *value) { /* an ETag without quotes */
    size_t count = 0;
    for (; *value && count < room - 1; value++) if (*value != '"') to[count++] = *value;
    to[count] = 0;
}

static void header(Request *request, char *name, char *value) {
    if (!strcasecmp(name, "content-length")) request->length = atoll(value);
    else if (!strcasecmp(name, "transfer-encoding")) request->chunked = strcasestr(value, "chunked") != NULL;
    else if (!strcasecmp(name, "content-encoding")) request->aws_chunked |= strcasestr(value, "aws-chunked") != NULL;
    else if (!strcasecmp(name, "x-amz-content-sha256")) request->aws_chunked |= !strncmp(value, "STREAMING-", 10);
    else if (!strcasecmp(name, "expect")) request->expect = 1;
    else if (!strcasecmp(name, "x-amz-checksum-mode")) request->checksum_mode = 1;
    else if (!strcasecmp(name, "x-amz-copy-source")) request->copy = 1;
    else if (!strcasecmp(name, "if-match")) bare(request->if_match, sizeof request->if_match, value);
    else if (!strcasecmp(name, "if-none-match")) bare(request->if_none_match, sizeof request->if_none_match, value);
    else if (!strcasecmp(name, "content-md5")) snprintf(request->content_md5, sizeof request->content_md5, "%s", value);
    else if (!strncasecmp(name, "x-amz-checksum-crc", 18) || !strncasecmp(name, "x-amz-checksum-sha", 18))
        snprintf(request->sum, sizeof request->sum, "%.60s: %.80s\r\n", name, value);
    else if (!strcasecmp(name, "range") && !strncmp(value, "bytes=", 6)) {
        char *end = value + 6;
        if (*end == '-') request->suffix = atoll(end + 1);
        else {
            request->first = strtoll(end, &end, 10);
            request->last = isdigit(end[1]) ? atoll(end + 1) : -1;
        }
    }
}

static int read_request(Line *line, Request *request) {
    memset(request, 0, sizeof *request);
    request->first = request->last = request->suffix = -1;
    char *head = until(line, "\r\n\r\n"), *rest = head;
    if (!head) return -1;
    char *first = strsep(&rest, "\n");
    if (sscanf(first, "%7s %8191s", request->method, request->target) != 2) return -1;
    for (char *name; rest && (name = strsep(&rest, "\n"));) {
        name[strcspn(name, "\r")] = 0;
        char *value = strchr(name, ':');
        if (!value) continue;
        *value++ = 0;
        header(request, name, value + strspn(value, " "));
    }
    request->query = strchr(request->target, '?');
    if (request->query) *request->query++ = 0;
    char *path = request->target, *slash;
    if (!strncmp(path, "http://", 7)) path = strchrnul(path + 7, '/');
    path += *path == '/';
    slash = strchrnul(path, '/');
    unquote(request->bucket, sizeof request->bucket, path, slash);
    if (*slash) unquote(request->key, sizeof request->key, slash + 1, slash + strlen(slash));
    snprintf(request->path, sizeof request->path, "%s/%s", request->bucket, request->key);
    return 0;
}

/* -- bodies that come in ------------------------------------------------------------------------------------------ */
static void compare(Body *body, const char *data, size_t size) {
    if (!body->size && size) {
        size_t enough = size < PHASE_BYTES ? size : PHASE_BYTES;
        char *found = memmem(pattern, pattern_bytes + PHASE_BYTES, data, enough);
        body->phase = found ? (found - pattern) % pattern_bytes : WRONG;
    }
    while (size) {
        i64 place = body->phase == WRONG ? 0 : (body->phase + body->size) % pattern_bytes;
        size_t piece = size < (size_t)(pattern_bytes - place) ? size : (size_t)(pattern_bytes - place);
        if (body->phase != WRONG && memcmp(pattern + place, data, piece)) body->phase = WRONG;
        body->size += piece, data += piece, size -= piece;
    }
}

static int take(Line *line, Body *body, i64 size, int wholly) { /* so many bytes of the line */
    i64 skip_from = body->size + ENDS, skip_to = body->size + size - ENDS, end = body->size + size;
    while (body->size < end) {
        i64 left = end - body->size;
        size_t here = line->end - line->start;
        if (here && !(body->size == 0 && here < PHASE_BYTES && (i64)here < left)) {
            if ((i64)here > left) here = left;
            compare(body, line->room + line->start, here);
            line->start += here;
        } else if (!wholly && body->size >= skip_from && body->size < skip_to) {
            ssize_t got = recv(line->fd, line->room, skip_to - body->size, MSG_TRUNC);
            if (got <= 0) return -1;
            body->size += got;
        } else if (fill(line)) return -1;
    }
    return 0;
}

static int take_frames(Line *line, Body *body) { /* chunked, in HTTP's way or in aws-chunked's: the same but for extensions */
    for (;;) {
        char *size_line = until(line, "\r\n");
        if (!size_line) return -1;
        i64 size = strtoll(size_line, NULL, 16);
        if (size && (take(line, body, size, 1) || !until(line, "\r\n"))) return -1;
        if (size) continue;
        for (char *trailer; (trailer = until(line, "\r\n"));) if (!*trailer) return 0;
        return -1;
    }
}

static int take_body(Line *line, Request *request, Body *body) {
    body->size = body->phase = 0;
    if (request->expect && send_all(line->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, 0)) return -1;
    if (request->chunked && request->aws_chunked) return -1; /* frames in frames: nobody does */
    if (request->chunked || (request->aws_chunked && request->length)) return take_frames(line, body);
    int wholly = request->length <= 2 * ENDS || __sync_add_and_fetch(&bodies, 1) % WHOLE_EVERY == 0;
    return take(line, body, request->length, wholly);
}

static void etag_of(Request *request, Body *body, int is_part, char *to) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (!is_part && body->phase == 0)
        for (int i = 0; i < known_count; i++)
            if (known[i].size == body->size && body->size <= LARGE) { strcpy(to, known[i].md5); return; }
    if (strlen(request->content_md5) == 24) { /* base64 of sixteen bytes */
        unsigned bits = 0, count = 0, written = 0;
        for (const char *at = request->content_md5; *at != '=' && written < 16; at++) {
            const char *digit = strchr(digits, *at);
            bits = bits << 6 | (digit ? (unsigned)(digit - digits) : 0), count += 6;
            if (count >= 8) count -= 8, sprintf(to + 2 * written++, "%02x", bits >> count & 255);
        }
        return;
    }
    sprintf(to, "%032x%s", __sync_add_and_fetch(&serial, 1), is_part ? "" : "-1");
}

static int wrong_sum(Request *request, Body *body) { /* whether the CRC32C sent along is known not to be theirs */
    if (strncasecmp(request->sum, "x-amz-checksum-crc32c: ", 23) || body->phase) return 0;
    for (int i = 0; i < known_count; i++)
        if (known[i].size == body->size) return strncmp(request->sum + 23, known[i].crc32c, 8) != 0;
    return 0;
}

static int is_flipped(Request *request) {
    return !strcmp(request->bucket, "flipped") && strstr(request->key, "/000001.bin");
}

static int put(Line *line, Request *request) {
    Body body;
    char id[64], number[16], headers[400], etag[48] = "";
    if (take_body(line, request, &body)) return -1;
    if (request->copy) return refuse(line->fd, 501, "NotImplemented", 0);
    if (!*request->key) return answer(line->fd, 200, "", "", 0, 0);
    if (wrong_sum(request, &body)) return refuse(line->fd, 400, "BadDigest", 0);
    int is_part = parameter(request->query, "uploadId", id, sizeof id) && parameter(request->query, "partNumber", number, sizeof number);
    etag_of(request, &body, is_part, etag);
    const char *refusal = NULL;
    pthread_mutex_lock(&lock);
    if (is_part) {
        Upload *upload = upload_of(id);
        int place = atoi(number);
        if (!upload || place < 1 || place >= MOST_PARTS) refusal = "NoSuchUpload";
        else {
            Part *part = &upload->parts[place];
            part->size = body.size, part->phase = body.phase;
            snprintf(part->etag, sizeof part->etag, "%s", etag);
        }
    } else {
        Object *there = object_at(request->path);
        if ((*request->if_none_match && there) || (*request->if_match && (!there || strcmp(there->etag, request->if_match)))) refusal = "PreconditionFailed";
        else remember(request->path, body.size, etag, body.phase != 0);
    }
    pthread_mutex_unlock(&lock);
    if (refusal) return refuse(line->fd, is_part ? 404 : 412, refusal, 0);
    if (is_flipped(request) && *request->sum) {
        char *value = strchr(request->sum, ':') + 2;
        *value = *value == 'A' ? 'B' : 'A';
    }
    snprintf(headers, sizeof headers, "ETag: \"%s\"\r\n%s", etag, request->sum);
    return answer(line->fd, 200, headers, "", 0, 0);
}

/* -- multipart uploads -------------------------------------------------------------------------------------------- */
static int begin_upload(int fd, Request *request) {
    char body[4096], id[24];
    pthread_mutex_lock(&lock);
    size_t place = 0;
    while (place < upload_count && uploads[place].path) place++;
    if (place == upload_count) uploads = realloc(uploads, ++upload_count * sizeof *uploads);
    Upload *upload = &uploads[place];
    memset(upload, 0, sizeof *upload);
    snprintf(upload->id, sizeof upload->id, "upload-%u", __sync_add_and_fetch(&serial, 1));
    strcpy(id, upload->id);
    upload->path = strdup(request->path);
    upload->parts = calloc(MOST_PARTS, sizeof *upload->parts); /* one without an ETag is none */
    pthread_mutex_unlock(&lock);
    int size = snprintf(body, sizeof body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><InitiateMultipartUploadResult><Bucket>%s</Bucket><Key>%s</Key><UploadId>%s</UploadId></InitiateMultipartUploadResult>", request->bucket, request->key, id);
    return answer(fd, 200, "Content-Type: application/xml\r\nx-amz-checksum-algorithm: CRC32C\r\n", body, size, 0);
}

static int finish_upload(int fd, Request *request, const char *id) {
    char body[4096], etag[48];
    const char *refusal = NULL;
    sprintf(etag, "%032x-2", __sync_add_and_fetch(&serial, 1));
    pthread_mutex_lock(&lock);
    Upload *upload = upload_of(id);
    Object *there = object_at(request->path);
    if (!upload) refusal = "NoSuchUpload";
    else if ((*request->if_none_match && there) || (*request->if_match && (!there || strcmp(there->etag, request->if_match)))) refusal = "PreconditionFailed";
    else {
        i64 size = 0;
        int wrong = 0;
        for (int i = 1; i < MOST_PARTS; i++) {
            Part *part = &upload->parts[i];
            if (!*part->etag) continue;
            wrong |= part->phase != size % pattern_bytes;
            size += part->size;
        }
        remember(request->path, size, etag, wrong);
        forget_upload(upload);
    }
    pthread_mutex_unlock(&lock);
    if (refusal) return refuse(fd, *refusal == 'N' ? 404 : 412, refusal, 0);
    int size = snprintf(body, sizeof body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><CompleteMultipartUploadResult><Location>http://sink/</Location><Bucket>%s</Bucket><Key>%s</Key><ETag>&quot;%s&quot;</ETag></CompleteMultipartUploadResult>", request->bucket, request->key, etag);
    return answer(fd, 200, "Content-Type: application/xml\r\n", body, size, 0);
}

static int list_parts(int fd, const char *id) {
    char *body = malloc(MOST_PARTS * 200);
    size_t size = sprintf(body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListPartsResult><UploadId>%s</UploadId><IsTruncated>false</IsTruncated>", id);
    pthread_mutex_lock(&lock);
    Upload *upload = upload_of(id);
    for (int i = 1; upload && i < MOST_PARTS; i++)
        if (*upload->parts[i].etag)
            size += sprintf(body + size, "<Part><PartNumber>%d</PartNumber><ETag>&quot;%s&quot;</ETag><Size>%lld</Size></Part>", i, upload->parts[i].etag, upload->parts[i].size);
    pthread_mutex_unlock(&lock);
    size += sprintf(body + size, "</ListPartsResult>");
    int done = upload ? answer(fd, 200, "Content-Type: application/xml\r\n", body, size, 0) : refuse(fd, 404, "NoSuchUpload", 0);
    free(body);
    return done;
}

static int post(Line *line, Request *request) {
    Body body;
    char value[64];
    if (take_body(line, request, &body)) return -1;
    if (parameter(request->query, "uploads", value, sizeof value)) return begin_upload(line->fd, request);
    if (parameter(request->query, "uploadId", value, sizeof value)) return finish_upload(line->fd, request, value);
    return refuse(line->fd, 501, "NotImplemented", 0);
}

static int delete(int fd, Request *request) {
    char id[64];
    const char *refusal = NULL;
    pthread_mutex_lock(&lock);
    if (parameter(request->query, "uploadId", id, sizeof id)) {
        Upload *upload = upload_of(id);
        if (upload) forget_upload(upload);
        else refusal = "NoSuchUpload";
    } else {
        Object *there = object_at(request->path);
        if (*request->if_match && (!there || strcmp(there->etag, request->if_match))) refusal = "PreconditionFailed";
        else if (there) there->size = -1;
    }
    pthread_mutex_unlock(&lock);
    if (refusal) return refuse(fd, *refusal == 'N' ? 404 : 412, refusal, 0);
    return answer(fd, 204, "", "", 0, 0);
}

/* -- what goes out ------------------------------------------------------------------------------------------------ */
static int made(const char *key, i64 *count, i64 *size, i64 *number) { /* made-COUNT-SIZE/NNNNNN.bin; number -1: the folder */
    int end = 0;
    *number = -1;
    if (sscanf(key, "made-%lld-%lld/%n", count, size, &end) != 2 || !end) return 0;
    if (key[end] && (strlen(key + end) != 10 || sscanf(key + end, "%6lld.bin", number) != 1)) *number = -1;
    return 1;
}

static const char *made_etag(i64 size) {
    for (int i = 0; i < known_count; i++) if (known[i].size == size && size <= LARGE) return known[i].md5;
    return "00000000000000000000000000000001-2";
}

static int send_object(int fd, i64 at, i64 end, i64 flipped) {
    while (at < end) {
        if (at == flipped) {
            char byte = pattern[at % pattern_bytes] ^ 1;
            if (send_all(fd, &byte, 1, MSG_MORE)) return -1;
            at++;
            continue;
        }
        i64 stop = flipped > at && flipped < end ? flipped : end;
        off_t place = at % pattern_bytes;
        i64 piece = REPEATS * pattern_bytes - place < stop - at ? REPEATS * pattern_bytes - place : stop - at;
        ssize_t sent = sendfile(fd, pattern_file, &place, piece);
        if (sent <= 0) return -1;
        at += sent;
    }
    return 0;
}

static int get(int fd, Request *request) {
    int without_body = !strcmp(request->method, "HEAD");
    i64 count, size, number;
    char etag[48], head[1024], sum[128] = "";
    if (made(request->key, &count, &size, &number) && number >= 0 && number < count) {
        snprintf(etag, sizeof etag, "%s", made_etag(size));
        for (int i = 0; i < known_count; i++)
            if (known[i].size == size) snprintf(sum, sizeof sum, "x-amz-checksum-crc32c: %s\r\nx-amz-checksum-type: FULL_OBJECT\r\n", known[i].crc32c);
    } else {
        pthread_mutex_lock(&lock);
        Object *there = object_at(request->path);
        size = there ? there->size : -1;
        if (there) snprintf(etag, sizeof etag, "%s", there->etag);
        pthread_mutex_unlock(&lock);
        if (size < 0) return refuse(fd, 404, "NoSuchKey", without_body);
    }
    if (*request->if_match && strcmp(request->if_match, etag)) return refuse(fd, 412, "PreconditionFailed", without_body);
    if (*request->if_none_match && !strcmp(request->if_none_match, etag)) return answer(fd, 304, "", "", 0, 1);
    i64 first = 0, last = size - 1;
    int part = request->first >= 0 || request->suffix >= 0;
    if (request->suffix >= 0) first = request->suffix < size ? size - request->suffix : 0;
    else if (request->first >= 0) {
        first = request->first;
        if (request->last >= 0 && request->last < last) last = request->last;
    }
    if (part && first >= size) return refuse(fd, 416, "InvalidRange", without_body);
    int length = snprintf(head, sizeof head, "HTTP/1.1 %d Answer\r\nServer: sink\r\nAccept-Ranges: bytes\r\nContent-Type: binary/octet-stream\r\nLast-Modified: Fri, 20 Nov 2026 09:00:00 GMT\r\nETag: \"%s\"\r\n%sContent-Length: %lld\r\n",
                          part ? 206 : 200, etag, request->checksum_mode && !part ? sum : "", last - first + 1);
    if (part) length += snprintf(head + length, sizeof head - length, "Content-Range: bytes %lld-%lld/%lld\r\n", first, last, size);
    length += snprintf(head + length, sizeof head - length, "\r\n");
    if (without_body || last < first) return send_all(fd, head, length, 0);
    return send_all(fd, head, length, MSG_MORE) ? -1 : send_object(fd, first, last + 1, is_flipped(request) ? size / 2 : -1);
}

static int list(int fd, Request *request) {
    char prefix[1024], after[1024], value[64];
    i64 count = 0, size = 0, number, at = 0, most = 1000;
    parameter(request->query, "prefix", prefix, sizeof prefix);
    if (parameter(request->query, "max-keys", value, sizeof value) && atoll(value) < most) most = atoll(value);
    if (!made(prefix, &count, &size, &number)) count = 0;
    char *folder_end = strchr(prefix, '/');
    int folder = folder_end ? (int)(folder_end - prefix) + 1 : 0;
    if (parameter(request->query, "continuation-token", value, sizeof value)) at = atoll(value);
    else if ((parameter(request->query, "start-after", after, sizeof after) || parameter(request->query, "marker", after, sizeof after)) && !strncmp(after, prefix, folder))
        at = isdigit(after[folder]) ? atoll(after + folder) + 1 : 0;
    i64 end = at + most < count ? at + most : count;
    char *body = malloc(2048 + (size_t)most * 512);
    size_t length = sprintf(body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>%s</Name><Prefix>%s</Prefix><MaxKeys>%lld</MaxKeys><EncodingType>url</EncodingType><KeyCount>%lld</KeyCount><IsTruncated>%s</IsTruncated>",
                            request->bucket, prefix, most, end > at ? end - at : 0, end < count ? "true" : "false");
    if (end < count) length += sprintf(body + length, "<NextContinuationToken>%lld</NextContinuationToken>", end);
    for (i64 i = at; i < end; i++) {
        char key[1200];
        snprintf(key, sizeof key, "%.*s%06lld.bin", folder, prefix, i);
        if (!strncmp(key, prefix, strlen(prefix)))
            length += sprintf(body + length, "<Contents><Key>%.200s</Key><LastModified>2026-11-20T09:00:00.000Z</LastModified><ETag>&quot;%s&quot;</ETag><Size>%lld</Size><StorageClass>STANDARD</StorageClass></Contents>", key, made_etag(size), size);
    }
    length += sprintf(body + length, "</ListBucketResult>");
    int done = answer(fd, 200, "Content-Type: application/xml\r\n", body, length, 0);
    free(body);
    return done;
}

static int counts(int fd, Request *request) {
    char prefix[1024], body[256];
    i64 right = 0, wrong = 0, bytes = 0, unfinished = 0;
    parameter(request->query, "prefix", prefix, sizeof prefix); /* of BUCKET/KEY */
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < object_count; i++) {
        if (objects[i].size < 0 || strncmp(objects[i].path, prefix, strlen(prefix))) continue;
        bytes += objects[i].size;
        if (objects[i].wrong) wrong++;
        else right++;
    }
    for (size_t i = 0; i < upload_count; i++) unfinished += uploads[i].path && !strncmp(uploads[i].path, prefix, strlen(prefix));
    pthread_mutex_unlock(&lock);
    int size = snprintf(body, sizeof body, "{\"right\": %lld, \"wrong\": %lld, \"bytes\": %lld, \"unfinished\": %lld}", right, wrong, bytes, unfinished);
    return answer(fd, 200, "Content-Type: application/json\r\n", body, size, 0);
}

static int of_bucket(int fd, Request *request) {
    static const char xml[] = "Content-Type: application/xml\r\n", ns[] = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";
    char body[512], value[64];
    int size, head = !strcmp(request->method, "HEAD");
    if (head) return answer(fd, 200, "", "", 0, 1);
    if (!*request->bucket) size = snprintf(body, sizeof body, "<?xml version=\"1.0\"?><ListAllMyBucketsResult%s><Owner><ID>x</ID></Owner><Buckets><Bucket><Name>bench</Name><CreationDate>2026-11-20T09:00:00.000Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>", ns);
    else if (parameter(request->query, "location", value, sizeof value)) size = snprintf(body, sizeof body, "<?xml version=\"1.0\"?><LocationConstraint%s/>", ns);
    else if (parameter(request->query, "versioning", value, sizeof value)) size = snprintf(body, sizeof body, "<?xml version=\"1.0\"?><VersioningConfiguration%s/>", ns);
    else if (parameter(request->query, "uploads", value, sizeof value)) size = snprintf(body, sizeof body, "<?xml version=\"1.0\"?><ListMultipartUploadsResult%s><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>", ns);
    else return list(fd, request);
    return answer(fd, 200, xml, body, size, 0);
}

static int serve_one(Line *line, Request *request) {
    char id[64];
    if (!strcmp(request->method, "PUT")) return put(line, request);
    if (!strcmp(request->method, "POST")) return post(line, request);
    Body body;
    if (request->length && take_body(line, request, &body)) return -1;
    if (!strcmp(request->bucket, "-")) return counts(line->fd, request);
    if (!strcmp(request->method, "DELETE")) return delete(line->fd, request);
    if (!*request->key) return of_bucket(line->fd, request);
    if (parameter(request->query, "uploadId", id, sizeof id)) return list_parts(line->fd, id);
    return get(line->fd, request);
}

static void *serve(void *socket) {
    Line line = {(int)(long)socket, malloc(BUFFER + 1), 0, 0};
    int on = 1;
    setsockopt(line.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Request *request = malloc(sizeof *request);
    while (!read_request(&line, request) && !serve_one(&line, request)) {}
    close(line.fd);
    free(line.room), free(request);
    return NULL;
}

static void *end_with_parent(void *unused) {
    (void)unused;
    char byte;
    while (read(0, &byte, 1) > 0) {}
    exit(0);
}

static void load(const char *file) {
    FILE *source = fopen(file, "rb");
    if (!source) perror(file), exit(1);
    fseek(source, 0, SEEK_END);
    pattern_bytes = ftell(source);
    rewind(source);
    pattern = malloc(2 * pattern_bytes);
    if (pattern_bytes <= PHASE_BYTES || fread(pattern, 1, pattern_bytes, source) != (size_t)pattern_bytes) exit(1);
    fclose(source);
    memcpy(pattern + pattern_bytes, pattern, pattern_bytes);
    pattern_file = memfd_create("pattern", 0);
    for (int i = 0; i < REPEATS; i++) if (write(pattern_file, pattern, pattern_bytes) != pattern_bytes) exit(1);
}

int main(int count, char **arguments) {
    signal(SIGPIPE, SIG_IGN);
    if (count < 2) return 2;
    load(arguments[1]);
    for (int i = 2; i < count && known_count < MOST_SIZES; i++, known_count++)
        if (sscanf(arguments[i], "%lld:%32[0-9a-f]:%8s", &known[known_count].size, known[known_count].md5, known[known_count].crc32c) != 3) return 2;
    grow();
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (void *)&address, size) || listen(listener, 512) || getsockname(listener, (void *)&address, &size)) return perror("listen"), 1;
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 256 << 10);
    pthread_create(&thread, &attributes, end_with_parent, NULL);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0 && pthread_create(&thread, &attributes, serve, (void *)(long)fd)) close(fd);
    }
}
